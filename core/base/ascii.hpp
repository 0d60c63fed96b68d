#pragma once
// Letters of protocol words, which are ASCII whatever the locale says.

#include <algorithm>
#include <string>
#include <string_view>

namespace postern::base {

[[nodiscard]] constexpr char to_upper(char c) noexcept
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

[[nodiscard]] constexpr char to_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] inline std::string to_upper(std::string_view text)
{
    std::string raised{text};
    std::transform(raised.begin(), raised.end(), raised.begin(), [](char c) { return to_upper(c); });
    return raised;
}

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_upper(x) == to_upper(y); });
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept
{
    return to_upper(c) >= 'A' && to_upper(c) <= 'Z';
}

} // namespace postern::base
