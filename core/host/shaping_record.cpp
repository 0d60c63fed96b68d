// The part of event_record that fills the records of abi/shaping.h.
#include "core/host/event_record.hpp"
#include "core/host/record_values.hpp"
#include "core/host/reply_reader.hpp"

#include <algorithm>

namespace postern::daemon {
namespace {

using hooks::hook_point;

std::uint64_t count_of(std::chrono::milliseconds time) noexcept
{
    return static_cast<std::uint64_t>(std::max<std::chrono::milliseconds::rep>(time.count(), 0));
}

} // namespace

postern_list event_record::texts(const std::vector<std::string>& from)
{
    auto& to = lists_->recipients;
    to.clear();
    for (const auto& each : from)
        to.push_back(borrowed(each));
    return list_of(to);
}

postern_list event_record::tried(const std::vector<hooks::tried_recipient>& from)
{
    auto& to = lists_->tried;
    to.clear();
    for (const auto& each : from)
        to.push_back(
            {borrowed(each.recipient), borrowed(each.next_hop), borrowed(each.enhanced), borrowed(each.text), each.smtp_code, 0});
    return list_of(to);
}

void event_record::fill_shaping_hooks(const hooks::event& what)
{
    static const hooks::draft nobodys;
    static const hooks::shaping nothing;
    const auto& draft = what.message == nullptr ? nobodys : *what.message;
    const auto& from = what.shape == nullptr ? nothing : *what.shape;
    write_id(draft.id.value, message_text_);
    const auto begin = [&](auto& to) -> auto&
    {
        to = {};
        to.ev.size = sizeof to;
        if constexpr (requires { to.message; })
            to.message = {message_text_, draft.id ? sizeof message_text_ : 0};
        if constexpr (requires { to.sender; })
            to.sender = borrowed(draft.envelope.from.address);
        if constexpr (requires { to.next_hop; })
            to.next_hop = borrowed(from.next_hop);
        if constexpr (requires { to.recipients; })
            to.recipients = texts(from.recipients);
        if constexpr (requires { to.received_s; })
            to.received_s = seconds_of(from.received);
        if constexpr (requires { to.attempt; })
            to.attempt = what.attempt;
        if constexpr (requires { to.priority; })
            to.priority = from.priority;
        return to;
    };
    if (what.hook == hook_point::queue_policy) {
        auto& to = begin(record_.queue_policy);
        to.pool = borrowed(from.policy.pool);
        to.concurrency = from.policy.concurrency;
        to.rate_count = from.policy.rate_count;
        to.rate_ms = count_of(from.policy.rate_per);
    } else if (what.hook == hook_point::queue_admit) {
        auto& to = begin(record_.queue_admit);
        to.size_octets = from.size;
        to.active = from.active;
        to.waiting = from.waiting;
        to.active_all = from.active_all;
    } else if (what.hook == hook_point::delivery_reply) {
        auto& to = begin(record_.delivery_reply);
        to.address = borrowed(from.address);
        to.enhanced = borrowed(from.enhanced);
        to.text = borrowed(from.text);
        to.smtp_code = from.smtp_code;
        to.stage = static_cast<std::uint32_t>(from.stage);
        to.result = from.is_failure ? POSTERN_FAILED : POSTERN_DEFERRED;
    } else {
        auto& to = begin(record_.queue_retry);
        to.tried = tried(from.tried);
        to.expires_s = seconds_of(from.expires);
        to.next_s = seconds_of(from.next);
        to.attempts = from.attempts;
    }
}

} // namespace postern::daemon
