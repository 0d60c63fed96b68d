#include "core/runtime/delivery_engine.hpp"

#include "core/base/ascii.hpp"
#include "core/queue/schedule.hpp"
#include "core/runtime/attempt.hpp"
#include "core/runtime/store_await.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

constexpr std::uint8_t engine_lane = 255;
constexpr std::size_t fresh_most = 16384;      // recipients whose records are kept for their next attempt
constexpr std::size_t attempts_per_slot = 4;   // how many attempts may wait in line for each that delivers
constexpr std::size_t started_at_a_time = 256; // attempts, before others have their turn
constexpr base::metric_family deliveries{"postern_deliveries_total", "Recipients by what became of an attempt"};
constexpr auto outside_for = std::chrono::hours{1}; // at most, where plugins route: they may have another way by then

} // namespace

delivery_counts::delivery_counts(base::metrics& in)
    : delivered{in.add_counter(deliveries, {{"result", "delivered"}})}, deferred{in.add_counter(deliveries,
                                                                                                {{"result", "deferred"}})},
      failed{in.add_counter(deliveries, {{"result", "failed"}})}, queued{in.add_gauge(
                                                                      {"postern_queue_messages", "Messages in the queue"})}
{
}

delivery_engine::delivery_engine(published& current, queue::store& store, base::log log, base::metrics& metrics,
                                 const notice_board& notices, const base::clock& clock, std::uint64_t seed, trace_home traces)
    : current_{current}, store_{store}, log_{log}, metrics_{metrics}, notices_{notices}, clock_{clock}, traces_{traces},
      random_{seed}, ids_{clock, random_, engine_lane}, loop_{log}, pool_{loop_}, lookups_{loop_},
      lines_{loop_, log, clock,
             [this](std::string_view destination, std::size_t most) {
                 if (ledger_.let_in(destination, most, clock_.wall()) != 0)
                     pump_soon();
             }},
      rules_{{loop_, current, log, metrics, notices, clock, ids_, lines_}}, next_due_{loop_.context().get_executor()},
      counts_{metrics}, work_{loop_.context().get_executor()}
{
    limit_lines();
}

delivery_engine::~delivery_engine()
{
    if (thread_.joinable())
        shut_down(std::chrono::milliseconds{0});
}

base::result<void> delivery_engine::load()
{
    std::uint64_t cursor = 0;
    const auto now = clock_.wall();
    do {
        const auto promise = std::make_shared<std::promise<base::result<queue::scan_page>>>();
        store_.scan(cursor, [promise](base::result<queue::scan_page> page) { promise->set_value(std::move(page)); });
        const auto page = promise->get_future().get();
        if (!page)
            return page.error();
        for (const auto& stored : page->messages) {
            const auto record = queue::decode(stored.envelope, stored.state);
            if (!record) // it stays in the store, for a version of the program that can read it
                log_.error("not_readable", {{"message", base::to_text(stored.id)}, {"cause", record.error().message()}});
            else if (!ledger_.add(stored.id, *record, now, destination_of(*record)))
                over_.push_back(stored.id); // its removal was lost
        }
        cursor = page->next;
    } while (cursor != 0);
    bring_forward(now);
    counts_.queued.set(static_cast<std::int64_t>(ledger_.size()));
    return {};
}

void delivery_engine::start(std::vector<base::ip_endpoint> own)
{
    own_ = std::move(own);
    boost::asio::post(loop_.context(), [this] {
        for (const auto id : std::exchange(over_, {}))
            loop_.spawn("remove", honour(id, queue::wish::remove));
        pump();
    });
    thread_ = std::thread{[this] {
        loop_.run(); // until shut_down() took the guard away and every task has ended
        ended_.set_value();
    }};
}

void delivery_engine::drain()
{
    boost::asio::post(loop_.context(), [this] {
        stopping_ = true;
        next_due_.cancel();
        pool_.drain();
        lookups_.stop();
        lines_.stop();
        rules_.stop();
        for (auto* one : pauses_)
            one->cancel();
    });
}

void delivery_engine::shut_down(std::chrono::milliseconds grace)
{
    if (!thread_.joinable())
        return;
    drain();
    boost::asio::post(loop_.context(), [this] { work_.reset(); });
    if (ended_future_.wait_for(grace) != std::future_status::ready)
        boost::asio::post(loop_.context(), [this] {
            pool_.interrupt();
            for (auto* one : running_)
                one->cut();
        });
    thread_.join();
}

