#pragma once
// A folder with the test plugins and manifests for them, as a plugin_path has them, and configurations that use it.

#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace postern::daemon::test {

/// The manifest of a plugin with two options.
inline std::string manifest_of(std::string_view id)
{
    return "id = \"" + std::string{id} +
           "\"\nstatus = \"stable\"\nsummary = \"a test's\"\nsecurity = \"none\"\n"
           "[options.word]\ntype = \"string\"\ndoc = \"a word\"\ndefault = \"good\"\n"
           "[options.path]\ntype = \"path\"\ndoc = \"a folder\"\ndefault = \"x\"\n";
}

class plugin_folder {
public:
    plugin_folder()
    {
        for (const auto* name : {"good", "pass_through", "owner", "create_throws", "store", "keeper", "needy"})
            put(name, name);
    }
    /// The test plugin `name` as `as`.so, with its manifest.
    void put(const std::string& name, const std::string& as)
    {
        const auto to = folder_ / (as + ".so");
        std::filesystem::copy_file(std::filesystem::path{POSTERN_HOST_TEST_PLUGINS} / (name + ".so"), to,
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::permissions(to, std::filesystem::perms{0644}); // whatever the build folder's are
        const auto id = name == "pass_through" ? "pass-through" : name == "create_throws" ? "throws" : name;
        write(as + ".toml", manifest_of("org.example." + id));
    }
    void write(const std::string& name, std::string_view octets) const
    {
        std::filesystem::permissions(folder_.write(name, octets), std::filesystem::perms{0644});
    }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return folder_.path(); }
    /// TOML with one listener "in", whose chain is `chain`, and `lines` behind it.
    [[nodiscard]] std::string configuration(const std::string& lines, const std::string& chain = "[]") const
    {
        return "hostname = \"mx.example.org\"\ndata_dir = \"data\"\nplugin_path = [\"" + path().string() +
               "\"]\n[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\nchain = " + chain + "\n" + lines;
    }

private:
    postern::test::temporary_folder folder_;
};

} // namespace postern::daemon::test
