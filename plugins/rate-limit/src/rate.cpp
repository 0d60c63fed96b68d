#include "rate.hpp"

#include <array>
#include <charconv>
#include <system_error>

namespace rate_limit {
namespace {

/// A number of digits alone in front of `text`, which is left with what is behind it.
[[nodiscard]] std::optional<std::uint64_t> take_number(std::string_view& text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

struct unit {
    std::string_view name;
    std::uint64_t worth;
};
constexpr std::array<unit, 4> amounts{{{"", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}}};
constexpr std::array<unit, 4> seconds{{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}}};

/// `number` of that unit, if it is 1 to `most`.
[[nodiscard]] std::optional<std::uint64_t> in_units(std::uint64_t number, std::string_view name, const std::array<unit, 4>& units,
                                                    std::uint64_t most)
{
    for (const unit& one : units) {
        if (one.name == name && number != 0 && number <= most / one.worth)
            return number * one.worth;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::uint64_t> parse_amount(std::string_view text)
{
    const auto number = take_number(text);
    return number ? in_units(*number, text, amounts, most_amount) : std::nullopt;
}

std::optional<rate> parse_rate(std::string_view text)
{
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    const auto amount = parse_amount(text.substr(0, slash));
    std::string_view time = text.substr(slash + 1);
    const bool is_bare_unit = !time.empty() && (time.front() < '0' || time.front() > '9'); // "/h" is "/1h"
    const auto count = is_bare_unit ? std::optional<std::uint64_t>{1} : take_number(time);
    const auto per = count ? in_units(*count, time, seconds, std::uint64_t{31} * 86'400) : std::nullopt;
    if (!amount || !per)
        return std::nullopt;
    return rate{*amount, std::chrono::seconds{*per}};
}

} // namespace rate_limit