void delivery_engine::enqueue(base::message_id id, queue::record what)
{
    boost::asio::post(loop_.context(), [this, id, record = std::move(what)]() mutable { add(id, std::move(record)); });
}

void delivery_engine::add(base::message_id id, queue::record what)
{
    if (!ledger_.add(id, what, clock_.wall(), destination_of(what))) {
        log_.error("not_queued", {{"message", base::to_text(id)}, {"cause", "known, or without open recipients"}});
        return;
    }
    counts_.queued.set(static_cast<std::int64_t>(ledger_.size()));
    if (!what.state.held)
        remember(id, std::move(what));
    pump();
}

/// Keeps a record for the message's next attempt, if there is room: one that was accepted a moment ago, or whose state the store
/// could not take.
void delivery_engine::remember(base::message_id id, queue::record what)
{
    const auto recipients = what.envelope.envelope.to.size();
    if (fresh_recipients_ + recipients > fresh_most)
        return;
    fresh_recipients_ += recipients;
    fresh_.emplace(id, std::move(what));
}

void delivery_engine::refresh()
{
    boost::asio::post(loop_.context(), [this] {
        limit_lines();
        (void)ledger_.let_all_in(clock_.wall()); // they may go elsewhere now
        pump();
    });
}

void delivery_engine::limit_lines()
{
    const auto current = current_.load();
    const auto& waits = current->retry.retry;
    rules_.forget_all();
    admissions_.forget_all();
    is_by_domain_ = current->delivery.relay.empty() && current->delivery.transport == "smtp" &&
                    !current->delivery_chain->has(hooks::hook_point::queue_route);
    mx_port_ = current->delivery.mx_port;
    lines_.limit(current->delivery, waits.empty() ? current->delivery.rest.first : waits.front());
}

/// Starts what is due, as far as there is room, and sets the alarm for what comes next.
void delivery_engine::pump()
{
    if (stopping_)
        return;
    const std::size_t room = current_.load()->delivery.concurrency * attempts_per_slot;
    const auto now = clock_.wall();
    if (now < std::exchange(pumped_at_, now))
        bring_forward(now);
    for (std::size_t started = 0; attempts_running_ < room; ++started) {
        if (started == started_at_a_time) {
            pump_soon();
            return;
        }
        const auto due = take_next(now);
        if (!due)
            break;
        ++attempts_running_;
        loop_.spawn("attempt", run_attempt(*due));
    }
    if (attempts_running_ < room)
        schedule_pump();
}

/// Where there is a connection that nobody uses, the next message that goes there; else the one that has waited longest.
std::optional<base::message_id> delivery_engine::take_next(base::wall_time now)
{
    while (!has_idle_.empty()) {
        const auto name = std::move(has_idle_.front());
        has_idle_.pop_front();
        if (lines_.is_closed(name))
            continue;
        if (const auto next = ledger_.take_due_at(name))
            return next;
    }
    return ledger_.take_due(
        now, [this](const queue::ledger_entry& which, std::string_view destination) { return closed_until(which, destination); });
}

/// The name of the one destination of all who are left of that message, if that can be told without asking anybody.
std::string delivery_engine::destination_of(const queue::record& what) const
{
    std::string_view domain;
    if (!is_by_domain_ || what.envelope.expire_at || what.envelope.warn_at) // who has a time of its own is looked at
        return {};
    const auto& to = what.envelope.envelope.to;
    for (std::size_t i = 0; i < to.size(); ++i) {
        if (what.state.recipients[i].status != queue::recipient_status::open)
            continue;
        const std::string_view address = to[i].address;
        const auto at = address.rfind('@');
        if (at == std::string_view::npos || (!domain.empty() && !base::equals_ignoring_case(domain, address.substr(at + 1))))
            return {};
        domain = address.substr(at + 1);
    }
    const auto next = delivery::route::to_domain(domain, mx_port_);
    return next ? next->text() : std::string{};
}

/// Nothing: it goes, be it that its sender is to hear of something.
std::optional<base::wall_time> delivery_engine::closed_until(const queue::ledger_entry& which, std::string_view destination)
{
    if (!is_by_domain_ || urgent_.contains(which.id) || !lines_.is_closed(destination))
        return std::nullopt;
    const auto current = current_.load();
    const auto& policy = current->retry;
    const bool is_warned_of = policy.warn > std::chrono::milliseconds::zero();
    return which.received + (is_warned_of ? std::min(policy.warn, policy.expire) : policy.expire); // maybe over: then it goes too
}

