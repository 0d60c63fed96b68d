#pragma once
// What the figures are to be, in one place: every table prints the aim beside the figure, and whether it is met.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace postern::bench {

enum class bound : std::uint8_t { at_most, at_least };

struct aim {
    std::string_view id;   ///< by which a row of a table names it
    std::string_view what; ///< the figure, in words
    bound way = bound::at_most;
    double value = 0;
    std::string_view unit; ///< of `value`, such as " MB" or " x epoll sink"
};

/// All of them, in the order of docs/benchmarks.md.
[[nodiscard]] std::span<const aim> all_aims() noexcept;
/// Throws std::logic_error for an id that is none.
[[nodiscard]] const aim& aim_of(std::string_view id);
/// The bound itself is met.
[[nodiscard]] bool is_met(const aim& what, double figure) noexcept;
/// "<= 1.3 x epoll sink".
[[nodiscard]] std::string text_of(const aim& what);

} // namespace postern::bench
