#pragma once
// IP addresses, endpoints and networks as values, without sockets.
// SECURITY: from_text reads configuration and address literals of peers.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::base {

/// An IPv4 or IPv6 address. IPv4 is kept as ::ffff:a.b.c.d, so that equal addresses compare equal whatever the socket's family
/// was.
class ip_address {
public:
    ip_address() = default; ///< ::
    explicit ip_address(const std::array<std::uint8_t, 16>& octets) noexcept : octets_{octets} {}

    [[nodiscard]] static std::optional<ip_address> from_text(std::string_view text) noexcept;
    [[nodiscard]] bool is_v4() const noexcept;
    [[nodiscard]] bool is_loopback() const noexcept;
    [[nodiscard]] bool is_unspecified() const noexcept; ///< 0.0.0.0 or ::
    [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const noexcept { return octets_; }

    /// "192.0.2.1" or "2001:db8::1".
    [[nodiscard]] std::string text() const;
    /// As in an address literal: "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 4.1.3).
    [[nodiscard]] std::string literal() const;

    auto operator<=>(const ip_address&) const = default;

private:
    std::array<std::uint8_t, 16> octets_{};
};

struct ip_endpoint {
    ip_address address;
    std::uint16_t port = 0;

    /// "192.0.2.1:25" or "[2001:db8::1]:25".
    [[nodiscard]] std::string text() const;
    /// Reads the two forms of text(). Host names are not endpoints.
    [[nodiscard]] static std::optional<ip_endpoint> from_text(std::string_view text) noexcept;

    auto operator<=>(const ip_endpoint&) const = default;
};

} // namespace postern::base

template <>
struct std::hash<postern::base::ip_address> {
    std::size_t operator()(const postern::base::ip_address& address) const noexcept
    {
        return std::hash<std::string_view>{}({reinterpret_cast<const char*>(address.octets().data()), address.octets().size()});
    }
};
