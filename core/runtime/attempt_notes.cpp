// The part of an attempt that notes what came of it: for the message's record, and for who looks on.

#include "core/runtime/attempt.hpp"

#include <chrono>
#include <string>

namespace postern::runtime {

void attempt::note_result(const delivery::attempt_result& one)
{
    using kind = delivery::recipient_result::kind;
    if (!notes_.is_wanted())
        return;
    const auto& what = one.what;
    std::string text = draft_.envelope.to[one.index].address;
    text += what.result == kind::delivered ? " delivered" : what.result == kind::deferred ? " deferred" : " failed";
    if (!one.next_hop.empty())
        text.append(" by ").append(one.next_hop);
    text += ":";
    if (what.smtp_code != 0)
        text.append(" ").append(std::to_string(what.smtp_code));
    if (!what.enhanced.empty())
        text.append(" ").append(what.enhanced);
    notes_.fact("result", text.append(" ").append(what.text));
}

void attempt::note_decision(const delivery::decision& what)
{
    if (!notes_.is_wanted())
        return;
    notes_.fact("attempt", std::to_string(record_.state.attempts + 1) + " under generation " + std::to_string(current_->number));
    if (what.what != queue::life_event::defer) {
        notes_.fact("end", "nobody is left to be tried: it leaves the queue");
    } else if (what.next_attempt) {
        const auto wait = std::chrono::round<std::chrono::seconds>(*what.next_attempt - engine_.clock_.wall());
        notes_.fact("end", "the next attempt is in " + std::to_string(wait.count()) + " s");
    }
}

/// A record of its own too, so that both the message and its report lead to it.
void attempt::note_report(std::string_view kind, base::message_id report, std::string_view recipient)
{
    if (!notes_.is_wanted())
        return;
    const auto text = std::string{kind}.append(" to ").append(recipient);
    notes_.fact("report", text);
    auto* const keeper = engine_.traces_.keeper;
    if (keeper == nullptr || !keeper->is_keeping())
        return;
    std::string notes;
    hooks::append_fact(notes, "report", text);
    keeper->keep({engine_.clock_.wall(), record_kind::report, id_.value, report.value, notes});
}

} // namespace postern::runtime
