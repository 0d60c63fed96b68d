#pragma once
// The client's half of an SMTP connection as a state machine without I/O: octets in, steps out. One object is one
// connection and carries many messages in turn. It knows no socket, queue, route or clock; runtime/ turns steps into I/O.
// STANDARDS: RFC 5321, 1870, 2033, 2034, 2920, 3030, 3207, 3461, 4954, 6152, 6531.
// SECURITY: everything that feed() takes is hostile; envelopes may hold what a plugin wrote and are checked before use.

#include "core/hooks/outgoing.hpp"
#include "core/hooks/shaping.hpp"
#include "core/message/envelope.hpp"
#include "core/protocol/capabilities.hpp"
#include "core/protocol/reply.hpp"
#include "core/sasl/client_mechanism.hpp"
#include "core/session/client_config.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::session {

/// What the server is being waited for; each has its own timeout (RFC 5321 4.5.3.2).
enum class client_phase : std::uint8_t {
    greeting, ///< the 220
    command,  ///< EHLO, STARTTLS, AUTH, MAIL, RCPT, RSET, QUIT and the replies to them
    data,     ///< the reply to DATA, or to a BDAT chunk that is not the last
    final,    ///< the reply to the final dot or the last chunk
};

/// What to do next. Views are valid until the session is called again.
struct client_step {
    enum class kind : std::uint8_t {
        read,          ///< flush output(), wait for octets (waits_for says how long), feed() them
        content,       ///< flush output(), then hand over the message's next octets with give_content() (or content_failed())
        ask_login,     ///< the connection is nobody's yet, and all else waits for that: log_in(), or decide()
        ask_peer,      ///< who answers and what is offered is known, and MAIL may follow: use_without(), or decide()
        ask_lines,     ///< MAIL is next: say_lines(), or decide(). Comes again when the lines are answered, until there are none
        ask_params,    ///< MAIL is next: send_as(), or decide()
        ask_content,   ///< MAIL is next: send_content(), or decide()
        ask_seven_bit, ///< the peer takes this message only with content of 7 bits: send_converted(), or decide()
        ask_signature, ///< the content is settled: send_signed(), or decide()
        start_tls, ///< nothing is left to flush; handshake, then tls_started() or tls_failed(). Octets fed now end the connection
        done,      ///< the message of the last send() is decided: see result()
        idle,      ///< the connection is ready and has nothing to do: send(), say(), log_in() or quit()
        close,     ///< flush output(), close; the session is at its end
    };
    kind what;
    client_phase waits_for = client_phase::command; ///< read
    std::string_view reason = {};                   ///< close: for the log
};

/// What became of one recipient. runtime/ converts it for delivery/.
struct client_recipient_result {
    enum class kind : std::uint8_t { delivered = 0, deferred = 1, failed = 2 };
    kind result = kind::deferred;
    std::uint16_t smtp_code = 0; ///< of the reply that decided; 0: there was none
    std::string enhanced;        ///< "5.1.1"; of the reply, or of what was found out here; empty: the peer gave none
    std::string text;            ///< one line of printable text: the reply's (bounded), or what happened instead
    bool over_limit = false;     ///< 452 or 552 for too many recipients: worth another transaction at once, if any was accepted
    hooks::delivery_stage stage = hooks::delivery_stage::peer; ///< that the transaction had come to
};

/// What became of a message.
struct client_result {
    std::span<const client_recipient_result> recipients; ///< in the order of transaction.recipients
    bool reply_lost = false; ///< the message went out whole and no reply came: a second attempt may make a duplicate (RFC 1047)
    bool untouched =
        false; ///< a connection that had served before ended before it answered anything: not an attempt, try a new one
    bool reusable = false; ///< the connection takes another send()
    bool begun = false;    ///< MAIL was answered: without that, another host may be better
};

/// What the caller wants to be asked on the way to MAIL, in this order.
struct client_asks {
    bool peer = false; ///< once a connection
    bool lines = false;
    bool params = false;
    bool content = false;
    bool signature = false;
    bool login = false; ///< before the others, once a connection: without one there is no transaction
};

/// What is known of a message's content before it is sent.
struct client_content {
    std::uint64_t size = 0;      ///< octets, CRLFs counted, dots not stuffed; 0: not known
    bool has_8bit = false;       ///< octets above 127
    bool is_binary = false;      ///< not lines of text: BODY=BINARYMIME
    bool needs_smtputf8 = false; ///< header fields in UTF-8 (RFC 6531); addresses are looked at by the session
};

