#pragma once
// One thing by which somebody can prove to be who they say: what stands behind the name in a line of the file. Pure.
// STANDARDS: RFC 5803 (SCRAM), crypt(5). SECURITY: credentials are the operator's, passwords anybody's.

#include "secret_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace auth_file {

enum class credential_kind : std::uint8_t {
    argon2id,      ///< $argon2id$..
    crypt,         ///< $2b$.. $2y$.. $6$.. $y$..
    scram_sha_1,   ///< SCRAM-SHA-1$ITERATIONS:SALT$STOREDKEY:SERVERKEY
    scram_sha_256, ///< likewise
    plain,         ///< {PLAIN}password
    certificate,   ///< {CERTIFICATE}subject
};

/// What a server keeps for SCRAM, as octets.
struct scram_keys {
    std::uint32_t iterations = 0;
    std::string salt;
    secret_text stored_key;
    secret_text server_key;
};

struct credential {
    credential_kind kind = credential_kind::certificate;
    secret_text text;       ///< of a hash all of it; behind {PLAIN} and {CERTIFICATE}
    scram_keys scram;       ///< of SCRAM
    std::string parameters; ///< of a hash: what decides how long it takes to verify

    [[nodiscard]] bool is_password_hash() const noexcept
    {
        return kind == credential_kind::argon2id || kind == credential_kind::crypt;
    }
    /// Whether it is made from a password, and changes with it.
    [[nodiscard]] bool is_from_password() const noexcept { return kind != credential_kind::certificate; }
};

/// Nothing, and `why`: it is none.
[[nodiscard]] std::optional<credential> parse_credential(std::string_view text, std::string& why);

enum class finding : std::uint8_t {
    right,
    wrong,
    unknown, ///< nobody of that name has what was asked for
    unable,  ///< no memory: it cannot be said
};

/// Of a hash. Takes as long as its parameters say. Threads: any.
[[nodiscard]] finding verify(const credential& hash, std::string_view password);

} // namespace auth_file
