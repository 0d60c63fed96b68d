#include "core/host/event_record.hpp"
#include "core/host/record_values.hpp"

#include "core/host/reply_reader.hpp"

#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace postern::daemon {
namespace {

using hooks::hook_point;

/// The two addresses of a connection as text. Formatting them costs more than a call, so a thread remembers the last few.
struct address_texts {
    base::ip_address peer;
    base::ip_address local;
    std::string peer_text;
    std::string local_text;
};

const address_texts& texts_of(const hooks::connection_facts& facts)
{
    static thread_local std::array<address_texts, 64> recent;
    auto& entry = recent[facts.session.value * 0x9e3779b97f4a7c15U >> 58U];
    if (entry.peer_text.empty() || entry.peer != facts.peer.address || entry.local != facts.local.address) {
        entry.peer = facts.peer.address;
        entry.local = facts.local.address;
        entry.peer_text = facts.peer.address.text();
        entry.local_text = facts.local.address.text();
    }
    return entry;
}

record_lists* borrow_lists()
{
    static thread_local record_lists own;
    if (own.in_use)
        return new record_lists;
    own.in_use = true;
    return &own;
}

void give_back(record_lists* lists) noexcept
{
    if (!lists->in_use) {
        delete lists;
        return;
    }
    lists->recipients.clear();
    lists->params.clear();
    lists->headers.clear();
    lists->stored.clear();
    lists->offers.clear();
    lists->said.clear();
    lists->names.clear();
    lists->reported.clear();
    lists->texts.clear();
    lists->in_use = false;
}

const hooks::draft& draft_of(const hooks::event& what)
{
    static const hooks::draft none;
    return what.message == nullptr ? none : *what.message;
}

const message::recipient* recipient_at(const hooks::event& what) noexcept
{
    if (what.message == nullptr || what.recipient_index >= what.message->envelope.to.size())
        return nullptr;
    return &what.message->envelope.to[what.recipient_index];
}

} // namespace

void write_id(std::uint64_t id, char (&to)[13]) noexcept
{
    constexpr char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    for (int i = 12; i >= 0; --i, id >>= 5U)
        to[i] = digits[id & 31U];
}

event_record::event_record(const hooks::event& what, std::uint64_t ticket, std::uint64_t cookie, std::int64_t deadline_ns)
    : lists_{borrow_lists()}
{
    fill(what);
    if (what.blob != nullptr)
        blob_ = blob_of(what.hook);
    auto& head = record_.head;
    head.hook = static_cast<std::uint32_t>(what.hook);
    head.flags = 0;
    head.reserved = 0;
    head.session = what.session.value;
    head.transaction = what.message == nullptr ? 0 : what.message->transaction.value;
    address(ticket, cookie, deadline_ns);
}

void event_record::address(std::uint64_t ticket, std::uint64_t cookie, std::int64_t deadline_ns) noexcept
{
    auto& head = record_.head;
    head.ticket = ticket;
    head.cookie = cookie;
    head.deadline_ns = deadline_ns;
    if (blob_ != nullptr)
        *blob_ = ticket;
}

std::uint64_t* event_record::blob_of(hook_point hook) noexcept
{
    switch (hook) {
    case hook_point::msg_end:
        return &record_.end.blob;
    case hook_point::msg_end_rcpt:
        return &record_.end_rcpt.blob;
    case hook_point::delivery_content:
    case hook_point::delivery_sign:
        return &record_.content.blob;
    default:
        return nullptr;
    }
}

event_record::~event_record()
{
    give_back(lists_);
}

namespace {

/// The last record of a thread, and what it shows.
struct last_shown {
    last_shown() { give_back(borrow_lists()); } // of the thread: they have to outlive the record
    std::uint64_t view = 0;
    bool is_in_use = false;
    std::optional<event_record> record;
};
thread_local last_shown last;

} // namespace

shown_record::shown_record(const hooks::event& what, std::uint64_t ticket, std::uint64_t cookie, std::int64_t deadline_ns)
{
    auto& mine = last;                      // each look at it would ask whether this thread has made it
    if (what.view == 0 || mine.is_in_use) { // a plugin's call has led to another one
        record_ = &own_.emplace(what, ticket, cookie, deadline_ns);
        return;
    }
    if (mine.view == what.view) {
        mine.record->address(ticket, cookie, deadline_ns);
    } else {
        mine.view = 0;       // should the next line throw
        mine.record.reset(); // gives its lists to the next
        mine.record.emplace(what, ticket, cookie, deadline_ns);
        mine.view = what.view;
    }
    mine.is_in_use = true;
    is_in_use_ = &mine.is_in_use;
    record_ = &*mine.record;
}

