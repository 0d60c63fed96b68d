#pragma once
// postern.timers/1 for one instance: which timers are set, and that each tells once. Whose thread it tells on is the instance's
// doing. It must not keep the instance alive: an instance that nobody holds ends, and its timers with it.
// SECURITY: tokens and times come from the plugin; the number of timers is limited.

#include "core/base/clock.hpp"
#include "core/host/deadline_timer.hpp"

#include <postern/abi/timers.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace postern::daemon {

/// Threads: any.
class plugin_timers : public std::enable_shared_from_this<plugin_timers> {
public:
    static constexpr std::size_t most = 1024;
    static constexpr std::chrono::nanoseconds shortest_period = std::chrono::milliseconds{1};

    /// Runs `job` on the instance's thread, after those before it; false: there is no instance any more.
    using post_function = std::function<bool(std::function<void()> job)>;
    /// Tells the plugin, there.
    using tell_function = std::function<void(std::uint64_t token, std::uint64_t missed)>;

    plugin_timers(std::shared_ptr<deadline_timer> clock, post_function post, tell_function tell)
        : clock_{std::move(clock)}, post_{std::move(post)}, tell_{std::move(tell)}
    {
    }

    [[nodiscard]] postern_status start(std::uint64_t token, std::uint64_t delay_ns, std::uint64_t period_ns);
    [[nodiscard]] postern_status cancel(std::uint64_t token) noexcept;
    /// From now on they tell: those that were started before, too.
    void open();
    /// None tells any more, but for one that has begun.
    void close() noexcept;

private:
    struct entry {
        std::uint64_t number; ///< tells it from one that had the token before
        base::instant due;
        std::chrono::nanoseconds period; ///< 0: once
        std::optional<deadline_timer::handle> alarm;
    };

    void arm(std::uint64_t token, entry& which);
    void rang(std::uint64_t token, std::uint64_t number);
    void fire(std::uint64_t token, std::uint64_t number);

    std::shared_ptr<deadline_timer> clock_;
    post_function post_;
    tell_function tell_;
    std::mutex guard_; ///< of what follows
    bool is_open_ = false;
    bool is_closed_ = false;
    std::uint64_t last_ = 0;
    std::unordered_map<std::uint64_t, entry> set_;
};

} // namespace postern::daemon
