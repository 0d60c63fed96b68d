#include "tests/bench/client.hpp"

#include "tests/bench/load.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern::bench {
namespace {

constexpr int rounds = 7;

struct figures {
    std::vector<double> rate;
    std::vector<double> cpu;
};

/// Our generator beside smtp-source and go-smtp's client.
void generators()
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
    table go{
        {"client, 20 connections, reused", "server", "messages/s", "go-smtp", "ratio", "CPU us/message", "go-smtp", "ratio"}};
    for (const auto& load : loads)
        for (const auto& server : servers) {
            fmt::print(stderr, "client, {} to {}: {} rounds of {} messages\n", load.name, server->name(), rounds, load.messages);
            constexpr std::array senders{generator::ours, generator::smtp_source, generator::go_smtp};
            std::array<figures, senders.size()> of;
            for (int round = -1; round < rounds; ++round) // the first warms up
                for (std::size_t which = 0; which < senders.size(); ++which) {
                    auto what = load;
                    what.by = senders.at(which);
                    if (round < 0)
                        what.messages = std::max(what.messages / 10, what.sessions);
                    const auto one = measure(*server, what);
                    if (round < 0)
                        continue;
                    of[which].rate.push_back(one.rate);
                    of[which].cpu.push_back(one.generator_cpu);
                }
            const auto row = [&](const figures& theirs) -> std::vector<std::string> {
                const double rate = median(of[0].rate);
                const double their_rate = median(theirs.rate);
                const double cpu = median(of[0].cpu);
                const double their_cpu = median(theirs.cpu);
                return {load.name,
                        server->name(),
                        fmt::format("{:.0f}", rate),
                        fmt::format("{:.0f}", their_rate),
                        fmt::format("{:.2f}", rate / their_rate),
                        fmt::format("{:.1f}", cpu),
                        fmt::format("{:.1f}", their_cpu),
                        fmt::format("{:.2f}", cpu / their_cpu)};
            };
            results.add(row(of[1]));
            go.add(row(of[2]));
        }
    fmt::print("{}\n{}\n", results.text(), go.text());
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

void in_flight()
{
    constexpr unsigned few = 10;
    constexpr unsigned many = 510;
    fmt::print(stderr, "client, memory: {} messages of 50 KB in flight\n", many);
    table results{{"a message of 50 KB in flight", "KiB"}};
    for (const bool ours : {true, false})
        results.add({ours ? "postern load" : "smtp-source",
                     fmt::format("{:.1f}", (memory_in_flight(ours, many) - memory_in_flight(ours, few)) / (many - few) / 1024)});
    fmt::print("{}\n", results.text());
}

/// What a connection under TLS costs the server beyond what OpenSSL costs by itself.
void starttls()
{
    const test::temporary_folder files;
    test::make_certificate(files.path());
    std::vector<std::unique_ptr<subject>> servers;
    servers.push_back(make_epoll_sink({"--tls", (files.path() / "cert.pem").string(), (files.path() / "key.pem").string()}));
    servers.push_back(make_postern_discard("starttls"));
    const workload load{
        .name = "STARTTLS, 4 KB", .size = 4000, .messages = 2000, .reuse = false, .by = generator::ours, .starttls = true};
    fmt::print(stderr, "client, {}: {} rounds of {} connections\n", load.name, rounds, load.messages);
    std::vector<figures> of(servers.size());
    for (int round = -1; round < rounds; ++round)
        for (std::size_t i = 0; i < servers.size(); ++i) {
            const auto one = measure(*servers[i], load);
            if (round < 0)
                continue;
            of[i].rate.push_back(one.rate);
            of[i].cpu.push_back(one.server_cpu);
        }
    table results{{"STARTTLS, a connection with one message of 4 KB", "CPU us/connection", "to epoll sink", "connections/s"}};
    for (std::size_t i = 0; i < servers.size(); ++i)
        results.add({servers[i]->name(), fmt::format("{:.0f}", median(of[i].cpu)),
                     fmt::format("{:.2f}", median(of[i].cpu) / median(of.front().cpu)),
                     fmt::format("{:.0f}", median(of[i].rate))});
    fmt::print("{}\n", results.text());
}

} // namespace

void client()
{
    generators();
    in_flight();
    starttls();
}

} // namespace postern::bench
