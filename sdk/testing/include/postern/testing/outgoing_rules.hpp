#pragma once
// What a real host refuses in the answers of a delivery on its way out (delivery.begin to client.params), and how their records
// are read. Part of rules.hpp; it must not know what was declared. STANDARDS: RFC 5321 2.4, 4.1.1.1, 4.1.2.

#include <postern/abi/outgoing.h>
#include <postern/sdk/extension_form.hpp>
#include <postern/sdk/outgoing_form.hpp>
#include <postern/testing/answer.hpp>
#include <postern/testing/extension_rules.hpp>
#include <postern/testing/login_rules.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace postern::testing {

[[nodiscard]] constexpr bool is_outgoing(std::uint32_t hook) noexcept
{
    return hook >= POSTERN_HOOK_DELIVERY_BEGIN && hook <= POSTERN_HOOK_CLIENT_PARAMS;
}

namespace rules {

[[nodiscard]] inline std::string read_policy(const postern_tls_policy_reply& from, outgoing_reply& to)
{
    if (from.tls > POSTERN_TLS_VERIFIED)
        return "a TLS policy that no host knows: " + std::to_string(from.tls);
    if (!is_sound(from.name))
        return "a name that is NULL with a length";
    to.tls = from.tls;
    to.name = sdk::view(from.name);
    return {};
}

[[nodiscard]] inline std::string read_peer(const postern_delivery_peer_reply& from, outgoing_reply& to)
{
    if (!is_sound(from.unused, sizeof(postern_str)) || from.unused.count > sdk::most_unused)
        return "a list of keywords without records, with a stride smaller than a text, or of more than 100";
    for (std::uint32_t i = 0; i < from.unused.count; ++i) {
        const auto keyword = sdk::record_at<postern_str>(from.unused, i);
        if (!is_sound(keyword))
            return "a keyword that is NULL with a length";
        to.unused.emplace_back(sdk::view(keyword));
    }
    to.next_host = from.next_host != 0;
    return {};
}

[[nodiscard]] inline std::string read_client_lines(const postern_client_verb_reply& from, outgoing_reply& to)
{
    if (!is_sound(from.lines, sizeof(postern_client_line)) || from.lines.count > sdk::most_client_lines)
        return "a list of lines without records, with a stride smaller than a record, or of more than 16";
    if ((from.flags & ~(POSTERN_LINES_SHOW | POSTERN_LINES_RESTART)) != 0)
        return "a flag that no host knows";
    for (std::uint32_t i = 0; i < from.lines.count; ++i) {
        const auto line = sdk::record_at<postern_client_line>(from.lines, i);
        if (!is_sound(line.line) || line.rule > POSTERN_LINE_REQUIRED)
            return "a line that is NULL with a length, or with a rule that no host knows";
        to.lines.push_back({std::string{sdk::view(line.line)}, line.rule == POSTERN_LINE_REQUIRED});
    }
    to.shows = (from.flags & POSTERN_LINES_SHOW) != 0;
    to.restarts = (from.flags & POSTERN_LINES_RESTART) != 0;
    return {};
}

/// Copies what an answer says beyond its base, if it does; what is wrong with its record, empty: nothing.
[[nodiscard]] inline std::string read_outgoing(const postern_reply& reply, std::uint32_t hook, answer& to)
{
    const std::size_t own = hook == POSTERN_HOOK_TLS_POLICY      ? sizeof(postern_tls_policy_reply)
                            : hook == POSTERN_HOOK_DELIVERY_PEER ? sizeof(postern_delivery_peer_reply)
                            : hook == POSTERN_HOOK_CLIENT_VERB   ? sizeof(postern_client_verb_reply)
                                                                 : 0;
    if (own == 0 || reply.size == sizeof(postern_reply))
        return {};
    if (reply.size < own)
        return "a reply record smaller than version 1 of this hook's";
    if (hook == POSTERN_HOOK_TLS_POLICY)
        return read_policy(whole<postern_tls_policy_reply>(reply), to.out);
    if (hook == POSTERN_HOOK_DELIVERY_PEER)
        return read_peer(whole<postern_delivery_peer_reply>(reply), to.out);
    return read_client_lines(whole<postern_client_verb_reply>(reply), to.out);
}

/// As read_more and read_outgoing, at whichever hook.
[[nodiscard]] inline std::string read_record(const postern_reply& reply, std::uint32_t hook, answer& to)
{
    if (is_login(hook))
        return read_login(reply, hook, to);
    return is_outgoing(hook) ? read_outgoing(reply, hook, to) : read_more(reply, hook, to);
}

[[nodiscard]] inline std::string fault_of_outgoing(const answer& what)
{
    const outgoing_reply& out = what.out;
    if (!out.name.empty() && !sdk::is_host_name(out.name))
        return "\"" + out.name + "\" is no name of a host";
    for (const std::string& keyword : out.unused) {
        if (!sdk::is_upper_keyword(keyword))
            return "\"" + keyword + "\" is no keyword of EHLO";
    }
    if (out.next_host && what.verdict != POSTERN_TEMPFAIL)
        return "another host with a verdict other than TEMPFAIL";
    if (out.lines.empty() && (out.shows || out.restarts))
        return "replies to no line";
    for (const client_line& line : out.lines) {
        if (!sdk::is_client_line(line.text))
            return "\"" + line.text + "\" is no line that a plugin may say to a next hop";
    }
    return {};
}

} // namespace rules
} // namespace postern::testing
