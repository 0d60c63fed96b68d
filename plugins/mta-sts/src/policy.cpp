#include "policy.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <charconv>

namespace mta_sts {

namespace {

using postern::kit::is_alphanumeric;
using postern::kit::lowered;
using postern::kit::trimmed;

[[nodiscard]] constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_printable(char c) noexcept
{
    return c >= ' ' && c <= '~';
}

/// Takes the first line off, without its LF or CRLF.
[[nodiscard]] std::string_view take_line(std::string_view& text) noexcept
{
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

/// sts-policy-ext-name
[[nodiscard]] bool is_key(std::string_view text) noexcept
{
    constexpr std::size_t longest = 32;
    return !text.empty() && text.size() <= longest && is_alphanumeric(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; });
}
/// sts-policy-ext-value. Whether octets beyond ASCII are UTF-8 is nobody's concern: what they say is ignored.
[[nodiscard]] bool is_value(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_printable(c) || (c & '\x80') != 0; });
}

[[nodiscard]] std::optional<std::chrono::seconds> age_of(std::string_view digits) noexcept
{
    constexpr std::size_t most_digits = 10;
    std::uint64_t number = 0;
    if (digits.empty() || digits.size() > most_digits || !std::all_of(digits.begin(), digits.end(), is_digit))
        return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const std::chrono::seconds age{number};
    return age <= longest_age ? std::optional{age} : std::nullopt;
}

/// What has been read so far. RFC 8461 3.2: of a field that comes again, mx apart, the first one counts.
struct reading {
    bool has_version = false;
    std::optional<mode> how;
    std::optional<std::chrono::seconds> max_age;
    std::vector<std::string> mx;

    /// What is wrong with a field; null: nothing.
    [[nodiscard]] const char* take(std::string_view key, std::string_view value)
    {
        if (key == "version" && !has_version) {
            has_version = value == "STSv1";
            return has_version ? nullptr : "this version is not known";
        }
        if (key == "mode" && !how) {
            how = mode_of(value);
            return how ? nullptr : "a mode is enforce, testing or none";
        }
        if (key == "max_age" && !max_age) {
            max_age = age_of(value);
            return max_age ? nullptr : "max_age is a number of seconds up to 31557600";
        }
        if (key == "mx") {
            if (!is_pattern(value))
                return "mx is the name of a host, or one with \"*\" as its whole first label";
            mx.push_back(lowered(value));
        }
        return nullptr;
    }
    /// What is missing; null: nothing.
    [[nodiscard]] const char* lacks() const noexcept
    {
        if (!has_version)
            return "it has no version";
        if (!how)
            return "it has no mode";
        if (!max_age)
            return "it has no max_age";
        return mx.empty() && *how != mode::none ? "it has no mx" : nullptr;
    }
};

} // namespace

std::string_view name_of(mode what) noexcept
{
    switch (what) {
    case mode::none:
        return "none";
    case mode::testing:
        return "testing";
    case mode::enforce:
        return "enforce";
    }
    return {};
}

std::optional<mode> mode_of(std::string_view name) noexcept
{
    for (const auto each : {mode::none, mode::testing, mode::enforce})
        if (name == name_of(each))
            return each;
    return std::nullopt;
}

parsed_policy parse_policy(std::string_view text)
{
    if (text.size() > longest_text)
        return {std::nullopt, "it has more than 65536 octets"};
    reading sofar;
    auto rest = text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const auto line = take_line(rest);
        if (trimmed(line).empty()) // no line of the grammar, and what editors leave at the end
            continue;
        const auto colon = line.find(':');
        const auto value = colon == std::string_view::npos ? std::string_view{} : trimmed(line.substr(colon + 1));
        const char* wrong = "it is no \"key: value\"";
        if (colon != std::string_view::npos && is_key(line.substr(0, colon)) && is_value(value))
            wrong = sofar.take(line.substr(0, colon), value);
        if (wrong != nullptr)
            return {std::nullopt, "line " + std::to_string(number) + ": " + wrong};
    }
    if (const char* const missing = sofar.lacks(); missing != nullptr)
        return {std::nullopt, missing};
    return {policy{*sofar.how, *sofar.max_age, std::move(sofar.mx), std::string{text}}, {}};
}

std::chrono::seconds life_of(const policy& what) noexcept
{
    constexpr std::chrono::seconds shortest{60};
    return std::max(what.max_age, shortest);
}

std::string render(const policy& from)
{
    std::string text = "version: STSv1\nmode: ";
    text.append(name_of(from.how)).append("\n");
    for (const auto& each : from.mx)
        text.append("mx: ").append(each).append("\n");
    return text + "max_age: " + std::to_string(from.max_age.count()) + '\n';
}

bool is_domain(std::string_view text) noexcept
{
    constexpr std::size_t longest_name = 253;
    constexpr std::size_t longest_label = 63;
    if (text.empty() || text.size() > longest_name)
        return false;
    while (true) {
        const auto end = std::min(text.find('.'), text.size());
        const auto label = text.substr(0, end);
        if (label.empty() || label.size() > longest_label || !is_alphanumeric(label.front()) || !is_alphanumeric(label.back()) ||
            !std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; }))
            return false;
        if (end == text.size())
            return true;
        text.remove_prefix(end + 1);
    }
}

bool is_pattern(std::string_view text) noexcept
{
    return is_domain(text.starts_with("*.") ? text.substr(2) : text);
}

bool matches(std::string_view host, std::string_view pattern) noexcept
{
    if (pattern.starts_with("*.")) {
        const auto dot = host.find('.');
        if (dot == std::string_view::npos || dot == 0)
            return false;
        host.remove_prefix(dot + 1);
        pattern.remove_prefix(2);
    }
    return std::equal(host.begin(), host.end(), pattern.begin(), pattern.end(),
                      [](char a, char b) { return lowered(a) == lowered(b); });
}

bool lists(const policy& what, std::string_view host) noexcept
{
    return std::any_of(what.mx.begin(), what.mx.end(), [&](const std::string& each) { return matches(host, each); });
}

std::vector<std::string> lines_of(std::string_view text, std::size_t most)
{
    constexpr std::size_t longest = 1024;
    std::vector<std::string> lines;
    while (!text.empty() && lines.size() < most) {
        const auto line = take_line(text);
        if (!line.empty() && line.size() <= longest && std::all_of(line.begin(), line.end(), is_printable))
            lines.emplace_back(line);
    }
    return lines;
}

} // namespace mta_sts
