#include "core/host/records_to_publish.hpp"

#include "core/base/ip_address.hpp"
#include "core/host/plugin_desk.hpp"
#include "core/message/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace postern::daemon {
namespace {

/// RFC 7672 3.1.1: the key alone, whoever certifies it.
std::string tlsa_line(std::uint16_t port, const std::string& name, const io::certificate& of)
{
    return fmt::format("_{}._tcp.{}. IN TLSA 3 1 1 {}\n", port, name, of.key_digest());
}

/// The names that senders may come by, with the certificate that is shown for each.
std::map<std::string, const io::certificate*> served_names(const config& from, const tls_contexts& tls)
{
    std::map<std::string, const io::certificate*> all;
    for (std::size_t i = 1; i < tls.certificates.size(); ++i)
        for (const auto& name : tls.settings->named.at(i - 1).names)
            if (!name.starts_with('*'))
                all.emplace(name, tls.certificates[i].get());
    all.emplace(message::lower_ascii(from.hostname), tls.certificates.front().get());
    return all;
}

} // namespace

std::string tlsa_records(const config& from, const tls_contexts& tls)
{
    if (!tls.settings || tls.certificates.empty())
        return {};
    std::set<std::uint16_t> ports;
    for (const auto& each : from.listeners)
        if (each.protocol == listener_protocol::smtp &&
            (each.tls == session::server_tls::offered || each.tls == session::server_tls::required))
            if (const auto at = base::ip_endpoint::from_text(each.address); at && at->port != 0)
                ports.insert(at->port);
    std::string lines;
    for (const auto port : ports)
        for (const auto& [name, certificate] : served_names(from, tls))
            lines += tlsa_line(port, name, *certificate);
    return lines;
}

std::string zone_lines(std::string_view said)
{
    std::string lines;
    while (!said.empty()) {
        const auto end = std::min(said.find('\n'), said.size());
        std::string line{said.substr(0, end)};
        said.remove_prefix(std::min(end + 1, said.size()));
        std::erase_if(line, [](char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; });
        if (line.find_first_not_of(" \t") != line.npos)
            lines += line + '\n';
    }
    return lines;
}

std::string records_to_publish(const config& from, const tls_contexts& tls, const plugin_set& plugins,
                               std::chrono::nanoseconds patience)
{
    std::string all;
    if (const auto lines = tlsa_records(from, tls); !lines.empty())
        all += "; certificates of [tls], in a zone that is signed\n" + lines;
    plugin_desk desk;
    desk.seat(plugin_desk::of(plugins));
    for (const auto& each : plugins.plugins()) {
        const auto said = desk.tell(each->name(), {"records"}, nullptr, patience);
        const auto lines = said.done ? zone_lines(said.text) : std::string{};
        if (!lines.empty())
            all += fmt::format("; plugin {}\n", each->name()) + lines;
    }
    return all;
}

} // namespace postern::daemon
