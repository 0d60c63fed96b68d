#include "core/message/unicode.hpp"

namespace postern::message {

namespace {

constexpr unsigned octet(char c) noexcept
{
    return static_cast<unsigned char>(c);
}

} // namespace

std::optional<code_point> first_code_point(std::string_view text) noexcept
{
    if (text.empty())
        return std::nullopt;
    const unsigned lead = octet(text[0]);
    if (lead < 0x80)
        return code_point{lead, 1};
    // RFC 3629 4: 80..C1 never lead, F5..FF never occur.
    if (lead < 0xc2 || lead > 0xf4)
        return std::nullopt;
    const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (text.size() < size)
        return std::nullopt;
    char32_t value = lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const unsigned next = octet(text[i]);
        if ((next & 0xc0U) != 0x80)
            return std::nullopt;
        value = value << 6U | (next & 0x3fU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return std::nullopt;
    return code_point{value, size};
}

bool is_utf8(std::string_view text) noexcept
{
    while (!text.empty()) {
        const auto point = first_code_point(text);
        if (!point)
            return false;
        text.remove_prefix(point->size);
    }
    return true;
}

bool is_control(char32_t point) noexcept
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 || point == 0x2029;
}

bool is_deceptive_in_domain(char32_t point) noexcept
{
    const auto between = [point](char32_t first, char32_t last) { return point >= first && point <= last; };
    return point == 0xa0 || point == 0xad || point == 0x3000        // spaces, soft hyphen
           || point == 0x3002 || point == 0xff0e || point == 0xff61 // full stops that IDNA2003 takes as dots
           || between(0xff01, 0xff5e)                               // fullwidth ASCII, with its '@' and '.'
           || between(0x2000, 0x200b) || between(0x200e, 0x200f)    // spaces of all widths, none included; direction marks
           || between(0x2024, 0x2026)                               // one, two and three dots in one
           || between(0x202a, 0x202f) || between(0x205f, 0x206f)    // direction overrides, invisible operators
           || between(0x2488, 0x249b)                               // digits with a full stop
           || between(0xfe00, 0xfe0f) || point == 0xfeff            // variation selectors, byte order mark
           || point == 0xfe52                                       // small full stop
           || between(0xfff0, 0xffff) || between(0xe0000, 0xe0fff); // specials, tags
}

} // namespace postern::message
