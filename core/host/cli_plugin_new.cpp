// postern plugin new: writes a scaffold, and says what to type next.

#include "core/host/cli.hpp"
#include "core/host/scaffold.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <system_error>

namespace postern::daemon {
namespace {

namespace fs = std::filesystem;

/// The folder that has this program's bin.
fs::path home_of_program()
{
    std::error_code failed;
    return fs::read_symlink("/proc/self/exe", failed).parent_path().parent_path();
}

bool has_sdk(const fs::path& prefix)
{
    std::error_code ignored;
    for (const auto* folder :
         {"lib/cmake/PosternSDK", "lib/x86_64-linux-gnu/cmake/PosternSDK", "lib/aarch64-linux-gnu/cmake/PosternSDK"})
        if (fs::exists(prefix / folder, ignored))
            return true;
    return false;
}

plugin_language language_of(const std::string& name)
{
    return name == "rust" ? plugin_language::rust : name == "c" ? plugin_language::c : plugin_language::cpp;
}

/// Where the plugins are that the example's gateway needs.
fs::path plugin_folder_of(const fs::path& home)
{
    std::error_code ignored;
    return fs::exists(home / "plugins", ignored) ? home / "plugins" : home / "lib" / "postern" / "plugins";
}

bool write(const fs::path& file, const std::string& text)
{
    std::error_code failed;
    fs::create_directories(file.parent_path(), failed);
    std::ofstream out{file, std::ios::binary};
    out << text;
    out.close();
    return !failed && out.good();
}

} // namespace

int plugin_new_command(const plugin_new_request& what)
{
    const auto home = home_of_program();
    scaffold_request of{what.name, language_of(what.language), what.is_extension, what.prefix, plugin_folder_of(home)};
    if (of.prefix.empty())
        of.prefix = has_sdk(home) ? home : fs::path{"/usr/local"};
    of.prefix = fs::absolute(of.prefix).lexically_normal();
    if (const auto why = why_no_scaffold(of)) {
        fmt::print(stderr, "postern: \"{}\" cannot be the name of a plugin: {}\n", what.name, *why);
        return exit_usage;
    }
    std::error_code failed;
    if (fs::exists(fs::symlink_status(what.name, failed))) {
        fmt::print(stderr, "postern: {} is there already; nothing was written\n", what.name);
        return exit_failed;
    }
    const auto made = make_scaffold(of);
    for (const auto& each : made.files) {
        if (write(fs::path{what.name} / each.path, each.text))
            continue;
        fmt::print(stderr, "postern: cannot write {}\n", (fs::path{what.name} / each.path).string());
        return exit_failed;
    }
    fmt::print("{} is made. Next:\n", what.name);
    if (!has_sdk(of.prefix))
        fmt::print("  cmake --install {} --prefix {} --component sdk\n",
                   fs::exists(home / "CMakeCache.txt", failed) ? home.string() : "BUILD", of.prefix.string());
    fmt::print("{}", made.next);
    return exit_done;
}

} // namespace postern::daemon
