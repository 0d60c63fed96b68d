// plugin check and plugin info: what can be said about a plugin's file without a server.

#include "core/host/plugin_check.hpp"
#include "core/host/plugin_facts.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace postern::daemon {
namespace {

/// Options that are wrong are the caller's mistake.
int refuse(const problems& found)
{
    for (const auto& each : found)
        fmt::print(stderr, "postern: {}\n", each.text());
    return exit_usage;
}

/// Trials are made in folders of their own.
plugin_request with_whole_path(plugin_request what)
{
    what.file = std::filesystem::absolute(what.file);
    return what;
}

} // namespace

int plugin_check_command(const plugin_request& given)
{
    problems found;
    const auto what = with_whole_path(given);
    told_rules lines;
    const auto report = check_plugin(what, found, [&](const check_report& so_far) {
        if (what.as_json)
            return;
        fmt::print("{}", lines.next(so_far));
        (void)std::fflush(stdout); // also that no trial's process prints it again
    });
    if (!found.empty())
        return refuse(found);
    fmt::print("{}", what.as_json ? json_of(report, what) : summary_of(report, what));
    return report.is_kept() ? exit_done : exit_failed;
}

int plugin_info_command(const plugin_request& given)
{
    problems found;
    const auto what = with_whole_path(given);
    const auto facts = facts_of(what, found);
    if (!found.empty())
        return refuse(found);
    fmt::print("{}", what.as_json ? json_of(facts, what) : text_of(facts, what));
    return facts.why_not.empty() ? exit_done : exit_failed;
}

} // namespace postern::daemon
