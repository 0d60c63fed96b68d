// Who offers no PIPELINING or CHUNKING is left out of those workloads; what is dropped can only be counted.

#include "tests/bench/contest.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace postern::bench {
namespace {

constexpr int rounds = 4;

[[nodiscard]] bool offers(const contestant& who, std::string_view keyword)
{
    test::smtp_peer peer{who.server->port()};
    const auto lines = peer.greets().lines;
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& each) { return each.starts_with(keyword); });
}

[[nodiscard]] std::vector<contestant> make_servers(report& out)
{
    std::vector<contestant> all;
    all.emplace_back(make_epoll_sink({"--extensions"}), true);
    all.emplace_back(make_smtp_sink());
    all.emplace_back(make_postern_discard(), true);
    add_peers(all,
              {[](std::string& why) { return make_go_smtp(why); },
               [](std::string& why) { return make_postfix(postfix_kind::discard, 1, why); },
               [](std::string& why) { return make_smtp_server(why); },
               [](std::string& why) { return make_haraka(storing::discards, why); }, make_aiosmtpd},
              out);
    // Those in Node.js and Python would take minutes for what the others do in a second.
    for (auto& each : all)
        if (const auto name = each.server->name(); name == "smtp-server" || name == "Haraka" || name == "aiosmtpd")
            each.share = 0.1;
        else if (name == "Postfix")
            each.share = 0.3;
    return all;
}

} // namespace

void accept(const setting& in, report& out)
{
    auto servers = make_servers(out);
    std::vector<workload> loads;
    for (const auto& [name, size, many] : {std::tuple{"W1 50 KB", 50000U, 5000U}, std::tuple{"W2 4 KB", 4000U, 10000U}}) {
        loads.push_back({.name = fmt::format("{}, reuse", name), .size = size, .messages = many});
        loads.push_back({.name = fmt::format("{}, single", name), .size = size, .messages = 3000, .reuse = false});
        loads.push_back({.name = fmt::format("{}, pipelined", name), .size = size, .messages = many, .by = generator::ours});
        loads.push_back(
            {.name = fmt::format("{}, BDAT", name), .size = size, .messages = many, .by = generator::ours, .bdat = true});
    }
    auto& results = out.table("accept and discard");
    for (auto load : loads) {
        load.messages = in.messages(load.messages);
        contend(in, servers, load, in.rounds(rounds), out, [&](const contestant& each) {
            return load.by != generator::ours || offers(each, load.bdat ? "CHUNKING" : "PIPELINING");
        });
        const auto* sink = result_of(servers, "epoll sink");
        const auto* go = result_of(servers, "go-smtp");
        for (const auto& each : servers) {
            if (!each.has_result())
                continue;
            const double cpu = median(each.rounds.server_cpu);
            auto& row = results.add(load.name, each.server->name());
            row.figure("CPU s/1000", per_thousand(each.rounds.server_cpu), 4);
            if (sink != nullptr)
                row.compare("to epoll sink", cpu, median(sink->server_cpu));
            row.figure("messages/s", each.rounds.rate).figure("peak MB", megabytes(each.server->peak_memory()), 1);
            row.bottleneck(bottleneck_of(each.rounds.busy));
            if (each.server->name() != "Postern" || sink == nullptr)
                continue;
            row.judge("accept.cpu", cpu / median(sink->server_cpu));
            if (go != nullptr && load.size == 50000 && load.by == generator::smtp_source && load.reuse)
                row.judge("accept.go_smtp", median(go->server_cpu) / cpu);
        }
    }
    out.note("peak MB is the most since the server started, over all workloads so far");
}

} // namespace postern::bench
