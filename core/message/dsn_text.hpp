#pragma once
// The pieces of text that a DSN is put together from: quoted text made harmless, fields, prose, quoted-printable.
// STANDARDS: RFC 5322 2.1.1, 2.2.3; RFC 2045 6.7. SECURITY: everything quoted comes from a peer.

#include <optional>
#include <string>
#include <string_view>

namespace postern::message {

/// Text that stays in its line and its character set: control octets become '?', and so do octets above 127 unless `utf8` is
/// set and the text is well-formed. At most 1,000 octets of it.
[[nodiscard]] std::string clean_text(std::string_view text, bool utf8);

/// An address as utf-8-addr-xtext (RFC 6533 3): "\\x{E9}" for what is not QCHAR. What is no UTF-8 becomes '?'.
[[nodiscard]] std::string to_utf8_addr_xtext(std::string_view address);

/// The other way: an address of type utf-8 in any of its forms, as UTF-8. Nothing: it is none.
[[nodiscard]] std::optional<std::string> from_utf8_addr(std::string_view text);

/// Appends "Name: value CRLF", folded at spaces to lines of 78 octets where there are spaces, and never over 998. `value` is
/// clean.
void append_field(std::string& out, std::string_view name, std::string_view value);

/// Appends a paragraph, broken at spaces to lines of 76 octets where there are spaces, and never over 998.
void append_prose(std::string& out, std::string_view text);

/// Appends lines (CRLF) in quoted-printable; bare CR and LF, NUL and octets above 127 come out as =XX.
void append_quoted_printable(std::string& out, std::string_view octets);

/// What there is to know before octets are given back.
struct original_form {
    bool has_8bit = false;
    bool is_utf8 = true;
    bool has_defect = false; ///< NUL, bare CR, bare LF, or a line over 998 octets
};
[[nodiscard]] original_form look_at(std::string_view octets) noexcept;

/// The octets up to and without the empty line; all of them if there is none.
[[nodiscard]] std::string_view header_section(std::string_view message) noexcept;

} // namespace postern::message
