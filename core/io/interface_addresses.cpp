#include "core/io/interface_addresses.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

namespace postern::io {
namespace {

std::optional<base::ip_address> address_of(const sockaddr* from) noexcept
{
    std::array<std::uint8_t, 16> octets{};
    if (from != nullptr && from->sa_family == AF_INET6) {
        std::memcpy(octets.data(), &reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr, 16);
        return base::ip_address{octets};
    }
    if (from != nullptr && from->sa_family == AF_INET) {
        octets[10] = octets[11] = 0xff; // as base::ip_address has them
        std::memcpy(octets.data() + 12, &reinterpret_cast<const sockaddr_in*>(from)->sin_addr, 4);
        return base::ip_address{octets};
    }
    return std::nullopt; // an interface without an address, or with one of the link layer
}

} // namespace

std::vector<base::ip_address> interface_addresses()
{
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0)
        return {};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{list, &::freeifaddrs};
    std::vector<base::ip_address> out;
    for (const auto* each = list; each != nullptr; each = each->ifa_next)
        if (const auto address = address_of(each->ifa_addr))
            out.push_back(*address);
    std::ranges::sort(out);
    const auto twice = std::ranges::unique(out);
    out.erase(twice.begin(), twice.end());
    return out;
}

} // namespace postern::io
