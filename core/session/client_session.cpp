#include "core/session/client_session.hpp"

#include "core/message/unicode.hpp"
#include "core/session/client_state.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::session {

namespace {

using kind = client_recipient_result::kind;

// One line that a log or a DSN can hold: bounded, printable, and UTF-8 or ASCII whatever the peer wrote.
std::string bounded_text(std::string text, std::size_t most)
{
    const bool keeps_wide = message::is_utf8(text);
    for (char& c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '\t')
            c = ' ';
        else if (octet < 0x20 || octet == 0x7f || (octet >= 0x80 && !keeps_wide))
            c = '?';
    }
    if (text.size() > most) {
        while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U)
            --most; // not inside a code point
        text.resize(most);
    }
    return text;
}

} // namespace

client_session::client_session(const client_config& config, bool tls_from_start)
    : state_{std::make_unique<state>(config, tls_from_start)}
{
}

client_session::~client_session() = default;

client_step client_session::resume()
{
    return state_->resume();
}

void client_session::feed(std::string_view octets)
{
    assert(state_->input.empty());
    if (state_->where == state::stage::handshake) // RFC 3207 4.2: nothing in clear is anybody's reply any more
        state_->injected();
    else if (state_->where != state::stage::over)
        state_->input = octets;
}

void client_session::give_content(std::string_view octets, bool is_last)
{
    state_->give_content(octets, is_last);
}

void client_session::content_failed(std::string_view why)
{
    state_->break_off(client_end::content_failed, "4.3.0", std::string{why});
}

void client_session::send(const client_transaction& what)
{
    assert(!state_->is_busy && what.envelope != nullptr && !what.recipients.empty());
    auto& s = *state_;
    s.message = what;
    s.results.assign(what.recipients.size(), {});
    s.standings.assign(what.recipients.size(), state::standing::unanswered);
    s.asked.clear();
    s.accepted = 0;
    s.has_mail = false;
    s.is_mail_refused = false;
    s.is_last_given = false;
    s.is_refused = false;
    s.is_reply_lost = false;
    s.is_untouched = false;
    s.are_lines_said = false;
    s.are_params_known = false;
    s.is_content_known = false;
    s.is_signed = false;
    s.lines.clear();
    s.line_answers.clear();
    s.is_busy = true;
    if (s.ended != client_end::none) {
        s.is_untouched = s.has_served;
        s.decide_rest({kind::deferred, 0, "4.4.2", s.reason, false});
        s.finish();
    }
}

void client_session::quit()
{
    auto& s = *state_;
    assert(!s.is_busy);
    if (s.where != state::stage::ready)
        return; // on its way out already, or never greeted: nothing to be polite about
    s.ended = client_end::quit;
    s.reason = "quit";
    s.where = state::stage::quit;
    s.say("QUIT\r\n");
}

bool client_session::say(std::string_view line)
{
    auto& s = *state_;
    assert(!s.is_busy);
    s.last = {};
    if (s.where != state::stage::ready || !is_safe_line(line))
        return false;
    s.where = state::stage::command;
    s.say(std::string{line} + "\r\n");
    return true;
}

void client_session::log_in(std::unique_ptr<sasl::client_mechanism> by)
{
    auto& s = *state_;
    assert((!s.is_busy || s.is_login_due()) && by != nullptr);
    s.last = {};
    s.login = client_login::none;
    s.login_error = {};
    if (s.where == state::stage::ready)
        s.begin_login(std::move(by));
}

void client_session::tls_started()
{
    auto& s = *state_;
    assert(s.where == state::stage::handshake);
    s.is_tls = true;
    // RFC 3207 4.2: what was learned before the handshake is forgotten.
    s.offered = {};
    s.extended = false;
    s.say_ehlo();
}

void client_session::tls_failed(std::string_view why)
{
    state_->break_off(client_end::tls_failed, "4.7.5", "TLS handshake failed: " + std::string{why});
}

void client_session::timed_out()
{
    auto& s = *state_;
    constexpr std::string_view what[] = {"the greeting", "a reply", "a reply to the content",
                                         "the reply to the end of the message"};
    s.break_off(client_end::timed_out, "4.4.2",
                "timed out waiting for " + std::string{what[static_cast<std::size_t>(s.waits_for())]});
}

