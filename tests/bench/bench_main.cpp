// Measures Postern beside its peers in one run: interleaved rounds, medians, ratios. `bench
// [discard|durable|relay|dead|queue|client|idle|hooks|sleeper]..`. The machine may be busy: believe ratios and CPU time per
// message before rates.

#include "tests/bench/client.hpp"
#include "tests/bench/dead_destinations.hpp"
#include "tests/bench/hooks.hpp"
#include "tests/bench/idle.hpp"
#include "tests/bench/load.hpp"
#include "tests/bench/queue.hpp"
#include "tests/bench/relay.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <string_view>
#include <vector>

#include <sys/resource.h>

namespace postern::bench {
namespace {

constexpr int rounds = 5;
constexpr unsigned idle_connections = 2000;

struct collected {
    std::vector<double> rate, server_cpu, generator;
    void add(const measurement& one)
    {
        rate.push_back(one.rate);
        server_cpu.push_back(one.server_cpu);
        generator.push_back(one.generator);
    }
};

void note(std::string_view text)
{
    fmt::print(stderr, "{}\n", text);
}

void discard()
{
    std::vector<std::unique_ptr<subject>> servers;
    servers.push_back(make_epoll_sink());
    servers.push_back(make_smtp_sink());
    servers.push_back(make_postern_discard());
    const std::vector<workload> loads{
        {.name = "W1 50 KB, reuse", .size = 50000, .messages = 5000, .reuse = true},
        {.name = "W1 50 KB, single", .size = 50000, .messages = 3000, .reuse = false},
        {.name = "W2 4 KB, reuse", .size = 4000, .messages = 10000, .reuse = true},
        {.name = "W2 4 KB, single", .size = 4000, .messages = 3000, .reuse = false},
    };
    table results{{"accept and discard", "server", "CPU us/message", "to epoll sink", "messages/s", "generator", "peak MB"}};
    for (const auto& load : loads) {
        note(fmt::format("discard, {}: {} rounds of {} messages, {} sessions", load.name, rounds, load.messages, load.sessions));
        std::map<subject*, collected> figures;
        for (const auto& server : servers)
            warm_up(*server, load);
        for (int round = 0; round < rounds; ++round)
            for (const auto& server : servers)
                figures[server.get()].add(measure(*server, load));
        const double yardstick = median(figures[servers.front().get()].server_cpu);
        for (const auto& server : servers) {
            const auto& mine = figures[server.get()];
            const double cpu = median(mine.server_cpu);
            results.add({load.name, server->name(), fmt::format("{:.1f}", cpu), ratio(cpu, yardstick),
                         fmt::format("{:.0f}", median(mine.rate)), fmt::format("{:.0f} %", 100 * median(mine.generator)),
                         fmt::format("{:.1f}", static_cast<double>(test::peak_memory(server->pid())) / 1e6)});
        }
    }
    fmt::print("{}\n", results.text());
}

void against_postfix(const std::vector<workload>& loads, std::vector<std::unique_ptr<subject>>& servers)
{
    table results{{"accept durably", "server", "messages/s", "to Postfix", "CPU us/message", "to Postfix", "generator"}};
    for (const auto& load : loads) {
        note(fmt::format("accept durably, {}: {} rounds of {} messages, {} sessions", load.name, rounds, load.messages,
                         load.sessions));
        std::map<subject*, collected> figures;
        for (const auto& server : servers)
            warm_up(*server, load);
        for (int round = 0; round < rounds; ++round)
            for (const auto& server : servers)
                figures[server.get()].add(measure(*server, load));
        const auto rate = [&](subject* server) { return median(figures[server].rate); };
        subject* peer = servers.size() > 1 ? servers.back().get() : nullptr;
        for (const auto& server : servers) {
            const auto& mine = figures[server.get()];
            results.add({load.name, server->name(), fmt::format("{:.0f}", rate(server.get())),
                         peer != nullptr ? ratio(rate(server.get()), rate(peer)) : "-",
                         fmt::format("{:.0f}", median(mine.server_cpu)),
                         peer != nullptr ? ratio(median(mine.server_cpu), median(figures[peer].server_cpu)) : "-",
                         fmt::format("{:.0f} %", 100 * median(mine.generator))});
        }
    }
    fmt::print("{}\n", results.text());
}

void durable()
{
    // A next hop that takes connections and never says a word: what was accepted stays in the queue, and nothing but
    // accepting is measured. Postfix is spared its queue manager for the same reason.
    const test::tcp_listener silent;
    std::vector<std::unique_ptr<subject>> servers;
    servers.push_back(make_postern_relay(silent.port()));
    std::string why;
    if (auto peer = make_postfix(postfix_kind::accept_only, silent.port(), why))
        servers.push_back(std::move(peer));
    else
        note(why);
    const std::vector<workload> loads{
        {.name = "W1 50 KB, reuse", .size = 50000, .messages = 2000, .reuse = true},
        {.name = "W2 4 KB, reuse", .size = 4000, .messages = 4000, .reuse = true},
        {.name = "W2 4 KB, 100 sessions", .size = 4000, .messages = 4000, .sessions = 100, .reuse = true},
    };
    against_postfix(loads, servers);
}

void idle()
{
    // Two descriptors a connection, ours and the server's, which inherits the limit.
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);

    note(fmt::format("idle: {} connections after EHLO", idle_connections));
    std::vector<std::unique_ptr<subject>> servers;
    servers.push_back(make_epoll_sink());
    servers.push_back(make_smtp_sink());
    servers.push_back(make_postern_discard());
    table results{{"idle connection", "KiB"}};
    for (const auto& server : servers)
        results.add({server->name(), fmt::format("{:.1f}", memory_of_idle_connection(*server, idle_connections) / 1024)});
    fmt::print("{}\n", results.text());
}

int run(const std::vector<std::string_view>& wanted)
{
    const std::vector<std::pair<std::string_view, void (*)()>> all{
        {"discard", discard}, {"durable", durable}, {"relay", relay}, {"dead", deliver_past_dead_destinations},
        {"queue", queue},     {"client", client},   {"idle", idle},   {"hooks", hooks},
        {"sleeper", sleeper}};
    for (const auto what : wanted)
        if (std::none_of(all.begin(), all.end(), [&](const auto& each) { return each.first == what; })) {
            note(fmt::format(
                "bench: nothing is called {}; there are: discard, durable, relay, dead, queue, client, idle, hooks, sleeper",
                what));
            return 2;
        }
    for (const auto& [name, measure_it] : all)
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end()) {
            measure_it();
            std::fflush(stdout);
        }
    return 0;
}

} // namespace
} // namespace postern::bench

int main(int count, char** words)
{
    try {
        return postern::bench::run({words + 1, words + count});
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench: {}\n", error.what());
        return 1;
    }
}
