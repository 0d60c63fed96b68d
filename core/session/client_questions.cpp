// What the caller is asked between the introduction and MAIL: who it is there, who answers, lines of extensions, parameters, what
// is sent. Lines go out one by one: RFC 2920 3.1 lets only the known commands be grouped, and what an unknown one does to the
// session its reply tells. STANDARDS: RFC 5321 2.2, 4.1.1.5; RFC 2920 3.1; RFC 3030 3; RFC 6152 3. SECURITY: lines may quote
// anybody, and are looked at once more here.
#include "core/session/client_state.hpp"

#include <cassert>
#include <utility>

namespace postern::session {

using kind = client_recipient_result::kind;

void client_session::use_without(std::vector<std::string> keywords)
{
    assert(state_->where == state::stage::ready && state_->is_busy);
    state_->is_peer_judged = true;
    state_->unused = std::move(keywords);
    for (const auto& keyword : state_->unused)
        state_->offered.forget(keyword);
}

void client_session::say_lines(std::vector<hooks::client_line> lines, bool restarts)
{
    auto& s = *state_;
    assert(s.where == state::stage::ready && s.is_busy);
    s.line_answers.clear();
    s.lines = std::move(lines);
    s.restarts = restarts;
    if (s.lines.empty())
        s.are_lines_said = true;
    else
        s.say_line();
}

void client_session::send_as(const message::envelope& envelope)
{
    assert(state_->where == state::stage::ready && state_->is_busy);
    state_->are_params_known = true;
    state_->message.envelope = &envelope;
}

void client_session::send_content(const client_content& what)
{
    auto& s = *state_;
    assert(s.where == state::stage::ready && s.is_busy);
    s.is_content_known = true;
    s.message.size = what.size;
    s.message.has_8bit = what.has_8bit;
    s.message.is_binary = what.is_binary;
    s.message.needs_smtputf8 = what.needs_smtputf8;
}

void client_session::send_converted(std::uint64_t size)
{
    assert(state_->where == state::stage::ready && state_->is_busy);
    auto& message = state_->message;
    message.has_8bit = false;
    message.is_binary = false;
    message.size = size;
}

void client_session::send_signed(std::uint64_t size, bool is_ascii)
{
    auto& s = *state_;
    assert(s.where == state::stage::ready && s.is_busy);
    s.is_signed = true;
    s.message.size = size;
    s.message.has_8bit = s.message.has_8bit || !is_ascii;
    s.message.needs_smtputf8 = s.message.needs_smtputf8 || !is_ascii;
}

void client_session::decide(const client_recipient_result& what)
{
    auto& s = *state_;
    assert(s.where == state::stage::ready && s.is_busy);
    if (s.is_login_due()) {
        s.give_up(client_end::no_login, what);
    } else if (s.message.asks.peer && !s.is_peer_judged) {
        s.give_up(client_end::refused, what);
    } else {
        s.decide_rest(what);
        s.finish();
    }
}

const protocol::capabilities& client_session::offered() const noexcept
{
    return state_->offered;
}

const std::vector<hooks::client_answer>& client_session::said() const noexcept
{
    return state_->line_answers;
}

std::optional<client_step> client_session::state::next_question()
{
    using step = client_step::kind;
    if (is_login_due())
        return client_step{.what = step::ask_login};
    if (message.asks.peer && !is_peer_judged)
        return client_step{.what = step::ask_peer};
    if (message.asks.lines && !are_lines_said) {
        if (needs_rset) { // what is said for this message must not be forgotten with the one before
            say("RSET\r\n");
            where = stage::lines;
            return std::nullopt;
        }
        return client_step{.what = step::ask_lines};
    }
    if (message.asks.params && !are_params_known)
        return client_step{.what = step::ask_params};
    if (message.asks.content && !is_content_known)
        return client_step{.what = step::ask_content};
    if (message.can_be_converted && !is_signed && needs_conversion())
        return client_step{.what = step::ask_seven_bit};
    if (message.asks.signature && !is_signed)
        return client_step{.what = step::ask_signature};
    return std::nullopt;
}

/// RFC 6152 3, RFC 3030 3. What fails for the want of SMTPUTF8 fails whatever its content is.
bool client_session::state::needs_conversion() const noexcept
{
    if (message.needs_smtputf8 && !offered.smtputf8)
        return false;
    if (message.is_binary)
        return !offered.binary_mime || !offered.chunking || !config.chunking;
    return message.has_8bit && !offered.eight_bit_mime;
}

void client_session::state::say_line()
{
    const auto& line = lines[line_answers.size()].text;
    if (!hooks::is_client_line(line)) {
        decide_rest({kind::deferred, 0, "4.3.0", "a line that cannot be put into a command", false});
        finish();
        return;
    }
    say(line + "\r\n");
    where = stage::lines;
}

void client_session::state::take_rset(const protocol::reply& reply)
{
    if (reply.code >= 200 && reply.code < 300) {
        needs_rset = false;
    } else { // what the peer still holds of the message before is anyone's guess
        last = reply;
        break_off(client_end::refused, "4.5.0", "RSET was refused: " + reply.text());
    }
}

void client_session::state::take_line(const protocol::reply& reply)
{
    if (needs_rset) {
        where = stage::ready;
        take_rset(reply);
        return;
    }
    if (reply.is_positive() && reply.code >= 300) { // it waits for something that nobody has
        out_of_place(reply);
        return;
    }
    auto what = judged(reply);
    const bool is_done = reply.code >= 200 && reply.code < 300;
    const bool is_required = lines[line_answers.size()].is_required;
    line_answers.push_back({reply.code, what.text});
    const bool is_last = line_answers.size() == lines.size();
    if (is_done && is_last && restarts) {
        // As after STARTTLS, what was learned before counts no more.
        offered = {};
        extended = false;
        if (message.asks.login)
            login = client_login::none;
        say_ehlo();
    } else if (!is_done && is_required) {
        if (what.enhanced.empty())
            what.enhanced = reply.is_permanent_failure() ? "5.7.0" : "4.7.0";
        decide_rest(what);
        finish();
    } else if (is_last) {
        where = stage::ready;
    } else {
        say_line();
    }
}

} // namespace postern::session
