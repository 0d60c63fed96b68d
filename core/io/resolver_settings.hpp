#pragma once
// Whom a resolver asks.

#include <chrono>
#include <string>
#include <vector>

namespace postern::io {

struct resolver_settings {
    std::vector<std::string> servers; ///< "192.0.2.1:53" or "[2001:db8::1]:53"; none: those of /etc/resolv.conf
    std::string trust_anchor;         ///< a file of DS or DNSKEY records, as root.key is; empty: nothing is validated
    std::chrono::milliseconds timeout{10'000};

    bool operator==(const resolver_settings&) const = default;
};

} // namespace postern::io
