#pragma once
// Letters, digits and spaces of ASCII and of nothing else: what is UTF-8 in an address (SMTPUTF8) stays as it is. It must not
// know a locale.
// STANDARDS: RFC 5321 2.4, RFC 6531. SECURITY: the text is a client's; work and memory are linear in it.

#include <algorithm>
#include <string>
#include <string_view>

namespace postern::kit {

/// The octet, in lower case if it is one of A to Z.
[[nodiscard]] constexpr char lowered(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// The text with A to Z in lower case.
[[nodiscard]] inline std::string lowered(std::string_view text)
{
    std::string made{text};
    std::transform(made.begin(), made.end(), made.begin(), [](char c) { return lowered(c); });
    return made;
}

/// 0 to 9, A to Z, a to z.
[[nodiscard]] constexpr bool is_alphanumeric(char c) noexcept
{
    return (c >= '0' && c <= '9') || (lowered(c) >= 'a' && lowered(c) <= 'z');
}

/// Without the spaces and tabs, or what else is `white`, around it.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text, std::string_view white = " \t") noexcept
{
    const auto begin = text.find_first_not_of(white);
    return begin == text.npos ? std::string_view{} : text.substr(begin, text.find_last_not_of(white) - begin + 1);
}

/// What is behind the last "@" of an address: a quoted local part may hold another one (RFC 5321 4.1.2). Empty: there is none.
[[nodiscard]] constexpr std::string_view domain_of(std::string_view mailbox) noexcept
{
    const auto at = mailbox.rfind('@');
    return at == std::string_view::npos ? std::string_view{} : mailbox.substr(at + 1);
}

} // namespace postern::kit
