#include "core/hooks/edit.hpp"

#include "core/hooks/edit_form.hpp"
#include "core/hooks/peer_edit.hpp"
#include "core/message/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace postern::hooks {

namespace {

bool is_header_edit(edit_op op) noexcept
{
    return op >= edit_op::header_add && op <= edit_op::header_remove;
}

bool is_recipient_edit(edit_op op) noexcept
{
    return op >= edit_op::rcpt_add && op <= edit_op::rcpt_remove;
}

bool is_param_edit(edit_op op) noexcept
{
    return op >= edit_op::param_set && op <= edit_op::param_require;
}

message::header_change::kind kind_of(edit_op op) noexcept
{
    using kind = message::header_change::kind;
    switch (op) {
    case edit_op::header_insert:
        return kind::insert;
    case edit_op::header_replace:
        return kind::replace;
    case edit_op::header_remove:
        return kind::remove;
    default:
        return kind::add;
    }
}

std::string apply_headers(const std::vector<edit>& batch, draft& message)
{
    std::vector<message::header_change> changes;
    for (const auto& what : batch)
        if (is_header_edit(what.op))
            changes.push_back({kind_of(what.op), what.index, what.name, what.value});
    if (changes.empty())
        return {};
    const auto refused = message.headers.apply(changes);
    if (!refused)
        return {};
    const auto is_nth = [n = refused->change](const edit& what) mutable { return is_header_edit(what.op) && n-- == 0; };
    return failure_of(*std::find_if(batch.begin(), batch.end(), is_nth), refused->why.message());
}

/// Like apply_headers, but into a copy, which the caller puts in place when all of the batch has proved right.
std::string apply_recipients(std::vector<edit>& batch, const edit_target& target, message::utf8 octets,
                             std::optional<std::vector<message::recipient>>& result)
{
    if (std::none_of(batch.begin(), batch.end(), [](const edit& e) { return is_recipient_edit(e.op); }))
        return {};
    auto to = target.message->envelope.to;
    const auto count = to.size();
    std::vector<bool> is_gone(count, false);
    for (auto& what : batch) {
        if (!is_recipient_edit(what.op))
            continue;
        if (what.op != edit_op::rcpt_remove) {
            auto address = message::parse_mailbox(what.value, octets);
            if (!address)
                return failure_of(what, address.error().message());
            what.value = std::move(*address);
        }
        if (what.op == edit_op::rcpt_add) {
            to.push_back({.address = what.value, .notify = {}, .orcpt = {}, .parameters = {}});
            continue;
        }
        if (what.index >= count || is_gone[what.index] ||
            (target.hook == hook_point::cmd_rcpt && what.index != target.asked_recipient))
            return failure_of(what, "no such recipient, or not the one asked about");
        if (what.op == edit_op::rcpt_replace)
            to[what.index].address = what.value;
        else
            is_gone[what.index] = true;
    }
    // Once a batch, not once an edit: there may be many of both.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < to.size(); ++i)
        if (i >= count || !is_gone[i]) {
            if (kept != i)
                to[kept] = std::move(to[i]);
            ++kept;
        }
    to.resize(kept);
    // Deleting a message has a verdict of its own, so that nobody does it by accident.
    if (to.empty())
        return "a message without recipients: DISCARD says so";
    result = std::move(to);
    return {};
}

/// Where a parameter that is set is stored with the message.
bool stores_params(hook_point hook) noexcept
{
    return hook == hook_point::cmd_mail || hook == hook_point::msg_headers;
}

std::string_view fault_of_param(const edit& what, const edit_target& target)
{
    if (stores_params(target.hook))
        return what.index != of_mail || target.owned == nullptr ? "not one of MAIL" : param_fault(what, *target.owned);
    if (target.out == nullptr || (what.index != of_mail && what.index >= target.out->recipients.size()))
        return "no such recipient";
    return param_fault(what, target.out->owned);
}

/// Takes recipients out of the transaction, which keeps one at least: so there are never more transactions than recipients.
std::string apply_later(const std::vector<edit>& batch, const edit_target& target)
{
    std::set<std::uint32_t> later;
    for (const auto& what : batch) {
        if (what.op != edit_op::rcpt_later)
            continue;
        if (target.out == nullptr || what.index >= target.out->recipients.size() || !later.insert(what.index).second)
            return failure_of(what, "no such recipient");
        if (later.size() == target.out->recipients.size())
            return failure_of(what, "a transaction without recipients: TEMPFAIL says so");
    }
    if (!later.empty())
        put_off(later, *target.out);
    return {};
}

std::string check(const std::vector<edit>& batch, const permissions& may, const edit_target& target)
{
    int bodies = 0;
    for (const auto& what : batch) {
        if (auto why = fault_of_form(target.hook, what); !why.empty())
            return why;
        if (!is_granted(may, what.op))
            return failure_of(what, fmt::format("not granted: the plugin would need may = [\"{}\"]", grant_for(what.op)));
        if (what.op == edit_op::route_set)
            continue;
        if (what.op == edit_op::peer_set) {
            if (target.facts == nullptr)
                return failure_of(what, "there is no connection here");
            continue;
        }
        if (target.message == nullptr)
            return failure_of(what, "there is no message here");
        if (is_param_edit(what.op)) {
            if (const auto why = fault_of_param(what, target); !why.empty())
                return failure_of(what, why);
            continue;
        }
        if (target.hook == hook_point::delivery_sign && what.index != 0)
            return failure_of(what, "a signature stands in front of all fields");
        if (what.op != edit_op::body_replace)
            continue;
        if (++bodies > 1)
            return failure_of(what, "a second body");
        const bool is_binary = target.message->envelope.from.body == message::body_type::binary_mime;
        if (!is_binary && !is_canonical(what.value))
            return failure_of(what, "a bare CR, bare LF or NUL in a body");
    }
    return {};
}

void keep_in_journal(edit what, const std::string& plugin, hook_point hook, std::vector<journal_entry>& journal)
{
    if (what.op == edit_op::body_replace)
        what.value = fmt::format("{} octets", what.value.size());
    journal.push_back({plugin, hook, std::move(what)});
}

void apply_queue(edit& what, draft& message)
{
    if (what.op == edit_op::report_relay) {
        message.report_relay = what.name;
        return;
    }
    if (what.op == edit_op::accepted_set) {
        message.accepted_status = what.name;
        message.accepted_text = what.value;
        return;
    }
    const auto number = *queue_number(what);
    const auto when = base::wall_time{std::chrono::seconds{number}};
    switch (what.op) {
    case edit_op::priority_set:
        message.priority = static_cast<std::int8_t>(number);
        break;
    case edit_op::release_at:
        message.release_at = when;
        break;
    case edit_op::expire_at:
        message.expire_at = when;
        break;
    default:
        message.warn_at = when;
        break;
    }
}

void apply_body(edit& what, const edit_target& target)
{
    if (target.hook == hook_point::msg_body) {
        target.chunk = what.value;
        return;
    }
    target.message->replaced_body = what.value;
    target.message->body_size = what.value.size();
}

} // namespace

