#include "core/message/received.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::message {
namespace {

received_facts plain()
{
    received_facts facts;
    facts.helo = "client.example";
    facts.peer = *base::ip_address::from_text("192.0.2.1");
    facts.by = "mx.example.org";
    facts.software = "Postern";
    facts.id = "0123456789ABC";
    facts.recipient = "bob@example.com";
    facts.when = base::wall_time{std::chrono::seconds{1'700'769'600}};
    facts.extended = true;
    return facts;
}

TEST(received, tells_who_sent_what_to_whom_and_when)
{
    EXPECT_EQ(received_value(plain()), "from client.example ([192.0.2.1])\r\n"
                                       "\tby mx.example.org (Postern) with ESMTP id 0123456789ABC\r\n"
                                       "\tfor <bob@example.com>;\r\n"
                                       "\tThu, 23 Nov 2023 20:00:00 +0000");
}

TEST(received, tells_of_tls)
{
    auto facts = plain();
    facts.tls = true;
    facts.tls_version = "TLSv1.3";
    facts.tls_cipher = "TLS_AES_256_GCM_SHA384";
    EXPECT_THAT(received_value(facts),
                testing::HasSubstr(" with ESMTPS id 0123456789ABC\r\n\t(TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n\tfor "));
}

TEST(received, leaves_out_what_is_not_given)
{
    received_facts facts;
    facts.helo = "client.example";
    facts.by = "mx.example.org";
    EXPECT_EQ(received_value(facts),
              "from client.example\r\n\tby mx.example.org with SMTP;\r\n\tThu, 01 Jan 1970 00:00:00 +0000");
}

TEST(received, names_the_protocol_as_it_is_registered)
{
    const auto name = [](bool extended, bool tls, bool authenticated, bool smtputf8) {
        received_facts facts;
        facts.extended = extended;
        facts.tls = tls;
        facts.authenticated = authenticated;
        facts.smtputf8 = smtputf8;
        return with_protocol(facts);
    };
    EXPECT_EQ(name(false, false, false, false), "SMTP");
    EXPECT_EQ(name(false, true, false, false), "SMTP");
    EXPECT_EQ(name(true, false, false, false), "ESMTP");
    EXPECT_EQ(name(true, true, false, false), "ESMTPS");
    EXPECT_EQ(name(true, false, true, false), "ESMTPA");
    EXPECT_EQ(name(true, true, true, false), "ESMTPSA");
    EXPECT_EQ(name(true, false, false, true), "UTF8SMTP");
    EXPECT_EQ(name(true, true, false, true), "UTF8SMTPS");
    EXPECT_EQ(name(true, false, true, true), "UTF8SMTPA");
    EXPECT_EQ(name(true, true, true, true), "UTF8SMTPSA");
}

TEST(received, keeps_a_literal_as_the_peers_name)
{
    auto facts = plain();
    facts.helo = "[IPv6:2001:db8::7]";
    EXPECT_THAT(received_value(facts), testing::StartsWith("from [IPv6:2001:db8::7] ([192.0.2.1])\r\n"));
}

TEST(received, keeps_no_literal_that_could_be_read_as_more)
{
    auto facts = plain();
    facts.helo = "[x-tag:a;(b]";
    EXPECT_THAT(received_value(facts), testing::StartsWith("from [192.0.2.1] (helo=[x-tag:a??b]) ([192.0.2.1])\r\n"));
}

TEST(received, keeps_a_long_host_name_whole)
{
    auto facts = plain();
    std::string name(63, 'a');
    name += "." + name + "." + name + ".example";
    facts.by = name;
    EXPECT_THAT(received_value(facts), testing::HasSubstr("by " + name + " (Postern)"));
}

TEST(received, puts_a_name_that_is_no_domain_into_a_comment_that_it_cannot_leave)
{
    auto facts = plain();
    facts.helo = "MY_PC";
    EXPECT_THAT(received_value(facts), testing::StartsWith("from [192.0.2.1] (helo=MY_PC) ([192.0.2.1])\r\n"));
    facts.helo = "x) by evil;\r\nSubject: y\\(";
    EXPECT_THAT(received_value(facts), testing::StartsWith("from [192.0.2.1] (helo=x? by evil?"
                                                           "?"
                                                           "?Subject: y?"
                                                           "?) ([192.0.2.1])\r\n"));
    const std::string endless(3000, '_');
    facts.helo = endless;
    EXPECT_LT(received_value(facts).size(), 500U);
}

TEST(received, mentions_an_address_beyond_ascii_only_in_a_message_that_may_hold_it)
{
    auto facts = plain();
    facts.recipient = "b\xc3\xb6"
                      "b@example.com";
    EXPECT_THAT(received_value(facts), testing::Not(testing::HasSubstr("for ")));
    facts.smtputf8 = true;
    EXPECT_THAT(received_value(facts), testing::HasSubstr("for <b\xc3\xb6"
                                                          "b@example.com>"));
}

TEST(received, says_the_priority_last) // RFC 6710 4.1, 7; RFC 5321 4.4: Additional-Registered-Clauses
{
    auto facts = plain();
    facts.recipient = "b@example.com";
    facts.priority = "-3";
    EXPECT_THAT(received_value(facts), testing::HasSubstr("\r\n\tfor <b@example.com>\r\n\tPRIORITY -3;\r\n\t"));
    facts.priority = "3; x";
    EXPECT_THAT(received_value(facts), testing::HasSubstr("\r\n\tPRIORITY 3? x;\r\n\t"));
}

TEST(received, is_a_value_that_a_header_block_takes)
{
    header_block headers{"Subject: hi\r\n"};
    EXPECT_FALSE(headers.insert(0, "Received", received_value(plain())));
    EXPECT_EQ(headers.octets(), "Received: " + received_value(plain()) + "\r\nSubject: hi\r\n");
}

TEST(received, fields_are_counted_whatever_their_case)
{
    EXPECT_EQ(count_received(header_block{}), 0U);
    EXPECT_EQ(
        count_received(header_block{"Received: a\r\nX-Received: no\r\nRECEIVED: b\r\n Received: folded\r\nreceived : c\r\n"}),
        3U);
}

} // namespace
} // namespace postern::message
