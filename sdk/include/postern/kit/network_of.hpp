#pragma once
// The network that a client belongs to, as text: for keys and logs. It must not know SMTP or a host.
// STANDARDS: RFC 4632, RFC 4291 2.5.5.2. SECURITY: client addresses are the host's, or what a proxy said.

#include <postern/kit/network_set.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <arpa/inet.h>

namespace postern::kit {

/// "192.0.2.0/24" of "192.0.2.7": as many bits of the address as its family has in `v4_bits` or `v6_bits`. An IPv4 address is one
/// on an IPv6 socket too. All spellings of an address give the same text. Empty: it is no address, as that of a local socket.
[[nodiscard]] inline std::string network_of(std::string_view client, unsigned v4_bits, unsigned v6_bits)
{
    auto octets = parse_address(client);
    if (!octets)
        return {};
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; // RFC 4291 2.5.5.2
    const bool is_v4 = std::equal(mapped.begin(), mapped.end(), octets->begin());
    const unsigned bits = is_v4 ? std::min(v4_bits, 32u) : std::min(v6_bits, 128u);
    for (unsigned bit = bits + (is_v4 ? 96 : 0); bit < 128; ++bit)
        (*octets)[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> bit % 8));

    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(is_v4 ? AF_INET : AF_INET6, octets->data() + (is_v4 ? 12 : 0), text.data(), text.size()) == nullptr)
        return {};
    return std::string{text.data()} + "/" + std::to_string(bits);
}

} // namespace postern::kit
