#pragma once
// The little cryptography that mechanisms need, over OpenSSL. Octets are strings.
// SECURITY: a digest that the library lacks gives nothing, and nothing equals no proof.

#include "core/base/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::sasl {

enum class digest : std::uint8_t { md5, sha_1, sha_256 };

[[nodiscard]] std::size_t digest_octets(digest kind) noexcept;
[[nodiscard]] std::string hash(digest kind, std::string_view data);                       ///< empty: there is no such digest
[[nodiscard]] std::string hmac(digest kind, std::string_view key, std::string_view data); ///< empty: likewise
/// PBKDF2 with HMAC, of the digest's length (Hi() of RFC 5802 2.2). Empty: there is no such digest.
[[nodiscard]] std::string pbkdf2(digest kind, std::string_view password, std::string_view salt, std::uint32_t iterations);

/// How long it takes does not tell where they differ. Empty equals nothing.
[[nodiscard]] bool equals_in_constant_time(std::string_view a, std::string_view b) noexcept;

[[nodiscard]] std::string to_hex(std::string_view octets); ///< lower case

/// Printable, without a comma, of 24 random octets. Empty: there is no randomness.
[[nodiscard]] std::string make_nonce();

using base::wipe;

} // namespace postern::sasl
