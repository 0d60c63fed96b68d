// Glue: what a next hop said in, what it means out. What fits is rule's.

#include "rule.hpp"
#include "usual_rules.hpp"

#include <postern/plugin.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace replies;
using namespace std::chrono_literals;

struct named_rule {
    std::string name;
    rule what;
};

std::vector<named_rule> rules_by(const postern::host& host)
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const times of{duration_cast<milliseconds>(host.config("rest_for", std::chrono::nanoseconds{15min})),
                   duration_cast<milliseconds>(host.config("suspend_for", std::chrono::nanoseconds{24h}))};
    std::vector<named_rule> made;
    for (const auto& [name, text] : host.table("rules")) {
        try {
            made.push_back({name, rule::read(text, of)});
        } catch (const std::invalid_argument& wrong) {
            host.refuse("rules", "\"" + name + "\": " + wrong.what());
        }
    }
    if (host.config("usual", false))
        for (const auto& [name, text] : usual_rules())
            made.push_back({std::string{name}, rule::read(text, of)});
    if (made.empty())
        host.refuse("rules", "has no rule, and usual = true is not set either");
    return made;
}

class replies_plugin {
public:
    explicit replies_plugin(const postern::host& host) : rules_{rules_by(host)} {}

    postern::wait_reply on(const postern::delivery_reply& event) const
    {
        const heard what{event.next_hop(),  static_cast<stage>(event.stage()),
                         event.smtp_code(), event.enhanced(),
                         event.text(),      event.is_failure(),
                         event.attempt()};
        for (const auto& [name, rule] : rules_) {
            if (!rule.fits(what))
                continue;
            auto said = answer_of(rule, name);
            if (rule.rest().count() != 0)
                said.rest_for(rule.rest(), "by the rule \"" + name + "\"");
            return said;
        }
        return postern::proceed();
    }

private:
    static postern::wait_reply answer_of(const rule& which, const std::string& name)
    {
        switch (which.then()) {
        case rule::outcome::defer:
            return postern::defer(451, "4.7.1", "by the rule \"" + name + "\"");
        case rule::outcome::fail:
            return postern::reject(550, "5.7.1", "by the rule \"" + name + "\"");
        case rule::outcome::as_it_is:
            break;
        }
        return postern::proceed();
    }

    std::vector<named_rule> rules_;
};

} // namespace

POSTERN_PLUGIN(replies_plugin, "org.postern.replies", "1.0");
