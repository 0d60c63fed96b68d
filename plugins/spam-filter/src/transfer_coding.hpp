#pragma once
// Content-Transfer-Encoding undone, as readers do it: what is broken is skipped, never an error. Pure.
// STANDARDS: RFC 2045 6.7, 6.8. SECURITY: the octets come from anybody; output and work are at most the input.

#include <string>
#include <string_view>

namespace spam_filter {

/// Appends the octets of `coded` to `to`, no more than `most` of them.
void decode_base64(std::string_view coded, std::size_t most, std::string& to);
void decode_quoted_printable(std::string_view coded, std::size_t most, std::string& to);

/// The value of a hexadecimal digit; negative: it is none.
[[nodiscard]] int hex_value(char c) noexcept;

} // namespace spam_filter
