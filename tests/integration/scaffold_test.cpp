// From an empty folder to an SMTP extension that answers: what `postern plugin new` makes builds, tests and runs, with the
// commands that it prints.

#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace postern::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};

std::string text_of(const std::filesystem::path& file)
{
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

TEST(a_new_plugin, goes_from_an_empty_folder_to_a_server_that_speaks_its_extension)
{
    const temporary_folder empty;
    const auto prefix = empty.path() / "prefix";
    const auto began = std::chrono::steady_clock::now();
    const auto does = [&](std::vector<std::string> command) {
        start_options how;
        how.command = std::move(command);
        how.folder = empty.path();
        const auto done = run(how, std::chrono::minutes{10});
        EXPECT_EQ(done.status, success) << done.output << done.errors;
        return done.output;
    };
    does({"cmake", "--install", build_folder().string(), "--prefix", prefix.string(), "--component", "sdk"});
    const auto said = does({postern_program().string(), "plugin", "new", "xtrace", "--extension", "--prefix", prefix.string()});
    // As printed.
    const auto configure = "cmake -S xtrace -B xtrace/build -DCMAKE_PREFIX_PATH=" + prefix.string();
    EXPECT_THAT(said, HasSubstr(configure + "\n"));
    EXPECT_THAT(said, HasSubstr("cmake --build xtrace/build\n"));
    EXPECT_THAT(said, HasSubstr("ctest --test-dir xtrace/build\n"));
    does({"sh", "-c", configure + " -DCMAKE_CXX_FLAGS='-Wall -Wextra -Wconversion -Wshadow -Werror'"});
    const auto build_began = std::chrono::steady_clock::now();
    EXPECT_THAT(does({"cmake", "--build", "xtrace/build", "--target", "xtrace", "--verbose"}), HasSubstr(" -O2 "))
        << "though nobody said how to build";
    const auto built = std::chrono::steady_clock::now();
    does({"cmake", "--build", "xtrace/build"});
    EXPECT_THAT(does({"ctest", "--test-dir", "xtrace/build"}), HasSubstr("100% tests passed"));
    does({"chmod", "go-w", "xtrace/build/plugins", "xtrace/build/plugins/xtrace.so", "xtrace/build/plugins/xtrace.toml"});

    auto text = text_of(empty.path() / "xtrace" / "example.toml");
    const std::string fixed = "127.0.0.1:2526\"";
    ASSERT_THAT(text, HasSubstr("address = \"" + fixed));
    text.replace(text.find("address = \"" + fixed) + 11, fixed.size() - 1, "127.0.0.1:0");
    server gateway{configuration::of_text(text), empty.path() / "xtrace"};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Contains("XTRACE 1"));
    const auto answer = peer.says("XTRACE hello");
    EXPECT_EQ(answer.code, 250);
    EXPECT_THAT(answer.text(), HasSubstr("you said hello"));
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID=x").code, 501);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID=7").code, 250);

    const auto seconds = [](auto time) { return std::chrono::duration_cast<std::chrono::duration<double>>(time).count(); };
    (void)std::printf("from an empty folder to an answer: %.1f s, of which the plugin's build %.1f s\n",
                      seconds(std::chrono::steady_clock::now() - began), seconds(built - build_began));
}

TEST(a_new_plugin, does_not_write_over_what_is_there)
{
    const temporary_folder here;
    std::ofstream{here.path() / "taken"} << "mine";
    start_options how;
    how.command = {postern_program().string(), "plugin", "new", "taken"};
    how.folder = here.path();
    const auto done = run(how);
    EXPECT_EQ(done.status, (exit_status{1, 0}));
    EXPECT_THAT(done.errors, HasSubstr("taken is there already"));
    EXPECT_EQ(text_of(here.path() / "taken"), "mine");
}

TEST(a_new_plugin, needs_a_name_that_a_plugin_can_have)
{
    for (const auto* name : {"Upper", "../up", "mail"}) {
        const temporary_folder here;
        start_options how;
        how.command = {postern_program().string(), "plugin", "new", name, "--extension"};
        how.folder = here.path();
        const auto done = run(how);
        EXPECT_EQ(done.status, (exit_status{2, 0})) << name;
        EXPECT_THAT(done.errors, HasSubstr("cannot be the name of a plugin")) << name;
        EXPECT_TRUE(std::filesystem::is_empty(here.path())) << name;
    }
}

} // namespace
} // namespace postern::test
