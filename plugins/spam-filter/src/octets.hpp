#pragma once
// Octets as mail has them: ASCII letters, white space, lines, a hash that is the same on every machine. SECURITY: all of it comes
// from anybody.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spam_filter {

[[nodiscard]] constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
[[nodiscard]] constexpr bool is_space(char c) noexcept
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_letter(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// Part of a character that is not ASCII, whatever the charset.
[[nodiscard]] constexpr bool is_high(char c) noexcept
{
    return static_cast<unsigned char>(c) >= 0x80;
}

[[nodiscard]] constexpr bool is_same(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}
[[nodiscard]] constexpr bool begins_with(std::string_view text, std::string_view front) noexcept
{
    return text.size() >= front.size() && is_same(text.substr(0, front.size()), front);
}
/// Where `what`, in lower case, stands in `text`, in any case.
[[nodiscard]] constexpr std::size_t find_same(std::string_view text, std::string_view what, std::size_t from = 0) noexcept
{
    for (std::size_t i = from; i + what.size() <= text.size(); ++i) {
        if (lower(text[i]) == what.front() && is_same(text.substr(i, what.size()), what))
            return i;
    }
    return std::string_view::npos;
}

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept
{
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Takes the first line off `text`, without its line end. Mail from a socket has CRLF, files of mail mostly LF.
[[nodiscard]] constexpr std::string_view take_line(std::string_view& text) noexcept
{
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    return line;
}

inline constexpr std::uint64_t hash_start = 0xcbf29ce484222325U; // FNV-1a

[[nodiscard]] constexpr std::uint64_t hashed(std::uint64_t state, char octet) noexcept
{
    return (state ^ static_cast<unsigned char>(octet)) * 0x100000001b3U;
}
[[nodiscard]] constexpr std::uint64_t hashed(std::uint64_t state, std::string_view text) noexcept
{
    for (const char c : text)
        state = hashed(state, c);
    return state;
}
/// Spreads a state over all bits.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t state) noexcept
{
    state = (state ^ (state >> 30U)) * 0xbf58476d1ce4e5b9U;
    state = (state ^ (state >> 27U)) * 0x94d049bb133111ebU;
    return state ^ (state >> 31U);
}

} // namespace spam_filter
