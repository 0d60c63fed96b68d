// Replies of a server session, and the counts that end a connection that only makes trouble.
#include "core/hooks/reply_rules.hpp"
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

#include <algorithm>
#include <limits>

namespace postern::session {

std::int32_t add_scores(std::int32_t a, std::int32_t b) noexcept
{
    using range = std::numeric_limits<std::int32_t>;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(std::int64_t{a} + b, range::min(), range::max()));
}

bool is_refusal(const hooks::outcome& outcome) noexcept
{
    return outcome.verdict == hooks::verdict_kind::reject || outcome.verdict == hooks::verdict_kind::tempfail ||
           outcome.verdict == hooks::verdict_kind::disconnect;
}

void standing_orders::take(const hooks::outcome& from)
{
    score = add_scores(score, from.score);
    if (from.verdict == hooks::verdict_kind::discard)
        discard = true;
    if (from.verdict == hooks::verdict_kind::hold)
        hold = from.text;
}

void server_session::state::say(std::uint16_t code, std::string_view enhanced, std::string_view text)
{
    protocol::append_reply(output, code, enhanced, text);
}

/// The reply of a refusing outcome; a DISCONNECT closes behind it.
void server_session::state::refuse(hooks::outcome& outcome)
{
    hooks::complete(outcome);
    say(outcome.smtp_code, outcome.enhanced, outcome.text);
    if (outcome.verdict == hooks::verdict_kind::disconnect)
        close("a plugin said so");
}

/// The reply to a command that the client should not have sent.
void server_session::state::error(std::uint16_t code, std::string_view enhanced, std::string_view text)
{
    if (count_error())
        say(code, enhanced, text);
}

/// The reply to a command at the wrong time. One refused command makes a pipeline of these (RFC 2920 3.1), so they are no
/// errors of their own.
void server_session::state::out_of_sequence(std::uint16_t code, std::string_view text)
{
    if (count_idle())
        say(code, "5.5.1", text);
}

/// False: that was one too many, and said so. The second half of what is allowed is answered late, each time: a flood
/// then costs its sender more than us.
bool server_session::state::count_against(std::uint32_t& count, std::uint32_t limit, std::string_view what)
{
    must_pause = ++count > limit / 2;
    if (count <= limit)
        return true;
    say(421, "4.7.0", what);
    close(what);
    return false;
}

bool server_session::state::count_error()
{
    return count_against(errors, config.limits.errors, "too many errors");
}

/// For commands that bring no mail nearer.
bool server_session::state::count_idle()
{
    return count_against(idle, config.limits.idle_commands, "too many commands without a message");
}

/// DISCARD and HOLD mark the draft. The chain has done so already; an embedder's answer may come from elsewhere.
void server_session::state::apply_to_draft(const hooks::outcome& outcome)
{
    if (outcome.verdict == hooks::verdict_kind::discard)
        txn->draft.discarded = true;
    if (outcome.verdict == hooks::verdict_kind::hold && !txn->draft.held)
        txn->draft.held = outcome.text;
}

} // namespace postern::session
