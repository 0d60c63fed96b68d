// The beginning of a connection: greeting, EHLO and HELO, STARTTLS.
// STANDARDS: RFC 5321 3.1, 3.2, 4.1.1.1, 4.1.4; RFC 2034 4 (no enhanced codes in greetings and replies to EHLO); RFC 3207.
#include "core/hooks/reply_rules.hpp"
#include "core/protocol/capabilities.hpp"
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace postern::session {

using namespace protocol::literals;

namespace {

constexpr std::size_t longest_name = 255; // RFC 5321 4.5.3.1.2

} // namespace

std::optional<step> server_session::state::open()
{
    if (is_shutting_down) {
        say(421, "", "shutting down");
        close("shutting down");
        return std::nullopt;
    }
    if (config.tls == server_tls::implicit && !facts.tls) {
        close("no handshake"); // the caller's; nothing is said in the clear
        return std::nullopt;
    }
    is_opened = true;
    return ask(hooks::hook_point::conn_open);
}

void server_session::state::opened(hooks::outcome& outcome)
{
    if (!lets_in(outcome))
        return;
    if (facts.tls) // implicit TLS
        to_ask = hooks::hook_point::tls_established;
    else
        greet();
}

/// Before the greeting: a refusal is the greeting.
bool server_session::state::lets_in(hooks::outcome& outcome)
{
    orders.take(outcome);
    hooks::complete(outcome);
    switch (outcome.verdict) {
    case hooks::verdict_kind::reject:
        // RFC 5321 3.1: 554, or 521 (RFC 7504), then 503 until QUIT.
        say(outcome.smtp_code == 521 ? 521 : 554, "", outcome.text);
        shut_out = std::make_unique<hooks::outcome>();
        shut_out->smtp_code = 503;
        shut_out->enhanced = "5.5.1";
        shut_out->text = "the connection was refused; only QUIT is left";
        at = doing::commands;
        return false;
    case hooks::verdict_kind::tempfail:
        // RFC 5321 3.8, 4.3.2: of the 4yz codes a greeting may only be 421, and that closes.
        say(421, "", outcome.text);
        close("a plugin said so");
        return false;
    case hooks::verdict_kind::disconnect:
        say(outcome.smtp_code, "", outcome.text);
        close("a plugin said so");
        return false;
    case hooks::verdict_kind::proceed:
    case hooks::verdict_kind::accept:
    case hooks::verdict_kind::discard:
    case hooks::verdict_kind::hold:
    case hooks::verdict_kind::score:
        break;
    }
    return true;
}

void server_session::state::greet()
{
    fmt::format_to(std::back_inserter(output), "220 {} {} {}\r\n", config.hostname, config.lmtp ? "LMTP" : "ESMTP",
                   config.software);
    at = doing::commands;
}

std::string_view server_session::state::hello_comes_first() const noexcept
{
    return config.lmtp ? "send LHLO first" : "send EHLO first";
}

void server_session::state::on_hello(const protocol::command& what)
{
    // RFC 2033 4.1: LHLO in place of EHLO and HELO, each where the other is not.
    if ((what.what == protocol::verb::lhlo) != config.lmtp)
        return error(500, "", config.lmtp ? "this is LMTP, say LHLO" : "this is SMTP, say EHLO");
    if (!count_idle())
        return;
    if (what.argument.size() > longest_name)
        return error(501, "", "name too long");
    previous_helo = std::exchange(facts.helo, std::string{what.argument});
    was_extended = std::exchange(facts.extended, what.what != protocol::verb::helo);
    to_ask = hooks::hook_point::cmd_helo;
}

void server_session::state::hello_answered(hooks::outcome& outcome)
{
    if (is_refusal(outcome)) {
        // RFC 5321 4.1.4: the server stays in the state that it was in.
        facts.helo.swap(previous_helo);
        facts.extended = was_extended;
        hooks::complete(outcome);
        say(outcome.smtp_code, "", outcome.text);
        if (outcome.verdict == hooks::verdict_kind::disconnect)
            close("a plugin said so");
        return;
    }
    std::string{}.swap(previous_helo);
    helo_orders = {};
    helo_orders.take(outcome);
    has_helo = true;
    abort("EHLO"); // RFC 5321 4.1.4: as if RSET had been said
    offered = 0;
    mechanisms = 0;
    if (facts.extended)
        ask_of_mechanisms();
    else
        say_hello({});
}

/// `more`: lines of plugins.
void server_session::state::say_hello(std::vector<protocol::ehlo_line> more)
{
    if (!facts.extended) {
        fmt::format_to(std::back_inserter(output), "250 {}\r\n", config.hostname);
        return;
    }
    protocol::capabilities ours;
    ours.others = std::move(more);
    ours.pipelining = config.pipelining;
    ours.eight_bit_mime = true;
    ours.enhanced_status_codes = true;
    ours.chunking = config.chunking;
    ours.binary_mime = config.chunking && config.binarymime; // RFC 3030 3: not without CHUNKING
    ours.smtputf8 = config.smtputf8;
    ours.dsn = config.dsn;
    // RFC 3207 4.2: not inside TLS.
    ours.starttls = !facts.tls && (config.tls == server_tls::offered || config.tls == server_tls::required);
    ours.size = config.limits.message_size;
    ours.auth = names_of(mechanisms);
    protocol::append_ehlo_reply(output, config.hostname, ours);
}

void server_session::state::on_starttls()
{
    if (facts.tls)
        return out_of_sequence(503, "TLS is already active");
    if (config.tls != server_tls::offered && config.tls != server_tls::required)
        return error(502, "5.5.1", "not implemented");
    protocol::append_reply(output, "220 2.0.0 ready to start TLS\r\n"_reply);
    abort("STARTTLS");
    at = doing::securing;
}

/// Octets that are already there behind STARTTLS came in the clear; whoever put them there gets nothing (CVE-2011-0411).
std::optional<step> server_session::state::secure()
{
    if (input.empty())
        return step{.what = step::kind::start_tls};
    close("octets in the clear behind STARTTLS");
    return std::nullopt;
}

void server_session::state::tls_answered(hooks::outcome& outcome)
{
    if (at == doing::opening) {
        if (lets_in(outcome))
            greet();
        return;
    }
    orders.take(outcome);
    if (outcome.verdict == hooks::verdict_kind::disconnect)
        return refuse(outcome);
    if (!is_refusal(outcome))
        return;
    // No command waits for a reply; whatever comes next gets it.
    hooks::complete(outcome);
    shut_out = std::make_unique<hooks::outcome>(std::move(outcome));
}

} // namespace postern::session
