#include "xtext.hpp"

namespace xtrace {

namespace {

/// RFC 3461 4: hexchar has upper-case digits.
constexpr int hex_digit(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

std::optional<std::string> from_xtext(std::string_view text)
{
    std::string octets;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '+') {
            const int high = at + 1 < text.size() ? hex_digit(text[at + 1]) : -1;
            const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
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

} // namespace xtrace
