#include "core/message/xtext.hpp"

namespace postern::message {

namespace {

constexpr bool is_xchar(char c) noexcept
{
    return c >= '!' && c <= '~' && c != '+' && c != '=';
}

/// RFC 3461 4: hexchar is written in upper case.
constexpr int hex_value(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

std::string encode_xtext(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        if (is_xchar(c)) {
            encoded += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        encoded += '+';
        encoded += digits[octet >> 4U];
        encoded += digits[octet & 15U];
    }
    return encoded;
}

std::optional<std::string> decode_xtext(std::string_view text)
{
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_xchar(text[i])) {
            decoded += text[i];
            continue;
        }
        if (text[i] != '+' || text.size() - i < 3)
            return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0)
            return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return decoded;
}

} // namespace postern::message
