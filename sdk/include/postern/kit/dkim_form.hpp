#pragma once
// The forms in which header fields and bodies are signed (RFC 6376 3.4). Pure text; dkim.hpp signs.
// STANDARDS: RFC 6376 3.4.1 to 3.4.4. SECURITY: fields and bodies may be a peer's; work is linear in them.

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::kit {

/// What may change on the way without breaking a signature: white space, or nothing.
enum class dkim_canon : std::uint8_t { relaxed, simple };

namespace dkim_form {

/// A space or a tab.
[[nodiscard]] constexpr bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t';
}

/// Appends `text` with each run of blanks, folds among them, as one space, and none at the end. `may_begin`: one at the front
/// stays.
inline void append_reduced(std::string& to, std::string_view text, bool may_begin)
{
    bool is_open = false;
    bool has_begun = may_begin;
    for (const char c : text) {
        if (is_blank(c) || c == '\r' || c == '\n') {
            is_open = true;
            continue;
        }
        if (is_open && has_begun)
            to += ' ';
        is_open = false;
        has_begun = true;
        to += c;
    }
}

/// A field with its CRLF, as it is signed (RFC 6376 3.4.2).
[[nodiscard]] inline std::string relaxed_field(std::string_view field)
{
    const std::size_t colon = field.find(':');
    std::string_view name = field.substr(0, colon);
    while (!name.empty() && is_blank(name.back()))
        name.remove_suffix(1);
    std::string to = lowered(name) + ':';
    append_reduced(to, field.substr(colon + 1), false);
    return to += "\r\n";
}

/// A body as it is signed, while it passes: portions of any size in, others of the same meaning out. Memory: none to speak of.
class body_form {
public:
    explicit body_form(dkim_canon how) noexcept : is_relaxed_{how == dkim_canon::relaxed} {}

    /// `sink` takes std::string_view.
    template <class Sink>
    void take(std::string_view octets, Sink&& sink)
    {
        while (!octets.empty()) {
            const char c = octets.front();
            if (has_cr_) {
                has_cr_ = false;
                if (c == '\n') {
                    end_line();
                    octets.remove_prefix(1);
                    continue;
                }
                put("\r", sink); // that ends no line
            }
            const std::size_t special = std::min(octets.find_first_of(is_relaxed_ ? "\r \t" : "\r"), octets.size());
            if (special != 0)
                put(octets.substr(0, special), sink);
            octets.remove_prefix(special);
            if (octets.empty())
                return;
            if (octets.front() == '\r')
                has_cr_ = true;
            else
                has_blank_ = true;
            octets.remove_prefix(1);
        }
    }
    /// The body is over.
    template <class Sink>
    void finish(Sink&& sink)
    {
        if (has_cr_)
            put("\r", sink);
        has_cr_ = false;
        // RFC 6376 3.4.3: an empty body is one line end; 3.4.4: or none.
        if (has_content_ || !is_relaxed_)
            sink(std::string_view{"\r\n"});
    }

private:
    void end_line() noexcept
    {
        has_blank_ = false;
        ++line_ends_;
    }
    /// Line ends go out when it shows that they are not the last.
    template <class Sink>
    void put(std::string_view octets, Sink& sink)
    {
        constexpr std::string_view some = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
        for (; line_ends_ != 0; line_ends_ -= std::min(line_ends_, some.size() / 2))
            sink(some.substr(0, 2 * std::min(line_ends_, some.size() / 2)));
        if (has_blank_)
            sink(std::string_view{" "});
        has_blank_ = false;
        has_content_ = true;
        sink(octets);
    }

    bool is_relaxed_;
    bool has_cr_ = false;
    bool has_blank_ = false;
    bool has_content_ = false;
    std::size_t line_ends_ = 0;
};

/// A whole body (RFC 6376 3.4.3, 3.4.4).
[[nodiscard]] inline std::string body_as(dkim_canon how, std::string_view body)
{
    std::string to;
    const auto append = [&to](std::string_view octets) { to += octets; };
    body_form form{how};
    form.take(body, append);
    form.finish(append);
    return to;
}

/// Fields with their CRLF, in their order. What is no field ends the list.
[[nodiscard]] inline std::vector<std::string_view> fields_of(std::string_view head)
{
    std::vector<std::string_view> fields;
    while (!head.empty()) {
        std::size_t end = head.find("\r\n");
        while (end != std::string_view::npos && end + 2 < head.size() && is_blank(head[end + 2]))
            end = head.find("\r\n", end + 2);
        const std::size_t size = end == std::string_view::npos ? head.size() : end + 2;
        const std::string_view field = head.substr(0, size);
        if (field.find(':') == std::string_view::npos)
            break;
        fields.push_back(field);
        head.remove_prefix(size);
    }
    return fields;
}

/// `text` cut after `width` octets each, with a fold between.
[[nodiscard]] inline std::string folded(std::string_view text, std::size_t width)
{
    std::string to;
    for (std::size_t at = 0; at < text.size(); at += width)
        to.append(at == 0 ? "" : "\r\n\t").append(text.substr(at, width));
    return to;
}

} // namespace dkim_form

} // namespace postern::kit
