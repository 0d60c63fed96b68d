#pragma once
// Sizes, durations and rates as people write them in configuration: "10MiB", "5m", "100B/s". Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::daemon {

/// Octets: digits and B, KiB, MiB, GiB, TiB, or kB, MB, GB, TB (powers of 1000). Nothing when it is not that, or overflows.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

/// Digits and ns, us, ms, s, m, h or d; several may follow each other ("1h30m"), largest unit first. "0" alone is zero.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept;

/// As parse_duration() reads it, in the largest unit of which it is a whole number: "90s", "5m", "1500ms". Not negative.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds time);

/// Octets a second: a size and "/s".
[[nodiscard]] std::optional<std::uint64_t> parse_rate(std::string_view text) noexcept;

} // namespace postern::daemon
