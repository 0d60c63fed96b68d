#pragma once
// Somebody knows that a domain can be reached now, and what waits for it is to be tried. Pure; knows no ledger.
// STANDARDS: RFC 1985 5.1, RFC 5321 2.3.5 (names have no case). SECURITY: the name may come from a client.

#include "core/queue/record.hpp"

#include <string>
#include <string_view>

namespace postern::queue {

struct domain_wish {
    std::string domain;          ///< in any case
    bool has_subdomains = false; ///< it and all below it
};

/// Whether a recipient of this address is meant: "local@domain".
[[nodiscard]] bool concerns(const domain_wish& wish, std::string_view recipient) noexcept;
/// Whether one of those who are still to get the message is meant.
[[nodiscard]] bool concerns(const domain_wish& wish, const record& what) noexcept;

} // namespace postern::queue
