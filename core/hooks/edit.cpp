#include "core/hooks/edit.hpp"

#include "core/message/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>

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

/// Where the elements of a list are while a batch changes it: edits name them by the place they had before.
class moving_indices {
public:
    explicit moving_indices(std::size_t count) : at_(count + 1), gone_(count, false)
    {
        std::iota(at_.begin(), at_.end(), std::size_t{0});
    }

    [[nodiscard]] bool has(std::size_t index) const noexcept { return index < gone_.size() && !gone_[index]; }
    /// The place of `index`, or of what follows it if it is gone; for the index behind the last: the end of the old ones.
    [[nodiscard]] std::size_t place(std::size_t index) const noexcept { return at_[index]; }
    void inserted_before(std::size_t index) noexcept
    {
        for (auto i = index; i < at_.size(); ++i)
            ++at_[i];
    }
    void removed(std::size_t index) noexcept
    {
        gone_[index] = true;
        for (auto i = index + 1; i < at_.size(); ++i)
            --at_[i];
    }
    [[nodiscard]] std::size_t size() const noexcept { return gone_.size(); }

private:
    std::vector<std::size_t> at_;
    std::vector<bool> gone_;
};

std::string failure_of(const edit& what, std::string_view why)
{
    return fmt::format("edit {} of index {}: {}", static_cast<unsigned>(what.op), what.index, why);
}

std::string apply_to(message::header_block& headers, moving_indices& indices, const edit& what)
{
    base::error_code failed;
    switch (what.op) {
    case edit_op::header_add:
        failed = headers.insert(headers.size(), what.name, what.value);
        break;
    case edit_op::header_insert:
        if (what.index > indices.size())
            return failure_of(what, "no such field");
        failed = headers.insert(indices.place(what.index), what.name, what.value);
        if (!failed)
            indices.inserted_before(what.index);
        break;
    case edit_op::header_replace:
        if (!indices.has(what.index))
            return failure_of(what, "no such field");
        failed = headers.replace(indices.place(what.index), what.value);
        break;
    case edit_op::header_remove:
        if (!indices.has(what.index))
            return failure_of(what, "no such field");
        failed = headers.remove(indices.place(what.index));
        if (!failed)
            indices.removed(what.index);
        break;
    case edit_op::sender_set:
    case edit_op::rcpt_add:
    case edit_op::rcpt_replace:
    case edit_op::rcpt_remove:
    case edit_op::body_replace:
    case edit_op::route_set:
        assert(false);
    }
    return failed ? failure_of(what, failed.message()) : std::string{};
}

std::string apply_headers(const std::vector<edit>& batch, draft& message)
{
    const auto count = std::count_if(batch.begin(), batch.end(), [](const edit& e) { return is_header_edit(e.op); });
    if (count == 0)
        return {};
    moving_indices indices{message.headers.size()};
    if (batch.size() == 1) // changes nothing when it fails, so it needs no copy
        return apply_to(message.headers, indices, batch.front());
    auto headers = message.headers;
    for (const auto& what : batch)
        if (is_header_edit(what.op))
            if (auto why = apply_to(headers, indices, what); !why.empty())
                return why;
    message.headers = std::move(headers);
    return {};
}

/// Like apply_headers, but into a copy, which the caller puts in place when all of the batch has proved right.
std::string apply_recipients(std::vector<edit>& batch, const edit_target& target, message::utf8 octets,
                             std::optional<std::vector<message::recipient>>& result)
{
    if (std::none_of(batch.begin(), batch.end(), [](const edit& e) { return is_recipient_edit(e.op); }))
        return {};
    auto to = target.message->envelope.to;
    moving_indices indices{to.size()};
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
        if (!indices.has(what.index) || (target.hook == hook_point::cmd_rcpt && what.index != target.asked_recipient))
            return failure_of(what, "no such recipient, or not the one asked about");
        const auto place = indices.place(what.index);
        if (what.op == edit_op::rcpt_replace) {
            to[place].address = what.value;
        } else {
            to.erase(to.begin() + static_cast<std::ptrdiff_t>(place));
            indices.removed(what.index);
        }
    }
    // Deleting a message has a verdict of its own, so that nobody does it by accident.
    if (to.empty())
        return "a message without recipients: DISCARD says so";
    result = std::move(to);
    return {};
}

std::string check(const std::vector<edit>& batch, const permissions& may, const edit_target& target)
{
    int bodies = 0;
    for (const auto& what : batch) {
        if (!is_allowed_at(target.hook, what.op))
            return failure_of(what, "not at this hook");
        if (!is_granted(may, what.op))
            return failure_of(what, "not granted by the configuration (may)");
        if (what.op == edit_op::route_set) {
            if (!std::all_of(what.name.begin(), what.name.end(), [](char c) { return c > ' ' && c <= '~'; }) ||
                !std::all_of(what.value.begin(), what.value.end(), [](char c) { return c > ' ' && c <= '~'; }))
                return failure_of(what, "no name of a transport or next hop");
            continue;
        }
        if (target.message == nullptr)
            return failure_of(what, "there is no message here");
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
        return hook == hook_point::msg_headers || hook == hook_point::msg_end;
    case edit_op::sender_set:
        return hook == hook_point::cmd_mail || hook == hook_point::msg_end;
    case edit_op::rcpt_add:
    case edit_op::rcpt_replace:
        return hook == hook_point::cmd_rcpt || hook == hook_point::msg_end;
    case edit_op::rcpt_remove:
        return hook == hook_point::msg_end;
    case edit_op::body_replace:
        return hook == hook_point::msg_body || hook == hook_point::msg_end;
    case edit_op::route_set:
        return hook == hook_point::queue_route;
    }
    return false;
}

bool is_granted(const permissions& may, edit_op op) noexcept
{
    if (is_header_edit(op))
        return may.headers;
    if (is_recipient_edit(op))
        return may.rcpt;
    if (op == edit_op::sender_set)
        return may.sender;
    return op == edit_op::body_replace ? may.body : may.route;
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
        if (target.message != nullptr)
            keep_in_journal(std::move(what), plugin, target.hook, target.message->journal);
    }
    return {};
}

} // namespace postern::hooks
