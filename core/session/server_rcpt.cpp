// RCPT: one recipient, accepted or refused on its own. STANDARDS: RFC 5321 3.3, 4.1.1.3, 4.5.3.1.8; RFC 6531 3.5.
// SECURITY: the one place where a recipient gets into a message; without somebody who vouches for it none does.
#include "core/message/address.hpp"
#include "core/message/parameters.hpp"
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

#include <fmt/format.h>

#include <utility>

namespace postern::session {

using namespace protocol::literals;

void server_session::state::on_rcpt(const protocol::command& what)
{
    if (!txn)
        return out_of_sequence(503, "send MAIL first");
    if (txn->by_bdat)
        return out_of_sequence(503, "no RCPT behind BDAT"); // RFC 3030 2
    auto& draft = txn->draft;
    const bool has_smtputf8 = draft.envelope.from.smtputf8;
    auto path = message::parse_forward_path(what.argument, has_smtputf8 ? message::utf8::allowed : message::utf8::refused);
    if (!path)
        return path_error(path.error(), "5.1.3");
    const auto extended_by = offered_parameters(true);
    const message::parameter_offers offers{.dsn = facts.extended && config.dsn, .rcpt_keywords = extended_by};
    message::recipient to;
    if (const auto why = message::parse_rcpt_parameters(what.argument.substr(path->consumed), offers, has_smtputf8, to))
        return error(why->code, why->enhanced, why->text);
    if (const auto why = settle(to.parameters))
        return error(why->code, why->enhanced, why->text);
    // RFC 5321 4.5.3.1.10: 452, and the client sends to the rest in another transaction.
    if (draft.envelope.to.size() + txn->dropped >= config.limits.recipients)
        return say(452, "4.5.3", "too many recipients");
    // One transaction, one chain: what is asked about the whole message is asked of one. The client brings the rest as above.
    const auto chain = config.domains == nullptr ? 0 : config.domains->find(message::split_address(path->address).domain);
    const bool is_first = draft.envelope.to.empty() && txn->dropped == 0;
    if (!is_first && chain != txn->chain)
        return say(452, "4.5.3", "not together with the recipients before, send it in another transaction");
    txn->chain = chain;
    to.address = std::move(path->address);
    txn->asked = static_cast<std::uint32_t>(draft.envelope.to.size());
    txn->asked_path = what.argument.substr(0, path->consumed);
    txn->journal_before = draft.journal.size();
    txn->held_before = draft.held.has_value();
    txn->score_before = draft.score;
    txn->wishes_before = draft;
    draft.envelope.to.push_back(std::move(to));
    txn->asked_parameter = 0;
    ask_of_parameters(true);
}

void server_session::state::rcpt_answered(hooks::outcome& outcome)
{
    const bool is_refused = is_refusal(outcome);
    // Closed by construction: no objection is not enough.
    if (is_refused || (!outcome.vouched && outcome.verdict != hooks::verdict_kind::discard)) {
        forget_recipient();
        if (!count_idle()) // who tries one name after the other brings no mail
            return;
        if (is_refused)
            return refuse(outcome);
        return say(550, "5.7.1", fmt::format("{}: relay access denied", txn->asked_path));
    }
    if (outcome.verdict == hooks::verdict_kind::discard) {
        // For this recipient only; who was accepted before still gets the message.
        forget_recipient();
        ++txn->dropped;
    } else {
        apply_to_draft(outcome);
    }
    if (config.lmtp) {
        if (outcome.verdict != hooks::verdict_kind::discard && txn->asked < txn->draft.envelope.to.size())
            txn->draft.envelope.to[txn->asked].rcpt = static_cast<std::uint32_t>(txn->replies.size());
        txn->replies.push_back({std::string{txn->asked_path}, {}});
    }
    protocol::append_reply(output, "250 2.1.5 recipient ok\r\n"_reply);
}

/// Takes back the recipient asked about, and what its chain did for it: recipients added, score, journal, hold, and what it
/// wants of the queue.
void server_session::state::forget_recipient()
{
    auto& draft = txn->draft;
    draft.envelope.to.resize(txn->asked);
    draft.score = txn->score_before;
    static_cast<hooks::queue_wishes&>(draft) = std::move(txn->wishes_before);
    if (draft.journal.size() > txn->journal_before)
        draft.journal.erase(draft.journal.begin() + static_cast<std::ptrdiff_t>(txn->journal_before), draft.journal.end());
    if (!txn->held_before)
        draft.held.reset();
}

} // namespace postern::session
