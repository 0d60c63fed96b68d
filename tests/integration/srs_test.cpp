// Forwarded mail with rewritten senders, with the real daemon, and beside Mail::SRS: plugins/srs.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What Mail::SRS makes of an address, `days` ago.
[[nodiscard]] std::string by_mail_srs(const std::string& what, const std::string& address, int days = 0)
{
    const auto script =
        fmt::format("BEGIN {{ *CORE::GLOBAL::time = sub {{ CORE::time() - {} * 86400 }} }} use Mail::SRS; "
                    "print Mail::SRS->new(Secret => ['0123456789abcdef'], MaxAge => 21)->{}($ARGV[0], 'srs.example.org')",
                    days, what);
    const auto made = run({"perl", "-e", script, address});
    EXPECT_EQ(made.status.code, 0) << made.errors;
    return made.output;
}

class a_forwarder : public ::testing::Test {
protected:
    a_forwarder()
    {
        folder_.write("srs.secret", "0123456789abcdef\n");
        configuration what;
        what.listener("in", {"relay-domains", "srs"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.org\"]\naddresses = [\"friend@elsewhere.example\"]")
            .plugin("srs", "srs",
                    fmt::format(
                        "domain = \"srs.example.org\"\ndomains = [\"example.org\", \"srs.example.org\"]\nsecret_file = \"{}\"",
                        (folder_.path() / "srs.secret").string()),
                    "may = [\"sender\", \"rcpt\"]")
            .section("delivery", fmt::format("relay = \"{}\"", next_.address()));
        gateway_ = std::make_unique<server>(what);
    }
    /// The reply to the last RCPT, or to the message.
    smtp_reply sends(const std::string& from, const std::vector<std::string>& to)
    {
        smtp_peer peer{gateway_->port()};
        EXPECT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<" + from + ">").code, 250);
        for (const auto& each : to)
            if (auto reply = peer.says("RCPT TO:<" + each + ">"); reply.code != 250)
                return reply;
        EXPECT_EQ(peer.says("DATA").code, 354);
        EXPECT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
        return peer.reply();
    }
    /// With whom from and to the next message arrived.
    arrived_message arrived()
    {
        EXPECT_TRUE(next_.wait_for(++expected_)) << gateway_->log();
        return next_.arrived().back();
    }

    temporary_folder folder_;
    next_hop next_;
    std::unique_ptr<server> gateway_;
    std::size_t expected_ = 0;
};

TEST_F(a_forwarder, rewrites_senders_so_that_mail_srs_finds_back)
{
    ASSERT_EQ(sends("user@client.example", {"friend@elsewhere.example"}).code, 250) << gateway_->log();
    const auto sender = arrived().sender;
    EXPECT_THAT(sender, StartsWith("SRS0="));
    EXPECT_EQ(by_mail_srs("reverse", sender), "user@client.example");
    EXPECT_EQ(by_mail_srs("forward", "user@client.example"), sender) << "to the last octet";
}

TEST_F(a_forwarder, brings_bounces_back_that_mail_srs_has_made_an_address_for)
{
    const auto address = by_mail_srs("forward", "user@client.example");
    ASSERT_EQ(sends("", {address}).code, 250) << gateway_->log();
    const auto message = arrived();
    EXPECT_EQ(message.sender, "");
    EXPECT_THAT(message.recipients, ElementsAre("user@client.example"));
}

TEST_F(a_forwarder, shortens_the_way_of_what_was_forwarded_before)
{
    const std::string first = "SRS0=abcd=RA=client.example=user@first.example";
    ASSERT_EQ(sends(first, {"friend@elsewhere.example"}).code, 250);
    const auto sender = arrived().sender;
    EXPECT_THAT(sender, StartsWith("SRS1="));
    EXPECT_EQ(by_mail_srs("reverse", sender), first);
    ASSERT_EQ(sends("", {sender}).code, 250);
    EXPECT_THAT(arrived().recipients, ElementsAre(first));
}

TEST_F(a_forwarder, leads_nobody_outside_who_has_no_good_address)
{
    const auto forged = sends("", {"SRS0=abcd=RA=elsewhere.example=user@srs.example.org"});
    EXPECT_EQ(forged.code, 550);
    EXPECT_THAT(forged.text(), HasSubstr("5.7.1 that forwarding address was not made here"));
    auto moved = by_mail_srs("forward", "user@client.example");
    moved.replace(moved.find("client.example"), 14, "victim.example");
    EXPECT_EQ(sends("", {moved}).code, 550);
    const auto old = sends("", {by_mail_srs("forward", "user@client.example", 22)});
    EXPECT_EQ(old.code, 550);
    EXPECT_THAT(old.text(), HasSubstr("has expired"));
    EXPECT_EQ(sends("", {by_mail_srs("forward", "user@client.example", 20)}).code, 250);
    EXPECT_EQ(sends("", {"user@victim.example"}).code, 550);
    EXPECT_EQ(sends("", {"user@srs.example.org"}).code, 550);
}

TEST_F(a_forwarder, rewrites_for_all_recipients_of_a_message_and_for_none_of_a_message_that_stays)
{
    ASSERT_EQ(sends("user@client.example", {"one@example.org", "friend@elsewhere.example"}).code, 250);
    const auto both = arrived();
    EXPECT_THAT(both.sender, StartsWith("SRS0="));
    EXPECT_THAT(both.recipients, ElementsAre("one@example.org", "friend@elsewhere.example"));
    ASSERT_EQ(sends("user@client.example", {"one@example.org"}).code, 250);
    EXPECT_EQ(arrived().sender, "user@client.example");
}

} // namespace
} // namespace postern::test
