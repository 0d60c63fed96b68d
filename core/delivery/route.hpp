#pragma once
// Where a recipient's message goes next, as a value: a transport and, for SMTP, a host and port. Routes come from the relay
// setting, from a queue.route edit, or are the domain's. It resolves and connects nothing.
// SECURITY: from_text reads configuration and plugins' edits.

#include "core/base/ip_address.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::delivery {

inline constexpr std::uint16_t smtp_port = 25;

struct route {
    std::string transport = "smtp"; ///< or the instance of a plugin that provides postern.delivery/1
    std::string host;               ///< lower case name or address text without brackets; empty where the transport needs none
    std::uint16_t port = 0;         ///< 0 where the transport needs none
    bool by_mx = false;             ///< `host` is a domain, whose mail exchangers are the hosts

    /// Reads "host", "host:port", "192.0.2.1:25", "[2001:db8::1]:25" or "[2001:db8::1]"; the port defaults to 25. Names may stand
    /// in brackets too, "[host]:port", as Postfix has them where no MX is looked up.
    /// Nothing if that is no host name of letters, digits, hyphens, underscores and dots (RFC 1123), or the port is not 1..65535.
    [[nodiscard]] static std::optional<route> from_text(std::string_view text);
    /// Of a queue.route edit: `name` is the transport ("" or "smtp": SMTP), `value` the next hop. A transport other than smtp
    /// may come without a next hop.
    [[nodiscard]] static std::optional<route> from_edit(std::string_view name, std::string_view value);

    /// Of the domain of an address ("example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]"): its mail exchangers, at `port`;
    /// U-labels become A-labels (RFC 5891 5), an address is its own host. Nothing: it is no name of the domain name system.
    [[nodiscard]] static std::optional<route> to_domain(std::string_view domain, std::uint16_t port = smtp_port);

    [[nodiscard]] bool is_smtp() const noexcept { return transport == "smtp"; }
    /// "host:port", "[2001:db8::1]:25", "example.com" where MX records say the host, or "maildir" for a transport without a host:
    /// for logs and as the name of a destination.
    [[nodiscard]] std::string text() const;

    auto operator<=>(const route&) const = default;
};

/// Letters, digits, hyphens, underscores and dots (RFC 1123 2.1), a dot at the end too; no address.
[[nodiscard]] bool is_host_name(std::string_view text) noexcept;

/// The endpoints at which our listeners are reached: `listening`, and for one on a wildcard ("0.0.0.0", or "[::]", which is IPv6
/// alone) every address of its family that `machine`, those of the interfaces, has.
[[nodiscard]] std::vector<base::ip_endpoint> reached_at(std::span<const base::ip_endpoint> listening,
                                                        std::span<const base::ip_address> machine);

/// Loop guard: whether the route leads to one of our own listeners by address. `own`: from reached_at(); without the machine's
/// addresses a wildcard listener is known by the loopback addresses only. (Host names are compared by runtime/ once they are
/// resolved: it calls this again with the address.)
[[nodiscard]] bool leads_to_ourselves(const route& next, std::span<const base::ip_endpoint> own) noexcept;

} // namespace postern::delivery
