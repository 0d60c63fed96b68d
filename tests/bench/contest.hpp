#pragma once
// Servers that are sent the same, in turns: A B C A B C, so that what disturbs the machine disturbs all of them.

#include "tests/bench/load.hpp"
#include "tests/bench/report.hpp"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace postern::bench {

/// Of all rounds.
struct collected {
    std::vector<double> rate, server_cpu, generator_cpu, end_to_end;
    std::vector<usage> busy;
    void add(const measurement& one);
};

struct contestant {
    std::unique_ptr<subject> server;
    std::unique_ptr<sink_subject> next_hop = {}; ///< of its own, where it relays
    collected rounds = {};                       ///< of the last workload
    double share = 1;                            ///< of the messages that it is sent: who is slow would take minutes
    bool is_ours = false;                        ///< what goes wrong with it is a failure; what goes wrong with a peer is a note

    contestant(std::unique_ptr<subject> who, bool ours = false) : server{std::move(who)}, is_ours{ours} {}
    [[nodiscard]] bool has_result() const noexcept { return !rounds.rate.empty(); }
};

/// A peer that may not be there: null, with the reason in `why`.
using peer_maker = std::function<std::unique_ptr<subject>(std::string& why)>;
/// Adds those that run; of the others the report says why they do not.
void add_peers(std::vector<contestant>& to, const std::vector<peer_maker>& makers, report& out);

/// Warms all up, then measures `rounds` of all. Whoever fails has no result for this workload, and the report says why.
/// `fits`: who takes part; empty: everybody.
void contend(const setting& in, std::vector<contestant>& all, const workload& what, int rounds, report& out,
             const std::function<bool(const contestant&)>& fits = {});

/// CPU seconds for a thousand messages, of microseconds for one.
[[nodiscard]] std::vector<double> per_thousand(const std::vector<double>& microseconds);
[[nodiscard]] double megabytes(std::uint64_t octets);

/// Medians of the one of that name; null: it is not there, or has no result.
[[nodiscard]] const collected* result_of(const std::vector<contestant>& all, std::string_view name);

} // namespace postern::bench
