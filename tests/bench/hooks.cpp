#include "tests/bench/contest.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/plugin_servers.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/socket.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern::bench {
namespace {

constexpr int rounds = 7;
constexpr unsigned plugins = 10;

/// What one question costs, as Google Benchmark counts it.
void single_calls(const setting& in, report& out)
{
    report::progress("hooks: single questions");
    const auto calls = test::run(
        {POSTERN_HOOK_BENCH, in.quick ? "--benchmark_min_time=0.01" : "--benchmark_min_time=0.2", "--benchmark_format=json"}, {},
        std::chrono::minutes{5});
    if (calls.status != test::exit_status{0, 0})
        throw std::runtime_error{"hook_bench: " + calls.errors};
    auto& results = out.table("one question to a plugin");
    const auto said = boost::json::parse(calls.output);
    for (const auto& each : said.at("benchmarks").as_array())
        results.add(std::string{each.at("name").as_string()}, "Postern")
            .figure("CPU ns", each.at("cpu_time").to_number<double>(), 1);
}

/// A line of the table each for a server with no plugins more and one with ten.
void with_and_without(const setting& in, std::string_view title, std::uint16_t next_hop, const std::vector<workload>& loads,
                      result_table& results, report& out)
{
    std::vector<contestant> servers;
    servers.emplace_back(make_with_pass_through(0, next_hop), true);
    servers.emplace_back(make_with_pass_through(plugins, next_hop), true);
    for (auto load : loads) {
        load.name = fmt::format("{}, {}", title, load.name);
        load.messages = in.messages(load.messages);
        contend(in, servers, load, in.rounds(rounds), out);
        const auto& none = servers.front().rounds;
        for (const auto& each : servers) {
            if (!each.has_result() || none.rate.empty())
                continue;
            auto& row = results.add(load.name, each.server->name());
            row.figure("messages/s", each.rounds.rate).compare("to none", median(each.rounds.rate), median(none.rate));
            row.figure("CPU s/1000", per_thousand(each.rounds.server_cpu), 4);
            row.compare("CPU to none", median(each.rounds.server_cpu), median(none.server_cpu));
            row.figure("peak MB", megabytes(each.server->peak_memory()), 1).bottleneck(bottleneck_of(each.rounds.busy));
            if (&each != &servers.front())
                row.judge("hooks.rate", median(each.rounds.rate) / median(none.rate));
        }
    }
}

} // namespace

void hooks(const setting& in, report& out)
{
    single_calls(in, out);
    const test::tcp_listener silent;
    auto& results = out.table("plugins with no opinion");
    with_and_without(
        in, "accept and discard", 0,
        {{.name = "W1 50 KB", .size = 50000, .messages = 5000}, {.name = "W2 4 KB", .size = 4000, .messages = 10000}}, results,
        out);
    with_and_without(in, "accept durably", silent.port(),
                     {{.name = "W1 50 KB", .size = 50000, .messages = 2000}, {.name = "W2 4 KB", .size = 4000, .messages = 4000}},
                     results, out);
}

} // namespace postern::bench
