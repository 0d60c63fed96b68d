#pragma once
// Which addresses a program may be sent to by the owner of a name. It must not know who connects.
// STANDARDS: RFC 6890, RFC 4291, RFC 6052. SECURITY: a domain's owner says where its web server is, and must not be able to make
// this server ask another one that only this machine or its site can reach.

#include <postern/kit/network_set.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

namespace postern::kit {

namespace public_addresses {

/// An address; IPv4 is mapped into ::ffff:0:0/96.
using octets = address;

/// A network.
struct prefix {
    std::array<std::uint8_t, 16> octets;
    unsigned bits;
};

/// Whether the octets from `from` on lie in that network.
[[nodiscard]] inline bool has(const octets& where, std::size_t from, const prefix& what) noexcept
{
    for (unsigned bit = 0; bit < what.bits; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
        if (((where[from + bit / 8] ^ what.octets[bit / 8]) & mask) != 0)
            return false;
    }
    return true;
}

/// RFC 6890 2.2.2, without the networks that are for documentation: nobody can be reached there.
inline constexpr std::array not_public_v4{
    prefix{{0}, 8},        prefix{{10}, 8},         prefix{{100, 64}, 10},  prefix{{127}, 8},      prefix{{169, 254}, 16},
    prefix{{172, 16}, 12}, prefix{{192, 0, 0}, 24}, prefix{{192, 168}, 16}, prefix{{198, 18}, 15}, prefix{{224}, 3},
};
/// RFC 4291 2.5.5.2.
inline constexpr prefix mapped_v4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
/// IPv4 addresses by way of a translator.
inline constexpr prefix translated_v4{{0, 0x64, 0xff, 0x9b}, 96}; // RFC 6052 2.1
/// RFC 4291 2.4: what is given out.
inline constexpr prefix global_v6{{0x20}, 3};
/// What is global by its look, and may lead to an IPv4 address of whatever kind: 6to4, Teredo and their neighbours.
inline constexpr std::array tunnels{prefix{{0x20, 0x02}, 16}, prefix{{0x20, 0x01}, 23}};

/// Whether it is neither of this machine, nor of its site, nor a group.
[[nodiscard]] inline bool is_public(const octets& where) noexcept
{
    constexpr std::size_t v4_at = 12;
    if (has(where, 0, mapped_v4) || has(where, 0, translated_v4))
        return std::none_of(not_public_v4.begin(), not_public_v4.end(),
                            [&](const prefix& each) { return has(where, v4_at, each); });
    return has(where, 0, global_v6) &&
           std::none_of(tunnels.begin(), tunnels.end(), [&](const prefix& each) { return has(where, 0, each); });
}

} // namespace public_addresses

/// "192.0.2.1" or "2001:db8::1": neither this machine, nor its link or site, nor a group.
[[nodiscard]] inline bool is_public(std::string_view text) noexcept
{
    const auto parsed = parse_address(text);
    return parsed && public_addresses::is_public(*parsed);
}

/// The same of a socket's.
[[nodiscard]] inline bool is_public(const sockaddr& from) noexcept
{
    public_addresses::octets all{};
    if (from.sa_family == AF_INET6) {
        sockaddr_in6 six{};
        std::memcpy(&six, &from, sizeof six);
        std::memcpy(all.data(), &six.sin6_addr, all.size());
    } else if (from.sa_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &from, sizeof four);
        all[10] = all[11] = 0xff;
        std::memcpy(all.data() + 12, &four.sin_addr, 4);
    } else {
        return false;
    }
    return public_addresses::is_public(all);
}

} // namespace postern::kit
