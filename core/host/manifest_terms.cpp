// What a manifest wants of the rest of its instance's table: grants, and a deadline.

#include "core/host/manifest.hpp"
#include "core/host/units.hpp"

#include <postern/abi/config.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace postern::daemon {
namespace {

/// In quotes.
std::vector<std::string> missing_of(const std::vector<std::string>& needs, const hooks::permissions& may)
{
    std::vector<std::string> missing;
    for (const auto& [name, is_granted] : hooks::permission_names())
        if (!(may.*is_granted) && std::ranges::find(needs, name) != needs.end())
            missing.push_back(fmt::format("\"{}\"", name));
    return missing;
}

/// "false" and what the operator has left out want nothing.
bool is_on(const option_value& value) noexcept
{
    return value.kind == POSTERN_OPTION_BOOLEAN ? value.number != 0 : value.line != 0;
}

} // namespace

void check_terms(const manifest& rules, const std::vector<option_value>& bound, const hooks::permissions& may,
                 std::chrono::nanoseconds deadline, const option_source& source, problems& found)
{
    for (const auto& value : bound) {
        const auto* const rule = rules.find(value.key);
        if (rule == nullptr || value.index != 0) // once an option
            continue;
        const source_place where = value.line == 0 ? source.where : source_place{source.where.file, value.line};
        if (rule->is_below_deadline && value.number >= deadline.count())
            found.push_back({where, fmt::format("plugin {}: option {} must be below the instance's deadline, which is {}: {} is "
                                                "not; a question that is over by then is nobody's to answer",
                                                source.plugin, value.key, duration_text(deadline),
                                                duration_text(std::chrono::nanoseconds{value.number}))});
        if (const auto missing = missing_of(rule->needs, may); is_on(value) && !missing.empty())
            found.push_back({where, fmt::format("plugin {}: option {} does nothing without more grants: add {} to its may",
                                                source.plugin, value.key, fmt::join(missing, ", "))});
    }
}

void check_needs(const manifest& rules, const hooks::permissions& may, const option_source& source, problems& found)
{
    const auto missing = missing_of(rules.needs, may);
    if (!missing.empty())
        found.push_back({source.where, fmt::format("plugin {}: it does nothing without more grants: add {} to its may",
                                                   source.plugin, fmt::join(missing, ", "))});
}

} // namespace postern::daemon
