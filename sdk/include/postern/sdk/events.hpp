#pragma once
// The events, one class a hook: what `on` may take. When each comes, and which edits it allows, is in <postern/abi/hooks.h>.

#include <postern/sdk/event.hpp>

namespace postern {

/// How `on` answers an event.
enum class event_kind : std::uint8_t {
    decision,     ///< verdict, task<verdict>, pending; void observes and cannot delay
    notification, ///< void
    delivery,     ///< delivery_report, task<delivery_report>, pending
    request,      ///< void; answered with host::answer
    command,      ///< reply, verdict, a task of either, pending
    parameter,    ///< param_reply, verdict, a task of either, pending
    offer,        ///< offers, task<offers>, pending
    health,       ///< health_report, pending
    preparation,  ///< readiness, task<readiness>, pending; void is ready unless it throws
    admin,        ///< admin_reply, task<admin_reply>, pending
    tls_policy,   ///< tls_reply, verdict, a task of either, pending; void observes
    peer_offers,  ///< peer_reply, likewise
    dsn_make,     ///< dsn_reply, likewise
    queue_policy, ///< policy_reply, likewise
    waiting,      ///< wait_reply, likewise
    source,       ///< source_reply, likewise
    connecting,   ///< connect_reply, likewise
    client_lines, ///< client_lines, verdict, a task of either, pending
    login,        ///< login_reply, likewise
    mechanisms,   ///< mechanism_list, task<mechanism_list>, pending
};

namespace sdk {

/// Answered with a reply of its own, a verdict, a task of either, or pending; void observes.
[[nodiscard]] constexpr bool has_own_reply(event_kind kind) noexcept
{
    return kind == event_kind::tls_policy || kind == event_kind::peer_offers || kind == event_kind::dsn_make ||
           kind == event_kind::queue_policy || kind == event_kind::waiting || kind == event_kind::source ||
           kind == event_kind::connecting;
}

/// An event of an SMTP session.
template <class Record, std::uint32_t Hook, event_kind Kind>
class session_event : public basic_event<Record> {
public:
    static constexpr std::uint32_t hook = Hook;
    static constexpr event_kind kind = Kind;
    using basic_event<Record>::basic_event;

    [[nodiscard]] postern::peer peer() const noexcept { return postern::peer{this->record().peer}; }
};

/// An event of a delivery, or without any session.
template <class Record, std::uint32_t Hook, event_kind Kind>
class plain_event : public basic_event<Record> {
public:
    static constexpr std::uint32_t hook = Hook;
    static constexpr event_kind kind = Kind;
    using basic_event<Record>::basic_event;
};

} // namespace sdk

/// conn.open: before the greeting.
class connection final : public sdk::session_event<postern_ev_conn_open, POSTERN_HOOK_CONN_OPEN, event_kind::decision> {
public:
    using session_event::session_event;
};

/// tls.established: after a handshake, before the next command.
class tls final : public sdk::session_event<postern_ev_tls, POSTERN_HOOK_TLS_ESTABLISHED, event_kind::decision> {
public:
    using session_event::session_event;
    /// "TLSv1.3"
    [[nodiscard]] std::string_view version() const noexcept { return sdk::view(record().version); }
    [[nodiscard]] std::string_view cipher() const noexcept { return sdk::view(record().cipher); }
    [[nodiscard]] std::string_view group() const noexcept { return sdk::view(record().group); }
    /// SNI; empty: none.
    [[nodiscard]] std::string_view server_name() const noexcept { return sdk::view(record().server_name); }
    /// Of a verified client certificate; empty: none.
    [[nodiscard]] std::string_view peer_subject() const noexcept { return sdk::view(record().peer_subject); }
};

/// cmd.helo: EHLO or HELO; peer().helo() is the name.
class helo final : public sdk::session_event<postern_ev_helo, POSTERN_HOOK_HELO, event_kind::decision> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view name() const noexcept { return peer().helo(); }
};

/// cmd.mail. Edits: set_sender.
class mail final : public sdk::session_event<postern_ev_mail, POSTERN_HOOK_MAIL, event_kind::decision> {
public:
    using session_event::session_event;
    /// The reverse path, "local@domain"; empty: the null reverse path.
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] postern::params params() const noexcept { return postern::params{record().params}; }
    /// SIZE=, octets; 0: not given.
    [[nodiscard]] std::uint64_t size_octets() const noexcept { return record().size_octets; }
};

