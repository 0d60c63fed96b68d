#include "core/host/ways_out.hpp"

#include "core/delivery/route.hpp"
#include "core/message/address.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::daemon {
namespace {

bool is_smtp(const config& from) noexcept
{
    return from.delivery.transport == "smtp"; // the relay is used, be it by LMTP
}

/// The relay, once for each address that its name stands for.
std::vector<delivery::route> spellings(const delivery::route& relay)
{
    if (relay.host != "localhost" && !relay.host.ends_with(".localhost"))
        return {relay};
    return {{relay.transport, "127.0.0.1", relay.port}, {relay.transport, "::1", relay.port}};
}

/// Whether the relay has the name that this server has for others, and they reach this listener at that port.
bool is_our_name(const config& from, const delivery::route& relay, const base::ip_endpoint& listening)
{
    return relay.port == listening.port && !listening.address.is_loopback() && relay.host == message::lower_ascii(from.hostname);
}

bool is_reached(const config& from, const delivery::route& relay, const base::ip_endpoint& listening,
                std::span<const base::ip_address> machine)
{
    const auto own = delivery::reached_at({&listening, 1}, machine);
    const auto is_ours = [&](const delivery::route& to) { return delivery::leads_to_ourselves(to, own); };
    return is_our_name(from, relay, listening) || std::ranges::any_of(spellings(relay), is_ours);
}

} // namespace

std::vector<listening_place> listening_places(const config& from)
{
    std::vector<listening_place> out;
    for (const auto& each : from.listeners)
        out.push_back({each.name, each.address});
    return out;
}

void refuse_relay_to_ourselves(const config& from, std::span<const listening_place> places,
                               std::span<const base::ip_address> machine, problems& found)
{
    const auto relay = delivery::route::from_text(from.delivery.relay);
    if (!relay || !is_smtp(from))
        return;
    for (const auto& each : places) {
        const auto endpoint = base::ip_endpoint::from_text(each.address);
        if (endpoint ? !is_reached(from, *relay, *endpoint, machine)
                     : !relay->is_local() || each.address != "unix:" + relay->host)
            continue;
        found.push_back({from.relay_where,
                         fmt::format("delivery.relay: \"{}\" is this server's own listener \"{}\" ({}), so mail would go in a "
                                     "circle; give the address and port of the next server",
                                     from.delivery.relay, each.name, each.address)});
        return;
    }
}

} // namespace postern::daemon
