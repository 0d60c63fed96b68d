#include "core/host/chain_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::daemon {
namespace {

/// A plugin where a chain has it.
struct placed {
    const abi_plugin* who;
    std::uint32_t group;
    source_place where;

    [[nodiscard]] std::string_view id() const noexcept { return who->id(); }
};

bool names(const std::vector<std::string>& ids, std::string_view id)
{
    return std::ranges::find(ids, id) != ids.end();
}

/// Complains if `first`, which stands before `second` or beside it, would have to stand behind it.
void check_pair(const placed& first, const placed& second, std::string_view key, problems& found)
{
    const bool together = first.group != 0 && first.group == second.group;
    const auto complain = [&](const placed& whose, const placed& other, std::string_view word) {
        const auto what = together ? "they are asked at the same time; take one out of the group" : "move it";
        found.push_back({whose.where, fmt::format("{}: \"{}\" must stand {} \"{}\", as its plugin.toml says ({} = [\"{}\"]); {}",
                                                  key, whose.who->name(), word, other.who->name(),
                                                  word == "before" ? "before" : "after", other.id(), what)});
    };
    const auto& of_first = first.who->order();
    const auto& of_second = second.who->order();
    if (names(of_first.after, second.id()))
        complain(first, second, "behind");
    if (names(of_second.before, first.id()))
        complain(second, first, "before");
    if (together && names(of_first.before, second.id()))
        complain(first, second, "before");
    if (together && names(of_second.after, first.id()))
        complain(second, first, "behind");
}

/// Of a group only the last may change what the others are shown. What a configuration grants was checked when it was read; this
/// needs no grant.
void check_not_last(const placed& it, const hooks::link& as, std::string_view key, problems& found)
{
    if (it.who->wants(hooks::hook_point::cmd_mail) && !it.who->observes(hooks::hook_point::cmd_mail) &&
        std::ranges::any_of(as.owned, &hooks::owned_parameter::of_mail))
        found.push_back({it.where, fmt::format("{}: \"{}\" may set its parameters at cmd.mail, which those that are asked at the "
                                               "same time would not see; put it last in its group, or out of it",
                                               key, it.who->name())});
}

/// On the queue's side the order is that of the [[plugin]] tables, which only matters to those who are asked the same.
bool share_a_hook_of_the_queue(const abi_plugin& a, const abi_plugin& b)
{
    for (unsigned i = 1; i < hooks::hook_point_count; ++i) {
        const auto hook = static_cast<hooks::hook_point>(i);
        if (hooks::is_of_the_queue(hook) && a.wants(hook) && b.wants(hook))
            return true;
    }
    return false;
}

} // namespace

std::vector<hooks::owned_parameter> owned_by(const abi_plugin& plugin)
{
    return plugin.instance().extensions().owned();
}

void warn_of_places(const config& from, const plugin_set& plugins, const base::log& log)
{
    const auto has = [](const std::vector<chain_member>& chain, std::string_view name) {
        return std::ranges::find(chain, name, &chain_member::name) != chain.end();
    };
    const auto stands_in_one = [&](std::string_view name) {
        return std::ranges::any_of(from.listeners, [&](const listener_settings& of) {
            return has(of.chain, name) ||
                   std::ranges::any_of(of.domains, [&](const domain_settings& each) { return has(each.chain, name); });
        });
    };
    for (const auto& each : plugins.plugins()) {
        std::string in_vain;
        for (unsigned i = 1; i < hooks::hook_point_count; ++i) {
            const auto hook = static_cast<hooks::hook_point>(i);
            if (!hooks::is_of_the_queue(hook) && each->wants(hook))
                in_vain.append(in_vain.empty() ? "" : ",").append(hooks::name_of(hook));
        }
        if (!in_vain.empty() && !stands_in_one(each->name()))
            log.warning("plugin.in_no_chain", {{"plugin", each->name()},
                                               {"hooks", in_vain},
                                               {"note", "it is never asked there; put it into the chain of a listener"}});
    }
}

hooks::link chain_builder::link_to(std::shared_ptr<abi_plugin> plugin, std::uint32_t group)
{
    hooks::link out;
    const auto* settings = from_.find_plugin(plugin->name());
    if (settings != nullptr) {
        out.on_error = settings->on_error;
        out.deadline = settings->deadline;
        out.may = settings->may;
    }
    out.health = vitals_of(*plugin, settings != nullptr ? settings->breaker : hooks::breaker_rule{});
    out.group = group;
    out.owned = owned_by(*plugin);
    out.verifies = plugin->instance().logins().kinds();
    out.who = std::move(plugin);
    return out;
}

/// An instance of the same name goes on with the times of the one before: a registry keeps its series.
std::shared_ptr<hooks::vitals> chain_builder::vitals_of(const abi_plugin& plugin, const hooks::breaker_rule& rule)
{
    auto& out = vitals_[plugin.name()];
    if (out != nullptr)
        return out;
    out = std::make_shared<hooks::vitals>(rule);
    out->registry = plugin.services().metrics;
    for (unsigned i = 1; i < hooks::hook_point_count; ++i) {
        const auto hook = static_cast<hooks::hook_point>(i);
        if (plugin.wants(hook))
            out->time(hook, out->registry->add_histogram(
                                {"postern_hook_seconds", "How long a plugin took to answer", base::metric_unit::nanoseconds},
                                {{"plugin", plugin.name()}, {"hook", hooks::name_of(hook)}}));
    }
    return out;
}

std::shared_ptr<const hooks::chain> chain_builder::chain_of(const std::vector<chain_member>& members, std::string_view key,
                                                            problems& found)
{
    std::vector<hooks::link> links;
    std::vector<placed> order;
    for (const auto& [name, group, where] : members) {
        auto plugin = plugins_.find(name);
        if (plugin == nullptr) { // the names were checked, so only stores are not there
            found.push_back(
                {where, fmt::format("{}: \"{}\" is a store (of the queue, or of [kv]); it cannot be in a chain", key, name)});
            continue;
        }
        for (const auto& earlier : order)
            check_pair(earlier, {plugin.get(), group, where}, key, found);
        if (!links.empty() && group != 0 && links.back().group == group)
            check_not_last(order.back(), links.back(), key, found);
        order.push_back({plugin.get(), group, where});
        links.push_back(link_to(std::move(plugin), group));
    }
    return std::make_shared<const hooks::chain>(std::move(links));
}

std::shared_ptr<const hooks::chain> chain_builder::everybody(problems& found)
{
    std::vector<hooks::link> links;
    std::vector<placed> order;
    for (const auto& each : plugins_.plugins()) {
        const placed at{each.get(), 0, each->instance().where()};
        for (const auto& earlier : order)
            if (share_a_hook_of_the_queue(*earlier.who, *each))
                check_pair(earlier, at, "plugin", found);
        order.push_back(at);
        links.push_back(link_to(each, 0));
    }
    return std::make_shared<const hooks::chain>(std::move(links));
}

} // namespace postern::daemon
