#include "tests/bench/contest.hpp"
#include "tests/bench/honesty.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace postern::bench {
namespace {

constexpr int rounds = 5;
constexpr double share_of_slow = 0.4; // of the messages: so both are busy for seconds

// Into the epoll sink, since Postfix's smtp-sink takes a whole core for 2,900 messages of 50 KB a second, and would be what is
// measured.

/// Postern, or Postfix.
[[nodiscard]] std::unique_ptr<subject> make_relay(bool ours, std::uint16_t next_hop, std::string& why)
{
    return ours ? make_postern_relay(next_hop) : make_postfix(postfix_kind::relay, next_hop, why);
}

/// Each with a next hop of its own, so that what one still has to send is never counted as the other's.
[[nodiscard]] std::vector<contestant> make_relays(report& out)
{
    std::vector<contestant> all;
    for (const bool ours : {true, false}) {
        std::string why;
        const auto exact = make_epoll_sink({"--digest"});
        const auto checked = make_relay(ours, exact->port(), why);
        if (checked == nullptr) {
            out.note(why);
            continue;
        }
        // One check as it is, and one while strace looks on.
        if (!is_honest(out, checked->name(), ours, [&] {
                require_contents(*checked, *exact);
                (void)require_syncs(*checked);
            }))
            continue;
        out.note(checked->name() + ": 200 contents arrived octet by octet, and each of 20 messages was synced before its 250");
        auto next_hop = make_epoll_sink();
        auto& one = all.emplace_back(make_relay(ours, next_hop->port(), why), ours);
        one.next_hop = std::move(next_hop);
        one.share = ours ? 1 : share_of_slow;
    }
    return all;
}

} // namespace

void relay(const setting& in, report& out)
{
    // A load that keeps each of them busy for seconds: of a shorter one the beginning and the end would be too much.
    const std::vector<workload> loads{
        {.name = "W1 50 KB, reuse", .size = 50000, .messages = 6000},
        {.name = "W2 4 KB, reuse", .size = 4000, .messages = 10000},
    };
    auto& results = out.table("relay end to end");
    for (auto load : loads) {
        load.messages = in.messages(load.messages);
        auto all = make_relays(out);
        contend(in, all, load, in.rounds(rounds), out);
        const auto* postfix = result_of(all, "Postfix");
        for (const auto& each : all) {
            if (!each.has_result())
                continue;
            const double rate = median(each.rounds.end_to_end);
            const double peak = megabytes(each.server->peak_memory());
            auto& row = results.add(load.name, each.server->name());
            row.figure("messages/s", each.rounds.end_to_end);
            if (postfix != nullptr)
                row.compare("to Postfix", rate, median(postfix->end_to_end));
            row.figure("CPU s/1000", per_thousand(each.rounds.server_cpu), 3);
            if (postfix != nullptr)
                row.compare("CPU to Postfix", median(each.rounds.server_cpu), median(postfix->server_cpu));
            row.figure("peak MB", peak, 1).bottleneck(bottleneck_of(each.rounds.busy));
            if (!each.is_ours)
                continue;
            if (postfix != nullptr)
                row.judge("relay.rate", rate / median(postfix->end_to_end));
            row.judge("relay.memory", peak);
        }
    }
    out.note("messages/s: until the last has arrived at the next hop; the generator's share is of the time until the last 250");
}

} // namespace postern::bench