void event_record::peer(const hooks::event& what, postern_list& to)
{
    if (what.connection == nullptr) {
        to = {};
        return;
    }
    const auto& facts = *what.connection;
    const auto& texts = texts_of(facts);
    peer_.size = sizeof peer_;
    peer_.peer_port = facts.peer.port;
    peer_.local_port = facts.local.port;
    peer_.flags = (facts.extended ? POSTERN_PEER_EXTENDED : 0U) | (facts.tls ? POSTERN_PEER_TLS : 0U);
    peer_.peer_address = borrowed(texts.peer_text);
    peer_.local_address = borrowed(texts.local_text);
    peer_.listener = borrowed(facts.listener);
    peer_.helo = borrowed(facts.helo);
    peer_.identity = borrowed(facts.identity);
    to = {&peer_, 1, sizeof peer_};
}

postern_list event_record::recipients(const hooks::draft& draft)
{
    auto& to = lists_->recipients;
    to.clear();
    for (const auto& each : draft.envelope.to)
        to.push_back(borrowed(each.address));
    return list_of(to);
}

postern_list event_record::params(const std::vector<message::parameter>& from)
{
    auto& to = lists_->params;
    to.clear();
    for (const auto& each : from)
        to.push_back({borrowed(each.keyword), each.value ? borrowed(*each.value) : postern_str{}, each.value ? 1U : 0U, 0});
    return list_of(to);
}

postern_list event_record::headers(const hooks::draft& draft)
{
    auto& to = lists_->headers;
    to.clear();
    for (std::size_t i = 0; i < draft.headers.size(); ++i) {
        const auto field = draft.headers[i];
        to.push_back({borrowed(field.name), borrowed(field.value)});
    }
    return list_of(to);
}

void event_record::fill(const hooks::event& what)
{
    switch (what.hook) {
    case hook_point::conn_open:
        record_.conn_open = {};
        record_.head.size = sizeof record_.conn_open;
        return peer(what, record_.conn_open.peer);
    case hook_point::tls_established: {
        auto& to = record_.tls = {};
        to.ev.size = sizeof to;
        peer(what, to.peer);
        if (what.connection == nullptr || !what.connection->tls)
            return;
        const auto& tls = *what.connection->tls;
        to.version = borrowed(tls.version);
        to.cipher = borrowed(tls.cipher);
        to.group = borrowed(tls.group);
        to.server_name = borrowed(tls.server_name);
        to.peer_subject = borrowed(tls.peer_subject);
        return;
    }
    case hook_point::cmd_helo:
        record_.helo = {};
        record_.head.size = sizeof record_.helo;
        return peer(what, record_.helo.peer);
    case hook_point::conn_close: {
        auto& to = record_.conn_close = {};
        to.ev.size = sizeof to;
        to.reason = borrowed(what.reason);
        to.messages = what.accepted;
        return peer(what, to.peer);
    }
    case hook_point::cmd_mail:
    case hook_point::cmd_rcpt:
    case hook_point::cmd_data:
        return fill_envelope_hooks(what, draft_of(what));
    case hook_point::msg_headers:
    case hook_point::msg_body:
    case hook_point::msg_end:
    case hook_point::msg_end_rcpt:
    case hook_point::txn_commit_before:
    case hook_point::txn_committed:
    case hook_point::txn_aborted:
        return fill_content_hooks(what, draft_of(what));
    case hook_point::queue_route:
    case hook_point::delivery_done:
        return fill_delivery_hooks(what);
    case hook_point::dsn_make:
    case hook_point::report_in:
        return fill_report_hooks(what);
    case hook_point::queue_policy:
    case hook_point::queue_admit:
    case hook_point::queue_retry:
    case hook_point::delivery_reply:
        return fill_shaping_hooks(what);
    case hook_point::ehlo_caps:
    case hook_point::verb:
    case hook_point::verb_data:
    case hook_point::param:
    case hook_point::cmd_rset:
    case hook_point::cmd_noop:
    case hook_point::cmd_help:
    case hook_point::cmd_vrfy:
    case hook_point::cmd_expn:
    case hook_point::cmd_unknown:
    case hook_point::cmd_quit:
        return fill_extension_hooks(what);
    case hook_point::auth_mechanisms:
    case hook_point::auth_step:
    case hook_point::auth_verify:
    case hook_point::auth_result:
        return fill_login_hooks(what);
    case hook_point::delivery_begin:
    case hook_point::delivery_tls_policy:
    case hook_point::delivery_tls_result:
    case hook_point::delivery_peer:
    case hook_point::client_verb:
    case hook_point::client_params:
    case hook_point::delivery_source:
    case hook_point::delivery_connect:
    case hook_point::delivery_content:
    case hook_point::delivery_sign: {
        static const hooks::outgoing none;
        return fill_outgoing_hooks(what, what.out == nullptr ? none : *what.out);
    }
    }
    record_.head = {}; // no such hook: a bare record
    record_.head.size = sizeof record_.head;
}

