// Messages that go to programs, with the real daemon: plugins/pipe.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A server whose mail goes to a script.
class a_script : public ::testing::Test {
protected:
    a_script()
    {
        std::filesystem::permissions(folder_.path(), std::filesystem::perms{0777}); // the script may be nobody's
    }
    [[nodiscard]] configuration gateway(std::string_view script, std::string_view more = {}) const
    {
        folder_.write("script", script);
        configuration what;
        what.listener("in", {"relay-domains"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .plugin("script", "pipe",
                    fmt::format("command = [\"/bin/sh\", \"{}\", \"--\", \"{{sender}}\", \"{{recipient}}\", \"{{user}}\", "
                                "\"{{extension}}\", \"{{domain}}\", \"{{queue_id}}\"]\ndirectory = \"{}\"\n{}{}",
                                (folder_.path() / "script").string(), folder_.path().string(),
                                ::getuid() == 0 ? "user = \"nobody\"\n" : "", more),
                    "deadline = \"1m\"")
            .section("delivery", "transport = \"script\"")
            .section("queue", "retry = [\"50ms\"]\njitter = 0.0");
        return what;
    }
    static void send(const server& to, const std::vector<std::string>& recipients, std::string_view from = "<s@client.example>")
    {
        smtp_peer peer{to.port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.says(fmt::format("MAIL FROM:{}", from)).code, 250);
        for (const auto& each : recipients)
            ASSERT_EQ(peer.says("RCPT TO:<" + each + ">").code, 250);
        ASSERT_EQ(peer.says("DATA").code, 354);
        ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
        ASSERT_EQ(peer.reply().code, 250) << to.log();
    }
    [[nodiscard]] std::string file(const std::string& name) const
    {
        std::ifstream in{folder_.path() / name, std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    }

    temporary_folder folder_;
};

TEST_F(a_script, gets_a_message_and_who_it_is_for)
{
    const server to{gateway("shift; echo \"$@\" >words; id -u >>words; umask >>words; cat >content")};
    send(to, {"user+box@example.com"});
    EXPECT_TRUE(to.queue_becomes_empty()) << to.log();
    EXPECT_THAT(file("words"), AllOf(HasSubstr("s@client.example user+box@example.com user box example.com "),
                                     HasSubstr("\n" + std::to_string(::getuid() == 0 ? 65534 : ::getuid()) + "\n0077\n")));
    EXPECT_THAT(file("content"),
                AllOf(HasSubstr("Return-Path: <s@client.example>\nDelivered-To: user+box@example.com\nReceived: "),
                      HasSubstr("Subject: hi\n\nhello\n"), Not(HasSubstr("\r"))));
}

TEST_F(a_script, says_for_each_recipient_what_became_of_it)
{
    server to{gateway("case $3 in good@*) exit 0;; bad@*) echo 'no such box' >&2; exit 67;; esac\n"
                      "if [ -e again ]; then exit 0; fi; : >again; exit 75")};
    send(to, {"good@example.com", "bad@example.com", "later@example.com"}, "<>");
    EXPECT_TRUE(to.queue_becomes_empty()) << to.log();
    EXPECT_TRUE(to.logs("delivered", {"good@example.com"})) << to.log();
    EXPECT_TRUE(to.logs("failed", {"bad@example.com", "there is no such user: no such box"})) << to.log();
    EXPECT_TRUE(to.logs("deferred", {"later@example.com"})) << to.log();
    EXPECT_TRUE(to.logs("delivered", {"later@example.com"})) << to.log();
}

TEST_F(a_script, that_takes_too_long_is_ended_and_tried_again)
{
    server to{gateway("if [ -e again ]; then exit 0; fi; : >again; sleep 600", "time_limit = \"1s\"\n")};
    send(to, {"user@example.com"});
    EXPECT_TRUE(to.queue_becomes_empty()) << to.log();
    EXPECT_TRUE(to.logs("deferred", {"the program took too long"})) << to.log();
    EXPECT_TRUE(to.logs("delivered")) << to.log();
}

TEST_F(a_script, ends_with_a_server_that_is_killed_and_the_message_is_there_afterwards)
{
    const temporary_folder data;
    make_certificate(data.path());
    {
        server to{gateway("echo $$ >begun.new; mv begun.new begun; exec sleep 600"), data.path()};
        send(to, {"user@example.com"});
        ASSERT_TRUE(eventually([this] { return std::filesystem::exists(folder_.path() / "begun"); })) << to.log();
        to.child().kill();
    }
    const auto number = std::stoi(file("begun"));
    EXPECT_TRUE(eventually([number] {
        std::ifstream in{fmt::format("/proc/{}/stat", number)};
        std::string word;
        std::string state;
        return !(in >> word >> word >> state) || state == "Z"; // nobody may look after the dead here
    }));
    const server next{gateway("cat >content"), data.path()};
    EXPECT_TRUE(next.queue_becomes_empty()) << next.log();
    EXPECT_THAT(file("content"), HasSubstr("hello"));
}

TEST_F(a_script, is_given_time_to_end_when_the_server_stops)
{
    server to{gateway("cat >content; : >begun; while [ ! -e go ]; do sleep 0.02; done; : >done")};
    send(to, {"user@example.com"});
    ASSERT_TRUE(eventually([this] { return std::filesystem::exists(folder_.path() / "begun"); })) << to.log();
    to.child().signal(SIGTERM);
    EXPECT_TRUE(to.logs("draining"));
    folder_.write("go", "");
    const auto ended = to.child().wait();
    ASSERT_TRUE(ended) << to.log();
    EXPECT_EQ(ended->code, 0);
    EXPECT_TRUE(std::filesystem::exists(folder_.path() / "done"));
    EXPECT_TRUE(to.logs("delivered")) << to.log();
}

TEST_F(a_script, of_nobody_is_refused_where_the_server_is_root)
{
    if (::getuid() != 0)
        GTEST_SKIP() << "the server is not root";
    folder_.write("postern.toml", [this] {
        auto text = gateway("exit 0").text();
        const std::string_view user = "user = \"nobody\"\n";
        text.erase(text.find(user), user.size());
        return text;
    }());
    make_certificate(folder_.path());
    const auto checked = run({postern_program().string(), "check", "--config", (folder_.path() / "postern.toml").string()});
    EXPECT_EQ(checked.status.code, 1) << checked.errors;
    EXPECT_THAT(checked.output + checked.errors, HasSubstr("is required where the server runs as root"));
}

} // namespace
} // namespace postern::test
