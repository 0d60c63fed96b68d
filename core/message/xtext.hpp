#pragma once
// xtext: how DSN parameters carry any ASCII text through a parameter value. STANDARDS: RFC 3461 4.
// SECURITY: decoded text may hold anything; who prints it decides what may be printed.

#include <optional>
#include <string>
#include <string_view>

namespace postern::message {

/// Octets 33 to 126 but '+' and '=' stand for themselves, all others become "+" and two hexadecimal digits.
[[nodiscard]] std::string encode_xtext(std::string_view text);

/// Nothing if `text` is not xtext: an octet that must be encoded, or a '+' without two digits 0-9 A-F behind it.
[[nodiscard]] std::optional<std::string> decode_xtext(std::string_view text);

} // namespace postern::message
