#include "core/host/login_offer.hpp"

#include "core/sasl/crypto.hpp"

#include <postern/abi/auth.h>

#include <fmt/format.h>

#include <algorithm>

namespace postern::daemon {
namespace {

/// Whether it has unknown users get a salt.
bool salts(const session::offered_mechanism& each) noexcept
{
    return each.kind != nullptr && each.kind->needs == sasl::proof_kind::secret;
}

/// That somebody has to verify for it. Secrets of SHA-1 are not there wherever those of SHA-256 are.
std::uint32_t bit_of(const sasl::mechanism_kind& kind) noexcept
{
    return kind.name.starts_with("SCRAM-SHA-1") ? POSTERN_AUTH_SECRET_SHA_1 : static_cast<std::uint32_t>(kind.needs);
}

/// What the chain of a listener brings.
struct declared {
    std::uint32_t kinds = 0;
    std::vector<session::offered_mechanism> mechanisms;
};

declared declared_in(const listener_settings& of, const plugin_set& plugins, problems& found)
{
    declared all;
    for (const auto& each : of.chain) {
        const auto plugin = plugins.find(each.name);
        if (plugin == nullptr)
            continue; // the chain's builder has complained
        const auto& logins = plugin->instance().logins();
        all.kinds |= logins.kinds();
        for (const auto& name : logins.mechanisms()) {
            const auto other = std::ranges::find(all.mechanisms, name, &session::offered_mechanism::name);
            if (other != all.mechanisms.end())
                found.push_back({of.where, fmt::format("listener {}, plugin {}: mechanism {} is that of plugin {} already",
                                                       of.name, each.name, name, other->owner)});
            else
                all.mechanisms.push_back({name, nullptr, each.name});
        }
    }
    return all;
}

/// Mechanisms that were asked for by name, and that nobody can serve.
void complain_of_unknown(const listener_settings& of, const session::auth_offer& made, problems& found)
{
    for (const auto& name : of.mechanisms) {
        if (std::ranges::find(made.mechanisms, name, &session::offered_mechanism::name) != made.mechanisms.end())
            continue;
        const bool is_known = sasl::find_server_mechanism(name) != nullptr;
        found.push_back(
            {of.where, fmt::format("listener.mechanisms: \"{}\": {}", name,
                                   is_known ? "no plugin in the listener's chain verifies what it needs"
                                            : "there is no such mechanism here, and no plugin of the chain brings it")});
    }
}

} // namespace

std::shared_ptr<const session::auth_offer> login_offer(const listener_settings& of, login_key_source& key,
                                                       const plugin_set& plugins, problems& found)
{
    if (!of.auth)
        return nullptr;
    auto made = std::make_shared<session::auth_offer>();
    const auto brought = declared_in(of, plugins, found);
    const auto is_listed = [&](std::string_view name) { return std::ranges::find(of.mechanisms, name) != of.mechanisms.end(); };
    for (const auto& each : brought.mechanisms)
        if (of.mechanisms.empty() || is_listed(each.name))
            made->mechanisms.push_back(each);
    for (const auto& kind : sasl::server_mechanisms()) {
        const bool is_verified = (brought.kinds & bit_of(kind)) != 0;
        const bool is_wanted = of.mechanisms.empty() ? !kind.only_if_listed : is_listed(kind.name);
        if (is_verified && is_wanted)
            made->mechanisms.push_back({std::string{kind.name}, &kind, {}});
    }
    complain_of_unknown(of, *made, found);
    if (made->mechanisms.empty() && of.mechanisms.empty())
        found.push_back({of.where,
                         "listener.auth: no plugin in its chain verifies anything: put an instance of auth-file, or its like, "
                         "into it"});
    if (made->mechanisms.size() > session::most_mechanisms)
        found.push_back({of.where, "listener.auth: too many mechanisms"});
    made->in_clear = of.auth_in_clear;
    made->is_required = of.auth_required;
    made->failures = of.auth_failures;
    made->nonce = [] { return sasl::make_nonce(); };
    if (std::ranges::any_of(made->mechanisms, salts))
        made->unknown_user_key = key.octets();
    return made;
}

} // namespace postern::daemon
