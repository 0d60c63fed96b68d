#include "core/runtime/server.hpp"

#include "core/io/interface_addresses.hpp"
#include "core/runtime/connection_counts.hpp"
#include "core/runtime/delivery_engine.hpp"
#include "core/runtime/intake.hpp"
#include "core/runtime/notice_board.hpp"
#include "core/runtime/published.hpp"
#include "core/runtime/submissions.hpp"
#include "core/runtime/trace_notes.hpp"
#include "core/runtime/worker.hpp"

#include <algorithm>
#include <csignal>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>
#include <utility>

namespace postern::runtime {

namespace {

constexpr unsigned most_threads = 200; // lanes of id_source below the delivery engine's

std::uint64_t fresh_seed()
{
    std::random_device device;
    return std::uint64_t{device()} << 32U | device();
}

bool is_unix(const std::string& address)
{
    return address.starts_with("unix:");
}

} // namespace

struct server::state {
    state(std::vector<listener_address> where, std::shared_ptr<const generation> first, queue::store& store, base::log to,
          unsigned threads, base::metrics* into, trace_keeper* records)
        : addresses{std::move(where)}, current{std::move(first)}, log{to}, own_metrics{into == nullptr
                                                                                           ? std::make_unique<base::metrics>()
                                                                                           : nullptr},
          metrics{into == nullptr ? *own_metrics : *into}, traces{live, records, clock}, deliveries{current,      store,   to,
                                                                                                    metrics,      notices, clock,
                                                                                                    fresh_seed(), traces},
          messages{store, deliveries, clock, metrics}, submitted{messages, notices, clock, to, fresh_seed()},
          open_connections{metrics.add_gauge({"postern_connections", "Connections that are open"})}
    {
        notices.publish(current.load()->observers);
        const unsigned wanted = threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
        for (unsigned lane = 0; lane < std::min(wanted, most_threads); ++lane)
            workers.push_back(std::make_unique<worker>(static_cast<std::uint8_t>(lane), fresh_seed(), current, messages, counts,
                                                       to, metrics, notices, clock, traces));
    }

