#pragma once
// Which mechanism a client logs in by, out of what the server offers and what its user allows; or why by none, in words that say
// what to mend. It knows no connection.
// STANDARDS: RFC 4954 3, 4. SECURITY: what is offered outside TLS may be anybody's word: what shows a password is not chosen
// there.

#include "core/sasl/client_mechanism.hpp"

#include <memory>
#include <span>
#include <string>

namespace postern::runtime {

struct login_terms {
    std::span<const std::string> offered; ///< by AUTH
    std::span<const std::string> allowed; ///< no others will do; empty: all
    bool has_starttls_left = false;       ///< it is offered and not used: behind it more may be offered
    bool in_clear = false;                ///< what shows the password or token is good enough outside TLS
};

/// The best one. Null, with `why`: none will do.
[[nodiscard]] std::unique_ptr<sasl::client_mechanism> choose_login(const login_terms& terms, const sasl::credentials& with,
                                                                   const sasl::channel_facts& channel, std::string& why);

} // namespace postern::runtime
