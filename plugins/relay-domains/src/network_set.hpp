#pragma once
// A set of IP networks. It must not know SMTP. STANDARDS: RFC 4632 (CIDR), RFC 4291 2.5.5.2 (IPv4-mapped addresses).

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace relay_domains {

/// An address as 16 octets; IPv4 is mapped into ::ffff:0:0/96, so that both spellings of a client are the same.
using address = std::array<std::uint8_t, 16>;

/// "192.0.2.1" or "2001:db8::1", without brackets or zone.
[[nodiscard]] std::optional<address> parse_address(std::string_view text) noexcept;

class network_set {
public:
    /// Takes "192.0.2.7" or "192.0.2.0/24"; says what is wrong with anything else, or nullptr.
    [[nodiscard]] const char* add(std::string_view text);
    /// Whether the client of this address is in one of them. Text that is no address is in none.
    [[nodiscard]] bool contains(std::string_view client) const noexcept;
    [[nodiscard]] bool empty() const noexcept { return networks_.empty(); }
    /// One of them holds all of IPv4, or all of IPv6 that is in use, however it is written.
    [[nodiscard]] bool trusts_everybody() const noexcept;

private:
    struct network {
        address first;
        unsigned bits; ///< of prefix, of 128
    };
    std::vector<network> networks_;
};

} // namespace relay_domains
