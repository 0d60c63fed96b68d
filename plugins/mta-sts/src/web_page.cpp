#include "web_page.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <array>
#include <optional>

#include <ctime>

namespace mta_sts {

namespace {

using postern::kit::is_alphanumeric;
using postern::kit::lowered;
using postern::kit::trimmed;

[[nodiscard]] std::string two(int number)
{
    return (number < 10 ? "0" : "") + std::to_string(number);
}

/// RFC 9110 5.6.7: IMF-fixdate, whatever the locale.
[[nodiscard]] std::string date_of(std::int64_t time_s)
{
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto time = static_cast<std::time_t>(time_s);
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    return std::string{days[static_cast<std::size_t>(parts.tm_wday)]} + ", " + two(parts.tm_mday) + ' ' +
           months[static_cast<std::size_t>(parts.tm_mon)] + ' ' + std::to_string(parts.tm_year + 1900) + ' ' +
           two(parts.tm_hour) + ':' + two(parts.tm_min) + ':' + two(parts.tm_sec) + " GMT";
}

/// Up to its CRLF, or LF (RFC 9112 2.2).
[[nodiscard]] std::string_view take_line(std::string_view& text) noexcept
{
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

struct request {
    std::string_view method;
    std::string_view path; ///< without its query
    std::string host;      ///< in lower case, without a port; empty: none was said (HTTP/1.0)
};

/// "mta-sts.example.org:443" -> "mta-sts.example.org"
[[nodiscard]] std::string host_in(std::string_view authority)
{
    return lowered(trimmed(authority.substr(0, authority.find(':'))));
}

/// RFC 9110 5.6.2
[[nodiscard]] bool is_token(std::string_view text) noexcept
{
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [&](char c) { return is_alphanumeric(c) || marks.find(c) != marks.npos; });
}

/// Nothing: it is no request.
[[nodiscard]] std::optional<request> parse(std::string_view text)
{
    while (text.starts_with("\r\n")) // RFC 9112 2.2
        text.remove_prefix(2);
    const auto first = take_line(text);
    const auto space = first.find(' ');
    const auto last = first.rfind(' ');
    if (space == first.npos || space == last)
        return std::nullopt;
    request made{first.substr(0, space), first.substr(space + 1, last - space - 1), {}};
    const auto version = first.substr(last + 1);
    const bool is_old = version == "HTTP/1.0";
    if (!is_token(made.method) || (!is_old && version != "HTTP/1.1") || made.path.find(' ') != made.path.npos)
        return std::nullopt;
    unsigned hosts = 0;
    while (!text.empty()) {
        const auto line = take_line(text);
        if (line.empty())
            break;
        const auto colon = line.find(':');
        if (colon == line.npos || !is_token(line.substr(0, colon)))
            return std::nullopt;
        if (lowered(line.substr(0, colon)) == "host") {
            ++hosts;
            made.host = host_in(line.substr(colon + 1));
        }
    }
    if (hosts > 1 || (hosts == 0 && !is_old)) // RFC 9112 3.2
        return std::nullopt;
    for (const std::string_view scheme : {"https://", "http://"}) { // RFC 9112 3.2.2: the target says more than Host
        if (!lowered(made.path.substr(0, scheme.size())).starts_with(scheme))
            continue;
        const auto rest = made.path.substr(scheme.size());
        const auto slash = std::min(rest.find('/'), rest.size());
        made.host = host_in(rest.substr(0, slash));
        made.path = slash == rest.size() ? "/" : rest.substr(slash);
        break;
    }
    made.path = made.path.substr(0, made.path.find('?'));
    return made;
}

[[nodiscard]] web_response made_of(unsigned code, std::string_view reason, std::string_view body, bool is_head,
                                   std::int64_t now_s, std::string_view more = {})
{
    std::string octets = "HTTP/1.1 " + std::to_string(code) + ' ';
    octets.append(reason).append("\r\nDate: ").append(date_of(now_s));
    octets.append("\r\nContent-Type: text/plain\r\nContent-Length: ").append(std::to_string(body.size()));
    octets.append("\r\nConnection: close\r\n").append(more).append("\r\n");
    if (!is_head)
        octets.append(body);
    return {code, std::move(octets)};
}

} // namespace

std::size_t end_of_request(std::string_view octets) noexcept
{
    std::size_t begin = 0;
    while (octets.substr(begin).starts_with("\r\n"))
        begin += 2;
    const auto crlf = octets.find("\r\n\r\n", begin);
    const auto lf = octets.find("\n\n", begin);
    if (crlf == octets.npos && lf == octets.npos)
        return octets.npos;
    return std::min(crlf == octets.npos ? octets.size() : crlf + 4, lf == octets.npos ? octets.size() : lf + 2);
}

web_response respond(const web_page& page, std::string_view text, std::int64_t now_s)
{
    if (text.size() > longest_request)
        return made_of(431, "Request Header Fields Too Large", "the request is too long\n", false, now_s);
    const auto asked = parse(text);
    if (!asked)
        return made_of(400, "Bad Request", "this is no request of HTTP/1.1\n", false, now_s);
    const bool is_head = asked->method == "HEAD";
    if (!is_head && asked->method != "GET")
        return made_of(405, "Method Not Allowed", "only GET and HEAD are known\n", false, now_s, "Allow: GET, HEAD\r\n");
    const bool is_ours = asked->host.empty() || std::find(page.hosts.begin(), page.hosts.end(), asked->host) != page.hosts.end();
    if (!is_ours || asked->path != page.path)
        return made_of(404, "Not Found", "there is no such page\n", is_head, now_s);
    return made_of(200, "OK", page.text, is_head, now_s);
}

} // namespace mta_sts