void client_session::disconnected(std::string_view why)
{
    auto& s = *state_;
    while (s.take_one_reply()) {
        // what arrived before the end still counts
    }
    s.break_off(client_end::lost, "4.4.2", "connection lost" + (why.empty() ? std::string{} : ": " + std::string{why}));
}

client_step client_session::state::resume()
{
    while (true) {
        while (take_one_reply()) {
        }
        if (const auto step = next_step())
            return *step;
    }
}

bool client_session::state::take_one_reply()
{
    if (input.empty() || where == stage::over || where == stage::handshake)
        return false;
    if (awaited == unsent) {
        take_unasked();
        return false;
    }
    switch (parser.feed(input)) {
    case protocol::reply_parser::status::need_more:
        return false;
    case protocol::reply_parser::status::malformed:
        if (parser.is_over_limit())
            fault = client_fault::endless_reply;
        break_off(client_end::protocol_error, "4.5.0", "malformed reply: " + std::string{parser.fault()});
        return false;
    case protocol::reply_parser::status::complete:
        --awaited;
        take(parser.value());
        return true;
    }
    return false;
}

void client_session::state::take(const protocol::reply& reply)
{
    // RFC 5321 3.8, 4.2.1: 421 may answer any command, and the connection is closing.
    if (reply.code == 421 && where != stage::quit) {
        lose(reply);
        return;
    }
    switch (where) {
    case stage::greeting:
        take_greeting(reply);
        return;
    case stage::ehlo:
        take_ehlo(reply);
        return;
    case stage::helo:
        take_helo(reply);
        return;
    case stage::starttls:
        take_starttls(reply);
        return;
    case stage::login:
        take_login(reply);
        return;
    case stage::command:
        last = reply;
        where = stage::ready;
        return;
    case stage::lines:
        take_line(reply);
        return;
    case stage::envelope:
        take_envelope(reply);
        return;
    case stage::content:
        if (is_reply_early)
            take_early(reply);
        else
            take_content(reply);
        return;
    case stage::lone_dot:
        // The peer may have kept or refused a message for nobody: it is all one.
        finish();
        return;
    case stage::quit:
        where = stage::over;
        return;
    case stage::handshake:
    case stage::ready:
    case stage::over:
        return;
    }
}

// Octets while no command that has gone out waits for its reply. Taking them for the answer to the next command is how replies
// get shifted, until the 221 to QUIT is read as the answer to the end of a message: the connection ends here instead. In the
// middle of content, they can be a refusal of it, once they are all there.
void client_session::state::take_unasked()
{
    const auto status = parser.feed(input);
    const bool is_whole = status == protocol::reply_parser::status::complete;
    if (is_whole && parser.value().code == 421) {
        lose(parser.value());
    } else if (where == stage::content && status != protocol::reply_parser::status::malformed) {
        is_reply_early = true;
        if (is_whole)
            take_early(parser.value());
    } else {
        fault = client_fault::unasked;
        break_off(client_end::protocol_error, "4.5.0", "a reply without a command");
    }
}

std::optional<client_step> client_session::state::next_step()
{
    using step = client_step::kind;
    if (is_done_due) {
        is_done_due = false;
        return client_step{.what = step::done};
    }
    switch (where) {
    case stage::greeting:
    case stage::ehlo:
    case stage::helo:
    case stage::starttls:
    case stage::login:
    case stage::command:
    case stage::lines:
    case stage::lone_dot:
    case stage::quit:
        return client_step{.what = step::read, .waits_for = waits_for()};
    case stage::handshake:
        return client_step{.what = step::start_tls};
    case stage::ready:
        if (!is_busy)
            return client_step{.what = step::idle};
        if (const auto question = next_question())
            return question;
        if (where == stage::ready)
            begin_transaction();
        return std::nullopt;
    case stage::envelope:
        say_more_of_envelope();
        if (awaited != 0)
            return client_step{.what = step::read, .waits_for = waits_for()};
        envelope_answered();
        return std::nullopt;
    case stage::content:
        return content_step();
    case stage::over:
        return client_step{.what = step::close, .reason = reason};
    }
    return std::nullopt;
}

