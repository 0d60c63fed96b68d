#pragma once
// What a real host refuses in the answers of a delivery on its way out (delivery.begin to client.params), and how their records
// are read. Part of rules.hpp; it must not know what was declared. STANDARDS: RFC 5321 2.4, 4.1.1.1, 4.1.2.

#include <postern/abi/content.h>
#include <postern/abi/outgoing.h>
#include <postern/sdk/extension_form.hpp>
#include <postern/sdk/outgoing_form.hpp>
#include <postern/testing/answer.hpp>
#include <postern/testing/extension_rules.hpp>
#include <postern/testing/login_rules.hpp>
#include <postern/testing/report_rules.hpp>
#include <postern/testing/shaping_rules.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace postern::testing {

[[nodiscard]] constexpr bool is_outgoing(std::uint32_t hook) noexcept
{
    return (hook >= POSTERN_HOOK_DELIVERY_BEGIN && hook <= POSTERN_HOOK_CLIENT_PARAMS) ||
           (hook >= POSTERN_HOOK_DELIVERY_SOURCE && hook <= POSTERN_HOOK_DELIVERY_SIGN);
}

namespace rules {

/// False: not to be looked at, or too many.
[[nodiscard]] inline bool read_texts(const postern_list& from, std::size_t most, std::vector<std::string>& to)
{
    if (!is_sound(from, sizeof(postern_str)) || from.count > most)
        return false;
    for (std::uint32_t i = 0; i < from.count; ++i) {
        const auto text = sdk::record_at<postern_str>(from, i);
        if (!is_sound(text))
            return false;
        to.emplace_back(sdk::view(text));
    }
    return true;
}

[[nodiscard]] inline std::string read_policy(const postern_tls_policy_reply& from, outgoing_reply& to)
{
    if (from.tls > POSTERN_TLS_DANE)
        return "a TLS policy that no host knows: " + std::to_string(from.tls);
    if (from.finding > POSTERN_TLS_RESULT_STS_WEBPKI_INVALID || (from.flags & ~POSTERN_TLS_TESTED) != 0)
        return "a finding or a flag that no host knows";
    if (!is_sound(from.name) || !is_sound(from.policy_type) || !is_sound(from.policy_domain))
        return "a name, or the type or domain of a policy, that is NULL with a length";
    if (!read_texts(from.names, sdk::most_names, to.names))
        return "a list of names without records, with a stride smaller than a text, or of more than 10";
    if (!read_texts(from.policy_strings, sdk::most_policy_texts, to.policy_strings) ||
        !read_texts(from.policy_hosts, sdk::most_policy_texts, to.policy_hosts))
        return "lines or hosts of a policy without records, with a stride smaller than a text, or more than 200";
    if (!is_sound(from.tlsa, sizeof(postern_tlsa)) || from.tlsa.count > sdk::most_tlsa)
        return "a list of TLSA records without any, with a stride smaller than one, or of more than 100";
    for (std::uint32_t i = 0; i < from.tlsa.count; ++i) {
        const auto one = sdk::record_at<postern_tlsa>(from.tlsa, i);
        constexpr std::uint32_t most = 255;
        if (!is_sound(one.data) || one.data.len > sdk::longest_tlsa || one.usage > most || one.selector > most ||
            one.matching > most)
            return "a TLSA record with data that is NULL with a length or too long, or with a number above 255";
        to.records.push_back({one.usage, one.selector, one.matching, std::string{sdk::view(one.data)}});
    }
    to.tls = from.tls;
    to.name = sdk::view(from.name);
    to.policy_type = sdk::view(from.policy_type);
    to.policy_domain = sdk::view(from.policy_domain);
    to.finding = from.finding;
    to.is_tested = (from.flags & POSTERN_TLS_TESTED) != 0;
    to.next_host = from.next_host != 0;
    return {};
}

[[nodiscard]] inline std::string read_peer(const postern_delivery_peer_reply& from, outgoing_reply& to)
{
    if (!read_texts(from.unused, sdk::most_unused, to.unused))
        return "a list of keywords without records, with a stride smaller than a text, or of more than 100";
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

[[nodiscard]] inline std::string read_source(const postern_delivery_source_reply& from, outgoing_reply& to)
{
    if (!is_sound(from.pool))
        return "a source pool that is NULL with a length";
    to.pool = sdk::view(from.pool);
    return {};
}

[[nodiscard]] inline std::string read_connect(const postern_delivery_connect_reply& from, outgoing_reply& to)
{
    if (from.has_socket > 1 || (from.has_socket == 1 && from.socket < 0))
        return "a socket that is none";
    if (from.has_socket == 1)
        to.socket = std::make_shared<given_socket>(from.socket);
    to.next_host = from.next_host != 0;
    return {};
}

/// Copies what an answer says beyond its base, if it does; what is wrong with its record, empty: nothing.
[[nodiscard]] inline std::string read_outgoing(const postern_reply& reply, std::uint32_t hook, answer& to)
{
    const std::size_t own = hook == POSTERN_HOOK_TLS_POLICY         ? sizeof(postern_tls_policy_reply)
                            : hook == POSTERN_HOOK_DELIVERY_PEER    ? sizeof(postern_delivery_peer_reply)
                            : hook == POSTERN_HOOK_CLIENT_VERB      ? sizeof(postern_client_verb_reply)
                            : hook == POSTERN_HOOK_DELIVERY_SOURCE  ? sizeof(postern_delivery_source_reply)
                            : hook == POSTERN_HOOK_DELIVERY_CONNECT ? sizeof(postern_delivery_connect_reply)
                                                                    : 0;
    if (own == 0 || reply.size == sizeof(postern_reply))
        return {};
    if (reply.size < own)
        return "a reply record smaller than version 1 of this hook's";
    if (hook == POSTERN_HOOK_TLS_POLICY)
        return read_policy(whole<postern_tls_policy_reply>(reply), to.out);
    if (hook == POSTERN_HOOK_DELIVERY_PEER)
        return read_peer(whole<postern_delivery_peer_reply>(reply), to.out);
    if (hook == POSTERN_HOOK_DELIVERY_SOURCE)
        return read_source(whole<postern_delivery_source_reply>(reply), to.out);
    if (hook == POSTERN_HOOK_DELIVERY_CONNECT)
        return read_connect(whole<postern_delivery_connect_reply>(reply), to.out);
    return read_client_lines(whole<postern_client_verb_reply>(reply), to.out);
}

/// As read_more and read_outgoing, at whichever hook.
[[nodiscard]] inline std::string read_record(const postern_reply& reply, std::uint32_t hook, answer& to)
{
    if (is_login(hook))
        return read_login(reply, hook, to);
    if (hook == POSTERN_HOOK_DSN_MAKE)
        return read_dsn(reply, to);
    if (is_shaping(hook))
        return read_shaping(reply, hook, to);
    return is_outgoing(hook) ? read_outgoing(reply, hook, to) : read_more(reply, hook, to);
}

[[nodiscard]] inline std::string fault_of_outgoing(const answer& what)
{
    const outgoing_reply& out = what.out;
    if (!out.name.empty() && !sdk::is_host_name(out.name))
        return "\"" + out.name + "\" is no name of a host";
    for (const std::string& name : out.names) {
        if (!sdk::is_host_name(name))
            return "\"" + name + "\" is no name of a host";
    }
    if ((out.tls == POSTERN_TLS_DANE) == out.records.empty())
        return "DANE without TLSA records, or those without it";
    if (!out.policy_type.empty()) {
        const auto is_good = [](const std::string& text) {
            return text.size() <= sdk::longest_policy_text &&
                   std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
        };
        if ((out.policy_type != "sts" && out.policy_type != "tlsa") || !sdk::is_host_name(out.policy_domain) ||
            !std::all_of(out.policy_strings.begin(), out.policy_strings.end(), is_good) ||
            !std::all_of(out.policy_hosts.begin(), out.policy_hosts.end(), is_good))
            return "a policy of no known type, of no domain, or with texts that are too long or not printable";
    }
    for (const std::string& keyword : out.unused) {
        if (!sdk::is_upper_keyword(keyword))
            return "\"" + keyword + "\" is no keyword of EHLO";
    }
    if (!sdk::is_pool_name(out.pool))
        return "\"" + out.pool + "\" is no name of a source pool";
    if (out.socket && what.refuses())
        return "a socket with a verdict that refuses";
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
