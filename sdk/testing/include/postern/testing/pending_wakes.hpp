#pragma once
// A clock that stands still until it is told, and what is to happen at which time. Part of fake_host, whose lock guards it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace postern::testing {

struct pending_wake {
    std::chrono::nanoseconds due;
    std::uint64_t session;
    std::uint64_t token;
    std::function<void(bool is_cancelled)> deliver{}; ///< an answer to come; empty: it is a wake
};

class pending_wakes {
public:
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return now_; }
    /// Never backwards.
    void move_to(std::chrono::nanoseconds when) noexcept { now_ = std::max(now_, when); }

    void add(std::uint64_t session, std::uint64_t token, std::chrono::nanoseconds delay)
    {
        wakes_.push_back({now_ + delay, session, token});
    }
    void add_answer(std::uint64_t session, std::chrono::nanoseconds delay, std::function<void(bool is_cancelled)> deliver)
    {
        wakes_.push_back({now_ + delay, session, 0, std::move(deliver)});
    }
    /// Answers to come.
    [[nodiscard]] std::size_t answers() const noexcept
    {
        return static_cast<std::size_t>(
            std::count_if(wakes_.begin(), wakes_.end(), [](const auto& one) { return one.deliver != nullptr; }));
    }
    /// The first that is due, of those that are wanted.
    template <class Predicate>
    [[nodiscard]] std::optional<pending_wake> take(Predicate&& wanted)
    {
        auto best = wakes_.end();
        for (auto at = wakes_.begin(); at != wakes_.end(); ++at) {
            if (wanted(*at) && (best == wakes_.end() || at->due < best->due))
                best = at;
        }
        if (best == wakes_.end())
            return std::nullopt;
        const pending_wake found = *best;
        wakes_.erase(best);
        return found;
    }
    [[nodiscard]] bool has(std::uint64_t session) const noexcept
    {
        return std::any_of(wakes_.begin(), wakes_.end(), [&](const auto& one) { return one.session == session; });
    }
    [[nodiscard]] std::size_t size() const noexcept { return wakes_.size(); }

private:
    std::chrono::nanoseconds now_ = std::chrono::seconds{1};
    std::vector<pending_wake> wakes_;
};

} // namespace postern::testing
