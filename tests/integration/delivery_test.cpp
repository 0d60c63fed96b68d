// What becomes of a message when the next hop is not kind.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr exit_status success{0, 0};

/// A relay that tries again at once, more or less.
[[nodiscard]] configuration impatient(const next_hop& next, std::string_view more = {})
{
    auto what = configuration::relay(next.address());
    what.section("queue", fmt::format("retry = [\"50ms\"]\njitter = 0.0\n{}", more));
    return what;
}

void send(const server& gateway, std::string_view sender, const std::vector<std::string>& recipients,
          std::string_view content = "Subject: hi\r\n\r\nhello\r\n")
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    const auto reply = peer.delivers(sender, recipients, content);
    ASSERT_EQ(reply.code, 250) << reply.text();
    EXPECT_EQ(peer.says("QUIT").code, 221);
}

/// With an envelope that asks to be told of success (RFC 3461).
void send_and_ask(const server& gateway, std::string_view sender, std::string_view recipient)
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says(fmt::format("MAIL FROM:<{}> RET=FULL ENVID=QQ+2B7", sender)).code, 250);
    ASSERT_EQ(peer.says(fmt::format("RCPT TO:<{}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first+2Bname@example.com", recipient)).code,
              250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nthe body\r\n.\r\n"));
    ASSERT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.says("QUIT").code, 221);
}

TEST(delivery, tries_again_after_a_temporary_refusal_at_every_stage)
{
    for (const auto stage : {hop_stage::greeting, hop_stage::mail, hop_stage::rcpt, hop_stage::data, hop_stage::content}) {
        std::atomic<int> refusals = 2;
        next_hop next{[&](hop_stage at, std::string_view) {
            return at == stage && refusals-- > 0 ? hop_answer{.reply = "451 4.3.0 later"} : hop_answer{};
        }};
        server gateway{impatient(next)};
        send(gateway, "a@client.example", {"user@example.com"});
        ASSERT_TRUE(next.wait_for(1)) << "stage " << static_cast<int>(stage) << "\n" << gateway.log();
        EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
        EXPECT_EQ(next.count(), 1U);
    }
}

TEST(delivery, tries_again_after_a_lost_connection_at_every_stage)
{
    for (const auto stage :
         {hop_stage::greeting, hop_stage::ehlo, hop_stage::mail, hop_stage::rcpt, hop_stage::data, hop_stage::content}) {
        std::atomic<int> losses = 2;
        next_hop next{[&](hop_stage at, std::string_view) {
            return at == stage && losses-- > 0 ? hop_answer{.drop = true, .record = false} : hop_answer{};
        }};
        server gateway{impatient(next)};
        send(gateway, "a@client.example", {"user@example.com"});
        ASSERT_TRUE(next.wait_for(1)) << "stage " << static_cast<int>(stage) << "\n" << gateway.log();
        EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    }
}

TEST(delivery, falls_back_to_helo_for_a_next_hop_of_the_last_century)
{
    next_hop next{
        [](hop_stage at, std::string_view) { return at == hop_stage::ehlo ? hop_answer{.reply = "500 what?"} : hop_answer{}; }};
    server gateway{impatient(next)};
    send(gateway, "a@client.example", {"user@example.com"});
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
}

TEST(delivery, of_a_permanent_refusal_becomes_a_report_to_the_sender)
{
    next_hop next{[](hop_stage at, std::string_view line) {
        return at == hop_stage::rcpt && line.find("gone@example.com") != std::string_view::npos
                   ? hop_answer{.reply = "550 5.1.1 nobody of that name"}
                   : hop_answer{};
    }};
    server gateway{impatient(next)};
    send(gateway, "author@example.com", {"gone@example.com"});
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto report = next.arrived().front();
    EXPECT_EQ(report.sender, "") << "RFC 3464 2: a report has the null reverse path";
    EXPECT_THAT(report.recipients, ElementsAre("author@example.com"));
    EXPECT_THAT(report.content,
                AllOf(HasSubstr("multipart/report"), HasSubstr("report-type=delivery-status"),
                      HasSubstr("message/delivery-status"), HasSubstr("Action: failed"), HasSubstr("Status: 5.1.1"),
                      HasSubstr("gone@example.com"), HasSubstr("nobody of that name"), HasSubstr("Subject: hi")));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(next.count(), 1U);
}

