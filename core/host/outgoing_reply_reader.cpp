// The replies of delivery.tls_policy, delivery.peer and client.verb -> hooks::outgoing_reply. SECURITY: as reply_reader.

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include "core/hooks/outgoing.hpp"

namespace postern::daemon {
namespace {

using hooks::hook_point;

const char* read_policy(const postern_reply& from, hooks::outgoing_reply& to)
{
    const auto record = read_record<postern_tls_policy_reply>(&from, from.size);
    if (record.tls > POSTERN_TLS_VERIFIED)
        return "a TLS policy that this host does not know";
    if (!is_sound(record.name) || record.name.len > most_reply_text)
        return "a name that is NULL with a length, or too long";
    if (record.tls != 0)
        to.tls = static_cast<hooks::tls_need>(record.tls);
    to.name.assign(view(record.name));
    return nullptr;
}

const char* read_peer(const postern_reply& from, hooks::outgoing_reply& to)
{
    const auto record = read_record<postern_delivery_peer_reply>(&from, from.size);
    if (!is_sound(record.unused, sizeof(postern_str)) || record.unused.count > hooks::most_unused)
        return "a list of keywords without records, with a stride smaller than a text, or too long";
    const auto* at = static_cast<const char*>(record.unused.at);
    for (std::uint32_t i = 0; i < record.unused.count; ++i, at += record.unused.stride) {
        postern_str keyword;
        std::memcpy(&keyword, at, sizeof keyword);
        if (!is_sound(keyword) || keyword.len > most_reply_text)
            return "a keyword that is NULL with a length, or too long";
        to.unused.emplace_back(view(keyword));
    }
    to.next_host = record.next_host != 0;
    return nullptr;
}

const char* read_lines(const postern_reply& from, hooks::outgoing_reply& to)
{
    const auto record = read_record<postern_client_verb_reply>(&from, from.size);
    if (!is_sound(record.lines, first_size<postern_client_line>) || record.lines.count > hooks::most_client_lines)
        return "a list of lines without records, with a stride smaller than a record, or too long";
    if ((record.flags & ~(POSTERN_LINES_SHOW | POSTERN_LINES_RESTART)) != 0)
        return "a flag that this host does not know";
    const auto* at = static_cast<const char*>(record.lines.at);
    for (std::uint32_t i = 0; i < record.lines.count; ++i, at += record.lines.stride) {
        const auto line = read_record<postern_client_line>(at, record.lines.stride);
        if (!is_sound(line.line) || line.line.len > most_reply_text || line.rule > POSTERN_LINE_REQUIRED)
            return "a line that is NULL with a length, too long, or with a rule that this host does not know";
        to.lines.push_back({std::string{view(line.line)}, line.rule == POSTERN_LINE_REQUIRED});
    }
    to.shows = (record.flags & POSTERN_LINES_SHOW) != 0;
    to.restarts = (record.flags & POSTERN_LINES_RESTART) != 0;
    return nullptr;
}

} // namespace

bool has_outgoing_reply(hook_point hook) noexcept
{
    return hook == hook_point::delivery_tls_policy || hook == hook_point::delivery_peer || hook == hook_point::client_verb;
}

const char* read_outgoing(hook_point hook, const postern_reply& from, hooks::plugin_reply& to)
{
    to.out.reset();
    if (from.size == first_size<postern_reply>)
        return nullptr;
    const auto own = hook == hook_point::delivery_tls_policy ? first_size<postern_tls_policy_reply>
                     : hook == hook_point::delivery_peer     ? first_size<postern_delivery_peer_reply>
                                                             : first_size<postern_client_verb_reply>;
    if (from.size < own)
        return "a reply record smaller than version 1 of this hook's";
    const auto read = std::make_shared<hooks::outgoing_reply>();
    const char* wrong = hook == hook_point::delivery_tls_policy ? read_policy(from, *read)
                        : hook == hook_point::delivery_peer     ? read_peer(from, *read)
                                                                : read_lines(from, *read);
    to.out = read;
    return wrong;
}

} // namespace postern::daemon
