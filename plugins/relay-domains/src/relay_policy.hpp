#pragma once
// For whom we take mail, and from whom for anybody. Pure: text in, a decision out; it must not know the plugin contract.
// STANDARDS: RFC 5321 2.3.11, 2.4, 4.1.2, 4.5.1.
// SECURITY: recipients come from anybody. What is not understood is not vouched for.

#include <postern/kit/network_set.hpp>

#include <string>
#include <string_view>
#include <unordered_set>

namespace relay_domains {

/// Lets sets of strings be asked with views.
struct octets_hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
using octets_set = std::unordered_set<std::string, octets_hash, std::equal_to<>>;

class relay_policy {
public:
    // Each takes one entry of an option, and says what is wrong with it, or nullptr.

    /// "example.com", or "*.example.com" for its subdomains.
    [[nodiscard]] const char* add_domain(std::string_view text);
    /// "user@example.com"
    [[nodiscard]] const char* add_address(std::string_view text);
    /// "192.0.2.0/24"
    [[nodiscard]] const char* add_network(std::string_view text) { return networks_.add(text); }

    /// Whether this client may relay anywhere. `identity`: who logged in, empty for nobody.
    [[nodiscard]] bool trusts(std::string_view client_address, std::string_view identity) const noexcept
    {
        return !identity.empty() || networks_.contains(client_address);
    }
    /// Whether we take mail for this recipient from anybody: "local@domain" as RFC 5321 writes it, or "postmaster".
    [[nodiscard]] bool takes(std::string_view recipient) const;
    [[nodiscard]] const postern::kit::network_set& networks() const noexcept { return networks_; }

private:
    [[nodiscard]] bool takes_domain(std::string_view name) const noexcept;

    octets_set domains_;   ///< in lower case
    octets_set parents_;   ///< "example.com" of "*.example.com", in lower case
    octets_set addresses_; ///< domain in lower case
    postern::kit::network_set networks_;
};

} // namespace relay_domains
