// What can be decided without the peer, then RSET, MAIL, RCPT and DATA with their replies, pipelined where offered.
// STANDARDS: RFC 5321 3.3, 4.5.3.1.10; RFC 1870 6; RFC 2920 3.1; RFC 3030; RFC 6152 3; RFC 6531 3.1; RFC 9422.
#include "core/base/ascii.hpp"
#include "core/message/address.hpp"
#include "core/session/client_state.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace postern::session {

using kind = client_recipient_result::kind;

void client_session::state::begin_transaction()
{
    said = 0;
    answered = 0;
    finals = 0;
    may_send_data = false;
    is_reply_early = false;
    encoder = {};
    check = {};
    with_rset = needs_rset;
    with_bdat = config.chunking && offered.chunking;
    if (!is_message_fit()) {
        finish();
        return;
    }
    check_recipients();
    if (asked.empty()) {
        finish();
        return;
    }
    ++transactions;
    where = stage::envelope;
}

bool client_session::state::is_message_fit()
{
    const auto& from = message.envelope->from;
    const auto fail = [this](std::string_view enhanced, std::string text) {
        decide_rest({kind::failed, 0, std::string{enhanced}, std::move(text), false});
        return false;
    };
    if (!is_safe_path(from.address))
        return fail("5.1.7", "the sender's address cannot be put into a command");
    if (!is_safe_word(from.envid) || !message::is_ascii(from.envid))
        return fail("5.5.4", "ENVID cannot be put into a command");

    if (const auto* lacking = lacking_of(from.parameters, offered))
        return fail(lacking->lacking, fmt::format("the message needs {} and the peer does not offer it", lacking->extension));
    if (!are_safe(from.parameters))
        return fail("5.5.4", "a parameter of MAIL cannot be put into a command");

    parameters = {};
    parameters.offered = &offered;
    parameters.dsn = offered.dsn;
    parameters.smtputf8 = message.needs_smtputf8 || !message::is_ascii(from.address);
    // RFC 6531 3.1: never to a server that does not offer it.
    if (parameters.smtputf8 && !offered.smtputf8)
        return fail("5.6.7", "the message needs SMTPUTF8 and the peer does not offer it");

    if (message.is_binary) {
        // RFC 3030 3: BINARYMIME needs both, and cannot be sent by DATA.
        if (!offered.binary_mime || !with_bdat)
            return fail("5.6.1", "the message is binary and the peer does not offer BINARYMIME");
        parameters.body = message::body_type::binary_mime;
    } else if (message.has_8bit) {
        // RFC 6152 3: 8-bit content is not sent to a server that did not offer it.
        if (!offered.eight_bit_mime)
            return fail("5.6.3", "the message has 8-bit content and the peer does not offer 8BITMIME");
        parameters.body = message::body_type::eight_bit_mime;
    } else if (message.may_have_8bit && offered.eight_bit_mime) {
        parameters.body = message::body_type::eight_bit_mime;
    }
    if (offered.size) {
        // RFC 1870 6: a declared limit of 0 is none.
        if (*offered.size != 0 && message.size > *offered.size)
            return fail("5.3.4",
                        fmt::format("the message has {} octets and the peer takes {} at most", message.size, *offered.size));
        parameters.size = message.size;
    }
    return true;
}

void client_session::state::check_recipients()
{
    const auto decide = [this](std::size_t position, client_recipient_result what) {
        results[position] = std::move(what);
        standings[position] = standing::decided;
    };
    for (std::size_t position = 0; position < results.size(); ++position) {
        const auto& to = message.envelope->to[message.recipients[position]];
        if (to.address.empty() || !is_safe_path(to.address)) {
            decide(position, {kind::failed, 0, "5.1.3", "the address cannot be put into a command", false});
        } else if (!is_safe_word(to.orcpt)) {
            decide(position, {kind::failed, 0, "5.5.4", "ORCPT cannot be put into a command", false});
        } else if (const auto* lacking = lacking_of(to.parameters, offered)) {
            decide(position, {kind::failed, 0, lacking->lacking,
                              fmt::format("the recipient needs {} and the peer does not offer it", lacking->extension), false});
        } else if (!are_safe(to.parameters)) {
            decide(position, {kind::failed, 0, "5.5.4", "a parameter of RCPT cannot be put into a command", false});
        } else if (!message::is_ascii(to.address) && !offered.smtputf8) {
            decide(position, {kind::failed, 0, "5.6.7", "the address needs SMTPUTF8 and the peer does not offer it", false});
        } else if (offered.limits.rcpt_max != 0 && asked.size() == offered.limits.rcpt_max) {
            // RFC 9422: asking for more than it said would only earn a 452.
            decide(position, {kind::deferred, 0, "4.5.3", "more recipients than the peer takes at once", true});
        } else if (!takes_domain_of(to.address)) {
            decide(position, {kind::deferred, 0, "4.5.3", "more domains of recipients than the peer takes at once", true});
        } else {
            asked.push_back(static_cast<std::uint32_t>(position));
            parameters.smtputf8 = parameters.smtputf8 || !message::is_ascii(to.address);
        }
    }
}

