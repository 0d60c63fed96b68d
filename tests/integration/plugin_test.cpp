// Which plugin files a server takes, and what it says about the others.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace postern::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};

/// A folder of plugins of its own, with the file under test in it.
class a_plugin_file : public ::testing::Test {
protected:
    void SetUp() override
    {
        make_certificate(folder_.path());
        fs::create_directory(folder_ / "plugins");
        fs::permissions(folder_ / "plugins", fs::perms{0755});
    }

    void put(const fs::path& from, std::string_view name) const
    {
        const auto to = folder_ / "plugins" / fmt::format("{}.so", name);
        fs::copy_file(from, to, fs::copy_options::overwrite_existing);
        fs::permissions(to, fs::perms{0644});
        const auto manifest = fs::path{from}.replace_extension(".toml");
        folder_.write(fmt::format("plugins/{}.toml", name), fs::exists(manifest)
                                                                ? read_file(manifest)
                                                                : "id = \"org.example.future\"\nstatus = \"stable\"\n"
                                                                  "summary = \"a test\"\nsecurity = \"a test\"\n");
        fs::permissions(folder_ / fmt::format("plugins/{}.toml", name), fs::perms{0644});
    }

    [[nodiscard]] outcome check(std::string_view library) const
    {
        const auto text =
            fmt::format("hostname = \"mx.example.org\"\ndata_dir = \"data\"\ncontrol = \"control.sock\"\n"
                        "plugin_path = [\"plugins\", \"{}\"]\n"
                        "[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\nprotocol = \"smtp\"\ntls = \"none\"\n"
                        "chain = [\"it\"]\n[[plugin]]\nname = \"it\"\nlibrary = \"{}\"\n",
                        plugin_folder().string(), library);
        return run({postern_program().string(), "check", "--config", folder_.write("postern.toml", text).string()});
    }

    temporary_folder folder_;
};

TEST_F(a_plugin_file, of_the_build_is_taken)
{
    put(plugin_folder() / "discard.so", "mine");
    const auto checked = check("mine");
    EXPECT_EQ(checked.status, success) << checked.errors;
}

TEST_F(a_plugin_file, that_is_absent_is_named)
{
    const auto checked = check("nowhere");
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, HasSubstr("nowhere"));
}

TEST_F(a_plugin_file, that_is_some_other_library_is_refused)
{
    fs::path library = "/lib/x86_64-linux-gnu/libm.so.6";
    for (const auto* place : {"/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"})
        if (!fs::exists(library))
            library = place;
    put(library, "libm");
    const auto checked = check("libm");
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, HasSubstr("libm.so: not a Postern plugin (no symbol postern_plugin_v1)"));
}

TEST_F(a_plugin_file, that_is_no_library_at_all_is_refused)
{
    put(folder_.write("text", "#!/bin/sh\nexit 0\n"), "script");
    const auto checked = check("script");
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, HasSubstr("script.so"));
}

TEST_F(a_plugin_file, for_another_contract_is_refused)
{
    put(fs::path{POSTERN_TEST_WRONG_PLUGINS} / "speaks_abi_2.so", "two");
    const auto checked = check("two");
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, HasSubstr("two.so: built for plugin ABI 2; this host speaks 1"));
}

TEST_F(a_plugin_file, that_needs_what_this_host_lacks_is_refused_before_its_code_runs)
{
    put(fs::path{POSTERN_TEST_WRONG_PLUGINS} / "needs_the_future.so", "future");
    const auto checked = check("future");
    EXPECT_EQ(checked.status, failure) << "its code would abort";
    EXPECT_THAT(
        checked.errors,
        HasSubstr("future.so: plugin org.example.future 9 needs \"postern.clairvoyance/9\", which this host does not offer"));
}

TEST_F(a_plugin_file, that_others_can_write_is_refused)
{
    put(plugin_folder() / "discard.so", "loose");
    for (const auto mode : {0664U, 0646U}) {
        fs::permissions(folder_ / "plugins/loose.so", fs::perms{mode});
        const auto checked = check("loose");
        EXPECT_EQ(checked.status, failure) << mode;
        EXPECT_THAT(checked.errors, HasSubstr("loose.so"));
    }
    fs::permissions(folder_ / "plugins/loose.so", fs::perms{0644});
    EXPECT_EQ(check("loose").status, success);
}

TEST_F(a_plugin_file, in_a_folder_that_others_can_write_is_refused)
{
    put(plugin_folder() / "discard.so", "mine");
    for (const auto mode : {0775U, 0757U, 01777U}) {
        fs::permissions(folder_ / "plugins", fs::perms{mode});
        const auto checked = check("mine");
        EXPECT_EQ(checked.status, failure) << mode;
        EXPECT_THAT(checked.errors, HasSubstr("folder can be written by others"));
    }
    fs::permissions(folder_ / "plugins", fs::perms{0755});
    EXPECT_EQ(check("mine").status, success);
}

TEST(plugins_in_c_and_in_cpp, work_side_by_side_in_one_server)
{
    next_hop next;
    configuration what;
    what.listener("in", {"relay-domains", "cpp", "c"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("cpp", "hello-filter", "", "may = [\"headers\"]")
        .plugin("c", "filter-in-c", "", "may = [\"headers\"]")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    server gateway{what};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\n").code, 250);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, HasSubstr("X-Hello: "));
    EXPECT_THAT(next.arrived().front().content, HasSubstr("X-Filter: C"));
    EXPECT_THAT(peer.says("MAIL FROM:<banana@client.example>").text(), HasSubstr("banana"));
}

TEST(a_plugin_without_the_permission, changes_nothing)
{
    next_hop next;
    configuration what;
    what.listener("in", {"relay-domains", "hello"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("hello", "hello-filter", {}, "on_error = \"continue\"")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    server gateway{what};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\n").code, 250);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, Not(HasSubstr("X-Hello")));
    EXPECT_TRUE(
        gateway.logs("plugin_failed", {"plugin=hello", "header.add: not granted: the plugin would need may = [\\\"headers\\\"]"}))
        << gateway.log();
}

} // namespace
} // namespace postern::test
