#pragma once
// How rates and amounts are written in rules. Pure; it must not know what is counted.
// SECURITY: the text is the operator's.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rate_limit {

/// So many in such a time.
struct rate {
    std::uint64_t amount = 0;
    std::chrono::nanoseconds per{0};
    bool operator==(const rate&) const = default;
};

inline constexpr std::uint64_t most_amount = 1'000'000'000'000;

/// "100", or octets as "10MiB" (KiB, MiB, GiB): 1 to most_amount.
[[nodiscard]] std::optional<std::uint64_t> parse_amount(std::string_view text);
/// "100/1h", "100/h", "10MiB/30s", "7/2d": of 1 s to 31 days (s, m, h, d).
[[nodiscard]] std::optional<rate> parse_rate(std::string_view text);

} // namespace rate_limit
