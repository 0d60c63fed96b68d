#pragma once
// One serving thread: its loop, its listening sockets and the connections that live on it.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/io/listener.hpp"
#include "core/io/loop.hpp"
#include "core/runtime/connection.hpp"
#include "core/runtime/connection_counts.hpp"
#include "core/runtime/intake.hpp"
#include "core/runtime/proxied_arrival.hpp"
#include "core/runtime/published.hpp"
#include "core/runtime/refusal_log.hpp"
#include "core/runtime/server.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace postern::runtime {

/// Threads: listen() before start(); start, shut_down and join from the owner's; the rest on its own.
class worker {
public:
    worker(std::uint8_t lane, std::uint64_t seed, published& current, intake& messages, connection_counts& counts, base::log log,
           base::metrics& metrics, const notice_board& notices, const base::clock& clock, trace_home traces);
    ~worker();

    [[nodiscard]] base::result<void> listen(const std::string& profile, const std::string& address, bool shared);
    /// Of the listener opened last.
    [[nodiscard]] const std::string& last_address() const { return listeners_.back().second->address(); }

    void start();
    /// Stops accepting and ends connections at their next boundary, or at once. [any]
    void drain();
    void interrupt();
    /// Ready when nothing runs any more.
    [[nodiscard]] std::future<void>& drained() noexcept { return drained_future_; }
    void join();

private:
    [[nodiscard]] io::task<void> accept(const std::string& profile, io::listener& from);
    [[nodiscard]] io::task<void> hear(std::shared_ptr<const listener_profile> profile, io::accepted from,
                                      connection_counts::place place);
    void welcome(const std::string& profile, io::accepted from);
    void begin(std::shared_ptr<const listener_profile> profile, const connection_limits& limits, io::accepted from,
               connection_counts::place place);
    void refuse_one_too_many(const listener_profile& profile, io::accepted from);
    void turn_away(const std::string& profile, const base::ip_endpoint& from, std::string_view why);

    published& current_;
    connection_counts& counts_;
    base::log log_;
    base::seeded_random random_;
    base::id_source ids_;
    io::loop loop_;
    connection_home home_;
    refusal_log refusals_;
    base::counter& welcomed_;
    base::counter& turned_away_;
    std::vector<std::pair<std::string, std::unique_ptr<io::listener>>> listeners_;
    boost::intrusive::list<connection, boost::intrusive::constant_time_size<false>> connections_;
    boost::intrusive::list<proxied_arrival, boost::intrusive::constant_time_size<false>> arrivals_;
    boost::asio::executor_work_guard<io::executor> work_;
    std::promise<void> drained_;
    std::future<void> drained_future_ = drained_.get_future();
    std::thread thread_;
};

} // namespace postern::runtime
