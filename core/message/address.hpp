#pragma once
// Mail addresses: the paths of MAIL and RCPT, read strictly and kept in one canonical form, so that two spellings of one
// mailbox are one string and nothing behind this parser has to think of quotes, routes or literals.
// It must not know: lines, replies, which domains are local. It resolves nothing and converts no IDN.
//
// Canonical form: source route dropped; local part unquoted where it can be, else quoted with only `"` and `\` escaped; the
// domain as written; IP literals as base::ip_address::literal() writes them.
//
// STANDARDS: RFC 5321 4.1.2, 4.1.3, 4.5.1, 4.5.3.1; RFC 6531 3.3. SECURITY: every octet comes from a peer.

#include "core/base/result.hpp"
#include "core/message/errc.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::message {

// RFC 5321 4.5.3.1.1 to 4.5.3.1.3, in octets.
inline constexpr std::size_t max_local_part = 64; ///< in canonical form
inline constexpr std::size_t max_domain = 255;
inline constexpr std::size_t max_path = 256; ///< as written, with the angle brackets and a source route

/// Whether octets above 127 are let through (RFC 6531).
enum class utf8 : bool { refused, allowed };

/// What a path came to.
struct parsed_path {
    std::string address;      ///< canonical "local@domain"; empty: the null reverse path; "postmaster" may stand alone
    std::size_t consumed = 0; ///< octets of the text, through the '>'; what follows is parameters
};

/// Reads "<...>" at the front of `text`: the argument of MAIL FROM:. "<>" is the null reverse path.
/// MAIL's SMTPUTF8 stands behind its path: read with utf8::allowed where the extension is offered, then check is_ascii().
/// Errors: errc::bad_path, too_long, needs_smtputf8, bad_utf8.
[[nodiscard]] base::result<parsed_path> parse_reverse_path(std::string_view text, utf8 octets);

/// Reads "<...>" at the front of `text`: the argument of RCPT TO:. "<>" is an error; "<Postmaster>", in any case and without
/// a domain, is a path (RFC 5321 4.5.1) and gives the local part as written.
[[nodiscard]] base::result<parsed_path> parse_forward_path(std::string_view text, utf8 octets);

/// The whole of `text` as a mailbox "local@domain" without angle brackets or route, in canonical form: for configuration
/// and edits. The result fits into a path.
[[nodiscard]] base::result<std::string> parse_mailbox(std::string_view text, utf8 octets);

/// RFC 5321 4.1.2 Domain: dot-separated labels of letters, digits and inner hyphens, at most 63 octets each, no trailing dot;
/// with utf8::allowed also labels beyond ASCII, but for code points that IDNA maps to dots, letters or nothing.
[[nodiscard]] bool is_domain(std::string_view text, utf8 octets = utf8::refused) noexcept;

/// RFC 5321 4.1.3, with its brackets: "[192.0.2.1]", "[IPv6:2001:db8::1]", "[tag:content]".
[[nodiscard]] bool is_address_literal(std::string_view text) noexcept;

/// The two halves of a canonical address. Views into it.
struct address_parts {
    std::string_view local;  ///< canonical, with its quotes if it needs them
    std::string_view domain; ///< empty: null reverse path, or a postmaster alone
};
/// For canonical addresses only: elsewhere the last '@' is a guess.
[[nodiscard]] address_parts split_address(std::string_view address) noexcept;

/// "postmaster" in any case, without a domain.
[[nodiscard]] bool is_postmaster_alone(std::string_view address) noexcept;

/// A canonical address as a path on the wire: "<local@domain>", "<>" for the empty one.
[[nodiscard]] std::string to_path(std::string_view address);

/// ASCII letters in lower case; other octets as they are.
[[nodiscard]] std::string lower_ascii(std::string_view text);
/// The address with its domain in lower case. The local part is the business of its domain alone (RFC 5321 2.4).
[[nodiscard]] std::string with_lower_domain(std::string_view address);

/// No octet above 127.
[[nodiscard]] bool is_ascii(std::string_view text) noexcept;

} // namespace postern::message
