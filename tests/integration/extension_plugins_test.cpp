// The plugins mt-priority, limits, rrvs and xclient in whole servers: what clients hear and what next hops get.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A relay for example.com, and for anybody from `networks`, with one plugin more.
[[nodiscard]] configuration with(std::string_view library, std::string_view options, std::string_view may, const next_hop& next,
                                 std::string_view networks = "")
{
    configuration what;
    what.listener("in", {std::string{library}, "relay-domains"})
        .plugin("relay-domains", "relay-domains", fmt::format("domains = [\"example.com\"]\nnetworks = [{}]", networks))
        .plugin(library, library, options, fmt::format("may = [{}]", may))
        .section("delivery", fmt::format("relay = \"{}\"\nconcurrency = 1", next.address()))
        .section("queue", "retry = [\"1h\"]\njitter = 0.0");
    return what;
}

/// The reply to a message's end, or what refused it.
[[nodiscard]] smtp_reply sends_mail(smtp_peer& peer, std::string_view mail, std::string_view rcpt = "RCPT TO:<user@example.com>")
{
    for (const auto line : {mail, rcpt, std::string_view{"DATA"}})
        if (auto reply = peer.says(line); reply.code >= 400)
            return reply;
    peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n");
    return peer.reply();
}

/// A next hop that has this line in its reply to EHLO.
[[nodiscard]] hop_script offering(std::string line)
{
    return [line = std::move(line)](hop_stage stage, std::string_view) {
        return stage == hop_stage::ehlo ? hop_answer{"250-next.example\r\n250 " + line} : hop_answer{};
    };
}

TEST(every_extension_plugin, has_an_example_that_a_server_takes)
{
    for (const std::string_view name : {"mt-priority", "limits", "rrvs", "xclient", "future-release", "etrn", "require-tls",
                                        "sender-owner", "rate-limit", "greylist"}) {
        const auto text = read_file(source_folder() / "plugins" / name / "example.toml");
        const server gateway{configuration::of_text(
            fmt::format("hostname = \"mx.example.org\"\ndata_dir = \"data\"\ncontrol = \"control.sock\"\n[[listener]]\n"
                        "name = \"in\"\naddress = \"127.0.0.1:0\"\nprotocol = \"smtp\"\ntls = \"none\"\nchain = [\"{}\"]\n",
                        name) +
            text)};
        smtp_peer peer{gateway.port()};
        EXPECT_EQ(peer.greets().code, 250) << name;
    }
}

TEST(mt_priority, is_lowered_told_stored_and_said_to_next_hops) // RFC 6710 4, 5, 8
{
    next_hop next{offering("MT-PRIORITY")};
    server gateway{with("mt-priority", "profile = \"STANAG4406\"\nmost = 3", "\"queue\"", next)};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Contains("MT-PRIORITY STANAG4406"));
    EXPECT_THAT(sends_mail(peer, "MAIL FROM:<a@client.example> MT-PRIORITY=9").text(),
                StartsWith("2.3.6 3 is the new priority assigned to the message; queued as "));
    EXPECT_THAT(sends_mail(peer, "MAIL FROM:<a@client.example> MT-PRIORITY=-5").text(), StartsWith("2.0.0 queued as "));
    EXPECT_THAT(sends_mail(peer, "MAIL FROM:<a@client.example>").text(), StartsWith("2.0.0 queued as "));
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> MT-PRIORITY=x").text(), "5.5.2 MT-PRIORITY is -9 to 9");
    ASSERT_TRUE(next.wait_for(3)) << gateway.log();
    std::vector<std::string> mails;
    for (const auto& message : next.arrived())
        mails.push_back(message.commands.front());
    EXPECT_THAT(mails, AllOf(Contains(HasSubstr(" MT-PRIORITY=3")), Contains(HasSubstr(" MT-PRIORITY=-5")),
                             Contains(Not(HasSubstr("MT-PRIORITY")))));
    std::vector<std::string> contents;
    for (const auto& message : next.arrived())
        contents.push_back(message.content);
    EXPECT_THAT(contents, AllOf(Contains(HasSubstr("\tPRIORITY 3;")), Contains(HasSubstr("\tPRIORITY -5;")),
                                Contains(Not(HasSubstr("PRIORITY")))));
}

