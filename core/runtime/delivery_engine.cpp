#include "core/runtime/delivery_engine.hpp"

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
constexpr auto parked_for = std::chrono::hours{1}; // at most: somebody wakes them

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
             [this](base::message_id parked) {
                 pump_soon();
                 const auto entry = ledger_.find(parked);
                 const bool waits = entry && (entry->state == queue::life::queued || entry->state == queue::life::deferred);
                 return waits && ledger_.retry_now(parked, clock_.wall());
             }},
      rules_{{loop_, log, metrics, notices, clock, ids_, lines_}}, next_due_{loop_.context().get_executor()}, counts_{metrics},
      work_{loop_.context().get_executor()}
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
            else if (!ledger_.add(stored.id, *record, now))
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
        loop_.context().run(); // until shut_down() took the guard away and every task has ended
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
    if (!ledger_.add(id, what, clock_.wall())) {
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
        pump();
    });
}

void delivery_engine::limit_lines()
{
    const auto current = current_.load();
    const auto& waits = current->retry.retry;
    rules_.forget_all();
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
        const auto due = ledger_.take_due(now);
        if (!due)
            break;
        ++attempts_running_;
        loop_.spawn("attempt", run_attempt(*due));
    }
    if (attempts_running_ < room)
        schedule_pump();
}

/// The clock was set back, maybe before the start: nobody waits for dates that it showed before.
void delivery_engine::bring_forward(base::wall_time now)
{
    const auto count = ledger_.bring_forward(now + queue::longest_delay(current_.load()->retry), now);
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
    }
    counts_.queued.set(static_cast<std::int64_t>(ledger_.size()));
    pump_soon();
}

/// The message waits outside until the line is shorter, or somebody has found that its destination can be reached.
void delivery_engine::park(base::message_id id, const std::string& destination, queue::record what)
{
    const auto until = parked_until(what);
    remember(id, std::move(what));
    const auto wanted = ledger_.put_back(id, until);
    if (wanted == queue::wish::none)
        lines_.park(id, destination);
    else
        loop_.spawn("wish", honour(id, wanted));
}

/// No longer than until somebody has to be told, whatever its destination does.
base::wall_time delivery_engine::parked_until(const queue::record& what) const
{
    const auto now = clock_.wall();
    auto until = now + parked_for;
    const auto policy = queue::own_policy(current_.load()->retry, what.envelope);
    for (const auto told : {what.envelope.received + policy.warn, what.envelope.received + policy.expire})
        if (told > now)
            until = std::min(until, told);
    return until;
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
