// MAIL: a transaction begins. STANDARDS: RFC 5321 3.3, 4.1.1.2; RFC 1870 6; RFC 4954 5, 6; RFC 6531 3.4, 3.5.
#include "core/message/address.hpp"
#include "core/message/parameters.hpp"
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

#include <utility>

namespace postern::session {

using namespace protocol::literals;

void server_session::state::on_mail(const protocol::command& what)
{
    if (!has_helo)
        return out_of_sequence(503, hello_comes_first());
    if (txn)
        return out_of_sequence(503, "MAIL was already given");
    if (config.auth && config.auth->is_required && facts.identity.empty())
        return error(530, "5.7.0", "authentication required"); // RFC 4954 6
    const auto octets = facts.extended && config.smtputf8 ? message::utf8::allowed : message::utf8::refused;
    auto path = message::parse_reverse_path(what.argument, octets);
    if (!path)
        return path_error(path.error(), "5.1.7");
    const auto extended_by = offered_parameters(false);
    // RFC 5321 4.1.1.11, 2.2.1: after HELO there are no extensions.
    const message::parameter_offers offers{
        .size = facts.extended,
        .eight_bit_mime = facts.extended,
        .binary_mime = facts.extended && config.binarymime && config.chunking,
        .smtputf8 = facts.extended && config.smtputf8,
        .dsn = facts.extended && config.dsn,
        .auth = facts.extended && config.auth != nullptr,
        .mail_keywords = extended_by,
    };
    message::sender from;
    if (const auto why = message::parse_mail_parameters(what.argument.substr(path->consumed), offers, from))
        return error(why->code, why->enhanced, why->text);
    if (const auto why = settle(from.parameters))
        return error(why->code, why->enhanced, why->text);
    if (facts.identity.empty()) // RFC 4954 5: whoever is not trusted to say it has said "<>"
        for (auto& each : from.parameters)
            if (each.keyword == "AUTH")
                each.value = "<>";
    // RFC 6531 3.4: SMTPUTF8 stands behind the path that needs it.
    if (!from.smtputf8 && !message::is_ascii(path->address))
        return error(553, "5.6.7", "this address needs SMTPUTF8");
    if (config.limits.message_size != 0 && from.declared_size > config.limits.message_size)
        return say(552, "5.3.4", "message too big"); // RFC 1870 6.1
    from.address = std::move(path->address);

    using rule = protocol::bare_lf_rule;
    txn = std::make_unique<transaction>();
    txn->decoder = protocol::dot_decoder{config.bare == bare_line_end::normalize ? rule::to_crlf : rule::keep};
    auto& draft = txn->draft;
    draft.transaction.value = ids.next();
    draft.id.value = ids.next();
    draft.envelope.from = std::move(from);
    draft.score = add_scores(orders.score, helo_orders.score);
    draft.discarded = orders.discard || helo_orders.discard;
    if (const auto& hold = orders.hold ? orders.hold : helo_orders.hold)
        draft.held = *hold;
    txn->asked_parameter = 0;
    ask_of_parameters(false);
}

void server_session::state::mail_answered(hooks::outcome& outcome)
{
    if (is_refusal(outcome)) {
        abort("MAIL refused");
        if (count_idle())
            refuse(outcome);
        return;
    }
    apply_to_draft(outcome);
    protocol::append_reply(output, "250 2.1.0 sender ok\r\n"_reply);
}

/// What is wrong with a path. `syntax`: the enhanced code of a bad one, which tells MAIL and RCPT apart.
void server_session::state::path_error(const base::error_code& why, std::string_view syntax)
{
    if (why == message::errc::needs_smtputf8)
        return error(553, "5.6.7", "this address needs SMTPUTF8"); // RFC 6531 3.5
    if (why == message::errc::too_long)
        return error(501, syntax, "path too long"); // RFC 5321 4.5.3.1.10
    error(501, syntax, "bad address syntax");
}

} // namespace postern::session
