#include "core/session/server_session.hpp"

#include "core/session/server_state.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::session {

namespace {

// What an idle connection keeps of its output buffer. A pipelined batch may need more, once.
constexpr std::size_t kept_output = 128;

} // namespace

server_session::state::state(const server_config& from, hooks::connection_facts about, base::id_source& id_source)
    : config{from}, ids{id_source}, facts{std::move(about)}, lines{from.auth ? std::max<std::size_t>(from.limits.line,
                                                                                                     longest_auth_line)
                                                                             : from.limits.line}
{
    static_assert(sizeof(state) <= 640, "an idle session is small");
}

/// Steps until one needs the caller.
step server_session::state::next()
{
    for (;;) {
        if (std::exchange(must_pause, false))
            return {.what = step::kind::pause};
        if (to_ask) {
            asking = std::exchange(to_ask, std::nullopt);
            return {.what = step::kind::ask, .hook = *asking};
        }
        if (left != aftermath::nothing) {
            if (const auto tidy = clear_up())
                return *tidy;
            continue;
        }
        std::optional<step> due;
        switch (at) {
        case doing::opening:
            due = open();
            break;
        case doing::commands:
            due = take_commands();
            break;
        case doing::content:
            due = take_content();
            break;
        case doing::swallowing:
            due = swallow();
            break;
        case doing::dialogue:
            due = take_dialogue();
            break;
        case doing::logging_in:
            due = take_login();
            break;
        case doing::committing:
            due = step{.what = step::kind::commit};
            break;
        case doing::securing:
            due = secure();
            break;
        case doing::closing:
            due = say_goodbye();
            break;
        case doing::closed:
            due = step{.what = step::kind::close, .reason = close_reason};
            break;
        }
        if (due)
            return *due;
    }
}

/// conn.close is told once, to those whom conn.open was.
std::optional<step> server_session::state::say_goodbye()
{
    at = doing::closed;
    input = {};
    if (!is_opened)
        return std::nullopt;
    return step{.what = step::kind::tell, .hook = hooks::hook_point::conn_close, .reason = close_reason};
}

/// One thing that a finished transaction leaves to do.
std::optional<step> server_session::state::clear_up()
{
    switch (left) {
    case aftermath::tell_committed:
        left = aftermath::drop;
        return step{.what = step::kind::tell, .hook = hooks::hook_point::txn_committed};
    case aftermath::tell_aborted:
        left = txn->is_content_begun ? aftermath::abandon : aftermath::drop;
        return step{.what = step::kind::tell, .hook = hooks::hook_point::txn_aborted, .reason = abort_reason};
    case aftermath::abandon:
        left = aftermath::drop;
        return step{.what = step::kind::abandon, .reason = abort_reason};
    case aftermath::drop:
        txn.reset();
        left = aftermath::nothing;
        break;
    case aftermath::nothing:
        break;
    }
    return std::nullopt;
}

step server_session::state::ask(hooks::hook_point hook) noexcept
{
    asking = hook;
    return {.what = step::kind::ask, .hook = hook};
}

step server_session::state::read(phase waits_for) noexcept
{
    return {.what = step::kind::read, .waits_for = waits_for};
}

