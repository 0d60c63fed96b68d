#include "attributes.hpp"

#include <postern/kit/network_set.hpp>
#include <postern/kit/xtext.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace xclient {
namespace {

constexpr std::size_t longest_text = 255; // of a fact

std::string upper(std::string_view text)
{
    std::string made{text};
    std::transform(made.begin(), made.end(), made.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
    return made;
}

bool is_plain(std::string_view text) noexcept
{
    return text.size() <= longest_text && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// "192.0.2.1" or "IPV6:2001:db8::1". Without the tag too: there are proxies that leave it out.
std::optional<std::string> address_of(std::string_view text)
{
    constexpr std::string_view tag = "IPV6:";
    const bool is_tagged = upper(text.substr(0, tag.size())) == tag;
    if (is_tagged)
        text.remove_prefix(tag.size());
    if (!postern::kit::parse_address(text) || (is_tagged && text.find(':') == text.npos))
        return std::nullopt;
    return std::string{text};
}

std::optional<std::string> port_of(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return std::to_string(port);
}

/// One attribute. `is_known`: false for [UNAVAILABLE] and [TEMPUNAVAIL]. False: no such attribute, or not its value.
bool take(std::string_view name, const std::string& value, bool is_known, client& to)
{
    const auto add = [&](const char* fact_name, std::optional<std::string> fact_value) {
        if (fact_value)
            to.facts.emplace_back(fact_name, std::move(*fact_value));
        return fact_value.has_value();
    };
    // An address that is not known must not stay the proxy's, which is trusted: it is nobody's.
    if (name == "ADDR")
        return add("address", is_known ? address_of(value) : "0.0.0.0");
    if (name == "DESTADDR")
        return add("local_address", is_known ? address_of(value) : "0.0.0.0");
    if (name == "PORT")
        return add("port", is_known ? port_of(value) : "0");
    if (name == "DESTPORT")
        return add("local_port", is_known ? port_of(value) : "0");
    if (!is_plain(value))
        return false;
    if (name == "HELO")
        return add("helo", is_known ? value : "");
    if (name == "LOGIN")
        return add("identity", is_known ? value : "");
    if (name == "NAME") {
        to.name = is_known ? value : "";
        return true;
    }
    if (name != "PROTO")
        return false;
    to.protocol = is_known ? upper(value) : "";
    return !is_known || to.protocol == "SMTP" || to.protocol == "ESMTP";
}

} // namespace

std::optional<client> parse(std::string_view argument)
{
    client made;
    bool is_any = false;
    while (!argument.empty()) {
        const std::string_view word = argument.substr(0, argument.find(' '));
        argument.remove_prefix(word.size());
        argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
        const std::size_t equals = word.find('=');
        if (equals == word.npos || equals + 1 == word.size())
            return std::nullopt;
        const auto value = postern::kit::from_xtext(word.substr(equals + 1));
        if (!value)
            return std::nullopt;
        const std::string state = upper(*value);
        const bool is_known = state != "[UNAVAILABLE]" && state != "[TEMPUNAVAIL]";
        if (!take(upper(word.substr(0, equals)), *value, is_known, made))
            return std::nullopt;
        is_any = true;
    }
    return is_any ? std::optional{std::move(made)} : std::nullopt;
}

} // namespace xclient
