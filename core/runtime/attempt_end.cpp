// The part of an attempt that ends it: what became of each recipient is made durable, and told.

#include "core/runtime/attempt.hpp"
#include "core/runtime/delivery_insist.hpp"

#include <utility>

namespace postern::runtime {

namespace {

using namespace std::chrono_literals;
using kind = delivery::recipient_result::kind;

/// "451 4.7.1 too fast".
std::string reply_of(const delivery::recipient_result& what)
{
    auto text = what.smtp_code == 0 ? std::string{} : std::to_string(what.smtp_code) + " ";
    if (!what.enhanced.empty())
        text.append(what.enhanced).append(" ");
    return text.append(what.text);
}

} // namespace

/// Makes what happened durable, in the order that loses nothing: who is done with, the DSN that are due, the end.
io::task<void> attempt::settle()
{
    if (hold_ && (!has_tried_ || results_.empty())) { // nobody was tried, so nothing else is decided
        auto state = record_.state;
        state.held = hold_;
        co_await hold(std::move(state));
        co_return;
    }
    if (results_.empty() && !delivery::open_recipients(record_.state).empty()) { // nobody was tried
        if (admitted_in_) {
            engine_.remember(id_, std::move(record_));
            put_back(*admitted_in_);
            co_return;
        }
        put_back(has_thrown_ ? std::chrono::milliseconds{store_pause} : 0ms);
        if (outside_of_)
            engine_.wait_outside(id_, *outside_of_, record_);
        co_return;
    }
    if (hooks_.has(hooks::hook_point::queue_retry))
        co_await ask_about_retry();
    announce();
    auto decided = delivery::conclude(record_, results_, current_->retry, engine_.clock_.wall(), engine_.random_,
                                      !current_->delivery.postmaster.empty());
    if (retry_in_.count() != 0 && decided.what == queue::life_event::defer && !decided.is_only_untried)
        decided.state.next_attempt = decided.next_attempt = asked_for(engine_.clock_.wall() + retry_in_);
    if (decided.is_only_untried && admitted_in_)
        decided.state.next_attempt = decided.next_attempt = engine_.clock_.wall() + *admitted_in_;
    if (hold_) // of those who are left
        decided.state.held = hold_;
    note_decision(decided);
    if (decided.has_reports()) {
        // A DSN that cannot be stored may wait. That the next attempt sends the message again to those who have it may not.
        auto before_reports = decided;
        before_reports.take_back_all();
        const bool is_kept = co_await keep(before_reports.state);
        if (!is_kept)
            co_return;
        const bool is_reported = co_await report(decided);
        if (!is_reported) {
            decided.state.held.reset();
            decided.state.attempts = record_.state.attempts;        // it does not count: its end is still to come
            decided.state.next_attempt.reset();                     // for another process, which need not wait for it
            const bool is_told_kept = co_await keep(decided.state); // else those reports that were stored would be made again
            if (!is_told_kept)
                co_return;
            record_.state = std::move(decided.state);
            engine_.remember(id_, std::move(record_));
            put_back(store_pause);
            co_return;
        }
    }
    if (decided.what != queue::life_event::defer) {
        auto start = [this](queue::completion<void> done) { engine_.store_.remove(id_, std::move(done)); };
        const bool is_removed = co_await engine_.insist("not_removed", id_, start);
        if (is_removed)
            engine_.ledger_.finish(id_, decided.what);
        co_return;
    }
    if (hold_) {
        co_await hold(std::move(decided.state));
        co_return;
    }
    const bool is_kept = co_await keep(decided.state);
    if (!is_kept)
        co_return;
    const auto next = decided.next_attempt.value_or(engine_.clock_.wall());
    const auto open = static_cast<std::uint32_t>(decided.state.open_count());
    const auto wanted = engine_.ledger_.defer(id_, next, decided.state.attempts, open);
    if (outside_of_ && decided.is_only_untried && !admitted_in_)
        engine_.wait_outside(id_, *outside_of_, record_);
    co_await engine_.honour(id_, wanted);
}

/// A plugin's HOLD.
io::task<void> attempt::hold(queue::message_state state)
{
    const bool is_kept = co_await keep(state);
    if (!is_kept || !engine_.ledger_.hold(id_)) // carried out like an operator's wish: when the attempt ends
        co_return;
    engine_.admissions_.forget(id_);
    notes_.fact("held", *hold_);
    engine_.log_.info("held", {{"message", base::to_text(id_)}, {"reason", *hold_}});
    const auto open = static_cast<std::uint32_t>(state.open_count());
    const auto wanted = engine_.ledger_.defer(id_, engine_.clock_.wall(), state.attempts, open);
    if (wanted != queue::wish::hold) // that is stored already
        co_await engine_.honour(id_, wanted);
}

/// Stores the state, however long it takes. False: the server is going away before that.
io::task<bool> attempt::keep(const queue::message_state& state)
{
    const auto octets = queue::encode(state);
    auto start = [this, &octets](queue::completion<void> done) { engine_.store_.update(id_, octets, std::move(done)); };
    co_return co_await engine_.insist("not_updated", id_, start);
}

void attempt::put_back(std::chrono::milliseconds wait)
{
    const auto wanted = engine_.ledger_.put_back(id_, engine_.clock_.wall() + wait);
    if (wanted != queue::wish::none)
        engine_.loop_.spawn("wish", engine_.honour(id_, wanted));
}

/// Logs, counts and tells the plugins what became of each recipient.
void attempt::announce()
{
    const auto& to = draft_.envelope.to;
    for (const auto& one : results_) {
        const auto result = one.what.result;
        auto& count = result == kind::delivered  ? engine_.counts_.delivered
                      : result == kind::deferred ? engine_.counts_.deferred
                                                 : engine_.counts_.failed;
        count.add();
        if (has_tried_ && !one.next_hop.empty())
            engine_.lines_.heard(one.next_hop, reply_of(one.what));
        const auto* const event = result == kind::delivered ? "delivered" : result == kind::deferred ? "deferred" : "failed";
        note_result(one);
        engine_.log_.info(event, {{"message", base::to_text(id_)},
                                  {"session", record_.envelope.session},
                                  {"recipient", to[one.index].address},
                                  {"next_hop", one.next_hop},
                                  {"code", one.what.smtp_code},
                                  {"reply", one.what.text},
                                  {"attempt", record_.state.attempts + 1}});
        engine_.notices_.tell({.kind = result == kind::delivered  ? hooks::notice_kind::delivered
                                       : result == kind::deferred ? hooks::notice_kind::deferred
                                                                  : hooks::notice_kind::failed,
                               .message = id_,
                               .sender = draft_.envelope.from.address,
                               .recipient = to[one.index].address,
                               .next_hop = one.next_hop,
                               .text = one.what.text,
                               .smtp_code = one.what.smtp_code,
                               .count = record_.state.attempts + 1});
        if (!hooks_.has(hooks::hook_point::delivery_done))
            continue;
        hooks::delivery_facts facts;
        facts.result = static_cast<hooks::delivery_facts::kind>(result);
        facts.smtp_code = one.what.smtp_code;
        facts.enhanced = one.what.enhanced;
        facts.text = one.what.text;
        facts.next_hop = one.next_hop;
        facts.attempts = record_.state.attempts + 1;
        hooks::event what;
        what.hook = hooks::hook_point::delivery_done;
        what.message = &draft_;
        what.session = job_;
        what.recipient_index = one.index;
        what.delivery = &facts;
        hooks_.notify(what);
    }
}

} // namespace postern::runtime
