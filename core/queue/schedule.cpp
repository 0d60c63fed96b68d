#include "core/queue/schedule.hpp"

#include <algorithm>

namespace postern::queue {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds least = std::chrono::seconds{1};
constexpr milliseconds of_no_schedule = std::chrono::minutes{1};

} // namespace

retry_policy own_policy(const retry_policy& policy, const stored_envelope& of)
{
    auto own = policy;
    if (of.expire_at)
        own.expire = std::max(milliseconds::zero(), std::chrono::duration_cast<milliseconds>(*of.expire_at - of.received));
    if (of.warn_at)
        own.warn = std::max(milliseconds{1}, std::chrono::duration_cast<milliseconds>(*of.warn_at - of.received));
    return own;
}

milliseconds retry_delay(const retry_policy& policy, std::uint32_t attempts, base::random_source& random)
{
    if (policy.retry.empty())
        return of_no_schedule;
    const std::size_t step = std::min<std::size_t>(attempts == 0 ? 0 : attempts - 1, policy.retry.size() - 1);
    // 53 bits: every value is exact, and below 1.
    const double chance = static_cast<double>(random.next() >> 11U) * 0x1.0p-53;
    const double factor = 1.0 + std::clamp(policy.jitter, 0.0, 1.0) * (2.0 * chance - 1.0);
    const auto delay = std::chrono::duration<double, std::milli>{policy.retry[step]} * factor;
    return std::max(least, std::chrono::duration_cast<milliseconds>(delay));
}

milliseconds longest_delay(const retry_policy& policy) noexcept
{
    if (policy.retry.empty())
        return of_no_schedule;
    const std::chrono::duration<double, std::milli> longest = *std::max_element(policy.retry.begin(), policy.retry.end());
    return std::max(least, std::chrono::duration_cast<milliseconds>(longest * (1.0 + std::clamp(policy.jitter, 0.0, 1.0))));
}

bool is_expired(const retry_policy& policy, base::wall_time received, base::wall_time now) noexcept
{
    return now - received >= policy.expire;
}

std::optional<base::wall_time> next_attempt(const retry_policy& policy, base::wall_time received, std::uint32_t attempts,
                                            base::wall_time now, base::random_source& random)
{
    if (is_expired(policy, received, now))
        return std::nullopt;
    return std::min(now + retry_delay(policy, attempts, random), received + policy.expire);
}

bool is_warning_due(const retry_policy& policy, base::wall_time received, bool is_warned, base::wall_time now) noexcept
{
    return !is_warned && policy.warn > milliseconds::zero() && now - received >= policy.warn;
}

} // namespace postern::queue
