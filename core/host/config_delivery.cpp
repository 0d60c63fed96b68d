#include "core/host/config_delivery.hpp"

#include "core/base/ascii.hpp"
#include "core/delivery/route.hpp"
#include "core/host/config_values.hpp"
#include "core/host/units.hpp"
#include "core/message/address.hpp"
#include "core/sasl/client_mechanism.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::int64_t most_count = 1'000'000'000;

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
        const auto next = delivery::route::from_destination(name);
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

/// Upper case, each one that is by a password or a token that there is.
std::vector<std::string> read_mechanisms(table_reader& from, bool has_password, bool has_token)
{
    std::vector<std::string> out;
    for (const auto& given : from.texts("mechanisms").value_or(std::vector<std::string>{})) {
        auto name = base::to_upper(given);
        switch (sasl::secret_of_client_mechanism(name)) {
        case sasl::client_secret::unknown:
        case sasl::client_secret::none:
            from.complain("mechanisms", fmt::format("\"{}\" is none that deliveries log in by, such as \"SCRAM-SHA-256\" or "
                                                    "\"PLAIN\"",
                                                    given));
            break;
        case sasl::client_secret::password:
            if (!has_password)
                from.complain("mechanisms", fmt::format("{} needs password_file", name));
            break;
        case sasl::client_secret::token:
            if (!has_token)
                from.complain("mechanisms", fmt::format("{} needs token_file", name));
            break;
        }
        out.push_back(std::move(name));
    }
    if (from.has("mechanisms") && out.empty())
        from.complain("mechanisms", "must name at least one; left out, the best that is offered is used");
    return out;
}

/// Mail exchangers have no logins: whoever owns the domain, or forges an answer of the domain name system, says who they are.
std::string read_login_hop(table_reader& from)
{
    const auto name = from.text("next_hop").value_or("");
    const auto next = delivery::route::from_text(name);
    if (!next || next->by_mx || next->is_local())
        from.complain("next_hop", "must be a host and a port, as `relay` and routes have it: \"smart.example.net:587\"");
    return next ? next->text() : std::string{};
}

void read_logins(table_reader& delivery, config& to)
{
    for (auto& from : delivery.tables("login")) {
        login_settings out;
        out.where = from.where();
        out.next_hop = read_login_hop(from);
        auto& what = out.what;
        what.user = from.text("user").value_or("");
        if (what.user.empty())
            from.complain("user", "must be given: the name to log in with");
        what.act_for = from.text("act_for").value_or("");
        out.password_file = from.path("password_file").value_or("");
        out.token_file = from.path("token_file").value_or("");
        const bool has_password = from.has("password_file");
        const bool has_token = from.has("token_file");
        if (!has_password && !has_token)
            from.complain("password_file", "must be given: a file with the password in its first line; or token_file");
        what.mechanisms = read_mechanisms(from, has_password, has_token);
        using enum delivery::login_tls;
        what.tls = from.choice<delivery::login_tls>(
                           "tls", {{"verified", verified}, {"required", required}, {"opportunistic", opportunistic}})
                       .value_or(what.tls);
        what.tls_name = message::lower_ascii(from.text("tls_name").value_or(""));
        if (from.has("tls_name") && what.tls != verified)
            from.complain("tls_name", "needs tls = \"verified\": otherwise no certificate is looked at");
        if (!what.tls_name.empty() && !delivery::is_host_name(what.tls_name))
            from.complain("tls_name", "must be the name in the next hop's certificate, such as \"smart.example.net\"");
        what.in_clear = from.boolean("in_clear").value_or(false);
        if (what.in_clear && what.tls != opportunistic)
            from.complain("in_clear", "needs tls = \"opportunistic\": otherwise nobody logs in without TLS");
        from.refuse_unknown();
        const bool is_there = std::ranges::find(to.logins, out.next_hop, &login_settings::next_hop) != to.logins.end();
        if (!out.next_hop.empty() && is_there)
            from.complain("next_hop", fmt::format("\"{}\" is there twice", out.next_hop));
        else
            to.logins.push_back(std::move(out));
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
    read_logins(*from, to);
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
