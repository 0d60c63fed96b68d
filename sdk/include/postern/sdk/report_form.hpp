#pragma once
// What may be said of a delivery status notification: what the host would refuse in an answer, said where the answer is made.
// Pure; it must not know answers. STANDARDS: RFC 3629, RFC 5322 2.2, 3.6. SECURITY: texts often quote what a peer sent.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::sdk {

inline constexpr std::size_t longest_dsn_text = 16384; ///< octets
inline constexpr std::size_t longest_dsn_name = 100;   ///< octets
inline constexpr std::size_t most_dsn_fields = 20;
inline constexpr std::size_t longest_dsn_field = 900; ///< octets of name and value
/// Fields that a report has itself, or that say who it is for and which way it came; so does what begins with content- or
/// resent-.
inline constexpr std::array<std::string_view, 16> own_dsn_fields{
    "from",       "sender",      "reply-to",   "to",       "cc",          "bcc",          "date",           "subject",
    "message-id", "in-reply-to", "references", "received", "return-path", "delivered-to", "auto-submitted", "mime-version"};

/// Well-formed UTF-8 without control characters, but LF and tab if it may have `lines`.
[[nodiscard]] constexpr bool is_dsn_text(std::string_view text, bool lines) noexcept
{
    for (std::size_t at = 0; at < text.size();) {
        const auto octet = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
        const std::uint32_t first = octet(at);
        const std::size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
        if (size == 0 || size > text.size() - at)
            return false;
        std::uint32_t point = size == 1 ? first : first & (0xffu >> (size + 1));
        for (std::size_t i = 1; i < size; ++i) {
            if ((octet(at + i) & 0xc0u) != 0x80)
                return false;
            point = (point << 6u) | (octet(at + i) & 0x3fu);
        }
        const bool is_short = (size == 3 && point < 0x800) || (size == 4 && (point < 0x10000 || point > 0x10ffff));
        const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
        const bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029;
        if (is_short || is_surrogate || (is_control && !(lines && (point == '\n' || point == '\t'))))
            return false;
        at += size;
    }
    return true;
}

/// A field that may be added: one line of printable ASCII, and none of a report's own.
[[nodiscard]] constexpr bool is_dsn_field(std::string_view name, std::string_view value) noexcept
{
    const auto is_lower_equal = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; };
    const auto begins = [&](std::string_view with) {
        return name.size() >= with.size() &&
               std::equal(with.begin(), with.end(), name.begin(), [&](char w, char n) { return is_lower_equal(n, w); });
    };
    const bool is_own = begins("content-") || begins("resent-") ||
                        std::any_of(own_dsn_fields.begin(), own_dsn_fields.end(),
                                    [&](std::string_view own) { return own.size() == name.size() && begins(own); });
    return !name.empty() && name.size() + value.size() <= longest_dsn_field && !is_own &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; }) &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

} // namespace postern::sdk
