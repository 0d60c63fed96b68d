// The part of event_record that fills the records of abi/outgoing.h.
#include "core/host/event_record.hpp"
#include "core/host/record_values.hpp"
#include "core/host/reply_reader.hpp"

#include "core/message/address.hpp"

#include <algorithm>

namespace postern::daemon {
namespace {

using hooks::hook_point;

const hooks::draft& draft_of(const hooks::event& what)
{
    static const hooks::draft none;
    return what.message == nullptr ? none : *what.message;
}

std::uint32_t flags_of(const hooks::outgoing& out) noexcept
{
    return (out.extended ? POSTERN_NEXT_HOP_EXTENDED : 0U) | (out.secured ? POSTERN_NEXT_HOP_TLS : 0U) |
           (out.secured && out.tls.need >= hooks::tls_need::verified ? POSTERN_NEXT_HOP_VERIFIED : 0U) |
           (out.has_others ? POSTERN_NEXT_HOP_HAS_OTHERS : 0U);
}

std::uint32_t host_flags_of(const hooks::outgoing& out) noexcept
{
    return (out.is_by_mx ? POSTERN_HOST_BY_MX : 0U) | (out.is_mx_secure ? POSTERN_HOST_MX_SECURE : 0U) |
           (out.is_address_secure ? POSTERN_HOST_ADDRESS_SECURE : 0U);
}

/// Empty for the end of a Unix socket.
std::string text_of(const base::ip_address& address)
{
    return address.is_unspecified() ? std::string{} : address.text();
}

} // namespace

postern_list event_record::recipients(const hooks::draft& draft, const hooks::outgoing& out)
{
    auto& to = lists_->recipients;
    to.clear();
    for (const auto index : out.recipients)
        to.push_back(borrowed(draft.envelope.to[index].address));
    return list_of(to);
}

/// In lower case, each once, in the order of the recipients.
postern_list event_record::domains(const hooks::draft& draft, const hooks::outgoing& out)
{
    auto& texts = lists_->texts;
    texts.clear();
    for (const auto index : out.recipients) {
        const std::string_view address = draft.envelope.to[index].address;
        const auto at = address.rfind('@');
        auto domain = at == std::string_view::npos ? std::string{} : message::lower_ascii(address.substr(at + 1));
        if (!domain.empty() && std::ranges::find(texts, domain) == texts.end())
            texts.push_back(std::move(domain));
    }
    auto& to = lists_->recipients;
    to.clear();
    for (const auto& each : texts)
        to.push_back(borrowed(each));
    return list_of(to);
}

postern_list event_record::stored_params(const hooks::draft& draft, const hooks::outgoing& out)
{
    auto& to = lists_->stored;
    to.clear();
    const auto& envelope = out.rewritten ? *out.rewritten : draft.envelope;
    const auto add = [&to](const std::vector<message::parameter>& from, std::uint32_t of) {
        for (const auto& each : from)
            to.push_back({borrowed(each.keyword), each.value ? borrowed(*each.value) : postern_str{}, each.value ? 1U : 0U, of,
                          static_cast<std::uint32_t>(each.relay), 0});
    };
    add(envelope.from.parameters, POSTERN_OF_MAIL);
    for (std::uint32_t place = 0; place < out.recipients.size(); ++place)
        add(envelope.to[out.recipients[place]].parameters, place);
    return list_of(to);
}

postern_list event_record::offers(const std::vector<hooks::offered_keyword>& from)
{
    auto& to = lists_->offers;
    to.clear();
    for (const auto& each : from)
        to.push_back({sizeof(postern_keyword), 0, borrowed(each.keyword), borrowed(each.parameters)});
    return list_of(to);
}

postern_list event_record::said(const std::vector<hooks::client_answer>& from)
{
    auto& to = lists_->said;
    to.clear();
    for (const auto& each : from)
        to.push_back({borrowed(each.text), each.code, 0});
    return list_of(to);
}

/// What all of them have.
template <class Record>
Record& event_record::begin_outgoing(Record& record, const hooks::event& what, const hooks::outgoing& out)
{
    const auto& draft = draft_of(what);
    record = {};
    record.ev.size = sizeof record;
    write_id(draft.id.value, message_text_);
    record.message = {message_text_, draft.id ? sizeof message_text_ : 0};
    record.next_hop = borrowed(out.next_hop);
    if constexpr (requires { record.sender; })
        record.sender = borrowed(draft.envelope.from.address);
    if constexpr (requires { record.params; })
        record.params = stored_params(draft, out);
    if constexpr (requires { record.recipients; })
        record.recipients = recipients(draft, out);
    if constexpr (requires { record.attempt; })
        record.attempt = what.attempt;
    if constexpr (requires { record.received_s; })
        record.received_s = seconds_of(out.received);
    return record;
}

void event_record::fill_tls_result(const hooks::event& what, const hooks::outgoing& out)
{
    auto& to = begin_outgoing(record_.tls_result, what, out);
    to.host = borrowed(out.host);
    auto& texts = lists_->texts;
    texts.clear();
    if (out.is_connected)
        texts = {text_of(out.peer.address), text_of(out.source)};
    to.address = texts.empty() ? postern_str{} : borrowed(texts[0]);
    to.source = texts.empty() ? postern_str{} : borrowed(texts[1]);
    to.policy_type = borrowed(out.origin.type);
    to.policy_domain = borrowed(out.origin.domain);
    const auto list = [](const std::vector<std::string>& from, std::vector<postern_str>& into) {
        into.clear();
        for (const auto& each : from)
            into.push_back(borrowed(each));
        return list_of(into);
    };
    to.policy_strings = list(out.origin.strings, lists_->recipients);
    to.policy_hosts = list(out.origin.hosts, lists_->names);
    to.text = borrowed(out.finding_text);
    to.port = out.port;
    to.result = static_cast<std::uint32_t>(out.finding);
    to.tls = static_cast<std::uint32_t>(out.tls.need);
    to.flags = host_flags_of(out) | (out.is_refused ? POSTERN_TLS_REFUSED : 0U);
}

void event_record::fill_content(const hooks::event& what, const hooks::outgoing& out)
{
    auto& to = begin_outgoing(record_.content, what, out);
    to.offers = offers(out.offers);
    to.headers = headers(draft_of(what));
    to.size_octets = what.blob == nullptr ? 0 : what.blob->size();
    to.flags = flags_of(out);
}

void event_record::fill_outgoing_hooks(const hooks::event& what, const hooks::outgoing& out)
{
    if (what.hook == hook_point::delivery_begin) {
        auto& to = begin_outgoing(record_.delivery_begin, what, out);
        to.size_octets = out.size;
        to.is_smtp = out.is_smtp ? 1 : 0;
    } else if (what.hook == hook_point::delivery_source) {
        begin_outgoing(record_.delivery_source, what, out).pool = borrowed(out.pool);
    } else if (what.hook == hook_point::delivery_connect) {
        auto& to = begin_outgoing(record_.delivery_connect, what, out);
        auto& texts = lists_->texts;
        texts = {text_of(out.peer.address), text_of(out.source)};
        to.host = borrowed(out.host);
        to.address = borrowed(texts[0]);
        to.source = borrowed(texts[1]);
        to.pool = borrowed(out.pool);
        to.port = out.port;
        to.flags = host_flags_of(out);
    } else if (what.hook == hook_point::delivery_content || what.hook == hook_point::delivery_sign) {
        fill_content(what, out);
    } else if (what.hook == hook_point::delivery_tls_policy) {
        auto& to = begin_outgoing(record_.tls_policy, what, out);
        to.host = borrowed(out.host);
        to.domains = domains(draft_of(what), out);
        to.name = borrowed(out.tls.name);
        to.configured = static_cast<std::uint32_t>(out.configured.need);
        to.tls = static_cast<std::uint32_t>(out.tls.need);
        to.canonical = borrowed(out.canonical);
        to.port = out.port;
        to.flags = host_flags_of(out);
    } else if (what.hook == hook_point::delivery_tls_result) {
        fill_tls_result(what, out);
    } else if (what.hook == hook_point::delivery_peer) {
        auto& to = begin_outgoing(record_.delivery_peer, what, out);
        auto& texts = lists_->texts;
        texts.assign({text_of(out.peer.address)});
        to.address = borrowed(texts.front());
        to.port = out.peer.port;
        to.greeting = borrowed(out.greeting);
        to.offers = offers(out.offers);
        to.flags = flags_of(out);
        to.tls = static_cast<std::uint32_t>(out.tls.need);
        if (out.secured) {
            to.tls_version = borrowed(out.secured->version);
            to.tls_cipher = borrowed(out.secured->cipher);
            to.tls_group = borrowed(out.secured->group);
            to.tls_subject = borrowed(out.secured->peer_subject);
        }
    } else if (what.hook == hook_point::client_verb) {
        auto& to = begin_outgoing(record_.client_verb, what, out);
        to.offers = offers(out.own_offers);
        to.said = said(out.said);
        to.round = out.round;
        to.flags = flags_of(out);
    } else {
        auto& to = begin_outgoing(record_.client_params, what, out);
        to.offers = offers(out.own_offers);
        to.flags = flags_of(out);
    }
}

} // namespace postern::daemon
