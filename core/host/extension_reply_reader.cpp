// The replies of ehlo.caps, param and commands -> hooks::plugin_reply. SECURITY: as reply_reader.

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include "core/hooks/reply_rules.hpp"

namespace postern::daemon {
namespace {

using hooks::hook_point;

const char* read_lines(const postern_list& from, std::vector<std::string>& to)
{
    if (!is_sound(from, sizeof(postern_str)))
        return "a list of lines without records, or with a stride smaller than a text";
    if (from.count > hooks::most_reply_lines)
        return "too many lines";
    const auto* at = static_cast<const char*>(from.at);
    for (std::uint32_t i = 0; i < from.count; ++i, at += from.stride) {
        postern_str line;
        std::memcpy(&line, at, sizeof line);
        if (!is_sound(line) || line.len > most_reply_text)
            return "a line that is NULL with a length, or too long";
        to.emplace_back(view(line));
    }
    return nullptr;
}

const char* read_command(const postern_reply& from, hooks::extension_reply& to)
{
    const auto record = read_record<postern_command_reply>(&from, from.size);
    if (record.then > POSTERN_THEN_RESTART)
        return "something to follow that this host does not know";
    to.then = static_cast<hooks::follow_up>(record.then);
    to.octets = record.octets;
    return read_lines(record.lines, to.lines);
}

const char* read_caps(const postern_reply& from, hooks::extension_reply& to)
{
    const auto record = read_record<postern_caps_reply>(&from, from.size);
    if (!is_sound(record.lines, first_size<postern_keyword>) || record.lines.count > hooks::most_reply_lines)
        return "a list of keywords without records, with a stride smaller than a record, or too long";
    const auto* at = static_cast<const char*>(record.lines.at);
    for (std::uint32_t i = 0; i < record.lines.count; ++i, at += record.lines.stride) {
        const auto line = read_record<postern_keyword>(at, record.lines.stride);
        if (!is_sound(line.keyword) || !is_sound(line.parameters) || line.keyword.len + line.parameters.len > most_reply_text)
            return "a keyword that is NULL with a length, or too long";
        auto& text = to.lines.emplace_back(view(line.keyword));
        if (line.parameters.len != 0)
            text.append(" ").append(view(line.parameters));
    }
    return nullptr;
}

const char* read_param(const postern_reply& from, hooks::extension_reply& to)
{
    const auto record = read_record<postern_param_reply>(&from, from.size);
    if (!is_sound(record.value) || record.value.len > hooks::longest_parameter)
        return "a value that is NULL with a length, or too long";
    if (record.set_relay != 0 && record.relay > POSTERN_RELAY_REQUIRED)
        return "a relay rule that this host does not know";
    to.value.assign(view(record.value));
    if (record.set_relay != 0)
        to.relay = static_cast<message::relay_rule>(record.relay);
    return nullptr;
}

/// Octets from which on a reply is the hook's own record; 0: it has none.
std::size_t own_size(hook_point hook) noexcept
{
    if (hooks::is_command(hook))
        return first_size<postern_command_reply>;
    if (hook == hook_point::ehlo_caps)
        return first_size<postern_caps_reply>;
    return hook == hook_point::param ? first_size<postern_param_reply> : 0;
}

} // namespace

const char* read_reply(hook_point hook, const postern_reply& from, hooks::plugin_reply& to)
{
    to.more.reset();
    if (const char* wrong = read_reply(from, to))
        return wrong;
    to.login.reset();
    if (has_login_reply(hook))
        return read_login_reply(hook, from, to);
    if (has_outgoing_reply(hook))
        return read_outgoing(hook, from, to);
    if (hook == hook_point::dsn_make)
        return read_dsn_reply(from, to);
    if (hooks::is_shaping(hook))
        return read_shaping_reply(hook, from, to);
    const auto own = own_size(hook);
    if (own == 0 || from.size == first_size<postern_reply>)
        return nullptr;
    if (from.size < own)
        return "a reply record smaller than version 1 of this hook's";
    auto& more = to.more.emplace();
    const char* wrong = hooks::is_command(hook)         ? read_command(from, more)
                        : hook == hook_point::ehlo_caps ? read_caps(from, more)
                                                        : read_param(from, more);
    const bool is_empty = more.lines.empty() && more.then == hooks::follow_up::nothing;
    if (hooks::is_command(hook) && is_empty) // says no more than its base
        to.more.reset();
    return wrong;
}

} // namespace postern::daemon
