#pragma once
// The inside of a client session, shared by its files only: client_session.cpp (the doors and the loop),
// client_facts.cpp (what it tells of itself), client_output.cpp (what is to be sent),
// client_handshake.cpp (greeting to ready), client_login.cpp (AUTH, and commands beside messages), client_questions.cpp (what the
// caller is asked before MAIL), client_envelope.cpp (RSET, MAIL, RCPT, DATA), client_content.cpp (DATA, BDAT).
// SECURITY: as client_session.hpp.

#include "core/base/secret.hpp"
#include "core/protocol/capabilities.hpp"
#include "core/protocol/content_check.hpp"
#include "core/protocol/dot_codec.hpp"
#include "core/protocol/reply_parser.hpp"
#include "core/sasl/client_mechanism.hpp"
#include "core/session/client_commands.hpp"
#include "core/session/client_session.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::session {

struct client_session::state {
    enum class stage : std::uint8_t {
        greeting,  // its reply is awaited
        ehlo,      // "
        helo,      // "
        starttls,  // "
        handshake, // the caller's
        login,     // the reply to AUTH, or to what answered a challenge
        command,   // the reply to a command that belongs to no message
        ready,     // nothing is under way
        lines,     // replies to RSET, if there was one, and to lines of the caller
        envelope,  // replies to RSET, MAIL, RCPT, DATA
        content,   // the caller's octets go out; replies to BDAT chunks
        lone_dot,  // the reply to an end of content that nobody was to have
        quit,      // its reply
        over,
    };
    /// Where a recipient stands in the transaction at hand.
    enum class standing : std::uint8_t { unanswered, accepted, decided };

    state(const client_config& c, bool tls_from_start) : config{c}, parser{{.line = c.limits.reply_line}}, is_tls{tls_from_start}
    {
    }
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state() { forget_output(); } // a secret that was never sent

    // the loop
    [[nodiscard]] client_step resume();
    [[nodiscard]] bool take_one_reply(); // false: more octets are needed, or none are there
    void take(const protocol::reply& reply);
    void take_unasked();
    [[nodiscard]] std::optional<client_step> next_step(); // nothing: the stage has moved on, look again
    [[nodiscard]] client_phase waits_for() const noexcept;

    void say(std::string_view command); // one that is answered by one reply
    [[nodiscard]] client_output outgoing() const noexcept { return {output, lent, end}; }
    void gather_output();          // something is to go behind it
    void forget_output() noexcept; // it was sent, or never will be

    // ends
    void finish(); // the transaction is decided
    void decide_rest(const client_recipient_result& what);
    void break_off(client_end why, std::string_view enhanced, std::string text); // no QUIT; the rest is deferred
    void give_up(client_end why, client_recipient_result what);                  // QUIT follows
    void lose(const protocol::reply& reply);                                     // 421
    void out_of_place(const protocol::reply& reply);
    void injected();                                              // octets in the clear where TLS begins
    [[nodiscard]] hooks::delivery_stage reached() const noexcept; // of what is awaited, or was answered just now
    [[nodiscard]] client_recipient_result judged(const protocol::reply& reply) const;
    [[nodiscard]] client_recipient_result refused_early(const protocol::reply& reply) const;

    // client_handshake.cpp
    void take_greeting(const protocol::reply& reply);
    void take_ehlo(const protocol::reply& reply);
    void take_helo(const protocol::reply& reply);
    void take_starttls(const protocol::reply& reply);
    void say_ehlo();
    void introduced();

    // client_login.cpp
    void begin_login(std::unique_ptr<sasl::client_mechanism> by);
    void take_login(const protocol::reply& reply);
    void take_challenge(const protocol::reply& reply);
    void respond(const base::secret_text& response);
    void cancel_login(base::error_code why);
    [[nodiscard]] bool is_login_due() const noexcept { return message.asks.login && login != client_login::done; }
    void miss_login(const protocol::reply& reply, std::string_view by); // of whoever has a message to send

