#pragma once
// generation_plugin.c as a plugin that a server can load, and that can be replaced by another build of it.

#include "tests/support/process.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace postern::test {

class generation_plugin {
public:
    explicit generation_plugin(std::string compiler) : compiler_{std::move(compiler)}
    {
        std::filesystem::create_directory(folder());
        place_.write("plugins/generation.toml",
                     "id = \"org.example.generation\"\nstatus = \"experimental\"\nsummary = \"says what becomes of it\"\n"
                     "security = \"for tests\"\n"
                     "[options.refuses]\ntype = \"boolean\"\ndefault = false\ndoc = \"whether it refuses to be prepared\"\n");
        protect(folder());
        protect(folder() / "generation.toml");
        install(build("one"));
    }

    /// Another build of it; where its file is.
    [[nodiscard]] std::filesystem::path build(std::string_view variant) const
    {
        auto file = place_ / fmt::format("{}.so", variant);
        const auto built = run({compiler_, "-x", "c", "-std=c11", "-shared", "-fPIC", "-fvisibility=hidden",
                                fmt::format("-DVARIANT=\"{}\"", variant), "-I" + (source_folder() / "sdk/include").string(),
                                (source_folder() / "tests/support/generation_plugin.c").string(), "-o", file.string()});
        if (built.status != exit_status{0, 0})
            throw std::runtime_error{built.errors};
        return file;
    }
    /// Puts it in place of the one that is there, as `install` does.
    void install(const std::filesystem::path& file) const
    {
        protect(file);
        std::filesystem::rename(file, folder() / "generation.so");
    }

    /// `what` with the plugin's folder in its path, as text: more cannot be added.
    [[nodiscard]] configuration with(const configuration& what) const
    {
        auto text = what.text();
        const std::string own = "plugin_path = [";
        text.replace(text.find(own), own.size(), fmt::format("{}\"{}\", ", own, folder().string()));
        return configuration::of_text(text);
    }

private:
    static void protect(const std::filesystem::path& file)
    {
        using std::filesystem::perms;
        std::filesystem::permissions(file, perms::group_write | perms::others_write, std::filesystem::perm_options::remove);
    }
    [[nodiscard]] std::filesystem::path folder() const { return place_ / "plugins"; }

    std::string compiler_;
    temporary_folder place_;
};

} // namespace postern::test
