#include "tests/bench/contest.hpp"
#include "tests/bench/honesty.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::bench {
namespace {

constexpr int rounds = 4;

/// All who sync before they answer; of the others the report says that they do not.
[[nodiscard]] std::vector<contestant> make_servers(std::uint16_t next_hop, report& out)
{
    std::vector<contestant> all;
    all.emplace_back(make_postern_relay(next_hop), true);
    add_peers(all,
              {[&](std::string& why) { return make_postfix(postfix_kind::accept_only, next_hop, why); }, make_exim,
               [](std::string& why) { return make_haraka(storing::keeps, why); }, make_opensmtpd},
              out);
    std::erase_if(all, [&](const contestant& each) {
        return !is_honest(out, each.server->name(), each.is_ours, [&] {
            out.note(fmt::format("{}: {:.1f} syncs for each of 20 messages one after the other, at least one before each 250",
                                 each.server->name(), require_syncs(*each.server)));
        });
    });
    for (auto& each : all)
        if (each.server->name() == "Haraka" || each.server->name() == "OpenSMTPD")
            each.share = 0.4;
    return all;
}

void judge(result_row& row, const setting& in, const workload& load, double rate, const collected* postfix)
{
    constexpr unsigned small = 4000;
    if (postfix == nullptr || !load.reuse)
        return;
    const double to_postfix = rate / median(postfix->rate);
    if (load.size == small)
        row.judge("durable.w2", to_postfix);
    else if (is_met(aim_of("durable.w1"), to_postfix))
        row.judge("durable.w1", to_postfix);
    else // the aim says: or the disk's own write rate
        row.judge("durable.w1", to_postfix).judge("durable.disk", rate * load.size / in.disk.octets_per_second);
}

} // namespace

void durable(const setting& in, report& out)
{
    // A next hop that takes connections and never says a word: what was accepted stays in the queue, and nothing but
    // accepting is measured. The peers deliver nothing for the same reason.
    const test::tcp_listener silent;
    auto servers = make_servers(silent.port(), out);
    const std::vector<workload> loads{
        {.name = "W1 50 KB, 20 sessions", .size = 50000, .messages = 2000},
        {.name = "W2 4 KB, 20 sessions", .size = 4000, .messages = 4000},
        {.name = "W1 50 KB, 100 sessions", .size = 50000, .messages = 2000, .sessions = 100},
        {.name = "W2 4 KB, 100 sessions", .size = 4000, .messages = 4000, .sessions = 100},
        {.name = "W2 4 KB, single", .size = 4000, .messages = 1000, .reuse = false},
    };
    auto& results = out.table("accept durably");
    for (auto load : loads) {
        load.messages = in.messages(load.messages, load.sessions);
        contend(in, servers, load, in.rounds(rounds), out);
        const auto* postfix = result_of(servers, "Postfix");
        for (const auto& each : servers) {
            if (!each.has_result())
                continue;
            const double rate = median(each.rounds.rate);
            auto& row = results.add(load.name, each.server->name());
            row.figure("messages/s", each.rounds.rate);
            if (postfix != nullptr)
                row.compare("to Postfix", rate, median(postfix->rate));
            row.figure("CPU s/1000", per_thousand(each.rounds.server_cpu), 3);
            if (postfix != nullptr)
                row.compare("CPU to Postfix", median(each.rounds.server_cpu), median(postfix->server_cpu));
            row.figure("peak MB", megabytes(each.server->peak_memory()), 1).bottleneck(bottleneck_of(each.rounds.busy));
            if (each.is_ours)
                judge(row, in, load, rate, postfix);
        }
        results.add(load.name, "the disk itself").figure("messages/s", in.disk.octets_per_second / load.size);
    }
    out.note("the disk itself: what it writes in appends of 1 MB, each synced, as messages of that size");
}

} // namespace postern::bench
