// The end of a message: the last hooks, the store, the one reply. STANDARDS: RFC 5321 4.1.1.4, 4.2.5, 6.1.
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

#include <fmt/format.h>

#include <iterator>

namespace postern::session {

/// All has arrived. From here on the client waits for exactly one reply.
void server_session::state::content_over()
{
    at = doing::commands;
    if (!txn->refusal.empty()) {
        output += txn->refusal;
        return abort("content refused");
    }
    if (txn->draft.discarded)
        return accept();
    to_ask = hooks::hook_point::msg_end;
}

void server_session::state::end_answered(hooks::outcome& outcome)
{
    if (is_refusal(outcome)) {
        refuse(outcome);
        return abort("message refused");
    }
    apply_to_draft(outcome);
    if (txn->draft.discarded || txn->draft.envelope.to.empty())
        return accept();
    to_ask = hooks::hook_point::txn_commit_before;
}

void server_session::state::commit_before_answered(hooks::outcome& outcome)
{
    if (is_refusal(outcome)) {
        refuse(outcome);
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
        say(452, "4.3.1", "insufficient system storage");
        break;
    case commit_result::failed:
        say(451, "4.3.0", "try again later");
        break;
    }
    abort("not stored");
}

/// RFC 5321 6.1: with this reply the message is ours, or (DISCARD) nobody's any more.
void server_session::state::accept()
{
    ++accepted;
    idle = 0;
    const auto& draft = txn->draft;
    fmt::format_to(std::back_inserter(output), "250 {} {}{}queued as {}\r\n",
                   draft.accepted_status.empty() ? "2.0.0" : std::string_view{draft.accepted_status}, draft.accepted_text,
                   draft.accepted_text.empty() ? "" : "; ", base::to_text(draft.id));
    if (txn->draft.discarded || txn->draft.envelope.to.empty())
        abort("discarded");
    else
        left = aftermath::tell_committed;
}

} // namespace postern::session
