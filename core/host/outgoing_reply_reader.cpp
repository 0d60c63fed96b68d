// The replies of delivery.source, delivery.tls_policy, delivery.connect, delivery.peer and client.verb -> hooks::outgoing_reply.
// SECURITY: as reply_reader.

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include "core/hooks/outgoing.hpp"

namespace postern::daemon {
namespace {

using hooks::hook_point;

/// False: not to be looked at, or too many, or one too long.
bool read_texts(const postern_list& from, std::size_t most, std::vector<std::string>& to)
{
    if (!is_sound(from, sizeof(postern_str)) || from.count > most)
        return false;
    const auto* at = static_cast<const char*>(from.at);
    for (std::uint32_t i = 0; i < from.count; ++i, at += from.stride) {
        postern_str text;
        std::memcpy(&text, at, sizeof text);
        if (!is_sound(text) || text.len > most_reply_text)
            return false;
        to.emplace_back(view(text));
    }
    return true;
}

const char* read_tlsa(const postern_list& from, std::vector<base::tlsa_record>& to)
{
    if (!is_sound(from, first_size<postern_tlsa>) || from.count > hooks::most_tlsa)
        return "a list of TLSA records without any, with a stride smaller than one, or too long";
    const auto* at = static_cast<const char*>(from.at);
    for (std::uint32_t i = 0; i < from.count; ++i, at += from.stride) {
        const auto record = read_record<postern_tlsa>(at, from.stride);
        constexpr std::uint32_t most = 255;
        if (!is_sound(record.data) || record.data.len > hooks::longest_tlsa || record.usage > most || record.selector > most ||
            record.matching > most)
            return "a TLSA record with data that is NULL with a length or too long, or with a number above 255";
        to.push_back({static_cast<std::uint8_t>(record.usage), static_cast<std::uint8_t>(record.selector),
                      static_cast<std::uint8_t>(record.matching), std::string{view(record.data)}});
    }
    return nullptr;
}

const char* read_origin(const postern_tls_policy_reply& from, std::optional<hooks::policy_origin>& to)
{
    for (const auto& each : {from.policy_type, from.policy_domain})
        if (!is_sound(each) || each.len > most_reply_text)
            return "the type or the domain of a policy that is NULL with a length, or too long";
    if (from.policy_type.len == 0)
        return nullptr;
    to.emplace();
    to->type.assign(view(from.policy_type));
    to->domain.assign(view(from.policy_domain));
    if (!read_texts(from.policy_strings, hooks::most_policy_texts, to->strings) ||
        !read_texts(from.policy_hosts, hooks::most_policy_texts, to->hosts))
        return "lines or hosts of a policy without records, with a stride smaller than a text, or too many or too long";
    return nullptr;
}

const char* read_policy(const postern_reply& from, hooks::outgoing_reply& to)
{
    const auto record = read_record<postern_tls_policy_reply>(&from, from.size);
    if (record.tls > POSTERN_TLS_DANE)
        return "a TLS policy that this host does not know";
    if (record.finding > POSTERN_TLS_RESULT_STS_WEBPKI_INVALID || (record.flags & ~POSTERN_TLS_TESTED) != 0)
        return "a finding or a flag that this host does not know";
    if (!is_sound(record.name) || record.name.len > most_reply_text)
        return "a name that is NULL with a length, or too long";
    if (!read_texts(record.names, hooks::most_names, to.other_names))
        return "a list of names without records, with a stride smaller than a text, or too long";
    if (const auto* const wrong = read_tlsa(record.tlsa, to.tlsa))
        return wrong;
    if (const auto* const wrong = read_origin(record, to.origin))
        return wrong;
    if (record.tls != 0)
        to.tls = static_cast<hooks::tls_need>(record.tls);
    to.name.assign(view(record.name));
    to.finding = static_cast<hooks::tls_finding>(record.finding);
    to.finding_text.assign(view(from.text)); // read_reply has looked at it
    to.is_tested = (record.flags & POSTERN_TLS_TESTED) != 0;
    to.next_host = record.next_host != 0;
    return nullptr;
}

const char* read_peer(const postern_reply& from, hooks::outgoing_reply& to)
{
    const auto record = read_record<postern_delivery_peer_reply>(&from, from.size);
    if (!read_texts(record.unused, hooks::most_unused, to.unused))
        return "a list of keywords without records, with a stride smaller than a text, or too many or too long";
    to.next_host = record.next_host != 0;
    return nullptr;
}

const char* read_source(const postern_reply& from, hooks::outgoing_reply& to)
{
    const auto record = read_record<postern_delivery_source_reply>(&from, from.size);
    if (!is_sound(record.pool) || record.pool.len > hooks::longest_pool)
        return "a source pool that is NULL with a length, or with a name that is too long";
    to.pool.assign(view(record.pool));
    return nullptr;
}

/// The socket is the plugin's as long as anything may still be wrong with the answer: see answer_rules::read().
const char* read_connect(const postern_reply& from, hooks::outgoing_reply& to)
{
    const auto record = read_record<postern_delivery_connect_reply>(&from, from.size);
    if (record.has_socket > 1 || (record.has_socket == 1 && record.socket < 0))
        return "a socket that is none";
    if (record.has_socket == 1)
        to.socket = std::make_shared<base::descriptor>(record.socket);
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

/// Of the record that the hook has in place of a plain reply; 0: it has none.
std::size_t first_size_of(hook_point hook) noexcept
{
    switch (hook) {
    case hook_point::delivery_source:
        return first_size<postern_delivery_source_reply>;
    case hook_point::delivery_tls_policy:
        return first_size<postern_tls_policy_reply>;
    case hook_point::delivery_connect:
        return first_size<postern_delivery_connect_reply>;
    case hook_point::delivery_peer:
        return first_size<postern_delivery_peer_reply>;
    case hook_point::client_verb:
        return first_size<postern_client_verb_reply>;
    default:
        return 0;
    }
}

} // namespace

bool has_outgoing_reply(hook_point hook) noexcept
{
    return first_size_of(hook) != 0;
}

const char* read_outgoing(hook_point hook, const postern_reply& from, hooks::plugin_reply& to)
{
    to.out.reset();
    if (from.size == first_size<postern_reply>)
        return nullptr;
    if (from.size < first_size_of(hook))
        return "a reply record smaller than version 1 of this hook's";
    const auto read = std::make_shared<hooks::outgoing_reply>();
    to.out = read;
    switch (hook) {
    case hook_point::delivery_source:
        return read_source(from, *read);
    case hook_point::delivery_tls_policy:
        return read_policy(from, *read);
    case hook_point::delivery_connect:
        return read_connect(from, *read);
    case hook_point::delivery_peer:
        return read_peer(from, *read);
    default:
        return read_lines(from, *read);
    }
}

} // namespace postern::daemon
