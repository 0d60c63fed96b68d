#include "html_text.hpp"

#include "octets.hpp"
#include "transfer_coding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace spam_filter {
namespace {

bool is_name_octet(char c) noexcept
{
    return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == ':';
}

void append_utf8(std::uint32_t code, std::string& to)
{
    if (code < 0x80) {
        to += code < 0x20 ? ' ' : static_cast<char>(code);
    } else if (code < 0x800) {
        to += static_cast<char>(0xc0U | code >> 6U);
        to += static_cast<char>(0x80U | (code & 0x3fU));
    } else if (code < 0x10000) {
        to += static_cast<char>(0xe0U | code >> 12U);
        to += static_cast<char>(0x80U | (code >> 6U & 0x3fU));
        to += static_cast<char>(0x80U | (code & 0x3fU));
    } else if (code < 0x110000) {
        to += static_cast<char>(0xf0U | code >> 18U);
        to += static_cast<char>(0x80U | (code >> 12U & 0x3fU));
        to += static_cast<char>(0x80U | (code >> 6U & 0x3fU));
        to += static_cast<char>(0x80U | (code & 0x3fU));
    }
}

/// A character reference at the front of `text`, which begins with '&': its length, 1 where it is none.
std::size_t take_reference(std::string_view text, std::string& to)
{
    using named = std::pair<std::string_view, std::uint32_t>;
    static constexpr std::array<named, 8> names{
        {{"nbsp", ' '}, {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"copy", 0xa9}, {"reg", 0xae}, {"apos", '\''}}};
    const std::string_view rest = text.substr(1, 9);
    std::size_t length = 0;
    std::uint32_t code = 0;
    if (!rest.empty() && rest.front() == '#') {
        const bool is_hex = rest.size() > 1 && lower(rest[1]) == 'x';
        length = is_hex ? 2 : 1;
        const std::size_t digits = length;
        while (length < rest.size() && hex_value(rest[length]) >= 0 && (is_hex || is_digit(rest[length])))
            code = code * (is_hex ? 16U : 10U) + static_cast<std::uint32_t>(hex_value(rest[length++]));
        if (length == digits)
            length = 0;
    } else {
        const auto found =
            std::find_if(names.begin(), names.end(), [&](const named& one) { return begins_with(rest, one.first); });
        if (found != names.end()) {
            length = found->first.size();
            code = found->second;
        }
    }
    if (length == 0) {
        to += '&';
        return 1;
    }
    append_utf8(code, to);
    return 1 + length + (length < rest.size() && rest[length] == ';' ? 1 : 0);
}

std::string without_references(std::string_view text)
{
    std::string made;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '&') {
            i += take_reference(text.substr(i), made);
        } else {
            made += text[i++];
        }
    }
    return made;
}

/// Tags inside a line: what is on both sides of them is one word.
bool is_inline(std::string_view name) noexcept
{
    static constexpr std::array<std::string_view, 14> names{"a",    "b",     "i",   "u",   "em", "font",   "span",
                                                            "abbr", "small", "big", "sub", "tt", "strong", "strike"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view one) { return is_same(one, name); });
}

bool is_hiding(std::string_view style) noexcept
{
    for (std::string_view what : {"display:none", "visibility:hidden", "font-size:0", "font-size:1px", "mso-hide:all"}) {
        if (find_same(style, what) != std::string_view::npos)
            return true;
    }
    return false;
}

class reader {
public:
    reader(std::string_view html, std::string& text) : html_{html}, text_{text} {}

    html_facts run()
    {
        while (at_ < html_.size()) {
            const char c = html_[at_];
            if (c == '<')
                markup();
            else if (c == '&')
                at_ += take_reference(html_.substr(at_), text_);
            else {
                text_ += c;
                ++at_;
            }
        }
        return std::move(facts_);
    }

private:
    void markup()
    {
        const std::string_view rest = html_.substr(at_);
        if (rest.size() > 3 && rest.substr(0, 4) == "<!--") {
            const std::size_t end = rest.find("-->", 4);
            note_split(end == std::string_view::npos ? rest.size() : end + 3);
            return;
        }
        if (rest.size() < 2 || !(is_letter(rest[1]) || rest[1] == '/' || rest[1] == '!' || rest[1] == '?')) {
            text_ += '<';
            ++at_;
            return;
        }
        const std::size_t end = end_of_tag();
        const std::string_view tag = html_.substr(at_ + 1, end - at_ - 1);
        at_ = std::min(end + 1, html_.size());
        if (!tag.empty() && is_letter(tag.front()))
            opening(tag);
        else if (!is_inline(tag_name(tag.substr(std::min<std::size_t>(tag.size(), 1)))))
            text_ += ' ';
    }

