#pragma once
// Where a recipient's message goes next, as a value: a transport and, for SMTP and LMTP, a host and port or a Unix socket. Routes
// come from the relay setting, from a queue.route edit, or are the domain's. It resolves and connects nothing.
// STANDARDS: RFC 5321 5.1, RFC 2033 5. SECURITY: from_text reads configuration and plugins' edits.

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
    std::string transport = "smtp"; ///< "lmtp", or the instance of a plugin that provides postern.delivery/1
    /// Lower case name or address text without brackets; of LMTP also the path of a Unix socket, which begins with a slash; empty
    /// where the transport needs none.
    std::string host;
    std::uint16_t port = 0; ///< 0 where the transport needs none
    bool by_mx = false;     ///< `host` is a domain, whose mail exchangers are the hosts

    /// Reads "host", "host:port", "192.0.2.1:25", "[2001:db8::1]:25" or "[2001:db8::1]"; the port defaults to 25. Names may stand
    /// in brackets too, "[host]:port", as Postfix has them where no MX is looked up.
    /// Nothing if that is no host name of letters, digits, hyphens, underscores and dots (RFC 1123), or the port is not 1..65535.
    /// "mx:example.org": the mail exchangers of that domain, which has a dot, at `mx_port`. "lmtp:store.example:24" and
    /// "lmtp:unix:/run/lmtp": by LMTP, which has no port that goes without saying, and is not for port 25 (RFC 2033 5). "mx:26"
    /// and "lmtp:26" are hosts.
    [[nodiscard]] static std::optional<route> from_text(std::string_view text, std::uint16_t mx_port = smtp_port);
    /// Of a queue.route edit: `name` is the transport ("": what from_text reads; "smtp", "lmtp"), `value` the next hop. A
    /// plugin's transport may come without a next hop.
    [[nodiscard]] static std::optional<route> from_edit(std::string_view name, std::string_view value,
                                                        std::uint16_t mx_port = smtp_port);

    /// As the log names destinations: "example.com" is a domain with its mail exchangers, what has a colon from_text() reads.
    [[nodiscard]] static std::optional<route> from_destination(std::string_view text);

    /// Of the domain of an address ("example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]"): its mail exchangers, at `port`;
    /// U-labels become A-labels (RFC 5891 5), an address is its own host. Nothing: it is no name of the domain name system.
    [[nodiscard]] static std::optional<route> to_domain(std::string_view domain, std::uint16_t port = smtp_port);

    [[nodiscard]] bool is_lmtp() const noexcept { return transport == "lmtp"; }
    /// Not by a connection of ours.
    [[nodiscard]] bool is_by_plugin() const noexcept { return transport != "smtp" && !is_lmtp(); }
    /// The host is a Unix socket: nobody is in between.
    [[nodiscard]] bool is_local() const noexcept { return host.starts_with('/'); }
    /// "host:port", "[2001:db8::1]:25", "example.com" where MX records say the host, "lmtp:host:port", "lmtp:unix:/path", or
    /// "maildir" for a transport without a host: for logs and as the name of a destination.
    [[nodiscard]] std::string text() const;

    auto operator<=>(const route&) const = default;
};

/// What route::from_text reads, in words, for who has to write it.
inline constexpr std::string_view route_words = "a host and a port, \"mx.example.org:25\", \"192.0.2.1:25\" or "
                                                "\"[2001:db8::1]:25\" (25 if left out; a name that is not ASCII as "
                                                "its \"xn--\" form), a domain with its mail exchangers, \"mx:example.org\", or "
                                                "by LMTP \"lmtp:store.example.org:24\" (any port but "
                                                "25) or \"lmtp:unix:/run/dovecot/lmtp\"";

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
