#include "core/host/generation_builder.hpp"

#include "core/host/chain_builder.hpp"
#include "core/host/delivery_logins.hpp"
#include "core/host/login_offer.hpp"
#include "core/host/plugin_observer.hpp"
#include "core/host/plugin_transport.hpp"
#include "core/io/tls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace postern::daemon {
namespace {

/// What the plugins of a listener's chain add to the protocol there; null: nothing. It is said before anybody knows for whom mail
/// is, so what a plugin declares that only some domains have would never be offered.
std::shared_ptr<const session::extensions> extensions_of(const listener_settings& of, const plugin_set& plugins, problems& found)
{
    auto all = std::make_shared<session::extensions>();
    bool is_any = false;
    for (const auto& [name, group, where] : of.chain) {
        const auto plugin = plugins.find(name);
        if (plugin == nullptr || plugin->instance().extensions().empty())
            continue; // the chain's builder has complained
        is_any = true;
        if (const auto wrong = plugin->instance().extensions().add_to(*all, name))
            found.push_back({of.where, fmt::format("listener {}, plugin {}: {}", of.name, name, *wrong)});
    }
    for (const auto& domain : of.domains)
        for (const auto& each : domain.chain) {
            const auto plugin = plugins.find(each.name);
            const bool is_offered = std::ranges::find(of.chain, each.name, &chain_member::name) != of.chain.end();
            if (plugin != nullptr && !plugin->instance().extensions().empty() && !is_offered)
                found.push_back({each.where, fmt::format("listener.domain.chain: \"{}\" extends SMTP, which is offered before a "
                                                         "recipient is known; put it into the listener's chain too",
                                                         each.name)});
        }
    return is_any ? all : nullptr;
}

/// Chains of a listener: its own, and those of domains.
void add_chains(const listener_settings& of, chain_builder& chains, runtime::listener_profile& to, problems& found)
{
    to.chain = chains.chain_of(of.chain, "listener.chain", found);
    if (of.domains.empty())
        return;
    auto domains = std::make_shared<hooks::domain_map>();
    for (const auto& each : of.domains) {
        to.domain_chains.push_back(chains.chain_of(each.chain, "listener.domain.chain", found));
        for (const auto& name : each.names)
            domains->add(name, static_cast<std::uint32_t>(to.domain_chains.size()));
    }
    to.session.domains = std::move(domains);
}

/// Those of `plugins` who subscribed to `hook`, with what they declared and nobody before them did.
std::vector<runtime::extension_owner> owners_at(hooks::hook_point hook, const plugin_set& plugins)
{
    std::vector<runtime::extension_owner> owners;
    std::set<std::string> keywords;
    std::set<std::string> parameters;
    for (const auto& each : plugins.plugins()) {
        const auto& declared = each->instance().extensions();
        runtime::extension_owner owner{each->name(), {}, {}};
        for (const auto& keyword : declared.keywords())
            if (keywords.insert(keyword.keyword).second)
                owner.keywords.push_back(keyword.keyword);
        for (auto& one : owned_by(*each))
            if (parameters.insert(one.name).second)
                owner.parameters.push_back(std::move(one));
        const bool has_any = hook == hooks::hook_point::client_verb ? !owner.keywords.empty() : !owner.parameters.empty();
        if (has_any && each->wants(hook))
            owners.push_back(std::move(owner));
    }
    return owners;
}

std::optional<runtime::trusted_proxies> proxies_of(const listener_settings& of)
{
    if (!of.proxy_protocol)
        return std::nullopt;
    return runtime::trusted_proxies{of.proxies, of.address.starts_with("unix:")};
}

/// A context that verifies reads all the certificates that the system trusts: only for who may ask for it.
std::shared_ptr<io::tls_context> verifying_tls(const config& from, problems& found)
{
    std::string why;
    auto made = io::tls_context::client(true, "", why);
    if (made == nullptr)
        found.push_back({from.transport_where, "delivery.tls: " + why});
    return made;
}

} // namespace

