#pragma once
// The conformance kit as `postern plugin check` runs it: what the file says about itself, and the trials of
// <postern/testing/conformance/trials.hpp>, each in a process of its own. docs/plugin_check.md has the rules.
// SECURITY: the plugin's code runs with the rights of who asks; it is loaded in child processes only.

#include "core/host/cli.hpp"
#include "core/host/problem.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace postern::daemon {

enum class rule_result : std::uint8_t {
    kept,
    warned, ///< not wrong, but to be looked at
    broken,
    untried, ///< another rule keeps it from being tried
};

struct rule_report {
    std::string rule;
    std::string promise; ///< of a plugin that keeps it
    rule_result result = rule_result::kept;
    bool is_tried = false;         ///< its own trial is over; another one may still find more
    std::vector<std::string> what; ///< is wrong with it, and what to do
};

struct check_report {
    std::string id; ///< and version; empty: they are not known
    std::string version;
    std::deque<rule_report> rules;

    [[nodiscard]] bool is_kept() const noexcept; ///< no rule is broken
};

/// Wrong options are problems; then there is nothing to report. `tell` is called whenever a rule was tried: it may take minutes.
[[nodiscard]] check_report check_plugin(
    const plugin_request& what, problems& found,
    const std::function<void(const check_report&)>& tell = [](const check_report&) {});

/// The report as text, piece by piece, in the order in which rules are tried.
class told_rules {
public:
    /// A line for each rule that was tried since the last call, or more if more is wrong with it; and what was found since of
    /// those that have lines already.
    [[nodiscard]] std::string next(const check_report& so_far);

private:
    std::map<std::string, std::size_t, std::less<>> told_; ///< by rule, how much of what is wrong
};
/// The line that sums up.
[[nodiscard]] std::string summary_of(const check_report& report, const plugin_request& what);
[[nodiscard]] std::string json_of(const check_report& report, const plugin_request& what);

} // namespace postern::daemon