TEST(delivery, of_a_refused_report_ends_there)
{
    next_hop next{[](hop_stage at, std::string_view) {
        return at == hop_stage::rcpt ? hop_answer{.reply = "550 5.1.1 nobody"} : hop_answer{};
    }};
    server gateway{impatient(next)};
    send(gateway, "author@example.com", {"gone@example.com"});
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(next.count(), 0U);
}

TEST(delivery, of_a_message_without_a_sender_is_never_reported)
{
    std::atomic<int> refused = 0;
    next_hop next{[&](hop_stage at, std::string_view) {
        if (at != hop_stage::rcpt)
            return hop_answer{};
        ++refused;
        return hop_answer{.reply = "550 5.1.1 nobody"};
    }};
    server gateway{impatient(next)};
    send(gateway, "", {"gone@example.com"});
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(refused, 1);
    EXPECT_EQ(next.count(), 0U);
}

TEST(delivery, keeps_only_the_recipients_that_are_still_open)
{
    std::atomic<int> refusals = 1;
    next_hop next{[&](hop_stage at, std::string_view line) {
        const bool is_late = line.find("late@example.com") != std::string_view::npos;
        return at == hop_stage::rcpt && is_late && refusals-- > 0 ? hop_answer{.reply = "451 4.2.1 later"} : hop_answer{};
    }};
    server gateway{impatient(next)};
    send(gateway, "a@client.example", {"now@example.com", "late@example.com"});
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    std::vector<std::vector<std::string>> recipients;
    for (const auto& message : next.arrived())
        recipients.push_back(message.recipients);
    EXPECT_THAT(recipients, UnorderedElementsAre(ElementsAre("now@example.com"), ElementsAre("late@example.com")));
}

TEST(delivery, gives_up_when_the_message_has_expired_and_reports_it)
{
    next_hop next{[](hop_stage at, std::string_view line) {
        return at == hop_stage::rcpt && line.find("never@example.com") != std::string_view::npos
                   ? hop_answer{.reply = "451 4.2.1 not today"}
                   : hop_answer{};
    }};
    server gateway{impatient(next, "expire = \"300ms\"")};
    send(gateway, "author@example.com", {"never@example.com"});
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, AllOf(HasSubstr("Action: failed"), HasSubstr("never@example.com")));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

TEST(delivery, survives_a_restart_with_the_message_still_in_the_queue)
{
    const temporary_folder place;
    std::atomic<bool> refuses = true;
    next_hop next{[&](hop_stage at, std::string_view) {
        return at == hop_stage::mail && refuses ? hop_answer{.reply = "451 4.3.0 later"} : hop_answer{};
    }};
    const auto what = impatient(next);
    {
        server gateway{what, place.path()};
        send(gateway, "a@client.example", {"user@example.com"}, "Subject: patience\r\n\r\nstill here\r\n");
        EXPECT_EQ(gateway.stop(), success) << gateway.log();
    }
    EXPECT_EQ(next.count(), 0U);
    refuses = false;
    server again{what, place.path()};
    ASSERT_TRUE(next.wait_for(1)) << again.log();
    EXPECT_THAT(next.arrived().front().content, HasSubstr("still here"));
    EXPECT_TRUE(again.queue_becomes_empty()) << again.log();
    EXPECT_EQ(next.count(), 1U);
}

TEST(delivery, refuses_a_message_that_goes_in_circles)
{
    next_hop next;
    auto what = impatient(next);
    what.section("limits", "received = 3");
    server gateway{what};
    std::string travelled;
    for (int i = 0; i < 3; ++i)
        travelled += "Received: from a.example by b.example; Thu, 1 Jan 1970 00:00:00 +0000\r\n";
    send(gateway, "a@client.example", {"user@example.com"}, travelled + "Subject: at the limit\r\n\r\n");
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    const auto reply =
        peer.delivers("a@client.example", {"user@example.com"},
                      "Received: from a.example by b.example; Thu, 1 Jan 1970 00:00:00 +0000\r\n" + travelled + "\r\n");
    EXPECT_EQ(reply.code / 100, 5) << reply.text();
    EXPECT_THAT(reply.text(), HasSubstr("5.4.6")) << "RFC 3463 3.5: routing loop detected";
}

