#pragma once
// What lines of EHLO, values of parameters and replies of several lines may look like: what the host would refuse in an answer,
// said where the answer is made. Pure; it must not know answers.
// STANDARDS: RFC 5321 4.1.1.1, 4.1.2, 4.2. SECURITY: values and parameters often quote what a client sent.

#include <postern/sdk/reply_form.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace postern::sdk {

inline constexpr std::size_t most_reply_lines = 100;   ///< of a reply
inline constexpr std::size_t longest_parameter = 1000; ///< octets of a MAIL or RCPT parameter's value
inline constexpr std::size_t longest_ehlo_line = 500;  ///< octets of a keyword, a space and its parameters

/// RFC 5321 4.1.1.1: ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"); upper case, as names are kept.
[[nodiscard]] constexpr bool is_upper_keyword(std::string_view text) noexcept
{
    const auto is_part = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), is_part);
}

/// RFC 5321 4.1.1.1: words of ehlo-param = 1*(%d33-126), single spaces between; or nothing.
[[nodiscard]] constexpr bool is_ehlo_parameters(std::string_view text) noexcept
{
    char before = ' ';
    for (const char c : text) {
        if (c < ' ' || c > '~' || (c == ' ' && before == ' '))
            return false;
        before = c;
    }
    return text.empty() || before != ' ';
}

[[nodiscard]] constexpr bool is_ehlo_line(std::string_view keyword, std::string_view parameters) noexcept
{
    return is_upper_keyword(keyword) && is_ehlo_parameters(parameters) &&
           keyword.size() + 1 + parameters.size() <= longest_ehlo_line;
}

/// RFC 5321 4.1.2: esmtp-value, or nothing.
[[nodiscard]] constexpr bool is_parameter_value(std::string_view text) noexcept
{
    return text.size() <= longest_parameter &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '='; });
}

/// Throws std::invalid_argument unless the code is there and of the class, and `enhanced` empty or of the class.
inline void check_said(const char* what, std::uint32_t code, std::uint32_t reply_class, const std::string& enhanced)
{
    if (code == 0)
        throw std::invalid_argument(std::string{what} + " needs a reply code, such as " + std::to_string(reply_class) + "50");
    check_reply(what, code, reply_class, enhanced);
}

} // namespace postern::sdk
