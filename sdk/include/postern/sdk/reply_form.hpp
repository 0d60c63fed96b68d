#pragma once
// What an SMTP reply may look like: what the host would refuse in an answer, said where the answer is made. Pure; it must not
// know verdicts. STANDARDS: RFC 5321 4.2, RFC 3463 2. SECURITY: texts often quote what a peer sent.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace postern::sdk {

inline constexpr std::size_t most_reply_text = 4096; ///< octets
inline constexpr std::size_t most_enhanced = 16;     ///< octets
inline constexpr std::size_t most_edits = 10'000;    ///< in one answer

/// RFC 5321 4.2: textstring.
[[nodiscard]] constexpr bool is_reply_octet(char c) noexcept
{
    return c == '\t' || (c >= ' ' && c <= '~');
}

[[nodiscard]] constexpr bool is_reply_text(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), is_reply_octet);
}

/// RFC 5321 4.2: the first digit is the class, the second is 0 to 5. So 571, which RFC 5248 does not list either, is none.
[[nodiscard]] constexpr bool is_reply_code(std::uint32_t code, std::uint32_t reply_class) noexcept
{
    return code / 100 == reply_class && code / 10 % 10 <= 5;
}

/// RFC 3463 2: class "." subject "." detail, the latter two of one to three digits without leading zeros.
[[nodiscard]] constexpr bool is_enhanced_code(std::string_view text, std::uint32_t reply_class) noexcept
{
    if (text.size() < 2 || text[0] != static_cast<char>('0' + reply_class) || text[1] != '.')
        return false;
    std::size_t numbers = 0;
    for (std::size_t at = 2; at <= text.size(); ++numbers) {
        const std::size_t end = std::min(text.find('.', at), text.size());
        const std::string_view number = text.substr(at, end - at);
        if (number.empty() || number.size() > 3 || (number.size() > 1 && number[0] == '0') ||
            !std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }))
            return false;
        at = end + 1;
    }
    return numbers == 2;
}

/// The text as a reply can carry it: a "?" for what is not printable ASCII (one for all octets of a UTF-8 character), and cut to
/// the most that the host takes.
[[nodiscard]] inline std::string as_reply_text(std::string text)
{
    std::size_t size = 0;
    for (std::size_t at = 0; at < text.size() && size < most_reply_text; ++at) {
        if (is_reply_octet(text[at])) {
            text[size++] = text[at];
            continue;
        }
        if (static_cast<unsigned char>(text[at]) >= 0xc0) {
            while (at + 1 < text.size() && (static_cast<unsigned char>(text[at + 1]) & 0xc0u) == 0x80)
                ++at;
        }
        text[size++] = '?';
    }
    text.erase(size);
    return text;
}

/// Throws std::invalid_argument unless `enhanced` is empty or fits `code`. `what`: of whom the message speaks.
inline void check_enhanced(const char* what, std::uint32_t code, const std::string& enhanced)
{
    if (!enhanced.empty() && !is_enhanced_code(enhanced, code / 100))
        throw std::invalid_argument(std::string{what} + " with code " + std::to_string(code) +
                                    " cannot carry the enhanced code \"" + enhanced + "\"; one that fits is " +
                                    std::to_string(code / 100) + ".7.1");
}

/// Throws std::invalid_argument unless the code is 0 or of the class, and `enhanced` empty or of the class.
inline void check_reply(const char* what, std::uint32_t code, std::uint32_t reply_class, const std::string& enhanced)
{
    if (code != 0 && code / 100 != reply_class)
        throw std::invalid_argument(std::string{what} + " cannot answer with code " + std::to_string(code) + ", but with " +
                                    std::to_string(reply_class) + "xx");
    if (code != 0 && !is_reply_code(code, reply_class))
        throw std::invalid_argument(std::string{what} + " cannot answer with code " + std::to_string(code) +
                                    ": the second digit of a reply code is 0 to 5 (RFC 5321 4.2)");
    check_enhanced(what, code == 0 ? reply_class * 100 : code, enhanced);
}

} // namespace postern::sdk
