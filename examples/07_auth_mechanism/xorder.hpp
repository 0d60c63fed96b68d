#pragma once
// What both sides of XORDER-HMAC-SHA256 compute. It must not know the plugin contract.
// SECURITY: names and proofs are a client's.

#include <optional>
#include <string>
#include <string_view>

namespace xorder {

inline constexpr std::size_t key_octets = 32;

/// 64 hexadecimal digits as a key; nothing: it is none.
[[nodiscard]] std::optional<std::string> key_of(std::string_view hex);

/// 32 random octets. Throws std::runtime_error where there are none.
[[nodiscard]] std::string random_octets();

/// HMAC-SHA-256 by `key` of "XORDER1", the connection's binding, the challenge and the name: a proof that was heard elsewhere, or
/// passed on by somebody in the middle, is of no use.
[[nodiscard]] std::string proof_of(std::string_view key, std::string_view binding, std::string_view challenge,
                                   std::string_view name);

/// How long it takes does not tell where they differ.
[[nodiscard]] bool is_same(std::string_view a, std::string_view b) noexcept;

} // namespace xorder
