#pragma once
// The little that mail addresses need to know of UTF-8: whether octets are well formed, and which code points are traps.
// STANDARDS: RFC 3629, RFC 5198 2, RFC 5892. SECURITY: fed by peers.

#include <cstddef>
#include <optional>
#include <string_view>

namespace postern::message {

struct code_point {
    char32_t value;
    std::size_t size; ///< octets
};

/// The code point at the front of `text`. Nothing: cut short, overlong, a surrogate, above U+10FFFF, or `text` is empty.
[[nodiscard]] std::optional<code_point> first_code_point(std::string_view text) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// C0, DEL, C1 controls and the separators U+2028, U+2029: they end lines somewhere (RFC 5198 2).
[[nodiscard]] bool is_control(char32_t point) noexcept;

/// Code points that IDNA mappings turn into a dot, an ASCII character or nothing, so that a name would be read as another
/// one behind us: full stops of other scripts, fullwidth forms, invisible format characters. RFC 5892 disallows them all.
[[nodiscard]] bool is_deceptive_in_domain(char32_t point) noexcept;

} // namespace postern::message
