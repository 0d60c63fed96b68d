// What becomes of content that the next hop does not take as it is: 8BITMIME, BINARYMIME and SMTPUTF8 that it does not offer.

#include "tests/support/mime_reader.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

/// A next hop as RFC 821 knew it, with limits of its own.
[[nodiscard]] hop_script of_seven_bits()
{
    return [](hop_stage at, std::string_view) {
        return at == hop_stage::ehlo ? hop_answer{.reply = "250-next.example\r\n250-PIPELINING\r\n250 SIZE 30000000"}
                                     : hop_answer{};
    };
}

[[nodiscard]] bool is_of_seven_bits(std::string_view octets)
{
    return std::none_of(octets.begin(), octets.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7f || c == '\0'; });
}

[[nodiscard]] std::string_view body_of(std::string_view message)
{
    return message.substr(std::min(message.find("\r\n\r\n"), message.size() - 4) + 4);
}

[[nodiscard]] std::string own_size_of(const arrived_message& message)
{
    return fmt::format("MAIL FROM:<{}> SIZE={}", message.sender, message.content.size());
}

void send(const server& gateway, std::string_view mail_parameters, std::string_view content)
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says(fmt::format("MAIL FROM:<author@example.com>{}", mail_parameters)).code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_TRUE(peer.sends(fmt::format("BDAT {} LAST\r\n{}", content.size(), content)));
    ASSERT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.says("QUIT").code, 221);
}

// RFC 6152 3, RFC 1870 4
TEST(a_next_hop_of_seven_bits, gets_the_message_converted)
{
    next_hop next{of_seven_bits()};
    server gateway{configuration::relay(next.address())};
    send(gateway, " BODY=8BITMIME",
         "Subject: hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
         ".gr\xc3\xbc\xc3\x9f\r\n");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto message = next.arrived().front();
    EXPECT_EQ(message.commands.front(), own_size_of(message));
    EXPECT_THAT(message.content, AllOf(HasSubstr("Content-Transfer-Encoding: quoted-printable\r\n\r\n.gr=C3=BC=C3=9F\r\n"),
                                       HasSubstr("Content-Type: text/plain; charset=utf-8\r\n")));
    EXPECT_TRUE(gateway.logs("converted", {"lacks=8BITMIME"}));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

// No extension allows it there, so that a next hop with 8BITMIME is no other (docs/adr/0040).
TEST(a_next_hop_of_seven_bits, gets_header_sections_as_they_are_unless_they_ask_for_smtputf8)
{
    next_hop next{of_seven_bits()};
    server gateway{configuration::relay(next.address())};
    send(gateway, "", "Subject: gr\xc3\xbc\xc3\x9f\r\n\r\nhello\r\n");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto message = next.arrived().front();
    EXPECT_THAT(message.commands.front(), Not(HasSubstr("BODY=")));
    EXPECT_THAT(message.content, AllOf(HasSubstr("Subject: gr\xc3\xbc\xc3\x9f\r\n"), HasSubstr("\r\n\r\nhello\r\n")));
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

TEST(a_next_hop_of_seven_bits, gets_a_large_message_converted_piece_by_piece)
{
    next_hop next{of_seven_bits()};
    server gateway{configuration::relay(next.address())};
    std::string content = "MIME-Version: 1.0\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
    const auto head = content.size();
    while (content.size() < 3'000'000)
        content += "line " + std::to_string(content.size()) + " \xc3\xa4\xff .\r\n.\r\n";
    send(gateway, " BODY=8BITMIME", content);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto message = next.arrived().front();
    EXPECT_EQ(message.commands.front(), own_size_of(message));
    EXPECT_TRUE(is_of_seven_bits(message.content));
    EXPECT_TRUE(decode_base64(body_of(message.content)) == content.substr(head));
}

// RFC 3030 3
TEST(a_next_hop_of_seven_bits, gets_binary_parts_as_base64)
{
    next_hop next{of_seven_bits()};
    server gateway{configuration::relay(next.address())};
    using namespace std::string_literals;
    send(gateway, " BODY=BINARYMIME",
         "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n--b\r\n"
         "Content-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\xff\0\n\r\r\n--b\r\n\r\nplain\r\n--b--\r\n"s);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto message = next.arrived().front();
    EXPECT_THAT(message.content, AllOf(HasSubstr("boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n"),
                                       HasSubstr("Content-Transfer-Encoding: base64\r\n\r\n/wAKDQ==\r\n--b\r\n\r\nplain\r\n")));
    EXPECT_EQ(decode_base64("/wAKDQ=="), "\xff\0\n\r"s);
}

// RFC 6152 3, RFC 3463 3.7, RFC 1847 2.1
TEST(a_next_hop_of_seven_bits, does_not_get_what_cannot_be_converted_and_the_sender_is_told)
{
    next_hop next{of_seven_bits()};
    server gateway{configuration::relay(next.address())};
    send(gateway, " BODY=8BITMIME RET=FULL",
         "Subject: signed\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; "
         "boundary=s\r\n\r\n--s\r\n\r\n\xc3\xa4\r\n--s--\r\n");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    ASSERT_THAT(next.arrived(), SizeIs(1));
    const auto report = next.arrived().front();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.recipients, ElementsAre("author@example.com"));
    EXPECT_THAT(report.content, AllOf(HasSubstr("Action: failed"), HasSubstr("Status: 5.6.3"), HasSubstr("it is signed"),
                                      HasSubstr("Subject: signed")));
    EXPECT_TRUE(is_of_seven_bits(report.content)) << "its way back is the same";
}

// RFC 6531 3.5, RFC 6533
TEST(a_next_hop_without_smtputf8, does_not_get_what_needs_it_and_the_sender_is_told_in_ascii)
{
    next_hop next{of_seven_bits()};
    server gateway{configuration::relay(next.address())};
    send(gateway, " BODY=8BITMIME SMTPUTF8 RET=FULL", "Subject: gr\xc3\xbc\xc3\x9f\r\n\r\n\xc3\xa4\r\n");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    ASSERT_THAT(next.arrived(), SizeIs(1));
    const auto report = next.arrived().front();
    EXPECT_THAT(report.recipients, ElementsAre("author@example.com"));
    EXPECT_EQ(report.commands.front(), own_size_of(report));
    EXPECT_THAT(report.content, AllOf(HasSubstr("Action: failed"), HasSubstr("Status: 5.6.7"), Not(HasSubstr("message/global"))));
    EXPECT_TRUE(is_of_seven_bits(report.content));
}

// RFC 6531 3.1: of two recipients the one whose address is ASCII is none the worse for the other.
TEST(a_next_hop_without_smtputf8, is_not_asked_for_an_address_that_needs_it)
{
    next_hop next{of_seven_bits()};
    server gateway{configuration::relay(next.address())};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says("MAIL FROM:<author@example.com> SMTPUTF8").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<us\xc3\xa9r@example.com>").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
    ASSERT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    const auto arrived = next.arrived();
    ASSERT_THAT(arrived, SizeIs(2));
    EXPECT_THAT(arrived[0].recipients, ElementsAre("user@example.com"));
    EXPECT_THAT(arrived[1].recipients, ElementsAre("author@example.com"));
    EXPECT_THAT(arrived[1].content,
                AllOf(HasSubstr("Status: 5.6.7"), HasSubstr("Final-Recipient: utf-8; us\\x{E9}r@example.com")));
    EXPECT_TRUE(is_of_seven_bits(arrived[1].content));
}

} // namespace
} // namespace postern::test
