// The part of an attempt that asks plugins when it may go (queue.admit), and when it comes again (queue.retry).

#include "core/queue/schedule.hpp"
#include "core/runtime/attempt.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

using namespace std::chrono_literals;
using kind = delivery::recipient_result::kind;

constexpr std::chrono::milliseconds usual_wait = 1min;
constexpr std::chrono::milliseconds least_wait = 100ms; // whoever asks for less would have it come again all the time
constexpr std::chrono::milliseconds least_retry = 1s;   // likewise, and each is an attempt

} // namespace

/// The walk of one of these hooks; the outcome of none, if nobody decided.
io::task<hooks::outcome> attempt::ask_shaping(hooks::hook_point hook, hooks::shaping& about)
{
    about.received = record_.envelope.received;
    about.size = record_.envelope.size;
    about.priority = record_.envelope.priority;
    hooks::event what;
    what.hook = hook;
    what.message = &draft_;
    what.session = job_;
    what.attempt = record_.state.attempts;
    what.shape = &about;
    hooks::chain_run run{hooks_.order(), hook, nullptr};
    run.shape(about);
    const bool is_answered = hooks_.advance(run, what);
    if (!is_answered)
        co_await hooks_.finish(run, what);
    co_return run.take_result();
}

/// True: it may stand in line. Who was let in before and found no place is not asked about again: a budget has counted him. Whose
/// sender is to hear that it is late is told so, and not put off without a word.
io::task<bool> attempt::is_admitted(const delivery::route_group& group, const std::string& name)
{
    if (engine_.admissions_.has(id_, name, group.recipients))
        co_return true;
    const auto load = engine_.lines_.load_of(name);
    hooks::shaping about;
    about.next_hop = name;
    for (const auto index : group.recipients)
        about.recipients.push_back(draft_.envelope.to[index].address);
    about.active = load.active;
    about.waiting = load.waiting;
    about.active_all = load.active_all;
    const auto ruling = co_await ask_shaping(hooks::hook_point::queue_admit, about);
    if (ruling.lets_pass()) {
        if (current_ == engine_.current_.load()) // else by rules that are no more
            engine_.admissions_.keep(id_, name, group.recipients);
        co_return true;
    }
    if (is_telling_due()) {
        defer_all(group.recipients, "4.3.2", "not admitted yet: " + ruling.text, name);
        co_return false;
    }
    const auto wait = about.wait.count() == 0 ? usual_wait : std::max(about.wait, least_wait);
    admitted_in_ = admitted_in_ ? std::min(*admitted_in_, wait) : wait;
    if (notes_.is_wanted())
        notes_.fact("not admitted", name + " by " + ruling.plugin + ": " + ruling.text);
    co_return false;
}

/// What plugins say of those who were tried and are left, before anybody is told.
io::task<void> attempt::ask_about_retry()
{
    const auto now = engine_.clock_.wall();
    const auto proposed = delivery::conclude(record_, results_, current_->retry, now, engine_.random_);
    if (proposed.what != queue::life_event::defer || proposed.is_only_untried || hold_)
        co_return;
    hooks::shaping about;
    for (const auto& one : results_)
        if (proposed.state.recipients[one.index].status == queue::recipient_status::open)
            about.tried.push_back(
                {draft_.envelope.to[one.index].address, one.next_hop, one.what.enhanced, one.what.text, one.what.smtp_code});
    about.next = proposed.next_attempt.value_or(now);
    about.expires = record_.envelope.received + queue::own_policy(current_->retry, record_.envelope).expire;
    about.attempts = proposed.state.attempts;
    const auto ruling = co_await ask_shaping(hooks::hook_point::queue_retry, about);
    if (ruling.verdict == hooks::verdict_kind::hold) {
        hold_ = ruling.text;
        co_return;
    }
    if (ruling.verdict == hooks::verdict_kind::reject) {
        for (auto& one : results_)
            if (proposed.state.recipients[one.index].status == queue::recipient_status::open)
                one.what = {kind::failed, ruling.smtp_code, ruling.enhanced, ruling.text};
        co_return;
    }
    if (ruling.lets_pass()) // else it was not waited for: the server is going away
        retry_in_ = about.wait.count() == 0 ? about.wait : std::max(about.wait, least_retry);
}

/// No later than its end, at which its sender is told.
base::wall_time attempt::asked_for(base::wall_time when) const
{
    return std::min(when, record_.envelope.received + queue::own_policy(current_->retry, record_.envelope).expire);
}

} // namespace postern::runtime
