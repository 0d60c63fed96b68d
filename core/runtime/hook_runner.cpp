#include "core/runtime/hook_runner.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>
#include <utility>

namespace postern::runtime {

namespace {

using passage = hooks::breaker::passage;
using change = hooks::breaker::change;

/// A number that no event of this thread has yet.
std::uint64_t next_view() noexcept
{
    static thread_local std::uint64_t last = 0;
    return ++last;
}

/// When a thread has last timed a walk of a chain at a hook, and how many it has made since.
struct timing {
    base::instant last{};
    std::uint32_t skipped = 0;
};
constexpr std::size_t timed_chains = 16; // one more shares with another
thread_local std::array<std::array<timing, hooks::hook_point_count>, timed_chains> timings;

/// Where who is asked by this thread writes; blank between calls. One a session would be half a KiB of each idle one.
thread_local hooks::plugin_reply blank_answer;

/// As a plugin finds it: what one writes who then passes or fails must not become another's.
void clear(hooks::plugin_reply& reply)
{
    const bool is_blank = reply.verdict == hooks::verdict_kind::proceed && !reply.vouches && reply.smtp_code == 0 &&
                          reply.score == 0 && reply.enhanced.empty() && reply.text.empty() && reply.edits.empty() &&
                          !reply.more && !reply.out && !reply.login && !reply.dsn && !reply.shape && reply.failure.empty();
    if (!is_blank)
        reply = {};
}

/// Those of a walk who passed one after the other, of whom nothing else is to be told. A chain mostly passes.
class passes {
public:
    passes(trace_notes* to, const hooks::chain& order, hooks::hook_point hook) noexcept : to_{to}, order_{order}, hook_{hook} {}

