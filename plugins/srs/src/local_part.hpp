#pragma once
// Local parts as the words that they mean, without quotes, and back. STANDARDS: RFC 5321 4.1.2, 4.5.3.1.1, RFC 6531 3.3.
// SECURITY: they come from anybody; the host has read them before, and this does not rest on it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace srs {

inline constexpr std::size_t longest_local_part = 64; // octets

/// The two halves of an address; nothing: it has not both.
struct parts {
    std::string_view local; ///< as written
    std::string_view domain;
};
[[nodiscard]] std::optional<parts> split(std::string_view address) noexcept;

/// Without quotes and what only they need.
[[nodiscard]] std::string unquoted(std::string_view local);
/// In quotes if it needs them.
[[nodiscard]] std::string quoted(std::string_view words);
/// A name of letters, digits, hyphens and dots, or octets above 127, or an address in brackets.
[[nodiscard]] bool is_domain(std::string_view text) noexcept;

} // namespace srs
