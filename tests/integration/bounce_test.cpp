// Notifications in whole servers: those of others that arrive, Postfix's among them, and those that are due here, as plugins have
// them.

#include "tests/support/next_hop.hpp"
#include "tests/support/postfix_server.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <unistd.h>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A relay for example.com with the probe.
[[nodiscard]] configuration probed(const std::string& relay, std::string_view does, std::string_view more = "may = [\"dsn\"]")
{
    configuration what;
    what.listener("in", {"relay-domains", "probe"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("probe", "bounce-probe", fmt::format("does = \"{}\"", does), more)
        .section("delivery", fmt::format("relay = \"{}\"", relay))
        .section("queue", "retry = [\"50ms\"]\njitter = 0.0");
    return what;
}

[[nodiscard]] hop_answer refuses_gone(hop_stage at, std::string_view line)
{
    return at == hop_stage::rcpt && line.find("gone@") != std::string_view::npos ? hop_answer{.reply = "550 5.1.1 nobody there"}
                                                                                 : hop_answer{};
}

void send(std::uint16_t port, std::string_view sender, std::string_view recipient, std::string_view content)
{
    smtp_peer peer{port};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers(sender, {std::string{recipient}}, content).code, 250);
    EXPECT_EQ(peer.says("QUIT").code, 221);
}

[[nodiscard]] std::string report_about(std::string_view recipient,
                                       std::string_view returned = "Message-ID: <1@client.example>\r\n")
{
    return fmt::format("From: MAILER-DAEMON@mx.elsewhere.example\r\n"
                       "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
                       "--b\r\n\r\nSorry.\r\n"
                       "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                       "Reporting-MTA: dns; mx.elsewhere.example\r\n\r\n"
                       "Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n"
                       "--b\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--b--\r\n",
                       recipient, returned);
}

TEST(a_notification_that_arrives, is_told_when_it_is_durable_and_other_mail_is_not)
{
    next_hop next;
    server gateway{probed(next.address(), "", "")};
    send(gateway.port(), "a@client.example", "user@example.com", "Subject: hi\r\n\r\nhello\r\n");
    send(gateway.port(), "", "user@example.com", report_about("second@elsewhere.example"));
    ASSERT_TRUE(gateway.logs("plugin.log", {"heard ", "of=second@elsewhere.example"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("plugin.log", {"heard ", "sender=<>", "to=user@example.com", "by=mx.elsewhere.example",
                                            "id=<1@client.example>", "count=1", "action=1", "status=5.2.2"}))
        << gateway.log();
    const auto log = gateway.log();
    EXPECT_EQ(log.find("heard"), log.rfind("heard")) << log;
    EXPECT_TRUE(next.wait_for(2)) << "they are delivered as any mail";
}

TEST(a_notification_that_arrives, may_return_a_message_larger_than_what_is_kept_in_memory)
{
    next_hop next;
    server gateway{probed(next.address(), "", "")};
    std::string returned = "Message-ID: <2@client.example>\r\nSubject: hi\r\n\r\n";
    while (returned.size() < 1'000'000)
        returned += "a line of the message that comes back\r\n";
    send(gateway.port(), "", "user@example.com", report_about("third@elsewhere.example", returned));
    EXPECT_TRUE(gateway.logs("plugin.log", {"heard ", "of=third@elsewhere.example", "id=<2@client.example>"})) << gateway.log();
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
}

TEST(a_notification_that_arrives, is_told_of_nobody_if_it_cannot_be_read)
{
    next_hop next;
    server gateway{probed(next.address(), "", "")};
    send(gateway.port(), "", "user@example.com",
         "Content-Type: multipart/report; report-type=delivery-status\r\n\r\n--b\r\n\r\nno boundary\r\n");
    send(gateway.port(), "", "user@example.com", report_about("fourth@elsewhere.example"));
    ASSERT_TRUE(gateway.logs("plugin.log", {"heard ", "of=fourth@elsewhere.example"})) << gateway.log();
    const auto log = gateway.log();
    EXPECT_EQ(log.find("heard"), log.rfind("heard")) << log;
}

TEST(a_notification_that_arrives, is_understood_as_postfix_writes_it)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "Postfix's master process has to be root";
    next_hop next;
    server gateway{probed(next.address(), "", "")};
    const postfix_server postfix{fmt::format("relayhost = [127.0.0.1]:{}\nsmtp_tls_security_level = none\n", gateway.port()),
                                 postfix_server::relaying};
    smtp_peer peer{postfix.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says("MAIL FROM:<user@example.com> ENVID=QQ314 RET=HDRS").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<gone@elsewhere.example> NOTIFY=FAILURE ORCPT=rfc822;first+2Bname@elsewhere.example").code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\nMessage-ID: <3@client.example>\r\n\r\nhello\r\n.\r\n"));
    ASSERT_EQ(peer.reply().code, 250);
    // The gateway does not take mail for elsewhere.example, and Postfix tells the sender, who is with the gateway.
    EXPECT_TRUE(
        gateway.logs("plugin.log", {"heard ", "sender=<>", "to=user@example.com", "by=mx.example.org", "envid=QQ314",
                                    "id=<3@client.example>", "of=gone@elsewhere.example", "original=first+name@elsewhere.example",
                                    "action=1", "status=5.", "code=5", "mta=127.0.0.1"}))
        << gateway.log() << postfix.errors();
}

TEST(a_notification_that_is_due, is_asked_about_and_goes_out_as_the_plugin_words_it)
{
    next_hop next{refuses_gone};
    server gateway{probed(next.address(), "word")};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says("MAIL FROM:<author@example.com> ENVID=QQ+2B7").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<gone@example.com> ORCPT=rfc822;first@example.com").code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\nMessage-ID: <4@client.example>\r\n\r\nhello\r\n.\r\n"));
    ASSERT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(gateway.logs("plugin.log",
                             {"asked ", "kind=0", "sender=author@example.com", "envid=QQ+7", "count=1", "of=gone@example.com",
                              "original=first@example.com", "action=1", "status=5.1.1", "code=550", "mta=127.0.0.1"}))
        << gateway.log();
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto report = next.arrived().front();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.recipients, ElementsAre("bounces+7@example.com"));
    EXPECT_THAT(report.content, AllOf(HasSubstr("From: Poststelle <MAILER-DAEMON@"), HasSubstr("To: <bounces+7@example.com>\r\n"),
                                      HasSubstr("X-Bounce: 7\r\n"), HasSubstr("Zur=C3=BCck:\r\nan den Absender\r\n"),
                                      HasSubstr("References: <4@client.example>\r\n"), HasSubstr("Action: failed"),
                                      Not(HasSubstr("could not be delivered to"))));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

