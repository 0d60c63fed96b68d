#pragma once
// What a server keeps of a password for SCRAM (RFC 5802 3): enough to verify, not enough to log in elsewhere.

#include "core/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::sasl {

enum class scram_hash : std::uint8_t { sha_1, sha_256 };

struct scram_secret {
    scram_hash hash = scram_hash::sha_256;
    std::uint32_t iterations = 0; ///< at least 4096 (RFC 7677 4)
    std::string salt;             ///< octets
    std::string stored_key;       ///< octets: 20 or 32
    std::string server_key;       ///< octets: 20 or 32
};

inline constexpr std::uint32_t least_iterations = 4096;
inline constexpr std::uint32_t usual_iterations =
    4096; ///< what a secret should have, so that unknown users are not told from known ones
inline constexpr std::uint32_t most_iterations = 10'000'000;
inline constexpr std::size_t usual_salt_octets = 16; ///< likewise

/// What to keep for `password`, which is prepared here (RFC 4013); `salt` is random octets. Blocks for as long as the iterations
/// take. An error: no such password, or fewer or more iterations than the bounds above.
[[nodiscard]] base::result<scram_secret> make_scram_secret(std::string_view password, std::string_view salt,
                                                           std::uint32_t iterations, scram_hash hash);

} // namespace postern::sasl
