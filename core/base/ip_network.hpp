#pragma once
// An IP network as an operator writes it. STANDARDS: RFC 4632 (CIDR). SECURITY: who is in one may be trusted with something.

#include "core/base/ip_address.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postern::base {

class ip_network {
public:
    /// "192.0.2.0/24", "2001:db8::/32", or an address, which is a network of one. Nothing, and `why`: anything else, also bits
    /// that are set behind the prefix, since whoever wrote them meant another network.
    [[nodiscard]] static std::optional<ip_network> from_text(std::string_view text, std::string& why);
    [[nodiscard]] bool contains(const ip_address& address) const noexcept;

    bool operator==(const ip_network&) const = default;

private:
    ip_network(const ip_address& first, unsigned bits) noexcept : first_{first}, bits_{bits} {}
    ip_address first_;
    unsigned bits_; ///< of the 128 that an ip_address has
};

} // namespace postern::base
