// The replies of queue.policy, queue.admit, queue.retry and delivery.reply -> hooks::shaping_reply. SECURITY: as reply_reader.

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include "core/hooks/outgoing.hpp"
#include "core/hooks/shaping.hpp"

namespace postern::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t most_ms = milliseconds{hooks::longest_wait}.count();

const char* read_policy(const postern_reply& from, hooks::shaping_reply& to)
{
    const auto record = read_record<postern_queue_policy_reply>(&from, from.size);
    if (!is_sound(record.pool) || record.pool.len > hooks::longest_pool)
        return "a source pool that is NULL with a length, or with a name that is too long";
    if (record.rate_ms > most_ms)
        return "a rate over a time that is too long";
    to.policy.pool.assign(view(record.pool));
    to.policy.concurrency = record.concurrency;
    to.policy.rate_count = record.rate_count;
    to.policy.rate_per = milliseconds{record.rate_ms};
    to.policy.valid = seconds{record.valid_s};
    return nullptr;
}

const char* read_wait(const postern_reply& from, hooks::shaping_reply& to)
{
    const auto record = read_record<postern_wait_reply>(&from, from.size);
    if (record.wait_ms > most_ms)
        return "a time to wait that is too long";
    to.wait = milliseconds{record.wait_ms};
    return nullptr;
}

} // namespace

const char* read_shaping_reply(hooks::hook_point hook, const postern_reply& from, hooks::plugin_reply& to)
{
    to.shape.reset();
    if (from.size == first_size<postern_reply>)
        return nullptr;
    const bool is_policy = hook == hooks::hook_point::queue_policy;
    if (from.size < (is_policy ? first_size<postern_queue_policy_reply> : first_size<postern_wait_reply>))
        return "a reply record smaller than version 1 of this hook's";
    const auto read = std::make_shared<hooks::shaping_reply>();
    const char* const wrong = is_policy ? read_policy(from, *read) : read_wait(from, *read);
    to.shape = read;
    return wrong;
}

} // namespace postern::daemon
