#pragma once
// Credentials made from a password. STANDARDS: RFC 4013 (SASLprep), RFC 5802 3, RFC 5803, RFC 9106 (argon2id).

#include "credential.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace auth_file {

/// RFC 3454 7: what is stored holds no characters that Unicode 3.2 did not know; what is asked with may.
enum class text_use : std::uint8_t { asked, stored };

/// Nothing: empty, longer than 1,024 octets, or it holds what may not be.
[[nodiscard]] std::optional<std::string> saslprep(std::string_view text, text_use use);

/// What a hash costs.
struct hash_limits {
    unsigned long long operations = crypto_pwhash_OPSLIMIT_INTERACTIVE;
    std::size_t memory = crypto_pwhash_MEMLIMIT_INTERACTIVE; ///< octets
};

// As text for a line. Empty: there was no memory, or no randomness. `password` is prepared.

[[nodiscard]] std::string make_argon2id(std::string_view password, const hash_limits& limits);
/// `kind`: one of the two of SCRAM. With as many iterations as the host pretends that nobody has.
[[nodiscard]] std::string make_scram(std::string_view password, credential_kind kind);

} // namespace auth_file
