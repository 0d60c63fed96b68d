#include "core/session/server_header_section.hpp"

namespace postern::session {

namespace {

constexpr std::size_t longest_name = 998; // RFC 5322 2.1.1: a line is not longer, so nor is a name
constexpr std::size_t usual_size = 1024;

enum class line_kind { field, empty, no_field, undecided };

/// RFC 5322 3.6.8: ftext.
constexpr bool is_ftext(char c) noexcept
{
    return c > ' ' && c <= '~' && c != ':';
}

constexpr bool is_space(char c) noexcept
{
    return c == ' ' || c == '\t';
}

/// What a line is, as soon as its first octets tell.
line_kind kind_of(std::string_view line, bool is_first) noexcept
{
    if (line.empty() || line == "\r")
        return line_kind::undecided;
    if (line.starts_with("\r\n"))
        return line_kind::empty;
    if (is_space(line.front()))
        return is_first ? line_kind::no_field : line_kind::field;
    std::size_t name = 0;
    while (name < line.size() && is_ftext(line[name]))
        ++name;
    if (name == 0 || name > longest_name)
        return line_kind::no_field;
    // RFC 5322 4.5: the obsolete syntax has white space before the colon.
    auto colon = name;
    while (colon < line.size() && is_space(line[colon]))
        ++colon;
    if (colon == line.size())
        return colon > 2 * longest_name ? line_kind::no_field : line_kind::undecided;
    return line[colon] == ':' ? line_kind::field : line_kind::no_field;
}

} // namespace

header_section::status header_section::take(std::string_view& run, std::size_t limit)
{
    if (octets_.capacity() < usual_size)
        octets_.reserve(usual_size);
    while (!run.empty()) {
        const auto end = run.find('\n');
        const auto part = run.substr(0, end == std::string_view::npos ? end : end + 1);
        if (octets_.size() != line_) { // goes on with a line whose front came before
            run.remove_prefix(part.size());
            if (const auto now = take_part(part, limit); now != status::more)
                return now;
            continue;
        }
        const auto kind = kind_of(part, line_ == 0);
        if (kind == line_kind::no_field)
            return status::over;
        run.remove_prefix(part.size());
        if (kind == line_kind::empty)
            return status::over;
        octets_ += part;
        if (kind == line_kind::field && octets_.size() > limit)
            return status::too_big;
        if (end != std::string_view::npos)
            line_ = octets_.size();
    }
    return status::more;
}

header_section::status header_section::take_part(std::string_view part, std::size_t limit)
{
    octets_ += part;
    switch (kind_of(std::string_view{octets_}.substr(line_), line_ == 0)) {
    case line_kind::no_field:
        leave_line();
        return status::over;
    case line_kind::empty:
        octets_.resize(line_);
        return status::over;
    case line_kind::field:
        if (octets_.size() > limit)
            return status::too_big;
        break;
    case line_kind::undecided: // what may still prove to be body does not count
        return status::more;
    }
    if (octets_.back() == '\n')
        line_ = octets_.size();
    return status::more;
}

void header_section::leave_line()
{
    overhang_ = octets_.substr(line_);
    octets_.resize(line_);
}

void header_section::finish()
{
    if (octets_.size() != line_ && kind_of(std::string_view{octets_}.substr(line_), line_ == 0) != line_kind::field)
        leave_line();
}

} // namespace postern::session
