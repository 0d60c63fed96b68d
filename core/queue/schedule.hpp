#pragma once
// When a deferred message is tried again and when it is given up: pure functions of policy, clock reading and chance.
// STANDARDS: RFC 5321 4.5.4.1.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/queue/policy.hpp"
#include "core/queue/record.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace postern::queue {

/// The configuration's times, but for those that the message brought with it.
[[nodiscard]] retry_policy own_policy(const retry_policy& policy, const stored_envelope& of);

/// How long to wait after `attempts` attempts (1 or more): the schedule's time, or its last one, drawn from
/// [1 - jitter, 1 + jitter] times it. At least one second, so that no schedule spins.
[[nodiscard]] std::chrono::milliseconds retry_delay(const retry_policy& policy, std::uint32_t attempts,
                                                    base::random_source& random);

/// The longest that retry_delay() may give.
[[nodiscard]] std::chrono::milliseconds longest_delay(const retry_policy& policy) noexcept;

[[nodiscard]] bool is_expired(const retry_policy& policy, base::wall_time received, base::wall_time now) noexcept;

/// The moment of the next attempt, never later than the expiry (that attempt is the last one); nothing if the message has
/// already expired.
[[nodiscard]] std::optional<base::wall_time> next_attempt(const retry_policy& policy, base::wall_time received,
                                                          std::uint32_t attempts, base::wall_time now,
                                                          base::random_source& random);

/// Whether the sender is to hear now that the message is late.
[[nodiscard]] bool is_warning_due(const retry_policy& policy, base::wall_time received, bool is_warned,
                                  base::wall_time now) noexcept;

} // namespace postern::queue
