#include "core/hooks/shaping.hpp"

#include "core/hooks/outgoing.hpp"

#include <algorithm>

namespace postern::hooks {

std::string_view broken_rule_of(hook_point hook, verdict_kind verdict, const shaping_reply& said) noexcept
{
    const auto& policy = said.policy;
    const bool has_policy = policy.concurrency != 0 || policy.rate_count != 0 || policy.rate_per.count() != 0 ||
                            !policy.pool.empty() || policy.valid.count() != 0;
    if (hook != hook_point::queue_policy && has_policy)
        return "rules for a next hop at a hook that knows none";
    if (hook == hook_point::queue_policy && said.wait.count() != 0)
        return "a time to wait at a hook that knows none";
    if (hook == hook_point::queue_admit && verdict != verdict_kind::tempfail && said.wait.count() != 0)
        return "a time to wait for a message that may go at once: only TEMPFAIL waits at queue.admit";
    if (policy.concurrency > most_concurrency)
        return "more transactions at the same time than any next hop may have";
    if ((policy.rate_count == 0) != (policy.rate_per.count() == 0))
        return "a rate without its time, or a time without its rate";
    if (policy.rate_per < std::chrono::milliseconds{0} || policy.rate_per > longest_wait ||
        policy.valid < std::chrono::seconds{0} || policy.valid > longest_policy || said.wait < std::chrono::milliseconds{0} ||
        said.wait > longest_wait)
        return "a time that is too long";
    if (!is_pool_name(policy.pool))
        return "a source pool with a name that none may have";
    return "";
}

void take_shaping(const shaping_reply& said, shaping& to)
{
    const auto& policy = said.policy;
    if (policy.concurrency != 0)
        to.policy.concurrency = policy.concurrency;
    if (policy.rate_count != 0) {
        to.policy.rate_count = policy.rate_count;
        to.policy.rate_per = policy.rate_per;
    }
    if (!policy.pool.empty())
        to.policy.pool = policy.pool;
    if (policy.valid.count() != 0)
        to.policy.valid = to.policy.valid.count() == 0 ? policy.valid : std::min(to.policy.valid, policy.valid);
    to.wait = std::max(to.wait, said.wait);
}

} // namespace postern::hooks