/// One message for one peer. The envelope and the indices are borrowed until the step `done`.
struct client_transaction {
    const message::envelope* envelope = nullptr;
    std::span<const std::uint32_t> recipients; ///< indices into envelope->to; at least one
    std::uint64_t size = 0;                    ///< octets of the content, CRLFs counted, dots not stuffed; 0: not known
    bool has_8bit = false;                     ///< content has octets above 127
    bool is_binary = false;                    ///< content is not lines of text: BODY=BINARYMIME
    bool needs_smtputf8 = false;               ///< header fields in UTF-8 (RFC 6531); addresses are looked at here
    client_asks asks = {};
    bool can_be_converted = false; ///< a peer that takes only 7 bits is worth a question; otherwise it fails the message
    bool may_have_8bit = false;    ///< it is not known: BODY=8BITMIME where that is offered, and nothing where it is not
};

/// Facts of the connection, for logs and decisions. Views are valid until the session is called again.
struct client_peer {
    std::string_view greeting; ///< text of the 220
    bool extended = false;     ///< EHLO was accepted
    bool is_tls = false;
    bool pipelining = false;
    bool chunking = false;
    bool eight_bit = false;
    bool binary = false;
    bool smtputf8 = false;
    bool dsn = false;
    bool offers_starttls = false;
    std::uint64_t size = 0; ///< its SIZE limit in octets; 0: none given
};

/// What is to be sent, in this order. Views are valid until the session is called again.
struct client_output {
    std::string_view said;    ///< commands; content too where it is short, or had dots to be stuffed
    std::string_view content; ///< the octets of the last give_content(), where they lie
    std::string_view end;     ///< of the content

    [[nodiscard]] bool empty() const noexcept { return said.empty() && content.empty() && end.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return said.size() + content.size() + end.size(); }
};

/// Why the connection is, or is going, down.
enum class client_end : std::uint8_t {
    none,       ///< it is not
    quit,       ///< quit() was called
    refused,    ///< greeting, EHLO and HELO, or RSET, were refused; or content, before all of it was out
    no_login,   ///< the login that a message asked for was refused, given up or not to be had
    no_tls,     ///< TLS is required and cannot be had
    tls_failed, ///< the handshake failed; without `required` a new connection with client_tls::none may do
    lost,       ///< the peer went away, or a 421
    timed_out,
    protocol_error, ///< a malformed reply, or one out of place
    content_failed, ///< the caller could not go on with the content
};

/// Likewise, as exactly as a caller may want to know it.
enum class client_fault : std::uint8_t {
    none,
    refused,         ///< greeting, EHLO, HELO or RSET were refused, or content before its end: see reply()
    closing,         ///< 421, at whatever time: see reply()
    no_login,        ///< the login that a message asked for was refused, given up or not to be had
    no_tls,          ///< TLS is required and is not offered, or was refused
    tls_failed,      ///< the handshake failed
    injected,        ///< octets in the clear behind the reply to STARTTLS
    lost,            ///< the peer went away
    timed_out,       ///< the peer was silent for too long
    malformed_reply, ///< what is no reply
    endless_reply,   ///< a line, or a reply, over its limit
    out_of_place,    ///< a reply that cannot answer the command
    unasked,         ///< a reply without a command
    unproved,        ///< a success of AUTH before the server has proved what it must
    content_failed,  ///< the caller could not go on with the content, or it has a bare CR or LF
    hostname,        ///< the configured host name cannot be said
};

/// What came of log_in().
enum class client_login : std::uint8_t {
    none,     ///< nothing yet, or the connection ended over it
    done,     ///< 235, and the mechanism believes it
    refused,  ///< the server says no: see reply()
    given_up, ///< the mechanism could not begin or go on, and the exchange was cancelled: see login_error()
};

/// One connection. Threads: one. Memory: bounded by the limits of the configuration, a reply and a piece of content.
///
/// Protocol with the caller: call resume(), do the step, call what the step names, and resume() again. send() may be called
/// at once, before the first resume(), or at the step idle. Commands gather in output() until a step has to wait.
///
/// What is refused before MAIL (greeting, EHLO, TLS, AUTH) concerns the two hosts and not the message: it defers. From MAIL on
/// 5xx fails and 4xx defers. A reply that is malformed or out of place ends the connection, and all that has no answer yet is
/// deferred: no reply is ever taken for the answer to another command.
class client_session {
public:
    /// `config` outlives the session. `tls_from_start`: the connection is TLS before its greeting.
    explicit client_session(const client_config& config, bool tls_from_start = false);
    ~client_session();
    client_session(const client_session&) = delete;
    client_session& operator=(const client_session&) = delete;

    [[nodiscard]] client_step resume();

