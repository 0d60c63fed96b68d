#include "dns_lists.hpp"

#include "octets.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace spam_filter {
namespace {

constexpr std::uint32_t loopback = 127U << 24U;

std::optional<std::uint32_t> parse_v4(std::string_view text)
{
    in_addr parsed{};
    if (::inet_pton(AF_INET, std::string{text}.c_str(), &parsed) != 1)
        return std::nullopt;
    return ntohl(parsed.s_addr);
}

/// The first word, taken off `text`.
std::string_view take_word(std::string_view& text) noexcept
{
    text = trimmed(text);
    std::size_t length = 0;
    while (length < text.size() && !is_space(text[length]))
        ++length;
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(length);
    return word;
}

bool is_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 200 && text.front() != '.' && text.back() != '.' &&
           text.find("..") == std::string_view::npos && text.find('.') != std::string_view::npos &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; });
}

/// What only this network knows (RFC 1918, RFC 1122 3.2.1.3, RFC 3927).
bool is_private(std::uint32_t address) noexcept
{
    const std::uint32_t first = address >> 24U;
    return first == 10 || first == 127 || first == 0 || address >> 20U == 0xac1 || address >> 16U == 0xc0a8 ||
           address >> 16U == 0xa9fe;
}

std::string reversed(std::uint32_t address)
{
    std::string text;
    for (unsigned shift = 0; shift < 32; shift += 8)
        text += std::to_string(address >> shift & 0xffU) + '.';
    return text;
}

} // namespace

bool dns_list::add_range(std::string_view text)
{
    const std::size_t hyphen = text.find('-');
    const auto first = parse_v4(text.substr(0, hyphen));
    if (!first || (*first & 0xff000000U) != loopback)
        return false;
    range made{*first, *first};
    if (hyphen != std::string_view::npos) {
        const std::string_view last = text.substr(hyphen + 1);
        std::uint32_t octet = 0;
        const auto [end, failed] = std::from_chars(last.data(), last.data() + last.size(), octet);
        if (failed != std::errc{} || end != last.data() + last.size() || octet > 255 || octet < (*first & 0xffU))
            return false;
        made.last = (*first & ~0xffU) | octet;
    }
    codes_.push_back(made);
    return true;
}

const char* dns_list::parse(std::string_view entry, dns_list& to)
{
    to = {};
    const std::string_view zone = take_word(entry);
    if (!is_name(zone))
        return "does not begin with the name of a zone";
    to.zone_ = zone;
    const std::string_view points = take_word(entry);
    const auto [end, failed] = std::from_chars(points.data(), points.data() + points.size(), to.points_);
    if (points.empty() || failed != std::errc{} || end != points.data() + points.size() ||
        !(to.points_ >= -100 && to.points_ <= 100))
        return "has no points, -100 to 100, behind its zone";
    for (std::string_view code = take_word(entry); !code.empty(); code = take_word(entry)) {
        if (!to.add_range(code))
            return "has an answer that is none, such as 127.0.0.2 or 127.0.0.4-11";
    }
    return nullptr;
}

std::string dns_list::symbol(std::string_view prefix) const
{
    std::string name{prefix};
    for (const char c : zone_)
        name += is_letter(c) ? static_cast<char>(lower(c) - 'a' + 'A') : is_digit(c) ? c : '_';
    return name;
}

bool dns_list::is_listing(std::string_view address) const noexcept
{
    in_addr parsed{};
    std::array<char, INET_ADDRSTRLEN> text{};
    if (address.size() >= text.size())
        return false;
    std::copy(address.begin(), address.end(), text.begin());
    if (::inet_pton(AF_INET, text.data(), &parsed) != 1)
        return false;
    const std::uint32_t code = ntohl(parsed.s_addr);
    if ((code & 0xff000000U) != loopback)
        return false;
    if (codes_.empty())
        return code >> 8U != (0x7fffffU); // 127.255.255.0/24: the question was refused, not the address listed
    return std::any_of(codes_.begin(), codes_.end(), [&](const range& one) { return code >= one.first && code <= one.last; });
}

std::optional<std::string> address_question(std::string_view address, std::string_view zone)
{
    std::string text{address};
    in6_addr v6{};
    if (const auto v4 = parse_v4(text)) {
        if (is_private(*v4))
            return std::nullopt;
        return reversed(*v4).append(zone); // RFC 5782 2.1
    }
    if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1)
        return std::nullopt;
    const auto* octets = v6.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        const std::uint32_t v4 = static_cast<std::uint32_t>(octets[12]) << 24U | static_cast<std::uint32_t>(octets[13]) << 16U |
                                 static_cast<std::uint32_t>(octets[14]) << 8U | octets[15];
        return is_private(v4) ? std::nullopt : std::optional{reversed(v4).append(zone)};
    }
    if ((octets[0] & 0xe0U) != 0x20) // only 2000::/3 is spoken of beyond a network
        return std::nullopt;
    std::string name;
    for (int i = 15; i >= 0; --i) { // RFC 5782 2.4
        for (const int half : {octets[i] & 15, octets[i] >> 4})
            name += {"0123456789abcdef"[half], '.'};
    }
    return name.append(zone);
}

std::optional<std::string> host_question(std::string_view host, std::string_view zone)
{
    if (!is_name(host) || host.size() + zone.size() + 1 > 253)
        return std::nullopt;
    // Lists of domains know registered names and hosts below them; three labels hold both, and say less about who reads what.
    std::size_t from = host.size();
    for (int labels = 0; labels < 3 && from != std::string_view::npos && from != 0; ++labels)
        from = host.rfind('.', from - 1);
    const std::string_view asked = from == std::string_view::npos || from == 0 ? host : host.substr(from + 1);
    return std::string{asked}.append(".").append(zone);
}

} // namespace spam_filter
