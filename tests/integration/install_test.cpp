// What `cmake --install` leaves is enough for somebody else: a program that embeds the core, and a plugin of one's own.

#include "tests/support/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace postern::test {
namespace {

using ::testing::HasSubstr;

constexpr exit_status success{0, 0};

/// The build installed into a folder of its own, once for all tests of the suite.
class an_installed_tree : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        folder_ = std::make_unique<temporary_folder>();
        const auto done = run({"cmake", "--install", build_folder().string(), "--prefix", prefix().string()});
        ASSERT_EQ(done.status, success) << done.output << done.errors;
    }
    static void TearDownTestSuite() { folder_.reset(); }

    [[nodiscard]] static std::filesystem::path prefix() { return *folder_ / "prefix"; }

    /// Configures and builds a project of tests/integration/consumers against the prefix; its build folder.
    [[nodiscard]] static std::filesystem::path build(const std::string& name)
    {
        const auto out = *folder_ / name;
        const std::string sanitize = POSTERN_TEST_SANITIZE;
        const auto configured =
            run({"cmake", "-S", (source_folder() / "tests/integration/consumers" / name).string(), "-B", out.string(), "-G",
                 "Ninja", "-DCMAKE_PREFIX_PATH=" + prefix().string(), "-DCMAKE_CXX_COMPILER=" POSTERN_TEST_CXX,
                 "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror" + (sanitize.empty() ? std::string{} : " -fsanitize=" + sanitize)});
        EXPECT_EQ(configured.status, success) << configured.output << configured.errors;
        const auto built = run({"cmake", "--build", out.string()}, {}, std::chrono::minutes{4});
        EXPECT_EQ(built.status, success) << built.output << built.errors;
        return out;
    }

private:
    static std::unique_ptr<temporary_folder> folder_;
};

std::unique_ptr<temporary_folder> an_installed_tree::folder_;

TEST_F(an_installed_tree, has_a_program_that_runs)
{
    const auto said = run({(prefix() / "bin/postern").string(), "--version"});
    EXPECT_EQ(said.status, success) << said.errors;
    EXPECT_THAT(said.output, HasSubstr("postern "));
}

TEST_F(an_installed_tree, lets_a_program_embed_the_core)
{
    const auto out = build("embedder");
    const auto said = run({(out / "embedder").string()});
    EXPECT_EQ(said.status, success) << said.output << said.errors;
    EXPECT_THAT(said.output, HasSubstr("250 "));
}

TEST_F(an_installed_tree, lets_a_plugin_be_built_and_loaded)
{
    const auto out = build("plugin");
    const auto library = out / "plugins" / "no-bananas.so";
    ASSERT_TRUE(std::filesystem::exists(library));
    // The installed program, the installed plugins and the new one, together.
    const temporary_folder place;
    make_certificate(place.path());
    auto what = configuration::relay("127.0.0.1:25");
    what.plugin("bananas", "no-bananas", "word = \"cherry\"");
    auto text = what.text();
    const auto own = "\"" + plugin_folder().string() + "\"";
    text.replace(text.find(own), own.size(),
                 "\"" + (prefix() / "lib/postern/plugins").string() + "\", \"" + (out / "plugins").string() + "\"");
    text.replace(text.find("[\"relay-domains\"]"), std::string_view{"[\"relay-domains\"]"}.size(),
                 "[\"relay-domains\", \"bananas\"]");
    const auto checked =
        run({(prefix() / "bin/postern").string(), "chain", "--config", place.write("postern.toml", text).string()});
    EXPECT_EQ(checked.status, success) << checked.errors;
    EXPECT_THAT(checked.output, HasSubstr("in cmd.mail: bananas"));
}

} // namespace
} // namespace postern::test
