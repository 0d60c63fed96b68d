// DATA and BDAT: content is about to come. STANDARDS: RFC 5321 4.1.1.4; RFC 3030 2, 3; RFC 1870 6.
// SECURITY: the octets of a refused chunk are thrown away, never read as commands; a size that cannot be read ends the
// connection.
#include "core/hooks/reply_rules.hpp"
#include "core/protocol/bdat.hpp"
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::session {

using namespace protocol::literals;

void server_session::state::on_data()
{
    if (!txn)
        return out_of_sequence(503, "send MAIL first");
    if (txn->by_bdat)
        return out_of_sequence(503, "no DATA behind BDAT"); // RFC 3030 2
    if (txn->draft.envelope.from.body == message::body_type::binary_mime)
        return out_of_sequence(503, "BINARYMIME needs BDAT"); // RFC 3030 3
    if (txn->draft.envelope.to.empty() && txn->dropped == 0)
        return out_of_sequence(no_recipients(), "no valid recipients");
    if (txn->draft.envelope.to.empty())
        txn->draft.discarded = true; // all of them were
    to_ask = hooks::hook_point::cmd_data;
}

/// RFC 5321 3.3; RFC 2033 4.2: where there is nobody there is nobody to reply for.
std::uint16_t server_session::state::no_recipients() const noexcept
{
    return config.lmtp ? 503 : 554;
}

void server_session::state::on_bdat(const protocol::command& what)
{
    const auto argument = what.error == protocol::command_error::none ? protocol::parse_bdat(what.argument) : std::nullopt;
    if (!argument) {
        // Where the chunk ends is anybody's guess, so nothing behind this line can be read.
        say(501, "5.5.4", "Syntax: BDAT size [LAST]");
        return close("BDAT without a readable size");
    }
    if (const auto why = closed_to(protocol::verb::bdat))
        return refuse_chunk(argument->size, argument->is_last, *why);
    if (!config.chunking)
        return refuse_chunk(argument->size, argument->is_last, {502, "5.5.1", "not implemented"});
    if (!txn)
        return refuse_chunk(argument->size, argument->is_last, {503, "5.5.1", "send MAIL first"}, counts_as::idle);
    if (txn->draft.envelope.to.empty() && txn->dropped == 0)
        return refuse_chunk(argument->size, argument->is_last, {no_recipients(), "5.5.1", "no valid recipients"},
                            counts_as::idle);
    const auto limit = config.limits.message_size;
    if (limit != 0 && argument->size > limit - std::min(limit, txn->size))
        return refuse_chunk(argument->size, argument->is_last, {552, "5.3.4", "message too big"}, counts_as::nothing);
    txn->chunk_size = txn->chunk_left = argument->size;
    txn->is_last_chunk = argument->is_last;
    if (std::exchange(txn->by_bdat, true)) {
        at = doing::content;
        return;
    }
    if (txn->draft.envelope.to.empty())
        txn->draft.discarded = true; // all of them were
    to_ask = hooks::hook_point::cmd_data;
}

/// Throws a chunk away and then says why. Nothing of its transaction survives: what came before is of no use without it.
void server_session::state::refuse_chunk(std::uint64_t size, bool is_last, protocol::command_refusal why, counts_as what)
{
    // LMTP: whoever says LAST waits for as many replies as there are recipients.
    const auto replies = config.lmtp && txn && is_last ? txn->replies.size() : 1;
    abort("BDAT refused");
    swallow_then_say(size, why, what);
    const auto one = swallow_reply;
    for (std::size_t i = 1; i < replies; ++i)
        swallow_reply += one;
}

/// Octets that follow whatever becomes of their command are never read as commands.
void server_session::state::swallow_then_say(std::uint64_t size, protocol::command_refusal why, counts_as what)
{
    if ((what == counts_as::error && !count_error()) || (what == counts_as::idle && !count_idle()))
        return;
    protocol::append_reply(swallow_reply, why.code, why.enhanced, why.text);
    swallow_left = size;
    at = doing::swallowing;
}

std::optional<step> server_session::state::swallow()
{
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(swallow_left, input.size()));
    input.remove_prefix(taken);
    swallow_left -= taken;
    if (swallow_left != 0)
        return read(phase::content);
    output += swallow_reply;
    std::string{}.swap(swallow_reply);
    at = doing::commands;
    return std::nullopt;
}

void server_session::state::data_answered(hooks::outcome& outcome)
{
    if (is_refusal(outcome)) {
        if (!txn->by_bdat || outcome.verdict == hooks::verdict_kind::disconnect) {
            refuse(outcome);
            return abort("content refused");
        }
        hooks::complete(outcome);
        return refuse_chunk(txn->chunk_size, txn->is_last_chunk, {outcome.smtp_code, outcome.enhanced, outcome.text},
                            counts_as::nothing);
    }
    apply_to_draft(outcome);
    at = doing::content;
    if (!txn->by_bdat)
        protocol::append_reply(output, "354 end data with <CRLF>.<CRLF>\r\n"_reply);
}

/// All of a chunk was taken that is not the last.
void server_session::state::end_chunk()
{
    if (!txn->refusal.empty()) {
        output += txn->refusal;
        abort("content refused");
    } else {
        fmt::format_to(std::back_inserter(output), "250 2.0.0 {} octets received\r\n", txn->chunk_size);
    }
    at = doing::commands;
}

} // namespace postern::session
