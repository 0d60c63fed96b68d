#pragma once
// Base64 (RFC 4648 4) of a test's own, so that a mistake in the project's is not made twice.

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::test {

[[nodiscard]] inline std::string base64(std::string_view octets)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        unsigned whole = 0;
        for (std::size_t k = 0; k < 3; ++k)
            whole = whole << 8U | (i + k < octets.size() ? static_cast<unsigned char>(octets[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += i + k > octets.size() ? '=' : digits[whole >> (18 - 6 * k) & 63U];
    }
    return text;
}

/// Up to the padding; `text` has nothing in it that is not of the alphabet.
[[nodiscard]] inline std::string from_base64(std::string_view text)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string octets;
    unsigned bits = 0;
    unsigned whole = 0;
    for (const char c : text) {
        if (c == '=')
            break;
        whole = (whole << 6U | static_cast<unsigned>(digits.find(c))) & 0xffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            octets += static_cast<char>(whole >> bits & 0xffU);
        }
    }
    return octets;
}

/// Whether `text` has `secret` in it as it is, or in the base64 of anything that it is a part of.
[[nodiscard]] inline bool reveals(std::string_view text, std::string_view secret)
{
    if (text.find(secret) != std::string_view::npos)
        return true;
    for (std::size_t before = 0; before < 3; ++before) {
        const auto encoded = base64(std::string(before, ' ').append(secret));
        const auto begin = (before * 8 + 5) / 6; // digits on both sides have bits of what stands beside it
        const auto end = (before + secret.size()) * 8 / 6;
        if (text.find(std::string_view{encoded}.substr(begin, end - begin)) != std::string_view::npos)
            return true;
    }
    return false;
}

} // namespace postern::test
