#include "release_policy.hpp"

#include <algorithm>

namespace future_release {

std::optional<std::chrono::seconds> parse_interval(std::string_view text) noexcept
{
    if (text.empty() || text.size() > 9)
        return std::nullopt;
    std::int64_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return std::nullopt;
        number = number * 10 + (c - '0');
    }
    return std::chrono::seconds{number};
}

std::optional<seconds_since_1970> parse_until(std::string_view text) noexcept
{
    if (text.empty() || (text.back() != 'Z' && text.back() != 'z'))
        return std::nullopt;
    return postern::kit::parse_date_time(text);
}

release release_of(const wish& asked, seconds_since_1970 now, std::chrono::seconds most) noexcept
{
    if (asked.hold_for && asked.hold_until) // RFC 4865 4: one of them
        return {{}, "HOLDFOR and HOLDUNTIL exclude each other"};
    std::optional<seconds_since_1970> at;
    if (asked.hold_for) {
        const auto interval = parse_interval(*asked.hold_for);
        if (!interval)
            return {{}, "HOLDFOR is a number of seconds"};
        at = now + *interval;
    } else if (asked.hold_until) {
        at = parse_until(*asked.hold_until);
        if (!at)
            return {{}, "HOLDUNTIL is a time in UTC: 2026-11-29T16:30:00Z"};
        at = std::max(*at, now); // clocks differ, and a late client wants its mail sent all the same
    }
    if (at && *at - now > most) // RFC 4865 4: not later than was announced
        return {{}, "that is further ahead than messages are held"};
    return {at};
}

std::string keyword_parameters(seconds_since_1970 now, std::chrono::seconds most)
{
    return std::to_string(most.count()) + " " + postern::kit::to_date_time(now + most);
}

} // namespace future_release
