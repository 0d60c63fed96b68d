#include "core/protocol/capabilities.hpp"

#include "core/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace postern::protocol {

namespace {

/// The keywords that stand alone, in the order in which they are offered.
struct flag_keyword {
    std::string_view keyword;
    bool capabilities::*flag;
};
constexpr std::array<flag_keyword, 8> flags = {{
    {"PIPELINING", &capabilities::pipelining},
    {"8BITMIME", &capabilities::eight_bit_mime},
    {"ENHANCEDSTATUSCODES", &capabilities::enhanced_status_codes},
    {"CHUNKING", &capabilities::chunking},
    {"STARTTLS", &capabilities::starttls},
    {"SMTPUTF8", &capabilities::smtputf8},
    {"BINARYMIME", &capabilities::binary_mime},
    {"DSN", &capabilities::dsn},
}};

constexpr std::size_t longest_line_text = max_reply_line - 6; // without "250-" and CRLF

/// Takes the next word off the front; empty when there is none.
std::string_view next_word(std::string_view& text) noexcept
{
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const auto word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    return word;
}

template <class Number>
std::optional<Number> number(std::string_view text) noexcept
{
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

void append_line(std::string& out, std::string_view text)
{
    out += "250-";
    out += text;
    out += "\r\n";
}

std::string auth_line(const std::vector<std::string>& mechanisms)
{
    std::string line = "AUTH";
    for (const auto& mechanism : mechanisms)
        if (is_ehlo_line("AUTH", mechanism) && !mechanism.empty() && line.size() + 1 + mechanism.size() <= longest_line_text)
            line += ' ' + mechanism;
    return line;
}

std::string limits_line(const session_limits& limits)
{
    std::string line = "LIMITS";
    const auto add = [&line](std::string_view name, std::uint32_t value) {
        if (value != 0)
            fmt::format_to(std::back_inserter(line), " {}={}", name, value);
    };
    add("MAILMAX", limits.mail_max);
    add("RCPTMAX", limits.rcpt_max);
    add("RCPTDOMAINMAX", limits.rcpt_domain_max);
    return line;
}

void take_auth(std::string_view parameters, capabilities& into)
{
    for (auto word = next_word(parameters); !word.empty() && into.auth.size() < max_auth_mechanisms;
         word = next_word(parameters)) {
        auto mechanism = base::to_upper(word);
        if (std::find(into.auth.begin(), into.auth.end(), mechanism) == into.auth.end())
            into.auth.push_back(std::move(mechanism));
    }
}

void take_limits(std::string_view parameters, session_limits& into)
{
    // RFC 9422 3.7: limits that are not known or not understood are ignored.
    for (auto word = next_word(parameters); !word.empty(); word = next_word(parameters)) {
        const auto equals = word.find('=');
        const auto value = number<std::uint32_t>(equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1));
        const auto name = base::to_upper(word.substr(0, equals));
        // RFC 9422 4: "0" not allowed, six-digit maximum.
        if (!value || word[equals + 1] == '0' || word.size() - equals - 1 > 6)
            continue;
        if (name == "RCPTMAX")
            into.rcpt_max = *value;
        else if (name == "MAILMAX")
            into.mail_max = *value;
        else if (name == "RCPTDOMAINMAX")
            into.rcpt_domain_max = *value;
    }
}

void take_line(std::string_view line, capabilities& into)
{
    const auto word = next_word(line);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const auto keyword = base::to_upper(word);
    // Servers from before RFC 2554 say "AUTH=LOGIN".
    constexpr std::string_view old_auth = "AUTH=";
    if (keyword.starts_with(old_auth)) {
        take_auth(word.substr(old_auth.size()), into);
        take_auth(line, into);
        return;
    }
    if (keyword == "AUTH")
        return take_auth(line, into);
    if (keyword == "LIMITS")
        return take_limits(line, into.limits);
    if (keyword == "SIZE") {
        // RFC 1870 3: without a number, or with 0, there is no fixed maximum.
        into.size = number<std::uint64_t>(line).value_or(0);
        return;
    }
    const auto known = std::find_if(flags.begin(), flags.end(), [&](const flag_keyword& f) { return f.keyword == keyword; });
    if (known != flags.end())
        into.*(known->flag) = true;
    else if (is_ehlo_line(keyword, {}) && !into.find(keyword))
        into.others.push_back({keyword, std::string{line}});
}

} // namespace

const ehlo_line* capabilities::find(std::string_view keyword) const noexcept
{
    const auto found = std::find_if(others.begin(), others.end(), [&](const ehlo_line& line) { return line.keyword == keyword; });
    return found == others.end() ? nullptr : &*found;
}

void capabilities::forget(std::string_view keyword)
{
    if (keyword == "SIZE")
        size.reset();
    else if (keyword == "AUTH")
        auth.clear();
    else if (keyword == "LIMITS")
        limits = {};
    for (const auto& [name, flag] : flags)
        if (name == keyword)
            this->*flag = false;
    std::erase_if(others, [&](const ehlo_line& line) { return line.keyword == keyword; });
}

std::vector<ehlo_line> capabilities::lines() const
{
    std::string reply;
    append_ehlo_reply(reply, "x", *this);
    std::vector<ehlo_line> all;
    for (std::string_view rest = reply; !rest.empty();) {
        const auto end = rest.find("\r\n");
        const auto line = rest.substr(0, end).substr(4); // "250-"
        rest.remove_prefix(end + 2);
        const auto space = std::min(line.find(' '), line.size());
        all.push_back({std::string{line.substr(0, space)}, std::string{line.substr(std::min(space + 1, line.size()))}});
    }
    all.erase(all.begin()); // the greeting
    return all;
}

bool is_ehlo_line(std::string_view keyword, std::string_view parameters) noexcept
{
    const auto is_alpha_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    // RFC 5321 4.1.1.1: ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"); ehlo-param = 1*(%d33-126)
    if (keyword.empty() || !is_alpha_digit(keyword.front()) ||
        !std::all_of(keyword.begin(), keyword.end(), [&](char c) { return is_alpha_digit(c) || c == '-'; }))
        return false;
    char before = ' ';
    for (const char c : parameters) {
        if (c < ' ' || c > '~' || (c == ' ' && before == ' '))
            return false;
        before = c;
    }
    return parameters.empty() || before != ' ';
}

void append_ehlo_reply(std::string& out, std::string_view hostname, const capabilities& offered)
{
    auto last = out.size(); // where the last line begins
    const auto add = [&](std::string_view text) {
        last = out.size();
        append_line(out, text);
    };
    add(hostname);
    for (const auto& [keyword, flag] : flags)
        if (offered.*flag)
            add(keyword);
    if (!offered.auth.empty())
        if (const auto line = auth_line(offered.auth); line != "AUTH")
            add(line);
    if (offered.size)
        add(*offered.size == 0 ? std::string{"SIZE"} : fmt::format("SIZE {}", *offered.size));
    if (offered.limits != session_limits{})
        add(limits_line(offered.limits));
    for (const auto& [keyword, parameters] : offered.others)
        if (is_ehlo_line(keyword, parameters) && keyword.size() + 1 + parameters.size() <= longest_line_text)
            add(parameters.empty() ? keyword : keyword + ' ' + parameters);
    out[last + 3] = ' '; // RFC 5321 4.2.1: the last line has a space behind its code
}

capabilities parse_capabilities(const reply& ehlo)
{
    capabilities found;
    for (std::size_t i = 1; i < ehlo.lines.size(); ++i)
        take_line(ehlo.lines[i], found);
    return found;
}

} // namespace postern::protocol
