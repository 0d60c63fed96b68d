#pragma once
// plugin.toml: what a plugin says about itself and its options. It stands beside the .so under the same name. The format:
//
//   id = "org.postern.headers"        status = "stable"      summary = "adds and removes header fields"
//   security = "what feeds it and what it must withstand"
//   before = ["org.postern.discard"]  # ids of plugins that stand behind it in every chain; so after
//   needs = ["headers"]               # classes of edits without which it is of no use: the configuration has to grant them
//   [options.add]
//   type = "table"    # string integer boolean size duration path list table float
//   doc = "fields to add"
//   default = {}      # or: required = true
//   [options.pause]
//   type = "duration"
//   doc = "how long it waits"
//   min = "1s"        # and max, of numbers, sizes and times; one_of = ["a", "b"] of a string and of a list's items
//   below_deadline = true  # of a duration: the instance's `deadline` has to be longer
//   needs = ["headers"]    # grants that the option is of no use without: needed where it is set, and true if it is a boolean
//
// It knows no plugin code: options are refused or completed before any runs.

#include "core/hooks/chain.hpp"
#include "core/host/option_values.hpp"
#include "core/host/problem.hpp"

#include <chrono>
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
    std::optional<given_option> fallback;   ///< the default
    std::optional<std::int64_t> least = {}; ///< as option_value::number has it
    std::optional<std::int64_t> most = {};  ///< likewise
    std::vector<std::string> choices = {};  ///< empty: any
    std::vector<std::string> needs = {};    ///< of hooks::permission_names()
    bool is_below_deadline = false;
    /// "a time such as "30s", at least 1s": what a value must be.
    std::string expectation = {};
};

struct manifest {
    std::string id;
    std::string status;
    std::string summary;
    std::string security;
    std::vector<std::string> before; ///< ids of plugins that stand behind it in every chain
    std::vector<std::string> after;  ///< and before it
    std::vector<std::string> needs;  ///< of hooks::permission_names()
    std::vector<option_rule> options;

    [[nodiscard]] const option_rule* find(std::string_view name) const noexcept;
};

[[nodiscard]] std::optional<manifest> read_manifest(const std::filesystem::path& file, problems& found);
/// The same of a text; `name` stands for the file in what is said about it.
[[nodiscard]] std::optional<manifest> read_manifest_text(std::string_view toml, const std::string& name, problems& found);

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

/// Whether the instance has the deadline and the grants that its bound options want; what is missing goes to `found`.
void check_terms(const manifest& rules, const std::vector<option_value>& bound, const hooks::permissions& may,
                 std::chrono::nanoseconds deadline, const option_source& source, problems& found);

/// Whether the configuration grants what the plugin needs; what it does not goes to `found`.
void check_needs(const manifest& rules, const hooks::permissions& may, const option_source& source, problems& found);

} // namespace postern::daemon