    // client_questions.cpp
    [[nodiscard]] std::optional<client_step> next_question(); // nothing: no more, or one waits for a reply first
    [[nodiscard]] bool needs_conversion() const noexcept;
    void say_line();
    void take_line(const protocol::reply& reply);
    void take_rset(const protocol::reply& reply);

    // client_envelope.cpp
    void begin_transaction();
    [[nodiscard]] bool is_message_fit(); // false: the whole message was decided without asking
    void check_recipients();
    [[nodiscard]] std::size_t command_count() const noexcept;
    void say_more_of_envelope();
    [[nodiscard]] bool takes_domain_of(std::string_view address);
    [[nodiscard]] bool may_say_data() const noexcept;
    void take_envelope(const protocol::reply& reply);
    void take_rcpt(const protocol::reply& reply, std::size_t recipient);
    void take_data(const protocol::reply& reply);
    void envelope_answered();

    // client_content.cpp
    void give_content(std::string_view octets, bool is_last);
    void give_data(std::string_view octets, bool is_last);
    void give_chunk(std::string_view octets, bool is_last);
    void take_content(const protocol::reply& reply);
    void take_final(const protocol::reply& reply);
    void put(std::string_view octets);
    void end_is_out();
    void take_early(const protocol::reply& reply);
    [[nodiscard]] std::optional<client_step> content_step();

    const client_config& config;
    stage where = stage::greeting;
    std::string output;
    std::string_view lent; // of the caller's content, behind output
    std::string_view end;  // of content: a literal, behind lent
    std::string_view input;
    protocol::reply_parser parser;
    protocol::capabilities offered;
    std::size_t awaited = 1; // replies: the greeting is the first
    std::size_t unsent = 0;  // commands in output: of those awaited, the ones that cannot have been answered yet
    std::string greeting;
    bool extended = false;
    bool is_tls;
    bool has_refused_starttls = false;
    client_end ended = client_end::none;
    client_fault fault = client_fault::none; // what is known beyond `ended`
    protocol::reply last;                    // see client_session::reply()
    std::string reason;                      // of the end, for the log

    // AUTH
    std::unique_ptr<sasl::client_mechanism> mechanism;
    std::optional<base::secret_text> initial; // an initial response that is still to be said
    client_login login = client_login::none;
    base::error_code login_error;
    bool is_login_cancelled = false;
    unsigned challenges = 0;
    bool is_secret = false; // output is

    // between transactions
    bool needs_rset = false;
    bool has_served = false; // an earlier transaction had an answer from the peer
    std::uint32_t transactions = 0;
    std::vector<std::string> domains; // of recipients that were asked for; kept only where there is a RCPTDOMAINMAX
    bool is_done_due = false;         // the step done is to be given

    // what the caller is asked
    bool is_peer_judged = false;
    std::vector<std::string> unused; // keywords that count as not offered
    bool are_lines_said = false;     // of the transaction at hand, as what follows
    bool are_params_known = false;
    bool is_content_known = false;
    bool is_signed = false;
    std::vector<hooks::client_line> lines;
    std::vector<hooks::client_answer> line_answers;
    bool restarts = false;

    // the transaction at hand
    bool is_busy = false; // from send() until it is decided
    client_transaction message;
    mail_parameters parameters;
    std::vector<client_recipient_result> results; // by position in message.recipients
    std::vector<standing> standings;
    std::vector<std::uint32_t> asked; // positions that are sent as RCPT
    std::size_t said = 0;             // commands of the envelope: [RSET] MAIL RCPT... [DATA]
    std::size_t answered = 0;         // of those
    std::size_t accepted = 0;         // recipients
    std::size_t finals = 0;           // LMTP: places in `asked` whose reply to the content has come, or that have none
    bool with_rset = false;
    bool with_bdat = false;
    bool is_mail_refused = false;
    bool has_mail = false;      // MAIL was accepted
    bool may_send_data = false; // 354
    bool is_last_given = false;
    bool is_refused = false;     // a chunk was refused, or the content before its end
    bool is_reply_early = false; // the reply that is coming in began before what it could answer had gone out
    bool is_reply_lost = false;
    bool is_untouched = false;
    protocol::dot_encoder encoder;
    protocol::content_check check;
};

} // namespace postern::session
