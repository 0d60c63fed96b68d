#include "core/host/cli_traffic.hpp"

#include "core/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace postern::daemon {
namespace {

constexpr std::size_t longest_line = 4096; // of which the rest goes into further ones

[[nodiscard]] std::string printable(std::string_view line)
{
    std::string out;
    for (const char c : line) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet < 0x20 || octet >= 0x7f)
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", octet);
        else
            out += c;
    }
    return out;
}

/// A command and its mechanism, or a reply's code, stay; what proves something does not.
[[nodiscard]] std::string masked(std::string_view line)
{
    constexpr std::string_view mask = "****";
    std::size_t shown = 0;
    if (base::equals_ignoring_case(line.substr(0, 5), "AUTH "))
        shown = std::min(line.find(' ', 5), line.size());
    else if (line.starts_with("334"))
        shown = 3;
    else if (line == "*" || (line.size() > 3 && base::is_digit(line[0]) && (line[3] == ' ' || line[3] == '-')))
        return printable(line);
    const auto rest = line.substr(shown);
    if (rest.find_first_not_of(' ') == std::string_view::npos && shown != 0)
        return printable(line);
    return printable(line.substr(0, shown)) + (shown == 0 ? "" : " ") + std::string{mask};
}

} // namespace

void traffic_lines::show(const runtime::client_traffic& what)
{
    switch (what.what) {
    case runtime::client_traffic::kind::said:
        take(said_, what.octets, "-> ", what.is_secret);
        return;
    case runtime::client_traffic::kind::heard:
        take(heard_, what.octets, "<- ", what.is_secret);
        return;
    case runtime::client_traffic::kind::secured:
        write_("== TLS: " + printable(what.octets));
        return;
    }
}

void traffic_lines::take(std::string& partial, std::string_view octets, std::string_view arrow, bool is_secret)
{
    partial += octets;
    std::size_t begin = 0;
    for (;;) {
        const auto end = partial.find("\r\n", begin);
        const bool is_whole = end != std::string::npos;
        if (!is_whole && partial.size() - begin < longest_line)
            break;
        const auto line = std::string_view{partial}.substr(begin, is_whole ? end - begin : longest_line);
        write_(std::string{arrow} + (is_secret ? masked(line) : printable(line)));
        begin += line.size() + (is_whole ? 2 : 0);
    }
    partial.erase(0, begin);
}

} // namespace postern::daemon
