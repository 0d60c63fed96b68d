#pragma once
// What a sender may say about TLS, and what that makes of a delivery. Pure; it must not know the plugin contract.
// STANDARDS: RFC 8689 2, 3, 4. SECURITY: names and values are a client's.

#include <string_view>

namespace require_tls {

/// RFC 8689 3: TLS-Required, in any case, with the value "No".
[[nodiscard]] bool waives_tls(std::string_view field_name, std::string_view field_value) noexcept;

/// What is asked for; in both cases the parameter outweighs the header field (RFC 8689 4.1).
enum class wish {
    none,
    required, ///< REQUIRETLS was said
    waived,   ///< TLS-Required: No
};

/// What holds for a connection, from weak to strong.
enum class security { clear, opportunistic, encrypted, verified, dane };

/// What is to hold. `configured`: what the operator wants of all; `now`: what has come of that and of the recipients' domains.
[[nodiscard]] constexpr security settle(wish what, security configured, security now) noexcept
{
    switch (what) {
    case wish::none:
        return now;
    case wish::required:
        return now < security::verified ? security::verified : now; // RFC 8689 2: a certificate for the name, or DANE
    case wish::waived:
        return configured < now ? configured : now; // RFC 8689 3: recipients' policies do not count
    }
    return now;
}

} // namespace require_tls
