#include "release_policy.hpp"

#include <algorithm>
#include <charconv>

namespace future_release {
namespace {

/// RFC 2852 4: the seconds of BY. Nothing for what is no such value: whoever offers DELIVERBY refuses it.
std::optional<std::chrono::seconds> seconds_of(std::string_view by) noexcept
{
    by = by.substr(0, by.find(';'));
    if (by.starts_with('+'))
        by.remove_prefix(1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(by.data(), by.data() + by.size(), number);
    if (error != std::errc{} || end != by.data() + by.size() || number > 999'999'999 || number < -999'999'999)
        return std::nullopt;
    return std::chrono::seconds{number};
}

} // namespace

std::optional<std::chrono::seconds> parse_interval(std::string_view text) noexcept
{
    if (text.empty() || text.size() > 9 || text.front() == '0')
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
    if (!text.ends_with('Z') && !text.ends_with('z') && !text.ends_with("+00:00") && !text.ends_with("-00:00"))
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
            return {{}, "HOLDFOR is a number of seconds, 1 to 999999999"};
        at = now + *interval;
    } else if (asked.hold_until) {
        at = parse_until(*asked.hold_until);
        if (!at)
            return {{}, "HOLDUNTIL is a time in UTC: 2026-11-29T16:30:00Z"};
    }
    const auto by = asked.by ? seconds_of(*asked.by) : std::nullopt;
    if (at && by && *at - now > *by) // RFC 4865 5.2.2
        return {{}, "that is later than the message is to be delivered by"};
    if (at) // clocks differ, and a late client wants its mail sent all the same
        at = std::max(*at, now);
    if (at && *at - now > most) // RFC 4865 4: not later than was announced
        return {{}, "that is further ahead than messages are held"};
    return {at};
}

std::string keyword_parameters(seconds_since_1970 now, std::chrono::seconds most)
{
    return std::to_string(most.count()) + " " + postern::kit::to_date_time(now + most);
}

} // namespace future_release