/// The clock was set back, maybe before the start: nobody waits for dates that it showed before.
void delivery_engine::bring_forward(base::wall_time now)
{
    const auto current = current_.load();
    std::chrono::milliseconds longest = queue::longest_delay(current->retry);
    if (const auto& chain = *current->delivery_chain;
        chain.has(hooks::hook_point::queue_retry) || chain.has(hooks::hook_point::queue_admit)) // theirs are dates too
        longest = std::max<std::chrono::milliseconds>(longest, hooks::longest_wait);
    const auto count = ledger_.bring_forward(now + longest, now);
    if (count != 0)
        log_.warning("brought_forward", {{"messages", count}, {"cause", "the clock was set back, or the schedule made shorter"}});
}

/// Not from within an attempt, of which one that needs nobody would begin the next one on its own stack, and so on.
void delivery_engine::pump_soon()
{
    if (std::exchange(pumps_soon_, true))
        return;
    boost::asio::post(loop_.context(), [this] {
        pumps_soon_ = false;
        pump();
    });
}

void delivery_engine::schedule_pump()
{
    const auto next = ledger_.next_due();
    if (!next)
        return;
    next_due_.expires_after(std::max(*next - clock_.wall(), std::chrono::milliseconds{1}));
    next_due_.async_wait([this](const base::error_code& ec) {
        if (!ec)
            pump();
    });
}

io::task<void> delivery_engine::run_attempt(base::message_id id)
{
    auto one = std::make_unique<attempt>(*this, id);
    running_.insert(one.get());
    co_await one->run();
    running_.erase(one.get());
    if (auto way = one->idle_way(); !way.empty() && is_by_domain_)
        has_idle_.push_back(std::move(way));
    one.reset();
    --attempts_running_;
    finished(id);
}

/// Now, whether or not its next hops rest. False: it does not wait.
bool delivery_engine::try_urgently(base::message_id id)
{
    const bool is_due = ledger_.retry_now(id, clock_.wall());
    if (is_due)
        urgent_.insert(id);
    return is_due;
}

/// The record that remember() kept, if it did.
std::optional<queue::record> delivery_engine::take_fresh(base::message_id id)
{
    const auto found = fresh_.find(id);
    if (found == fresh_.end())
        return std::nullopt;
    auto record = std::move(found->second);
    fresh_.erase(found);
    fresh_recipients_ -= record.envelope.envelope.to.size();
    return record;
}

void delivery_engine::finished(base::message_id id)
{
    if (!ledger_.find(id)) {
        (void)take_fresh(id);
        urgent_.erase(id);
        admissions_.forget(id);
    }
    counts_.queued.set(static_cast<std::int64_t>(ledger_.size()));
    pump_soon();
}

/// A message that waits: from now on for its destination, until somebody there was reached or the line is shorter.
void delivery_engine::wait_outside(base::message_id id, const std::string& destination, const queue::record& what)
{
    ledger_.wait_outside(id, destination, outside_until(what));
    lines_.has_outside(destination);
}

/// No longer than until somebody has to be told, whatever its destination does.
base::wall_time delivery_engine::outside_until(const queue::record& what) const
{
    const auto now = clock_.wall();
    const auto current = current_.load();
    const auto policy = queue::own_policy(current->retry, what.envelope);
    auto until = base::wall_time::max();
    for (const auto told : {what.envelope.received + policy.warn, what.envelope.received + policy.expire})
        if (told > now)
            until = std::min(until, told);
    const bool may_be_routed = current->delivery_chain->has(hooks::hook_point::queue_route);
    return may_be_routed || until == base::wall_time::max() ? std::min(until, now + outside_for) : until;
}

/// False: the server is going away.
io::task<bool> delivery_engine::pause(std::chrono::milliseconds how_long)
{
    if (stopping_)
        co_return false;
    io::timer timer{loop_.context().get_executor(), how_long};
    pauses_.insert(&timer);
    base::error_code ec; // cancelled: stopping
    co_await timer.async_wait(io::asio::redirect_error(io::use_task, ec));
    pauses_.erase(&timer);
    co_return !stopping_;
}

} // namespace postern::runtime
