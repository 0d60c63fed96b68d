#include "rua.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/kit/network_set.hpp>

#include <algorithm>
#include <charconv>

namespace tls_report {

namespace {

constexpr std::string_view version = "v=TLSRPTv1";
constexpr std::size_t longest_uri = 1'000;

using postern::kit::is_alphanumeric;
using postern::kit::trimmed;
/// Takes what is before the next `end` off. False: there is no more.
[[nodiscard]] bool take(std::string_view& rest, char end, std::string_view& part) noexcept
{
    const auto at = rest.find(end);
    part = trimmed(rest.substr(0, at));
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return at != std::string_view::npos;
}

[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text)
{
    std::string made;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            made += text[i];
            continue;
        }
        unsigned octet = 0;
        if (i + 2 >= text.size())
            return std::nullopt;
        const auto [end, wrong] = std::from_chars(text.data() + i + 1, text.data() + i + 3, octet, 16);
        if (wrong != std::errc{} || end != text.data() + i + 3)
            return std::nullopt;
        made += static_cast<char>(octet);
        i += 2;
    }
    return made;
}

[[nodiscard]] std::optional<destination> parse_https(std::string_view text, std::string_view rest)
{
    const auto end = rest.find_first_of("/?#");
    auto authority = rest.substr(0, end);
    const auto path = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
    if (path.find('#') != std::string_view::npos)
        return std::nullopt;
    destination made{destination::kind::https, std::string{text}, {}, {}, 443, std::string{path}};
    if (!made.path.starts_with('/'))
        made.path.insert(made.path.begin(), '/');
    if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
        const auto digits = authority.substr(colon + 1);
        const auto [stop, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), made.port);
        if (wrong != std::errc{} || stop != digits.data() + digits.size() || made.port == 0)
            return std::nullopt;
        authority = authority.substr(0, colon);
    }
    if (!is_host_name(authority)) // nor anybody's name and password
        return std::nullopt;
    made.host = postern::kit::lowered(authority);
    return made;
}

/// tlsrpt-extension
[[nodiscard]] bool is_extension(std::string_view name, std::string_view value) noexcept
{
    constexpr std::size_t longest_name = 32;
    const auto is_of_name = [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; };
    const auto is_of_value = [](char c) { return c > ' ' && c <= '~' && c != ';' && c != '='; };
    return !name.empty() && name.size() <= longest_name && is_alphanumeric(name.front()) &&
           std::all_of(name.begin(), name.end(), is_of_name) && !value.empty() &&
           std::all_of(value.begin(), value.end(), is_of_value);
}

/// RFC 8460 3: others are discarded, whatever they are.
[[nodiscard]] bool is_ours(std::string_view text) noexcept
{
    return text.starts_with(version) && trimmed(text.substr(version.size())).starts_with(';');
}

} // namespace

bool is_host_name(std::string_view text)
{
    constexpr std::size_t longest = 253;
    constexpr std::size_t longest_label = 63;
    if (text.empty() || text.size() > longest || text.find('.') == std::string_view::npos || postern::kit::parse_address(text))
        return false;
    while (true) {
        const auto label = text.substr(0, text.find('.'));
        if (label.empty() || label.size() > longest_label || label.front() == '-' || label.back() == '-' ||
            !std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; }))
            return false;
        if (label.size() == text.size())
            return !std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
        text.remove_prefix(label.size() + 1);
    }
}

bool is_plain_mailbox(std::string_view text)
{
    constexpr std::string_view more = "!#$%&'*+-/=?^_`{|}~.";
    constexpr std::size_t longest_local = 64;
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at > longest_local)
        return false;
    const auto local = text.substr(0, at);
    return local.front() != '.' && local.back() != '.' && local.find("..") == std::string_view::npos &&
           std::all_of(local.begin(), local.end(), [&](char c) { return is_alphanumeric(c) || more.find(c) != more.npos; }) &&
           is_host_name(text.substr(at + 1));
}

std::optional<destination> parse_uri(std::string_view text)
{
    const bool is_printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!is_printable || text.size() > longest_uri)
        return std::nullopt;
    const auto scheme = postern::kit::lowered(text.substr(0, text.find(':')));
    if (scheme == "mailto") {
        const auto rest = text.substr(scheme.size() + (scheme.size() < text.size() ? 1 : 0));
        auto address = percent_decoded(rest.substr(0, rest.find('?')));
        if (!address || !is_plain_mailbox(*address))
            return std::nullopt;
        return destination{destination::kind::mail, std::string{text}, std::move(*address), {}, 443, {}};
    }
    if (scheme == "https" && text.substr(scheme.size()).starts_with("://"))
        return parse_https(text, text.substr(scheme.size() + 3));
    return std::nullopt;
}

std::optional<std::vector<destination>> parse_record(std::string_view text)
{
    if (!is_ours(text))
        return std::nullopt;
    std::string_view field;
    bool has_more = take(text, ';', field);
    std::optional<std::vector<destination>> all;
    while (has_more) {
        has_more = take(text, ';', field);
        if (field.empty() && !has_more) // one delimiter may stand at the end
            break;
        const auto equals = field.find('=');
        if (equals == std::string_view::npos)
            return std::nullopt;
        const auto name = field.substr(0, equals);
        auto value = field.substr(equals + 1);
        if (name != "rua") {
            if (!is_extension(name, value))
                return std::nullopt;
            continue;
        }
        if (all) // the first one counts
            continue;
        all.emplace();
        std::string_view uri;
        for (bool has_next = true; has_next;) {
            has_next = take(value, ',', uri);
            if (uri.find(':') == std::string_view::npos || uri.find('!') != std::string_view::npos)
                return std::nullopt;
            auto one = parse_uri(uri);
            if (one && all->size() < most_destinations && std::find(all->begin(), all->end(), *one) == all->end())
                all->push_back(std::move(*one));
        }
    }
    return all;
}

std::optional<std::vector<destination>> destinations_in(const std::vector<std::string>& records)
{
    const auto first = std::find_if(records.begin(), records.end(), is_ours);
    if (first == records.end() || std::any_of(first + 1, records.end(), is_ours))
        return std::nullopt;
    return parse_record(*first);
}

} // namespace tls_report
