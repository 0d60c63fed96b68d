#pragma once
// waiting_plugin.c as a plugin that a server can load, and the words for a configuration with it.

#include "tests/support/server.hpp"

#include "sdk/include/postern/abi/hooks.h" // for who uses it: the numbers of the hooks

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace postern::test {

/// A folder with the plugin, built by `compiler`, and the gate that its sessions wait at.
class waiting_plugin {
public:
    explicit waiting_plugin(const std::string& compiler)
    {
        std::filesystem::create_directory(folder());
        const auto built =
            run({compiler, "-x", "c", "-std=c11", "-shared", "-fPIC", "-fvisibility=hidden",
                 "-I" + (source_folder() / "sdk/include").string(), (source_folder() / "tests/support/waiting_plugin.c").string(),
                 "-o", (folder() / "waiting.so").string()});
        if (built.status != exit_status{0, 0})
            throw std::runtime_error{built.errors};
        place_.write("plugins/waiting.toml",
                     "id = \"org.example.waiting\"\nstatus = \"experimental\"\nsummary = \"waits\"\n"
                     "security = \"for tests\"\n"
                     "[options.hook]\ntype = \"integer\"\ndefault = 0\ndoc = \"where it waits\"\n"
                     "[options.gate]\ntype = \"string\"\ndefault = \"\"\ndoc = \"until this is there\"\n");
        for (const auto& each : {folder(), folder() / "waiting.so", folder() / "waiting.toml"})
            std::filesystem::permissions(each, std::filesystem::perms::group_write | std::filesystem::perms::others_write,
                                         std::filesystem::perm_options::remove);
    }

    /// `what` with the plugin's folder in its path, as text: more cannot be added.
    [[nodiscard]] configuration with(const configuration& what) const
    {
        auto text = what.text();
        const std::string own = "plugin_path = [";
        text.replace(text.find(own), own.size(), fmt::format("{}\"{}\", ", own, folder().string()));
        return configuration::of_text(text);
    }

    /// [plugin.config] of an instance that waits at `hook` (POSTERN_HOOK_...) until open().
    [[nodiscard]] std::string waits_at(unsigned hook) const
    {
        return fmt::format("hook = {}\ngate = \"{}\"", hook, gate().string());
    }

    void open() const { place_.write("gate", ""); }

private:
    [[nodiscard]] std::filesystem::path folder() const { return place_ / "plugins"; }
    [[nodiscard]] std::filesystem::path gate() const { return place_ / "gate"; }

    temporary_folder place_;
};

} // namespace postern::test
