#pragma once
// By what rules a next hop is delivered to: "concurrency=2 rate=60/1m pool=bulk", "suspended text". Pure.
// SECURITY: the text is the operator's.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shaping {

struct next_hop_rule {
    std::uint32_t concurrency = 0; ///< 0: as configured
    std::uint32_t rate_count = 0;  ///< likewise
    std::chrono::milliseconds rate_time{0};
    std::string pool;      ///< empty: likewise
    std::string suspended; ///< why; empty: it is not

    bool operator==(const next_hop_rule&) const = default;
};

/// Throws std::invalid_argument, with what is wrong.
[[nodiscard]] next_hop_rule read_next_hop_rule(std::string_view text);

/// The name by which a table knows a next hop: without "lmtp:" and port, in lower case.
[[nodiscard]] std::string table_name_of(std::string_view next_hop);

} // namespace shaping
