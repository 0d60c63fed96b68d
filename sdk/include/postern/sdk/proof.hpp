#pragma once
// What a login is proved by. <postern/abi/auth.h> says when each is asked for.

#include <postern/abi/auth.h>

#include <cstdint>

namespace postern {

/// What a plugin can verify, or look up; for host::verifies joined with |.
enum class proof : std::uint32_t {
    password = POSTERN_AUTH_PASSWORD,         ///< PLAIN, LOGIN
    secret = POSTERN_AUTH_SECRET,             ///< wanted: a scram_secret; for host::verifies of SHA-256
    plain_text = POSTERN_AUTH_PLAIN_TEXT,     ///< wanted: the password itself (CRAM-MD5)
    token = POSTERN_AUTH_TOKEN,               ///< OAUTHBEARER, XOAUTH2
    certificate = POSTERN_AUTH_CERTIFICATE,   ///< EXTERNAL
    anonymous = POSTERN_AUTH_ANONYMOUS,       ///< ANONYMOUS: nothing is proved
    secret_sha_1 = POSTERN_AUTH_SECRET_SHA_1, ///< for host::verifies alone: secrets of SHA-1; asked for as `secret`, see hash()
};
/// Several, for host::verifies.
[[nodiscard]] constexpr proof operator|(proof a, proof b) noexcept
{
    return static_cast<proof>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

/// The digest of a SCRAM secret (RFC 5802, RFC 7677).
enum class scram_hash : std::uint32_t { sha_1 = POSTERN_SCRAM_SHA_1, sha_256 = POSTERN_SCRAM_SHA_256 };

} // namespace postern
