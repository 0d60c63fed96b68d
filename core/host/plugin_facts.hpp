#pragma once
// What there is to say about a plugin's file without a server: its table, its manifest, and what an instance of it asks for. For
// `postern plugin info`. SECURITY: its code runs in child processes only.

#include "core/host/cli.hpp"
#include "core/host/manifest.hpp"

#include <optional>
#include <string>
#include <vector>

namespace postern::daemon {

struct plugin_facts {
    std::string why_not; ///< this host does not load it; empty: it does
    std::string id, version, built_with;
    std::vector<std::string> provides, requires_, flags;
    std::optional<manifest> about;
    std::string why_no_instance;       ///< with the options given; empty: there was one, and the rest is known
    std::vector<std::string> hooks;    ///< "cmd.mail", or "cmd.mail (watches)"
    std::vector<std::string> keywords; ///< "XTRACE 1 (in TLS)"
    std::vector<std::string> verbs, parameters;
};

/// Wrong options are problems.
[[nodiscard]] plugin_facts facts_of(const plugin_request& what, problems& found);

[[nodiscard]] std::string text_of(const plugin_facts& facts, const plugin_request& what);
[[nodiscard]] std::string json_of(const plugin_facts& facts, const plugin_request& what);

/// "duration"
[[nodiscard]] std::string_view name_of(option_type type) noexcept;

} // namespace postern::daemon
