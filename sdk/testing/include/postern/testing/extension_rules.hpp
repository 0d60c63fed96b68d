#pragma once
// What a real host refuses in the answers to ehlo.caps, param, a verb and the commands from RSET to QUIT, and how their records
// are read. Part of rules.hpp; it must not know what was declared. STANDARDS: RFC 5321 4.1.1.1, 4.1.2, 4.2.

#include <postern/abi/ehlo.h>
#include <postern/sdk/extension_form.hpp>
#include <postern/testing/answer.hpp>
#include <postern/testing/question.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>

namespace postern::testing {

/// At these a plugin may say the reply of a command, not only refuse it.
[[nodiscard]] constexpr bool is_command(std::uint32_t hook) noexcept
{
    return hook == POSTERN_HOOK_VERB || hook == POSTERN_HOOK_VERB_DATA ||
           (hook >= POSTERN_HOOK_RSET && hook <= POSTERN_HOOK_QUIT);
}

/// A hook whose answers have a record of their own: ehlo.caps, param and the commands.
[[nodiscard]] constexpr bool is_extension(std::uint32_t hook) noexcept
{
    return hook == POSTERN_HOOK_CAPS || hook == POSTERN_HOOK_PARAM || is_command(hook);
}

namespace rules {

[[nodiscard]] inline bool is_sound(const postern_list& list, std::size_t record_size) noexcept
{
    return list.count == 0 || (list.at != nullptr && list.stride >= record_size);
}
[[nodiscard]] inline bool is_sound(const postern_str& text) noexcept
{
    return text.ptr != nullptr || text.len == 0;
}

[[nodiscard]] inline std::string read_command(const postern_command_reply& from, extension_reply& to)
{
    if (from.then > POSTERN_THEN_RESTART)
        return "something to follow that no host knows: " + std::to_string(from.then);
    to.then = from.then;
    to.octets = from.octets;
    if (!is_sound(from.lines, sizeof(postern_str)))
        return "a list of lines without records, or with a stride smaller than a text";
    if (from.lines.count > sdk::most_reply_lines)
        return "more than 100 lines";
    for (std::uint32_t i = 0; i < from.lines.count; ++i) {
        const auto line = sdk::record_at<postern_str>(from.lines, i);
        if (!is_sound(line) || line.len > sdk::most_reply_text)
            return "a line that is NULL with a length, or of more than 4096 octets";
        to.lines.emplace_back(sdk::view(line));
    }
    return {};
}

[[nodiscard]] inline std::string read_caps(const postern_caps_reply& from, extension_reply& to)
{
    if (!is_sound(from.lines, sizeof(postern_keyword)) || from.lines.count > sdk::most_reply_lines)
        return "a list of keywords without records, with a stride smaller than a record, or of more than 100";
    for (std::uint32_t i = 0; i < from.lines.count; ++i) {
        const auto line = sdk::record_at<postern_keyword>(from.lines, i);
        if (!is_sound(line.keyword) || !is_sound(line.parameters) ||
            line.keyword.len + line.parameters.len > sdk::most_reply_text)
            return "a keyword that is NULL with a length, or of more than 4096 octets";
        std::string& text = to.lines.emplace_back(sdk::view(line.keyword));
        if (line.parameters.len != 0)
            text.append(" ").append(sdk::view(line.parameters));
    }
    return {};
}

[[nodiscard]] inline std::string read_param(const postern_param_reply& from, extension_reply& to)
{
    if (!is_sound(from.value) || from.value.len > sdk::longest_parameter)
        return "a value that is NULL with a length, or of more than 1000 octets";
    if (from.set_relay != 0 && from.relay > POSTERN_RELAY_REQUIRED)
        return "a relay rule that no host knows: " + std::to_string(from.relay);
    to.value = sdk::view(from.value);
    if (from.set_relay != 0)
        to.relay = from.relay;
    return {};
}

template <class Record>
[[nodiscard]] Record whole(const postern_reply& reply) noexcept
{
    Record record;
    std::memcpy(&record, &reply, sizeof record);
    return record;
}

/// Copies what an answer says beyond its base, if it does; what is wrong with its record, empty: nothing.
[[nodiscard]] inline std::string read_more(const postern_reply& reply, std::uint32_t hook, answer& to)
{
    if (!is_extension(hook) || reply.size == sizeof(postern_reply))
        return {};
    const std::size_t own = hook == POSTERN_HOOK_CAPS    ? sizeof(postern_caps_reply)
                            : hook == POSTERN_HOOK_PARAM ? sizeof(postern_param_reply)
                                                         : sizeof(postern_command_reply);
    if (reply.size < own)
        return "a reply record smaller than version 1 of this hook's";
    extension_reply& more = to.more.emplace();
    if (hook == POSTERN_HOOK_CAPS)
        return read_caps(whole<postern_caps_reply>(reply), more);
    if (hook == POSTERN_HOOK_PARAM)
        return read_param(whole<postern_param_reply>(reply), more);
    return read_command(whole<postern_command_reply>(reply), more);
}

/// Lines, value and what is to be read, wherever they are said.
[[nodiscard]] inline std::string fault_of_more(const answer& what, const question& asked)
{
    const extension_reply& more = *what.more;
    if (!std::all_of(more.lines.begin(), more.lines.end(), sdk::is_reply_text))
        return "a text with octets that no reply may hold";
    if (!sdk::is_parameter_value(more.value))
        return "\"" + more.value + "\" is no value of a parameter";
    if (asked.hook != POSTERN_HOOK_VERB && asked.hook != POSTERN_HOOK_VERB_DATA && more.then != POSTERN_THEN_NOTHING)
        return "more to read at a command that is no verb of the plugin";
    if (what.verdict == POSTERN_CONTINUE && more.then == POSTERN_THEN_OCTETS && more.octets > asked.most_octets)
        return "asks for " + std::to_string(more.octets) + " octets, more than the " + std::to_string(asked.most_octets) +
               " of the verb";
    return {};
}

/// CONTINUE with the reply of a command.
[[nodiscard]] inline std::string fault_of_command(const answer& what, std::uint32_t hook)
{
    const std::uint32_t then = what.then();
    if (then == POSTERN_THEN_RESTART)
        return what.smtp_code != 0 ? "a reply before a restart, whose greeting is the reply" : "";
    if (what.smtp_code == 0)
        return then != POSTERN_THEN_NOTHING || (what.more && !what.more->lines.empty()) || !what.enhanced.empty()
                   ? "a reply without a code"
                   : "";
    const std::uint32_t reply_class = then == POSTERN_THEN_NOTHING ? 2 : 3;
    if (!sdk::is_reply_code(what.smtp_code, reply_class))
        return "a reply with code " + std::to_string(what.smtp_code) +
               (reply_class == 2 ? " and nothing to read behind it" : " and something to read behind it");
    if ((what.smtp_code == 221) != (hook == POSTERN_HOOK_QUIT)) // RFC 5321 4.2.2
        return "code 221 is the reply to QUIT, and to nothing else";
    if (!what.enhanced.empty() && (reply_class != 2 || !sdk::is_enhanced_code(what.enhanced, 2)))
        return "enhanced code \"" + what.enhanced + "\" with code " + std::to_string(what.smtp_code);
    return {};
}

template <class Number>
[[nodiscard]] std::optional<Number> number_of(std::string_view text) noexcept
{
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

/// PEER_SET: a fact of a connection as it is written.
[[nodiscard]] inline bool is_peer_fact(const std::string& name, const std::string& value)
{
    if (name == "address" || name == "local_address") {
        unsigned char octets[16];
        return value.find('\0') == value.npos &&
               (::inet_pton(AF_INET, value.c_str(), octets) == 1 || ::inet_pton(AF_INET6, value.c_str(), octets) == 1);
    }
    if (name == "port" || name == "local_port")
        return number_of<std::uint16_t>(value).has_value();
    return (name == "helo" || name == "identity") && value.size() <= 255 &&
           std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// PRIORITY_SET, RELEASE_AT, EXPIRE_AT, WARN_AT.
[[nodiscard]] inline bool is_queue_number(std::uint32_t op, const std::string& value)
{
    const auto number = number_of<std::int64_t>(value);
    if (op == POSTERN_EDIT_PRIORITY_SET)
        return number && *number >= -9 && *number <= 9;
    return number && *number >= 0 && *number <= 253'402'300'799; // the year 9999
}

} // namespace rules
} // namespace postern::testing
