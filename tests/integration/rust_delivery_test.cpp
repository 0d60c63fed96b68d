// Mail on its way out where a plugin in Rust has a say: each hook, its answers' effect on the real daemon, and what a panic
// costs.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view somebodys_report =
    "From: MAILER-DAEMON@mx.elsewhere.example\r\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    "--b\r\n\r\nSorry.\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx.elsewhere.example\r\n\r\n"
    "Final-Recipient: rfc822; second@elsewhere.example\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n"
    "--b--\r\n";

/// A hook, and what the probe does there.
[[nodiscard]] std::string at(std::string_view hook, std::string_view what)
{
    return fmt::format("\"{}\" = \"{}\"", hook, what);
}

/// A relay with the probe, to one next hop that refuses "gone@" for good and "busy@" once.
class a_plugin_in_rust : public ::testing::Test {
protected:
    void starts(std::string_view does, std::string_view may = "route\", \"headers\", \"body\", \"dsn\", \"submit")
    {
        configuration what;
        what.listener("in", {"relay-domains", "probe"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .plugin("probe", "rust-probe", fmt::format("does = {{ {} }}", does), fmt::format("may = [\"{}\"]", may))
            .section("queue", "retry = [\"1h\"]\njitter = 0.0")
            .section("delivery", fmt::format("relay = \"{}\"\ntls = \"none\"\n[[delivery.source_pool]]\nname = \"bulk\"\n"
                                             "hostname = \"bulk.example\"",
                                             hop_.address()));
        server_ = std::make_unique<server>(what);
    }
    void sends(std::string_view recipient = "user@example.com", std::string_view sender = "author@example.com",
               std::string_view content = "Subject: hi\r\n\r\nhello\r\n")
    {
        smtp_peer peer{server_->port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.delivers(sender, {std::string{recipient}}, content).code, 250) << server_->log();
        EXPECT_EQ(peer.says("QUIT").code, 221);
    }
    [[nodiscard]] bool was_asked(std::string_view hook, std::vector<std::string> facts = {})
    {
        facts.push_back(fmt::format("asked at {} ", hook));
        return server_->logs("plugin.log", facts);
    }
    [[nodiscard]] std::string introduced()
    {
        const std::lock_guard lock{guard_};
        return introduced_;
    }

    std::mutex guard_;
    std::string introduced_;
    std::atomic<bool> was_busy_ = false;
    next_hop hop_{[this](hop_stage stage, std::string_view line) {
        if (stage == hop_stage::ehlo) {
            const std::lock_guard lock{guard_};
            introduced_ = line;
        }
        if (stage == hop_stage::rcpt && line.find("gone@") != std::string_view::npos)
            return hop_answer{.reply = "550 5.1.1 nobody there"};
        if (stage == hop_stage::rcpt && line.find("busy@") != std::string_view::npos && !was_busy_.exchange(true))
            return hop_answer{.reply = "451 4.2.1 busy"};
        return hop_answer{};
    }};
    std::unique_ptr<server> server_;
};

TEST_F(a_plugin_in_rust, that_says_nothing_is_asked_everywhere_and_changes_nothing)
{
    starts("");
    sends();
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    for (const auto* hook :
         {"queue.policy", "queue.admit", "delivery.source", "delivery.connect", "delivery.content", "delivery.sign"})
        EXPECT_TRUE(was_asked(hook)) << hook << '\n' << server_->log();
    EXPECT_TRUE(was_asked("queue.policy", {"next_hop=" + hop_.address(), "concurrency=20"})) << server_->log();
    EXPECT_TRUE(was_asked("delivery.connect", {"address=127.0.0.1", fmt::format("port={}", hop_.port())})) << server_->log();
    EXPECT_THAT(hop_.arrived().front().content, AllOf(HasSubstr("Subject: hi\r\n"), HasSubstr("\r\n\r\nhello\r\n")));
    EXPECT_THAT(server_->log(), Not(HasSubstr("plugin_failed")));
}

TEST_F(a_plugin_in_rust, gives_a_next_hop_its_rules)
{
    starts(at("queue.policy", "rules"));
    sends();
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    EXPECT_THAT(introduced(), HasSubstr("bulk.example"));
    EXPECT_TRUE(was_asked("delivery.source", {"pool=bulk"})) << server_->log();
}

TEST_F(a_plugin_in_rust, suspends_a_next_hop)
{
    starts(at("queue.policy", "suspend"));
    sends();
    EXPECT_TRUE(server_->logs("suspended", {"next_hop=" + hop_.address(), "the probe wants silence"})) << server_->log();
    EXPECT_EQ(hop_.connections(), 0U);
}

TEST_F(a_plugin_in_rust, lets_a_message_wait_before_it_stands_in_line)
{
    starts(at("queue.admit", "wait once"));
    sends();
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    const auto log = server_->log();
    const auto first = log.find("asked at queue.admit");
    EXPECT_NE(log.find("asked at queue.admit", first + 1), std::string::npos) << log;
    EXPECT_EQ(hop_.connections(), 1U);
}

TEST_F(a_plugin_in_rust, says_when_those_who_are_left_are_tried_again)
{
    starts(at("queue.retry", "soon"));
    sends("busy@example.com");
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    EXPECT_TRUE(was_asked("queue.retry", {"left=busy@example.com:451", "attempts=1"})) << server_->log();
}

TEST_F(a_plugin_in_rust, gives_up_those_who_are_left)
{
    starts(at("queue.retry", "reject"));
    sends("busy@example.com");
    EXPECT_TRUE(server_->logs("failed", {"recipient=busy@example.com", "so says the probe"})) << server_->log();
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    EXPECT_EQ(hop_.arrived().front().sender, "") << "its sender is told";
}

TEST_F(a_plugin_in_rust, names_the_pool_that_a_transaction_goes_from)
{
    starts(at("delivery.source", "pool"));
    sends();
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    EXPECT_THAT(introduced(), HasSubstr("bulk.example"));
}

TEST_F(a_plugin_in_rust, hands_over_a_stream_that_leads_elsewhere)
{
    for (const auto* how : {"socket", "later"}) {
        next_hop elsewhere;
        starts(at("delivery.connect", fmt::format("{}:{}", how, elsewhere.port())));
        sends();
        EXPECT_TRUE(elsewhere.wait_for(1)) << how << '\n' << server_->log();
        server_.reset();
        EXPECT_TRUE(elsewhere.wait_until_alone()) << "its stream is closed with the server";
    }
    EXPECT_EQ(hop_.connections(), 0U);
}

TEST_F(a_plugin_in_rust, whose_stream_was_not_granted_loses_nothing)
{
    next_hop elsewhere;
    starts(at("delivery.connect", fmt::format("socket:{}", elsewhere.port())), "headers");
    sends();
    EXPECT_TRUE(server_->logs("plugin_failed", {"delivery.connect", "not granted"})) << server_->log();
    EXPECT_TRUE(server_->logs("deferred", {"user@example.com"})) << server_->log();
    EXPECT_TRUE(eventually([&] { return elsewhere.connections() == 1; }));
    EXPECT_TRUE(elsewhere.wait_until_alone()) << "it is the plugin's still, which closes it";
    EXPECT_EQ(elsewhere.count() + hop_.count(), 0U);
}

TEST_F(a_plugin_in_rust, leaves_an_address_out)
{
    starts(at("delivery.connect", "next host"));
    sends();
    EXPECT_TRUE(server_->logs("deferred", {"user@example.com", "so says the probe"})) << server_->log();
    EXPECT_EQ(hop_.connections(), 0U);
}

TEST_F(a_plugin_in_rust, changes_what_is_sent_and_puts_a_field_in_front)
{
    starts(at("delivery.content", "edit") + ", " + at("delivery.sign", "sign"));
    sends();
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    const auto content = hop_.arrived().front().content;
    EXPECT_THAT(content, HasSubstr("\r\nX-For: user@example.com\r\n\r\nanother body\r\n"));
    const auto behind = content.find("\r\n") + 2;
    EXPECT_THAT(content, StartsWith(fmt::format("X-Octets: {}\r\n", content.size() - behind)));
}

TEST_F(a_plugin_in_rust, refuses_what_is_about_to_be_sent)
{
    for (const auto* hook : {"delivery.source", "delivery.connect", "delivery.content", "delivery.sign"}) {
        starts(at(hook, "hold"));
        sends();
        EXPECT_TRUE(server_->logs("held", {"so says the probe"})) << hook << '\n' << server_->log();
    }
    EXPECT_EQ(hop_.count(), 0U);
}

TEST_F(a_plugin_in_rust, makes_a_failure_a_deferral_and_lets_the_next_hop_rest)
{
    starts(at("delivery.reply", "rest"));
    sends("gone@example.com");
    EXPECT_TRUE(was_asked("delivery.reply", {"code=550", "stage=Rcpt", "is_failure=true"})) << server_->log();
    EXPECT_TRUE(server_->logs("reply_overruled", {"so says the probe"})) << server_->log();
    EXPECT_TRUE(server_->logs("deferred", {"gone@example.com"})) << server_->log();
    EXPECT_TRUE(server_->logs("destination_rests", {"so says the probe", "plugin=probe"})) << server_->log();
}

TEST_F(a_plugin_in_rust, words_a_notification)
{
    starts(at("dsn.make", "word"));
    sends("gone@example.com");
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    const auto report = hop_.arrived().front();
    EXPECT_EQ(report.recipients.front(), "bounces+7@example.com");
    EXPECT_THAT(report.content, AllOf(HasSubstr("Poststelle"), HasSubstr("X-Bounce: 7\r\n"), HasSubstr("an den Absender")));
    EXPECT_TRUE(was_asked("dsn.make", {"kind=Failure", "about=gone@example.com"})) << server_->log();
}

TEST_F(a_plugin_in_rust, suppresses_a_notification)
{
    starts(at("dsn.make", "suppress"));
    sends("gone@example.com");
    EXPECT_TRUE(was_asked("dsn.make")) << server_->log();
    EXPECT_TRUE(server_->queue_becomes_empty()) << server_->log();
    EXPECT_EQ(hop_.count(), 0U);
}

TEST_F(a_plugin_in_rust, hears_of_a_notification_that_arrives)
{
    starts("");
    sends("user@example.com", "", somebodys_report);
    EXPECT_TRUE(
        was_asked("report.in", {"of=second@elsewhere.example", "status=5.2.2", "action=Failed", "by=mx.elsewhere.example"}))
        << server_->log();
}

TEST_F(a_plugin_in_rust, sends_mail_of_its_own)
{
    starts(at("txn.committed", "submit"));
    sends();
    ASSERT_TRUE(hop_.wait_for(2)) << server_->log();
    EXPECT_TRUE(server_->logs("plugin.log", {"submits: Ok(())"})) << server_->log();
    EXPECT_TRUE(server_->logs("plugin.log", {"token 7 is Stored"})) << server_->log();
    const auto arrived = hop_.arrived();
    const auto& own = arrived[arrived[0].sender == "probe@example.com" ? 0 : 1];
    EXPECT_EQ(own.recipients.front(), "postmaster@example.com");
    EXPECT_THAT(own.content, HasSubstr("Auto-Submitted: auto-generated\r\n"));
}

TEST_F(a_plugin_in_rust, that_was_not_granted_it_sends_no_mail_of_its_own)
{
    starts(at("txn.committed", "submit"), "headers");
    sends();
    EXPECT_TRUE(server_->logs("plugin.log", {"submits: Err(Denied)"})) << server_->log();
    EXPECT_TRUE(hop_.wait_for(1)) << server_->log();
}

/// What fails open: the message goes the way that it would go without the plugin.
TEST_F(a_plugin_in_rust, that_panics_where_silence_is_meant_costs_nothing)
{
    starts(at("queue.policy", "panic") + ", " + at("queue.admit", "panic") + ", " + at("delivery.reply", "panic") + ", " +
           at("queue.retry", "panic") + ", " + at("dsn.make", "panic") + ", " + at("report.in", "panic"));
    sends();
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    sends("gone@example.com");
    ASSERT_TRUE(hop_.wait_for(2)) << server_->log();
    EXPECT_EQ(hop_.arrived().back().sender, "") << "the notification goes out as it is";
    sends("busy@example.com");
    EXPECT_TRUE(server_->logs("deferred", {"busy@example.com"})) << server_->log();
    sends("user@example.com", "", somebodys_report);
    EXPECT_TRUE(hop_.wait_for(3)) << server_->log();
    for (const auto* hook : {"38", "39", "40", "45", "46", "47"})
        EXPECT_TRUE(server_->logs("plugin.log", {fmt::format("hook {}: as the test wants it", hook)})) << hook << server_->log();
}

TEST_F(a_plugin_in_rust, that_panics_elsewhere_puts_the_message_off)
{
    for (const auto* hook : {"delivery.source", "delivery.connect", "delivery.content", "delivery.sign"}) {
        starts(at(hook, "panic"));
        sends();
        EXPECT_TRUE(server_->logs("plugin_failed", {hook})) << server_->log();
        EXPECT_TRUE(server_->logs("deferred", {"user@example.com"})) << hook << '\n' << server_->log();
    }
    EXPECT_EQ(hop_.count(), 0U);
}

TEST(the_example_of_deliveries_in_rust, sends_no_private_fields_out)
{
    next_hop next;
    configuration what;
    what.listener("in", {"relay-domains", "gentle"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("gentle", "gentle-delivery",
                fmt::format("gentle = {{ \"{}\" = \"6000\" }}\nprivate = [\"X-Internal-Host\"]", next.address()),
                "may = [\"headers\"]")
        .section("delivery", fmt::format("relay = \"{}\"\ntls = \"none\"", next.address()));
    const server gateway{what};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    const std::string content = "X-Internal-Host: db7\r\nSubject: hi\r\n\r\nhello\r\n";
    ASSERT_EQ(peer.delivers("a@example.com", {"user@example.com"}, content).code, 250) << gateway.log();
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, AllOf(HasSubstr("Subject: hi\r\n\r\nhello\r\n"), Not(HasSubstr("db7"))));
}

} // namespace
} // namespace postern::test
