#pragma once
// When mail of a sender's domain is tried again, and when it is given up: "5m 15m 1h give-up=6h". Pure.
// STANDARDS: RFC 5321 4.5.4.1. SECURITY: the text is the operator's.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace shaping {

struct retry_rule {
    std::vector<std::chrono::seconds> waits; ///< behind the n-th attempt; the last one repeats; none: as configured
    std::chrono::seconds give_up{0};         ///< since it was received; 0: as configured

    bool operator==(const retry_rule&) const = default;
};

/// Throws std::invalid_argument, with what is wrong.
[[nodiscard]] retry_rule read_retry_rule(std::string_view text);

struct retry_decision {
    bool gives_up = false;
    std::optional<std::chrono::milliseconds> wait; ///< nothing: as configured
};

/// Behind attempt `attempts`, from 1. `chance`: 0 to 1, by which the wait is up to a tenth shorter or longer.
[[nodiscard]] retry_decision decide(const retry_rule& by, std::uint32_t attempts, std::chrono::seconds age, double chance);

} // namespace shaping
