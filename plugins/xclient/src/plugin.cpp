// Glue: a verb in, facts of the client out. What the line says is attributes' matter; who is believed is decided here.

#include "attributes.hpp"

#include <postern/kit/network_set.hpp>
#include <postern/plugin.hpp>

namespace {

class xclient_plugin {
public:
    explicit xclient_plugin(const postern::host& host) : host_{host}
    {
        for (const std::string& entry : host.list("networks"))
            if (const char* problem = networks_.add(entry); problem != nullptr)
                host.refuse("networks", "\"" + entry + "\" " + problem);
        if (networks_.empty())
            host.refuse("networks", "is empty: nobody would be believed");
        if (networks_.trusts_everybody())
            host.refuse("networks", "holds all of IPv4 or all of IPv6: anybody could be anybody");
        host.keyword({.name = "XCLIENT", .parameters = xclient::attribute_names});
        // Without an offer too: who is not believed hears why, and a proxy need not say EHLO first.
        host.verb({.name = "XCLIENT", .before_ehlo = true});
    }

    postern::offers on(const postern::ehlo& hello) const
    {
        postern::offers lines;
        if (networks_.contains(hello.peer().address()))
            lines.add("XCLIENT", std::string{xclient::attribute_names});
        return lines;
    }

    postern::reply on(const postern::verb& said) const
    {
        const std::string proxy{said.peer().address()};
        // Whoever the proxy speaks for is not believed any more: its octets may be the client's own from now on.
        if (!networks_.contains(proxy))
            return postern::reject(550, "5.7.0", "insufficient authorization");
        const auto client = xclient::parse(said.argument());
        if (!client)
            return postern::reject(501, "5.5.4", "Syntax: XCLIENT attribute=value ..");
        postern::reply answer = postern::restart();
        std::string line = "proxy=" + proxy;
        for (const auto& [name, value] : client->facts) {
            answer.set_client(name, value);
            line += " " + name + "=" + value;
        }
        if (!client->name.empty())
            line += " name=" + client->name;
        if (!client->protocol.empty())
            line += " protocol=" + client->protocol;
        host_.info(line);
        return answer;
    }

private:
    postern::host host_;
    postern::kit::network_set networks_;
};

} // namespace

POSTERN_PLUGIN(xclient_plugin, "org.postern.xclient", "1.0");
