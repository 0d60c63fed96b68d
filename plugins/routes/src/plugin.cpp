// Glue: a recipient in, a next hop out; which TLS a transaction wants. Rules are rule_table's, who is well is wellness'.

#include "domain_name.hpp"
#include "rule_table.hpp"
#include "table_file.hpp"
#include "wellness.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/plugin.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace routes;
using namespace std::chrono_literals;

rule_table table_by(const postern::host& host)
{
    rule_table made;
    for (const auto& [key, text] : host.table("routes")) {
        try {
            made.add(key, text);
        } catch (const std::invalid_argument& wrong) {
            host.refuse("routes", "\"" + key + "\" " + wrong.what());
        }
    }
    const auto file = host.config("file", "");
    if (!file.empty()) {
        try {
            read_table_file(file, made);
        } catch (const std::invalid_argument& wrong) {
            host.refuse("file", wrong.what());
        }
    }
    return made;
}

class routes_plugin {
public:
    explicit routes_plugin(const postern::host& host)
        : host_{host}, table_{table_by(host)}, wellness_{host.config("down_for", std::chrono::nanoseconds{5min})}
    {
        for (const auto& each : table_.rules()) {
            std::size_t count = 0;
            for (const auto& group : each.groups)
                count += group.size();
            for (const auto& group : each.groups)
                for (const auto& one : group)
                    if (count > 1 && !one.name.empty()) // of one without others nothing has to be known
                        wellness_.know(one.name);
        }
    }

    postern::verdict on(const postern::route& event)
    {
        const auto found = table_.find(event.recipient());
        if (found == rule_table::none)
            return postern::proceed();
        const auto& rule = table_.at(found);
        switch (rule.what) {
        case rule::kind::usual:
            return postern::proceed();
        case rule::kind::fail:
            return postern::reject(550, rule.enhanced, rule.text);
        case rule::kind::defer:
            return postern::defer(451, rule.enhanced, rule.text);
        case rule::kind::hold:
            return postern::hold(rule.text);
        case rule::kind::targets:
            break;
        }
        const auto& to = wellness_.choose(in_turn(rule, event.message()), event.attempt(), std::chrono::steady_clock::now());
        if (to.what == target::kind::own_mx) {
            const std::string domain{postern::kit::domain_of(event.recipient())};
            return fold(event.recipient()) ? postern::proceed().route_to("mx:" + domain)
                                           : postern::reject(550, "5.1.2", "the domain is no name of the domain name system");
        }
        return postern::proceed().route_to(to.next_hop, to.transport);
    }

    void on(const postern::delivery_done& event)
    {
        wellness_.note(event.next_hop(), {event.is_deferred(), event.smtp_code(), event.enhanced()},
                       std::chrono::steady_clock::now());
    }

    /// Who wants another TLS than the first recipient gets a transaction of its own. The rule that counts is kept with the
    /// session.
    postern::verdict on(const postern::delivery_begin& event) const
    {
        auto said = postern::proceed();
        if (!event.is_smtp())
            return said;
        rule_table::index first = rule_table::none;
        std::uint32_t place = 0;
        for (const auto recipient : event.recipients()) {
            const auto found = table_.find(recipient);
            if (place == 0)
                first = found;
            else if (wish_of(found) != wish_of(first))
                said.put_off(place);
            ++place;
        }
        host_.cookie(event, wish_of(first) == tls_wish{} ? 0 : std::uint64_t{first} + 1);
        return said;
    }

    /// What is stronger already stays; nothing here is ever weaker.
    postern::tls_reply on(const postern::tls_policy& event) const
    {
        if (event.cookie() == 0)
            return postern::proceed();
        const auto& wish = table_.at(static_cast<rule_table::index>(event.cookie() - 1)).tls;
        const auto wanted = wish.what == tls_wish::need::verified ? postern::tls_need::verified : postern::tls_need::required;
        if (event.need() >= wanted)
            return postern::proceed();
        return postern::use_tls(wanted, wish.name);
    }

private:
    [[nodiscard]] tls_wish wish_of(rule_table::index which) const
    {
        return which == rule_table::none ? tls_wish{} : table_.at(which).tls;
    }

    postern::host host_;
    rule_table table_;
    wellness wellness_;
};

} // namespace

POSTERN_PLUGIN(routes_plugin, "org.postern.routes", "1.0");
