#include "charges.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/kit/key_of.hpp>

#include <optional>
#include <utility>

namespace rate_limit {

std::string rule_book::value_of(keyed by, const facts& about) const
{
    using postern::kit::domain_of;
    using postern::kit::lowered;
    switch (by) {
    case keyed::client:
        return postern::kit::network_of(about.address, 32, v6_bits); // whoever has one address of IPv6 has a network of them
    case keyed::network:
        return postern::kit::network_of(about.address, v4_bits, v6_bits);
    case keyed::sender: // the null reverse path is everybody's, and no key
        return lowered(about.sender);
    case keyed::sender_domain:
        return lowered(domain_of(about.sender));
    case keyed::user:
        return lowered(about.user.empty() ? about.identity : about.user);
    case keyed::recipient:
        return lowered(about.recipient);
    case keyed::recipient_domain:
        return lowered(domain_of(about.recipient));
    }
    return {};
}

std::vector<charge> rule_book::charges(counted what, const facts& about, std::uint64_t tokens) const
{
    std::vector<charge> made;
    std::optional<bool> is_in_networks; // asked once, and only if a rule wants to know
    for (const rule& one : rules) {
        if (one.counts != what || (one.exempts.users && !about.identity.empty()))
            continue;
        if (one.exempts.networks) {
            if (!is_in_networks)
                is_in_networks = networks.contains(about.address);
            if (*is_in_networks)
                continue;
        }
        std::string value = value_of(one.key, about);
        if (value.empty())
            continue;
        std::string key = postern::kit::key_of(one.name, value, 200);
        made.push_back({&one, std::move(value), std::move(key), tokens});
    }
    return made;
}

} // namespace rate_limit