/// RFC 9422 4.3: RCPTDOMAINMAX is about all of the session. True: it is one of the domains that the peer takes, from now on.
bool client_session::state::takes_domain_of(std::string_view address)
{
    const auto most = offered.limits.rcpt_domain_max;
    const auto at = address.rfind('@');
    if (most == 0 || at == std::string_view::npos)
        return true;
    const auto domain = address.substr(at + 1);
    if (std::any_of(domains.begin(), domains.end(), [&](const auto& each) { return base::equals_ignoring_case(each, domain); }))
        return true;
    if (domains.size() >= most)
        return false;
    domains.emplace_back(domain);
    return true;
}

std::size_t client_session::state::command_count() const noexcept
{
    return (with_rset ? 1U : 0U) + 1U + asked.size() + (with_bdat ? 0U : 1U);
}

void client_session::state::say_more_of_envelope()
{
    gather_output();
    const std::size_t ahead = offered.pipelining && config.pipelining ? std::max(config.limits.recipients_ahead, 1U) : 1;
    while (said < command_count() && said - answered < ahead) {
        const std::size_t slot = with_rset ? said : said + 1; // as if there were always a RSET
        if (slot == 0) {
            output += "RSET\r\n";
        } else if (slot == 1) {
            append_mail(output, message.envelope->from, parameters);
        } else if (slot - 2 < asked.size()) {
            if (is_mail_refused)
                return;
            append_rcpt(output, message.envelope->to[message.recipients[asked[slot - 2]]], parameters);
        } else {
            if (!may_say_data())
                return;
            output += "DATA\r\n"; // RFC 2920 3.1: the last of its group
        }
        ++said;
        ++awaited;
        ++unsent;
    }
}

// Pointless once it is known that nobody is to have the message.
bool client_session::state::may_say_data() const noexcept
{
    const std::size_t before_rcpt = with_rset ? 2 : 1;
    // RFC 2033 4.2: DATA for nobody would have no reply at its end, or one, according to who wrote the server.
    if (config.lmtp)
        return accepted != 0 && answered == before_rcpt + asked.size();
    return !is_mail_refused && (accepted != 0 || answered < before_rcpt + asked.size());
}

void client_session::state::take_envelope(const protocol::reply& reply)
{
    const std::size_t slot = with_rset ? answered : answered + 1;
    const bool done = reply.code >= 200 && reply.code < 300;
    if (slot == 0) {
        take_rset(reply);
    } else if (slot == 1) {
        if (done) {
            has_mail = true;
            needs_rset = true;
        } else if (reply.is_positive()) {
            out_of_place(reply);
        } else {
            is_mail_refused = true;
            decide_rest(judged(reply));
        }
    } else if (slot - 2 < asked.size()) {
        take_rcpt(reply, asked[slot - 2]);
    } else {
        take_data(reply);
    }
    ++answered; // now: what came of this one was said of it
}

void client_session::state::take_rcpt(const protocol::reply& reply, std::size_t position)
{
    if (is_mail_refused)
        return; // the echo of a pipelined command: RFC 2920 3.1
    if (reply.code >= 200 && reply.code < 300) {
        standings[position] = standing::accepted;
        ++accepted;
        return;
    }
    if (reply.is_positive()) {
        out_of_place(reply);
        return;
    }
    auto what = judged(reply);
    const bool may_be_count = what.enhanced.empty() || std::string_view{what.enhanced}.substr(1) == ".5.3";
    // RFC 5321 4.5.3.1.10: 452, and 552 from older servers, say "too many recipients"; the rest wants another transaction.
    if ((reply.code == 452 || reply.code == 552) && may_be_count) {
        what.over_limit = true;
        what.result = kind::deferred;
        if (!what.enhanced.empty())
            what.enhanced.front() = '4';
    }
    results[position] = std::move(what);
    standings[position] = standing::decided;
}

void client_session::state::take_data(const protocol::reply& reply)
{
    if (reply.code == 354)
        may_send_data = true;
    else if (reply.is_positive())
        out_of_place(reply);
    else
        decide_rest(judged(reply));
}

void client_session::state::envelope_answered()
{
    const bool has_somebody = accepted != 0 && !is_mail_refused;
    if (has_somebody && (with_bdat || may_send_data)) {
        where = stage::content;
    } else if (may_send_data) {
        // RFC 2920 3.1: DATA was pipelined and taken although nobody was; end it without content.
        say(".\r\n");
        where = stage::lone_dot;
    } else {
        finish();
    }
}

} // namespace postern::session
