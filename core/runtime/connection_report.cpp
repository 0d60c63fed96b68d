// The part of a connection that tells what happens on it: to the operator's log, and to those who observe the server.

#include "core/runtime/connection.hpp"

namespace postern::runtime {

using hooks::hook_point;
using hooks::notice_kind;

void connection::report_connected() const
{
    const auto& facts = session_.facts();
    home_.log.debug("connected",
                    {{"session", base::to_text(facts.session)}, {"listener", profile_->name}, {"peer", facts.peer.text()}});
    if (!home_.notices.wants(notice_kind::connected))
        return;
    const auto peer = facts.peer.text();
    home_.notices.tell({.kind = notice_kind::connected, .session = facts.session, .peer = peer, .listener = profile_->name});
}

void connection::report_disconnected(std::string_view reason) const
{
    const auto& facts = session_.facts();
    home_.log.debug("disconnected",
                    {{"session", base::to_text(facts.session)}, {"reason", reason}, {"messages", session_.accepted_count()}});
    if (!home_.notices.wants(notice_kind::disconnected))
        return;
    const auto peer = facts.peer.text();
    home_.notices.tell({.kind = notice_kind::disconnected,
                        .session = facts.session,
                        .peer = peer,
                        .listener = profile_->name,
                        .text = reason,
                        .count = session_.accepted_count()});
}

/// What was decided about mail is told with who decided.
void connection::report_decided(hook_point hook, const hooks::outcome& outcome)
{
    const bool is_unvouched = hook == hook_point::cmd_rcpt && outcome.lets_pass() && !outcome.vouched;
    // Of an extension or a login that goes on: no decision about mail.
    const bool is_reply = hooks::is_command(hook) || hook == hook_point::param || hooks::is_of_login(hook);
    const bool is_decided = is_unvouched || (!outcome.plugin.empty() && !(is_reply && outcome.lets_pass()));
    if (!is_decided || (!home_.log.is_enabled(base::log_level::info) && !home_.notices.wants(notice_kind::decided)))
        return;
    const auto* const message = session_.draft();
    const bool has_recipient = (hook == hook_point::cmd_rcpt || hook == hook_point::msg_end_rcpt) && message != nullptr;
    const std::string_view sender = message != nullptr ? std::string_view{message->envelope.from.address} : std::string_view{};
    const std::string_view recipient =
        has_recipient ? std::string_view{message->envelope.to[session_.recipient_index()].address} : std::string_view{};
    home_.log.info(is_unvouched ? "relay_denied" : "decided", {{"session", base::to_text(session_.facts().session)},
                                                               {"hook", hooks::name_of(hook)},
                                                               {"plugin", outcome.plugin},
                                                               {"verdict", hooks::name_of(outcome.verdict)},
                                                               {"code", outcome.smtp_code},
                                                               {"text", outcome.text},
                                                               {"sender", sender},
                                                               {"recipient", recipient}});
    home_.notices.tell({.kind = notice_kind::decided,
                        .session = session_.facts().session,
                        .sender = sender,
                        .recipient = recipient,
                        .plugin = outcome.plugin,
                        .hook = hooks::name_of(hook),
                        .verdict = hooks::name_of(outcome.verdict),
                        .text = outcome.text,
                        .smtp_code = outcome.smtp_code});
}

/// Who logged in, and who tried: what an operator, and whoever bans addresses, looks for.
void connection::report_login(const hooks::outcome& outcome)
{
    const auto* const about = session_.question().login;
    if (about == nullptr)
        return;
    const auto& facts = session_.facts();
    const bool is_in = about->is_success && outcome.lets_pass();
    const auto reason = about->is_success ? std::string_view{outcome.text} : about->reason;
    home_.log.info(is_in ? "logged_in" : "login_failed", {{"session", base::to_text(facts.session)},
                                                          {"peer", facts.peer.text()},
                                                          {"listener", facts.listener},
                                                          {"mechanism", about->mechanism},
                                                          {"user", about->is_success ? about->identity : about->user},
                                                          {"reason", is_in ? std::string_view{} : reason}});
}

void connection::report_accepted(std::uint64_t size)
{
    const auto* const message = session_.draft();
    const auto& envelope = message->envelope;
    home_.log.info("accepted", {{"session", base::to_text(session_.facts().session)},
                                {"message", base::to_text(message->id)},
                                {"from", envelope.from.address},
                                {"recipients", envelope.to.size()},
                                {"size", size}});
    home_.notices.tell({.kind = notice_kind::accepted,
                        .session = session_.facts().session,
                        .message = message->id,
                        .sender = envelope.from.address,
                        .size = size,
                        .count = envelope.to.size()});
}

void connection::report_not_stored(const base::error_code& why) const
{
    const auto text = why.message();
    home_.log.error("not_stored", {{"session", base::to_text(session_.facts().session)}, {"cause", text}});
    home_.notices.tell({.kind = notice_kind::not_stored, .session = session_.facts().session, .text = text});
}

} // namespace postern::runtime
