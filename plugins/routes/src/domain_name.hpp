#pragma once
// Domains and addresses as the keys of a table: one text for all spellings of one. STANDARDS: RFC 5321 2.4, 4.1.3, RFC 5891 5.
// SECURITY: those of recipients come from anybody.

#include <optional>
#include <string>
#include <string_view>

namespace routes {

/// Lower case, U-labels as A-labels, as the server looks them up. Nothing: it is no name of the domain name system.
[[nodiscard]] std::optional<std::string> folded_domain(std::string_view domain);
/// Letters, digits, hyphens, underscores and dots, the last label not all digits.
[[nodiscard]] bool is_host_name(std::string_view text) noexcept;

/// "[192.0.2.1]" or "[IPv6:2001:db8::1]" in one spelling; nothing: it is none of these.
[[nodiscard]] std::optional<std::string> folded_literal(std::string_view text);
/// The text of an address in the server's spelling; nothing: it is none. IPv4 within IPv6 is IPv4.
[[nodiscard]] std::optional<std::string> ip_text(std::string_view text);

/// Of a recipient, or of a table: local part and domain in lower case. Nothing: there is no domain, or it is none.
struct folded_address {
    std::string local;
    std::string domain; ///< or a literal
};
[[nodiscard]] std::optional<folded_address> fold(std::string_view address);

} // namespace routes
