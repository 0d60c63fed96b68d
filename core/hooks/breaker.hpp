#pragma once
// A circuit breaker: who has failed so often in a row is not asked for a while, so that a dead plugin costs its deadline a few
// times and not every session's. It makes no call and knows no clock; what a call that is not made means is on_error's to say.

#include "core/base/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace postern::hooks {

/// `breaker = { failures = 5, pause = "10s" }` of the configuration.
struct breaker_rule {
    std::uint32_t failures = 5; ///< in a row, until it opens; 0: never
    std::chrono::nanoseconds pause = std::chrono::seconds{10};
};

/// Closed: calls are made. After `failures` of them in a row it is open: none are, for `pause`. Then one is, the probe; its
/// success closes the breaker, its failure opens it for another pause. A probe of which nothing is ever heard counts as failed
/// after `pause`. Calls that were begun before it opened change nothing any more.
///
/// Threads: any. Two that fail and succeed at the same moment may be taken in either order.
class breaker {
public:
    explicit breaker(breaker_rule rule = {}) noexcept : rule_{rule} {}

    enum class passage : std::uint8_t { call, probe, refused };
    enum class change : std::uint8_t { none, opened, closed };

    /// Whether a call may be made.
    [[nodiscard]] passage admit(base::instant now) noexcept
    {
        return open_until_.load(std::memory_order_relaxed) == 0 ? passage::call : admit_when_open(now);
    }
    /// The call was answered.
    change succeeded(passage as) noexcept
    {
        if (as == passage::probe)
            return close();
        if (failures_.load(std::memory_order_relaxed) != 0) // a line of cache that all threads read is not written for nothing
            failures_.store(0, std::memory_order_relaxed);
        return change::none;
    }
    change failed(passage as, base::instant now) noexcept;
    /// The call was made, and nobody wanted to know its answer any more.
    void undecided(passage as, base::instant now) noexcept;

    [[nodiscard]] bool is_open() const noexcept { return open_until_.load(std::memory_order_relaxed) != 0; }
    [[nodiscard]] const breaker_rule& rule() const noexcept { return rule_; }

private:
    [[nodiscard]] passage admit_when_open(base::instant now) noexcept;
    [[nodiscard]] std::int64_t after_pause(base::instant now) const noexcept;
    change close() noexcept;

    breaker_rule rule_;
    std::atomic<std::uint32_t> failures_{0};
    std::atomic<std::int64_t> open_until_{0}; ///< 0: closed; else the moment of the next probe
};

} // namespace postern::hooks
