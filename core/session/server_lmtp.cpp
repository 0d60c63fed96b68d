// LMTP: the end of a message has a reply for each RCPT that was accepted, in their order, each as soon as it and those before it
// are known. What SMTP says once is said to all who have no reply yet.
// STANDARDS: RFC 2033 4.2, 4.3.
#include "core/hooks/reply_rules.hpp"
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

#include <fmt/format.h>

#include <iterator>

namespace postern::session {

/// At the end of a message: the one reply, or that of all who wait for one.
void server_session::state::say_at_end(std::uint16_t code, std::string_view enhanced, std::string_view text)
{
    if (!config.lmtp)
        return say(code, enhanced, text);
    std::string reply;
    protocol::append_reply(reply, code, enhanced, text);
    say_to_all(reply);
}

void server_session::state::say_to_all(std::string_view reply)
{
    if (!config.lmtp) {
        output += reply;
        return;
    }
    for (auto& each : txn->replies)
        if (each.text.empty())
            each.text = reply;
    say_known_replies();
}

void server_session::state::say_known_replies()
{
    auto& t = *txn;
    while (t.replies_said < t.replies.size() && !t.replies[t.replies_said].text.empty())
        output += t.replies[t.replies_said++].text;
}

/// A refusal of the message at its end; DISCONNECT is said once, and closes.
void server_session::state::refuse_at_end(hooks::outcome& outcome)
{
    if (outcome.verdict == hooks::verdict_kind::disconnect)
        return refuse(outcome);
    hooks::complete(outcome);
    say_at_end(outcome.smtp_code, outcome.enhanced, outcome.text);
}

/// One recipient after the other, of those that a RCPT stands for; then the rest is stored.
void server_session::state::ask_of_recipients()
{
    auto& t = *txn;
    const auto& to = t.draft.envelope.to;
    while (t.asked < to.size() && !to[t.asked].rcpt)
        ++t.asked;
    if (t.asked < to.size()) {
        to_ask = hooks::hook_point::msg_end_rcpt;
        return;
    }
    if (to.empty())
        return accept();
    to_ask = hooks::hook_point::txn_commit_before;
}

void server_session::state::end_rcpt_answered(hooks::outcome& outcome)
{
    auto& t = *txn;
    auto& to = t.draft.envelope.to;
    auto& reply = t.replies.at(*to[t.asked].rcpt);
    const bool is_taken = outcome.verdict == hooks::verdict_kind::discard;
    if (!is_taken && !is_refusal(outcome)) {
        ++t.asked;
        return ask_of_recipients();
    }
    hooks::complete(outcome);
    if (is_taken)
        protocol::append_reply(reply.text, 250, "2.1.5", reply.path + (outcome.text.empty() ? " delivered" : " " + outcome.text));
    else
        protocol::append_reply(reply.text, outcome.smtp_code, outcome.enhanced, reply.path + " " + outcome.text);
    t.has_delivered = t.has_delivered || is_taken;
    to.erase(to.begin() + static_cast<std::ptrdiff_t>(t.asked));
    say_known_replies();
    ask_of_recipients();
}

/// What accepts the message, for all who wait.
void server_session::state::say_accepted()
{
    const auto& draft = txn->draft;
    const auto status = draft.accepted_status.empty() ? std::string_view{"2.0.0"} : std::string_view{draft.accepted_status};
    const auto said = draft.accepted_text + (draft.accepted_text.empty() ? "" : "; ");
    const auto id = base::to_text(draft.id);
    if (!config.lmtp) {
        fmt::format_to(std::back_inserter(output), "250 {} {}queued as {}\r\n", status, said, id);
        return;
    }
    for (auto& each : txn->replies)
        if (each.text.empty())
            protocol::append_reply(each.text, 250, status, fmt::format("{} {}queued as {}", each.path, said, id));
    say_known_replies();
}

} // namespace postern::session
