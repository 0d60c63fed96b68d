#include "core/delivery/route.hpp"

#include "core/message/address.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>
#include <idn2.h>

namespace postern::delivery {

namespace {

/// RFC 1123 2.1: a name's last label is not all digits, so that no mistyped address ("10.0.0", "192.0.2.300") passes for a name.
[[nodiscard]] bool is_all_digits(std::string_view label) noexcept
{
    return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

[[nodiscard]] std::optional<std::uint16_t> port_from(std::string_view digits) noexcept
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || port == 0)
        return std::nullopt;
    return port;
}

/// Where a connection to that address goes: the unspecified one leads to this machine, by its loopback.
[[nodiscard]] base::ip_address really(const base::ip_address& address) noexcept
{
    if (address == base::ip_address{})
        return *base::ip_address::from_text("::1");
    if (address == base::ip_address::from_text("0.0.0.0"))
        return *base::ip_address::from_text("127.0.0.1");
    return address;
}

/// Whether a listener on `bound` is reached at every address of its family.
[[nodiscard]] bool is_wildcard(const base::ip_address& bound) noexcept
{
    return really(bound) != bound;
}

/// As the domain name system has it: U-labels become A-labels (RFC 5891 5). Nothing: they are none.
[[nodiscard]] std::optional<std::string> in_a_labels(std::string_view domain)
{
    if (message::is_ascii(domain))
        return std::string{domain};
    const std::string text{domain}; // ended by a zero
    std::uint8_t* made = nullptr;
    const auto flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
    if (idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(text.c_str()), &made, flags) != IDN2_OK)
        return std::nullopt;
    const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owned{made, &idn2_free};
    return std::string{reinterpret_cast<const char*>(made)};
}

} // namespace