    std::vector<listener_address> addresses;
    published current;
    base::log log;
    base::system_clock clock;
    std::unique_ptr<base::metrics> own_metrics; // when nobody brought some
    base::metrics& metrics;
    notice_board notices{clock};
    tracer live{clock};
    trace_home traces;
    delivery_engine deliveries;
    intake messages;
    submissions submitted;
    connection_counts counts;
    base::gauge& open_connections; // what was open when somebody asked last
    std::vector<std::unique_ptr<worker>> workers;
    std::map<std::string, std::string, std::less<>> bound;
    std::shared_mutex running_guard; // shared: an operator's question is with the delivery thread, which has to live
    bool has_queue = false;
    bool is_running = false;
    bool has_ended = false;
};

server::server(std::vector<listener_address> addresses, std::shared_ptr<const generation> first, queue::store& store,
               base::log log, unsigned threads, base::metrics* metrics, trace_keeper* records)
    : state_{std::make_unique<state>(std::move(addresses), std::move(first), store, log, threads, metrics, records)}
{
}

server::~server()
{
    shut_down(std::chrono::milliseconds{0});
}

base::result<void> server::bind(std::string& what_failed)
{
    for (const auto& [name, address] : state_->addresses) {
        auto& first = *state_->workers.front();
        const auto opened = first.listen(name, address, false);
        if (!opened) {
            what_failed = "listener " + name + ": " + address + ": " + opened.error().message();
            return opened;
        }
        const auto real = first.last_address();
        state_->bound[name] = real;
        for (std::size_t i = 1; i < state_->workers.size() && !is_unix(address); ++i) {
            const auto shared = state_->workers[i]->listen(name, real, true);
            if (!shared) {
                what_failed = "listener " + name + ": " + real + ": " + shared.error().message();
                return shared;
            }
        }
    }
    return {};
}

std::string server::bound_address(std::string_view name) const
{
    const auto found = state_->bound.find(name);
    return found == state_->bound.end() ? std::string{} : found->second;
}

base::result<void> server::load_queue()
{
    if (state_->has_queue)
        return {};
    const auto loaded = state_->deliveries.load();
    state_->has_queue = loaded.has_value();
    return loaded;
}

base::result<void> server::start()
{
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes with write(2): a peer that has gone must be an error, not our end
    if (const auto loaded = load_queue(); !loaded)
        return loaded;
    std::vector<base::ip_endpoint> own;
    for (const auto& [name, address] : state_->bound)
        if (const auto endpoint = base::ip_endpoint::from_text(address))
            own.push_back(*endpoint);
    state_->deliveries.start(delivery::reached_at(own, io::interface_addresses()));
    for (auto& one : state_->workers)
        one->start();
    const std::unique_lock lock{state_->running_guard};
    state_->is_running = true;
    return {};
}

void server::publish(std::shared_ptr<const generation> next)
{
    state_->notices.publish(next->observers);
    state_->current.store(std::move(next));
    const std::shared_lock lock{state_->running_guard};
    if (state_->is_running)
        state_->deliveries.refresh();
}

void server::shut_down(std::chrono::milliseconds grace)
{
    {
        const std::unique_lock no_operator{state_->running_guard};
        state_->has_ended = true;
        if (!std::exchange(state_->is_running, false))
            return;
    }
    const auto until = std::chrono::steady_clock::now() + grace;
    state_->deliveries.drain(); // what is accepted from now on is delivered by the next process
    for (auto& one : state_->workers)
        one->drain();
    for (auto& one : state_->workers)
        if (one->drained().wait_until(until) != std::future_status::ready)
            one->interrupt();
    for (auto& one : state_->workers)
        one->join();
    state_->submitted.close();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    state_->deliveries.shut_down(std::max(left, std::chrono::milliseconds{0}));
}

std::vector<queue_item> server::queue_list(base::message_id after, std::size_t limit)
{
    const std::shared_lock lock{state_->running_guard};
    if (!state_->is_running)
        return {};
    return state_->deliveries.list(after, limit);
}

std::optional<queue_item> server::queue_show(base::message_id id)
{
    const std::shared_lock lock{state_->running_guard};
    if (!state_->is_running)
        return std::nullopt;
    return state_->deliveries.show(id);
}

bool server::queue_change(base::message_id id, queue_command what)
{
    const std::shared_lock lock{state_->running_guard};
    return state_->is_running && state_->deliveries.change(id, what);
}

std::size_t server::queue_flush()
{
    const std::shared_lock lock{state_->running_guard};
    return state_->is_running ? state_->deliveries.flush() : 0;
}

std::vector<destination_item> server::queue_destinations(std::string_view after, std::size_t limit)
{
    const std::shared_lock lock{state_->running_guard};
    if (!state_->is_running)
        return {};
    return state_->deliveries.destinations(std::string{after}, limit);
}

void server::queue_suspend(delivery::suspensions all)
{
    const std::shared_lock lock{state_->running_guard};
    if (!state_->has_ended)
        state_->deliveries.suspend(std::move(all));
}

tracer& server::tracing() noexcept
{
    return state_->live;
}

bool server::queue_try(queue::domain_wish what)
{
    const std::shared_lock lock{state_->running_guard, std::try_to_lock}; // held alone only while it starts or ends
    return lock.owns_lock() && state_->is_running && state_->deliveries.try_now(std::move(what));
}

bool server::submit(queue::submission what, queue::completion<base::message_id> done)
{
    const std::shared_lock lock{state_->running_guard, std::try_to_lock};
    return lock.owns_lock() && state_->is_running && state_->submitted.begin(std::move(what), std::move(done));
}

/// Of everybody, in the order of the configuration.
std::vector<answer_status> server::answers() const
{
    std::vector<answer_status> out;
    const auto current = state_->current.load();
    for (const auto& link : current->delivery_chain->all()) {
        for (unsigned i = 1; link.health != nullptr && i < hooks::hook_point_count; ++i) {
            const auto hook = static_cast<hooks::hook_point>(i);
            const auto* const times = link.health->times_at(hook);
            const auto count = times == nullptr ? 0 : times->count();
            const bool is_open = link.health->breaker_at(hook).is_open();
            const auto share = [&](double q) {
                return std::chrono::nanoseconds{count == 0 ? 0 : static_cast<std::int64_t>(times->quantile(q))};
            };
            if (count != 0 || is_open)
                out.push_back({link.who->name(), hook, count, share(0.5), share(0.99), is_open});
        }
    }
    return out;
}

server_status server::status() const
{
    const auto& counts = state_->deliveries.counts();
    server_status status;
    status.connections = state_->counts.open();
    status.accepted = state_->messages.accepted();
    status.queued = static_cast<std::uint64_t>(counts.queued.value());
    status.delivered = counts.delivered.value();
    status.deferred = counts.deferred.value();
    status.failed = counts.failed.value();
    status.answers = answers();
    return status;
}

void server::tell(const hooks::notice& what) const noexcept
{
    state_->notices.tell(what);
}

std::string server::metrics_text() const
{
    state_->open_connections.set(static_cast<std::int64_t>(state_->counts.open()));
    return state_->metrics.text();
}

} // namespace postern::runtime
