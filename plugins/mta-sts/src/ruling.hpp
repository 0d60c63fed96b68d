#pragma once
// What a policy means for one host of its domain, as the answer to delivery.tls_policy.
// STANDARDS: RFC 8461 4, 5. SECURITY: policies come from domains, hosts from their MX records.

#include "discovery.hpp"

#include <postern/plugin.hpp>

#include <cstdint>
#include <string>

namespace mta_sts {

/// What a delivery asks.
struct question {
    std::string domain;
    std::string host;
    std::string name; ///< that a certificate is checked for now
    postern::tls_need need = postern::tls_need::opportunistic;
};

/// For metrics.
enum class outcome : std::uint8_t { no_policy, unavailable, enforced, refused, tested, test_failed, unknown };

struct ruling {
    postern::tls_reply reply;
    outcome what;
};
[[nodiscard]] ruling rule(const question& about, const standing& known);

/// Whether it would leave the host out: worth a second look at the policy.
[[nodiscard]] bool refuses(const question& about, const standing& known) noexcept;

} // namespace mta_sts
