#include "core/delivery/route.hpp"

#include "core/message/address.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace postern::delivery {

namespace {

[[nodiscard]] bool is_host_name(std::string_view text) noexcept
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
        if (dot == std::string_view::npos)
            return true;
        text.remove_prefix(dot + 1);
        if (text.empty())
            return true; // a fully qualified name may end in a dot
    }
}

[[nodiscard]] std::optional<std::uint16_t> port_from(std::string_view digits) noexcept
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || port == 0)
        return std::nullopt;
    return port;
}

} // namespace

std::optional<route> route::from_text(std::string_view text)
{
    std::string_view host = text;
    std::string_view behind; // ":port" or nothing
    const bool bracketed = text.starts_with('[');
    if (bracketed) {
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
    next.port = smtp_port;
    if (!behind.empty()) {
        const auto port = behind.front() == ':' ? port_from(behind.substr(1)) : std::nullopt;
        if (!port)
            return std::nullopt;
        next.port = *port;
    }
    if (const auto address = base::ip_address::from_text(host))
        next.host = address->text();
    else if (!bracketed && is_host_name(host))
        next.host = message::lower_ascii(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
    else
        return std::nullopt;
    return next;
}

std::optional<route> route::from_edit(std::string_view name, std::string_view value)
{
    if (name.empty() || name == "smtp")
        return from_text(value);
    // The name of a plugin's instance is matched against those that exist; here it only must not hide anything in a log.
    if (std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~' || c == ':'; }))
        return std::nullopt;
    route next;
    if (!value.empty()) {
        auto hop = from_text(value);
        if (!hop)
            return std::nullopt;
        next = std::move(*hop);
    }
    next.transport = name;
    return next;
}

std::string route::text() const
{
    const bool is_v6 = host.find(':') != std::string::npos;
    const auto where = host.empty() ? std::string{}
                       : is_v6      ? fmt::format("[{}]:{}", host, port)
                                    : fmt::format("{}:{}", host, port);
    if (is_smtp())
        return where;
    return where.empty() ? transport : transport + ":" + where;
}

bool leads_to_ourselves(const route& next, std::span<const base::ip_endpoint> own) noexcept
{
    const auto address = next.is_smtp() ? base::ip_address::from_text(next.host) : std::nullopt;
    if (!address)
        return false;
    return std::any_of(own.begin(), own.end(), [&](const base::ip_endpoint& ours) {
        if (ours.port != next.port)
            return false;
        // A listener on the unspecified address is reached by every address of this machine; of those, loopback is known here.
        const auto bound = ours.address;
        const bool is_any = bound == base::ip_address{} || bound == base::ip_address::from_text("0.0.0.0");
        return bound == *address || (is_any && (address->is_loopback() || *address == bound));
    });
}

} // namespace postern::delivery