bool is_allowed_at(hook_point hook, edit_op op) noexcept
{
    switch (op) {
    case edit_op::header_add:
    case edit_op::header_insert:
    case edit_op::header_replace:
    case edit_op::header_remove:
        return hook == hook_point::msg_headers || hook == hook_point::msg_end || hook == hook_point::delivery_content ||
               (hook == hook_point::delivery_sign && op == edit_op::header_insert);
    case edit_op::sender_set:
        return hook == hook_point::cmd_mail || hook == hook_point::msg_end;
    case edit_op::rcpt_add:
    case edit_op::rcpt_replace:
        return hook == hook_point::cmd_rcpt || hook == hook_point::msg_end;
    case edit_op::rcpt_remove:
        return hook == hook_point::msg_end;
    case edit_op::body_replace:
        return hook == hook_point::msg_body || hook == hook_point::msg_end || hook == hook_point::delivery_content;
    case edit_op::route_set:
        return hook == hook_point::queue_route;
    case edit_op::peer_set:
        return hook == hook_point::verb || hook == hook_point::verb_data;
    case edit_op::priority_set:
    case edit_op::release_at:
    case edit_op::expire_at:
    case edit_op::warn_at:
    case edit_op::accepted_set:
    case edit_op::report_relay:
        return hook == hook_point::param || hook == hook_point::cmd_mail || hook == hook_point::msg_headers ||
               hook == hook_point::msg_end;
    case edit_op::rcpt_later:
        return hook == hook_point::delivery_begin;
    case edit_op::param_set:
        return hook == hook_point::client_params || stores_params(hook);
    case edit_op::param_drop:
    case edit_op::param_require:
        return hook == hook_point::client_params;
    }
    return false;
}