/// cmd.rcpt: one recipient. It is refused unless somebody vouches for it, or discards it. Edits: replace_rcpt(index()), add_rcpt.
class rcpt final : public sdk::session_event<postern_ev_rcpt, POSTERN_HOOK_RCPT, event_kind::decision> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    /// "local@domain"; "postmaster" may stand alone.
    [[nodiscard]] std::string_view recipient() const noexcept { return sdk::view(record().recipient); }
    [[nodiscard]] postern::params params() const noexcept { return postern::params{record().params}; }
    /// Of this recipient among those accepted so far.
    [[nodiscard]] std::uint32_t index() const noexcept { return record().index; }
};

/// cmd.data: DATA, or the first BDAT.
class data final : public sdk::session_event<postern_ev_data, POSTERN_HOOK_DATA, event_kind::decision> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    [[nodiscard]] bool is_bdat() const noexcept { return record().is_bdat != 0; }
};

/// msg.headers: the header section is complete. Edits: those of headers.
class headers final : public sdk::session_event<postern_ev_headers, POSTERN_HOOK_HEADERS, event_kind::decision> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    /// In order; their positions are the indices of edits.
    [[nodiscard]] header_list fields() const noexcept { return header_list{record().headers}; }
};

/// msg.body: octets behind the empty line, canonical (CRLF, not dot-stuffed), in order. Edits: replace_body of this chunk.
/// Until a chunk is answered nothing more is read from the peer.
class body final : public sdk::session_event<postern_ev_body, POSTERN_HOOK_BODY, event_kind::decision> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view chunk() const noexcept { return sdk::view(record().chunk); }
    /// Of the chunk in the body as the client sent it, octets.
    [[nodiscard]] std::uint64_t offset() const noexcept { return record().offset; }
    [[nodiscard]] bool is_last() const noexcept { return record().is_last != 0; }
};

/// msg.end: all has arrived, nothing is stored. All edits but route_to. Read the octets with host::blob(event).
class message_end final : public sdk::session_event<postern_ev_end, POSTERN_HOOK_END, event_kind::decision> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    [[nodiscard]] header_list fields() const noexcept { return header_list{record().headers}; }
    /// The whole message for postern.blob/1; readable until this event is answered.
    [[nodiscard]] std::uint64_t blob() const noexcept { return record().blob; }
    [[nodiscard]] std::uint64_t size_octets() const noexcept { return record().size_octets; }
    /// What others said of the message so far, added up: points.
    [[nodiscard]] double score() const noexcept { return static_cast<double>(record().score) / 1000; }
};

namespace sdk {
template <std::uint32_t Hook, event_kind Kind>
class transaction_event : public session_event<postern_ev_txn, Hook, Kind> {
public:
    using session_event<postern_ev_txn, Hook, Kind>::session_event;
    /// The queue id as text.
    [[nodiscard]] std::string_view message() const noexcept { return view(this->record().message); }
};
} // namespace sdk

/// txn.commit_before: the last moment at which the message can be refused.
class commit_before final : public sdk::transaction_event<POSTERN_HOOK_COMMIT_BEFORE, event_kind::decision> {
public:
    using transaction_event::transaction_event;
};

/// txn.committed: the message is durable.
class committed final : public sdk::transaction_event<POSTERN_HOOK_COMMITTED, event_kind::notification> {
public:
    using transaction_event::transaction_event;
};

/// txn.aborted: the transaction ended without a message.
class aborted final : public sdk::transaction_event<POSTERN_HOOK_ABORTED, event_kind::notification> {
public:
    using transaction_event::transaction_event;
    [[nodiscard]] std::string_view reason() const noexcept { return sdk::view(record().reason); }
};

/// conn.close.
class connection_close final
    : public sdk::session_event<postern_ev_conn_close, POSTERN_HOOK_CONN_CLOSE, event_kind::notification> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view reason() const noexcept { return sdk::view(record().reason); }
    /// Accepted on this connection.
    [[nodiscard]] std::uint64_t messages() const noexcept { return record().messages; }
};

/// queue.route: before each attempt of a recipient. Edits: route_to.
class route final : public sdk::plain_event<postern_ev_route, POSTERN_HOOK_ROUTE, event_kind::decision> {
public:
    using plain_event::plain_event;
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] std::string_view recipient() const noexcept { return sdk::view(record().recipient); }
    /// Those of its RCPT.
    [[nodiscard]] postern::params params() const noexcept { return postern::params{record().params}; }
    /// 0: the first.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return record().attempt; }
};

