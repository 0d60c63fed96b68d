// Glue: options in, a priority out. The decision is priority_policy's.

#include "priority_policy.hpp"

#include <postern/plugin.hpp>

namespace {

class mt_priority_plugin {
public:
    explicit mt_priority_plugin(const postern::host& host)
    {
        const std::string profile = host.config("profile", "");
        take(host, "profile", profile, policy_.set_profile(profile));
        const int most = host.config("most", 0);
        take(host, "most", std::to_string(most), policy_.set_most(most));
        const int least = host.config("least", -9);
        take(host, "least", std::to_string(least), policy_.set_least(least));
        for (const std::string& entry : host.list("networks"))
            take(host, "networks", entry, policy_.add_network(entry));
        host.keyword({.name = "MT-PRIORITY", .parameters = profile}); // RFC 6710 3
        host.parameter({.name = "MT-PRIORITY", .keyword = "MT-PRIORITY", .of = postern::param_of::mail});
    }

    postern::param_reply on(const postern::parameter& given) const
    {
        const auto asked = mt_priority::parse_priority(given.value());
        if (!asked)
            return postern::reject(501, "5.5.2", "MT-PRIORITY is -9 to 9");
        const postern::peer peer = given.peer();
        const int settled = policy_.settle(*asked, peer.address(), peer.identity());
        if (settled < policy_.least()) // RFC 6710 4.1: X.7.15
            return postern::defer(450, "4.7.15", "priority " + std::to_string(policy_.least()) + " is the lowest taken now");
        // RFC 6710 5: the levels of the profile are our own matter: neither the client nor a next hop hears of them.
        postern::verdict answer = postern::proceed().set_priority(policy_.level_of(settled));
        if (settled != *asked) // RFC 6710 4.1: X.3.6, the new priority first
            answer.say_when_accepted("2.3.6", std::to_string(settled) + " is the new priority assigned to the message");
        return postern::param_reply{std::move(answer)}.value(std::to_string(settled)); // RFC 6710 4.2: what a next hop is told
    }

    // RFC 6710 3: without the parameter it is 0.
    postern::verdict on(const postern::mail& mail) const
    {
        if (policy_.least() <= 0 || has_priority(mail))
            return postern::proceed();
        return postern::defer(450, "4.7.15", "priority " + std::to_string(policy_.least()) + " is the lowest taken now");
    }

private:
    static void take(const postern::host& host, const char* key, const std::string& value, const char* problem)
    {
        if (problem != nullptr)
            host.refuse(key, "\"" + value + "\" " + problem);
    }
    static bool has_priority(const postern::mail& mail)
    {
        for (const postern::param& each : mail.params())
            if (each.keyword == "MT-PRIORITY")
                return true;
        return false;
    }

    mt_priority::priority_policy policy_;
};

} // namespace

POSTERN_PLUGIN(mt_priority_plugin, "org.postern.mt-priority", "1.0");