void server_session::state::answered(hooks::outcome outcome)
{
    if (is_giving) {
        is_giving = false;
        content_answered(outcome);
        return;
    }
    if (!asking)
        return; // of an ask that the end of the connection overtook
    const auto asked = *std::exchange(asking, std::nullopt);
    switch (asked) {
    case hooks::hook_point::conn_open:
        return opened(outcome);
    case hooks::hook_point::tls_established:
        return tls_answered(outcome);
    case hooks::hook_point::cmd_helo:
        return hello_answered(outcome);
    case hooks::hook_point::cmd_mail:
        return mail_answered(outcome);
    case hooks::hook_point::cmd_rcpt:
        return rcpt_answered(outcome);
    case hooks::hook_point::cmd_data:
        return data_answered(outcome);
    case hooks::hook_point::msg_headers:
        return content_answered(outcome);
    case hooks::hook_point::msg_end:
        return end_answered(outcome);
    case hooks::hook_point::txn_commit_before:
        return commit_before_answered(outcome);
    case hooks::hook_point::msg_end_rcpt:
        return end_rcpt_answered(outcome);
    case hooks::hook_point::auth_mechanisms:
        return mechanisms_answered(outcome);
    case hooks::hook_point::auth_step:
        return stepped(outcome);
    case hooks::hook_point::auth_verify:
        return verified(outcome);
    case hooks::hook_point::auth_result:
        return result_answered(outcome);
    case hooks::hook_point::ehlo_caps:
        return caps_answered(outcome);
    case hooks::hook_point::verb:
        return verb_answered(outcome);
    case hooks::hook_point::verb_data:
        return verb_data_answered(outcome);
    case hooks::hook_point::param:
        return param_answered(outcome);
    case hooks::hook_point::cmd_rset:
    case hooks::hook_point::cmd_noop:
    case hooks::hook_point::cmd_help:
    case hooks::hook_point::cmd_vrfy:
    case hooks::hook_point::cmd_expn:
    case hooks::hook_point::cmd_unknown:
    case hooks::hook_point::cmd_quit:
        return command_answered(asked, outcome);
    case hooks::hook_point::msg_body:
    case hooks::hook_point::txn_committed:
    case hooks::hook_point::txn_aborted:
    case hooks::hook_point::conn_close:
    case hooks::hook_point::queue_route:
    case hooks::hook_point::delivery_done:
    case hooks::hook_point::delivery_tls_result:
    case hooks::hook_point::queue_policy:
    case hooks::hook_point::queue_admit:
    case hooks::hook_point::queue_retry:
    case hooks::hook_point::delivery_source:
    case hooks::hook_point::delivery_connect:
    case hooks::hook_point::delivery_content:
    case hooks::hook_point::delivery_sign:
    case hooks::hook_point::delivery_reply:
    case hooks::hook_point::dsn_make:
    case hooks::hook_point::report_in:
    case hooks::hook_point::delivery_begin:
    case hooks::hook_point::delivery_tls_policy:
    case hooks::hook_point::delivery_peer:
    case hooks::hook_point::client_verb:
    case hooks::hook_point::client_params:
        assert(false); // never asked by a session
    }
}

/// Ends the transaction without a message. Everything about it goes, at once: what survives an error is how mail gets past
/// policy. Without a transaction there is nothing to do.
void server_session::state::abort(std::string_view reason)
{
    if (!txn || left != aftermath::nothing)
        return;
    left = aftermath::tell_aborted;
    abort_reason = reason;
}

void server_session::state::close(std::string_view reason)
{
    if (at == doing::closing || at == doing::closed)
        return;
    abort(reason);
    asking.reset();
    to_ask.reset();
    is_giving = false;
    close_reason = reason;
    at = doing::closing;
}

server_session::server_session(const server_config& config, hooks::connection_facts facts, base::id_source& ids)
    : state_{std::make_unique<state>(config, std::move(facts), ids)}
{
}

server_session::~server_session() = default;

step server_session::resume()
{
    assert(!state_->asking && !state_->is_giving); // the last step was not answered
    return state_->next();
}

void server_session::watched_by(witness* who) noexcept
{
    state_->looks_on = who;
}

void server_session::at(base::wall_time now) noexcept
{
    state_->now = now;
}

void server_session::feed(std::string_view octets)
{
    assert(state_->input.empty());
    state_->input = octets;
    state_->has_heard_secret = false;
}

bool server_session::has_heard_secret() const noexcept
{
    return state_->has_heard_secret;
}

void server_session::answer(hooks::outcome outcome)
{
    state_->answered(std::move(outcome));
}

void server_session::committed(commit_result result)
{
    if (state_->at == state::doing::committing)
        state_->committed(result);
}

