// The part of hook_runner that waits: for plugins that answer later, one alone or a group at the same time.

#include "core/runtime/hook_runner.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

/// The others of a group whose first is waited for. Who only watches is told in its turn: nobody waits for it.
void hook_runner::ask_along(const hooks::chain_run& run, hooks::event& what)
{
    for (std::size_t i = 0; const auto* link = run.ahead(i); ++i)
        if (!link->observes(what.hook))
            outstanding_.push_back(ask(*link, what, clock_.now(), 1));
}

std::size_t hook_runner::free_lane() const noexcept
{
    std::size_t lane = 0;
    while (std::ranges::any_of(outstanding_, [lane](const asked& each) { return each.lane == lane; }))
        ++lane;
    return lane;
}

io::task<void> hook_runner::finish(hooks::chain_run& run, hooks::event& what)
{
    struct nobody_left { // whatever is thrown
        hook_runner& runner;
        ~nobody_left() { runner.forget(); }
    } const at_the_end{*this};
    waiting_since_ = clock_.now(); // what went by until now was not waiting for a plugin
    for (bool is_over = outstanding_.empty(); !is_over;) {
        // An event of msg.end shows the score: those who were asked before others of their group changed it are asked again.
        if (what.hook == hooks::hook_point::msg_end && what.message != nullptr &&
            outstanding_.front().score != what.message->score) {
            const auto* const again = outstanding_.front().whom;
            co_await drop_the_rest(what.hook);
            is_over = walk(run, what, again, clock_.now());
            continue;
        }
        co_await await_first(what.hook);
        auto first = std::move(outstanding_.front());
        outstanding_.erase(outstanding_.begin());
        budget_.spend(hooks::phase_of(what.hook), first.done - waiting_since_);
        waiting_since_ = std::max(waiting_since_, first.done);
        settle(run, first, what);
        const auto* const next = next_behind(run, what);
        is_over = next == nullptr || (outstanding_.empty() && walk(run, what, next, clock_.now()));
    }
    co_await drop_the_rest(what.hook);
}

/// The next one to be asked, or to be waited for. Who only watches, amid a group, is told in its turn.
const hooks::link* hook_runner::next_behind(hooks::chain_run& run, hooks::event& what)
{
    const auto* next = run.next();
    for (; next != nullptr && !outstanding_.empty() && outstanding_.front().whom != next; next = run.next()) {
        show(run, what); // what has been answered meanwhile
        auto one = ask(*next, what, clock_.now(), 1);
        if (one.is == asked::state::pending) { // nobody waits for what it may say
            (void)next->who->withdraw(one.ticket);
            one.is = asked::state::passed;
        }
        settle(run, one, what);
    }
    return next;
}

/// Until it is known how the first one stands. Meanwhile every other's answer is taken when it comes, and its deadline kept.
io::task<void> hook_runner::await_first(hooks::hook_point hook)
{
    look_what_came(hook);
    while (outstanding_.front().is == asked::state::pending) {
        auto until = base::instant::max();
        for (const auto& each : outstanding_)
            if (each.is == asked::state::pending)
                until = std::min(until, each.until);
        // Nothing is asked meanwhile, so places stay.
        bool is_over = port_->is_cut();
        if (!is_over)
            is_over = co_await port_->listen(until);
        look_what_came(hook);
        const bool is_cut = port_->is_cut();
        const auto as = is_cut ? asked::state::cut : asked::state::late;
        for (auto& each : outstanding_)
            if (each.is == asked::state::pending && (is_cut || (is_over && each.until <= until)))
                co_await take_back(each, as, hook);
    }
}

/// Answers that are here.
void hook_runner::look_what_came(hooks::hook_point hook)
{
    for (auto& each : outstanding_) {
        if (each.is != asked::state::pending)
            continue;
        if (auto came = port_->take(each.lane, each.ticket)) {
            each.is = asked::state::answered;
            each.reply = std::move(came->reply);
            each.done = came->when;
            learn(each, hook);
        }
    }
}

/// An answer that could not be withdrawn any more counts: it must not be there when the next one is asked.
io::task<void> hook_runner::take_back(asked& whom, asked::state as, hooks::hook_point hook)
{
    if (whom.whom->who->withdraw(whom.ticket)) {
        whom.is = as;
        whom.done = clock_.now();
        learn(whom, hook);
    }
    while (whom.is == asked::state::pending) {
        (void)co_await port_->listen(base::instant::max());
        look_what_came(hook);
    }
}

/// Others of a group have decided: what these say is not asked for any more.
io::task<void> hook_runner::drop_the_rest(hooks::hook_point hook)
{
    for (auto& each : outstanding_)
        if (each.is == asked::state::pending)
            co_await take_back(each, asked::state::cut, hook);
    outstanding_.clear();
}

void hook_runner::forget() noexcept
{
    for (auto& each : outstanding_)
        if (each.is == asked::state::pending)
            (void)each.whom->who->withdraw(each.ticket); // one that is just answering is waited for
    outstanding_.clear();
}

} // namespace postern::runtime
