#pragma once
// Whether a host takes a text for an address: a mailbox as an edit may name it. STANDARDS: RFC 5321 4.1.2, 4.1.3, 4.5.3.1.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>

namespace postern::testing {

namespace address_form {

[[nodiscard]] constexpr bool is_alpha_digit(char c) noexcept
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
[[nodiscard]] constexpr bool is_high(char c) noexcept
{
    return static_cast<unsigned char>(c) > 127;
}
/// RFC 5322 3.2.3
[[nodiscard]] constexpr bool is_atext(char c) noexcept
{
    return is_alpha_digit(c) || is_high(c) || std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

[[nodiscard]] inline bool is_dot_string(std::string_view text) noexcept
{
    if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != text.npos)
        return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
}

/// The local part up to `at`, which moves behind it: its octets in canonical form; nothing if it is none.
[[nodiscard]] inline std::optional<std::size_t> local_size(std::string_view text, std::size_t& at)
{
    std::string content;
    if (text.empty() || text[0] != '"') {
        at = std::min(text.find('@'), text.size());
        content = text.substr(0, at);
        return is_dot_string(content) ? std::optional{content.size()} : std::nullopt;
    }
    std::size_t escaped = 0;
    for (at = 1; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && ++at == text.size())
            return std::nullopt;
        if (!is_high(text[at]) && (text[at] < ' ' || text[at] > '~'))
            return std::nullopt;
        escaped += text[at] == '"' || text[at] == '\\' ? 1 : 0;
        content += text[at];
    }
    if (at == text.size())
        return std::nullopt;
    ++at;
    return is_dot_string(content) ? content.size() : content.size() + escaped + 2;
}

[[nodiscard]] inline bool is_literal(std::string_view text)
{
    if (text.size() < 3 || text.front() != '[' || text.back() != ']')
        return false;
    const std::string inner{text.substr(1, text.size() - 2)};
    in6_addr parsed{};
    const std::size_t colon = inner.find(':');
    if (colon == inner.npos)
        return ::inet_pton(AF_INET, inner.c_str(), &parsed) == 1;
    std::string tag = inner.substr(0, colon);
    std::transform(tag.begin(), tag.end(), tag.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (tag == "ipv6")
        return ::inet_pton(AF_INET6, inner.c_str() + colon + 1, &parsed) == 1;
    const auto is_dcontent = [](char c) { return c >= '!' && c <= '~' && (c < '[' || c > ']'); };
    return !tag.empty() && tag.back() != '-' &&
           std::all_of(tag.begin(), tag.end(), [](char c) { return is_alpha_digit(c) || c == '-'; }) &&
           colon + 1 < inner.size() &&
           std::all_of(inner.begin() + static_cast<std::ptrdiff_t>(colon) + 1, inner.end(), is_dcontent);
}

[[nodiscard]] inline bool is_domain(std::string_view text) noexcept
{
    if (text.empty())
        return false;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('.', at), text.size());
        const std::string_view label = text.substr(at, end - at);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
            !std::all_of(label.begin(), label.end(), [](char c) { return is_alpha_digit(c) || is_high(c) || c == '-'; }))
            return false;
        at = end + 1;
    }
    return true;
}

} // namespace address_form

/// "local@domain" without angle brackets or route. `utf8`: the message has SMTPUTF8; what is beyond ASCII is not looked at then.
[[nodiscard]] inline bool is_mailbox(std::string_view text, bool utf8)
{
    if (!utf8 && std::any_of(text.begin(), text.end(), address_form::is_high))
        return false;
    std::size_t at = 0;
    const auto local = address_form::local_size(text, at);
    if (!local || *local > 64 || at >= text.size() || text[at] != '@')
        return false;
    const std::string_view domain = text.substr(at + 1);
    const bool is_sound = domain.starts_with('[') ? address_form::is_literal(domain) : address_form::is_domain(domain);
    return is_sound && domain.size() <= 255 && *local + 1 + domain.size() + 2 <= 256;
}

} // namespace postern::testing
