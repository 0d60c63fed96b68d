// The plugin require-tls in whole servers: REQUIRETLS from one to the next, what lacks it, and what a message may waive.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/tls_peer.hpp"
#include "tests/support/trusting.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using ::testing::SizeIs;

[[nodiscard]] configuration relay_to(std::string_view next, bool with_plugin = true)
{
    configuration what;
    what.listener("in",
                  with_plugin ? std::vector<std::string>{"relay-domains", "require-tls"}
                              : std::vector<std::string>{"relay-domains"},
                  "starttls")
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .section("delivery", fmt::format("relay = \"{}\"", next))
        .section("queue", "retry = [\"50ms\"]\njitter = 0.0");
    if (with_plugin)
        what.plugin("require-tls", "require-tls", "", "may = [\"tls\"]");
    return what;
}

/// The reply to the message, or to what was refused of it.
smtp_reply sends(const server& to, std::string_view mail_parameters, std::string_view content = "Subject: hi\r\n\r\nhello\r\n")
{
    auto peer = tls_peer::starttls(to.port());
    EXPECT_TRUE(peer.shakes_hands());
    EXPECT_THAT(peer.says("EHLO client.example").lines, Contains("REQUIRETLS"));
    for (const auto& line : {fmt::format("MAIL FROM:<author@example.com>{}", mail_parameters),
                             std::string{"RCPT TO:<user@example.com>"}, std::string{"DATA"}})
        if (auto reply = peer.says(line); reply.code >= 400)
            return reply;
    peer.sends(stuffed(content));
    return peer.reply();
}

// RFC 8689 2, 4.1
TEST(require_tls, is_offered_inside_tls_and_is_nothing_outside)
{
    next_hop next;
    server gateway{relay_to(next.address())};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Not(Contains("REQUIRETLS")));
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> REQUIRETLS").code, 555);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XTLSWAIVED").code, 555);
    EXPECT_EQ(sends(gateway, " REQUIRETLS=1").code, 501);
    EXPECT_EQ(sends(gateway, " XTLSWAIVED").code, 555);
}

// RFC 8689 4.2.1
TEST(require_tls, goes_along_to_a_next_hop_that_offers_it_and_can_be_trusted)
{
    next_hop last;
    server second{relay_to(last.address())};
    const trusting anchor{second.folder() / "cert.pem"};
    server first{relay_to(second.address())};
    ASSERT_EQ(sends(first, " REQUIRETLS").code, 250);
    ASSERT_TRUE(first.logs("delivered")) << first.log();
    // What the second has of it is its own to deliver: its next hop speaks no TLS at all.
    EXPECT_TRUE(second.logs("deferred", {"TLS is required"})) << second.log();
    const auto listed = second.command({"queue", "list"}).output;
    EXPECT_THAT(second.command({"queue", "show", listed.substr(0, listed.find(' '))}).output, HasSubstr("MAIL REQUIRETLS"));
    EXPECT_EQ(last.count(), 0U);
}

// RFC 8689 4.2.1, 5
TEST(require_tls, fails_where_the_next_hop_does_not_offer_it_and_so_does_its_report)
{
    next_hop last;
    server second{relay_to(last.address(), false)};
    const trusting anchor{second.folder() / "cert.pem"};
    server first{relay_to(second.address())};
    ASSERT_EQ(sends(first, " REQUIRETLS").code, 250);
    ASSERT_TRUE(first.logs("dsn", {"kind=failure"})) << first.log();
    const auto log = first.log();
    const auto id = log_value(log.substr(log.find(" accepted ")), "message");
    EXPECT_THAT(first.command({"explain", id}).output, AllOf(HasSubstr("5.7.30"), HasSubstr("needs REQUIRETLS")));
    EXPECT_TRUE(first.queue_becomes_empty()) << first.log();
    EXPECT_THAT(second.log(), Not(HasSubstr("accepted"))) << "nor was the report sent on without it";
}

TEST(require_tls, sends_nothing_to_a_next_hop_that_nobody_vouches_for)
{
    next_hop last;
    server second{relay_to(last.address())};
    server first{relay_to(second.address())};
    ASSERT_EQ(sends(first, " REQUIRETLS").code, 250);
    EXPECT_TRUE(first.logs("deferred", {"TLS handshake failed"})) << first.log();
    EXPECT_THAT(first.log(), Not(HasSubstr("delivered")));
}

// RFC 8689 3: an earlier plugin stands for what a recipient's domain asks for.
TEST(require_tls, is_waived_by_the_header_field_and_not_for_who_said_the_parameter)
{
    next_hop next;
    auto what = relay_to(next.address(), false);
    what.listener("strict", {"relay-domains", "demands", "require-tls"}, "starttls")
        .plugin("demands", "outgoing-probe", "does = { \"delivery.tls_policy\" = \"tls:required\" }")
        .plugin("require-tls", "require-tls", "", "may = [\"tls\"]");
    server gateway{what};
    const auto sends_strictly = [&](std::string_view parameters, std::string_view content) {
        auto peer = tls_peer::starttls(gateway.port("strict"));
        ASSERT_TRUE(peer.shakes_hands());
        ASSERT_EQ(peer.says("EHLO client.example").code, 250);
        ASSERT_EQ(peer.says(fmt::format("MAIL FROM:<author@example.com>{}", parameters)).code, 250);
        ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        ASSERT_EQ(peer.says("DATA").code, 354);
        peer.sends(stuffed(content));
        ASSERT_EQ(peer.reply().code, 250);
    };
    sends_strictly("", "Subject: strict\r\n\r\n");
    EXPECT_TRUE(gateway.logs("deferred", {"TLS is required"})) << gateway.log();
    sends_strictly(" REQUIRETLS", "Subject: both\r\nTLS-Required: No\r\n\r\n");
    sends_strictly("", "Subject: waived\r\nTLS-Required: No\r\n\r\n");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    ASSERT_THAT(next.arrived(), SizeIs(1));
    EXPECT_THAT(next.arrived().front().content, HasSubstr("Subject: waived\r\nTLS-Required: No\r\n"));
}

// RFC 8689 4.2.1
TEST(require_tls, goes_by_postern_send_only_to_whom_a_certificate_was_verified_of)
{
    next_hop next;
    server gateway{relay_to(next.address(), false).plugin("discard", "discard")};
    const auto sent = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {postern_program().string(), "send", "--server", gateway.address(), "--from",
                                   "a@client.example", "--to", "u@example.com", "--tls", "starttls", "--require-tls"});
        return run(std::move(more), "Subject: hi\n\nhello\n");
    };
    EXPECT_THAT(sent({"--no-verify"}).errors, HasSubstr("needs a server whose certificate was verified"));
    EXPECT_THAT(sent({}).errors, HasSubstr("certificate verify failed")) << "without a word it is verified";
    EXPECT_THAT(sent({"--ca-file", (gateway.folder() / "cert.pem").string()}).errors, HasSubstr("REQUIRETLS"))
        << "trusted, and does not offer it";
}

} // namespace
} // namespace postern::test
