#include "tests/bench/relay.hpp"

#include "tests/bench/load.hpp"
#include "tests/bench/table.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace postern::bench {
namespace {

constexpr int rounds = 5;
constexpr double aim = 5; // times Postfix

struct relayer {
    std::unique_ptr<subject> server;
    std::unique_ptr<test::smtp_sink> next_hop;
    std::vector<double> rate{}, cpu{}, generator{};
};

/// Each with a next hop of its own, so that what one still has to send is never counted as the other's.
[[nodiscard]] std::vector<relayer> make_relayers()
{
    std::vector<relayer> all(2);
    for (auto& each : all)
        each.next_hop = std::make_unique<test::smtp_sink>(std::vector<std::string>{"-m", "1000"});
    all[0].server = make_postern_relay(all[0].next_hop->port());
    std::string why;
    all[1].server = make_postfix(postfix_kind::relay, all[1].next_hop->port(), why);
    if (all[1].server == nullptr) {
        fmt::print(stderr, "{}\n", why);
        all.pop_back();
    }
    return all;
}

void end_to_end(const workload& load, table& results)
{
    fmt::print(stderr, "relay, {}: {} rounds of {} messages, {} sessions\n", load.name, rounds, load.messages, load.sessions);
    auto all = make_relayers();
    for (auto& each : all)
        warm_up(*each.server, load, each.next_hop.get());
    for (int round = 0; round < rounds; ++round)
        for (auto& each : all) {
            const auto one = measure(*each.server, load, each.next_hop.get());
            each.rate.push_back(one.end_to_end);
            each.cpu.push_back(one.server_cpu);
            each.generator.push_back(one.generator);
        }
    for (auto& each : all) {
        const bool has_peer = all.size() > 1;
        const bool is_peer = has_peer && &each == &all.back();
        const auto& peer = all.back();
        constexpr double us_in_s_per_thousand = 1000; // so many us a message are a second for a thousand
        results.add({load.name, each.server->name(), fmt::format("{:.0f}", median(each.rate)),
                     has_peer ? ratio(median(each.rate), median(peer.rate)) : "-", is_peer ? "" : fmt::format("{:.0f}", aim),
                     fmt::format("{:.3f}", median(each.cpu) / us_in_s_per_thousand),
                     has_peer ? ratio(median(each.cpu), median(peer.cpu)) : "-",
                     fmt::format("{:.1f}", static_cast<double>(test::peak_memory_of_tree(each.server->pid())) / 1e6),
                     fmt::format("{:.0f} %", 100 * median(each.generator))});
    }
}

} // namespace

void relay()
{
    // A load that keeps each of them busy for a second and more: of a shorter one the beginning and the end would be too much.
    const std::vector<workload> loads{
        {.name = "W1 50 KB, reuse", .size = 50000, .messages = 2500, .reuse = true},
        {.name = "W2 4 KB, reuse", .size = 4000, .messages = 4000, .reuse = true},
    };
    table results{
        {"relay end to end", "server", "messages/s", "to Postfix", "aim", "CPU s/1000", "to Postfix", "peak MB", "generator"}};
    for (const auto& load : loads)
        end_to_end(load, results);
    fmt::print("{}\n", results.text());
}

} // namespace postern::bench
