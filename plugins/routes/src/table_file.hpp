#pragma once
// A table of routes in a TOML file of its own: "example.org" = "relay.example:25", a line each. SECURITY: the operator's.

#include "rule_table.hpp"

#include <string>

namespace routes {

/// Adds what the file says. Throws std::invalid_argument with "FILE:LINE: what is wrong".
void read_table_file(const std::string& file, rule_table& to);

} // namespace routes
