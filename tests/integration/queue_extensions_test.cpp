// The plugins future-release and etrn in whole servers: messages that wait for their time, or for a next hop that is back.

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

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

[[nodiscard]] configuration with(std::string_view library, std::string_view options, const next_hop& next)
{
    configuration what;
    what.listener("in", {"relay-domains", std::string{library}})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\", \"*.example.com\", \"example.org\"]")
        .plugin(library, library, options, "may = [\"queue\"]")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()))
        .section("queue", "retry = [\"1h\"]\njitter = 0.0");
    return what;
}

[[nodiscard]] smtp_reply sends_mail(smtp_peer& peer, std::string_view mail, std::string_view to = "user@example.com")
{
    const auto rcpt = fmt::format("RCPT TO:<{}>", to);
    for (const auto line : {mail, std::string_view{rcpt}, std::string_view{"DATA"}})
        if (auto reply = peer.says(line); reply.code >= 400)
            return reply;
    peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n");
    return peer.reply();
}

[[nodiscard]] std::string id_of_first(const server& gateway)
{
    const auto listed = gateway.command({"queue", "list"});
    return listed.output.substr(0, listed.output.find(' '));
}

constexpr std::string_view for_this_host = "networks = [\"127.0.0.0/8\"]";

TEST(future_release, keeps_a_message_until_its_time)
{
    next_hop next;
    server gateway{with("future-release", for_this_host, next)};
    smtp_peer peer{gateway.port()};
    ASSERT_THAT(peer.greets().lines, Contains(StartsWith("FUTURERELEASE 604800 2")));
    ASSERT_EQ(sends_mail(peer, "MAIL FROM:<a@client.example> HOLDFOR=2").code, 250);
    EXPECT_EQ(next.count(), 0U);
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().commands.front(), Not(HasSubstr("HOLDFOR")));
}

TEST(future_release, shows_and_remembers_the_time_through_a_kill_and_an_operator_may_be_faster)
{
    const temporary_folder folder;
    make_certificate(folder.path());
    next_hop next;
    const auto what = with("future-release", for_this_host, next);
    auto gateway = std::make_unique<server>(what, folder.path());
    {
        smtp_peer peer{gateway->port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(sends_mail(peer, "MAIL FROM:<a@client.example> HOLDFOR=86400").code, 250);
    }
    const auto before = gateway->command({"queue", "show", id_of_first(*gateway)}).output;
    EXPECT_THAT(before, AllOf(HasSubstr("queued"), HasSubstr("parameter: MAIL HOLDFOR=86400 (not relayed)")));
    gateway->child().signal(SIGKILL);
    (void)gateway->child().wait();
    gateway = std::make_unique<server>(what, folder.path());
    EXPECT_EQ(gateway->command({"queue", "show", id_of_first(*gateway)}).output, before) << "the next attempt among all else";
    EXPECT_EQ(next.count(), 0U);
    ASSERT_EQ(gateway->command({"queue", "retry", id_of_first(*gateway)}).status, (exit_status{0, 0}));
    EXPECT_TRUE(next.wait_for(1)) << gateway->log();
}

TEST(future_release, is_one_time_that_is_not_too_far_ahead) // RFC 4865 4
{
    next_hop next;
    server gateway{with("future-release", fmt::format("{}\nmost = \"1h\"", for_this_host), next)};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_TRUE(peer.sends("MAIL FROM:<a@client.example> HOLDFOR=3601\r\nMAIL FROM:<a@client.example> HOLDFOR=x\r\n"
                           "MAIL FROM:<a@client.example> HOLDFOR=1 HOLDUNTIL=2026-01-01T00:00:00Z\r\n"
                           "MAIL FROM:<a@client.example> HOLDUNTIL=2999-01-01T00:00:00Z\r\n"
                           "MAIL FROM:<a@client.example> HOLDFOR=3600\r\n"));
    for (const int code : {501, 501, 501, 501, 250})
        EXPECT_EQ(peer.reply().code, code);
}

TEST(future_release, is_unknown_to_those_who_do_not_submit)
{
    next_hop next;
    server gateway{with("future-release", "", next)};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Not(Contains(StartsWith("FUTURERELEASE"))));
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> HOLDFOR=1").code, 555);
}

