#pragma once
// Octets as text, in SASL and JSON. STANDARDS: RFC 4648 4. SECURITY: what is decoded comes from peers; nothing but the exact form
// is taken.

#include <optional>
#include <string>
#include <string_view>

namespace postern::base {

[[nodiscard]] std::string to_base64(std::string_view octets);
/// Nothing: it is not base64, padded.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// Text for JSON, which is UTF-8: an octet that is not ASCII becomes '?'.
[[nodiscard]] std::string as_utf8(std::string_view text);

} // namespace postern::base
