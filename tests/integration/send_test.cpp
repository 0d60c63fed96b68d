// `postern send` and what it offers, against servers that say what is written here.

#include "tests/support/next_hop.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

outcome sends(std::uint16_t port, std::vector<std::string> more)
{
    std::vector<std::string> command{
        postern_program().string(), "send", "--server",     "127.0.0.1:" + std::to_string(port), "--from",
        "a@client.example",         "--to", "u@example.com"};
    command.insert(command.end(), more.begin(), more.end());
    return run(std::move(command), "Subject: hi\n\nhello\n");
}

TEST(postern_send, logs_in_and_shows_the_dialogue_without_the_password)
{
    const temporary_folder folder;
    scripted_server server{greeted({"C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "S: 235 2.7.0 welcome",
                                    "C: MAIL FROM:<a@client.example>", "S: 250 ok", "C: RCPT TO:<u@example.com>", "S: 250 ok",
                                    "C: DATA", "S: 354 go", "content", "S: 250 2.0.0 kept", "C: QUIT", "S: 221 bye"},
                                   {"AUTH PLAIN"})};
    const auto said =
        sends(server.port(), {"--user", "tim", "--password-file", folder.write("password", "tanstaaftanstaaf\n").string(),
                              "--auth-in-clear", "--verbose"});
    EXPECT_EQ(said.status, (exit_status{0, 0})) << said.errors << server.surprise();
    EXPECT_EQ(said.output, "u@example.com: 250 2.0.0 kept\n");
    EXPECT_THAT(said.errors, HasSubstr("-> AUTH PLAIN ****\n<- 235 2.7.0 welcome\n"));
    EXPECT_THAT(said.errors, Not(HasSubstr("AHRpbQ")));
}

TEST(postern_send, says_all_of_the_reply_that_refused_its_login)
{
    const temporary_folder folder;
    scripted_server server{greeted({"C: *", "S: 535 5.7.8 Authentication credentials invalid", "silence"}, {"AUTH PLAIN"})};
    const auto said = sends(
        server.port(), {"--user", "tim", "--password-file", folder.write("password", "secret\n").string(), "--auth-in-clear"});
    EXPECT_EQ(said.status, (exit_status{1, 0}));
    EXPECT_THAT(said.errors, HasSubstr("refuses the login: 535 5.7.8 Authentication credentials invalid\n"));
}

TEST(postern_send, says_why_it_does_not_log_in)
{
    const temporary_folder folder;
    const auto password = folder.write("password", "secret\n").string();
    const auto why = [&](std::vector<std::string> keywords, std::vector<std::string> more = {}) {
        scripted_server server{greeted({"silence"}, std::move(keywords))};
        more.insert(more.end(), {"--user", "tim", "--password-file", password});
        const auto said = sends(server.port(), std::move(more));
        EXPECT_EQ(said.status, (exit_status{1, 0}));
        return said.errors;
    };
    EXPECT_THAT(why({"SIZE"}), HasSubstr("the server offers no AUTH\n"));
    EXPECT_THAT(why({"STARTTLS"}), HasSubstr("the server offers AUTH behind STARTTLS only, if at all; use TLS\n"));
    EXPECT_THAT(why({"AUTH PLAIN LOGIN"}), HasSubstr("outside TLS the server offers nothing that hides the password, but PLAIN, "
                                                     "LOGIN\n"));
    EXPECT_THAT(why({"AUTH PLAIN"}, {"--auth", "SCRAM-SHA-256"}),
                HasSubstr("the server does not offer SCRAM-SHA-256, but PLAIN\n"));
    EXPECT_THAT(why({"AUTH GSSAPI"}), HasSubstr("the credentials do not do for what the server offers: GSSAPI\n"));
}

