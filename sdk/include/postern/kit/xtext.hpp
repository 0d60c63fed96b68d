#pragma once
// xtext: how printable and other octets are written in the value of an ESMTP parameter. It must not know whose.
// STANDARDS: RFC 3461 4. SECURITY: the text is a client's; what comes out of it may be any octet.

#include <optional>
#include <string>
#include <string_view>

namespace postern::kit {

/// The octets that an xtext stands for; nothing if it is none.
[[nodiscard]] inline std::optional<std::string> from_xtext(std::string_view text)
{
    // RFC 3461 4: hexchar has upper-case digits.
    const auto digit = [&](std::size_t at) {
        const char c = at < text.size() ? text[at] : '\0';
        if (c >= '0' && c <= '9')
            return c - '0';
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    std::string octets;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '+') {
            const int high = digit(at + 1);
            const int low = digit(at + 2);
            if (high < 0 || low < 0)
                return std::nullopt;
            octets += static_cast<char>(high * 16 + low);
            at += 2;
        } else if (c > ' ' && c <= '~' && c != '=') {
            octets += c;
        } else {
            return std::nullopt;
        }
    }
    return octets;
}

/// The xtext of any octets.
[[nodiscard]] inline std::string to_xtext(std::string_view octets)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char c : octets) {
        if (c > ' ' && c <= '~' && c != '+' && c != '=') {
            text += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            text += '+';
            text += digits[octet / 16];
            text += digits[octet % 16];
        }
    }
    return text;
}

} // namespace postern::kit
