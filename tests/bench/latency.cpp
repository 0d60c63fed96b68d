#include "tests/bench/contest.hpp"
#include "tests/bench/open_loop.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <memory>
#include <vector>

namespace postern::bench {
namespace {

constexpr int rounds = 3;
constexpr unsigned most_open = 1000; // connections; the wait of those behind them counts
constexpr unsigned capacity_sessions = 20;

struct load_level {
    std::string_view name;
    double part; ///< of the capacity
};
constexpr std::array levels{load_level{"half load", 0.5}, load_level{"full load", 1.0}};

/// p50, p99 and p99.9 of each step, one value a round.
struct quantiles {
    std::array<std::array<std::vector<double>, 3>, step_names.size()> of;
    void add(const observed_latency& seen)
    {
        constexpr std::array parts{0.5, 0.99, 0.999};
        for (std::size_t step = 0; step < of.size(); ++step)
            for (std::size_t i = 0; i < parts.size(); ++i)
                of[step][i].push_back(quantile(seen.us[step], parts[i]));
    }
};

struct candidate {
    std::string_view kind;
    std::unique_ptr<subject> server;
    bool is_ours = false;
    double capacity = 0;
    std::array<quantiles, levels.size()> at{};
    std::array<std::vector<usage>, levels.size()> busy{};
    std::array<std::vector<double>, levels.size()> rate{};
    std::array<std::vector<double>, levels.size()> server_cpu{}; ///< microseconds a message
};

[[nodiscard]] usage usage_of(subject& server, std::chrono::nanoseconds cpu_before, const machine_watch& machine,
                             std::chrono::duration<double> took, const observed_latency& seen)
{
    usage busy;
    machine.read(busy);
    busy.generator = seen.generator;
    busy.server = std::chrono::duration<double>{server.cpu() - cpu_before}.count() / took.count() / server.cores();
    return busy;
}

/// Offers it, and insists that the server has counted every message.
[[nodiscard]] observed_latency offer_and_count(const setting& in, candidate& one, const offered_load& what, usage& busy)
{
    const auto before = one.server->messages();
    const machine_watch machine{in.disk.sync_us};
    const auto cpu = one.server->cpu();
    const auto begin = std::chrono::steady_clock::now();
    auto seen = offer(one.server->port(), what);
    busy = usage_of(*one.server, cpu, machine, std::chrono::steady_clock::now() - begin, seen);
    const auto is_complete = [&] { return one.server->messages().value_or(0) == *before + seen.messages(); };
    if (before && !test::eventually(is_complete, std::chrono::seconds{10}))
        throw dishonest{fmt::format("{}: of {} messages it has {}", one.server->name(), seen.messages(),
                                    one.server->messages().value_or(0) - *before)};
    return seen;
}

/// `sync_us`: of the device, while this was measured.
void add_rows(double sync_us, const candidate& one, result_table& capacities, result_table& results)
{
    for (std::size_t level = 0; level < levels.size(); ++level) {
        if (one.rate[level].empty())
            continue;
        capacities.add(fmt::format("{}, {}", one.kind, levels[level].name), one.server->name())
            .figure("offered/s", one.capacity * levels[level].part)
            .figure("done/s", one.rate[level])
            .figure("CPU s/1000", per_thousand(one.server_cpu[level]), 3)
            .figure("peak MB", megabytes(one.server->peak_memory()), 1)
            .bottleneck(bottleneck_of(one.busy[level]));
        for (std::size_t step = 0; step < step_names.size(); ++step) {
            const auto& [p50, p99, p999] = one.at[level].of[step];
            auto& row =
                results.add(fmt::format("{}, {}: {}", one.kind, levels[level].name, step_names[step]), one.server->name());
            row.figure("p50 us", p50).figure("p99 us", p99).figure("p99.9 us", p999);
            if (one.kind != "durable" || step + 1 != step_names.size())
                continue;
            row.compare("p99 to sync", median(p99), sync_us);
            if (one.is_ours && level == 0)
                row.judge("latency.end", median(p99) / sync_us);
        }
    }
}

} // namespace

void latency(const setting& in, report& out)
{
    const test::tcp_listener silent; // a next hop that never says a word: nothing but accepting is measured
    std::vector<candidate> all;
    all.push_back({"discard", make_epoll_sink(), true});
    all.push_back({"discard", make_postern_discard(), true});
    all.push_back({"durable", make_postern_relay(silent.port()), true});
    std::string why;
    if (auto postfix = make_postfix(postfix_kind::accept_only, silent.port(), why))
        all.push_back({"durable", std::move(postfix)});
    else
        out.note(why);

    const auto fail = [&](const candidate& one, const std::exception& error) {
        const auto text = fmt::format("{}, {}: no figure: {}", one.kind, one.server->name(), error.what());
        one.is_ours ? out.failure(text) : out.note(text);
    };
    const std::chrono::milliseconds duration{in.quick ? 500 : 4000};
    for (auto& one : all)
        try {
            report::progress(fmt::format("latency: capacity of {}, {}", one.server->name(), one.kind));
            usage busy;
            one.capacity =
                offer_and_count(in, one, {.rate = 0, .at_once = capacity_sessions, .duration = duration / 2}, busy).rate;
        } catch (const std::exception& error) {
            fail(one, error);
        }
    std::vector<double> syncs;
    std::vector<double> sync_p99s;
    for (int round = 0; round < in.rounds(rounds); ++round) {
        const auto disk = measure_disk();
        syncs.push_back(disk.sync_us);
        sync_p99s.push_back(disk.sync_p99_us);
        for (std::size_t level = 0; level < levels.size(); ++level)
            for (auto& one : all) {
                if (one.capacity == 0)
                    continue;
                report::progress(
                    fmt::format("latency: {}, {}, {}, round {}", one.server->name(), one.kind, levels[level].name, round + 1));
                try {
                    usage busy;
                    const auto cpu = one.server->cpu();
                    const auto seen = offer_and_count(in, one,
                                                      {.rate = one.capacity * levels[level].part,
                                                       .at_once = most_open,
                                                       .duration = duration,
                                                       .seed = static_cast<std::uint64_t>(round) + 1},
                                                      busy);
                    one.at[level].add(seen);
                    one.busy[level].push_back(busy);
                    one.rate[level].push_back(seen.rate);
                    const std::chrono::duration<double, std::micro> used = one.server->cpu() - cpu;
                    one.server_cpu[level].push_back(used.count() / static_cast<double>(seen.messages()));
                } catch (const std::exception& error) {
                    fail(one, error);
                    one.capacity = 0;
                }
            }
    }
    auto& capacities = out.table("load, a connection a message of 4 KB");
    auto& results = out.table("latency");
    for (const auto& one : all)
        add_rows(median(syncs), one, capacities, results);
    out.table("the device")
        .add("append of 4 KB and fdatasync, before each round", "the disk itself")
        .figure("p50 us", syncs)
        .figure("p99 us", sync_p99s);
    out.note(fmt::format("full load is what {} sessions that wait for each reply get done; transactions begin at random moments "
                         "(Poisson), whatever became of earlier ones, and the wait for a turn counts as connecting",
                         capacity_sessions));
}

} // namespace postern::bench
