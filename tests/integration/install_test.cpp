// What `cmake --install` leaves is enough for somebody else: a program that embeds the core, and a plugin of one's own.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

    /// Configures and builds a project against the prefix; its build folder.
    [[nodiscard]] static std::filesystem::path build(const std::filesystem::path& project, const std::string& compiler,
                                                     const std::string& sanitize)
    {
        const auto out = *folder_ / (project.filename().string() + "-" + std::filesystem::path{compiler}.filename().string());
        const auto configured =
            run({"cmake", "-S", (source_folder() / project).string(), "-B", out.string(), "-G", "Ninja",
                 "-DCMAKE_PREFIX_PATH=" + prefix().string(), "-DCMAKE_CXX_COMPILER=" + compiler,
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
    const auto out = build("tests/integration/consumers/embedder", POSTERN_TEST_CXX, POSTERN_TEST_SANITIZE);
    const auto said = run({(out / "embedder").string()});
    EXPECT_EQ(said.status, success) << said.output << said.errors;
    EXPECT_THAT(said.output, HasSubstr("250 "));
}

/// Waits until `program` says where it listens; the port.
std::uint16_t port_of(process& program)
{
    EXPECT_TRUE(program.wait_for_output([](std::string_view output) { return output.find('\n') != std::string_view::npos; }))
        << program.errors();
    const auto said = program.output();
    const auto line = said.substr(0, said.find('\n'));
    return static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
}

TEST_F(an_installed_tree, lets_a_program_receive_mail)
{
    const auto out = build("examples/06_embedded_server", POSTERN_TEST_CXX, POSTERN_TEST_SANITIZE);
    process program{{(out / "embedded_server").string()}};
    smtp_peer peer{port_of(program)};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<b@elsewhere.example>").code, 550);
    EXPECT_EQ(peer.says("RCPT TO:<b@example.com>").code, 250);
    EXPECT_EQ(peer.says("DATA").code, 354);
    EXPECT_EQ(peer.says("Subject: hi\r\n\r\nhello\r\n.").code, 250);
    EXPECT_TRUE(program.wait_for_output([](std::string_view output) { return output.find("hello") != std::string_view::npos; }));
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait(), success) << program.errors();
}

TEST_F(an_installed_tree, lets_a_program_serve_lmtp)
{
    const auto out = build("examples/08_lmtp_server", POSTERN_TEST_CXX, POSTERN_TEST_SANITIZE);
    const temporary_folder mail;
    process program{{(out / "lmtp_server").string(), "127.0.0.1:0", mail.path().string(), "alice", "bob=0"}};
    smtp_peer peer{port_of(program)};
    EXPECT_EQ(peer.reply().code, 220);
    EXPECT_EQ(peer.says("LHLO client.example").code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<bob@example.com>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<carol@example.com>").code, 550);
    EXPECT_EQ(peer.says("RCPT TO:<alice@example.com>").code, 250);
    EXPECT_EQ(peer.says("DATA").code, 354);
    EXPECT_EQ(peer.says("Subject: hi\r\n\r\nhello\r\n.").code, 452);
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_THAT(read_file(mail / "alice/1.eml"), HasSubstr("hello"));
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait(), success) << program.errors();
}

TEST_F(an_installed_tree, lets_a_program_of_ones_own_send_mail)
{
    const auto out = build("examples/05_send_mail", POSTERN_TEST_CXX, POSTERN_TEST_SANITIZE);
    next_hop server;
    const auto said =
        run({(out / "send_mail").string(), server.address(), "a@client.example", "u@example.com"}, "Subject: hi\n\nhello\n");
    EXPECT_EQ(said.status, success) << said.output << said.errors;
    EXPECT_EQ(server.arrived().size(), 2U);
}

/// The links of the pages below `folder` that lead nowhere, "page: link". What is shown as code is no link.
std::vector<std::string> broken_links_below(const std::filesystem::path& folder)
{
    std::vector<std::string> broken;
    const std::regex link{R"(\]\(([^)#\s]+)[^)]*\))"};
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
        if (entry.path().extension() != ".md")
            continue;
        std::ifstream in{entry.path()};
        bool is_code = false;
        for (std::string line; std::getline(in, line);) {
            is_code = is_code != line.starts_with("```");
            if (is_code || line.starts_with("    "))
                continue;
            for (std::sregex_iterator at{line.begin(), line.end(), link}; at != std::sregex_iterator{}; ++at) {
                const auto to = (*at)[1].str();
                if (to.find("://") == std::string::npos && !std::filesystem::exists(entry.path().parent_path() / to))
                    broken.push_back(entry.path().lexically_relative(folder).string() + ": " + to);
            }
        }
    }
    return broken;
}

TEST_F(an_installed_tree, has_pages_whose_links_lead_somewhere)
{
    EXPECT_THAT(broken_links_below(prefix() / "share/doc/postern"), IsEmpty());
    EXPECT_TRUE(std::filesystem::exists(prefix() / "share/doc/postern/README.md"));
}

TEST(the_sdk_installed_alone, has_pages_whose_links_lead_somewhere)
{
    const temporary_folder place;
    const auto done =
        run({"cmake", "--install", build_folder().string(), "--prefix", place.path().string(), "--component", "sdk"});
    ASSERT_EQ(done.status, success) << done.output << done.errors;
    EXPECT_THAT(broken_links_below(place.path() / "share/doc/postern"), IsEmpty());
    EXPECT_TRUE(std::filesystem::exists(place.path() / "share/doc/postern/docs/plugins.md"));
}

/// By either compiler, and without the sanitizers of the host: a plugin's author knows nothing of them.
TEST_F(an_installed_tree, lets_a_plugin_be_built_and_loaded)
{
    for (const auto* compiler : {"g++", "clang++"}) {
        const auto out = build("tests/integration/consumers/plugin", compiler, "");
        ASSERT_TRUE(std::filesystem::exists(out / "plugins" / "no-bananas.so"));
        // The installed program, the installed plugins and the new one, together.
        next_hop next;
        auto text = configuration{}
                        .listener("in", {"relay-domains", "headers", "bananas"})
                        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
                        .plugin("headers", "headers", "add = { X-Gateway = \"ours\" }", "may = [\"headers\"]")
                        .plugin("bananas", "no-bananas", "word = \"cherry\"")
                        .section("delivery", "relay = \"" + next.address() + "\"")
                        .text();
        const auto own = "\"" + plugin_folder().string() + "\"";
        text.replace(text.find(own), own.size(),
                     "\"" + (prefix() / "lib/postern/plugins").string() + "\", \"" + (out / "plugins").string() + "\"");
        const temporary_folder place;
        server gateway{configuration::of_text(text), place.path(), prefix() / "bin/postern"};
        smtp_peer peer{gateway.port()};
        ASSERT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<cherry@client.example>").code, 550) << compiler;
        EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\n").code, 250) << compiler;
        ASSERT_TRUE(next.wait_for(1)) << gateway.log();
        EXPECT_THAT(next.arrived().front().content, HasSubstr("X-Gateway: ours"));
    }
}

} // namespace
} // namespace postern::test
