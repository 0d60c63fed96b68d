#pragma once
// How amounts, times and rates are written in options: "10MiB", "15m", "100/1h". Pure.
// SECURITY: the text is the operator's.

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace postern::kit {

/// So many in such a time.
struct rate {
    std::uint64_t amount = 0;
    std::chrono::nanoseconds per{0};
    bool operator==(const rate&) const = default;
};

/// Of which an option can speak.
inline constexpr std::uint64_t most_amount = 1'000'000'000'000;

namespace rates {

/// A number of digits alone in front of `text`, which is left with what is behind it.
[[nodiscard]] inline std::optional<std::uint64_t> take_number(std::string_view& text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

/// A word behind a number, and how many of the smallest it is.
struct unit {
    std::string_view name;
    std::uint64_t worth;
};
/// Of octets.
inline constexpr std::array<unit, 4> amounts{{{"", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}}};
/// Of time.
inline constexpr std::array<unit, 4> seconds{{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}}};

/// `number` of that unit, if it is 1 to `most`.
[[nodiscard]] inline std::optional<std::uint64_t> in_units(std::uint64_t number, std::string_view name,
                                                           const std::array<unit, 4>& units, std::uint64_t most)
{
    for (const unit& one : units) {
        if (one.name == name && number != 0 && number <= most / one.worth)
            return number * one.worth;
    }
    return std::nullopt;
}

} // namespace rates

/// "100", or octets as "10MiB" (KiB, MiB, GiB): 1 to most_amount.
[[nodiscard]] inline std::optional<std::uint64_t> parse_amount(std::string_view text)
{
    const auto number = rates::take_number(text);
    return number ? rates::in_units(*number, text, rates::amounts, most_amount) : std::nullopt;
}

/// "90s", "15m", "1h", "2d", "h" for "1h": 1 s to 31 days.
[[nodiscard]] inline std::optional<std::chrono::seconds> parse_time(std::string_view text)
{
    const bool is_bare_unit = !text.empty() && (text.front() < '0' || text.front() > '9');
    const auto count = is_bare_unit ? std::optional<std::uint64_t>{1} : rates::take_number(text);
    const auto time = count ? rates::in_units(*count, text, rates::seconds, std::uint64_t{31} * 86'400) : std::nullopt;
    return time ? std::optional{std::chrono::seconds{*time}} : std::nullopt;
}

/// "100/1h", "100/h", "10MiB/30s", "7/2d": in a time that parse_time() reads.
[[nodiscard]] inline std::optional<rate> parse_rate(std::string_view text)
{
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    const auto amount = parse_amount(text.substr(0, slash));
    const auto per = parse_time(text.substr(slash + 1));
    if (!amount || !per)
        return std::nullopt;
    return rate{*amount, *per};
}

} // namespace postern::kit
