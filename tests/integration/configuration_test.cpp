// postern check, chain and the command line: what is wrong is said in one line, with its place.

#include "tests/support/server.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};
constexpr exit_status usage{2, 0};

/// A configuration in a folder with a certificate, not served.
class a_configuration : public ::testing::Test {
protected:
    void SetUp() override { make_certificate(folder_.path()); }

    [[nodiscard]] outcome postern(std::string_view command, const configuration& what, std::vector<std::string> more = {}) const
    {
        const auto file = folder_.write("postern.toml", what.text());
        std::vector<std::string> words{postern_program().string(), std::string{command}, "--config", file.string()};
        words.insert(words.end(), more.begin(), more.end());
        return run(std::move(words));
    }

    /// "FILE:LINE: " of the line that contains `words`.
    [[nodiscard]] std::string place(const configuration& what, std::string_view words) const
    {
        return fmt::format("{}:{}: ", (folder_ / "postern.toml").string(), what.line_of(words));
    }

    temporary_folder folder_;
};

TEST_F(a_configuration, that_is_right_passes)
{
    const auto checked = postern("check", configuration::relay("127.0.0.1:25", "starttls"));
    EXPECT_EQ(checked.status, success) << checked.errors;
    EXPECT_THAT(checked.errors, IsEmpty());
}

TEST_F(a_configuration, that_does_not_grant_what_a_plugin_needs_is_refused)
{
    configuration what;
    what.listener("in", {"relay-domains", "etrn"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("etrn", "etrn", "domains = [\"example.com\"]")
        .section("delivery", "relay = \"127.0.0.1:25\"");
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, HasSubstr("plugin etrn: it does nothing without more grants: add \"queue\" to its may"));
    EXPECT_THAT(checked.errors, StartsWith((folder_ / "postern.toml").string() + ":"));
}

TEST_F(a_configuration, has_what_an_option_wants_of_its_instance)
{
    configuration what;
    what.listener("in", {"who", "grey"})
        .plugin("who", "relay-domains", "domains = [\"example.com\"]")
        .plugin("grey", "greylist", "header = true\nstore_wait = \"3s\"", "deadline = \"3s\"")
        .section("delivery", "relay = \"127.0.0.1:25\"");
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors,
                HasSubstr(place(what, "header = true") +
                          "plugin grey: option header does nothing without more grants: add \"headers\" to its may"));
    EXPECT_THAT(checked.errors,
                HasSubstr(place(what, "store_wait") + "plugin grey: option store_wait must be below the instance's deadline"));
}

TEST_F(a_configuration, asks_its_plugins_whatever_else_is_wrong)
{
    std::filesystem::remove(folder_ / "key.pem");
    configuration what;
    what.listener("in", {"users"}, "starttls", "auth = true")
        .plugin("users", "auth-file", "file = \"no-such-file\"")
        .section("delivery", "relay = \"127.0.0.1:25\"");
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, AllOf(HasSubstr("key.pem"), HasSubstr("no-such-file")));
}

TEST_F(a_configuration, is_looked_at_as_the_user_whom_the_server_becomes)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root becomes somebody else";
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0711}); // the way to data
    auto what = configuration::relay("127.0.0.1:25").plugin("mailbox", "maildir", "path = \"data/mail\"");
    what.section("delivery", "transport = \"mailbox\"").as_user("nobody", folder_.path());
    const auto checked = postern("check", what);
    ASSERT_EQ(checked.status, success) << checked.errors;
    const auto verified = run({postern_program().string(), "queue", "verify", "--config", (folder_ / "postern.toml").string()});
    ASSERT_EQ(verified.status, success) << verified.errors;
    std::size_t seen = 0;
    for (const auto& each : std::filesystem::recursive_directory_iterator{folder_ / "data"}) {
        struct stat made {};
        ASSERT_EQ(::lstat(each.path().c_str(), &made), 0);
        EXPECT_NE(made.st_uid, 0U) << each.path();
        ++seen;
    }
    EXPECT_GT(seen, 3U) << "the Maildir and the queue";
}

TEST_F(a_configuration, with_an_unknown_key_is_refused_at_its_line)
{
    auto what = configuration::relay("127.0.0.1:25");
    what.section("limits", "recipiens = 3");
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, AllOf(HasSubstr(place(what, "recipiens")), HasSubstr("recipiens")));
}

TEST_F(a_configuration, with_an_unknown_option_of_a_plugin_is_refused_at_its_line)
{
    configuration what;
    what.listener("in", {"relay-domains"}).plugin("relay-domains", "relay-domains", "domain = [\"example.com\"]");
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, AllOf(HasSubstr(place(what, "domain = ")), HasSubstr("domain")));
}

TEST_F(a_configuration, with_several_mistakes_names_them_all)
{
    auto what = configuration::relay("127.0.0.1:25");
    what.section("limits", "message_size = \"ten\"\nnonsense = true").section("queue", "retry = [\"soon\"]");
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    for (const auto* mistake : {"message_size", "nonsense", "retry"})
        EXPECT_THAT(checked.errors, HasSubstr(place(what, mistake))) << mistake;
}

TEST_F(a_configuration, that_is_no_toml_is_refused_at_its_line)
{
    const auto what = configuration::of_text("hostname = \"mx.example.org\"\n[listener\n");
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, HasSubstr(fmt::format("{}:2: ", (folder_ / "postern.toml").string())));
}

TEST_F(a_configuration, whose_chain_names_no_instance_is_refused)
{
    configuration what;
    what.listener("in", {"greylist"});
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, AllOf(HasSubstr(place(what, "chain = ")), HasSubstr("greylist")));
}

