#include "core/host/log_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace postern::daemon {
namespace {

void append_time(std::string& to, base::wall_time when)
{
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{when - day};
    fmt::format_to(std::back_inserter(to), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                   clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

void append_hex(std::string& to, std::string_view prefix, unsigned char octet)
{
    constexpr char digits[] = "0123456789abcdef";
    to += prefix;
    to += digits[octet >> 4U];
    to += digits[octet & 15U];
}

bool is_plain(unsigned char c) noexcept
{
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

void append_text_value(std::string& to, std::string_view value)
{
    if (!value.empty() && std::ranges::all_of(value, is_plain)) {
        to += value;
        return;
    }
    to += '"';
    for (const char c : value) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (to += '\\') += c;
        else if (c == '\n')
            to += "\\n";
        else if (c == '\r')
            to += "\\r";
        else if (octet >= ' ' && octet < 0x7f)
            to += c;
        else
            append_hex(to, "\\x", octet);
    }
    to += '"';
}

/// Length of the valid UTF-8 sequence (RFC 3629) of two or more octets at the front of `text`; 0 if there is none.
std::size_t sequence_length(std::string_view text) noexcept
{
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto lead = at(0);
    const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                               : lead >= 0xe0 && lead <= 0xef ? 3
                               : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((at(i) & 0xc0U) != 0x80U)
            return 0;
    const bool is_overlong = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90);
    const bool is_outside = (lead == 0xed && at(1) > 0x9f) || (lead == 0xf4 && at(1) > 0x8f);
    const bool is_control = lead == 0xc2 && at(1) < 0xa0; // C1: moves terminals about
    return is_overlong || is_outside || is_control ? 0 : length;
}

void append_json_text(std::string& to, std::string_view value)
{
    to += '"';
    while (!value.empty()) {
        const char c = value.front();
        const auto octet = static_cast<unsigned char>(c);
        std::size_t taken = 1;
        if (c == '"' || c == '\\') {
            (to += '\\') += c;
        } else if (octet < ' ' || octet == 0x7f) {
            append_hex(to, "\\u00", octet);
        } else if (octet < 0x80) {
            to += c;
        } else if (const auto length = sequence_length(value); length != 0) {
            to += value.substr(0, length);
            taken = length;
        } else {
            append_hex(to, "\\\\x", octet);
        }
        value.remove_prefix(taken);
    }
    to += '"';
}

} // namespace

std::string_view name_of(base::log_level level) noexcept
{
    switch (level) {
    case base::log_level::debug:
        return "debug";
    case base::log_level::info:
        return "info";
    case base::log_level::warning:
        return "warning";
    case base::log_level::error:
        return "error";
    }
    return "error";
}

void append_text_line(std::string& to, base::wall_time when, base::log_level level, std::string_view event,
                      std::span<const base::log_field> fields)
{
    append_time(to, when);
    to += ' ';
    to += name_of(level);
    to += ' ';
    append_text_value(to, event);
    for (const auto& each : fields) {
        to += ' ';
        append_text_value(to, each.key);
        to += '=';
        if (const auto* text = std::get_if<std::string_view>(&each.value))
            append_text_value(to, *text);
        else
            fmt::format_to(std::back_inserter(to), "{}", std::get<std::int64_t>(each.value));
    }
}

void append_json_line(std::string& to, base::wall_time when, base::log_level level, std::string_view event,
                      std::span<const base::log_field> fields)
{
    to += "{\"time\":\"";
    append_time(to, when);
    to += "\",\"level\":\"";
    to += name_of(level);
    to += "\",\"event\":";
    append_json_text(to, event);
    for (const auto& each : fields) {
        to += ',';
        append_json_text(to, each.key);
        if (each.key == "time" || each.key == "level" || each.key == "event")
            to.replace(to.size() - 1, 1, "_\"");
        to += ':';
        if (const auto* text = std::get_if<std::string_view>(&each.value))
            append_json_text(to, *text);
        else
            fmt::format_to(std::back_inserter(to), "{}", std::get<std::int64_t>(each.value));
    }
    to += '}';
}

} // namespace postern::daemon
