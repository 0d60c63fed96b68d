// What a client says with an extension's parameter, over two servers to a third: examples/03_xtrace.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::HasSubstr;

configuration with_xtrace(const std::string& relay, std::string_view options)
{
    configuration what;
    what.listener("in", {"relay-domains", "xtrace"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("xtrace", "xtrace", options)
        .section("delivery", fmt::format("relay = \"{}\"", relay))
        .section("queue", "retry = [\"50ms\"]\njitter = 0.0");
    return what;
}

/// Two servers in a row, the second of which can be killed, and the third, which takes nothing until it is told to.
class two_servers_with_an_extension : public ::testing::Test {
protected:
    void begin(std::string_view options)
    {
        make_certificate(folder_.path());
        second_ = std::make_unique<server>(with_xtrace(third_.address(), options), folder_.path());
        first_ = std::make_unique<server>(with_xtrace(second_->address(), "policy = \"require\""));
        smtp_peer peer{first_->port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID=7f+2B3a").code, 250);
        ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        ASSERT_EQ(peer.says("DATA").code, 354);
        ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
        ASSERT_EQ(peer.reply().code, 250);
        ASSERT_TRUE(first_->queue_becomes_empty()) << first_->log();
    }
    /// Of the one message in the second server's queue.
    [[nodiscard]] std::string shown() const
    {
        const auto listed = second_->command({"queue", "list"});
        return second_->command({"queue", "show", listed.output.substr(0, listed.output.find(' '))}).output;
    }
    void kill_and_start_again(std::string_view options)
    {
        second_->child().signal(SIGKILL);
        (void)second_->child().wait();
        second_.reset();
        second_ = std::make_unique<server>(with_xtrace(third_.address(), options), folder_.path());
    }

    std::atomic<bool> takes_mail_ = false;
    std::atomic<bool> knows_ = true;
    next_hop third_{[this](hop_stage stage, std::string_view) {
        if (stage == hop_stage::ehlo && knows_)
            return hop_answer{"250-third.example\r\n250 XTRACE 1"};
        return stage == hop_stage::mail && !takes_mail_ ? hop_answer{"451 4.3.0 not yet"} : hop_answer{};
    }};
    temporary_folder folder_;
    std::unique_ptr<server> second_;
    std::unique_ptr<server> first_;
};

TEST_F(two_servers_with_an_extension, carry_its_parameter_to_the_third_though_the_second_is_killed)
{
    begin("policy = \"require\"");
    EXPECT_THAT(shown(), HasSubstr("parameter: MAIL XTRACEID=7f+2B3a (next hops must offer XTRACE)"));
    kill_and_start_again("policy = \"require\"");
    EXPECT_THAT(shown(), HasSubstr("parameter: MAIL XTRACEID=7f+2B3a (next hops must offer XTRACE)"));
    takes_mail_ = true;
    ASSERT_TRUE(third_.wait_for(1)) << second_->log();
    EXPECT_THAT(third_.arrived().front().commands.front(), HasSubstr("MAIL FROM:<a@client.example> "));
    EXPECT_THAT(third_.arrived().front().commands.front(), HasSubstr(" XTRACEID=7f+2B3a"));
}

TEST(three_servers_with_an_extension, keep_its_parameter_to_the_end_though_the_one_between_is_killed)
{
    const temporary_folder folder;
    make_certificate(folder.path());
    next_hop busy{[](hop_stage stage, std::string_view) { // the third server keeps what it gets
        return stage == hop_stage::mail ? hop_answer{"451 4.3.0 not yet"} : hop_answer{};
    }};
    server third{with_xtrace(busy.address(), "")};
    third.child().signal(SIGSTOP); // so that the second one still has the message when it is killed
    const auto between = with_xtrace(third.address(), "policy = \"require\"");
    auto second = std::make_unique<server>(between, folder.path());
    server first{with_xtrace(second->address(), "policy = \"require\"")};
    smtp_peer peer{first.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID=7f+2B3a").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
    ASSERT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(first.queue_becomes_empty()) << first.log();
    second->child().signal(SIGKILL);
    (void)second->child().wait();
    third.child().signal(SIGCONT);
    second.reset();
    second = std::make_unique<server>(between, folder.path());
    ASSERT_TRUE(second->queue_becomes_empty()) << second->log();
    const auto listed = third.command({"queue", "list"});
    EXPECT_THAT(third.command({"queue", "show", listed.output.substr(0, listed.output.find(' '))}).output,
                HasSubstr("parameter: MAIL XTRACEID=7f+2B3a (for next hops that offer XTRACE)"));
}

TEST_F(two_servers_with_an_extension, return_the_message_if_the_third_must_know_it_and_does_not)
{
    begin("policy = \"require\"");
    knows_ = false; // from the next connection on
    kill_and_start_again("policy = \"require\"");
    takes_mail_ = true;
    ASSERT_TRUE(third_.wait_for(1)) << second_->log();
    const auto report = third_.arrived().front();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.content, HasSubstr("Final-Recipient: rfc822; user@example.com"));
    EXPECT_THAT(report.content, HasSubstr("Status: 5.7.0"));
}

TEST_F(two_servers_with_an_extension, drop_the_parameter_if_the_third_need_not_know_it)
{
    begin("policy = \"optional\"");
    knows_ = false;
    kill_and_start_again("policy = \"optional\"");
    takes_mail_ = true;
    ASSERT_TRUE(third_.wait_for(1)) << second_->log();
    EXPECT_EQ(third_.arrived().front().sender, "a@client.example");
    EXPECT_THAT(third_.arrived().front().commands.front(), ::testing::Not(HasSubstr("XTRACEID")));
}

} // namespace
} // namespace postern::test