TEST(mt_priority, decides_who_goes_first)
{
    constexpr std::size_t of_each = 8;
    std::atomic<bool> takes_mail = false;
    next_hop next{[&takes_mail](hop_stage stage, std::string_view) {
        return stage == hop_stage::mail && !takes_mail ? hop_answer{"451 4.3.0 not yet"} : hop_answer{};
    }};
    server gateway{with("mt-priority", "most = 9", "\"queue\"", next)};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    for (std::size_t i = 0; i < of_each; ++i)
        ASSERT_EQ(sends_mail(peer, "MAIL FROM:<late@client.example> MT-PRIORITY=-5").code, 250);
    for (std::size_t i = 0; i < of_each; ++i)
        ASSERT_EQ(sends_mail(peer, "MAIL FROM:<urgent@client.example> MT-PRIORITY=5").code, 250);
    const auto listed = gateway.command({"queue", "list", "--json"}).output;
    EXPECT_THAT(listed, AllOf(HasSubstr("\"priority\":5"), HasSubstr("\"priority\":-5")));
    ASSERT_TRUE(eventually([&] {
        const auto all = gateway.command({"queue", "list"}).output;
        return all.find("attempting") == std::string::npos && all.find("queued") == std::string::npos;
    })) << gateway.log();
    takes_mail = true;
    ASSERT_EQ(gateway.command({"queue", "flush"}).status, (exit_status{0, 0}));
    ASSERT_TRUE(next.wait_for(2 * of_each)) << gateway.log();
    const auto all = next.arrived();
    EXPECT_EQ(all.front().sender, "urgent@client.example");
    EXPECT_EQ(all.back().sender, "late@client.example");
}

TEST(limits, are_said_and_kept_in_a_pipeline_too) // RFC 9422
{
    next_hop next;
    server gateway{with("limits", "mail_max = 2\nrcpt_domain_max = 1", "", next, "\"127.0.0.0/8\"")};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Contains("LIMITS MAILMAX=2 RCPTDOMAINMAX=1"));
    ASSERT_TRUE(peer.sends("MAIL FROM:<a@client.example>\r\nRCPT TO:<b@one.example>\r\nRCPT TO:<c@two.example>\r\n"
                           "RCPT TO:<d@ONE.example>\r\nRSET\r\nMAIL FROM:<a@client.example>\r\nRSET\r\n"
                           "MAIL FROM:<a@client.example>\r\nNOOP\r\n"));
    for (const int code : {250, 250, 452, 250, 250, 250, 250, 421})
        EXPECT_EQ(peer.reply().code, code);
    EXPECT_EQ(peer.reply().code, 0) << "421 closes the connection";
}

TEST(rrvs, refuses_a_mailbox_that_changed_hands_and_keeps_the_pipeline_in_step) // RFC 7293 14
{
    next_hop next;
    server gateway{
        with("rrvs", "domains = [\"example.com\"]\nsince = { \"new@example.com\" = \"2024-01-31T12:00:00Z\" }", "", next)};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Contains("RRVS"));
    ASSERT_TRUE(peer.sends("MAIL FROM:<a@client.example>\r\nRCPT TO:<new@example.com> RRVS=2023-01-01T00:00:00Z\r\n"
                           "RCPT TO:<new@example.com> RRVS=2024-06-01T00:00:00Z;C\r\nRCPT TO:<new@example.com> RRVS=then\r\n"
                           "RCPT TO:<old@example.com>\r\nDATA\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.reply().text(), "5.7.17 mailbox owner has changed");
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.reply().code, 501);
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.reply().code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().recipients, ElementsAre("new@example.com", "old@example.com"));
}

TEST(rrvs, of_other_domains_goes_to_next_hops_that_know_it_and_is_returned_or_dropped_elsewhere) // RFC 7293 5
{
    const auto sent_to = [](next_hop& next, std::string_view value) {
        server gateway{with("rrvs", "", "", next)};
        smtp_peer peer{gateway.port()};
        EXPECT_EQ(peer.greets().code, 250);
        EXPECT_EQ(sends_mail(peer, "MAIL FROM:<a@client.example>",
                             fmt::format("RCPT TO:<user@example.com> RRVS=2024-06-01T00:00:00Z{}", value))
                      .code,
                  250);
        EXPECT_TRUE(next.wait_for(1)) << gateway.log();
        const auto all = next.arrived();
        return all.empty() ? arrived_message{} : all.front();
    };
    next_hop knows{offering("RRVS")};
    EXPECT_THAT(sent_to(knows, "").commands, Contains(HasSubstr("<user@example.com> RRVS=2024-06-01T00:00:00Z")));
    next_hop does_not;
    EXPECT_THAT(sent_to(does_not, ";C").commands, Not(Contains(HasSubstr("RRVS"))));
    next_hop neither;
    const auto report = sent_to(neither, ";R");
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.content, HasSubstr("Status: 5.7.19"));
}

