#include "core/host/scaffold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace postern::daemon {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

scaffold_request request(plugin_language language, bool is_extension, const std::string& name = "my-echo")
{
    return {name, language, is_extension, "/opt/sdk", "/opt/plugins"};
}

std::map<std::string, std::string> files_of(const scaffold_request& of)
{
    std::map<std::string, std::string> out;
    for (const auto& each : make_scaffold(of).files)
        EXPECT_TRUE(out.emplace(each.path.string(), each.text).second) << each.path << " twice";
    return out;
}

TEST(scaffold, has_sources_tests_a_manifest_and_a_configuration_in_every_language)
{
    const std::map<plugin_language, std::string> sources{
        {plugin_language::cpp, "my_echo.cpp"}, {plugin_language::c, "my_echo.c"}, {plugin_language::rust, "my_echo.rs"}};
    for (const auto& [language, source] : sources) {
        for (const bool is_extension : {false, true}) {
            const auto files = files_of(request(language, is_extension));
            for (const auto& name : {source, std::string{"CMakeLists.txt"}, std::string{"plugin.toml"},
                                     std::string{"example.toml"}, std::string{"README.md"}})
                EXPECT_THAT(files, Contains(Key(name)));
            const bool has_tests_of_its_own = language == plugin_language::rust;
            EXPECT_EQ(files.count("my_echo_test.cpp") == 0, has_tests_of_its_own);
        }
    }
}

TEST(scaffold, leaves_no_word_to_be_filled_in)
{
    for (const auto language : {plugin_language::cpp, plugin_language::c, plugin_language::rust})
        for (const bool is_extension : {false, true})
            for (const auto& [path, text] : files_of(request(language, is_extension)))
                for (const auto* word :
                     {"@NAME@", "@IDENTIFIER@", "@KEYWORD@", "@ID@", "@SOURCE@", "@TESTS@", "@PREFIX@", "@PLUGIN"})
                    EXPECT_THAT(text, Not(HasSubstr(word))) << path;
}

TEST(scaffold, names_the_extension_after_the_plugin)
{
    const auto files = files_of(request(plugin_language::cpp, true));
    EXPECT_THAT(files.at("my_echo.cpp"), HasSubstr(".name = \"MYECHO\""));
    EXPECT_THAT(files.at("plugin.toml"), HasSubstr("id = \"org.example.my-echo\""));
    EXPECT_THAT(files.at("example.toml"), HasSubstr("\"/opt/plugins\""));
    EXPECT_THAT(make_scaffold(request(plugin_language::cpp, true)).next, HasSubstr("-DCMAKE_PREFIX_PATH=/opt/sdk"));
}

TEST(scaffold, takes_names_that_a_file_a_class_and_a_verb_can_have)
{
    for (const auto* name : {"a", "xtrace", "my-echo-2", "a234567890123456789012345678901234567890"})
        EXPECT_EQ(why_no_scaffold(request(plugin_language::cpp, false, name)), std::nullopt) << name;
    for (const auto* name : {"", "-a", "a-", "a--b", "2a", "A", "a_b", "a/b", "..", "a b", "class", "fn", "postern",
                             "a2345678901234567890123456789012345678901"})
        EXPECT_NE(why_no_scaffold(request(plugin_language::cpp, false, name)), std::nullopt) << name;
}

TEST(scaffold, does_not_make_an_extension_of_what_the_core_has)
{
    for (const auto* name : {"mail", "starttls", "size", "pipelining"})
        EXPECT_NE(why_no_scaffold(request(plugin_language::cpp, true, name)), std::nullopt) << name;
    EXPECT_EQ(why_no_scaffold(request(plugin_language::cpp, false, "mail")), std::nullopt);
}

} // namespace
} // namespace postern::daemon
