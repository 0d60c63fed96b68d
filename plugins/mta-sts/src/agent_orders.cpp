// The part of agent that does what operators tell it.

#include "agent.hpp"

#include <postern/kit/ascii.hpp>

#include <utility>

namespace mta_sts {

namespace {
constexpr const char* usage =
    "say: show [DOMAIN], refresh DOMAIN, forget DOMAIN, policy DOMAIN [file], records, or check with --file";
} // namespace

postern::pending agent::on(const postern::admin& event)
{
    if (const auto said = obey(event))
        host_.answer(event.ticket(), *said);
    return {};
}

/// Nothing: the answer comes later.
std::optional<postern::admin_reply> agent::obey(const postern::admin& event)
{
    std::vector<std::string> words;
    for (const std::string_view each : event.words())
        words.emplace_back(each);
    const auto& what = words.front();
    if (what == "check" && words.size() == 1 && event.has_input()) {
        const auto parsed = parse_policy(event.input());
        return parsed.what ? postern::tell("a good policy: mode " + std::string{name_of(parsed.what->how)} + ", " +
                                           std::to_string(parsed.what->mx.size()) + " patterns\n")
                           : postern::refuse("no policy: " + parsed.why);
    }
    if (what == "show" && words.size() == 1)
        return show({});
    if (what == "records" && words.size() == 1) {
        auto lines = records_of(own_);
        return lines.empty() ? postern::refuse("nothing is to be published: own_domains says for which domains")
                             : postern::tell(std::move(lines));
    }
    const bool is_file = what == "policy" && words.size() == 3 && words[2] == "file";
    if (words.size() != 2 && !is_file)
        return postern::refuse(usage);
    const auto domain = postern::kit::lowered(words[1]);
    if (!is_domain(domain))
        return postern::refuse(domain + " is no domain; one of another script is written with xn--");
    if (what == "show")
        return show(domain);
    if (what == "refresh") {
        refresh(event.ticket(), domain);
        return std::nullopt;
    }
    if (what == "forget") {
        steps todo;
        {
            const std::lock_guard lock{mutex_};
            known_.forget(domain, todo);
        }
        perform(std::move(todo));
        return postern::tell("nothing is known of " + domain + " any more\n");
    }
    if (what == "policy") {
        if (ask_dns({open_question::kind::own_mx, domain, event.ticket(), is_file}, domain, POSTERN_DNS_MX))
            return std::nullopt;
        return postern::refuse("too many questions are open");
    }
    return postern::refuse(usage);
}

postern::admin_reply agent::show(std::string_view domain)
{
    const std::lock_guard lock{mutex_};
    const auto now = clock_.now();
    if (domain.empty())
        return postern::tell(table_of(known_.all(now)));
    const auto one = known_.facts_of(std::string{domain}, now);
    if (!one || (!one->what && one->found == trouble::none))
        return postern::tell("no policy of " + std::string{domain} + " is known; \"refresh\" looks for one\n");
    return postern::tell(details_of(*one));
}

void agent::refresh(std::uint64_t ticket, const std::string& domain)
{
    steps todo;
    bool has_room = false;
    {
        const std::lock_guard lock{mutex_};
        has_room = known_.refresh(domain, clock_.now(), todo);
        if (has_room)
            waiting_.emplace(++last_token_, waiter{ticket, domain, std::nullopt});
    }
    if (!has_room)
        host_.answer(ticket, postern::refuse("too many policies are being fetched; try again"));
    perform(std::move(todo));
}

void agent::publish(const open_question& asked, const postern::dns_answer& said) const
{
    std::vector<std::string> hosts;
    for (const auto& each : said.records())
        if (is_domain(each.name))
            hosts.push_back(postern::kit::lowered(each.name));
    if (hosts.empty() && own_.mx.empty()) {
        host_.answer(asked.ticket, postern::refuse("no MX record of " + asked.domain + " was found; own_mx can list its hosts"));
        return;
    }
    const auto what = policy_for(own_, hosts);
    host_.answer(asked.ticket, postern::tell(asked.is_file ? what.text : to_publish(asked.domain, what, hosts)));
}

} // namespace mta_sts
