#include "target.hpp"

#include "domain_name.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace routes {
namespace {

constexpr std::uint32_t heaviest = 10'000;
constexpr std::uint16_t smtp_port = 25;

[[nodiscard]] std::optional<std::uint32_t> number(std::string_view digits, std::uint32_t most)
{
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || value == 0 || value > most)
        return std::nullopt;
    return value;
}

[[noreturn]] void refuse(std::string_view what, const std::string& why)
{
    throw std::invalid_argument{"\"" + std::string{what} + "\" " + why};
}

/// What stands behind a word that says how; nothing: it is a host of that name, and a port.
[[nodiscard]] std::optional<std::string_view> behind(std::string_view word, std::string_view text)
{
    if (!text.starts_with(word) || number(text.substr(word.size()), 65'535))
        return std::nullopt;
    return text.substr(word.size());
}

/// "host:port" as the server writes it. `usual`: the port of one without; 0: there has to be one.
[[nodiscard]] std::string host_and_port(std::string_view text, std::uint16_t usual)
{
    std::string_view host = text;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos)
            refuse(text, "has no \"]\"");
        host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        rest = text.substr(colon);
    }
    std::uint32_t port = usual;
    if (!rest.empty()) {
        const auto said = rest.front() == ':' ? number(rest.substr(1), 65'535) : std::nullopt;
        if (!said)
            refuse(text, "has no port from 1 to 65535 behind its host");
        port = *said;
    }
    if (port == 0)
        refuse(text, "needs a port, such as \"store.example:24\"");
    const auto behind_host = ":" + std::to_string(port);
    if (const auto address = ip_text(host))
        return (address->find(':') == std::string::npos ? *address : "[" + *address + "]") + behind_host;
    if (!is_host_name(host))
        refuse(text, "is no host: a name (that is not ASCII as its \"xn--\" form), or an address, IPv6 in brackets");
    if (host.ends_with('.'))
        host.remove_suffix(1);
    return postern::kit::lowered(host) + behind_host;
}

[[nodiscard]] target by_lmtp(std::string_view text)
{
    constexpr std::string_view socket = "unix:";
    constexpr std::size_t longest_path = 107;
    if (text.starts_with(socket)) {
        const std::string path{text.substr(socket.size())};
        if (path.size() < 2 || path.size() > longest_path || path.front() != '/' ||
            !std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c <= '~'; }))
            refuse(text, "is no absolute path of a socket, at most 107 octets");
        return {target::kind::socket, "lmtp:unix:" + path, {}, "lmtp:unix:" + path};
    }
    const auto host = host_and_port(text, 0);
    if (host.ends_with(":25"))
        refuse(text, "is LMTP at port 25, which is SMTP's (RFC 2033 5)");
    return {target::kind::lmtp, "lmtp:" + host, {}, "lmtp:" + host};
}

[[nodiscard]] target read_word(std::string_view text)
{
    if (text == "mx")
        return {target::kind::own_mx, {}, {}, {}};
    if (const auto domain = behind("mx:", text)) {
        const auto name = folded_domain(*domain);
        if (!name || name->find('.') == std::string::npos)
            refuse(text, "names no domain with a dot in it");
        return {target::kind::mx, "mx:" + *name, {}, *name};
    }
    if (const auto to = behind("lmtp:", text))
        return by_lmtp(*to);
    if (const auto instance = behind("transport:", text)) {
        if (instance->empty() || *instance == "smtp" || *instance == "lmtp")
            refuse(text, "names no plugin's instance");
        return {target::kind::transport, {}, std::string{*instance}, std::string{*instance}};
    }
    const auto host = host_and_port(text, smtp_port);
    return {target::kind::host, host, {}, host};
}

} // namespace

target read_target(std::string_view text)
{
    const auto star = text.rfind('*');
    if (star == std::string_view::npos)
        return read_word(text);
    const auto weight = number(text.substr(star + 1), heaviest);
    if (!weight)
        refuse(text, "has no weight from 1 to 10000 behind its \"*\"");
    auto made = read_word(text.substr(0, star));
    made.weight = *weight;
    return made;
}

} // namespace routes