    /// Where the '>' is that ends the tag that begins at `at_`: not within quotes, unless those are not closed within reason.
    std::size_t end_of_tag()
    {
        constexpr std::size_t longest_quoted = 2048;
        for (std::size_t i = at_ + 1; i < html_.size(); ++i) {
            if (html_[i] == '>')
                return i;
            if ((html_[i] == '"' || html_[i] == '\'') && html_[i - 1] == '=') {
                const std::size_t closing = next_quote(html_[i], i + 1);
                if (closing != std::string_view::npos && closing - i <= longest_quoted)
                    i = closing;
            }
        }
        return html_.size();
    }

    /// The first such quote at or behind `from`, which only grows: what was found is looked for once.
    std::size_t next_quote(char quote, std::size_t from)
    {
        std::size_t& known = quote == '"' ? double_quote_ : single_quote_;
        if (known != std::string_view::npos && known < from)
            known = html_.find(quote, from);
        return known;
    }

    void opening(std::string_view tag)
    {
        const std::string_view name = tag_name(tag);
        if (facts_.tags.size() < most_html_tags)
            facts_.tags.push_back(tag);
        for (std::string_view where : {"href", "src", "action", "background"}) {
            const std::string_view value = attribute(tag, where);
            if (!value.empty() && facts_.links.size() < most_html_tags)
                facts_.links.push_back(without_references(value.substr(0, 500)));
        }
        facts_.images += is_same(name, "img") ? 1 : 0;
        facts_.forms += is_same(name, "form") ? 1 : 0;
        facts_.hides_text |= is_hiding(attribute(tag, "style"));
        if (is_same(name, "script") || is_same(name, "style")) {
            facts_.scripts += is_same(name, "script") ? 1 : 0;
            skip_to_end_of(name);
        }
        if (!is_inline(name))
            text_ += ' ';
    }

    /// Without an end nothing more would be shown: then only the tag is skipped, and nobody looks for one again.
    void skip_to_end_of(std::string_view name)
    {
        bool& has_none = is_same(name, "script") ? has_no_end_of_script_ : has_no_end_of_style_;
        if (has_none)
            return;
        for (std::size_t from = html_.find("</", at_); from != std::string_view::npos; from = html_.find("</", from + 2)) {
            if (begins_with(html_.substr(from + 2), name)) {
                at_ = from;
                return;
            }
        }
        has_none = true;
    }

    void note_split(std::size_t length)
    {
        const std::size_t behind = at_ + length;
        const bool is_in_word = at_ > 0 && is_letter(html_[at_ - 1]) && behind < html_.size() && is_letter(html_[behind]);
        facts_.split_words += is_in_word ? 1 : 0;
        at_ = behind;
    }

    std::string_view html_;
    std::string& text_;
    html_facts facts_;
    std::size_t at_ = 0;
    std::size_t double_quote_ = 0; ///< the next one, as far as is known
    std::size_t single_quote_ = 0;
    bool has_no_end_of_script_ = false;
    bool has_no_end_of_style_ = false;
};

} // namespace

html_facts read_html(std::string_view html, std::string& text)
{
    return reader{html, text}.run();
}

std::string_view tag_name(std::string_view tag) noexcept
{
    std::size_t length = 0;
    while (length < tag.size() && is_name_octet(tag[length]))
        ++length;
    return tag.substr(0, length);
}

std::string_view attribute(std::string_view tag, std::string_view name) noexcept
{
    std::size_t at = tag_name(tag).size();
    while (at < tag.size()) {
        while (at < tag.size() && !is_name_octet(tag[at]))
            ++at;
        const std::string_view found = tag_name(tag.substr(at));
        at += found.size();
        while (at < tag.size() && is_space(tag[at]))
            ++at;
        if (at >= tag.size() || tag[at] != '=')
            continue;
        ++at;
        while (at < tag.size() && is_space(tag[at]))
            ++at;
        std::size_t end = at;
        if (at < tag.size() && (tag[at] == '"' || tag[at] == '\'')) {
            end = std::min(tag.find(tag[at], at + 1), tag.size());
            ++at;
        } else {
            while (end < tag.size() && !is_space(tag[end]))
                ++end;
        }
        const std::string_view value = tag.substr(std::min(at, tag.size()), end - std::min(at, end));
        if (is_same(found, name))
            return value;
        at = std::max(at, end);
    }
    return {};
}

} // namespace spam_filter
