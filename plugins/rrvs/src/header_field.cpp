#include "header_field.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace rrvs {
namespace {

using postern::kit::lowered;

bool equal(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lowered(x) == lowered(y); });
}

constexpr bool is_space(char c) noexcept
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Of a folded value too.
std::string_view trimmed(std::string_view text) noexcept
{
    return postern::kit::trimmed(text, " \t\r\n");
}

std::string_view take_word(std::string_view& text) noexcept
{
    text = trimmed(text);
    const auto end = std::find_if(text.begin(), text.end(), is_space);
    const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(word.size());
    return word;
}

std::optional<int> number(std::string_view text, std::size_t least, std::size_t most) noexcept
{
    int made = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), made);
    if (error != std::errc{} || end != text.data() + text.size() || made < 0 || text.size() < least || text.size() > most)
        return std::nullopt;
    return made;
}

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string two_digits(int number)
{
    return (number < 10 ? "0" : "") + std::to_string(number);
}

/// RFC 5322 3.3 by way of RFC 3339, whose checks are the same.
std::optional<postern::kit::seconds_since_1970> parse_date(std::string_view text)
{
    if (const auto comma = text.find(','); comma != text.npos) // the day of the week says nothing new
        text.remove_prefix(comma + 1);
    const auto day = number(take_word(text), 1, 2);
    const std::string_view month_name = take_word(text);
    const auto month = std::find_if(months.begin(), months.end(), [&](std::string_view each) { return equal(each, month_name); });
    const auto year = number(take_word(text), 4, 4);
    const std::string_view time = take_word(text);
    const std::string_view zone = take_word(text);
    if (!day || month == months.end() || !year || (time.size() != 5 && time.size() != 8) || zone.size() != 5 ||
        !trimmed(text).empty())
        return std::nullopt;
    std::string form = std::to_string(*year) + "-" + two_digits(static_cast<int>(month - months.begin()) + 1) + "-" +
                       two_digits(*day) + "T" + std::string{time} + (time.size() == 5 ? ":00" : "");
    form.append(zone.substr(0, 3)).append(":").append(zone.substr(3));
    return postern::kit::parse_date_time(form);
}

} // namespace

bool is_condition_field(std::string_view name) noexcept
{
    return equal(name, "Require-Recipient-Valid-Since");
}

std::optional<field_condition> parse_field(std::string_view value)
{
    const auto semicolon = value.rfind(';');
    if (semicolon == value.npos)
        return std::nullopt;
    const std::string_view address = trimmed(value.substr(0, semicolon));
    const auto since = parse_date(value.substr(semicolon + 1));
    if (address.empty() || !since)
        return std::nullopt;
    return field_condition{std::string{address}, *since};
}

} // namespace rrvs