    void add(std::size_t place)
    {
        if (place != first_ + count_ || count_ == hooks::trail::most_passed)
            tell();
        if (count_ == 0)
            first_ = place;
        ++count_;
    }
    void tell()
    {
        if (const auto count = std::exchange(count_, 0); count != 0 && to_ != nullptr)
            to_->passed(hook_, count, order_.names(hook_, first_, count));
    }

private:
    trace_notes* to_;
    const hooks::chain& order_;
    hooks::hook_point hook_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

} // namespace

/// How often the times of this walk count; 0: it is not timed.
std::uint32_t hook_runner::weight_of_walk(const hooks::chain& order, hooks::hook_point hook, base::instant now) const
{
    if (time_every_ == std::chrono::nanoseconds{} || (notes_ != nullptr && notes_->is_seen()))
        return 1;
    auto& mine = timings[order.number() % timed_chains][static_cast<std::size_t>(hook)];
    if (now - mine.last < time_every_) {
        ++mine.skipped;
        return 0;
    }
    mine.last = now;
    return std::exchange(mine.skipped, 0) + 1;
}

void** hook_runner::seat_of(const hooks::link& whom)
{
    const auto& all = order_->all();
    if (whom.position >= all.size() || &all[whom.position] != &whom)
        return nullptr; // of another chain
    if (seats_.empty())
        seats_.resize(all.size());
    return &seats_[whom.position];
}

void hook_runner::end(std::span<const std::shared_ptr<const hooks::chain>> more) noexcept
{
    port_->end(*order_, more);
    seats_.clear();
}

/// Each one sees what those before it made of the message.
void hook_runner::show(const hooks::chain_run& run, hooks::event& what) const
{
    if (run.chunk())
        what.chunk = *run.chunk();
    if (what.blob != nullptr)
        what.blob->refresh();
    what.view = next_view();
}

bool hook_runner::advance(hooks::chain_run& run, hooks::event& what)
{
    assert(outstanding_.empty());
    const auto* const first = run.next();
    return first == nullptr || walk(run, what, first, clock_.now());
}

/// Asks `from` and those behind it, until the outcome stands (true) or somebody answers later. The moment at which one has
/// answered is that at which the next is asked: one look at the clock a call, and one more.
bool hook_runner::walk(hooks::chain_run& run, hooks::event& what, const hooks::link* from, base::instant now)
{
    const auto counts = weight_of_walk(run.order(), what.hook, now);
    const bool is_summed = counts == 0 && what.hook != hooks::hook_point::msg_body; // nobody looks on, then
    passes row{notes_, run.order(), what.hook};
    bool is_news = true;
    for (const auto* link = from; link != nullptr; link = run.next()) {
        if (std::exchange(is_news, false))
            show(run, what);
        auto one = ask(*link, what, now, counts);
        if (one.is == asked::state::passed && is_summed) {
            run.passed();
            row.add(run.place());
            continue;
        }
        row.tell();
        if (one.is == asked::state::pending) {
            waiting_since_ = one.since;
            outstanding_.push_back(std::move(one));
            ask_along(run, what);
            return false;
        }
        is_news = one.is == asked::state::answered; // nothing else changes what the next one sees
        now = one.done;
        settle(run, one, what);
    }
    row.tell();
    return true;
}

hook_runner::asked hook_runner::ask(const hooks::link& whom, hooks::event& what, base::instant now, std::uint32_t counts)
{
    if (what.message != nullptr && what.message->transaction != transaction_) {
        transaction_ = what.message->transaction;
        budget_.renew();
    }
    const auto left = budget_.left(hooks::phase_of(what.hook));
    asked one{whom, now};
    one.until = now + std::min(whom.deadline, left);
    one.lane = outstanding_.empty() ? 0 : free_lane();
    one.counts = counts;
    one.is_hurried = left < whom.deadline;
    one.score = what.message != nullptr ? what.message->score : 0;
    const bool is_watched = whom.health != nullptr && !whom.observes(what.hook);
    if (is_watched) {
        one.passage = whom.health->breaker_at(what.hook).admit(now);
        if (one.passage == passage::refused) {
            one.is = asked::state::refused;
            return one;
        }
    }
    what.seat = seat_of(whom);
    auto& answer = blank_answer;
    const auto called = one.lane == 0 ? whom.who->call(what, one.until, first_lane_, answer)
                                      : whom.who->call(what, one.until, port_->lane(one.lane), answer);
    if (called.status == hooks::call_status::answered)
        one.reply = std::move(answer);
    clear(answer);
    switch (called.status) {
    case hooks::call_status::answered:
        one.is = asked::state::answered;
        break;
    case hooks::call_status::passed:
        one.is = asked::state::passed;
        if (counts == 0 && one.passage == passage::call) { // as learn() would, which has more to find out
            if (is_watched)
                (void)whom.health->breaker_at(what.hook).succeeded(passage::call);
            return one;
        }
        break;
    case hooks::call_status::pending:
        one.ticket = called.ticket;
        one.counts = 1;    // they are all timed
        if (counts == 0) { // `now` is the walk's: those before it may have taken a while
            one.since = clock_.now();
            one.until = one.since + std::min(whom.deadline, left);
        }
        return one;
    case hooks::call_status::failed:
        one.is = asked::state::failed;
        break;
    }
    if (counts != 0)
        one.done = clock_.now();
    learn(one, what.hook);
    return one;
}

/// What an answer, or its absence, says about the plugin. An answer that breaks a rule is one: who gave it is alive. A time that
/// the phase's budget cut short is not held against it.
void hook_runner::learn(asked& from, hooks::hook_point hook)
{
    using enum asked::state;
    const auto& health = from.whom->health;
    if (health == nullptr)
        return;
    if (from.counts != 0 && from.is != cut)
        count(from, hook);
    if (from.whom->observes(hook))
        return;
    auto& breaker = health->breaker_at(hook);
    const bool has_failed =
        from.is == failed || (from.is == late && !from.is_hurried) || (from.is == answered && !from.reply->failure.empty());
    auto became = change::none;
    if (has_failed)
        became = breaker.failed(from.passage, from.done);
    else if (from.is == cut || from.is == late)
        breaker.undecided(from.passage, from.done);
    else
        became = breaker.succeeded(from.passage);
    if (became != change::none)
        tell_breaker(*from.whom, hook, became == change::opened);
}

void hook_runner::count(const asked& from, hooks::hook_point hook) const
{
    if (auto* const times = from.whom->health->times_at(hook))
        times->observe((from.done - from.since).count(), from.counts);
}

void hook_runner::tell_breaker(const hooks::link& whom, hooks::hook_point of, bool is_open) const
{
    const auto hook = hooks::name_of(of);
    metrics_
        .add_gauge({"postern_plugin_breaker_open", "Whether a plugin is not asked at a hook since it failed too often"},
                   {{"plugin", whom.who->name()}, {"hook", hook}})
        .set(is_open ? 1 : 0);
    log_.warning("plugin.breaker", {{"plugin", whom.who->name()}, {"hook", hook}, {"state", is_open ? "open" : "closed"}});
}

/// Gives `one`'s answer to the walk.
void hook_runner::settle(hooks::chain_run& run, asked& one, const hooks::event& what)
{
    if (one.is == asked::state::passed) {
        run.passed();
        note(run, {}, one, what);
        return;
    }
    hooks::call_note said;
    std::string texts; // the run takes the reply's
    if (one.is == asked::state::answered && notes_ != nullptr && notes_->is_wanted()) {
        const auto& reply = *one.reply;
        texts = reply.enhanced + reply.text;
        said.verdict = reply.verdict;
        said.vouches = reply.vouches;
        said.smtp_code = reply.smtp_code;
        said.score = reply.score;
        said.enhanced = std::string_view{texts}.substr(0, reply.enhanced.size());
        said.text = std::string_view{texts}.substr(reply.enhanced.size());
    }
    switch (one.is) {
    case asked::state::answered:
        run.answered(std::move(*one.reply));
        break;
    case asked::state::passed:
        break;
    case asked::state::failed:
        run.failed("the plugin reported a failure");
        break;
    case asked::state::late:
        run.failed(one.is_hurried ? "no answer within what the phase's budget left" : "no answer within its deadline");
        break;
    case asked::state::refused:
        run.failed("its breaker is open");
        break;
    case asked::state::pending:
    case asked::state::cut:
        run.cut_short();
        break;
    }
    // That the breaker is open was told when it opened: once is enough.
    const auto level = one.is == asked::state::refused ? base::log_level::debug : base::log_level::warning;
    if (!run.failure().empty())
        report(run.failure(), *one.whom, what, level);
    note(run, said, one, what);
}

/// What the run made of it is known: a failure counts, whatever was said, and edits are in the journal.
void hook_runner::note(const hooks::chain_run& run, hooks::call_note said, const asked& of, const hooks::event& about) const
{
    if (notes_ == nullptr || !notes_->is_wanted())
        return;
    said.hook = about.hook;
    said.plugin = of.whom->who->name();
    said.failure = run.failure();
    if (of.counts != 0)
        said.took = of.done - of.since;
    notes_->called(said, about.message);
}

void hook_runner::notify(const hooks::event& what, const hooks::chain* also)
{
    tell(*order_, what, nullptr);
    if (also != nullptr && also != order_.get())
        tell(*also, what, order_.get());
}

/// Those of `order` who are not in `but`.
void hook_runner::tell(const hooks::chain& order, const hooks::event& what, const hooks::chain* but)
{
    const auto& links = order.links(what.hook);
    if (links.empty())
        return;
    asked one;
    one.since = clock_.now();
    one.counts = weight_of_walk(order, what.hook, one.since);
    auto shown = what;
    shown.view = next_view();
    for (const auto* link : links) {
        if (but != nullptr && but->has(what.hook, *link->who))
            continue;
        shown.seat = seat_of(*link);
        hooks::plugin_reply nobody_reads;
        const auto called = link->who->call(shown, base::instant{}, first_lane_, nobody_reads);
        if (called.status == hooks::call_status::failed)
            report("the plugin reported a failure", *link, what, base::log_level::warning);
        if (one.counts == 0 || link->health == nullptr)
            continue;
        one.whom = link;
        one.done = clock_.now();
        count(one, what.hook);
        one.since = one.done;
    }
}

void hook_runner::report(std::string_view why, const hooks::link& whom, const hooks::event& what, base::log_level as) const
{
    const auto hook = hooks::name_of(what.hook);
    metrics_
        .add_counter({"postern_plugin_failures_total", "Calls in which a plugin failed"},
                     {{"plugin", whom.who->name()}, {"hook", hook}})
        .add();
    log_.write(as, "plugin_failed",
               {{"session", base::to_text(what.session)}, {"plugin", whom.who->name()}, {"hook", hook}, {"cause", why}});
    notices_.tell({.kind = hooks::notice_kind::plugin_failed,
                   .session = what.session,
                   .plugin = whom.who->name(),
                   .hook = hook,
                   .text = why});
}

} // namespace postern::runtime
