#include "core/host/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace postern::daemon {
namespace {

/// Digits at the front of `text`, which is cut behind them.
std::optional<std::uint64_t> take_number(std::string_view& text) noexcept
{
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end == text.data())
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::optional<std::uint64_t> times(std::uint64_t count, std::uint64_t unit) noexcept
{
    std::uint64_t out = 0;
    if (__builtin_mul_overflow(count, unit, &out))
        return std::nullopt;
    return out;
}

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 9> size_units{{{"B", 1},
                                                                                {"KiB", 1ULL << 10U},
                                                                                {"MiB", 1ULL << 20U},
                                                                                {"GiB", 1ULL << 30U},
                                                                                {"TiB", 1ULL << 40U},
                                                                                {"kB", 1'000},
                                                                                {"MB", 1'000'000},
                                                                                {"GB", 1'000'000'000},
                                                                                {"TB", 1'000'000'000'000}}};

// Largest first, which is also the order in which a duration names them.
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 7> time_units{{{"d", 86'400'000'000'000ULL},
                                                                                {"h", 3'600'000'000'000ULL},
                                                                                {"m", 60'000'000'000ULL},
                                                                                {"s", 1'000'000'000ULL},
                                                                                {"ms", 1'000'000ULL},
                                                                                {"us", 1'000ULL},
                                                                                {"ns", 1ULL}}};

} // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept
{
    const auto count = take_number(text);
    if (!count)
        return std::nullopt;
    for (const auto& [name, unit] : size_units)
        if (text == name)
            return times(*count, unit);
    return std::nullopt;
}

std::optional<std::uint64_t> parse_rate(std::string_view text) noexcept
{
    if (!text.ends_with("/s"))
        return std::nullopt;
    text.remove_suffix(2);
    return parse_size(text);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept
{
    if (text == "0")
        return std::chrono::nanoseconds{0};
    std::uint64_t total = 0;
    std::size_t next = 0; // units before it have been used
    do {
        const auto count = take_number(text);
        if (!count)
            return std::nullopt;
        const auto letters = std::min(text.find_first_of("0123456789"), text.size());
        const auto word = text.substr(0, letters);
        while (next < time_units.size() && time_units[next].first != word)
            ++next;
        if (next == time_units.size())
            return std::nullopt;
        const auto part = times(*count, time_units[next++].second);
        if (!part || __builtin_add_overflow(total, *part, &total))
            return std::nullopt;
        text.remove_prefix(letters);
    } while (!text.empty());
    if (total > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return std::nullopt;
    return std::chrono::nanoseconds{static_cast<std::int64_t>(total)};
}

std::string duration_text(std::chrono::nanoseconds time)
{
    const auto count = static_cast<std::uint64_t>(time.count());
    for (const auto& [name, unit] : time_units)
        if (count != 0 && count % unit == 0)
            return std::to_string(count / unit) + std::string{name};
    return "0s";
}

} // namespace postern::daemon
