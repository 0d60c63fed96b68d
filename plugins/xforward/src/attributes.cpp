#include "attributes.hpp"

#include <postern/kit/network_set.hpp>

#include <algorithm>

namespace xforward {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

char upper(char c) noexcept
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

std::size_t place_of(std::string_view name) noexcept
{
    const auto found = std::find_if(names.begin(), names.end(), [&](std::string_view each) {
        return std::equal(each.begin(), each.end(), name.begin(), name.end(), [](char a, char b) { return a == upper(b); });
    });
    return static_cast<std::size_t>(found - names.begin());
}

bool is_value(std::string_view value) noexcept
{
    return !value.empty() && value.size() <= longest_value &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool equal(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return upper(x) == upper(y); });
}

/// "192.0.2.1" or "IPV6:2001:db8::1".
bool is_address(std::string_view text) noexcept
{
    constexpr std::string_view tag = "IPV6:";
    const bool is_tagged = equal(text.substr(0, tag.size()), tag);
    if (is_tagged)
        text.remove_prefix(tag.size());
    return is_tagged == (text.find(':') != text.npos) && postern::kit::parse_address(text);
}

bool is_port(std::string_view text) noexcept
{
    return text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
           (text.size() < 5 || text <= "65535");
}

/// Whether those that have a form, or are not given, have it.
bool are_well_formed(const attributes& all) noexcept
{
    const auto is = [&](std::string_view name, bool (*is_form)(std::string_view)) {
        const auto value = all.get(name);
        return value.empty() || equal(value, unavailable) || is_form(value);
    };
    return is("ADDR", [](std::string_view text) { return is_address(text); }) &&
           is("PORT", [](std::string_view text) { return is_port(text); }) &&
           is("SOURCE", [](std::string_view text) { return equal(text, "LOCAL") || equal(text, "REMOTE"); });
}

/// RFC 3461 4. What separates attributes, here and in a command, is encoded too: any octet may be.
std::string encoded(std::string_view value)
{
    std::string text;
    for (const char c : value) {
        const auto octet = static_cast<unsigned char>(c);
        if (c > ' ' && c <= '~' && c != '+' && c != '=' && c != ',')
            text += c;
        else
            text.append("+").append(1, hex_digits[octet >> 4U]).append(1, hex_digits[octet & 15U]);
    }
    return text;
}

std::optional<std::string> decoded(std::string_view text)
{
    std::string value;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c != '+') {
            if (c <= ' ' || c > '~' || c == '=')
                return std::nullopt;
            value += c;
            continue;
        }
        if (at + 2 >= text.size())
            return std::nullopt;
        const auto high = hex_digits.find(text[at + 1]);
        const auto low = hex_digits.find(text[at + 2]);
        if (high == std::string_view::npos || low == std::string_view::npos)
            return std::nullopt;
        value += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return value;
}

std::string_view next_word(std::string_view& rest, char separator) noexcept
{
    const auto end = std::min(rest.find(separator), rest.size());
    const auto word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

/// "NAME=value" or "NAME:value".
bool take_word(std::string_view word, char middle, attributes& to)
{
    const auto at = word.find(middle);
    if (at == std::string_view::npos)
        return false;
    const auto value = decoded(word.substr(at + 1));
    return value && to.set(word.substr(0, at), *value);
}

} // namespace

std::string_view attributes::get(std::string_view name) const noexcept
{
    const auto place = place_of(name);
    return place == names.size() ? std::string_view{} : std::string_view{values_[place]};
}

bool attributes::set(std::string_view name, std::string_view value)
{
    const auto place = place_of(name);
    if (place == names.size() || !is_value(value))
        return false;
    values_[place] = value;
    return true;
}

bool attributes::empty() const noexcept
{
    return std::all_of(values_.begin(), values_.end(), [](const std::string& each) { return each.empty(); });
}

bool take_command(std::string_view argument, attributes& to)
{
    auto taken = to;
    bool is_any = false;
    while (!argument.empty()) {
        const auto word = next_word(argument, ' ');
        if (word.empty())
            continue; // spaces in a row
        if (!take_word(word, '=', taken))
            return false;
        is_any = true;
    }
    if (!is_any || !are_well_formed(taken))
        return false;
    to = std::move(taken);
    return true;
}

std::string to_stored(const attributes& from)
{
    std::string text;
    for (const auto name : names) {
        const auto value = from.get(name);
        if (value.empty())
            continue;
        auto word = std::string{name}.append(":").append(encoded(value));
        if (text.size() + 1 + word.size() <= longest_stored)
            text.append(text.empty() ? "" : ",").append(word);
    }
    return text;
}

std::optional<attributes> from_stored(std::string_view text)
{
    attributes read;
    while (!text.empty())
        if (!take_word(next_word(text, ','), ':', read))
            return std::nullopt;
    return read;
}

std::vector<std::string> commands(const attributes& from, std::string_view offered)
{
    std::vector<std::string> all;
    while (!offered.empty()) {
        const auto place = place_of(next_word(offered, ' '));
        if (place == names.size())
            continue; // one that we do not know
        const auto value = from.get(names[place]);
        const auto text = encoded(value.empty() ? unavailable : value);
        // Three octets for each of a value at most: an attribute alone always fits when it came in one line of 512.
        std::string word = " " + std::string{names[place]} + "=" + text;
        if (word.size() + 8 > longest_line)
            word = " " + std::string{names[place]} + "=" + std::string{unavailable};
        if (all.empty() || all.back().size() + word.size() > longest_line)
            all.push_back("XFORWARD");
        all.back() += word;
    }
    return all;
}

} // namespace xforward
