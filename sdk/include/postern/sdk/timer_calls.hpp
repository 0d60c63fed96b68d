#pragma once
// Functions that timers of the instance call, by token, and the handle that ends one. Inner part of the SDK: plugins use
// host::every and host::after.

#include <postern/abi/timers.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace postern {

namespace sdk {

/// Threads: any.
class timer_calls {
public:
    /// Tokens of the SDK have this bit, those of host::start_timer do not.
    static constexpr std::uint64_t token_bit = std::uint64_t{1} << 63;

    [[nodiscard]] std::uint64_t add(std::function<void()> call, bool is_periodic)
    {
        const std::lock_guard lock{mutex_};
        const std::uint64_t token = ++last_ | token_bit;
        calls_.emplace(token, entry{std::make_shared<const std::function<void()>>(std::move(call)), is_periodic});
        return token;
    }
    void remove(std::uint64_t token)
    {
        decltype(calls_)::node_type gone; // freed outside the lock: what the function holds may end a timer too
        const std::lock_guard lock{mutex_};
        gone = calls_.extract(token);
    }
    /// Calls it, unless it has been removed.
    void run(std::uint64_t token)
    {
        std::shared_ptr<const std::function<void()>> call;
        {
            const std::lock_guard lock{mutex_};
            const auto found = calls_.find(token);
            if (found == calls_.end())
                return;
            call = found->second.call;
            if (!found->second.is_periodic)
                calls_.erase(found);
        }
        (*call)();
    }

private:
    struct entry {
        std::shared_ptr<const std::function<void()>> call;
        bool is_periodic;
    };
    std::mutex mutex_;
    std::uint64_t last_ = 0;
    std::unordered_map<std::uint64_t, entry> calls_;
};

struct services;

} // namespace sdk

/// A timer of the instance: ends with this. A call that is under way is not waited for; none comes after the plugin's destructor
/// has begun.
class [[nodiscard]] timer_handle {
public:
    timer_handle() = default;
    timer_handle(const postern_timers_1& table, postern_host* host, sdk::timer_calls& calls, std::uint64_t token) noexcept
        : table_{&table}, host_{host}, calls_{&calls}, token_{token}
    {
    }
    timer_handle(timer_handle&& other) noexcept
        : table_{std::exchange(other.table_, nullptr)}, host_{other.host_}, calls_{other.calls_}, token_{other.token_}
    {
    }
    timer_handle& operator=(timer_handle&& other) noexcept
    {
        std::swap(table_, other.table_);
        std::swap(host_, other.host_);
        std::swap(calls_, other.calls_);
        std::swap(token_, other.token_);
        return *this;
    }
    ~timer_handle() { cancel(); }

    void cancel() noexcept
    {
        if (table_ == nullptr)
            return;
        std::exchange(table_, nullptr)->cancel(host_, token_);
        calls_->remove(token_);
    }

private:
    const postern_timers_1* table_ = nullptr; ///< null: it has been ended
    postern_host* host_ = nullptr;
    sdk::timer_calls* calls_ = nullptr;
    std::uint64_t token_ = 0;
};

} // namespace postern
