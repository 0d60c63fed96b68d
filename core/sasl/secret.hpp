#pragma once
// What a server keeps of a password for SCRAM (RFC 5802 3): enough to verify, not enough to log in elsewhere.

#include "core/base/result.hpp"

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

} // namespace postern::sasl
