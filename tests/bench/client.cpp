#include "tests/bench/client.hpp"

#include "tests/bench/load.hpp"
#include "tests/bench/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace postern::bench {
namespace {

constexpr int rounds = 7;

struct figures {
    std::vector<double> rate;
    std::vector<double> cpu;
};

} // namespace

void client()
{
    // smtp-sink is what smtp-source is used with; the other sink costs next to nothing, and shows what the generators cost.
    std::vector<std::unique_ptr<subject>> servers;
    servers.push_back(make_smtp_sink());
    servers.push_back(make_epoll_sink());
    const std::vector<workload> loads{
        {.name = "50 KB", .size = 50000, .messages = 4000},
        {.name = "4 KB", .size = 4000, .messages = 10000},
    };
    table results{{"client, 20 connections, reused", "server", "messages/s", "smtp-source", "ratio", "CPU us/message",
                   "smtp-source", "ratio"}};
    for (const auto& load : loads)
        for (const auto& server : servers) {
            fmt::print(stderr, "client, {} to {}: {} rounds of {} messages\n", load.name, server->name(), rounds, load.messages);
            std::array<figures, 2> of;
            for (int round = -1; round < rounds; ++round) // the first warms up
                for (const std::size_t which : {0U, 1U}) {
                    auto what = load;
                    what.is_ours = which == 0;
                    if (round < 0)
                        what.messages = std::max(what.messages / 10, what.sessions);
                    const auto one = measure(*server, what);
                    if (round < 0)
                        continue;
                    of[which].rate.push_back(one.rate);
                    of[which].cpu.push_back(one.generator_cpu);
                }
            const double rate = median(of[0].rate);
            const double their_rate = median(of[1].rate);
            const double cpu = median(of[0].cpu);
            const double their_cpu = median(of[1].cpu);
            results.add({load.name, server->name(), fmt::format("{:.0f}", rate), fmt::format("{:.0f}", their_rate),
                         fmt::format("{:.2f}", rate / their_rate), fmt::format("{:.1f}", cpu), fmt::format("{:.1f}", their_cpu),
                         fmt::format("{:.2f}", cpu / their_cpu)});
        }
    fmt::print("{}\n", results.text());
}

} // namespace postern::bench
