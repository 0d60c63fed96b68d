#pragma once
// What a real host refuses in the answers of queue.policy, queue.admit, queue.retry and delivery.reply, and how their records are
// read. Part of rules.hpp.

#include <postern/abi/shaping.h>
#include <postern/sdk/shaping.hpp>
#include <postern/testing/answer.hpp>
#include <postern/testing/extension_rules.hpp>

#include <string>

namespace postern::testing {

[[nodiscard]] constexpr bool is_shaping(std::uint32_t hook) noexcept
{
    return (hook >= POSTERN_HOOK_QUEUE_POLICY && hook <= POSTERN_HOOK_QUEUE_RETRY) || hook == POSTERN_HOOK_DELIVERY_REPLY;
}

namespace rules {

/// Copies what an answer says beyond its base, if it does; what is wrong with its record, empty: nothing.
[[nodiscard]] inline std::string read_shaping(const postern_reply& reply, std::uint32_t hook, answer& to)
{
    const bool is_policy = hook == POSTERN_HOOK_QUEUE_POLICY;
    if (reply.size == sizeof(postern_reply))
        return {};
    if (reply.size < (is_policy ? sizeof(postern_queue_policy_reply) : sizeof(postern_wait_reply)))
        return "a reply record smaller than version 1 of this hook's";
    if (!is_policy) {
        to.shape.wait_ms = whole<postern_wait_reply>(reply).wait_ms;
        return {};
    }
    const auto from = whole<postern_queue_policy_reply>(reply);
    if (!is_sound(from.pool))
        return "a source pool that is NULL with a length";
    to.shape = {std::string{sdk::view(from.pool)}, from.concurrency, from.rate_count, from.rate_ms, from.valid_s, 0};
    return {};
}

[[nodiscard]] inline std::string fault_of_shaping(const answer& what, std::uint32_t hook)
{
    constexpr auto most_ms = static_cast<std::uint64_t>(std::chrono::milliseconds{sdk::longest_wait}.count());
    constexpr std::uint32_t day = 86'400;
    const shaping_reply& said = what.shape;
    if (hook == POSTERN_HOOK_QUEUE_ADMIT && what.verdict != POSTERN_TEMPFAIL && said.wait_ms != 0)
        return "a time to wait for a message that may go at once: only TEMPFAIL waits at queue.admit";
    if (said.concurrency > sdk::most_concurrency)
        return "more transactions at the same time than any next hop may have";
    if ((said.rate_count == 0) != (said.rate_ms == 0))
        return "a rate without its time, or a time without its rate";
    if (said.rate_ms > most_ms || said.wait_ms > most_ms || said.valid_s > day)
        return "a time that is too long";
    if (!sdk::is_pool_name(said.pool))
        return "\"" + said.pool + "\" is no name of a source pool";
    return {};
}

} // namespace rules
} // namespace postern::testing
