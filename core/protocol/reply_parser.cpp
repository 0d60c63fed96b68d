#include "core/protocol/reply_parser.hpp"

#include "core/base/enhanced_code.hpp"

#include <algorithm>

namespace postern::protocol {

namespace {

/// The code at the front of a line, 0 if there is none. RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39
std::uint16_t code_of(std::string_view text) noexcept
{
    if (text.size() < 3 || text[0] < '2' || text[0] > '5' || text[1] < '0' || text[1] > '5' || text[2] < '0' || text[2] > '9')
        return 0;
    return static_cast<std::uint16_t>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
}

std::string_view fault_of(line_defect defect) noexcept
{
    switch (defect) {
    case line_defect::none:
        break;
    case line_defect::overlong:
        return "a reply line over the limit";
    case line_defect::bare_lf:
        return "a bare LF in a reply";
    case line_defect::bare_cr:
        return "a bare CR in a reply";
    case line_defect::nul:
        return "a NUL in a reply";
    }
    return {};
}

std::string printable(std::string_view text)
{
    std::string clean{text};
    std::replace_if(
        clean.begin(), clean.end(),
        [](char c) {
            const auto octet = static_cast<unsigned char>(c);
            return (octet < 0x20 && octet != '\t') || octet == 0x7f;
        },
        '?');
    return clean;
}

} // namespace

bool reply_parser::take_line(std::string_view text)
{
    const auto code = code_of(text);
    if (code == 0 || (text.size() > 3 && text[3] != ' ' && text[3] != '-')) {
        fault_ = "not a reply line";
        return false;
    }
    last_ = text.size() == 3 || text[3] == ' '; // RFC 5321 4.2: the text is optional, and so is the space before it
    text.remove_prefix(std::min<std::size_t>(4, text.size()));
    const auto word = text.substr(0, text.find(' '));
    if (!begun_) {
        reply_.code = code;
        reply_.lines.clear();
        reply_.enhanced.clear();
        if (base::is_enhanced_code(word, code))
            reply_.enhanced = word;
    } else if (code != reply_.code) {
        fault_ = "a reply whose lines have different codes"; // RFC 5321 4.2.1
        return false;
    }
    if (reply_.lines.size() == limits_.lines) {
        is_over_limit_ = true;
        fault_ = "a reply with too many lines";
        return false;
    }
    // RFC 2034 4: every line of a reply repeats the enhanced code.
    if (!reply_.enhanced.empty() && word == reply_.enhanced)
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    reply_.lines.push_back(printable(text));
    begun_ = !last_;
    return true;
}

reply_parser::status reply_parser::feed(std::string_view& octets)
{
    while (fault_.empty()) {
        if (octets.empty())
            return status::need_more;
        const auto before = octets.size();
        const auto found = lines_.take(octets);
        total_ += before - octets.size();
        const bool is_line_too_long = lines_.is_overlong() || (found && found->defect == line_defect::overlong);
        is_over_limit_ = total_ > limits_.total || is_line_too_long;
        // Which limit was passed first does not depend on the portions.
        const bool is_total_first = !is_line_too_long || limits_.total - line_start_ <= limits_.line;
        if (total_ > limits_.total && is_total_first)
            fault_ = "a reply over the limit";
        else if (is_line_too_long)
            fault_ = fault_of(line_defect::overlong);
        else if (!found)
            return status::need_more;
        else if (found->defect != line_defect::none)
            fault_ = fault_of(found->defect);
        else if (take_line(found->text)) {
            line_start_ = total_ = last_ ? 0 : total_;
            if (last_)
                return status::complete;
        }
    }
    return status::malformed;
}

bool reply_parser::is_inside_reply() const noexcept
{
    return begun_ || lines_.is_inside_line();
}

void reply_parser::reset() noexcept
{
    lines_.clear();
    reply_ = {};
    total_ = 0;
    line_start_ = 0;
    begun_ = false;
    last_ = false;
    is_over_limit_ = false;
    fault_ = {};
}

} // namespace postern::protocol