/// delivery.done: what became of an attempt for one recipient.
class delivery_done final
    : public sdk::plain_event<postern_ev_delivery_done, POSTERN_HOOK_DELIVERY_DONE, event_kind::notification> {
public:
    using plain_event::plain_event;
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] std::string_view recipient() const noexcept { return sdk::view(record().recipient); }
    [[nodiscard]] bool is_delivered() const noexcept { return record().result == POSTERN_DELIVERED; }
    [[nodiscard]] bool is_deferred() const noexcept { return record().result == POSTERN_DEFERRED; }
    [[nodiscard]] bool is_failed() const noexcept { return record().result == POSTERN_FAILED; }
    /// Of the reply that decided; 0: there was none.
    [[nodiscard]] std::uint32_t smtp_code() const noexcept { return record().smtp_code; }
    [[nodiscard]] std::string_view enhanced() const noexcept { return sdk::view(record().enhanced); }
    [[nodiscard]] std::string_view text() const noexcept { return sdk::view(record().text); }
    [[nodiscard]] std::string_view next_hop() const noexcept { return sdk::view(record().next_hop); }
    [[nodiscard]] std::uint32_t attempts() const noexcept { return record().attempts; }
};

/// postern.delivery/1: deliver one message to some recipients. Read its octets with host::blob(event).
class deliver final : public sdk::plain_event<postern_ev_deliver, POSTERN_HOOK_DELIVER, event_kind::delivery> {
public:
    using plain_event::plain_event;
    /// The queue id as text.
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    /// The message for postern.blob/1; readable until this event is answered.
    [[nodiscard]] std::uint64_t blob() const noexcept { return record().blob; }
    [[nodiscard]] std::uint64_t size_octets() const noexcept { return record().size_octets; }
};

/// What a store is asked for: <postern/abi/queue.h> has the meaning of each.
enum class queue_operation : std::uint32_t {
    scan = POSTERN_HOOK_QUEUE_SCAN,
    append = POSTERN_HOOK_QUEUE_APPEND,
    commit = POSTERN_HOOK_QUEUE_COMMIT,
    abandon = POSTERN_HOOK_QUEUE_ABANDON,
    update = POSTERN_HOOK_QUEUE_UPDATE,
    remove = POSTERN_HOOK_QUEUE_REMOVE,
    fetch = POSTERN_HOOK_QUEUE_FETCH,
    read = POSTERN_HOOK_QUEUE_READ,
    peek = POSTERN_HOOK_QUEUE_PEEK,
};

/// postern.queue/1: one operation on the store. The ticket stays open until host::answer, now or later, from any thread.
class queue_request final : public sdk::plain_event<postern_ev_queue, POSTERN_HOOK_QUEUE_SCAN, event_kind::request> {
public:
    static constexpr std::uint32_t last_hook = POSTERN_HOOK_QUEUE_PEEK;
    using plain_event::plain_event;
    [[nodiscard]] queue_operation operation() const noexcept { return static_cast<queue_operation>(record().ev.hook); }
    [[nodiscard]] std::uint64_t id() const noexcept { return record().id; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return record().offset; }
    [[nodiscard]] std::uint64_t length() const noexcept { return record().length; }
    [[nodiscard]] std::string_view envelope() const noexcept { return sdk::view(record().envelope); }
    [[nodiscard]] std::string_view state() const noexcept { return sdk::view(record().state); }
    [[nodiscard]] std::string_view data() const noexcept { return sdk::view(record().data); }
    [[nodiscard]] std::string_view tail() const noexcept { return sdk::view(record().tail); }
};

/// After host::wake; needs no subscription.
class wake final : public sdk::plain_event<postern_ev_wake, POSTERN_HOOK_WAKE, event_kind::notification> {
public:
    using plain_event::plain_event;
    [[nodiscard]] std::uint64_t token() const noexcept { return record().token; }
    /// The session ended before the time was up.
    [[nodiscard]] bool is_cancelled() const noexcept { return (record().ev.flags & POSTERN_WAKE_CANCELLED) != 0; }
};

/// Nothing comes for that session any more; needs no subscription. The place to drop what a cookie stands for.
class session_end final : public sdk::plain_event<postern_event, POSTERN_HOOK_SESSION_END, event_kind::notification> {
public:
    using plain_event::plain_event;
};

} // namespace postern
