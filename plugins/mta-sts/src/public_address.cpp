#include "public_address.hpp"

#include <postern/kit/network_set.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace mta_sts {

namespace {

using octets = postern::kit::address; // IPv4 is mapped into ::ffff:0:0/96

struct prefix {
    std::array<std::uint8_t, 16> octets;
    unsigned bits;
};

[[nodiscard]] bool has(const octets& address, std::size_t from, const prefix& what) noexcept
{
    for (unsigned bit = 0; bit < what.bits; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
        if (((address[from + bit / 8] ^ what.octets[bit / 8]) & mask) != 0)
            return false;
    }
    return true;
}

// RFC 6890 2.2.2, without the networks that are for documentation: nobody can be reached there.
constexpr std::array not_public_v4{
    prefix{{0}, 8},        prefix{{10}, 8},         prefix{{100, 64}, 10},  prefix{{127}, 8},      prefix{{169, 254}, 16},
    prefix{{172, 16}, 12}, prefix{{192, 0, 0}, 24}, prefix{{192, 168}, 16}, prefix{{198, 18}, 15}, prefix{{224}, 3},
};
constexpr prefix mapped_v4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
constexpr prefix translated_v4{{0, 0x64, 0xff, 0x9b}, 96}; // RFC 6052 2.1
constexpr prefix global_v6{{0x20}, 3};
// What is global by its look, and may lead to an IPv4 address of whatever kind: 6to4, Teredo and their neighbours.
constexpr std::array tunnels{prefix{{0x20, 0x02}, 16}, prefix{{0x20, 0x01}, 23}};

[[nodiscard]] bool is_public(const octets& address) noexcept
{
    constexpr std::size_t v4_at = 12;
    if (has(address, 0, mapped_v4) || has(address, 0, translated_v4))
        return std::none_of(not_public_v4.begin(), not_public_v4.end(),
                            [&](const prefix& each) { return has(address, v4_at, each); });
    return has(address, 0, global_v6) &&
           std::none_of(tunnels.begin(), tunnels.end(), [&](const prefix& each) { return has(address, 0, each); });
}

} // namespace

bool is_public(std::string_view address) noexcept
{
    const auto parsed = postern::kit::parse_address(address);
    return parsed && is_public(*parsed);
}

bool is_public(const sockaddr& address) noexcept
{
    octets all{};
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 six{};
        std::memcpy(&six, &address, sizeof six);
        std::memcpy(all.data(), &six.sin6_addr, all.size());
    } else if (address.sa_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &address, sizeof four);
        all[10] = all[11] = 0xff;
        std::memcpy(all.data() + 12, &four.sin_addr, 4);
    } else {
        return false;
    }
    return is_public(all);
}

} // namespace mta_sts
