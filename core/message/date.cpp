#include "core/message/date.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace postern::message {

namespace {

[[nodiscard]] std::string made_text(std::chrono::sys_seconds when)
{
    constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{when - day};
    // RFC 5322 3.3: date-time = [ day-of-week "," ] date time; the zone is four digits.
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", days[std::chrono::weekday{day}.c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(), time.seconds().count());
}

} // namespace

std::string date_text(base::wall_time when)
{
    // Thousands of messages come within a second, and each has this text.
    thread_local std::pair<std::chrono::sys_seconds, std::string> last;
    if (const auto second = std::chrono::floor<std::chrono::seconds>(when); last.second.empty() || last.first != second)
        last = {second, made_text(second)};
    return last.second;
}

} // namespace postern::message
