#include "core/base/enhanced_code.hpp"

#include "core/base/ascii.hpp"

namespace postern::base {

namespace {

/// RFC 3463 2: one to three digits without leading zeros; takes them off the front.
bool skip_number(std::string_view& text) noexcept
{
    std::size_t size = 0;
    while (size < text.size() && is_digit(text[size]))
        ++size;
    if (size == 0 || size > 3 || (size > 1 && text.front() == '0'))
        return false;
    text.remove_prefix(size);
    return true;
}

} // namespace

bool is_enhanced_code(std::string_view text, std::uint16_t code) noexcept
{
    // RFC 3463 2: status-code = class "." subject "." detail
    if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[0] - '0' != code / 100 || text[1] != '.')
        return false;
    text.remove_prefix(2);
    if (!skip_number(text) || !text.starts_with('.'))
        return false;
    text.remove_prefix(1);
    return skip_number(text) && text.empty();
}

} // namespace postern::base