TEST(postern_send, says_all_parameters)
{
    scripted_server server{greeted({"C: MAIL FROM:<a@client.example> SIZE=500 BODY=8BITMIME RET=HDRS ENVID=q+2B1 XPRIO=7",
                                    "S: 250 ok", "C: RCPT TO:<u@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@example.com XR",
                                    "S: 250 ok", "C: DATA", "S: 354 go", "content", "S: 250 kept", "C: QUIT", "S: 221 bye"},
                                   {"SIZE", "8BITMIME", "DSN"})};
    const auto said =
        sends(server.port(), {"--size", "500", "--body", "8bitmime", "--ret", "hdrs", "--envid", "q+1", "--param", "xprio=7",
                              "--notify", "success,delay", "--orcpt", "rfc822;o@example.com", "--rcpt-param", "XR"});
    EXPECT_EQ(said.status, (exit_status{0, 0})) << said.errors << server.surprise();
}

TEST(postern_send, speaks_lmtp_and_names_itself)
{
    scripted_server server{std::vector<std::string>{"S: 220 mx LMTP", "C: LHLO me.example", "S: 250 mx", "C: *", "S: 250 ok",
                                                    "C: *", "S: 250 ok", "C: *", "S: 250 ok", "C: DATA", "S: 354 go", "content",
                                                    "S: 250 kept", "S: 550 5.2.1 closed", "C: QUIT", "S: 221 bye"}};
    const auto said = sends(server.port(), {"--to", "v@example.com", "--lmtp", "--helo", "me.example"});
    EXPECT_EQ(said.status, (exit_status{1, 0}));
    EXPECT_EQ(said.output, "u@example.com: 250 kept\n") << server.surprise();
    EXPECT_EQ(said.errors, "v@example.com: 550 5.2.1 closed\n");
}

TEST(postern_send, gives_up_when_it_is_told_to)
{
    scripted_server server{std::vector<std::string>{"silence"}};
    const auto said = sends(server.port(), {"--timeout", "100ms"});
    EXPECT_EQ(said.status, (exit_status{1, 0}));
    EXPECT_THAT(said.errors, HasSubstr("silent for too long"));
}

TEST(postern_send, smuggles_no_command)
{
    scripted_server server{greeted({"C: QUIT", "S: 221 bye"})};
    const auto said = sends(server.port(), {"--param", "X=1\r\nRSET"});
    EXPECT_EQ(said.status, (exit_status{1, 0}));
    EXPECT_EQ(server.surprise(), "");
}

/// A path is no name that a certificate could be for.
TEST(postern_send, verifies_nobody_behind_a_unix_socket_without_a_name)
{
    const auto said = [](std::vector<std::string> more) {
        more.insert(more.begin(), {postern_program().string(), "send", "--server", "unix:/nowhere/in.sock", "--from",
                                   "a@client.example", "--to", "u@example.com"});
        return run(std::move(more), "Subject: hi\n\nhello\n");
    };
    for (const auto& wrong : std::vector<std::vector<std::string>>{{"--require-tls"},
                                                                   {"--require-tls", "--tls", "starttls"},
                                                                   {"--verify", "--tls", "starttls"},
                                                                   {"--ca-file", "cert.pem", "--tls", "implicit"}}) {
        const auto refused = said(wrong);
        EXPECT_EQ(refused.status, (exit_status{2, 0})) << refused.errors;
        EXPECT_EQ(refused.errors,
                  wrong.front() + " over a Unix socket needs --tls-name NAME: a certificate is never for a path\n");
    }
    const auto named = said({"--require-tls", "--tls", "starttls", "--tls-name", "mx.example.org"});
    EXPECT_EQ(named.status, (exit_status{1, 0}));
    EXPECT_THAT(named.errors, HasSubstr("cannot connect to unix:/nowhere/in.sock"));
}

TEST(postern_send, explains_what_is_wrong_with_its_options)
{
    for (const auto& wrong : std::vector<std::vector<std::string>>{{"--user", "tim"},
                                                                   {"--notify", "sometimes"},
                                                                   {"--notify", "never,delay"},
                                                                   {"--orcpt", "a@example.com"},
                                                                   {"--timeout", "x"}}) {
        const auto said = sends(1, wrong);
        EXPECT_EQ(said.status, (exit_status{2, 0})) << wrong.front();
        EXPECT_THAT(said.errors, HasSubstr("--")) << wrong.front();
    }
}

} // namespace
} // namespace postern::test
