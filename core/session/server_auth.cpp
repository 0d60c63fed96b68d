// AUTH: a client proves who it is. The mechanism says what is to be said and verified; whoever verifies is asked by a step.
// STANDARDS: RFC 4954, RFC 4422. SECURITY: responses come from anybody, and most of them are passwords: none is shown to a
// witness, and what was decoded is wiped. An unknown name and a wrong password get the same octets.
#include "core/session/server_login.hpp"
#include "core/session/server_state.hpp"

#include "core/base/ascii.hpp"
#include "core/base/base64.hpp"
#include "core/hooks/reply_rules.hpp"
#include "core/protocol/reply.hpp"
#include "core/sasl/crypto.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::session {

using hooks::hook_point;
using namespace protocol::literals;

namespace {

/// What a refusal leaves open. The chain has done so already; an embedder's answer may come from elsewhere.
void complete_login(hooks::outcome& outcome)
{
    if (outcome.smtp_code == 0 && outcome.verdict == hooks::verdict_kind::reject) {
        outcome.smtp_code = 535; // RFC 4954 6
        outcome.enhanced = "5.7.8";
    } else if (outcome.smtp_code == 0 && outcome.verdict == hooks::verdict_kind::tempfail) {
        outcome.smtp_code = 454;
        outcome.enhanced = "4.7.0";
    }
    hooks::complete(outcome);
}

/// Whether an answer brings what was asked for, and nothing else.
bool fits(const sasl::question& asked, const hooks::login_reply& said)
{
    hooks::login_question about;
    about.kind = static_cast<std::uint32_t>(asked.kind);
    about.hash = static_cast<std::uint32_t>(asked.hash);
    return hooks::broken_rule_of(hook_point::auth_verify, said).empty() &&
           hooks::misfit_of(hooks::declared_as(about), said).empty();
}

} // namespace

/// Of the mechanisms of this listener those that go with this connection, a bit a place.
std::uint64_t server_session::state::suitable_mechanisms() const noexcept
{
    if (!config.auth || (!facts.tls && !config.auth->in_clear))
        return 0;
    std::uint64_t suitable = 0;
    for (std::size_t place = 0; place < config.auth->mechanisms.size(); ++place) {
        const auto* const kind = config.auth->mechanisms[place].kind;
        const bool lacks_binding = kind != nullptr && kind->needs_binding && (!facts.tls || facts.tls->binding.empty());
        const bool lacks_certificate =
            kind != nullptr && kind->needs_certificate && (!facts.tls || facts.tls->peer_subject.empty());
        if (!lacks_binding && !lacks_certificate)
            suitable |= std::uint64_t{1} << place;
    }
    return suitable;
}

std::vector<std::string> server_session::state::names_of(std::uint64_t some) const
{
    std::vector<std::string> names;
    for (std::size_t place = 0; config.auth && place < config.auth->mechanisms.size(); ++place)
        if ((some >> place & 1U) != 0)
            names.push_back(config.auth->mechanisms[place].name);
    return names;
}

/// What EHLO will say of AUTH: asked before the lines of plugins.
void server_session::state::ask_of_mechanisms()
{
    mechanisms = suitable_mechanisms();
    if (mechanisms == 0)
        return offer_extensions();
    logging_in = std::make_unique<login>();
    logging_in->offered = names_of(mechanisms);
    to_ask = hook_point::auth_mechanisms;
}

void server_session::state::mechanisms_answered(const hooks::outcome& outcome)
{
    logging_in.reset();
    if (outcome.login) {
        const auto& kept = outcome.login->names;
        for (std::size_t place = 0; place < config.auth->mechanisms.size(); ++place)
            if (std::find(kept.begin(), kept.end(), config.auth->mechanisms[place].name) == kept.end())
                mechanisms &= ~(std::uint64_t{1} << place);
    }
    offer_extensions();
}

void server_session::state::on_auth(const protocol::command& what)
{
    if (!config.auth)
        return error(502, "5.5.1", "not implemented");
    if (!has_helo || !facts.extended)
        return out_of_sequence(503, hello_comes_first());
    if (!facts.identity.empty())
        return out_of_sequence(503, "already logged in"); // RFC 4954 4
    if (txn)
        return out_of_sequence(503, "not within a mail transaction");
    if (!facts.tls && !config.auth->in_clear)
        return error(538, "5.7.11", "AUTH is for encrypted connections; issue STARTTLS first");
    const auto space = std::min(what.argument.find(' '), what.argument.size());
    const auto name = base::to_upper(what.argument.substr(0, space));
    auto initial = what.argument.substr(space);
    initial.remove_prefix(std::min(initial.find_first_not_of(' '), initial.size()));
    const auto& all = config.auth->mechanisms;
    const auto found = std::find_if(all.begin(), all.end(), [&](const offered_mechanism& each) { return each.name == name; });
    if (found == all.end() || (mechanisms >> (found - all.begin()) & 1U) == 0)
        return error(504, "5.5.4", "no such mechanism is offered");
    if (!count_idle())
        return;
    logging_in = std::make_unique<login>();
    logging_in->mechanism = &*found;
    if (found->kind != nullptr)
        logging_in->machine = sasl::make_server_mechanism(*found->kind, surroundings());
    if (initial.empty())
        return respond(std::nullopt);
    if (initial == "=") // RFC 4954 4: an empty one
        return respond(std::string{});
    take_response(initial);
}