    /// Octets from the peer, at the step read (or content or idle, when some came unasked): borrowed until resume() returns
    /// `read`, `content` or `idle`; all have been taken then.
    void feed(std::string_view octets);
    /// At the step content: the next octets of the message (canonical: CRLF, not dot-stuffed), borrowed until output_sent() or
    /// the step close. `is_last`: nothing follows. Pieces of 64 KiB and more make the best BDAT chunks. An empty piece is
    /// allowed.
    void give_content(std::string_view octets, bool is_last);
    /// At the step content: there will be no more. The connection has to go, since DATA cannot be taken back.
    void content_failed(std::string_view why);
    /// Sends a message: before the first resume(), or at the step idle or done of a reusable connection.
    void send(const client_transaction& what);
    /// At the step ask_peer: goes on, with these keywords (upper case) as if the peer did not offer them, now or later.
    void use_without(std::vector<std::string> keywords);
    /// At the step ask_lines: commands that are none of the protocol's own, one after the other, each when the one before has its
    /// reply; none: that is all. `restarts`: 2yz to the last one makes the session as new, and EHLO is said again.
    void say_lines(std::vector<hooks::client_line> lines, bool restarts);
    /// At the step ask_params: goes on with the parameters of `envelope`, which differs from the transaction's in nothing else
    /// and is borrowed like it.
    void send_as(const message::envelope& envelope);
    /// At the step ask_content: other content than the transaction's is sent.
    void send_content(const client_content& what);
    /// At ask_seven_bit: the content that follows is lines of 7 bits outside of header sections, `size` octets of it (0: not
    /// known).
    void send_converted(std::uint64_t size);
    /// At ask_signature: the content has so many octets (0: not known) with the fields in front of it, which hold nothing beyond
    /// ASCII or need SMTPUTF8.
    void send_signed(std::uint64_t size, bool is_ascii);
    /// At any of them: that is what becomes of the message, without MAIL. At ask_login and ask_peer the connection ends too.
    void decide(const client_recipient_result& what);
    /// At the step idle: says one command that has one reply and belongs to no message (VRFY, NOOP, RSET, one of an extension);
    /// reply() has it at the next step idle. False: nothing is said, since `line` is empty, longer than 510 octets, or holds CR,
    /// LF or another control; or the connection is not idle.
    [[nodiscard]] bool say(std::string_view line);
    /// At the step idle or ask_login, once a connection (RFC 4954 4): AUTH. What came of it login() tells at the next step idle;
    /// without success the message that asked for it is put off.
    void log_in(std::unique_ptr<sasl::client_mechanism> by);
    /// Ends the connection politely. At the step idle or done.
    void quit();
    /// The handshake succeeded, or not (then resume() tells what became of the message).
    void tls_started();
    void tls_failed(std::string_view why);
    /// The peer let the phase's timeout pass.
    void timed_out();
    /// End of stream or a broken connection. Octets that arrived before it are fed first; output() that did not go out is
    /// left there, without output_sent().
    void disconnected(std::string_view why = {});

    [[nodiscard]] client_output output() const noexcept; ///< commands and content not yet sent
    void output_sent() noexcept;                         ///< all of output() went out

    /// Of the last send(), from the step `done` until the next send().
    [[nodiscard]] client_result result() const noexcept;
    [[nodiscard]] client_peer peer() const noexcept;
    /// Whether the last EHLO's reply had a line of that keyword (upper case) that is none of the core's.
    [[nodiscard]] bool offers(std::string_view keyword) const noexcept;
    [[nodiscard]] const protocol::capabilities& offered() const noexcept; ///< by the last EHLO, without what is not used
    /// At the step ask_lines: the replies to the last lines, bounded and printable.
    [[nodiscard]] const std::vector<hooks::client_answer>& said() const noexcept;
    [[nodiscard]] client_end end() const noexcept;
    /// Greeting, EHLO, TLS and the login that the message asks for are behind it, and it has not ended.
    [[nodiscard]] bool is_introduced() const noexcept;
    [[nodiscard]] client_fault fault() const noexcept; ///< none: the connection stands, or quit() ended it
    /// The reply to say() or AUTH, or the one that refused greeting, EHLO, STARTTLS or RSET, or the last 421. Code 0: there was
    /// none. Valid until the session is called again.
    [[nodiscard]] const protocol::reply& reply() const noexcept;
    [[nodiscard]] client_login login() const noexcept;
    [[nodiscard]] base::error_code login_error() const noexcept; ///< of given_up
    /// Whether output() holds what proves somebody's identity, which nobody else may see.
    [[nodiscard]] bool is_output_secret() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace postern::session
