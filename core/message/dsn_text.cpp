#include "core/message/dsn_text.hpp"

#include "core/message/address.hpp"
#include "core/message/unicode.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace postern::message {

namespace {

constexpr std::size_t max_quoted = 1000;
constexpr std::size_t line_limit = 998; // RFC 5322 2.1.1, without CRLF

[[nodiscard]] bool continues_code_point(char c) noexcept
{
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// Any number below 2^21 as UTF-8 would have it, whether or not it is a code point.
void append_utf8(std::string& out, std::uint32_t point)
{
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((point >> shift) & 0x3fU)); };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xc0U | (point >> 6U));
        tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xe0U | (point >> 12U));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0U | ((point >> 18U) & 0x0fU));
        tail(12);
        tail(6);
        tail(0);
    }
}

// Appends words, beginning a new line with `next_line` before the one that would pass `width`. `used` octets of the first line
// are taken. A word that no line can hold is cut between two code points.
void append_wrapped(std::string& out, std::string_view text, std::size_t used, std::size_t width, std::string_view next_line)
{
    const std::size_t indent = next_line.size() - 2;
    bool is_first = true;
    while (true) {
        const auto space = text.find(' ');
        auto word = text.substr(0, space);
        if (!is_first) {
            if (!word.empty() && used + 1 + word.size() > width) {
                out += next_line;
                used = indent;
            } else if (used < width) { // runs of spaces end with the line
                out += ' ';
                ++used;
            }
        }
        is_first = false;
        while (used + word.size() > line_limit) {
            auto cut = line_limit - used;
            while (cut > 1 && continues_code_point(word[cut]))
                --cut;
            out.append(word.substr(0, cut)).append(next_line);
            word.remove_prefix(cut);
            used = indent;
        }
        out += word;
        used += word.size();
        if (space == std::string_view::npos)
            return;
        text.remove_prefix(space + 1);
    }
}

} // namespace

std::string clean_text(std::string_view text, bool utf8)
{
    auto most = std::min(text.size(), max_quoted);
    while (most < text.size() && most > 0 && continues_code_point(text[most]))
        --most;
    std::string clean{text.substr(0, most)};
    const bool keep_wide = utf8 && is_utf8(clean);
    for (std::size_t i = 0; i < clean.size(); ++i) {
        const auto octet = static_cast<unsigned char>(clean[i]);
        if (octet < 0x20 || octet == 0x7f || (octet >= 0x80 && !keep_wide))
            clean[i] = '?';
    }
    return clean;
}

std::string to_utf8_addr_xtext(std::string_view address)
{
    std::string out;
    for (auto rest = clean_text(address, true); !rest.empty();) {
        const auto point = first_code_point(rest);
        // RFC 6533 3: QCHAR is printable ASCII without "+", "=" and "\\".
        if (!point)
            out += '?';
        else if (point->value > ' ' && point->value <= '~' && point->value != '+' && point->value != '=' && point->value != '\\')
            out += rest.front();
        else
            out += fmt::format("\\x{{{:X}}}", static_cast<std::uint32_t>(point->value));
        rest.erase(0, point ? point->size : 1);
    }
    return out;
}

std::optional<std::string> from_utf8_addr(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        if (!text.starts_with("\\x{")) {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        const auto end = text.find('}');
        if (end == std::string_view::npos)
            return std::nullopt;
        std::uint32_t point = 0;
        const auto* const digits_end = text.data() + end;
        const auto [stop, error] = std::from_chars(text.data() + 3, digits_end, point, 16);
        constexpr std::size_t most_digits = 6;
        if (error != std::errc{} || stop != digits_end || end - 3 > most_digits)
            return std::nullopt;
        append_utf8(out, point);
        text.remove_prefix(end + 1);
    }
    if (!is_utf8(out)) // surrogates, and what is above all code points, among them
        return std::nullopt;
    return out;
}

void append_field(std::string& out, std::string_view name, std::string_view value)
{
    out.append(name).append(": ");
    // RFC 5322 2.2.3: folded lines begin with white space.
    append_wrapped(out, value, name.size() + 2, 78, "\r\n ");
    out += "\r\n";
}

void append_prose(std::string& out, std::string_view text)
{
    append_wrapped(out, text, 0, 76, "\r\n");
    out += "\r\n";
}

void append_quoted_printable(std::string& out, std::string_view octets)
{
    constexpr std::size_t width = 75; // RFC 2045 6.7 (5): 76 with the soft break's '='
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::size_t used = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        if (octets.substr(i, 2) == "\r\n") {
            out += "\r\n";
            used = 0;
            ++i;
            continue;
        }
        const auto octet = static_cast<unsigned char>(octets[i]);
        // RFC 2045 6.7 (3): white space at the end of a line is encoded.
        const bool ends_line = i + 1 == octets.size() || octets.substr(i + 1, 2) == "\r\n";
        const bool is_plain = (octet > ' ' && octet <= '~' && octet != '=') || ((octet == ' ' || octet == '\t') && !ends_line);
        if (used + (is_plain ? 1 : 3) > width) {
            out += "=\r\n";
            used = 0;
        }
        if (is_plain) {
            out += static_cast<char>(octet);
            ++used;
        } else {
            out += '=';
            out += digits[octet >> 4U];
            out += digits[octet & 15U];
            used += 3;
        }
    }
}

original_form look_at(std::string_view octets) noexcept
{
    original_form form;
    form.has_8bit = !is_ascii(octets);
    form.is_utf8 = !form.has_8bit || is_utf8(octets);
    form.has_defect = octets.find('\0') != std::string_view::npos;
    std::size_t line = 0; // where it begins
    while (line < octets.size() && !form.has_defect) {
        const auto end = octets.find_first_of("\r\n", line);
        const auto stop = std::min(end, octets.size());
        if (stop - line > line_limit || (end != std::string_view::npos && octets.substr(end, 2) != "\r\n"))
            form.has_defect = true;
        line = stop + 2;
    }
    return form;
}

std::string_view header_section(std::string_view message) noexcept
{
    if (message.starts_with("\r\n"))
        return {};
    const auto end = message.find("\r\n\r\n");
    return end == std::string_view::npos ? message : message.substr(0, end + 2);
}

} // namespace postern::message