sasl::surroundings server_session::state::surroundings() const
{
    sasl::surroundings where;
    where.channel.is_tls = facts.tls.has_value();
    if (facts.tls) {
        where.channel.binding = facts.tls->binding;
        where.channel.certificate_subject = facts.tls->peer_subject;
    }
    const auto place = static_cast<std::size_t>(logging_in->mechanism - config.auth->mechanisms.data());
    for (std::size_t other = 0; other < config.auth->mechanisms.size(); ++other) {
        const auto* const kind = config.auth->mechanisms[other].kind;
        where.is_plus_offered = where.is_plus_offered || (other != place && (mechanisms >> other & 1U) != 0 && kind != nullptr &&
                                                          kind->name == std::string{logging_in->mechanism->name} + "-PLUS");
    }
    where.hostname = config.hostname;
    where.nonce = config.auth->nonce();
    where.unknown_user_key = config.auth->unknown_user_key;
    return where;
}

/// A line of the exchange.
std::optional<step> server_session::state::take_login()
{
    has_heard_secret = true;
    const auto line = lines.take(input);
    if (!line)
        return read(phase::command);
    if (looks_on != nullptr)
        looks_on->heard("***");
    if (line->defect != protocol::line_defect::none)
        end_login(500, "5.5.6", "line too long, or bare CR, bare LF or NUL in a line"); // RFC 4954 4: 5.5.6
    else if (line->text == "*")
        end_login(501, "5.7.0", "authentication cancelled"); // RFC 4954 4
    else
        take_response(line->text);
    return std::nullopt;
}

void server_session::state::take_response(std::string_view text)
{
    auto octets = base::from_base64(text);
    if (!octets)
        return end_login(501, "5.5.2", "no base64"); // RFC 4954 4
    respond(std::move(octets));
}

void server_session::state::respond(std::optional<std::string> octets)
{
    auto& l = *logging_in;
    at = doing::logging_in;
    l.response.reset();
    if (octets)
        l.response.emplace(std::move(*octets));
    if (l.machine == nullptr) { // a plugin's
        to_ask = hook_point::auth_step;
        return;
    }
    const auto given = l.response ? std::optional<std::string_view>{*l.response} : std::nullopt;
    if (std::exchange(l.step, 1) == 0)
        go_on_with(l.machine->begin(given));
    else
        go_on_with(l.machine->respond(given.value_or(std::string_view{})));
}

void server_session::state::go_on_with(sasl::progress next)
{
    using kind = sasl::progress::kind;
    auto& l = *logging_in;
    switch (next.what) {
    case kind::challenge:
        return challenge(next.octets);
    case kind::ask:
        l.user = l.machine->asked().user;
        to_ask = hook_point::auth_verify;
        return;
    case kind::done:
        l.identity = std::move(next.octets);
        to_ask = hook_point::auth_result;
        return;
    case kind::failed:
        return login_failed(std::move(next.octets));
    case kind::malformed:
        return end_login(501, "5.5.2", "not what the mechanism says");
    case kind::unavailable:
        return end_login(454, "4.7.0", "temporary authentication failure");
    }
}

void server_session::state::challenge(std::string_view octets)
{
    fmt::format_to(std::back_inserter(output), "334 {}\r\n", base::to_base64(octets));
}

/// The exchange is over without a word about who that is. Who breaks off because the proof was wrong has failed all the same.
void server_session::state::end_login(std::uint16_t code, std::string_view enhanced, std::string_view text)
{
    if (logging_in->is_proof_bad) {
        auto& refusal = logging_in->refusal.emplace();
        refusal.smtp_code = code;
        refusal.enhanced = enhanced;
        refusal.text = text;
        return login_failed("broken off after a wrong proof");
    }
    logging_in.reset();
    if (at == doing::logging_in)
        at = doing::commands;
    error(code, enhanced, text);
}

void server_session::state::login_failed(std::string reason)
{
    ++login_failures;
    logging_in->reason = std::move(reason);
    to_ask = hook_point::auth_result;
}

