#pragma once
// The ESMTP parameters of MAIL and RCPT, from text to typed values in the envelope. All of them also stay raw in
// `parameters`, so that every plugin and every later hop can see what was said.
// They live beside the envelope because its types are their meaning; room protocol knows no messages.
// STANDARDS: RFC 5321 4.1.2 and 4.1.1.11; RFC 1870, 3030, 3461, 4954, 6152, 6531, 6533. SECURITY: every octet comes from a peer.

#include "core/message/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace postern::message {

/// Which extensions the server offered to this client. A keyword of one that was not is unknown.
struct parameter_offers {
    bool size = true;
    bool eight_bit_mime = true;
    bool binary_mime = false;
    bool smtputf8 = false;
    bool dsn = false;
    bool auth = false;
    /// Further keywords, upper case, that are accepted with any value and kept raw: those that plugins registered.
    std::span<const std::string_view> mail_keywords = {};
    std::span<const std::string_view> rcpt_keywords = {};
};

/// The reply that a faulty parameter list gets. The texts are literals.
struct parameter_refusal {
    std::uint16_t code;        ///< 501 or 555
    std::string_view enhanced; ///< "5.5.4"
    std::string_view text;
};

inline constexpr std::size_t max_envid = 100; ///< RFC 3461 4.4: octets as received
inline constexpr std::size_t max_orcpt = 500; ///< RFC 3461 4.2: octets as received, with the type

/// Reads what follows the path of MAIL: empty, or a space and "KEYWORD[=value]" words. Fills all of `into` but its address;
/// after a refusal `into` is of no use. Unknown or not offered: 555 5.5.4. Repeated, malformed or bad value: 501 5.5.4.
[[nodiscard]] std::optional<parameter_refusal> parse_mail_parameters(std::string_view text, const parameter_offers& offers,
                                                                     sender& into);

/// The same for RCPT. `smtputf8`: whether this transaction's MAIL said so; only then may ORCPT hold raw UTF-8 (RFC 6533 3).
[[nodiscard]] std::optional<parameter_refusal> parse_rcpt_parameters(std::string_view text, const parameter_offers& offers,
                                                                     bool smtputf8, recipient& into);

} // namespace postern::message
