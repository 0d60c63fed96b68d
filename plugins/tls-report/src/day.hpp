#pragma once
// Days as reports count them, from midnight to midnight UTC. It must not know what time it is. STANDARDS: RFC 8460 4.1, 4.4.

#include <postern/kit/date_time.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tls_report {

/// Since 1970.
using day = std::int64_t;
inline constexpr std::int64_t day_s = 86'400;

[[nodiscard]] constexpr day day_of(std::int64_t time_s) noexcept
{
    return time_s >= 0 ? time_s / day_s : (time_s - day_s + 1) / day_s;
}
[[nodiscard]] constexpr std::int64_t begin_of(day which) noexcept
{
    return which * day_s;
}
/// Its last second.
[[nodiscard]] constexpr std::int64_t end_of(day which) noexcept
{
    return begin_of(which + 1) - 1;
}
/// RFC 3339: "2026-11-30T00:00:00Z".
[[nodiscard]] inline std::string date_time(std::int64_t time_s)
{
    return postern::kit::to_date_time(postern::kit::seconds_since_1970{std::chrono::seconds{time_s}});
}
/// "20261130".
[[nodiscard]] inline std::string text_of(day which)
{
    const std::string text = date_time(begin_of(which));
    return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2);
}
[[nodiscard]] inline std::optional<day> parse_day(std::string_view text)
{
    if (text.size() != 8)
        return std::nullopt;
    const std::string whole{std::string{text.substr(0, 4)} + '-' + std::string{text.substr(4, 2)} + '-' +
                            std::string{text.substr(6, 2)} + "T00:00:00Z"};
    const auto parsed = postern::kit::parse_date_time(whole);
    return parsed ? std::optional{day_of(parsed->time_since_epoch().count())} : std::nullopt;
}

} // namespace tls_report
