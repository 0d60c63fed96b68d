#pragma once
// What both sides of SCRAM compute and how they write it. STANDARDS: RFC 5802 3 and 7, RFC 7677. SECURITY: reads what peers say.

#include "core/base/result.hpp"
#include "core/sasl/crypto.hpp"
#include "core/sasl/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postern::sasl {

[[nodiscard]] digest digest_of(scram_hash hash) noexcept;

/// What a client makes of a password. Wipes itself.
struct scram_keys {
    std::string client_key;
    std::string stored_key;
    std::string server_key;

    scram_keys() = default;
    ~scram_keys();
    scram_keys(scram_keys&&) noexcept = default;
    scram_keys& operator=(scram_keys&&) noexcept = default;
};

/// `password` is prepared already. An error: no_cryptography.
[[nodiscard]] base::result<scram_keys> derive_scram_keys(scram_hash hash, std::string_view password, std::string_view salt,
                                                         std::uint32_t iterations);

/// Octet by octet; for texts of one size, else empty.
[[nodiscard]] std::string exclusive_or(std::string_view a, std::string_view b);

/// RFC 5802 5.1: a comma and an equals sign in a name.
[[nodiscard]] std::string escape_saslname(std::string_view name);
/// Nothing: a comma, a NUL, or an equals sign that begins no escape.
[[nodiscard]] std::optional<std::string> unescape_saslname(std::string_view text);

/// Takes "k=value" and the comma behind it off the front of `rest`. Nothing: that is not there.
[[nodiscard]] std::optional<std::string_view> take_attribute(std::string_view& rest, char key) noexcept;

/// The channel bindings' type that we have (RFC 9266).
inline constexpr std::string_view binding_type = "tls-exporter";

} // namespace postern::sasl
