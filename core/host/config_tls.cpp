#include "core/host/config_tls.hpp"

#include "core/message/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace postern::daemon {
namespace {

/// cert, key and ocsp of a table. False: a file is missing, and that was said.
bool read_files(table_reader& from, certificate_settings& to)
{
    to.where = from.where();
    const auto cert = from.path("cert");
    const auto key = from.path("key");
    if (!cert && !from.has("cert"))
        from.complain("cert", "is missing: a PEM file with the certificate and its chain");
    if (!key && !from.has("key"))
        from.complain("key", "is missing: a PEM file with the private key");
    to.cert = cert.value_or("");
    to.key = key.value_or("");
    to.ocsp = from.path("ocsp").value_or("");
    return cert && key;
}

/// RFC 6125 6.4.3: a star stands for the first label alone.
bool is_certificate_name(std::string_view name) noexcept
{
    return message::is_domain(name.starts_with("*.") ? name.substr(2) : name);
}

void read_certificate(table_reader from, tls_settings& to)
{
    certificate_settings out;
    const bool has_files = read_files(from, out);
    for (const auto& given : from.texts("names").value_or(std::vector<std::string>{})) {
        auto name = message::lower_ascii(given);
        if (!is_certificate_name(name))
            from.complain("names",
                          fmt::format("\"{}\" is neither a name such as \"mx.example.org\" nor \"*.example.org\"", given));
        const auto has_it = [&](const certificate_settings& each) {
            return std::ranges::find(each.names, name) != each.names.end();
        };
        if (has_it(out) || std::ranges::any_of(to.named, has_it))
            from.complain("names", fmt::format("\"{}\" has a certificate already; leave one of the two out", given));
        out.names.push_back(std::move(name));
    }
    if (out.names.empty())
        from.complain("names", "must have at least one name that clients ask for");
    from.refuse_unknown();
    if (has_files && !out.names.empty())
        to.named.push_back(std::move(out));
}

void read_groups(table_reader& from, tls_settings& to)
{
    const auto given = from.texts("groups");
    if (!given)
        return;
    const auto known = io::known_groups();
    for (const auto& each : *given)
        if (std::ranges::find(known, each) == known.end())
            from.complain("groups", fmt::format("\"{}\" is not one of {}", each, listed({known.begin(), known.end()})));
    if (given->empty())
        from.complain("groups", "must have at least one");
    to.groups = *given;
}

std::optional<io::client_certificates> read_client_certificates(table_reader& from)
{
    using enum io::client_certificates;
    return from.choice<io::client_certificates>("client_certificates",
                                                {{"none", none}, {"request", request}, {"require", require}});
}

} // namespace

void read_tls(table_reader& root, config& to)
{
    auto from = root.table("tls");
    if (!from)
        return;
    tls_settings out;
    out.where = from->where();
    const bool has_files = read_files(*from, out.standard);
    for (auto& each : from->tables("certificate"))
        read_certificate(std::move(each), out);
    read_groups(*from, out);
    out.ciphers = from->text("ciphers").value_or("");
    out.lowest =
        from->choice<io::tls_version>("minimum_version", {{"1.2", io::tls_version::v1_2}, {"1.3", io::tls_version::v1_3}})
            .value_or(out.lowest);
    out.client_ca = from->path("client_ca").value_or("");
    out.clients = read_client_certificates(*from).value_or(out.clients);
    if (out.clients != io::client_certificates::none && !from->has("client_ca"))
        from->complain("client_certificates", "needs client_ca: a PEM file with those who may vouch for clients");
    from->refuse_unknown();
    if (has_files)
        to.tls = std::move(out);
}

void read_clients(table_reader& from, const config& all, listener_settings& to)
{
    to.clients = read_client_certificates(from);
    if (!to.clients || *to.clients == io::client_certificates::none)
        return;
    if (to.tls == session::server_tls::none)
        from.complain("client_certificates", "needs TLS, which this listener has not");
    else if (all.tls && all.tls->client_ca.empty())
        from.complain("client_certificates", "needs client_ca in [tls]: a PEM file with those who may vouch for clients");
}

void read_proxies(table_reader& from, listener_settings& to)
{
    to.proxy_protocol = from.boolean("proxy_protocol").value_or(false);
    const auto given = from.texts("proxy_networks");
    for (const auto& each : given.value_or(std::vector<std::string>{})) {
        std::string why;
        if (const auto network = base::ip_network::from_text(each, why))
            to.proxies.push_back(*network);
        else
            from.complain("proxy_networks", fmt::format("\"{}\" {}; such as \"192.0.2.1\" or \"10.0.0.0/8\"", each, why));
    }
    if (from.has("proxy_networks") && !to.proxy_protocol)
        from.complain("proxy_networks", "means nothing without proxy_protocol = true");
    const bool is_unix = to.address.starts_with("unix:");
    if (from.has("proxy_networks") && is_unix)
        from.complain("proxy_networks", "means nothing at a Unix socket: whoever may open its file is believed");
    if (to.proxy_protocol && !is_unix && (!from.has("proxy_networks") || (given && given->empty())))
        from.complain(given ? "proxy_networks" : "proxy_protocol", "needs proxy_networks: whose proxies are believed, such as "
                                                                   "[\"192.0.2.1\", \"10.0.0.0/8\"]");
}

} // namespace postern::daemon
