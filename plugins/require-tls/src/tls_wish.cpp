#include "tls_wish.hpp"

#include <algorithm>

namespace require_tls {
namespace {

[[nodiscard]] constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] bool is_same(std::string_view text, std::string_view word) noexcept
{
    return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) { return lower(a) == lower(b); });
}

} // namespace

bool waives_tls(std::string_view field_name, std::string_view field_value) noexcept
{
    constexpr std::string_view blank = " \t\r\n";
    const auto begin = field_value.find_first_not_of(blank);
    if (begin == std::string_view::npos || !is_same(field_name, "TLS-Required"))
        return false;
    const auto end = field_value.find_last_not_of(blank);
    return is_same(field_value.substr(begin, end - begin + 1), "No");
}

} // namespace require_tls
