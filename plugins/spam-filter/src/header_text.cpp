#include "header_text.hpp"

#include "octets.hpp"
#include "transfer_coding.hpp"

#include <algorithm>

namespace spam_filter {
namespace {

// RFC 5322 2.2: printable ASCII without a colon. What comes in front of a message in an mbox file is none.
bool is_field_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 998 && std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
}

/// "=?charset?B?text?=" at the front of `text`: the length of it, 0 if it is none.
std::size_t take_encoded_word(std::string_view text, std::size_t most, std::string& to)
{
    const std::size_t charset = text.find('?', 2);
    if (charset == std::string_view::npos || charset + 2 >= text.size() || text[charset + 2] != '?')
        return 0;
    const std::size_t end = text.find("?=", charset + 3);
    if (end == std::string_view::npos)
        return 0;
    const std::string_view coded = text.substr(charset + 3, end - charset - 3);
    if (coded.find_first_of("\r\n") != std::string_view::npos) // RFC 2047 2: never across a line
        return 0;
    const char coding = lower(text[charset + 1]);
    if (coding == 'b') {
        decode_base64(coded, most, to);
    } else if (coding == 'q') {
        const std::size_t begin = to.size();
        decode_quoted_printable(coded, most, to);
        std::replace(to.begin() + static_cast<std::ptrdiff_t>(begin), to.end(), '_', ' '); // RFC 2047 4.2
    } else {
        return 0;
    }
    return end + 2;
}

} // namespace

std::size_t split_fields(std::string_view message, std::size_t most, std::vector<field>& to)
{
    std::string_view rest = message;
    while (!rest.empty()) {
        const std::string_view before = rest;
        std::string_view line = take_line(rest);
        if (line.empty())
            break;
        const std::size_t colon = line.find(':');
        const std::string_view name = trimmed(line.substr(0, colon));
        if (colon == std::string_view::npos || !is_field_name(name)) {
            if (to.empty() && begins_with(line, "from ")) // the separator of an mbox
                continue;
            rest = before; // readers take it for the body
            break;
        }
        while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t'))
            line = {line.data(), static_cast<std::size_t>(take_line(rest).end() - line.begin())};
        if (to.size() < most)
            to.push_back({name, line.substr(std::min(colon + 1, line.size()))});
    }
    return message.size() - rest.size();
}

std::string_view find_field(const std::vector<field>& fields, std::string_view name) noexcept
{
    for (const field& one : fields) {
        if (is_same(one.name, name))
            return trimmed(one.value);
    }
    return {};
}

std::size_t decode_header(std::string_view value, std::size_t most, std::string& to)
{
    const std::size_t limit = to.size() + most;
    std::size_t words = 0;
    std::size_t after_word = std::string::npos; // where the last encoded word ended in `to`, and blanks only since
    for (std::size_t i = 0; i < value.size() && to.size() < limit;) {
        const char c = value[i];
        if (c == '=' && i + 1 < value.size() && value[i + 1] == '?') {
            const std::size_t before = to.size();
            if (after_word != std::string::npos)
                to.resize(after_word); // RFC 2047 6.2: blanks between two encoded words are not shown
            if (const std::size_t length = take_encoded_word(value.substr(i), limit - to.size(), to); length != 0) {
                i += length;
                ++words;
                after_word = to.size();
                continue;
            }
            to.resize(before, ' ');
        }
        if (is_space(c)) {
            if (to.empty() || to.back() != ' ')
                to += ' ';
        } else {
            to += c;
            after_word = std::string::npos;
        }
        ++i;
    }
    return words;
}

std::string media_type(std::string_view content_type)
{
    std::string type;
    for (const char c : content_type.substr(0, std::min<std::size_t>(content_type.find(';'), 80))) {
        if (!is_space(c))
            type += lower(c);
    }
    return type;
}

std::string parameter(std::string_view value, std::string_view name)
{
    value = trimmed(value.substr(0, 4096)); // nobody needs more, and what follows looks at it more than once
    for (std::size_t at = value.find(';'); at != std::string_view::npos;) {
        std::string_view rest = trimmed(value.substr(at + 1));
        const std::size_t equals = rest.find_first_of("=;");
        if (equals == std::string_view::npos)
            return {};
        const bool is_it = rest[equals] == '=' && is_same(trimmed(rest.substr(0, equals)), name);
        at = static_cast<std::size_t>(rest.data() - value.data()) + equals;
        if (rest[equals] == ';')
            continue;
        rest = trimmed(rest.substr(equals + 1));
        std::string found;
        std::size_t i = 0;
        if (!rest.empty() && rest.front() == '"') {
            for (i = 1; i < rest.size() && rest[i] != '"'; ++i) {
                if (rest[i] == '\\' && i + 1 < rest.size())
                    ++i;
                found += rest[i];
            }
        } else {
            while (i < rest.size() && rest[i] != ';' && !is_space(rest[i]))
                found += rest[i++];
        }
        if (is_it)
            return found;
        at = value.find(';', static_cast<std::size_t>(rest.data() - value.data()) + i);
    }
    return {};
}

} // namespace spam_filter