void server_session::state::verified(hooks::outcome& outcome)
{
    complete_login(outcome);
    auto& l = *logging_in;
    sasl::answer answer;
    if (outcome.verdict == hooks::verdict_kind::disconnect) {
        logging_in.reset();
        return refuse(outcome);
    }
    using kind = sasl::proof_kind;
    const auto asked = l.machine->asked().kind;
    const bool is_secret = asked == kind::secret || asked == kind::plain_text;
    if (outcome.verdict == hooks::verdict_kind::reject) {
        // Of a secret: the client must not see that there is none, so the exchange goes on.
        if (!is_secret)
            l.refusal = std::move(outcome);
    } else if (!outcome.lets_pass()) {
        answer.what = sasl::answer::kind::unavailable;
        if (outcome.verdict == hooks::verdict_kind::tempfail)
            l.refusal = std::move(outcome);
    } else if (!outcome.login && outcome.has_failed) {
        answer.what = sasl::answer::kind::unavailable; // whoever failed might have known
    } else if (outcome.login && !fits(l.machine->asked(), *outcome.login)) {
        answer.what = sasl::answer::kind::unavailable; // from an embedder: a chain takes no such answer
    } else if (outcome.login) {
        const auto& said = *outcome.login;
        answer.identity = said.identity;
        answer.plain_text = said.password;
        if (!said.salt.empty())
            answer.secret = sasl::scram_secret{l.machine->asked().hash, said.iterations, said.salt,
                                               std::string{said.stored_key.view()}, std::string{said.server_key.view()}};
        answer.what = sasl::answer::kind::good;
    }
    l.is_proof_bad = answer.what == sasl::answer::kind::bad;
    auto next = l.machine->answered(std::move(answer));
    if (next.what == sasl::progress::kind::unavailable && l.refusal) {
        const auto why = *l.refusal;
        return end_login(why.smtp_code, why.enhanced, why.text);
    }
    go_on_with(std::move(next));
}

/// After a step of a plugin's mechanism.
void server_session::state::stepped(hooks::outcome& outcome)
{
    complete_login(outcome);
    auto& l = *logging_in;
    if (outcome.verdict == hooks::verdict_kind::disconnect) {
        logging_in.reset();
        return refuse(outcome);
    }
    if (outcome.verdict == hooks::verdict_kind::reject) {
        l.refusal = std::move(outcome);
        return login_failed("refused by " + l.mechanism->owner);
    }
    if (outcome.verdict == hooks::verdict_kind::tempfail)
        return end_login(outcome.smtp_code, outcome.enhanced, outcome.text);
    constexpr std::uint32_t most_steps = 100;
    if (!outcome.login || ++l.step > most_steps) // a plugin that failed and is to be passed over: nobody else knows the mechanism
        return end_login(454, "4.7.0", "temporary authentication failure");
    if (outcome.login->is_challenge)
        return challenge(outcome.login->challenge);
    l.identity = outcome.login->identity;
    to_ask = hook_point::auth_result;
}

void server_session::state::result_answered(hooks::outcome& outcome)
{
    complete_login(outcome);
    const auto ended = std::move(logging_in);
    at = doing::commands;
    if (outcome.verdict == hooks::verdict_kind::disconnect)
        return refuse(outcome);
    const bool is_success = !ended->identity.empty();
    if (is_success && outcome.lets_pass()) {
        facts.identity = logged_in_as = ended->identity;
        idle = 0;
        responses_ahead = 0;
        protocol::append_reply(output, "235 2.7.0 logged in\r\n"_reply);
        return;
    }
    if (is_success && !is_refusal(outcome)) // a plugin failed, and its failures mean neither yes nor no
        return error(454, "4.7.0", "temporary authentication failure");
    if (is_success)
        return error(outcome.smtp_code, outcome.enhanced, outcome.text);
    must_pause = true; // guessing takes time
    if (login_failures > config.auth->failures) {
        say(421, "4.7.0", "too many failed logins");
        return close("too many failed logins");
    }
    if (ended->refusal)
        return say(ended->refusal->smtp_code, ended->refusal->enhanced, ended->refusal->text);
    say(535, "5.7.8", "authentication failed");
}

/// Puts together what is asked; it stays where it is until it is answered.
const hooks::login_question& server_session::state::login_question() const
{
    auto& l = *logging_in;
    auto& about = l.question = {};
    about.offered = l.offered;
    if (l.mechanism == nullptr)
        return about;
    about.mechanism = l.mechanism->name;
    if (facts.tls) {
        about.binding = facts.tls->binding;
        about.certificate = facts.tls->peer_subject;
    }
    about.user = l.user;
    about.identity = l.identity;
    about.reason = l.reason;
    about.step = l.step;
    about.failures = login_failures;
    about.is_success = !l.identity.empty();
    if (asking == hook_point::auth_verify) {
        const auto& asked = l.machine->asked();
        about.act_for = asked.act_for;
        about.proof = asked.proof;
        about.kind = static_cast<std::uint32_t>(asked.kind);
        about.hash = static_cast<std::uint32_t>(asked.hash);
    } else if (asking == hook_point::auth_step) {
        about.has_response = l.response.has_value();
        about.proof = l.response ? std::string_view{*l.response} : std::string_view{};
    }
    return about;
}

} // namespace postern::session
