#include "core/base/ip_address.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace postern::base {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

} // namespace

std::optional<ip_address> ip_address::from_text(std::string_view text) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    // inet_pton reads a C string: a NUL inside would hide what follows it.
    if (text.empty() || text.size() >= buffer.size() || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    std::copy(text.begin(), text.end(), buffer.begin());

    ip_address address;
    if (inet_pton(AF_INET6, buffer.data(), address.octets_.data()) == 1)
        return address;
    std::copy(v4_prefix.begin(), v4_prefix.end(), address.octets_.begin());
    if (inet_pton(AF_INET, buffer.data(), address.octets_.data() + v4_prefix.size()) == 1)
        return address;
    return std::nullopt;
}

bool ip_address::is_v4() const noexcept
{
    return std::equal(v4_prefix.begin(), v4_prefix.end(), octets_.begin());
}

bool ip_address::is_loopback() const noexcept
{
    if (is_v4())
        return octets_[12] == 127;
    return octets_.back() == 1 && std::all_of(octets_.begin(), octets_.end() - 1, [](std::uint8_t o) { return o == 0; });
}

bool ip_address::is_unspecified() const noexcept
{
    const auto begin = is_v4() ? octets_.begin() + v4_prefix.size() : octets_.begin();
    return std::all_of(begin, octets_.end(), [](std::uint8_t o) { return o == 0; });
}

std::string ip_address::text() const
{
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (!is_v4()) {
        inet_ntop(AF_INET6, octets_.data(), buffer.data(), buffer.size());
        return buffer.data();
    }
    char* to = buffer.data(); // inet_ntop() goes through sprintf() for these, and every message has such a text
    for (std::size_t i = v4_prefix.size(); i < octets_.size(); ++i) {
        to = std::to_chars(to, buffer.data() + buffer.size(), octets_[i]).ptr;
        *to++ = '.';
    }
    return {buffer.data(), to - 1};
}

std::string ip_address::literal() const
{
    return (is_v4() ? "[" : "[IPv6:") + text() + "]";
}

std::string ip_endpoint::text() const
{
    const std::string_view before = address.is_v4() ? "" : "[";
    const std::string_view behind = address.is_v4() ? ":" : "]:";
    return std::string{before}.append(address.text()).append(behind).append(std::to_string(port));
}

std::optional<ip_endpoint> ip_endpoint::from_text(std::string_view text) noexcept
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        return std::nullopt; // an IPv6 address without brackets: where the port begins is a guess

    ip_endpoint endpoint;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
    const auto address = ip_address::from_text(host);
    if (error != std::errc{} || end != digits.data() + digits.size() || !address)
        return std::nullopt;
    endpoint.address = *address;
    return endpoint;
}

} // namespace postern::base