TEST(rrvs, refuses_a_message_whose_header_field_says_so_and_takes_out_one_that_holds) // RFC 7293 3.2
{
    next_hop next;
    server gateway{with("rrvs",
                        "domains = [\"example.com\"]\nheader_field = true\n"
                        "since = { \"user@example.com\" = \"2024-01-31T12:00:00Z\" }",
                        "\"headers\"", next)};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    const auto with_field = [&](std::string_view date) {
        return peer.delivers(
            "a@client.example", {"user@example.com"},
            fmt::format("Require-Recipient-Valid-Since: user@example.com; {}\r\nSubject: hi\r\n\r\nx\r\n", date));
    };
    EXPECT_EQ(with_field("Sun, 1 Jan 2023 00:00:00 +0000").text(), "5.7.17 mailbox owner has changed");
    EXPECT_EQ(with_field("Sat, 1 Jun 2024 00:00:00 +0000").code, 250);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, Not(HasSubstr("Require-Recipient-Valid-Since")));
}

/// A relay that trusts 203.0.113.0/24, and believes 127.0.0.1 whom it speaks for.
[[nodiscard]] configuration behind_a_proxy(const next_hop& next, std::string_view networks = "\"203.0.113.0/24\"")
{
    return with("xclient", "networks = [\"127.0.0.1\"]", "\"client\"", next, networks);
}

TEST(xclient, makes_the_session_the_clients)
{
    next_hop next;
    server gateway{behind_a_proxy(next)};
    smtp_peer peer{gateway.port()};
    ASSERT_THAT(peer.greets().lines, Contains("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"));
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("XCLIENT ADDR=203.0.113.9").code, 503);
    EXPECT_EQ(peer.says("RCPT TO:<user@far.example>").code, 550) << "the proxy itself may not relay";
    EXPECT_EQ(peer.says("RSET").code, 250);
    EXPECT_EQ(peer.says("XCLIENT ADDR=nonsense").code, 501);
    // What follows at once is the client's: it is read after the new greeting.
    ASSERT_TRUE(peer.sends("XCLIENT NAME=real.example ADDR=203.0.113.9 PORT=4711 PROTO=ESMTP\r\nEHLO real.example\r\n"
                           "XCLIENT ADDR=127.0.0.1\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<user@far.example>\r\nDATA\r\n"));
    EXPECT_EQ(peer.reply().code, 220);
    EXPECT_THAT(peer.reply().lines, Not(Contains(StartsWith("XCLIENT"))));
    for (const int code : {550, 250, 250, 354})
        EXPECT_EQ(peer.reply().code, code);
    ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, AllOf(HasSubstr("203.0.113.9"), Not(HasSubstr("127.0.0.1"))));
}

TEST(xclient, with_a_login_lets_the_user_relay_and_without_an_address_trusts_nobody)
{
    next_hop next;
    server gateway{behind_a_proxy(next, "\"127.0.0.0/8\"")};
    smtp_peer user{gateway.port()};
    ASSERT_EQ(user.reply().code, 220);
    ASSERT_EQ(user.says("XCLIENT ADDR=198.51.100.1 LOGIN=alice").code, 220) << "it needs no EHLO before";
    ASSERT_EQ(user.says("EHLO client.example").code, 250);
    EXPECT_EQ(sends_mail(user, "MAIL FROM:<a@client.example>", "RCPT TO:<user@far.example>").code, 250);

    smtp_peer nobody{gateway.port()};
    ASSERT_EQ(nobody.greets().code, 250);
    ASSERT_EQ(nobody.says("XCLIENT ADDR=[UNAVAILABLE] LOGIN=[UNAVAILABLE]").code, 220);
    ASSERT_EQ(nobody.says("EHLO client.example").code, 250);
    EXPECT_EQ(sends_mail(nobody, "MAIL FROM:<a@client.example>", "RCPT TO:<user@far.example>").code, 550)
        << "the proxy's own address counts no more";
}

TEST(xclient, is_understood_of_swaks)
{
    next_hop next;
    server gateway{behind_a_proxy(next)};
    const auto sent = run({"swaks", "--server", "127.0.0.1", "--port", std::to_string(gateway.port()), "--helo", "client.example",
                           "--from", "a@client.example", "--to", "user@far.example", "--xclient-addr", "203.0.113.9",
                           "--xclient-name", "real.example", "--header", "Subject: by swaks"});
    EXPECT_EQ(sent.status, (exit_status{0, 0})) << sent.output << sent.errors;
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
}

} // namespace
} // namespace postern::test
