#include "tests/bench/contest.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/plugin_servers.hpp"
#include "tests/bench/stored_queue.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <sched.h>

namespace postern::bench {
namespace {

constexpr int rounds = 3;

/// CPU of a message along the points, and how it has grown since the first, for each server; `per_octet`: of an octet.
class curve {
public:
    curve(std::string title, bool per_octet, report& out) : per_octet_{per_octet}, results_{&out.table(std::move(title))} {}

    void add(const std::string& at, const workload& load, const std::vector<contestant>& servers)
    {
        for (const auto& each : servers) {
            if (!each.has_result())
                continue;
            const auto name = each.server->name();
            const double cost = median(each.rounds.server_cpu) / (per_octet_ ? load.size : 1);
            auto first = std::find_if(first_.begin(), first_.end(), [&](const auto& old) { return old.first == name; });
            if (first == first_.end())
                first = first_.insert(first_.end(), {name, cost});
            auto& row = results_->add(at, name);
            row.figure("CPU s/1000", per_thousand(each.rounds.server_cpu), 4);
            if (per_octet_)
                row.figure("CPU ns/octet", cost * 1000, 3);
            row.figure("messages/s", each.rounds.rate).compare("growth", cost, first->second);
            row.figure("peak MB", megabytes(each.server->peak_memory()), 1).bottleneck(bottleneck_of(each.rounds.busy));
            if (each.is_ours && name != "epoll sink")
                row.judge("scaling.growth", cost / first->second);
        }
    }

private:
    bool per_octet_;
    result_table* results_;
    std::vector<std::pair<std::string, double>> first_;
};

[[nodiscard]] std::vector<contestant> sink_and_us()
{
    std::vector<contestant> all;
    all.emplace_back(make_epoll_sink(), true);
    all.emplace_back(make_postern_discard(), true);
    return all;
}

void along_sessions(const setting& in, report& out)
{
    curve results{"accept and discard 4 KB, by sessions", false, out};
    auto servers = sink_and_us();
    for (const unsigned sessions : {1U, 10U, 100U, 500U, 1000U, 2000U}) {
        workload load{.name = fmt::format("{} sessions", sessions), .size = 4000, .sessions = sessions};
        // Enough for each connection that its own cost is little beside that of its messages.
        constexpr unsigned messages_each = 20;
        load.messages = in.messages(std::max(sessions == 1 ? 4000U : 10000U, messages_each * sessions), sessions);
        contend(in, servers, load, in.rounds(rounds), out);
        results.add(load.name, load, servers);
    }
}

void along_sizes(const setting& in, report& out)
{
    constexpr unsigned octets = 200'000'000;
    curve results{"accept and discard, by size", true, out};
    auto servers = sink_and_us();
    // From 50 KB on octets are what costs; of smaller ones it is the message, which has a table of its own.
    for (const unsigned size : {50'000U, 500'000U, 5'000'000U, 25'000'000U}) {
        workload load{.name = fmt::format("{} KB", size / 1000), .size = size};
        load.messages = in.messages(std::clamp(octets / size, 20U, 10000U));
        contend(in, servers, load, in.rounds(rounds), out);
        results.add(load.name, load, servers);
    }
    curve small{"accept and discard, small messages", false, out};
    for (const unsigned size : {1000U, 4000U}) {
        workload load{.name = fmt::format("{} KB", size / 1000), .size = size, .messages = in.messages(10000)};
        contend(in, servers, load, in.rounds(rounds), out);
        small.add(load.name, load, servers);
    }
}

void along_plugins(const setting& in, report& out)
{
    auto& results = out.table("accept and discard 4 KB, by plugins without an opinion");
    std::vector<contestant> servers;
    for (const unsigned count : {0U, 1U, 4U, 10U, 32U})
        servers.emplace_back(make_with_pass_through(count, 0), true);
    contend(in, servers, {.name = "plugins", .size = 4000, .messages = in.messages(10000)}, in.rounds(rounds + 2), out);
    const auto& none = servers.front().rounds;
    for (const auto& each : servers)
        if (each.has_result() && !none.rate.empty())
            results.add("4 KB", each.server->name())
                .figure("CPU s/1000", per_thousand(each.rounds.server_cpu), 4)
                .figure("messages/s", each.rounds.rate)
                .compare("growth", median(each.rounds.server_cpu), median(none.server_cpu))
                .figure("peak MB", megabytes(each.server->peak_memory()), 1)
                .bottleneck(bottleneck_of(each.rounds.busy));
}

/// Keeps this thread, and what is started meanwhile, on the first cores: a server has as many threads as it sees cores.
class confined {
public:
    explicit confined(unsigned cores)
    {
        ::sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t few;
        CPU_ZERO(&few);
        for (unsigned core = 0, found = 0; core < CPU_SETSIZE && found < cores; ++core)
            if (CPU_ISSET(core, &before_)) {
                CPU_SET(core, &few);
                ++found;
            }
        ::sched_setaffinity(0, sizeof few, &few);
    }
    ~confined() { ::sched_setaffinity(0, sizeof before_, &before_); }
    confined(const confined&) = delete;
    confined& operator=(const confined&) = delete;

private:
    cpu_set_t before_{};
};

[[nodiscard]] std::unique_ptr<subject> make_on_cores(unsigned cores)
{
    const confined here{cores};
    return make_postern(discarding({}), false, fmt::format("Postern, {} thread{}", cores, cores == 1 ? "" : "s"));
}

void along_threads(const setting& in, report& out)
{
    std::vector<contestant> servers;
    for (const unsigned cores : {1U, 2U}) {
        if (cores > all_cores()) {
            out.note(fmt::format("{} threads are left out: this machine has {} core", cores, all_cores()));
            continue;
        }
        servers.emplace_back(make_on_cores(cores), true);
    }
    auto& results = out.table("accept and discard, by threads");
    for (auto load : {workload{.name = "W1 50 KB", .size = 50000, .messages = 5000},
                      workload{.name = "W2 4 KB", .size = 4000, .messages = 10000}}) {
        load.messages = in.messages(load.messages);
        contend(in, servers, load, in.rounds(rounds + 2), out);
        const auto& one = servers.front().rounds;
        for (const auto& each : servers)
            if (each.has_result() && !one.rate.empty())
                results.add(load.name, each.server->name())
                    .figure("CPU s/1000", per_thousand(each.rounds.server_cpu), 4)
                    .figure("messages/s", each.rounds.rate)
                    .compare("growth", median(each.rounds.server_cpu), median(one.server_cpu))
                    .figure("peak MB", megabytes(each.server->peak_memory()), 1)
                    .bottleneck(bottleneck_of(each.rounds.busy))
                    .judge("scaling.growth", median(each.rounds.server_cpu) / median(one.server_cpu));
    }
}

void along_queue(const setting& in, report& out)
{
    const char* given = std::getenv("POSTERN_BENCH_MESSAGES");
    const std::size_t most = given != nullptr ? std::strtoul(given, nullptr, 10) : in.quick ? 10'000 : 1'000'000;
    curve results{"accept durably 4 KB, by the length of the queue", false, out};
    const test::tcp_listener silent;
    for (const std::size_t length : {std::size_t{0}, std::size_t{10'000}, std::size_t{100'000}, std::size_t{1'000'000}}) {
        if (length > most) {
            out.note(fmt::format("a queue of {} is left out", length));
            continue;
        }
        const test::temporary_folder folder;
        constexpr std::chrono::milliseconds later = std::chrono::hours{1};
        (void)store_messages(folder.path(), length, [&](std::size_t i) {
            return stored{.recipient = fmt::format("user{}@d{}.example", i, i % 10'000), .next_attempt_in = later};
        });
        auto what = without_limits_per_address();
        what.listener("in", {"relay-domains"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .section("delivery", fmt::format("relay = \"127.0.0.1:{}\"\ntls = \"none\"", silent.port()));
        std::vector<contestant> servers;
        servers.emplace_back(make_postern(what, true, "Postern", folder.path()), true);
        const workload load{.name = fmt::format("{} messages", length), .size = 4000, .messages = in.messages(4000)};
        contend(in, servers, load, in.rounds(rounds), out);
        results.add(load.name, load, servers);
    }
}

} // namespace

void scaling(const setting& in, report& out)
{
    along_sessions(in, out);
    along_sizes(in, out);
    along_plugins(in, out);
    along_threads(in, out);
    along_queue(in, out);
    out.note("growth: CPU of a message, or of an octet, as a multiple of the first row of the same server");
}

} // namespace postern::bench
