#include "header_rules.hpp"

#include <algorithm>

namespace headers {
namespace {

constexpr std::size_t longest_line = 998; // RFC 5322 2.1.1, without CRLF

constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equal_names(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// RFC 5322 2.2: printable US-ASCII except colon.
bool is_name(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127 && c != ':'; });
}

} // namespace

const char* header_rules::add(std::string_view name, std::string_view value)
{
    if (!is_name(name))
        return "is no name of a header field";
    if (std::any_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }))
        return "has a value with CR, LF or NUL";
    if (name.size() + 2 + value.size() > longest_line)
        return "makes a line of more than 998 octets";
    added_.push_back({std::string{name}, std::string{value}});
    return nullptr;
}

const char* header_rules::remove(std::string_view name)
{
    if (!is_name(name))
        return "is no name of a header field";
    removed_.emplace_back(name);
    return nullptr;
}

bool header_rules::removes(std::string_view name) const noexcept
{
    return std::any_of(removed_.begin(), removed_.end(), [&](const std::string& one) { return equal_names(one, name); });
}

} // namespace headers
