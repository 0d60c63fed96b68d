// From the greeting to a connection that takes messages. STANDARDS: RFC 5321 3.1, 3.2, 4.1.4; RFC 2033 4.1; RFC 3207.
#include "core/session/client_state.hpp"

namespace postern::session {

using kind = client_recipient_result::kind;

void client_session::state::take_greeting(const protocol::reply& reply)
{
    if (reply.code == 220) {
        greeting = reply.text();
        say_ehlo();
    } else if (reply.is_positive()) {
        out_of_place(reply);
    } else {
        // RFC 5321 3.1: a server that greets with 554 waits for QUIT.
        last = reply;
        give_up(client_end::refused, refused_early(reply));
    }
}

void client_session::state::say_ehlo()
{
    if (config.hostname.empty() || !is_safe_word(config.hostname)) {
        fault = client_fault::hostname;
        give_up(client_end::refused, {kind::deferred, 0, "4.3.5", "the configured host name cannot be said in EHLO", false});
        return;
    }
    say((config.lmtp ? "LHLO " : "EHLO ") + config.hostname + "\r\n");
    where = stage::ehlo;
}

void client_session::state::take_ehlo(const protocol::reply& reply)
{
    if (reply.code >= 200 && reply.code < 300) {
        extended = true;
        offered = protocol::parse_capabilities(reply);
        for (const auto& keyword : unused)
            offered.forget(keyword);
        introduced();
    } else if (reply.is_permanent_failure() && !config.lmtp) {
        // RFC 5321 3.2: a server that does not know EHLO may know HELO.
        say("HELO " + config.hostname + "\r\n");
        where = stage::helo;
    } else if (!reply.is_positive()) {
        last = reply;
        give_up(client_end::refused, refused_early(reply));
    } else {
        out_of_place(reply);
    }
}

void client_session::state::take_helo(const protocol::reply& reply)
{
    if (reply.code >= 200 && reply.code < 300) {
        introduced();
    } else if (reply.is_positive()) {
        out_of_place(reply);
    } else {
        last = reply;
        give_up(client_end::refused, refused_early(reply));
    }
}

void client_session::state::introduced()
{
    if (is_tls || config.tls == client_tls::none || has_refused_starttls) {
        where = stage::ready;
    } else if (offered.starttls) {
        say("STARTTLS\r\n");
        where = stage::starttls;
    } else if (config.tls == client_tls::required) {
        give_up(client_end::no_tls, {kind::deferred, 0, "4.7.4", "TLS is required and the peer does not offer it", false});
    } else {
        where = stage::ready;
    }
}

void client_session::state::take_starttls(const protocol::reply& reply)
{
    if (reply.code == 220) {
        // RFC 3207 4.2, 6: what came behind the 220 in the clear is somebody else's.
        if (!input.empty()) {
            injected();
            return;
        }
        parser.reset();
        where = stage::handshake;
    } else if (reply.is_positive()) {
        out_of_place(reply);
    } else if (config.tls == client_tls::required) {
        last = reply;
        auto what = refused_early(reply);
        if (what.enhanced.empty())
            what.enhanced = "4.7.4";
        give_up(client_end::no_tls, std::move(what));
    } else {
        has_refused_starttls = true;
        where = stage::ready;
    }
}

void client_session::state::injected()
{
    fault = client_fault::injected;
    break_off(client_end::protocol_error, "4.7.0", "octets in the clear behind the reply to STARTTLS");
}

} // namespace postern::session
