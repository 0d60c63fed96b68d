#include "core/host/chain_report.hpp"

#include "core/host/abi_plugin.hpp"
#include "core/host/units.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::daemon {
namespace {

namespace json = boost::json;
using links = std::vector<const hooks::link*>;

/// A chain, and whose it is.
struct named_chain {
    std::string listener;
    std::vector<std::string> domains;
    const hooks::chain* chain;
};

std::vector<named_chain> chains_of(const config& settings, const runtime::generation& made, const chain_filter& only)
{
    std::vector<named_chain> out;
    for (const auto& each : settings.listeners) {
        if (!only.listener.empty() && only.listener != each.name)
            continue;
        const auto& profile = *made.listeners.at(each.name);
        out.push_back({each.name, {}, profile.chain.get()});
        for (std::size_t i = 0; i != each.domains.size(); ++i)
            out.push_back({each.name, each.domains[i].names, profile.domain_chains.at(i).get()});
    }
    if (only.listener.empty() || only.listener == "delivery")
        out.push_back({"delivery", {}, made.delivery_chain.get()});
    return out;
}

/// The hooks at which somebody of it is asked: a domain's chain from RCPT on, the queue's side where there is no listener.
std::vector<hooks::hook_point> hooks_of(const named_chain& of, const chain_filter& only)
{
    std::vector<hooks::hook_point> out;
    for (unsigned i = 1; i < hooks::hook_point_count; ++i) {
        const auto hook = static_cast<hooks::hook_point>(i);
        const bool is_here =
            hooks::is_of_the_queue(hook) == (of.listener == "delivery") && (of.domains.empty() || hooks::is_of_recipients(hook));
        if (is_here && of.chain->has(hook) && (only.hook.empty() || only.hook == hooks::name_of(hook)))
            out.push_back(hook);
    }
    return out;
}

/// Those who decide, each with those who are asked at the same time; who only watches stands alone.
std::vector<links> groups_of(const links& asked, hooks::hook_point hook)
{
    std::vector<links> out;
    const hooks::link* last = nullptr;
    links watchers;
    for (const auto* each : asked) {
        if (each->observes(hook)) {
            watchers.push_back(each);
            continue;
        }
        if (last == nullptr || each->group == 0 || each->group != last->group)
            out.emplace_back();
        out.back().push_back(each);
        last = each;
    }
    for (const auto* each : watchers)
        out.push_back({each});
    return out;
}

std::string names_of(const links& asked)
{
    std::vector<std::string_view> names;
    for (const auto* each : asked)
        names.emplace_back(each->who->name());
    return fmt::format("{}", fmt::join(names, " "));
}

std::string shown(const links& asked, hooks::hook_point hook)
{
    std::vector<std::string> words;
    for (const auto& group : groups_of(asked, hook)) {
        const auto names = names_of(group);
        words.push_back(group.size() > 1 ? "[" + names + "]" : group.front()->observes(hook) ? "(" + names + ")" : names);
    }
    return fmt::format("{}", fmt::join(words, " "));
}

std::string_view name_of(hooks::failure_policy policy) noexcept
{
    switch (policy) {
    case hooks::failure_policy::proceed:
        return "continue";
    case hooks::failure_policy::tempfail:
        return "tempfail";
    case hooks::failure_policy::reject:
        return "reject";
    case hooks::failure_policy::disconnect:
        return "disconnect";
    case hooks::failure_policy::hold:
        return "hold";
    }
    return "tempfail";
}

std::vector<std::string_view> grants_of(const hooks::permissions& may)
{
    std::vector<std::string_view> out;
    for (const auto& [name, grant] : hooks::permission_names())
        if (may.*grant)
            out.push_back(name);
    return out;
}

/// Those who stand in the chains that are shown, in the order of the configuration.
links plugins_of(const std::vector<named_chain>& chains, const runtime::generation& made)
{
    links out;
    for (const auto& each : made.delivery_chain->all()) {
        const auto is_it = [&](const hooks::link& link) { return link.who == each.who; };
        if (std::ranges::any_of(chains, [&](const auto& of) { return std::ranges::any_of(of.chain->all(), is_it); }))
            out.push_back(&each);
    }
    return out;
}

std::string rules_of(const hooks::link& of)
{
    auto out = fmt::format("on_error={} deadline={}", name_of(of.on_error), duration_text(of.deadline));
    const auto& breaker = of.health->rule();
    out +=
        breaker.failures == 0 ? " breaker=none" : fmt::format(" breaker={}/{}", breaker.failures, duration_text(breaker.pause));
    const auto add = [&out](std::string_view key, const auto& list) {
        if (!list.empty())
            out += fmt::format(" {}={}", key, fmt::join(list, ","));
    };
    add("may", grants_of(of.may));
    if (const auto* plugin = dynamic_cast<const abi_plugin*>(of.who.get())) {
        add("before", plugin->order().before);
        add("after", plugin->order().after);
        out += fmt::format(" id={}", plugin->id());
    }
    return out;
}

std::string shown_budget(std::chrono::nanoseconds time)
{
    return time == std::chrono::nanoseconds::max() ? "none" : duration_text(time);
}

json::value milliseconds(std::chrono::nanoseconds time)
{
    if (time == std::chrono::nanoseconds::max())
        return nullptr;
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

json::object describe(const hooks::link& of)
{
    const auto& breaker = of.health->rule();
    json::object out{{"name", of.who->name()},
                     {"on_error", name_of(of.on_error)},
                     {"deadline_ms", milliseconds(of.deadline)},
                     {"breaker", json::object{{"failures", breaker.failures}, {"pause_ms", milliseconds(breaker.pause)}}},
                     {"may", json::value_from(grants_of(of.may))}};
    if (const auto* plugin = dynamic_cast<const abi_plugin*>(of.who.get())) {
        out["id"] = plugin->id();
        out["before"] = json::value_from(plugin->order().before);
        out["after"] = json::value_from(plugin->order().after);
    }
    return out;
}

json::object describe(const named_chain& of, const chain_filter& only)
{
    json::array lines;
    for (const auto hook : hooks_of(of, only)) {
        json::array groups;
        json::array watchers;
        for (const auto& group : groups_of(of.chain->links(hook), hook)) {
            json::array names;
            for (const auto* each : group)
                names.emplace_back(each->who->name());
            if (group.front()->observes(hook))
                watchers.emplace_back(group.front()->who->name());
            else
                groups.push_back(std::move(names));
        }
        lines.push_back(
            json::object{{"hook", hooks::name_of(hook)}, {"groups", std::move(groups)}, {"observers", std::move(watchers)}});
    }
    return {{"listener", of.listener}, {"domains", json::value_from(of.domains)}, {"hooks", std::move(lines)}};
}

constexpr std::array<std::pair<std::string_view, hooks::phase>, 4> phases{{{"connect", hooks::phase::connect},
                                                                           {"envelope", hooks::phase::envelope},
                                                                           {"content", hooks::phase::content},
                                                                           {"end", hooks::phase::end}}};

} // namespace

std::string chain_text(const config& settings, const runtime::generation& made, const chain_filter& only)
{
    std::string out;
    const auto chains = chains_of(settings, made, only);
    for (const auto& each : chains) {
        const auto name =
            each.domains.empty() ? each.listener : fmt::format("{}@{}", each.listener, fmt::join(each.domains, ","));
        for (const auto hook : hooks_of(each, only))
            out += fmt::format("{} {}: {}\n", name, hooks::name_of(hook), shown(each.chain->links(hook), hook));
    }
    if (!only.hook.empty())
        return out;
    for (const auto* each : plugins_of(chains, made))
        out += fmt::format("plugin {}: {}\n", each->who->name(), rules_of(*each));
    out += "budget:";
    for (const auto& [name, phase] : phases)
        out += fmt::format(" {}={}", name, shown_budget(settings.limits.budgets[phase]));
    return out + "\n";
}

std::string chain_json(const config& settings, const runtime::generation& made, const chain_filter& only)
{
    const auto chains = chains_of(settings, made, only);
    json::array all;
    for (const auto& each : chains)
        all.push_back(describe(each, only));
    json::array plugins;
    for (const auto* each : plugins_of(chains, made))
        plugins.push_back(describe(*each));
    json::object budget;
    for (const auto& [name, phase] : phases)
        budget[name] = milliseconds(settings.limits.budgets[phase]);
    return json::serialize(
               json::object{{"chains", std::move(all)}, {"plugins", std::move(plugins)}, {"budget_ms", std::move(budget)}}) +
           "\n";
}

} // namespace postern::daemon
