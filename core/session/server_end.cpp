// The end of a message: the last hooks, the store, the one reply. STANDARDS: RFC 5321 4.1.1.4, 4.2.5, 6.1.
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

namespace postern::session {

/// All has arrived. From here on the client waits for exactly one reply.
void server_session::state::content_over()
{
    at = doing::commands;
    if (!txn->refusal.empty()) {
        say_to_all(txn->refusal);
        return abort("content refused");
    }
    if (txn->draft.discarded)
        return accept();
    to_ask = hooks::hook_point::msg_end;
}

void server_session::state::end_answered(hooks::outcome& outcome)
{
    if (is_refusal(outcome)) {
        refuse_at_end(outcome);
        return abort("message refused");
    }
    apply_to_draft(outcome);
    if (txn->draft.discarded || txn->draft.envelope.to.empty())
        return accept();
    if (!config.lmtp) {
        to_ask = hooks::hook_point::txn_commit_before;
        return;
    }
    txn->asked = 0;
    ask_of_recipients();
}

void server_session::state::commit_before_answered(hooks::outcome& outcome)
{
    if (is_refusal(outcome)) {
        refuse_at_end(outcome);
        return abort("message refused");
    }
    apply_to_draft(outcome);
    if (txn->draft.discarded)
        return accept();
    at = doing::committing;
}

void server_session::state::committed(commit_result result)
{
    at = doing::commands;
    switch (result) {
    case commit_result::kept:
        return accept();
    case commit_result::no_room:
        say_at_end(452, "4.3.1", "insufficient system storage");
        break;
    case commit_result::failed:
        say_at_end(451, "4.3.0", "try again later");
        break;
    }
    abort("not stored");
}

/// RFC 5321 6.1: with this reply the message is ours, or (DISCARD) nobody's any more.
void server_session::state::accept()
{
    const bool is_nobody_left = txn->draft.envelope.to.empty() && !txn->draft.discarded;
    if (config.lmtp && is_nobody_left && !txn->has_delivered && txn->replies_said == txn->replies.size())
        return abort("refused for all recipients"); // each was told
    const bool is_delivered = txn->has_delivered && txn->draft.envelope.to.empty() && !txn->draft.discarded;
    ++accepted;
    idle = 0;
    say_accepted();
    if (txn->draft.discarded || txn->draft.envelope.to.empty())
        abort(is_delivered ? "delivered" : "discarded");
    else
        left = aftermath::tell_committed;
}

} // namespace postern::session