TEST(a_notification_that_is_due, is_suppressed_with_the_grant_and_leaves_nothing_behind)
{
    next_hop next{refuses_gone};
    server gateway{probed(next.address(), "suppress")};
    send(gateway.port(), "author@example.com", "gone@example.com", "Subject: hi\r\n\r\nhello\r\n");
    ASSERT_TRUE(
        gateway.logs("dsn_suppressed", {"kind=failure", "recipient=author@example.com", "plugin=probe", "as the test wants it"}))
        << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(next.count(), 0U);
}

/// Whoever fails, is late, or does what was not granted: the sender is told.
TEST(a_notification_that_is_due, goes_out_as_it_is_whatever_goes_wrong)
{
    struct row {
        std::string_view does;
        std::string_view more;
    };
    for (const auto& [does, more] : {row{"suppress", ""}, row{"word", ""}, row{"fail", "may = [\"dsn\"]\non_error = \"reject\""},
                                     row{"wait", "may = [\"dsn\"]\ndeadline = \"50ms\"\non_error = \"hold\""}}) {
        next_hop next{refuses_gone};
        server gateway{probed(next.address(), does, more)};
        send(gateway.port(), "author@example.com", "gone@example.com", "Subject: hi\r\n\r\nhello\r\n");
        ASSERT_TRUE(next.wait_for(1)) << does << "\n" << gateway.log();
        const auto report = next.arrived().front();
        EXPECT_THAT(report.recipients, ElementsAre("author@example.com"));
        EXPECT_THAT(report.content, AllOf(HasSubstr("From: Mail Delivery System <"), HasSubstr("could not be delivered to")));
        EXPECT_TRUE(gateway.logs("plugin_failed", {"plugin=probe", "hook=dsn.make"})) << does << "\n" << gateway.log();
        EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    }
}

/// A report that cannot be delivered: nobody may be told, but the postmaster, and he once.
TEST(a_notification_that_comes_back, is_told_to_the_postmaster_and_no_further)
{
    next_hop next{[](hop_stage at, std::string_view line) {
        return at == hop_stage::rcpt && line.find("keeper@") == std::string_view::npos ? hop_answer{.reply = "550 5.1.1 nobody"}
                                                                                       : hop_answer{};
    }};
    auto what = probed(next.address(), "");
    server gateway{what.section("delivery", "postmaster = \"keeper@example.com\"")};
    send(gateway.port(), "author@example.com", "gone@example.com", "Subject: hi\r\n\r\nhello\r\n");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(next.count(), 1U);
    const auto notice = next.arrived().front();
    EXPECT_EQ(notice.sender, "");
    EXPECT_THAT(notice.recipients, ElementsAre("keeper@example.com"));
    EXPECT_THAT(notice.content, AllOf(HasSubstr("Subject: Undelivered mail: it has no sender\r\n"),
                                      HasSubstr("Final-Recipient: rfc822; author@example.com\r\n")));
}

TEST(a_notification_that_comes_back, ends_with_a_notice_that_comes_back_too)
{
    next_hop next{[](hop_stage at, std::string_view) {
        return at == hop_stage::rcpt ? hop_answer{.reply = "550 5.1.1 nobody"} : hop_answer{};
    }};
    auto what = probed(next.address(), "");
    server gateway{what.section("delivery", "postmaster = \"keeper@example.com\"")};
    send(gateway.port(), "author@example.com", "gone@example.com", "Subject: hi\r\n\r\nhello\r\n");
    EXPECT_TRUE(gateway.logs("failed", {"recipient=keeper@example.com"})) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(next.count(), 0U);
}

TEST(a_notification_that_is_due, is_asked_about_again_where_the_server_died_before_the_answer)
{
    next_hop next{refuses_gone};
    const temporary_folder folder;
    {
        server gateway{probed(next.address(), "wait", "may = [\"dsn\"]\ndeadline = \"1h\""), folder.path()};
        send(gateway.port(), "author@example.com", "gone@example.com", "Subject: hi\r\n\r\nhello\r\n");
        ASSERT_TRUE(gateway.logs("plugin.log", {"asked ", "of=gone@example.com"})) << gateway.log();
        gateway.child().kill();
    }
    EXPECT_EQ(next.count(), 0U);
    server gateway{probed(next.address(), ""), folder.path()};
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().recipients, ElementsAre("author@example.com"));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

} // namespace
} // namespace postern::test
