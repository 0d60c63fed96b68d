#pragma once
// A set of IP networks, as operators write them, and whether a client is in it. It must not know SMTP or a host.
// STANDARDS: RFC 4632 (CIDR), RFC 4291 2.4, 2.5.5.2 (IPv4-mapped addresses). SECURITY: client addresses are the host's, or what
// a proxy said; networks are the operator's.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

namespace postern::kit {

/// An address as 16 octets; IPv4 is mapped into ::ffff:0:0/96, so that both spellings of a client are the same.
using address = std::array<std::uint8_t, 16>;

/// "192.0.2.1" or "2001:db8::1", without brackets or zone.
[[nodiscard]] inline std::optional<address> parse_address(std::string_view text) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> copy{}; // inet_pton wants a NUL at the end
    if (text.empty() || text.size() >= copy.size() || text.find('\0') != text.npos)
        return std::nullopt;
    std::copy(text.begin(), text.end(), copy.begin());

    address made{};
    if (text.find(':') != text.npos) {
        if (inet_pton(AF_INET6, copy.data(), made.data()) != 1)
            return std::nullopt;
        return made;
    }
    made[10] = made[11] = 0xff; // RFC 4291 2.5.5.2
    if (inet_pton(AF_INET, copy.data(), made.data() + 12) != 1)
        return std::nullopt;
    return made;
}

/// Addresses and networks of a configuration, to be asked whether one is among them.
class network_set {
public:
    /// Takes "192.0.2.7" or "192.0.2.0/24"; says what is wrong with anything else, or nullptr.
    [[nodiscard]] const char* add(std::string_view text)
    {
        const std::size_t slash = text.find('/');
        const auto first = parse_address(text.substr(0, slash));
        if (!first)
            return "is no IP address or network";
        const bool is_v4 = text.substr(0, slash).find(':') == text.npos;
        const unsigned most = is_v4 ? 32 : 128;

        unsigned length = most;
        if (slash != text.npos) {
            const std::string_view digits = text.substr(slash + 1);
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
            if (error != std::errc{} || end != digits.data() + digits.size() || length > most)
                return "has no valid prefix length";
        }
        const unsigned bits = is_v4 ? mapped_bits + length : length;
        if (!is_zero_behind(*first, bits)) // RFC 4632 3.1: likely a slip, and a wider one than meant
            return "has bits set behind its prefix";
        networks_.push_back({*first, bits});
        return nullptr;
    }
    /// Whether the client of this address is in one of them. Text that is no address is in none.
    [[nodiscard]] bool contains(std::string_view client) const noexcept
    {
        if (networks_.empty())
            return false;
        const auto at = parse_address(client);
        return at && std::any_of(networks_.begin(), networks_.end(),
                                 [&](const network& one) { return has_prefix(*at, one.first, one.bits); });
    }
    [[nodiscard]] bool empty() const noexcept { return networks_.empty(); }
    /// One of them holds all of IPv4, or all of IPv6 that is in use, however it is written.
    [[nodiscard]] bool trusts_everybody() const noexcept
    {
        // An IPv6 network may hold all of IPv4 (RFC 4291 2.5.5.2), and /0 is not the only one that holds everybody: all of IPv6
        // that is out there is 2000::/3 (RFC 4291 2.4).
        constexpr address all_v4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        constexpr address all_v6{0x20};
        return std::any_of(networks_.begin(), networks_.end(), [&](const network& one) {
            return (one.bits <= mapped_bits && has_prefix(all_v4, one.first, one.bits)) ||
                   (one.bits <= global_bits && has_prefix(all_v6, one.first, one.bits));
        });
    }

private:
    static constexpr unsigned mapped_bits = 96; // of ::ffff:0:0/96
    static constexpr unsigned global_bits = 3;  // of 2000::/3

    struct network {
        address first;
        unsigned bits; ///< of prefix, of 128
    };

    [[nodiscard]] static bool has_prefix(const address& of, const address& prefix, unsigned bits) noexcept
    {
        const std::size_t octets = bits / 8;
        if (std::memcmp(of.data(), prefix.data(), octets) != 0)
            return false;
        if (bits % 8 == 0)
            return true;
        const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits % 8));
        return ((of[octets] ^ prefix[octets]) & mask) == 0;
    }
    [[nodiscard]] static bool is_zero_behind(const address& of, unsigned bits) noexcept
    {
        for (unsigned bit = bits; bit < 128; ++bit) {
            if ((of[bit / 8] & (0x80u >> (bit % 8))) != 0)
                return false;
        }
        return true;
    }

    std::vector<network> networks_;
};

} // namespace postern::kit
