#pragma once
// What an ETRN asks for, and whether it may. Pure; it must not know the plugin contract.
// STANDARDS: RFC 1985 5.1 to 5.3. SECURITY: the argument is a client's.

#include <postern/kit/network_set.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace etrn {

/// A domain, or all below it too.
struct destination {
    std::string domain; ///< in lower case
    bool has_subdomains = false;

    bool operator==(const destination&) const = default;
};

struct turn {
    enum class kind : std::uint8_t {
        granted,
        unreadable,  ///< 501
        not_allowed, ///< 459
    };
    kind what = kind::unreadable;
    std::vector<destination> where = {}; ///< of granted: not empty
};

class turn_policy {
public:
    // Each takes one entry of an option, and says what is wrong with it, or nullptr.

    [[nodiscard]] const char* add_domain(std::string_view text);
    [[nodiscard]] const char* add_queue(std::string_view name, std::string_view domains);
    [[nodiscard]] const char* add_network(std::string_view text) { return networks_.add(text); }
    [[nodiscard]] bool is_empty() const noexcept { return names_.empty() && trees_.empty() && queues_.empty(); }

    /// Whether this client may ask at all. `identity`: who logged in, empty for nobody.
    [[nodiscard]] bool may_ask(std::string_view address, std::string_view identity) const noexcept
    {
        return networks_.empty() || !identity.empty() || networks_.contains(address);
    }
    /// "example.com", "@example.com" or "#queue".
    [[nodiscard]] turn read(std::string_view argument) const;

private:
    [[nodiscard]] bool is_listed(std::string_view domain) const noexcept;
    [[nodiscard]] bool is_below_listed(std::string_view domain) const noexcept;

    std::set<std::string, std::less<>> names_; ///< in lower case
    std::set<std::string, std::less<>> trees_; ///< "example.com" of "*.example.com"
    std::map<std::string, std::vector<destination>, std::less<>> queues_;
    postern::kit::network_set networks_;
};

} // namespace etrn
