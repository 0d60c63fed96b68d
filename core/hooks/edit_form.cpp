#include "core/hooks/edit_form.hpp"

#include "core/base/enhanced_code.hpp"
#include "core/hooks/edit.hpp"
#include "core/hooks/peer_edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace postern::hooks {
namespace {

constexpr std::size_t longest_accepted_text = 400; // octets: the reply's line has at most 512 (RFC 5321 4.5.3.1.5)

bool is_plain(char c) noexcept
{
    return c > ' ' && c <= '~';
}

/// What is wrong with an edit of the message's way through the queue; empty: nothing.
std::string_view fault_of_queue_edit(const edit& what)
{
    if (what.op == edit_op::report_relay)
        return what.value.empty() && std::all_of(what.name.begin(), what.name.end(), is_plain) ? "" : "no keyword";
    if (what.op == edit_op::accepted_set)
        return base::is_enhanced_code(what.name, 250) && !what.value.empty() && what.value.size() <= longest_accepted_text &&
                       std::all_of(what.value.begin(), what.value.end(), [](char c) { return c >= ' ' && c <= '~'; })
                   ? ""
                   : "no enhanced code of class 2 with a text";
    return queue_number(what) ? "" : "not a number, or out of range";
}

} // namespace

bool is_queue_edit(edit_op op) noexcept
{
    return (op >= edit_op::priority_set && op <= edit_op::warn_at) || op == edit_op::accepted_set || op == edit_op::report_relay;
}

std::optional<std::int64_t> queue_number(const edit& what) noexcept
{
    std::int64_t number = 0;
    const auto* const end = what.value.data() + what.value.size();
    const auto read = std::from_chars(what.value.data(), end, number);
    const bool is_priority = what.op == edit_op::priority_set;
    constexpr std::int64_t year_9999 = 253'402'300'799;
    if (read.ec != std::errc{} || read.ptr != end || number < (is_priority ? -9 : 0) || number > (is_priority ? 9 : year_9999))
        return std::nullopt;
    return number;
}

std::string failure_of(const edit& what, std::string_view why)
{
    const bool is_of_one = what.op == edit_op::header_insert || what.op == edit_op::header_replace ||
                           what.op == edit_op::header_remove || what.op == edit_op::rcpt_replace ||
                           what.op == edit_op::rcpt_remove || what.op == edit_op::rcpt_later;
    return is_of_one ? fmt::format("{} {}: {}", name_of(what.op), what.index, why) : fmt::format("{}: {}", name_of(what.op), why);
}

std::string fault_of_form(hook_point hook, const edit& what)
{
    if (!is_allowed_at(hook, what.op))
        return failure_of(what, fmt::format("not at {}", name_of(hook)));
    if (what.op == edit_op::route_set && !(std::all_of(what.name.begin(), what.name.end(), is_plain) &&
                                           std::all_of(what.value.begin(), what.value.end(), is_plain)))
        return failure_of(what, "no name of a transport or next hop");
    if (what.op == edit_op::peer_set && !is_peer_fact(what.name, what.value))
        return failure_of(what, "no such fact of a connection, or not as such a fact is written");
    if (is_queue_edit(what.op))
        if (const auto why = fault_of_queue_edit(what); !why.empty())
            return failure_of(what, why);
    return {};
}

std::string fault_of_form(hook_point hook, const std::vector<edit>& batch)
{
    for (const auto& each : batch)
        if (auto why = fault_of_form(hook, each); !why.empty())
            return why;
    return {};
}

} // namespace postern::hooks