/// A next hop that takes nothing until it is told to, and messages that wait for it.
class etrn : public ::testing::Test {
protected:
    void waits_for(const server& gateway, const std::string& to)
    {
        smtp_peer peer{gateway.port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(sends_mail(peer, "MAIL FROM:<a@client.example>", to).code, 250);
    }
    [[nodiscard]] static bool all_are_deferred(const server& gateway)
    {
        return eventually([&] {
            const auto all = gateway.command({"queue", "list"}).output;
            return all.find("attempting") == std::string::npos && all.find("queued") == std::string::npos;
        });
    }

    std::atomic<bool> is_back_ = false;
    next_hop next_{[this](hop_stage stage, std::string_view) {
        return stage == hop_stage::mail && !is_back_ ? hop_answer{"451 4.3.0 away"} : hop_answer{};
    }};
};

TEST_F(etrn, sends_what_waits_for_a_domain_and_nothing_else) // RFC 1985 5.1
{
    server gateway{with("etrn", "domains = [\"example.com\", \"example.org\"]", next_)};
    waits_for(gateway, "user@example.com");
    waits_for(gateway, "user@example.org");
    ASSERT_TRUE(all_are_deferred(gateway));
    is_back_ = true;
    smtp_peer peer{gateway.port()};
    ASSERT_THAT(peer.greets().lines, Contains("ETRN"));
    EXPECT_EQ(peer.says("ETRN Example.COM").text(), "2.0.0 OK, queuing for node Example.COM started");
    ASSERT_TRUE(next_.wait_for(1)) << gateway.log();
    EXPECT_THAT(next_.arrived().front().recipients, ElementsAre("user@example.com"));
    EXPECT_THAT(gateway.command({"queue", "list"}).output, HasSubstr("user@example.org"));
    EXPECT_EQ(peer.says("ETRN example.org").code, 250);
    EXPECT_TRUE(next_.wait_for(2)) << gateway.log();
}

TEST_F(etrn, sends_what_waits_for_all_below_a_domain_or_for_a_queue) // RFC 1985 5.2, 5.3
{
    server gateway{with("etrn", "domains = [\"*.example.com\"]\nqueues = { branch = \"example.org\" }", next_)};
    waits_for(gateway, "user@deep.mail.example.com");
    waits_for(gateway, "user@example.org");
    ASSERT_TRUE(all_are_deferred(gateway));
    is_back_ = true;
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says("ETRN @example.com").code, 250);
    ASSERT_TRUE(next_.wait_for(1)) << gateway.log();
    EXPECT_THAT(next_.arrived().front().recipients, ElementsAre("user@deep.mail.example.com"));
    ASSERT_EQ(peer.says("ETRN #branch").code, 250);
    EXPECT_TRUE(next_.wait_for(2)) << gateway.log();
}

TEST_F(etrn, is_refused_as_the_rfc_says_and_keeps_the_pipeline_in_step) // RFC 1985 5.3
{
    server gateway{with("etrn", "domains = [\"example.com\"]", next_)};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.reply().code, 220);
    ASSERT_TRUE(peer.sends("ETRN example.com\r\nEHLO client.example\r\nETRN\r\nETRN two words\r\nETRN example.net\r\n"
                           "ETRN example.com\r\nMAIL FROM:<a@client.example>\r\nETRN example.com\r\nNOOP\r\n"));
    EXPECT_EQ(peer.reply().code, 500) << "nothing was offered yet";
    EXPECT_EQ(peer.reply().code, 250);
    for (const int code : {501, 501, 459, 250, 250, 503, 250})
        EXPECT_EQ(peer.reply().code, code);
}

} // namespace
} // namespace postern::test
