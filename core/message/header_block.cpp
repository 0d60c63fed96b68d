#include "core/message/header_block.hpp"

#include "core/message/errc.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

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
    for (std::size_t at = 0; at < value.size(); ++at) {
        const char c = value[at];
        if (c > '\r' || (c != '\r' && c != '\n' && c != '\0'))
            continue; // as nearly all
        if (value.substr(at, 2) != line_end || at + 2 >= value.size() || !is_space(value[at + 2]))
            return false;
        ++at;
    }
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

base::error_code fault_of(std::string_view name, std::string_view value) noexcept
{
    if (name.empty() || name.size() >= longest_line || !std::all_of(name.begin(), name.end(), is_ftext))
        return errc::bad_field_name;
    return is_value(value) ? base::error_code{} : errc::bad_field_value;
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
    if (const auto wrong = fault_of(name, value))
        return wrong;
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

struct header_block::pending {
    std::vector<span> fields;                           // those of before the batch, with what replaces them
    std::vector<bool> is_gone;                          // of them
    std::vector<std::pair<std::size_t, span>> inserted; // and before which of them
    std::vector<span> added;

    [[nodiscard]] bool has(std::size_t index) const noexcept { return index < fields.size() && !is_gone[index]; }
};

base::error_code header_block::take(const header_change& change, pending& to)
{
    switch (change.what) {
    case header_change::kind::add:
    case header_change::kind::insert:
        if (change.what == header_change::kind::insert && change.index > to.fields.size())
            return errc::no_such_field;
        if (const auto wrong = fault_of(change.name, change.value))
            return wrong;
        if (change.what == header_change::kind::add)
            to.added.push_back(append(change.name, change.value));
        else
            to.inserted.emplace_back(change.index, append(change.name, change.value));
        return {};
    case header_change::kind::replace: {
        if (!to.has(change.index) || to.fields[change.index].name_size == 0)
            return errc::no_such_field;
        if (!is_value(change.value))
            return errc::bad_field_value;
        auto& field = to.fields[change.index];
        field = append(octets_of(field).substr(0, field.name_size), change.value);
        return {};
    }
    case header_change::kind::remove:
        if (!to.has(change.index))
            return errc::no_such_field;
        to.is_gone[change.index] = true;
        return {};
    }
    return errc::no_such_field;
}

void header_block::put_in_place(pending& changes)
{
    // By their places, and in the order of the batch where these are the same.
    std::stable_sort(changes.inserted.begin(), changes.inserted.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    fields_.clear();
    auto next = changes.inserted.begin();
    for (std::size_t i = 0; i <= changes.fields.size(); ++i) {
        for (; next != changes.inserted.end() && next->first == i; ++next)
            fields_.push_back(next->second);
        if (changes.has(i))
            fields_.push_back(changes.fields[i]);
    }
    fields_.insert(fields_.end(), changes.added.begin(), changes.added.end());
}

std::optional<header_block::refusal> header_block::apply(const std::vector<header_change>& batch)
{
    const auto octets_before = octets_.size();
    pending changes{fields_, std::vector<bool>(fields_.size(), false), {}, {}};
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (const auto wrong = take(batch[i], changes)) {
            octets_.resize(octets_before);
            return refusal{i, wrong};
        }
    }
    put_in_place(changes);
    return std::nullopt;
}

} // namespace postern::message
