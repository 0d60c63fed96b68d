#pragma once
// plugin.toml: what a plugin says about itself and its options. It stands beside the .so under the same name. The format:
//
//   id = "org.postern.headers"        status = "stable"      summary = "adds and removes header fields"
//   security = "what feeds it and what it must withstand"
//   before = ["org.postern.discard"]  # ids of plugins that stand behind it in every chain; so after
//   [options.add]
//   type = "table"    # string integer boolean size duration path list table float
//   doc = "fields to add"
//   default = {}      # or: required = true
//
// It knows no plugin code: options are refused or completed before any runs.

#include "core/host/option_values.hpp"
#include "core/host/problem.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

enum class option_type : std::uint8_t { string, integer, boolean, size, duration, path, list, table, floating };

struct option_rule {
    std::string name;
    option_type type = option_type::string;
    std::string doc;
    bool required = false;
    std::optional<given_option> fallback; ///< the default
};

struct manifest {
    std::string id;
    std::string status;
    std::string summary;
    std::string security;
    std::vector<std::string> before; ///< ids of plugins that stand behind it in every chain
    std::vector<std::string> after;  ///< and before it
    std::vector<option_rule> options;

    [[nodiscard]] const option_rule* find(std::string_view name) const noexcept;
};

[[nodiscard]] std::optional<manifest> read_manifest(const std::filesystem::path& file, problems& found);

/// Where options come from, for messages and for relative paths.
struct option_source {
    std::string plugin;         ///< instance
    source_place where;         ///< of its [[plugin]] table
    std::filesystem::path base; ///< folder that paths are relative to
};

/// The options as the plugin gets them: checked by type, unknown ones refused, defaults filled in, paths absolute. What is wrong
/// goes to `found`; the result counts only when nothing was added there.
[[nodiscard]] std::vector<option_value> bind_options(const manifest& rules, const given_options& given,
                                                     const option_source& source, problems& found);

} // namespace postern::daemon
