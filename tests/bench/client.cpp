#include "tests/bench/contest.hpp"
#include "tests/bench/load.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/table.hpp"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern::bench {
namespace {

constexpr int rounds = 5;

struct sender {
    std::string_view name;
    generator by;
    std::vector<double> rate{}, cpu{};
    std::vector<usage> busy{};
};

void generators(const setting& in, report& out)
{
    // smtp-sink is what smtp-source is used with; the other sink costs next to nothing, and shows what the generators cost.
    std::vector<std::unique_ptr<subject>> servers;
    servers.push_back(make_smtp_sink());
    servers.push_back(make_epoll_sink());
    auto& results = out.table("client, 20 connections, reused");
    for (auto load : {workload{.name = "W1 50 KB", .size = 50000, .messages = 4000},
                      workload{.name = "W2 4 KB", .size = 4000, .messages = 10000}}) {
        load.messages = in.messages(load.messages);
        for (const auto& server : servers) {
            const auto title = fmt::format("{}, to {}", load.name, server->name());
            report::progress(fmt::format("client, {}: {} rounds of {} messages", title, in.rounds(rounds), load.messages));
            std::array senders{sender{"smtp-source", generator::smtp_source}, sender{"postern load", generator::ours},
                               sender{"go-smtp", generator::go_smtp}};
            for (int round = -1; round < in.rounds(rounds); ++round) // the first warms up
                for (auto& each : senders) {
                    auto what = load;
                    what.by = each.by;
                    if (round < 0) {
                        warm_up(in, *server, what);
                        continue;
                    }
                    const auto one = measure(in, *server, what);
                    each.rate.push_back(one.rate);
                    each.cpu.push_back(one.generator_cpu);
                    each.busy.push_back(one.busy);
                }
            const auto& source = senders.front();
            for (const auto& each : senders) {
                auto& row = results.add(title, std::string{each.name});
                row.figure("messages/s", each.rate).compare("to smtp-source", median(each.rate), median(source.rate));
                row.figure("CPU s/1000", per_thousand(each.cpu), 4).compare("CPU to it", median(each.cpu), median(source.cpu));
                row.bottleneck(bottleneck_of(each.busy));
                if (each.by == generator::ours && server->name() != "smtp-sink") // which is at its limit before any of them
                    row.judge("client.rate", median(each.rate) / median(source.rate));
            }
        }
    }
}

/// Resident octets of a generator whose every session has a message of which nobody says what became of it.
[[nodiscard]] double memory_in_flight(bool ours, unsigned sessions)
{
    const auto sink = make_epoll_sink({"--hold", std::to_string(sessions)});
    test::process generator{generator_command(*sink, {.name = {},
                                                      .size = 50000,
                                                      .messages = sessions,
                                                      .sessions = sessions,
                                                      .reuse = true,
                                                      .by = ours ? generator::ours : generator::smtp_source})};
    if (!sink->is_holding())
        throw std::runtime_error{fmt::format("not all of {} messages are in flight: {}", sessions, generator.errors())};
    return static_cast<double>(test::resident_memory(generator.pid()));
}

void in_flight(report& out)
{
    constexpr unsigned few = 10;
    constexpr unsigned many = 510;
    report::progress(fmt::format("client, memory: {} messages of 50 KB in flight", many));
    auto& results = out.table("memory of the client");
    for (const bool ours : {true, false})
        results.add("a message of 50 KB in flight", ours ? "postern load" : "smtp-source")
            .figure("KiB", (memory_in_flight(ours, many) - memory_in_flight(ours, few)) / (many - few) / 1024, 1);
}

} // namespace

void client(const setting& in, report& out)
{
    generators(in, out);
    in_flight(out);
}

} // namespace postern::bench
