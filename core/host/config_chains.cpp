#include "core/host/config_chains.hpp"

#include "core/message/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace postern::daemon {
namespace {

/// "example.org", or ".example.org".
bool is_domain_pattern(std::string_view text) noexcept
{
    return message::is_domain(text.starts_with('.') ? text.substr(1) : text, message::utf8::allowed) ||
           message::is_address_literal(text);
}

void read_domain(table_reader from, listener_settings& to)
{
    domain_settings out;
    out.where = from.where();
    for (auto& name : from.texts("names").value_or(std::vector<std::string>{})) {
        if (!is_domain_pattern(name))
            from.complain("names", fmt::format("\"{}\" is neither a domain such as \"example.org\" nor \".example.org\" for all "
                                               "below one",
                                               name));
        name = message::lower_ascii(name);
        const auto has_it = [&](const domain_settings& each) { return std::ranges::find(each.names, name) != each.names.end(); };
        if (has_it(out) || std::ranges::any_of(to.domains, has_it))
            from.complain("names", fmt::format("\"{}\" has a chain at this listener already; leave one of the two out", name));
        out.names.push_back(std::move(name));
    }
    if (out.names.empty())
        from.complain("names", "must name at least one domain");
    if (!from.has("chain"))
        from.complain("chain", "must be given: the plugins that are asked about recipients of these domains ([] takes none)");
    out.chain = read_chain(from);
    from.refuse_unknown();
    to.domains.push_back(std::move(out));
}

/// Names in chains are those of plugins; and in a group nobody changes what those behind it are shown at the same time.
void check_chain(const config& given, const std::vector<chain_member>& chain, std::string_view key, problems& found)
{
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i != chain.size(); ++i) {
        const auto& [name, group, where] = chain[i];
        const auto* plugin = given.find_plugin(name);
        if (plugin == nullptr)
            found.push_back({where, fmt::format("{}: there is no [[plugin]] with the name \"{}\"", key, name)});
        else if (!seen.insert(name).second)
            found.push_back({where, fmt::format("{}: \"{}\" stands in it twice", key, name)});
        else if (group != 0 && i + 1 != chain.size() && chain[i + 1].group == group && plugin->may.has_edits())
            found.push_back(
                {where, fmt::format("{}: \"{}\" may change mail (its may), which those that are asked at the same time "
                                    "would not see; put it last in its group, or out of it",
                                    key, name)});
    }
}

} // namespace

std::vector<chain_member> read_chain(table_reader& from)
{
    std::vector<chain_member> out;
    std::uint32_t groups = 0;
    for (const auto& group : from.groups("chain").value_or(std::vector<std::vector<placed_text>>{})) {
        const auto number = group.size() > 1 ? ++groups : 0;
        for (const auto& each : group)
            out.push_back({each.text, number, each.where});
    }
    return out;
}

void read_domains(table_reader& from, listener_settings& to)
{
    for (auto& each : from.tables("domain"))
        read_domain(std::move(each), to);
}

void read_breaker(table_reader& from, hooks::breaker_rule& to)
{
    if (auto breaker = from.table("breaker")) {
        if (const auto failures = breaker->integer("failures", 0, 1'000'000))
            to.failures = static_cast<std::uint32_t>(*failures);
        if (const auto pause = breaker->duration("pause")) {
            to.pause = *pause;
            if (pause->count() == 0)
                breaker->complain("pause", "must be longer than nothing; failures = 0 for no breaker");
        }
        breaker->refuse_unknown();
    }
}

void read_budgets(table_reader& limits, hooks::budget_limits& to)
{
    using enum hooks::phase;
    constexpr std::array<std::pair<std::string_view, hooks::phase>, 4> keys{
        {{"connect", connect}, {"envelope", envelope}, {"content", content}, {"end", end}}};
    auto from = limits.table("budget");
    if (!from)
        return;
    for (const auto& [key, phase] : keys)
        if (const auto given = from->duration(key))
            to[phase] = given->count() == 0 ? std::chrono::nanoseconds::max() : *given; // "0s": no limit
    from->refuse_unknown();
}

void check_chains(const config& given, problems& found)
{
    for (const auto& listener : given.listeners) {
        check_chain(given, listener.chain, "listener.chain", found);
        for (const auto& each : listener.domains)
            check_chain(given, each.chain, "listener.domain.chain", found);
    }
}

} // namespace postern::daemon