client_phase client_session::state::waits_for() const noexcept
{
    if (where == stage::greeting)
        return client_phase::greeting;
    if (where == stage::lone_dot)
        return client_phase::final;
    if (where == stage::content)
        return is_last_given ? client_phase::final : client_phase::data;
    // RFC 5321 4.5.3.2.4: the initiation of data has a time of its own.
    if (where == stage::envelope && !with_bdat && said == command_count() && answered + 1 == said)
        return client_phase::data;
    return client_phase::command;
}

void client_session::state::finish()
{
    has_served = has_served || has_mail || is_mail_refused;
    is_busy = false;
    is_done_due = true;
    if (where != stage::over && where != stage::quit)
        where = stage::ready;
}

void client_session::state::decide_rest(const client_recipient_result& what)
{
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (standings[i] == standing::decided)
            continue;
        results[i] = what;
        standings[i] = standing::decided;
    }
}

void client_session::state::break_off(client_end why, std::string_view enhanced, std::string text)
{
    if (where == stage::over)
        return;
    const bool was_quitting = where == stage::quit;
    if (is_busy) {
        // RFC 1047, RFC 5321 4.5.4.1: all went out and no answer came. The peer may have the message.
        is_reply_lost = where == stage::content && is_last_given && outgoing().empty() && !is_refused;
        is_untouched = has_served && (why == client_end::lost || why == client_end::refused) && !has_mail && !is_mail_refused;
        decide_rest({kind::deferred, 0, std::string{enhanced}, bounded_text(text, config.limits.reply_text), false, reached()});
    }
    where = stage::over;
    if (!was_quitting && ended == client_end::none) {
        ended = why;
        reason = std::move(text);
    }
    input = {};
    forget_output();
    awaited = 0;
    unsent = 0;
    if (is_busy)
        finish();
}

void client_session::state::give_up(client_end why, client_recipient_result what)
{
    ended = why;
    reason = what.text;
    if (is_busy) {
        decide_rest(what);
        is_busy = false;
        is_done_due = true;
    }
    where = stage::quit;
    say("QUIT\r\n");
}

void client_session::state::lose(const protocol::reply& reply)
{
    const auto what = judged(reply);
    last = reply;
    if (fault == client_fault::none)
        fault = client_fault::closing;
    if (is_busy)
        decide_rest(what);
    is_last_given = false; // an answer came
    break_off(client_end::lost, "4.4.2", "421 " + what.text);
}

void client_session::state::out_of_place(const protocol::reply& reply)
{
    fault = client_fault::out_of_place;
    break_off(client_end::protocol_error, "4.5.0", "reply " + std::to_string(reply.code) + " out of place");
}

hooks::delivery_stage client_session::state::reached() const noexcept
{
    using enum hooks::delivery_stage;
    if (where == stage::content || where == stage::lone_dot)
        return is_last_given && outgoing().empty() ? end : data;
    if (where != stage::envelope)
        return peer;
    const std::size_t slot = with_rset ? answered : answered + 1; // as if there were always a RSET
    if (slot < 2)
        return slot == 0 ? peer : mail;
    return slot - 2 < asked.size() ? rcpt : data;
}

client_recipient_result client_session::state::judged(const protocol::reply& reply) const
{
    const auto result = reply.is_permanent_failure()   ? kind::failed
                        : reply.is_transient_failure() ? kind::deferred
                                                       : kind::delivered;
    return {result, reply.code, reply.enhanced, bounded_text(reply.text(), config.limits.reply_text), false, reached()};
}

// What a peer refuses before MAIL is us, or everybody: nothing is known about the message, which can wait.
client_recipient_result client_session::state::refused_early(const protocol::reply& reply) const
{
    auto what = judged(reply);
    what.result = kind::deferred;
    if (!what.enhanced.empty())
        what.enhanced.front() = '4';
    return what;
}

} // namespace postern::session