void event_record::fill_envelope_hooks(const hooks::event& what, const hooks::draft& draft)
{
    const auto sender = borrowed(draft.envelope.from.address);
    if (what.hook == hook_point::cmd_mail) {
        auto& to = begin(record_.mail, what);
        to.sender = sender;
        to.params = params(draft.envelope.from.parameters);
        to.size_octets = draft.envelope.from.declared_size;
    } else if (what.hook == hook_point::cmd_rcpt) {
        auto& to = begin(record_.rcpt, what);
        to.sender = sender;
        to.index = what.recipient_index;
        if (const auto* recipient = recipient_at(what)) {
            to.recipient = borrowed(recipient->address);
            to.params = params(recipient->parameters);
        }
    } else {
        auto& to = begin(record_.data, what);
        to.sender = sender;
        to.recipients = recipients(draft);
        to.is_bdat = what.is_bdat ? 1 : 0;
    }
}

void event_record::fill_content_hooks(const hooks::event& what, const hooks::draft& draft)
{
    if (what.hook == hook_point::msg_headers) {
        auto& to = begin(record_.headers, what);
        to.sender = borrowed(draft.envelope.from.address);
        to.recipients = recipients(draft);
        to.headers = headers(draft);
    } else if (what.hook == hook_point::msg_body) {
        auto& to = begin(record_.body, what);
        to.chunk = borrowed(what.chunk);
        to.offset = what.chunk_offset;
        to.is_last = what.is_last_chunk ? 1 : 0;
    } else if (what.hook == hook_point::msg_end) {
        auto& to = begin(record_.end, what);
        to.score = draft.score;
        to.sender = borrowed(draft.envelope.from.address);
        to.recipients = recipients(draft);
        to.headers = headers(draft);
        to.size_octets = what.blob == nullptr ? 0 : what.blob->size();
    } else if (what.hook == hook_point::msg_end_rcpt) {
        auto& to = begin(record_.end_rcpt, what);
        to.sender = borrowed(draft.envelope.from.address);
        to.index = what.recipient_index;
        to.size_octets = what.blob == nullptr ? 0 : what.blob->size();
        if (const auto* recipient = recipient_at(what)) {
            to.recipient = borrowed(recipient->address);
            to.params = params(recipient->parameters);
        }
    } else {
        auto& to = begin(record_.txn, what);
        write_id(draft.id.value, message_text_);
        to.message = {message_text_, draft.id ? sizeof message_text_ : 0};
        to.reason = borrowed(what.reason);
    }
}

void event_record::fill_extension_hooks(const hooks::event& what)
{
    const auto& draft = draft_of(what);
    if (what.hook == hook_point::ehlo_caps) {
        begin(record_.caps, what);
    } else if (what.hook == hook_point::verb) {
        auto& to = begin(record_.verb, what);
        to.name = borrowed(what.command);
        to.argument = borrowed(what.argument);
        to.sender = borrowed(draft.envelope.from.address);
        to.in_mail = what.message != nullptr ? 1 : 0;
    } else if (what.hook == hook_point::verb_data) {
        auto& to = begin(record_.verb_data, what);
        to.name = borrowed(what.command);
        to.chunk = borrowed(what.chunk);
        to.offset = what.chunk_offset;
        to.is_last = what.is_last_chunk ? 1 : 0;
    } else if (what.hook == hook_point::param) {
        auto& to = begin(record_.param, what);
        to.sender = borrowed(draft.envelope.from.address);
        to.is_rcpt = what.is_rcpt ? 1 : 0;
        if (what.is_rcpt && recipient_at(what) != nullptr)
            to.recipient = borrowed(recipient_at(what)->address);
        if (what.parameter == nullptr)
            return;
        to.name = borrowed(what.parameter->keyword);
        to.has_value = what.parameter->value ? 1 : 0;
        to.value = what.parameter->value ? borrowed(*what.parameter->value) : postern_str{};
    } else {
        auto& to = begin(record_.command, what);
        to.name = borrowed(what.command);
        to.argument = borrowed(what.argument);
    }
}

void event_record::fill_delivery_hooks(const hooks::event& what)
{
    const auto& draft = draft_of(what);
    const auto* recipient = recipient_at(what);
    write_id(draft.id.value, message_text_);
    const postern_str message{message_text_, draft.id ? sizeof message_text_ : 0};
    if (what.hook == hook_point::queue_route) {
        auto& to = record_.route = {};
        to.ev.size = sizeof to;
        to.message = message;
        to.sender = borrowed(draft.envelope.from.address);
        to.attempt = what.attempt;
        if (recipient != nullptr) {
            to.recipient = borrowed(recipient->address);
            to.params = params(recipient->parameters);
        }
        return;
    }
    auto& to = record_.delivery_done = {};
    to.ev.size = sizeof to;
    to.message = message;
    to.sender = borrowed(draft.envelope.from.address);
    if (recipient != nullptr)
        to.recipient = borrowed(recipient->address);
    if (what.delivery != nullptr) {
        to.result = static_cast<std::uint32_t>(what.delivery->result);
        to.smtp_code = what.delivery->smtp_code;
        to.enhanced = borrowed(what.delivery->enhanced);
        to.text = borrowed(what.delivery->text);
        to.next_hop = borrowed(what.delivery->next_hop);
        to.attempts = what.delivery->attempts;
    }
}

} // namespace postern::daemon
