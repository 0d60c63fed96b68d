#include "core/io/dns_message.hpp"

#include "core/base/ip_address.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace postern::io {
namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_name = 253; // RFC 1035 2.3.4: 255 octets with the lengths of labels

/// RFC 6895 3.1: OPT, the QTYPEs and meta-TYPEs from 128 to 255, and the numbers for private use are no types of records.
bool is_record_type(std::uint32_t type) noexcept
{
    return type >= 1 && type <= 65279 && type != 41 && (type < 128 || type > 255);
}

/// Visible ASCII: what resolvers read as text means itself. A backslash would begin an escape.
bool is_label_octet(char c) noexcept
{
    return c > ' ' && c <= '~' && c != '\\' && c != '"';
}

bool is_name(std::string_view name) noexcept
{
    if (name.empty() || name.size() > longest_name || !std::ranges::all_of(name, is_label_octet))
        return false;
    for (std::size_t at = 0; at <= name.size();) {
        const auto end = std::min(name.find('.', at), name.size());
        if (end == at || end - at > longest_label)
            return false;
        at = end + 1;
    }
    return true;
}

/// RFC 1035 3.5, RFC 3596 2.5; empty: it is no address.
std::string reverse_name(const std::string& address)
{
    std::array<unsigned char, 16> octets{};
    std::string out;
    if (::inet_pton(AF_INET, address.c_str(), octets.data()) == 1) {
        for (int i = 3; i >= 0; --i)
            out += std::to_string(octets[static_cast<std::size_t>(i)]) + '.';
        return out + "in-addr.arpa";
    }
    if (::inet_pton(AF_INET6, address.c_str(), octets.data()) != 1)
        return out;
    for (auto at = octets.rbegin(); at != octets.rend(); ++at) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[*at & 15U];
        out += '.';
        out += digits[*at >> 4U];
        out += '.';
    }
    return out + "ip6.arpa";
}

std::uint32_t number_at(std::string_view octets, std::size_t at, std::size_t size) noexcept
{
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < size; ++i)
        out = out << 8U | static_cast<unsigned char>(octets[at + i]);
    return out;
}

/// The name at `at`, which moves behind it. Octets that do not belong into a host name become "?" here; `data` has them as they
/// are. Nothing: no name.
std::optional<std::string> name_at(std::string_view octets, std::size_t& at)
{
    std::string out;
    while (at < octets.size()) {
        const auto length = static_cast<unsigned char>(octets[at++]);
        if (length == 0)
            return out.size() <= longest_name ? std::optional{std::move(out)} : std::nullopt;
        if (length > longest_label || octets.size() - at < length)
            return std::nullopt;
        if (!out.empty())
            out += '.';
        for (const char c : octets.substr(at, length))
            out += is_label_octet(c) && c != '.' ? c : '?';
        at += length;
    }
    return std::nullopt;
}

std::optional<std::string> only_name(std::string_view octets, std::size_t at)
{
    auto out = name_at(octets, at);
    return at == octets.size() ? std::move(out) : std::nullopt;
}

std::optional<std::string> address_text(std::string_view octets, int family, std::size_t size)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (octets.size() != size || ::inet_ntop(family, octets.data(), text.data(), text.size()) == nullptr)
        return std::nullopt;
    return std::string{text.data()};
}

/// RFC 1035 3.3.14: one or more strings, each with its length.
std::optional<std::string> joined_strings(std::string_view octets)
{
    std::string out;
    for (std::size_t at = 0; at < octets.size();) {
        const std::size_t length = static_cast<unsigned char>(octets[at++]);
        if (octets.size() - at < length)
            return std::nullopt;
        out += octets.substr(at, length);
        at += length;
    }
    return out;
}

/// RFC 1035 3.3.13: two names and five numbers, the serial first.
std::optional<std::string> read_soa(std::string_view octets, std::uint32_t& serial)
{
    std::size_t at = 0;
    auto primary = name_at(octets, at);
    if (!primary || !name_at(octets, at) || octets.size() - at != 20)
        return std::nullopt;
    serial = number_at(octets, at, 4);
    return primary;
}

} // namespace

std::optional<std::string> dns_question(std::string_view name, std::uint32_t type)
{
    if (!is_record_type(type))
        return std::nullopt;
    if (type == static_cast<std::uint32_t>(dns_type::ptr) && name.size() < INET6_ADDRSTRLEN &&
        name.find('\0') == std::string_view::npos)
        if (auto reverse = reverse_name(std::string{name}); !reverse.empty())
            return reverse;
    if (name.ends_with('.'))
        name.remove_suffix(1);
    return is_name(name) ? std::optional{std::string{name}} : std::nullopt;
}

std::optional<dns_record> read_dns_record(std::uint16_t type, std::string_view octets)
{
    dns_record out;
    std::optional<std::string> name{std::string{}};
    switch (static_cast<dns_type>(type)) {
    case dns_type::a:
        name = address_text(octets, AF_INET, 4);
        break;
    case dns_type::aaaa:
        name = address_text(octets, AF_INET6, 16);
        break;
    case dns_type::ns:
    case dns_type::cname:
    case dns_type::ptr:
        name = only_name(octets, 0);
        break;
    case dns_type::mx:
        if (octets.size() < 3)
            return std::nullopt;
        out.number = number_at(octets, 0, 2);
        name = only_name(octets, 2); // RFC 7505: the root, and so empty, where no mail is taken
        break;
    case dns_type::soa:
        name = read_soa(octets, out.number);
        break;
    case dns_type::txt: {
        auto text = joined_strings(octets);
        if (!text)
            return std::nullopt;
        out.data = std::move(*text);
        return out;
    }
    case dns_type::tlsa:
        break;
    }
    if (!name)
        return std::nullopt;
    out.name = std::move(*name);
    out.data.assign(octets);
    return out;
}

} // namespace postern::io
