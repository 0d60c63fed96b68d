// Glue: a verb in, a wish to the queue out. Who may have what is turn_policy's matter.

#include "turn_policy.hpp"

#include <postern/plugin.hpp>

namespace {

class etrn_plugin {
public:
    static constexpr const char* requires_[] = {"postern.spool/1"};

    explicit etrn_plugin(const postern::host& host) : queue_{host}
    {
        for (const std::string& name : host.list("domains"))
            take(host, "domains", name, policy_.add_domain(name));
        for (const auto& [name, domains] : host.table("queues"))
            take(host, "queues", name, policy_.add_queue(name, domains));
        for (const std::string& network : host.list("networks"))
            take(host, "networks", network, policy_.add_network(network));
        if (policy_.is_empty())
            host.refuse("domains", "is empty, as is queues: nothing could be asked for");
        host.keyword({.name = "ETRN"}); // RFC 1985 4
        host.verb({.name = "ETRN", .keyword = "ETRN"});
    }

    postern::reply on(const postern::verb& said) const
    {
        const std::string name{said.argument()};
        const postern::peer peer = said.peer();
        if (!policy_.may_ask(peer.address(), peer.identity()))
            return postern::reject(530, "5.7.0", "Authentication required");
        const etrn::turn turn = policy_.read(name);
        if (turn.what == etrn::turn::kind::unreadable)
            return postern::reject(501, "5.5.4", "Syntax: ETRN [@|#]name");
        if (turn.what == etrn::turn::kind::not_allowed) // RFC 1985 5.3
            return postern::defer(459, "4.7.1", "Node " + name + " not allowed: no mail is kept for it here");
        for (const etrn::destination& each : turn.where)
            if (queue_.start(each.domain, each.has_subdomains) != postern::spool_answer::started)
                return postern::defer(458, "4.3.0", "Unable to queue messages for node " + name);
        // RFC 1985 5.3: not 251 to 253, which tell what waits for whom.
        return postern::say(250, "2.0.0", "OK, queuing for node " + name + " started");
    }

private:
    static void take(const postern::host& host, const char* key, const std::string& entry, const char* problem)
    {
        if (problem != nullptr)
            host.refuse(key, "\"" + entry + "\" " + problem);
    }

    postern::spool queue_;
    etrn::turn_policy policy_;
};

} // namespace

POSTERN_PLUGIN(etrn_plugin, "org.postern.etrn", "1.0");