std::string_view grant_for(edit_op op) noexcept
{
    if (is_header_edit(op))
        return "headers";
    if (is_recipient_edit(op))
        return "rcpt";
    if (op == edit_op::sender_set)
        return "sender";
    if (is_queue_edit(op))
        return "queue";
    if (op == edit_op::peer_set)
        return "client";
    if (is_param_edit(op)) // of its own parameters
        return "";
    return op == edit_op::body_replace ? "body" : "route";
}

bool is_granted(const permissions& may, edit_op op) noexcept
{
    const auto needed = grant_for(op);
    return needed.empty() ||
           std::ranges::any_of(permission_names(), [&](const auto& each) { return each.first == needed && may.*each.second; });
}

bool is_canonical(std::string_view octets) noexcept
{
    if (octets.find('\0') != std::string_view::npos)
        return false;
    std::size_t behind = 0; // the last CRLF
    for (auto lf = octets.find('\n'); lf != std::string_view::npos; lf = octets.find('\n', behind)) {
        if (lf == behind || octets.substr(behind, lf - behind).find('\r') != lf - behind - 1)
            return false;
        behind = lf + 1;
    }
    return octets.substr(behind).find('\r') == std::string_view::npos;
}

std::string apply(std::vector<edit> batch, const permissions& may, const std::string& plugin, edit_target target)
{
    if (auto why = check(batch, may, target); !why.empty())
        return why;
    if (auto why = apply_later(batch, target); !why.empty())
        return why;
    std::optional<std::string> sender;
    std::optional<std::vector<message::recipient>> recipients;
    if (target.message != nullptr) {
        // Everything that can be wrong is found out before anything is put in place; the headers, which alone can fail while
        // they are put in place, come last.
        const auto octets = target.message->envelope.from.smtputf8 ? message::utf8::allowed : message::utf8::refused;
        for (auto& what : batch) {
            if (what.op != edit_op::sender_set)
                continue;
            if (!what.value.empty()) {
                auto address = message::parse_mailbox(what.value, octets);
                if (!address)
                    return failure_of(what, address.error().message());
                what.value = std::move(*address);
            }
            sender = what.value;
        }
        if (auto why = apply_recipients(batch, target, octets, recipients); !why.empty())
            return why;
        if (auto why = apply_headers(batch, *target.message); !why.empty())
            return why;
        if (sender)
            target.message->envelope.from.address = std::move(*sender);
        if (recipients)
            target.message->envelope.to = std::move(*recipients);
    }
    for (auto& what : batch) {
        if (what.op == edit_op::body_replace)
            apply_body(what, target);
        else if (what.op == edit_op::route_set)
            target.route = what;
        else if (what.op == edit_op::peer_set)
            apply_peer_fact(what.name, what.value, *target.facts);
        else if (is_queue_edit(what.op))
            apply_queue(what, *target.message);
        else if (is_param_edit(what.op) && stores_params(target.hook))
            store_param(what, *target.owned, target.message->envelope.from.parameters);
        else if (is_param_edit(what.op))
            apply_param(what, target.message->envelope, *target.out);
        if (target.message != nullptr)
            keep_in_journal(std::move(what), plugin, target.hook, target.message->journal);
    }
    return {};
}

} // namespace postern::hooks
