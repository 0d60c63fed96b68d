#include "core/message/header_block.hpp"

#include "core/message/errc.hpp"

#include <algorithm>
#include <cassert>

namespace postern::message {

namespace {

constexpr std::size_t longest_line = 998; // RFC 5322 2.1.1: without its CRLF
constexpr std::string_view line_end = "\r\n";

constexpr bool is_space(char c) noexcept
{
    return c == ' ' || c == '\t';
}

/// RFC 5322 3.6.8: ftext is printable ASCII but the colon.
constexpr bool is_ftext(char c) noexcept
{
    return c > ' ' && c <= '~' && c != ':';
}

constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Octets before the colon and the white space in front of it; 0 if the line is no field.
std::size_t name_size_of(std::string_view line) noexcept
{
    const auto name = static_cast<std::size_t>(std::find_if_not(line.begin(), line.end(), is_ftext) - line.begin());
    // RFC 5322 4.5: the obsolete syntax has white space before the colon.
    const auto colon = line.find_first_not_of(" \t", name);
    return colon != std::string_view::npos && line[colon] == ':' ? name : 0;
}

/// CR and LF only as CRLF before a space or tab, and no NUL.
bool is_value(std::string_view value) noexcept
{
    for (auto at = value.find_first_of(std::string_view{"\r\n\0", 3}); at != std::string_view::npos;
         at = value.find_first_of(std::string_view{"\r\n\0", 3}, at + 2))
        if (value.substr(at, 2) != line_end || at + 2 >= value.size() || !is_space(value[at + 2]))
            return false;
    return true;
}

/// Appends one line of a field, folded in front of white space where it is too long (RFC 5322 2.2.3). `used`: octets that the
/// line begins with already.
void append_folded(std::string& out, std::string_view line, std::size_t used)
{
    while (line.size() + used > longest_line) {
        // The first break behind some text, and the last one that still fits.
        const auto text = std::min(line.find_first_not_of(" \t"), line.size());
        const auto room = longest_line > used ? longest_line - used : 0;
        auto at = line.find_last_of(" \t", room);
        if (at == std::string_view::npos || at <= text)
            at = line.find_first_of(" \t", text);
        if (at == std::string_view::npos || line.find_first_not_of(" \t", at) == std::string_view::npos)
            break; // nowhere to break, or only into a line of white space, which some readers take for the end of the header
        // White space in a row moves to the next line whole.
        const auto begin = line.find_last_not_of(" \t", at) + 1;
        out += line.substr(0, begin);
        out += line_end;
        line.remove_prefix(begin);
        used = 0;
    }
    out += line;
}

} // namespace

header_block::header_block(std::string octets) : octets_{std::move(octets)}
{
    if (!octets_.empty() && !octets_.ends_with(line_end))
        octets_ += line_end; // or an inserted field would continue the last one
    const std::string_view all = octets_;
    for (std::size_t at = 0; at < all.size();) {
        const auto begin = at;
        at = all.find(line_end, at) + line_end.size();
        const auto name_size = name_size_of(all.substr(begin, at - begin));
        while (at < all.size() && is_space(all[at]))
            at = all.find(line_end, at) + line_end.size();
        fields_.push_back(make_span(begin, at - begin, name_size));
    }
}

header_field header_block::operator[](std::size_t index) const noexcept
{
    assert(index < fields_.size());
    const auto& field = fields_[index];
    auto octets = octets_of(field);
    octets.remove_suffix(line_end.size());
    if (field.name_size == 0)
        return {{}, octets};
    auto value = octets.substr(octets.find(':', field.name_size) + 1);
    if (value.starts_with(' '))
        value.remove_prefix(1);
    return {octets.substr(0, field.name_size), value};
}

std::size_t header_block::find(std::string_view name, std::size_t from) const noexcept
{
    if (name.empty())
        return size();
    for (auto i = from; i < fields_.size(); ++i)
        if (equals_ignoring_case(octets_of(fields_[i]).substr(0, fields_[i].name_size), name))
            return i;
    return size();
}

std::string header_block::octets() const
{
    std::string all;
    all.reserve(octet_count());
    for (const auto& field : fields_)
        all += octets_of(field);
    return all;
}

std::size_t header_block::octet_count() const noexcept
{
    std::size_t count = 0;
    for (const auto& field : fields_)
        count += field.size;
    return count;
}

header_block::span header_block::append(std::string_view name, std::string_view value)
{
    // Built aside: both may be views into octets_.
    std::string field{name};
    field += value.starts_with(line_end) ? ":" : ": ";
    std::size_t used = field.size();
    while (true) {
        const auto end = value.find(line_end);
        append_folded(field, value.substr(0, end), used);
        field += line_end;
        if (end == std::string_view::npos)
            break;
        value.remove_prefix(end + line_end.size());
        used = 0;
    }
    octets_ += field;
    return make_span(octets_.size() - field.size(), field.size(), name.size());
}

base::error_code header_block::insert(std::size_t index, std::string_view name, std::string_view value)
{
    if (index > fields_.size())
        return errc::no_such_field;
    if (name.empty() || name.size() >= longest_line || !std::all_of(name.begin(), name.end(), is_ftext))
        return errc::bad_field_name;
    if (!is_value(value))
        return errc::bad_field_value;
    fields_.insert(fields_.begin() + static_cast<std::ptrdiff_t>(index), append(name, value));
    return {};
}

base::error_code header_block::replace(std::size_t index, std::string_view value)
{
    if (index >= fields_.size() || fields_[index].name_size == 0)
        return errc::no_such_field;
    if (!is_value(value))
        return errc::bad_field_value;
    fields_[index] = append(octets_of(fields_[index]).substr(0, fields_[index].name_size), value);
    return {};
}

base::error_code header_block::remove(std::size_t index)
{
    if (index >= fields_.size())
        return errc::no_such_field;
    fields_.erase(fields_.begin() + static_cast<std::ptrdiff_t>(index));
    return {};
}

} // namespace postern::message
