// Glue: options in, a vouch out. The decision is relay_policy's.

#include "relay_policy.hpp"

#include <postern/plugin.hpp>

namespace {

class relay_domains_plugin {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"};

    explicit relay_domains_plugin(const postern::host& host)
    {
        take(host, "domains", &relay_domains::relay_policy::add_domain);
        take(host, "addresses", &relay_domains::relay_policy::add_address);
        take(host, "networks", &relay_domains::relay_policy::add_network);
        if (policy_.networks().trusts_everybody())
            host.warning("option=networks problem=\"a network that holds all of IPv4 or all of IPv6 makes an open relay\"");
    }

    postern::verdict on(const postern::rcpt& event) const
    {
        const postern::peer peer = event.peer();
        if (policy_.takes(event.recipient()) || policy_.trusts(peer.address(), peer.identity()))
            return postern::vouch();
        return postern::proceed(); // nobody's recipient is refused by the core
    }

private:
    void take(const postern::host& host, const char* key, const char* (relay_domains::relay_policy::*add)(std::string_view))
    {
        for (const std::string& entry : host.list(key)) {
            if (const char* problem = (policy_.*add)(entry); problem != nullptr)
                host.refuse(key, "\"" + entry + "\" " + problem);
        }
    }

    relay_domains::relay_policy policy_;
};

} // namespace

POSTERN_PLUGIN(relay_domains_plugin, "org.postern.relay-domains", "1.0");
