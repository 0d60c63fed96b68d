#pragma once
// The start of a plugin of one's own: files from the templates under sdk/templates, filled in. Pure; the command writes them.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

enum class plugin_language : std::uint8_t { cpp, c, rust };

struct scaffold_request {
    std::string name; ///< "my-filter": of the plugin, its file and its folder
    plugin_language language = plugin_language::cpp;
    bool is_extension = false;
    std::filesystem::path prefix;        ///< where the SDK is installed, or will be
    std::filesystem::path plugin_folder; ///< where the plugins are that its example needs
};

struct scaffold_file {
    std::filesystem::path path; ///< below the plugin's folder
    std::string text;
};

struct scaffold {
    std::vector<scaffold_file> files;
    std::string next; ///< commands to type next, a line each
};

/// Why there can be no plugin of that name: a clause; nothing if there can.
[[nodiscard]] std::optional<std::string> why_no_scaffold(const scaffold_request& of);

/// All its files. `of` is one that there can be.
[[nodiscard]] scaffold make_scaffold(const scaffold_request& of);

/// A template as it lies in sdk/templates: "c++/CMakeLists.txt.in". Compiled in, so that the program needs no files of its own.
struct plugin_template {
    std::string_view path;
    std::string_view text;
};
[[nodiscard]] const std::vector<plugin_template>& plugin_templates();

} // namespace postern::daemon
