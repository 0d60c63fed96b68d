// Glue: who may say XFORWARD, what lasts until the end of a transaction, and who is told. The syntax is attributes.hpp's.

#include "attributes.hpp"

#include <postern/kit/network_set.hpp>
#include <postern/plugin.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

using xforward::attributes;

constexpr const char* parameter_name = "XFORWARD";

class xforward_plugin {
public:
    explicit xforward_plugin(const postern::host& host)
        : next_hops_{host.list("next_hops")}, rule_{host.config("required", false) ? postern::line_rule::required
                                                                                   : postern::line_rule::optional}
    {
        for (const std::string& entry : host.list("networks")) {
            if (const char* problem = trusted_.add(entry); problem != nullptr)
                host.refuse("networks", "\"" + entry + "\" " + problem);
        }
        host.keyword({.name = "XFORWARD", .parameters = xforward::all_names});
        host.verb({.name = "XFORWARD", .keyword = "XFORWARD"});
        host.parameter({.name = parameter_name, .keyword = "XFORWARD", .relay = postern::relay::never});
    }

    postern::offers on(const postern::ehlo& event) const
    {
        return trusted_.contains(event.peer().address()) ? postern::offers{}.add("XFORWARD", std::string{xforward::all_names})
                                                         : postern::offers{};
    }

    postern::reply on(const postern::verb& event)
    {
        if (!trusted_.contains(event.peer().address())) // it is somebody else since EHLO
            return postern::reject(550, "5.7.0", "insufficient authorization");
        const std::lock_guard lock{guard_};
        attributes& said = said_[event.session()];
        if (!xforward::take_command(event.argument(), said))
            return postern::reject(501, "5.5.4", "syntax: XFORWARD attribute=value...");
        return postern::say(250, "2.0.0", "ok");
    }

    /// It is ours to write.
    postern::param_reply on(const postern::parameter&) const
    {
        return postern::reject(555, "5.5.4", "XFORWARD is a command, and no parameter");
    }

    postern::verdict on(const postern::mail& event)
    {
        return postern::proceed().set_param(parameter_name, xforward::to_stored(facts_of(event)));
    }

    // What a client said counts for one transaction.

    void on(const postern::helo& event) { forget(event.session()); } // RFC 5321 4.1.4: as RSET
    void on(const postern::committed& event) { forget(event.session()); }
    void on(const postern::aborted& event) { forget(event.session()); }
    void on(const postern::rset& event) { forget(event.session()); }
    void on(const postern::session_end& event) { forget(event.session()); }

    postern::client_lines on(const postern::client_verb& event) const
    {
        const auto offered = event.offer_of("XFORWARD");
        if (!offered || !is_told(event.next_hop()))
            return postern::proceed();
        postern::client_lines lines{postern::proceed()};
        for (std::string& line : xforward::commands(stored(event), *offered))
            lines.line(std::move(line), rule_);
        return lines;
    }

private:
    [[nodiscard]] attributes facts_of(const postern::mail& event)
    {
        {
            const std::lock_guard lock{guard_};
            if (const auto found = said_.find(event.session()); found != said_.end() && !found->second.empty())
                return found->second;
        }
        const postern::peer who = event.peer();
        const std::string address{who.address()};
        attributes facts;
        // False where there is none, such as the address of a local socket.
        static_cast<void>(facts.set("ADDR", address.find(':') == std::string::npos ? address : "IPV6:" + address));
        static_cast<void>(facts.set("PORT", who.port() == 0 ? "" : std::to_string(who.port())));
        static_cast<void>(facts.set("PROTO", who.is_extended() ? "ESMTP" : "SMTP"));
        static_cast<void>(facts.set("HELO", who.helo()));
        static_cast<void>(facts.set("SOURCE", "REMOTE"));
        return facts;
    }

    [[nodiscard]] static attributes stored(const postern::client_verb& event)
    {
        attributes facts;
        for (const postern::stored_param one : event.params()) {
            if (one.keyword == parameter_name && !one.recipient && one.value)
                facts = xforward::from_stored(*one.value).value_or(attributes{});
        }
        if (facts.empty()) // nobody brought it
            static_cast<void>(facts.set("SOURCE", "LOCAL"));
        if (facts.get("IDENT").empty())
            static_cast<void>(facts.set("IDENT", event.message()));
        return facts;
    }

    [[nodiscard]] bool is_told(std::string_view next_hop) const
    {
        return std::any_of(next_hops_.begin(), next_hops_.end(),
                           [&](const std::string& each) { return each == "*" || each == next_hop; });
    }

    void forget(std::uint64_t session)
    {
        const std::lock_guard lock{guard_};
        said_.erase(session);
    }

    postern::kit::network_set trusted_;
    std::vector<std::string> next_hops_;
    postern::line_rule rule_;
    std::mutex guard_;
    std::map<std::uint64_t, attributes> said_; // by session, until its transaction ends
};

} // namespace

POSTERN_PLUGIN(xforward_plugin, "org.postern.xforward", "1.0");
