#pragma once
// Dates as the parameters of SMTP extensions write them, "2026-11-29T16:30:00Z", and back. It must not know what time it is.
// STANDARDS: RFC 3339 5.6, 5.7. SECURITY: the text is a client's.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::kit {

/// A point in time, without the part of a second that no protocol of mail has.
using seconds_since_1970 = std::chrono::sys_seconds;

/// RFC 3339 5.6: date-time, with "Z" or an offset; fractions of a second are dropped. Nothing for anything else, for dates that
/// do not exist, and for what is before 1970.
[[nodiscard]] constexpr std::optional<seconds_since_1970> parse_date_time(std::string_view text) noexcept
{
    bool is_good = true;
    const auto take = [&](std::size_t digits) {
        int number = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            const char c = i < text.size() ? text[i] : '\0';
            is_good = is_good && c >= '0' && c <= '9';
            number = number * 10 + (is_good ? c - '0' : 0);
        }
        text.remove_prefix(digits <= text.size() ? digits : text.size());
        return number;
    };
    const auto expect = [&](char upper, char lower) {
        is_good = is_good && !text.empty() && (text.front() == upper || text.front() == lower);
        if (is_good)
            text.remove_prefix(1);
    };
    const int year = take(4);
    expect('-', '-');
    const int month = take(2);
    expect('-', '-');
    const int day = take(2);
    expect('T', 't');
    const int hour = take(2);
    expect(':', ':');
    const int minute = take(2);
    expect(':', ':');
    const int second = take(2);
    if (is_good && !text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        take(1);
        while (is_good && !text.empty() && text.front() >= '0' && text.front() <= '9')
            text.remove_prefix(1);
    }
    if (!is_good || text.empty())
        return std::nullopt;
    int offset = 0; // minutes
    if (text.front() == '+' || text.front() == '-') {
        const int sign = text.front() == '-' ? -1 : 1;
        text.remove_prefix(1);
        const int hours = take(2);
        expect(':', ':');
        const int minutes = take(2);
        is_good = is_good && hours < 24 && minutes < 60;
        offset = sign * (hours * 60 + minutes);
    } else {
        expect('Z', 'z');
    }
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    // RFC 3339 5.7: a leap second is the first one of the next minute to a clock that does not know them.
    if (!is_good || !text.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60)
        return std::nullopt;
    const auto when = std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute - offset} +
                      std::chrono::seconds{second};
    if (when.time_since_epoch().count() < 0)
        return std::nullopt;
    return when;
}

/// "2026-11-29T16:30:00Z"
[[nodiscard]] inline std::string to_date_time(seconds_since_1970 when)
{
    const auto days = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date{days};
    const std::chrono::hh_mm_ss time{when - days};
    std::string text;
    const auto put = [&](std::int64_t number, std::size_t digits, char behind) {
        const std::string plain = std::to_string(number);
        text.append(plain.size() < digits ? digits - plain.size() : 0, '0').append(plain).push_back(behind);
    };
    put(static_cast<int>(date.year()), 4, '-');
    put(static_cast<unsigned>(date.month()), 2, '-');
    put(static_cast<unsigned>(date.day()), 2, 'T');
    put(time.hours().count(), 2, ':');
    put(time.minutes().count(), 2, ':');
    put(time.seconds().count(), 2, 'Z');
    return text;
}

} // namespace postern::kit