/// More than the sockets between two programs hold.
[[nodiscard]] std::string a_long_message()
{
    std::string content = "Subject: much\r\n\r\n";
    while (content.size() < std::size_t{16} << 20U)
        content += "0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
    return content;
}

TEST(delivery, that_is_refused_in_the_middle_of_the_content_is_reported_with_the_reason)
{
    std::atomic<int> refusals = 1;
    next_hop next{[&](hop_stage at, std::string_view) {
        return at == hop_stage::content_begun && refusals-- > 0 ? hop_answer{.reply = "552 5.3.4 that is enough", .drop = true}
                                                                : hop_answer{};
    }};
    server gateway{impatient(next)};
    send(gateway, "author@example.com", {"user@example.com"}, a_long_message());
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto report = next.arrived().front();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.content,
                AllOf(HasSubstr("Action: failed"), HasSubstr("Status: 5.3.4"), HasSubstr("552 5.3.4 that is enough")));
    EXPECT_TRUE(gateway.logs("failed", {"code=552", "that is enough"}));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

TEST(delivery, that_is_cut_off_with_421_in_the_middle_of_the_content_is_tried_again)
{
    std::atomic<int> refusals = 1;
    next_hop next{[&](hop_stage at, std::string_view) {
        return at == hop_stage::content_begun && refusals-- > 0
                   ? hop_answer{.reply = "421 4.3.2 closing for the night", .drop = true}
                   : hop_answer{};
    }};
    server gateway{impatient(next)};
    send(gateway, "author@example.com", {"user@example.com"}, a_long_message());
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_EQ(next.arrived().front().sender, "author@example.com");
    EXPECT_TRUE(gateway.logs("deferred", {"code=421", "closing for the night"}));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

// RFC 3461 5.2.2
TEST(delivery, to_a_next_hop_that_tells_nobody_is_reported_as_relayed_to_a_sender_who_asked)
{
    next_hop next{[](hop_stage at, std::string_view) {
        return at == hop_stage::ehlo ? hop_answer{.reply = "250-next.example\r\n250 8BITMIME"} : hop_answer{};
    }};
    server gateway{impatient(next)};
    send_and_ask(gateway, "author@example.com", "user@example.com");
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    const auto arrived = next.arrived();
    ASSERT_THAT(arrived, SizeIs(2)) << "a report is never reported";
    EXPECT_THAT(arrived[0].commands, ElementsAre("MAIL FROM:<author@example.com>", "RCPT TO:<user@example.com>"));
    EXPECT_EQ(arrived[1].sender, "");
    EXPECT_THAT(arrived[1].recipients, ElementsAre("author@example.com"));
    EXPECT_THAT(arrived[1].content, AllOf(HasSubstr("report-type=delivery-status"), HasSubstr("Original-Envelope-Id: QQ+7"),
                                          HasSubstr("Original-Recipient: rfc822; first+name@example.com"),
                                          HasSubstr("Action: relayed"), HasSubstr("Status: 2.0.0"),
                                          HasSubstr("Remote-MTA: dns; "), HasSubstr("Diagnostic-Code: smtp; 250 2.0.0 taken")));
}

// RFC 3461 5.2.1
TEST(delivery, to_a_next_hop_that_offers_dsn_hands_the_wish_to_be_told_on)
{
    next_hop next;
    server gateway{impatient(next)};
    send_and_ask(gateway, "author@example.com", "user@example.com");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    ASSERT_EQ(next.count(), 1U) << "to tell is the next hop's duty";
    EXPECT_THAT(next.arrived().front().commands,
                ElementsAre("MAIL FROM:<author@example.com> RET=FULL ENVID=QQ+2B7",
                            "RCPT TO:<user@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first+2Bname@example.com"));
}

TEST(delivery, reuses_a_connection_for_the_next_message)
{
    next_hop next;
    auto what = impatient(next);
    what.section("delivery", "per_destination = 1");
    server gateway{what};
    constexpr std::size_t messages = 20;
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    for (std::size_t i = 0; i < messages; ++i)
        ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\n").code, 250);
    ASSERT_TRUE(next.wait_for(messages)) << gateway.log();
    EXPECT_LT(next.connections(), messages);
}

// --- into a Maildir ----------------------------------------------------------------------------------------------------

[[nodiscard]] std::vector<std::filesystem::path> new_mail(const server& gateway)
{
    const auto folder = gateway.folder() / "mail" / "new";
    std::vector<std::filesystem::path> found;
    if (std::filesystem::exists(folder))
        for (const auto& entry : std::filesystem::directory_iterator{folder})
            found.push_back(entry.path());
    return found;
}

TEST(delivery, into_a_maildir_shows_the_message_with_the_fields_that_plugins_added)
{
    configuration what;
    what.listener("in", {"relay-domains", "headers"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("headers", "headers", "add = { X-Gateway = \"ours\" }\nremove = [\"X-Secret\"]", "may = [\"headers\"]")
        .plugin("mailbox", "maildir", "path = \"mail\"")
        .section("delivery", "transport = \"mailbox\"");
    server gateway{what};
    send(gateway, "a@client.example", {"user@example.com"}, "X-Secret: no\r\nSubject: keep me\r\nx-secret: no\r\n\r\nhello\r\n");

    ASSERT_TRUE(eventually([&] { return !new_mail(gateway).empty(); })) << gateway.log();
    ASSERT_THAT(new_mail(gateway), SizeIs(1));
    const auto message = read_file(new_mail(gateway).front());
    EXPECT_THAT(message, AllOf(HasSubstr("X-Gateway: ours"), HasSubstr("Subject: keep me"), HasSubstr("hello"),
                               HasSubstr("Return-Path: <a@client.example>")));
    EXPECT_THAT(message, ::testing::Not(HasSubstr("ecret: no")));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

// RFC 3461 5.2.3
TEST(delivery, into_a_maildir_is_reported_to_a_sender_who_asked)
{
    configuration what;
    what.listener("in", {"relay-domains"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("mailbox", "maildir", "path = \"mail\"")
        .section("delivery", "transport = \"mailbox\"");
    server gateway{what};
    send_and_ask(gateway, "author@example.com", "user@example.com");
    send(gateway, "author@example.com", {"other@example.com"}); // who did not ask
    ASSERT_TRUE(eventually([&] { return new_mail(gateway).size() == 3; })) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    std::vector<std::string> reports;
    for (const auto& file : new_mail(gateway))
        if (auto content = read_file(file); content.find("multipart/report") != std::string::npos)
            reports.push_back(std::move(content));
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_THAT(reports.front(),
                AllOf(HasSubstr("Return-Path: <>"), HasSubstr("To: <author@example.com>"),
                      HasSubstr("Original-Envelope-Id: QQ+7"), HasSubstr("Original-Recipient: rfc822; first+name@example.com"),
                      HasSubstr("Final-Recipient: rfc822; user@example.com"), HasSubstr("Action: delivered"),
                      HasSubstr("Status: 2.0.0"), HasSubstr("Subject: hi")));
    EXPECT_THAT(reports.front(), ::testing::Not(::testing::AnyOf(HasSubstr("the body"), HasSubstr("Remote-MTA"))))
        << "RET=FULL is for failures; no other system had a part in this";
}

TEST(delivery, into_a_maildir_that_cannot_be_written_waits_in_the_queue)
{
    configuration what;
    what.listener("in", {"relay-domains"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("mailbox", "maildir", "path = \"mail\"")
        .section("delivery", "transport = \"mailbox\"")
        .section("queue", "retry = [\"50ms\"]\njitter = 0.0");
    server gateway{what};
    std::filesystem::remove_all(gateway.folder() / "mail");
    // A file where the folder should be: even root cannot write below it.
    {
        const temporary_folder aside;
        std::filesystem::copy_file(aside.write("in-the-way", ""), gateway.folder() / "mail");
    }
    send(gateway, "a@client.example", {"user@example.com"});
    ASSERT_TRUE(eventually([&] {
        const auto list = gateway.command({"queue", "list", "--json"});
        return list.output.find("\"deferred\"") != std::string::npos;
    })) << gateway.log();
    std::filesystem::remove(gateway.folder() / "mail");
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_TRUE(std::filesystem::exists(gateway.folder() / "mail" / "new"));
}

} // namespace
} // namespace postern::test
