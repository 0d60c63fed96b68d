#include "core/message/dsn_wording.hpp"

#include "core/base/ascii.hpp"
#include "core/base/base64.hpp"
#include "core/message/unicode.hpp"

#include <algorithm>
#include <array>

namespace postern::message {

namespace {

[[nodiscard]] bool is_printable(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// Well-formed UTF-8 without controls, but those in `allowed`.
[[nodiscard]] bool is_prose(std::string_view text, std::string_view allowed) noexcept
{
    while (!text.empty()) {
        const auto point = first_code_point(text);
        if (!point || (is_control(point->value) && allowed.find(text.front()) == std::string_view::npos))
            return false;
        text.remove_prefix(point->size);
    }
    return true;
}

/// Fields that a report has itself, and those that say who it is for or which way it came: RFC 5322 3.6, RFC 2045 3, RFC 3834 5.
[[nodiscard]] bool is_its_own(std::string_view name)
{
    constexpr std::array own{"from",        "sender",       "reply-to",       "to",          "cc",         "bcc",
                             "date",        "subject",      "message-id",     "in-reply-to", "references", "received",
                             "return-path", "delivered-to", "auto-submitted", "mime-version"};
    const auto lower = lower_ascii(name);
    return lower.starts_with("content-") || lower.starts_with("resent-") || std::find(own.begin(), own.end(), lower) != own.end();
}

[[nodiscard]] bool is_field(const extra_field& field)
{
    const auto is_ftext = [](char c) { return c > ' ' && c <= '~' && c != ':'; };
    return !field.name.empty() && field.name.size() + field.value.size() <= longest_dsn_field &&
           std::all_of(field.name.begin(), field.name.end(), is_ftext) && is_printable(field.value);
}

} // namespace

std::string_view fault_of(const dsn_wording& what, utf8 octets)
{
    if (!what.recipient.empty() && !parse_mailbox(what.recipient, octets))
        return "a recipient that is no address, or not one that its sender could be told by";
    if (what.text.size() > longest_dsn_text || !is_prose(what.text, "\n\t"))
        return "a text that is too long, no UTF-8, or with control characters";
    if (what.from_name.size() > longest_dsn_name || !is_prose(what.from_name, ""))
        return "a name that is too long, no UTF-8, or with control characters";
    if (what.fields.size() > most_dsn_fields || !std::all_of(what.fields.begin(), what.fields.end(), is_field))
        return "too many header fields, or one that is no single line of printable ASCII";
    if (std::any_of(what.fields.begin(), what.fields.end(), [](const auto& each) { return is_its_own(each.name); }))
        return "a header field that a report has of its own";
    return "";
}

std::string to_display_name(std::string_view name)
{
    if (!is_ascii(name)) {
        // RFC 2047 2, 5 (3): words of at most 75 characters, each of whole code points, with white space between them.
        constexpr std::size_t octets_a_word = 45;
        std::string words;
        while (!name.empty()) {
            std::size_t size = 0;
            for (auto point = first_code_point(name); point && size + point->size <= octets_a_word;
                 point = first_code_point(name.substr(size)))
                size += point->size;
            if (size == 0)
                break;
            words += (words.empty() ? "=?utf-8?B?" : " =?utf-8?B?") + base::to_base64(name.substr(0, size)) + "?=";
            name.remove_prefix(size);
        }
        return words;
    }
    const auto is_plain = [](char c) { return base::is_letter(c) || base::is_digit(c) || c == ' ' || c == '-' || c == '_'; };
    if (std::all_of(name.begin(), name.end(), is_plain) && !name.starts_with(' ') && !name.ends_with(' '))
        return std::string{name};
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\')
            quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

} // namespace postern::message
