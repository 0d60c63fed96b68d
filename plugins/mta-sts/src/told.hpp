#pragma once
// What operators read: policies that are known, and a policy to publish. Pure; it must not know the plugin contract.
// STANDARDS: RFC 1035 5.1, RFC 8461 3.1, 3.2.

#include "discovery.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mta_sts {

/// A line each, as many as an operator is shown at once.
[[nodiscard]] std::string table_of(const std::vector<discovery::facts>& all);
/// All that is known of one.
[[nodiscard]] std::string details_of(const discovery::facts& one);

/// A policy for mail exchangers of one's own.
struct own_policy {
    mode how = mode::testing;
    std::chrono::seconds max_age{0};
    std::vector<std::string> mx;        ///< patterns; none: those of the MX records
    std::vector<std::string> domains{}; ///< that records() is for
    std::string web_host{};             ///< that serves their policies; empty: it is not known
};
/// The policy for a domain whose MX records name `hosts`.
[[nodiscard]] policy policy_for(const own_policy& how, const std::vector<std::string>& hosts);
/// Lines of a zone file for its domains; empty: there are none.
[[nodiscard]] std::string records_of(const own_policy& how);
/// What to publish where, and what is wrong with it.
[[nodiscard]] std::string to_publish(const std::string& domain, const policy& what, const std::vector<std::string>& hosts);

} // namespace mta_sts
