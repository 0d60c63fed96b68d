#include "core/protocol/reply.hpp"

#include "core/base/enhanced_code.hpp"

#include <algorithm>
#include <cassert>

namespace postern::protocol {

namespace {

constexpr bool is_text(char c) noexcept
{
    return (c >= ' ' && c <= '~') || c == '\t'; // RFC 5321 4.2: textstring
}

/// "250-2.0.0 " or "250 2.0.0 ".
void append_prefix(std::string& out, std::uint16_t code, char separator, std::string_view enhanced)
{
    out += static_cast<char>('0' + code / 100 % 10);
    out += static_cast<char>('0' + code / 10 % 10);
    out += static_cast<char>('0' + code % 10);
    out += separator;
    if (!enhanced.empty()) {
        out += enhanced;
        out += ' ';
    }
}

void append_text(std::string& out, std::string_view text)
{
    const auto begin = out.size();
    out += text;
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), [](char c) { return !is_text(c); }, '?');
    out += "\r\n";
}

/// The lines of one text; `is_last`: the reply ends with it.
void append_lines(std::string& out, std::uint16_t code, std::string_view enhanced, std::string_view text, bool is_last)
{
    const std::size_t prefix = 4 + (enhanced.empty() ? 0 : enhanced.size() + 1);
    const std::size_t room = max_reply_line - 2 - prefix; // RFC 5321 4.5.3.1.5
    while (text.size() > room) {
        const auto space = text.find_last_of(' ', room);
        const bool at_space = space != std::string_view::npos && space > 0;
        append_prefix(out, code, '-', enhanced);
        append_text(out, text.substr(0, at_space ? space : room));
        text.remove_prefix(at_space ? space + 1 : room);
    }
    append_prefix(out, code, is_last ? ' ' : '-', enhanced);
    append_text(out, text);
}

} // namespace

std::string reply::text() const
{
    std::string all;
    for (const auto& line : lines) {
        if (!all.empty())
            all += ' ';
        all += line;
    }
    return all;
}

bool is_reply_text(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), is_text);
}

void append_reply(std::string& out, std::uint16_t code, std::string_view enhanced, std::string_view text)
{
    assert(code >= 200 && code < 600);
    append_lines(out, code, base::is_enhanced_code(enhanced, code) ? enhanced : std::string_view{}, text, true);
}

void append_reply(std::string& out, const reply& what)
{
    if (what.lines.empty()) {
        append_reply(out, what.code, what.enhanced, {});
        return;
    }
    assert(what.code >= 200 && what.code < 600);
    const std::string_view enhanced = base::is_enhanced_code(what.enhanced, what.code) ? what.enhanced : std::string_view{};
    for (const auto& line : what.lines)
        append_lines(out, what.code, enhanced, line, &line == &what.lines.back());
}

} // namespace postern::protocol
