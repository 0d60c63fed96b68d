#pragma once
// What an issuer says about a token, read and judged. Pure: text in, a finding out; the time is a parameter.
// STANDARDS: RFC 7662 2.2. SECURITY: the text comes from the issuer, and what it says of a user perhaps from that user.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace auth_oauth2 {

/// What a token has to be.
struct demands {
    std::string identity_claim = "username"; ///< which member says who that is
    std::string scope;                       ///< empty: any
    std::string audience;                    ///< likewise
};

struct finding {
    enum class kind : std::uint8_t {
        good,
        bad,       ///< the token does not do, whoever has it
        senseless, ///< the answer is none
    } what = kind::senseless;
    std::string identity;            ///< good
    std::optional<std::int64_t> exp; ///< good: until when, in seconds since 1970
    std::string why;                 ///< for the log: no secrets, nothing of the answer
};

/// `now`: seconds since 1970.
[[nodiscard]] finding judge(std::string_view answer, const demands& wanted, std::int64_t now);

} // namespace auth_oauth2
