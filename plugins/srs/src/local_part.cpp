#include "local_part.hpp"

#include <algorithm>

namespace srs {
namespace {

[[nodiscard]] bool is_alphanumeric(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// RFC 5321 4.1.2 with RFC 5322 3.2.3 and RFC 6531 3.3
[[nodiscard]] bool is_atext(char c) noexcept
{
    return is_alphanumeric(c) || std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

[[nodiscard]] bool is_dot_string(std::string_view words) noexcept
{
    return !words.empty() && words.front() != '.' && words.back() != '.' && words.find("..") == std::string_view::npos &&
           std::all_of(words.begin(), words.end(), [](char c) { return c == '.' || is_atext(c); });
}

} // namespace

std::optional<parts> split(std::string_view address) noexcept
{
    const auto at = address.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == address.size())
        return std::nullopt;
    return parts{address.substr(0, at), address.substr(at + 1)};
}

std::string unquoted(std::string_view local)
{
    if (local.size() < 2 || local.front() != '"' || local.back() != '"')
        return std::string{local};
    std::string words;
    for (std::size_t i = 1; i + 1 < local.size(); ++i) {
        if (local[i] == '\\' && i + 2 < local.size())
            ++i;
        words += local[i];
    }
    return words;
}

std::string quoted(std::string_view words)
{
    if (is_dot_string(words))
        return std::string{words};
    std::string local = "\"";
    for (const char c : words) {
        if (c == '"' || c == '\\')
            local += '\\';
        local += c;
    }
    return local + '"';
}

bool is_domain(std::string_view text) noexcept
{
    if (text.size() > 2 && text.front() == '[' && text.back() == ']')
        return std::all_of(text.begin() + 1, text.end() - 1,
                           [](char c) { return is_alphanumeric(c) || c == '.' || c == ':' || c == '-'; });
    return !text.empty() && text.size() <= 253 && text.front() != '.' && text.back() != '.' && text.front() != '-' &&
           text.find("..") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; });
}

} // namespace srs
