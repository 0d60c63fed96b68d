#include "deliver_by.hpp"

#include <algorithm>

namespace deliver_by {
namespace {

constexpr std::size_t most_digits = 9;
constexpr seconds most{999'999'999};

std::optional<seconds> number(std::string_view digits) noexcept
{
    if (digits.empty() || digits.size() > most_digits)
        return std::nullopt;
    std::int64_t made = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9')
            return std::nullopt;
        made = made * 10 + (c - '0');
    }
    return seconds{made};
}

} // namespace

std::optional<wish> parse(std::string_view value)
{
    const auto semicolon = value.find(';');
    if (semicolon == value.npos)
        return std::nullopt;
    std::string_view digits = value.substr(0, semicolon);
    const bool is_negative = digits.starts_with('-');
    if (is_negative || digits.starts_with('+'))
        digits.remove_prefix(1);
    const auto by = number(digits);
    std::string_view letters = value.substr(semicolon + 1);
    if (!by || letters.empty())
        return std::nullopt;
    wish made{is_negative ? -*by : *by};
    if (letters.front() == 'N' || letters.front() == 'n')
        made.mode = mode::notify;
    else if (letters.front() != 'R' && letters.front() != 'r')
        return std::nullopt;
    letters.remove_prefix(1);
    made.has_trace = letters == "T" || letters == "t";
    if (!made.has_trace && !letters.empty())
        return std::nullopt;
    if (made.mode == mode::back && made.by <= seconds{0}) // RFC 2852 3
        return std::nullopt;
    return made;
}

std::string to_text(const wish& what)
{
    return std::to_string(what.by.count()) + (what.mode == mode::back ? ";R" : ";N") + (what.has_trace ? "T" : "");
}

wish after(wish what, seconds passed) noexcept
{
    what.by = std::max(what.by - std::max(passed, seconds{0}), -most);
    return what;
}

std::optional<seconds> least_of(std::string_view offer) noexcept
{
    return number(offer.substr(0, offer.find_first_of(", "))); // RFC 2852 3: extension tokens may follow
}

} // namespace deliver_by
