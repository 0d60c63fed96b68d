#pragma once
// The part of the configuration that says who is asked: chains, groups, domains, breakers and budgets. Private to config.cpp.

#include "core/host/config.hpp"
#include "core/host/toml_reader.hpp"

#include <vector>

namespace postern::daemon {

/// `chain = ["a", ["b", "c"], "d"]`.
[[nodiscard]] std::vector<chain_member> read_chain(table_reader& from);
/// [[listener.domain]].
void read_domains(table_reader& from, listener_settings& to);
/// `breaker = { failures = 5, pause = "10s" }`.
void read_breaker(table_reader& from, hooks::breaker_rule& to);
/// [limits.budget].
void read_budgets(table_reader& limits, hooks::budget_limits& to);
/// When all is read: plugins may stand below the listeners.
void check_chains(const config& given, problems& found);

} // namespace postern::daemon
