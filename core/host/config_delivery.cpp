#include "core/host/config_delivery.hpp"

#include "core/delivery/route.hpp"
#include "core/host/config_values.hpp"
#include "core/host/units.hpp"
#include "core/message/address.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::int64_t most_count = 1'000'000'000;
constexpr std::uint16_t smtp_port = 25;

/// "600/1m".
std::optional<delivery::pace> read_pace(table_reader& from, std::string_view key)
{
    const auto text = from.text(key);
    if (!text)
        return std::nullopt;
    const auto slash = text->find('/');
    std::uint32_t count = 0;
    const auto* const end = text->data() + std::min(slash, text->size());
    const auto [at, error] = std::from_chars(text->data(), end, count);
    const auto time = std::string_view{*text}.substr(slash == std::string::npos ? text->size() : slash + 1);
    const auto per = std::chrono::floor<std::chrono::milliseconds>(parse_duration(time).value_or(std::chrono::nanoseconds{0}));
    if (error != std::errc{} || at != end || count == 0 || per.count() == 0) {
        from.complain(key, fmt::format("\"{}\" is no number of messages in a time, such as \"600/1m\"", *text));
        return std::nullopt;
    }
    return delivery::pace{count, per};
}

void read_pools(table_reader& delivery, delivery::settings& to)
{
    for (auto& from : delivery.tables("source_pool")) {
        const auto name = from.text("name").value_or("");
        delivery::source_pool pool;
        for (const auto& each : from.texts("addresses").value_or(std::vector<std::string>{}))
            if (const auto address = base::ip_address::from_text(each); address && !address->is_unspecified())
                pool.addresses.push_back(*address);
            else
                from.complain("addresses", fmt::format("\"{}\" is no address of this machine, such as \"192.0.2.1\"", each));
        pool.hostname = from.text("hostname").value_or("");
        if (from.has("hostname") && !delivery::is_host_name(pool.hostname))
            from.complain("hostname", "must be a host name: what the server says in EHLO");
        from.refuse_unknown();
        if (name.empty() || !to.pools.emplace(name, std::move(pool)).second)
            from.complain("name", "must be given, and no other pool's: what `pool` says");
    }
}

void read_pool_name(table_reader& from, const delivery::settings& known, std::string& to)
{
    to = from.text("pool").value_or("");
    if (!to.empty() && !known.pools.contains(to))
        from.complain("pool", fmt::format("there is no [[delivery.source_pool]] of the name \"{}\"", to));
}

void read_destinations(table_reader& delivery, delivery::settings& to)
{
    for (auto& from : delivery.tables("destination")) {
        const auto name = from.text("next_hop").value_or("");
        // By MX a domain is meant, unless there is a port.
        const bool has_port = name.find(':') != std::string::npos;
        const auto next = has_port ? delivery::route::from_text(name) : delivery::route::to_domain(name, smtp_port);
        if (!next)
            from.complain("next_hop",
                          "must be a domain, or a host and port, as the log has it: \"example.com\", \"mx.example.org:25\"");
        delivery::destination_rule rule;
        if (const auto most = from.integer("concurrency", 1, 1'000'000))
            rule.concurrency = static_cast<std::uint32_t>(*most);
        rule.rate = read_pace(from, "rate");
        rule.suspended = from.text("suspended").value_or("");
        read_pool_name(from, to, rule.pool);
        from.refuse_unknown();
        if (!next)
            continue;
        const auto key = next->text();
        if (!to.destinations.emplace(key, std::move(rule)).second)
            from.complain("next_hop", fmt::format("\"{}\" is there twice", key));
    }
}

void read_dns(table_reader& delivery, config& to)
{
    to.dns_where = delivery.where();
    auto dns = delivery.table("dns");
    if (!dns)
        return;
    to.dns_where = dns->where();
    to.dns.servers = dns->texts("servers").value_or(std::vector<std::string>{});
    for (const auto& each : to.dns.servers)
        if (const auto server = base::ip_endpoint::from_text(each); !server || server->port == 0)
            dns->complain("servers", fmt::format("\"{}\" is no address with a port, such as \"127.0.0.1:53\"", each));
    if (dns->has("servers") && to.dns.servers.empty())
        dns->complain("servers", "must have at least one; left out, those of /etc/resolv.conf are asked");
    if (const auto file = dns->path("trust_anchor")) {
        to.dns.trust_anchor = file->string();
        if (std::error_code ignored; !std::filesystem::exists(*file, ignored))
            dns->complain("trust_anchor", "there is no such file: " + file->string());
    }
    set(to.dns.timeout, *dns, "timeout");
    dns->refuse_unknown();
}

} // namespace

void read_delivery(table_reader& root, config& to)
{
    to.delivery.hostname = to.hostname;
    to.relay_where = to.transport_where = root.where();
    auto from = root.table("delivery");
    if (!from)
        return;
    auto& out = to.delivery;
    out.relay = from->text("relay").value_or("");
    to.relay_where = from->where("relay");
    if (!out.relay.empty() && !delivery::route::from_text(out.relay)) // what reads it when mail is to leave
        from->complain("relay", fmt::format("must be {}, or \"\" for none", delivery::route_words));
    out.postmaster = from->text("postmaster").value_or("");
    if (!out.postmaster.empty() && !message::parse_mailbox(out.postmaster, message::utf8::refused))
        from->complain("postmaster", "must be an address, or \"\" for nobody");
    out.transport = from->text("transport").value_or(out.transport);
    to.transport_where = from->where("transport");
    if (out.transport != "smtp" && to.find_plugin(out.transport) == nullptr)
        from->complain("transport", fmt::format("is neither \"smtp\" nor the name of a [[plugin]]: \"{}\"", out.transport));
    set(out.concurrency, from->integer("concurrency", 1, 1'000'000));
    set(out.per_destination, from->integer("per_destination", 1, 1'000'000));
    set(out.connection_reuse, from->integer("connections_reuse", 1, most_count));
    set(out.mx_port, from->integer("mx_port", 1, 65'535));
    set(out.rest.first, *from, "rest");
    set(out.rest.most, *from, "rest_most");
    if (out.rest.most < out.rest.first)
        from->complain("rest_most", "is shorter than `rest`");
    out.rate = read_pace(*from, "rate").value_or(out.rate);
    read_pools(*from, out);
    read_pool_name(*from, out, out.pool);
    read_destinations(*from, out);
    out.mx_loopback = from->boolean("mx_loopback").value_or(out.mx_loopback);
    using enum delivery::tls_mode;
    out.tls = from->choice<delivery::tls_mode>("tls", {{"none", none}, {"opportunistic", opportunistic}, {"required", required}})
                  .value_or(out.tls);
    read_dns(*from, to);
    if (auto times = from->table("timeouts")) {
        set(out.timeout.connect, *times, "connect");
        set(out.timeout.greeting, *times, "greeting");
        set(out.timeout.command, *times, "command");
        set(out.timeout.data, *times, "data");
        set(out.timeout.final, *times, "final");
        times->refuse_unknown();
    }
    from->refuse_unknown();
}

} // namespace postern::daemon
