// The part of a connection that notes what it is asked and what came of a message: for its record, and for who looks on.

#include "core/runtime/connection.hpp"

#include <string>
#include <utility>

namespace postern::runtime {

using hooks::hook_point;

/// Whom a question is about, before the answers to it.
void connection::note_question(hook_point hook)
{
    is_past_envelope_ = is_past_envelope_ || hook == hook_point::cmd_data;
    // What these may change is noted again before the next message.
    if (hook == hook_point::cmd_helo || hook == hook_point::tls_established || hook == hook_point::verb ||
        hook == hook_point::auth_result)
        is_peer_noted_ = false;
    const auto* const message = session_.draft();
    if (message == nullptr || !notes_.is_wanted())
        return;
    if (!notes_.is_in_message() && !std::exchange(is_peer_noted_, true))
        note_peer(); // kept for those that follow
    notes_.message_begins();
    if (hook == hook_point::cmd_mail)
        notes_.fact("sender", message->envelope.from.address);
    else if (hook == hook_point::cmd_rcpt)
        notes_.fact("recipient", message->envelope.to[session_.recipient_index()].address);
}

void connection::note_peer()
{
    const auto& facts = session_.facts();
    std::string from = facts.peer.text();
    from.append(" at ").append(facts.listener).append(facts.extended ? ", EHLO " : ", HELO ").append(facts.helo);
    if (facts.tls)
        from.append(", ").append(facts.tls->version).append(" ").append(facts.tls->cipher);
    if (!facts.identity.empty())
        from.append(", logged in as ").append(facts.identity);
    notes_.fact("connection", from);
}

/// A transaction that got as far as DATA is worth a record, whatever came of it; of others there are too many that mean nothing.
void connection::note_end(const session::step& how)
{
    const bool is_worth_it = std::exchange(is_past_envelope_, false);
    const auto* const message = session_.draft();
    if (message == nullptr || !notes_.is_wanted())
        return;
    if (is_worth_it) {
        if (message->score != 0)
            notes_.fact("score", std::to_string(message->score));
        if (message->held)
            notes_.fact("held", *message->held);
        notes_.fact("end", how.hook == hook_point::txn_committed ? std::string_view{"stored"} : how.reason);
    }
    notes_.message_ends(record_kind::transaction, message->id.value, session_.facts().session.value, is_worth_it);
}

} // namespace postern::runtime