TEST_F(a_configuration, whose_certificate_is_missing_is_refused)
{
    auto what = configuration::relay("127.0.0.1:25", "starttls");
    what.section("tls", "cert = \"absent.pem\"\nkey = \"key.pem\"");
    const auto checked = postern("check", what);
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, HasSubstr("absent.pem"));
}

TEST_F(a_configuration, that_is_not_there_is_refused_by_name)
{
    for (const auto* command : {"check", "serve", "chain"}) {
        const auto tried = run({postern_program().string(), command, "--config", (folder_ / "absent.toml").string()});
        EXPECT_EQ(tried.status, failure) << command;
        EXPECT_THAT(tried.errors, HasSubstr("absent.toml"));
    }
}

/// Both must refuse it: nobody is made to run `check` first.
TEST_F(a_configuration, that_relays_to_its_own_listener_is_refused)
{
    const auto port = tcp_listener{}.port(); // free a moment ago; nothing is bound to it here
    for (const auto& [listening, relay] : std::vector<std::pair<std::string, std::string>>{{"127.0.0.1", "127.0.0.1"},
                                                                                           {"0.0.0.0", "127.0.0.1"},
                                                                                           {"0.0.0.0", "localhost"},
                                                                                           {"[::]", "[::1]"},
                                                                                           {"127.0.0.1", "0.0.0.0"},
                                                                                           {"0.0.0.0", "mx.example.org"}}) {
        auto text = configuration::relay(fmt::format("{}:{}", relay, port)).text();
        text.replace(text.find("127.0.0.1:0"), std::strlen("127.0.0.1:0"), fmt::format("{}:{}", listening, port));
        const auto what = configuration::of_text(text);
        for (const auto* command : {"check", "serve"}) {
            const auto refused = postern(command, what);
            EXPECT_EQ(refused.status, failure) << command << " " << listening << " " << relay;
            EXPECT_FALSE(std::filesystem::exists(folder_ / "data/queue")) << "the queue is left alone";
            EXPECT_THAT(refused.errors,
                        AllOf(StartsWith(place(what, "relay = ")), HasSubstr("delivery.relay"), HasSubstr("\"in\"")));
        }
    }
    auto text = configuration::relay(fmt::format("127.0.0.1:{}", port)).text();
    text.replace(text.find("127.0.0.1:0"), std::strlen("127.0.0.1:0"), fmt::format("127.0.0.2:{}", port));
    EXPECT_EQ(postern("check", configuration::of_text(text)).status, success) << "another address is another server";
}

TEST_F(a_configuration, shows_its_plugins_in_the_order_in_which_they_are_asked)
{
    configuration what;
    what.listener("in", {"headers", "relay-domains"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("headers", "headers", "add = { X-A = \"b\" }", "may = [\"headers\"]");
    EXPECT_EQ(postern("check", what).status, success);
    const auto chain = postern("chain", what);
    EXPECT_EQ(chain.status, success) << chain.errors;
    EXPECT_THAT(chain.output, AllOf(HasSubstr("in cmd.rcpt: relay-domains"), HasSubstr("in msg.headers: headers")));
    const auto one = postern("chain", what, {"in", "cmd.rcpt"});
    EXPECT_EQ(one.output, "in cmd.rcpt: relay-domains\n");
    EXPECT_EQ(postern("chain", what, {"out"}).status, failure);
    EXPECT_EQ(postern("chain", what, {"in", "cmd.nonsense"}).status, failure);
}

TEST(the_command_line, says_its_version)
{
    const auto said = run({postern_program().string(), "--version"});
    EXPECT_EQ(said.status, success);
    EXPECT_THAT(said.output, StartsWith("postern "));
}

TEST(the_command_line, explains_itself_and_every_command)
{
    for (const auto& words : std::vector<std::vector<std::string>>{
             {}, {"serve"}, {"check"}, {"chain"}, {"queue"}, {"queue", "list"}, {"send"}, {"load"}, {"status"}, {"reload"}}) {
        auto command = words;
        command.insert(command.begin(), postern_program().string());
        command.emplace_back("--help");
        const auto said = run(std::move(command));
        EXPECT_EQ(said.status, success) << fmt::format("{}", fmt::join(words, " "));
        EXPECT_THAT(said.output, HasSubstr("--help"));
    }
}

TEST(the_command_line, answers_nonsense_with_exit_code_2)
{
    const auto program = postern_program().string();
    for (const auto& words : std::vector<std::vector<std::string>>{{program},
                                                                   {program, "dance"},
                                                                   {program, "serve"},
                                                                   {program, "queue"},
                                                                   {program, "queue", "show"},
                                                                   {program, "send", "--server"},
                                                                   {program, "check", "--config"},
                                                                   {program, "check", "--confg", "x"}}) {
        const auto said = run(words);
        EXPECT_EQ(said.status, usage) << fmt::format("{}", fmt::join(words, " ")) << said.errors;
        EXPECT_FALSE(said.errors.empty());
    }
}

TEST(the_command_line, names_the_command_that_is_not_there)
{
    const auto program = postern_program().string();
    const auto dance = run({program, "dance"});
    EXPECT_EQ(dance.status, usage);
    EXPECT_THAT(dance.errors, AllOf(HasSubstr("there is no command \"dance\""), HasSubstr("serve"), HasSubstr("queue")));
    const auto bogus = run({program, "queue", "bogus", "--json"});
    EXPECT_EQ(bogus.status, usage);
    EXPECT_THAT(bogus.errors, AllOf(HasSubstr("there is no queue command \"bogus\""), HasSubstr("list"), HasSubstr("flush")));
}

} // namespace
} // namespace postern::test