void server_session::content_failed(commit_result result)
{
    hooks::outcome outcome;
    outcome.verdict = hooks::verdict_kind::tempfail;
    outcome.smtp_code = result == commit_result::no_room ? 452 : 451;
    outcome.enhanced = result == commit_result::no_room ? "4.3.1" : "4.3.0";
    outcome.text = result == commit_result::no_room ? "insufficient system storage" : "try again later";
    state_->answered(std::move(outcome));
}

void server_session::tls_started(hooks::tls_facts facts)
{
    auto& s = *state_;
    s.facts.tls = std::move(facts);
    s.input = {};
    s.lines.clear();
    if (s.at != state::doing::securing)
        return; // implicit TLS: before everything else
    // RFC 3207 4.2: knowledge obtained from the client that was not obtained from the TLS negotiation is discarded.
    s.facts.helo.clear();
    s.facts.extended = false;
    s.facts.identity.clear();
    s.logged_in_as.clear();
    s.has_helo = false;
    s.offered = 0;
    s.mechanisms = 0;
    s.helo_orders = {};
    s.at = state::doing::commands;
    s.to_ask = hooks::hook_point::tls_established;
}

void server_session::timed_out()
{
    if (state_->at == state::doing::closing || state_->at == state::doing::closed)
        return;
    state_->say(421, "4.4.2", "timed out");
    state_->close("timed out");
}

void server_session::shut_down()
{
    state_->is_shutting_down = true;
}

void server_session::disconnected()
{
    state_->input = {};
    state_->close("connection lost");
}

std::string_view server_session::output() const noexcept
{
    return state_->output;
}

void server_session::output_sent() noexcept
{
    auto& output = state_->output;
    if (output.capacity() > kept_output)
        std::string{}.swap(output);
    else
        output.clear();
}

const hooks::connection_facts& server_session::facts() const noexcept
{
    return state_->facts;
}

hooks::draft* server_session::draft() noexcept
{
    // A name that is asked about in mid-transaction has nothing to do with its message.
    const bool is_about_connection = state_->asking == hooks::hook_point::cmd_helo;
    return state_->txn && !is_about_connection ? &state_->txn->draft : nullptr;
}

std::uint32_t server_session::chain_at(hooks::hook_point hook) const noexcept
{
    return hooks::is_of_recipients(hook) && state_->txn != nullptr ? state_->txn->chain : 0;
}

question server_session::question() const noexcept
{
    const auto& s = *state_;
    session::question about;
    if (!s.asking)
        return about;
    if (hooks::is_of_login(*s.asking)) {
        about.login = &s.login_question();
        if (*s.asking == hooks::hook_point::auth_step)
            about.owner = s.logging_in->mechanism->owner;
    } else if (*s.asking == hooks::hook_point::param) {
        const auto& asked = s.asked_parameters()[s.txn->asked_parameter];
        about.parameter = &asked;
        about.is_rcpt = s.txn->is_asked_of_rcpt;
        if (const auto* kind = s.config.extensions->parameter(asked.keyword))
            about.owner = kind->owner;
    } else if (hooks::is_command(*s.asking)) {
        about.command = s.said_name;
        about.argument = s.said_argument;
        if (s.talk != nullptr) {
            about.owner = s.talk->verb->owner;
            about.most_octets = s.most_octets(*s.talk->verb);
            about.chunk = s.talk->chunk;
            about.offset = s.talk->offset;
            about.is_last = s.talk->is_last;
        }
    }
    return about;
}

hooks::connection_facts& server_session::editable_facts() noexcept
{
    return state_->facts;
}

std::uint32_t server_session::recipient_index() const noexcept
{
    return state_->txn ? state_->txn->asked : 0;
}

bool server_session::is_bdat() const noexcept
{
    return state_->txn && state_->txn->by_bdat;
}

std::uint64_t server_session::accepted_count() const noexcept
{
    return state_->accepted;
}

} // namespace postern::session
