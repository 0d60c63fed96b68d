#pragma once
// What is kept under postern.kv/1, by its keys. All of a day and a domain is together, so that a walk sees one domain at a time.
//
//     t|DAY|DOMAIN|n|POLICY|FAILURE   how many sessions
//     t|DAY|DOMAIN|p|POLICY           the policy that POLICY stands for
//     t|DAY|DOMAIN|f|FAILURE          likewise what was wrong
//     c|DAY                           the day is closed: what is counted for it later is of the next one
//     s|DAY|DOMAIN|DESTINATION        a report is claimed by somebody who is about to send it, or sent

#include "day.hpp"

#include <postern/kit/sha256.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tls_report::keys {

inline constexpr std::string_view counts = "t|";
inline constexpr std::string_view closed = "c|";
/// Behind all keys of a prefix: none of them has such an octet.
inline constexpr char behind = '\x7f';

struct place {
    day when = 0;
    std::string domain;
};

[[nodiscard]] inline std::string of_day(day when)
{
    return std::string{counts} + text_of(when) + '|';
}
[[nodiscard]] inline std::string of(day when, std::string_view domain)
{
    return of_day(when).append(domain).append("|");
}
[[nodiscard]] inline std::string closed_day(day when)
{
    return std::string{closed} + text_of(when);
}
[[nodiscard]] inline std::string claim(day when, std::string_view domain, std::string_view destination)
{
    std::string made{"s|"};
    return made.append(text_of(when))
        .append("|")
        .append(domain)
        .append("|")
        .append(postern::kit::sha256{}.add(destination).text().substr(0, 32));
}
/// Of a key that begins with `counts`.
[[nodiscard]] inline std::optional<place> place_of(std::string_view key)
{
    constexpr std::size_t digits = 8;
    if (!key.starts_with(counts) || key.size() < counts.size() + digits + 1 || key[counts.size() + digits] != '|')
        return std::nullopt;
    const auto when = parse_day(key.substr(counts.size(), digits));
    key.remove_prefix(counts.size() + digits + 1);
    const auto end = key.find('|');
    if (!when || end == std::string_view::npos)
        return std::nullopt;
    return place{*when, std::string{key.substr(0, end)}};
}

} // namespace tls_report::keys
