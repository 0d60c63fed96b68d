#pragma once
// Where what happens is told to those who observe the server. Costs one load where nobody wants to know.

#include "core/base/clock.hpp"
#include "core/hooks/notice.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace postern::runtime {

/// Threads: any.
class notice_board {
public:
    using observers = std::vector<std::shared_ptr<hooks::observer>>;

    explicit notice_board(const base::clock& clock) : clock_{clock} {}

    /// Who observes from now on.
    void publish(observers next)
    {
        auto list = std::make_shared<const observers>(std::move(next));
        std::uint32_t wanted = 0;
        for (unsigned kind = 1; kind < hooks::notice_kind_count; ++kind)
            for (const auto& each : *list)
                if (each->wants(static_cast<hooks::notice_kind>(kind)))
                    wanted |= std::uint32_t{1} << kind;
        const std::lock_guard lock{guard_};
        observers_.swap(list); // the old one is released outside the lock
        wanted_.store(wanted, std::memory_order_relaxed);
    }
    [[nodiscard]] bool wants(hooks::notice_kind kind) const noexcept
    {
        return (wanted_.load(std::memory_order_relaxed) >> static_cast<unsigned>(kind) & 1U) != 0;
    }
    void tell(const hooks::notice& what) const noexcept
    {
        if (!wants(what.kind))
            return;
        const auto when = clock_.wall();
        std::shared_ptr<const observers> list;
        {
            const std::lock_guard lock{guard_};
            list = observers_;
        }
        for (const auto& each : *list)
            if (each->wants(what.kind))
                each->observe(what, when);
    }

private:
    const base::clock& clock_;
    std::atomic<std::uint32_t> wanted_{0};
    mutable std::mutex guard_;
    std::shared_ptr<const observers> observers_ = std::make_shared<const observers>();
};

} // namespace postern::runtime
