#pragma once
// Octets as text. STANDARDS: RFC 4648 4. SECURITY: what is decoded comes from peers and from the control socket; nothing but the
// exact form is taken.

#include <optional>
#include <string>
#include <string_view>

namespace postern::base {

[[nodiscard]] std::string to_base64(std::string_view octets);
/// Nothing: it is not base64, padded.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

} // namespace postern::base