std::shared_ptr<const runtime::generation> build_generation(const config& from, const plugin_set& plugins,
                                                            const tls_contexts& tls, const std::shared_ptr<deadline_timer>& timer,
                                                            std::uint32_t number, login_key_source& key, problems& found)
{
    const auto before = found.size();
    auto out = std::make_shared<runtime::generation>();
    out->number = number;
    chain_builder chains{from, plugins};
    for (const auto& each : from.listeners) {
        auto profile = std::make_shared<runtime::listener_profile>();
        profile->name = each.name;
        profile->session.hostname = from.hostname;
        profile->session.limits = from.limits.session;
        profile->session.lmtp = each.protocol == listener_protocol::lmtp;
        profile->session.fills_fields = each.protocol == listener_protocol::submission;
        profile->session.auth = login_offer(each, key, plugins, found);
        profile->session.tls = each.tls;
        profile->session.bare = from.limits.bare_lf;
        profile->timeouts = from.limits.timeouts;
        profile->budgets = from.limits.budgets;
        add_chains(each, chains, *profile, found);
        profile->session.extensions = extensions_of(each, plugins, found);
        if (each.tls != session::server_tls::none)
            profile->tls = tls.of(each);
        profile->proxies = proxies_of(each);
        out->listeners.emplace(each.name, std::move(profile));
    }
    out->limits = from.limits.connections;
    out->retry = from.queue.policy;
    out->delivery = from.delivery;
    load_logins(from, out->delivery, found);
    out->names = plugins.services().dns;
    out->client_tls = tls.client;
    for (const auto& each : plugins.plugins()) {
        if (each->instance().observed_kinds() != 0)
            out->observers.push_back(std::make_shared<plugin_observer>(each->instance().shared_from_this()));
        if (each->instance().library().provides("postern.delivery/1"))
            out->transports.emplace(each->name(), std::make_shared<plugin_transport>(each->instance().shared_from_this(), timer,
                                                                                     from.delivery.timeout.final));
    }
    out->delivery_chain = chains.everybody(found);
    out->line_owners = owners_at(hooks::hook_point::client_verb, plugins);
    out->param_owners = owners_at(hooks::hook_point::client_params, plugins);
    using enum delivery::login_tls;
    const auto has_login = [&](auto is_meant) {
        return std::ranges::any_of(out->delivery.logins, [&](const auto& each) { return is_meant(each.second->tls); });
    };
    const bool asks_plugins = out->delivery_chain->has(hooks::hook_point::delivery_tls_policy);
    if (asks_plugins || has_login([](auto need) { return need == verified; }))
        out->verifying_tls = verifying_tls(from, found);
    // delivery.tls is none, and a plugin or a login may want more
    if (out->client_tls == nullptr && (asks_plugins || has_login([](auto need) { return need != opportunistic; })))
        out->client_tls = unverified_tls(from, found);
    return found.size() == before ? out : nullptr;
}

std::shared_ptr<const runtime::generation> with_tls(const runtime::generation& current, const tls_contexts& before,
                                                    const tls_contexts& after)
{
    auto out = std::make_shared<runtime::generation>(current);
    for (auto& [name, profile] : out->listeners) {
        if (profile->tls == nullptr)
            continue;
        auto next = std::make_shared<runtime::listener_profile>(*profile);
        if (profile->tls == before.server)
            next->tls = after.server;
        for (std::size_t i = 0; i < before.by_rule.size(); ++i)
            if (profile->tls == before.by_rule[i])
                next->tls = after.by_rule[i];
        profile = std::move(next);
    }
    return out;
}

std::vector<runtime::listener_address> listener_addresses(const config& from)
{
    std::vector<runtime::listener_address> out;
    for (const auto& each : from.listeners)
        out.push_back({each.name, each.address});
    return out;
}

} // namespace postern::daemon