bool is_host_name(std::string_view text) noexcept
{
    constexpr std::size_t max_name = 253; // RFC 1035 2.3.4, as text
    constexpr std::size_t max_label = 63;
    if (text.empty() || text.size() > max_name)
        return false;
    while (true) {
        const auto dot = text.find('.');
        const auto label = text.substr(0, dot);
        const bool good = std::all_of(label.begin(), label.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
        if (!good || label.empty() || label.size() > max_label || label.front() == '-' || label.back() == '-')
            return false;
        if (dot == std::string_view::npos || dot + 1 == text.size()) // a fully qualified name may end in a dot
            return !is_all_digits(label);
        text.remove_prefix(dot + 1);
    }
}

namespace {

/// What stands behind a word that says how, unless that is a port, so that the word is a host's name.
[[nodiscard]] std::optional<std::string_view> behind(std::string_view word, std::string_view text) noexcept
{
    if (!text.starts_with(word) || port_from(text.substr(word.size())))
        return std::nullopt;
    return text.substr(word.size());
}

/// An absolute path that a sockaddr_un has room for, and a line of the log too.
[[nodiscard]] bool is_socket_path(std::string_view path) noexcept
{
    constexpr std::size_t most = 107;
    return path.size() > 1 && path.size() <= most && path.front() == '/' &&
           std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// Reads "host", "host:port" and addresses. `usual_port`: of those without one; 0: they are none.
[[nodiscard]] std::optional<route> host_and_port(std::string_view text, std::uint16_t usual_port)
{
    std::string_view host = text;
    std::string_view behind; // ":port" or nothing
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos)
            return std::nullopt;
        host = text.substr(1, close - 1);
        behind = text.substr(close + 1);
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        behind = text.substr(colon);
    }

    route next;
    next.port = usual_port;
    if (!behind.empty())
        next.port = behind.front() == ':' ? port_from(behind.substr(1)).value_or(0) : 0;
    if (next.port == 0)
        return std::nullopt;
    if (const auto address = base::ip_address::from_text(host))
        next.host = address->text();
    else if (is_host_name(host))
        next.host = message::lower_ascii(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
    else
        return std::nullopt;
    return next;
}

[[nodiscard]] std::optional<route> by_lmtp(std::string_view to)
{
    constexpr std::string_view socket = "unix:";
    if (to.starts_with(socket)) {
        to.remove_prefix(socket.size());
        return is_socket_path(to) ? std::optional{route{"lmtp", std::string{to}, 0}} : std::nullopt;
    }
    auto next = host_and_port(to, 0);
    if (!next || next->port == smtp_port) // RFC 2033 5: never at the port where everybody expects SMTP
        return std::nullopt;
    next->transport = "lmtp";
    return next;
}

} // namespace

std::optional<route> route::from_text(std::string_view text, std::uint16_t mx_port)
{
    if (const auto domain = behind("mx:", text)) // "mx:25x" is a host called mx and a mistyped port
        return domain->find_first_of(".:") == std::string_view::npos ? std::nullopt : to_domain(*domain, mx_port);
    if (const auto to = behind("lmtp:", text))
        return by_lmtp(*to);
    return host_and_port(text, smtp_port);
}

std::optional<route> route::to_domain(std::string_view domain, std::uint16_t port)
{
    if (domain.starts_with('[') && domain.ends_with(']')) {
        constexpr std::string_view v6 = "[IPv6:"; // canonical addresses have it so
        const auto begin = domain.starts_with(v6) ? v6.size() : 1;
        const auto address = base::ip_address::from_text(domain.substr(begin, domain.size() - begin - 1));
        return address ? std::optional{route{"smtp", address->text(), port}} : std::nullopt;
    }
    auto name = in_a_labels(domain);
    if (!name || !is_host_name(*name))
        return std::nullopt;
    if (name->ends_with('.'))
        name->pop_back();
    return route{"smtp", message::lower_ascii(*name), port, true};
}

std::optional<route> route::from_edit(std::string_view name, std::string_view value, std::uint16_t mx_port)
{
    if (name.empty())
        return from_text(value, mx_port);
    if (name == "smtp")
        return host_and_port(value, smtp_port);
    if (name == "lmtp")
        return by_lmtp(value);
    // The name of a plugin's instance is matched against those that exist; here it only must not hide anything in a log.
    if (std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~' || c == ':'; }))
        return std::nullopt;
    route next;
    if (!value.empty()) {
        auto hop = host_and_port(value, smtp_port);
        if (!hop)
            return std::nullopt;
        next = std::move(*hop);
    }
    next.transport = name;
    return next;
}

std::optional<route> route::from_destination(std::string_view text)
{
    return text.find(':') == std::string_view::npos ? to_domain(text) : from_text(text);
}

std::string route::text() const
{
    const bool is_v6 = host.find(':') != std::string::npos;
    const auto where = host.empty() ? std::string{}
                       : is_local() ? "unix:" + host
                       : by_mx      ? host
                       : is_v6      ? fmt::format("[{}]:{}", host, port)
                                    : fmt::format("{}:{}", host, port);
    if (transport == "smtp")
        return where;
    return where.empty() ? transport : transport + ":" + where;
}

std::vector<base::ip_endpoint> reached_at(std::span<const base::ip_endpoint> listening, std::span<const base::ip_address> machine)
{
    std::vector<base::ip_endpoint> all;
    for (const auto& each : listening) {
        all.push_back(each);
        if (!is_wildcard(each.address))
            continue;
        for (const auto& address : machine)
            if (address.is_v4() == each.address.is_v4())
                all.push_back({address, each.port});
    }
    return all;
}

bool leads_to_ourselves(const route& next, std::span<const base::ip_endpoint> own) noexcept
{
    const auto address = next.is_by_plugin() ? std::nullopt : base::ip_address::from_text(next.host);
    if (!address)
        return false;
    const auto to = really(*address);
    return std::any_of(own.begin(), own.end(), [&](const base::ip_endpoint& ours) {
        if (ours.port != next.port)
            return false;
        // The loopback network has more addresses than a list of the machine's own names.
        return ours.address == to || (is_wildcard(ours.address) && to.is_loopback() && to.is_v4() == ours.address.is_v4());
    });
}

} // namespace postern::delivery
