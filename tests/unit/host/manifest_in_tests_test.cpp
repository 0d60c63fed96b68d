// The SDK reads a plugin.toml for a plugin's tests as the host reads it for a server.

#include "core/host/manifest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <postern/plugin.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace postern::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Writes down the options that it gets.
class witness {
public:
    explicit witness(const postern::host& host)
    {
        const auto list = host.capability<postern_config_1>(POSTERN_CONFIG_1)->options(host.handle());
        for (std::uint32_t i = 0; i < list.count; ++i) {
            const auto one = sdk::record_at<postern_option>(list, i);
            seen.push_back(std::string{sdk::view(one.key)} + "/" + std::string{sdk::view(one.name)} + "=" +
                           std::to_string(one.kind) + ":" +
                           (one.kind == POSTERN_OPTION_STRING ? std::string{sdk::view(one.text)} : std::to_string(one.number)));
        }
    }
    void on(const postern::mail&) {}

    static inline std::vector<std::string> seen;
};
constexpr postern_plugin table = sdk::describe<witness>("org.example.x", "1", "test");

class a_manifest_in_tests : public ::testing::Test {
protected:
    std::string put(const std::string& options)
    {
        return folder_.write("x.toml", "id = \"org.example.x\"\nstatus = \"stable\"\nsummary = \"x\"\n" + options).string();
    }

    postern::test::temporary_folder folder_;
    testing::fake_host host_{table};
};

TEST_F(a_manifest_in_tests, gives_the_defaults_that_a_server_gives)
{
    const auto file = put("[options.a]\ntype = \"string\"\ndefault = \"x\"\ndoc = \"d\"\n"
                          "[options.b]\ntype = \"integer\"\ndefault = -5\ndoc = \"d\"\n"
                          "[options.c]\ntype = \"boolean\"\ndefault = true\ndoc = \"d\"\n"
                          "[options.d]\ntype = \"size\"\ndefault = \"64MiB\"\ndoc = \"d\"\n"
                          "[options.e]\ntype = \"size\"\ndefault = 7\ndoc = \"d\"\n"
                          "[options.f]\ntype = \"duration\"\ndefault = \"1h30m5ms\"\ndoc = \"d\"\n"
                          "[options.g]\ntype = \"duration\"\ndefault = \"0\"\ndoc = \"d\"\n"
                          "[options.h]\ntype = \"float\"\ndefault = 0.5\ndoc = \"d\"\n"
                          "[options.i]\ntype = \"float\"\ndefault = 3\ndoc = \"d\"\n"
                          "[options.j]\ntype = \"list\"\ndefault = [\"x\", \"y\"]\ndoc = \"d\"\n"
                          "[options.k]\ntype = \"table\"\ndefault = { p = \"x\", q = \"y\" }\ndoc = \"d\"\n"
                          "[options.l]\ntype = \"path\"\ndefault = \"/var/x\"\ndoc = \"d\"\n"
                          "[options.m]\ntype = \"string\"\ndoc = \"d\"\n"
                          "[options.n]\ntype = \"list\"\ndefault = []\ndoc = \"d\"\n");
    problems found;
    const auto rules = read_manifest(file, found);
    ASSERT_THAT(found, IsEmpty());
    std::vector<std::string> expected;
    for (const auto& each : bind_options(*rules, {}, {"p", {}, "/"}, found))
        expected.push_back(each.key + "/" + each.name + "=" + std::to_string(each.kind) + ":" +
                           (each.kind == POSTERN_OPTION_STRING ? each.text : std::to_string(each.number)));
    EXPECT_THAT(testing::use_manifest(host_, file), IsEmpty());
    witness::seen.clear();
    ASSERT_EQ(host_.create(), POSTERN_PASS);
    EXPECT_EQ(witness::seen, expected);
    EXPECT_EQ(expected.size(), 14U);
}

TEST_F(a_manifest_in_tests, says_what_a_server_would_refuse)
{
    const auto file = put("[options.a]\ntype = \"string\"\nrequired = true\ndoc = \"d\"\n"
                          "[options.b]\ntype = \"integer\"\ndefault = \"x\"\ndoc = \"d\"\n"
                          "[options.c]\ntype = \"number\"\ndoc = \"d\"\n"
                          "[options.d]\ntype = \"duration\"\ndoc = \"d\"\n");
    host_.option("d", 5);
    host_.option("e", "x");
    EXPECT_THAT(testing::use_manifest(host_, file),
                ElementsAre("option e is not in the manifest", "option a is required", "the default of option b is no integer",
                            "option c has no type that a host knows", "option d has to be a duration"));
    EXPECT_THAT(testing::use_manifest(host_, folder_.write("y.toml", "id = \"other\"").string()),
                ElementsAre("the manifest is for other, the plugin is org.example.x", ::testing::_, ::testing::_));
    EXPECT_EQ(testing::use_manifest(host_, folder_.write("z.toml", "id = ").string()).size(), 1U);
}

TEST_F(a_manifest_in_tests, holds_what_is_given_against_its_bounds)
{
    const auto file = put("[options.a]\ntype = \"duration\"\ndoc = \"d\"\nmin = \"1s\"\nmax = \"1h\"\n"
                          "[options.b]\ntype = \"size\"\ndoc = \"d\"\nmax = \"1KiB\"\n"
                          "[options.c]\ntype = \"float\"\ndoc = \"d\"\nmin = 0.5\n"
                          "[options.d]\ntype = \"list\"\ndoc = \"d\"\none_of = [\"red\", \"green\"]\n"
                          "[options.e]\ntype = \"integer\"\ndoc = \"d\"\nmin = 1\n");
    host_.option("a", std::chrono::nanoseconds{std::chrono::hours{1}});
    host_.option("b", 1024);
    host_.option("c", 0.5);
    host_.list("d", {"green", "red"});
    host_.option("e", 1);
    EXPECT_THAT(testing::use_manifest(host_, file), IsEmpty());
    testing::fake_host other{table};
    other.option("a", std::chrono::nanoseconds{std::chrono::hours{2}});
    other.option("b", 1025);
    other.option("c", 0.4);
    other.list("d", {"green", "blue"});
    other.option("e", 0);
    EXPECT_EQ(testing::use_manifest(other, file).size(), 5U);
}

TEST_F(a_manifest_in_tests, that_was_obeyed_changes_nothing)
{
    const auto file = put("[options.a]\ntype = \"list\"\nrequired = true\ndoc = \"d\"\n");
    host_.list("a", {});
    EXPECT_THAT(testing::use_manifest(host_, file), IsEmpty());
}

// The sample in the SDK's README is what people begin with.
TEST_F(a_manifest_in_tests, of_the_documentation_is_one)
{
    const auto text = postern::test::read_file(std::filesystem::path{POSTERN_SOURCE} / "sdk/README.md");
    const auto begin = text.find("```toml\n");
    ASSERT_NE(begin, std::string::npos);
    const auto end = text.find("```", begin + 8);
    problems found;
    EXPECT_TRUE(read_manifest(folder_.write("x.toml", text.substr(begin + 8, end - begin - 8)), found));
    for (const auto& each : found)
        ADD_FAILURE() << each.text();
}

} // namespace
} // namespace postern::daemon
