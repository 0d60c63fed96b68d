#pragma once
// How clients may log in at a listener. Made once a generation, never changed afterwards, shared by its sessions.
// STANDARDS: RFC 4954, RFC 4422. SECURITY: what shows a password is for TLS, unless the configuration says otherwise.

#include "core/sasl/server_mechanism.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace postern::session {

struct offered_mechanism {
    std::string name;                           ///< upper case
    const sasl::mechanism_kind* kind = nullptr; ///< of the core; null: a plugin's
    std::string owner = {};                     ///< the instance whose it is
};

inline constexpr std::size_t most_mechanisms = 64; ///< a listener

struct auth_offer {
    std::vector<offered_mechanism> mechanisms; ///< at most most_mechanisms, in the order of EHLO
    bool in_clear = false;                     ///< outside TLS too
    bool is_required = false;                  ///< MAIL only after a login (530 5.7.0)
    std::uint32_t failures = 3;                ///< a connection; one more closes it
    std::function<std::string()> nonce;        ///< fresh and random: as sasl::surroundings wants it; any thread
    std::string unknown_user_key;              ///< likewise: a secret that lasts over restarts
};

} // namespace postern::session
