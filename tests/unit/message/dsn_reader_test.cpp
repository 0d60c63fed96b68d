#include "core/message/dsn_reader.hpp"

#include "core/base/base64.hpp"
#include "core/base/ids.hpp"
#include "core/message/dsn.hpp"
#include "core/message/dsn_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace postern::message {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

struct outcome {
    std::optional<status_report> report;
    std::string why;
};

outcome read(std::string_view content, std::size_t portion = ~std::size_t{0})
{
    dsn_reader reader;
    for (std::size_t at = 0; at < content.size(); at += std::min(portion, content.size() - at))
        reader.take(content.substr(at, portion));
    outcome out;
    out.report = reader.finish();
    out.why = reader.why();
    return out;
}

const std::string top = "From: MAILER-DAEMON@mx.example.com\r\n"
                        "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b/1\"\r\n"
                        "MIME-Version: 1.0\r\n\r\n";

std::string part(std::string_view headers, std::string_view body)
{
    return fmt::format("--b/1\r\n{}\r\n{}\r\n", headers, body);
}

const std::string prose = part("Content-Type: text/plain\r\n", "It could not be delivered.\r\n");
const std::string one_recipient = "Reporting-MTA: dns; mx.example.com\r\n"
                                  "Original-Envelope-Id: QQ314\r\n"
                                  "Arrival-Date: Tue, 14 Nov 2023 21:13:20 +0000\r\n"
                                  "\r\n"
                                  "Final-Recipient: rfc822; gone@example.com\r\n"
                                  "Original-Recipient: rfc822;first+name@example.com\r\n"
                                  "Action: failed\r\n"
                                  "Status: 5.1.1 (no such user)\r\n"
                                  "Remote-MTA: dns; inner.example.com\r\n"
                                  "Diagnostic-Code: smtp; 550 5.1.1 <gone@example.com>:\r\n"
                                  "    Recipient address rejected\r\n"
                                  "Last-Attempt-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                  "Will-Retry-Until: Wed, 15 Nov 2023 22:13:20 +0000\r\n";
const std::string status = part("Content-Type: message/delivery-status\r\n", one_recipient);
const std::string returned = part("Content-Type: text/rfc822-headers\r\n", "Subject: hi\r\nMessage-ID: <1@client.example>\r\n");
const std::string end = "--b/1--\r\n";

TEST(dsn_reader, reads_every_field_and_the_message_id_of_what_is_returned)
{
    const auto content = top + prose + status + returned + end;
    for (const std::size_t portion : {std::size_t{1}, std::size_t{7}, content.size()}) {
        const auto [report, why] = read(content, portion);
        ASSERT_TRUE(report) << why;
        EXPECT_EQ(report->reporting_mta, "mx.example.com");
        EXPECT_EQ(report->envid, "QQ314");
        EXPECT_EQ(report->arrival, "Tue, 14 Nov 2023 21:13:20 +0000");
        EXPECT_EQ(report->message_id, "<1@client.example>");
        EXPECT_FALSE(report->is_cut);
        reported_recipient expected;
        expected.recipient = "gone@example.com";
        expected.original = "first+name@example.com";
        expected.status = "5.1.1";
        expected.remote_mta = "inner.example.com";
        expected.diagnostic_type = "smtp";
        expected.diagnostic = "550 5.1.1 <gone@example.com>: Recipient address rejected";
        expected.last_attempt = "Tue, 14 Nov 2023 22:13:20 +0000";
        expected.retry_until = "Wed, 15 Nov 2023 22:13:20 +0000";
        expected.smtp_code = 550;
        expected.action = report_action::failed;
        EXPECT_EQ(report->recipients, std::vector{expected});
    }
}

TEST(dsn_reader, reads_what_make_dsn_writes)
{
    dsn_report of;
    of.id = base::message_id{7};
    of.hostname = "mx.example.org";
    of.sender = "s\xc3\xa9nder@example.net";
    of.envid = "QQ+2B7";
    of.arrival = of.date;
    of.original = "Subject: hi\r\nMessage-ID: <1@client.example>\r\n\r\nhello\r\n";
    for (int i = 0; i < 3; ++i) {
        auto& to = of.recipients.emplace_back();
        to.address = i == 0 ? "us\xc3\xa9r@example.com" : "user@example.com";
        to.orcpt = "utf-8;\\x{E9}@example.com";
        to.status = "5.1.1";
        to.remote_mta = "mx.example.com";
        to.smtp_code = 550;
        to.enhanced = "5.1.1";
        to.text =
            std::string_view{"a long explanation of why there is nobody of that name at the place where it was sent, in words"};
        to.last_attempt = of.date;
    }
    for (const bool is_full : {false, true})
        for (const bool is_utf8 : {false, true}) {
            of.is_full = is_full;
            of.smtputf8 = is_utf8;
            const auto made = make_dsn(of);
            const auto [report, why] = read(made.headers + "\r\n" + made.body);
            ASSERT_TRUE(report) << why;
            EXPECT_EQ(report->reporting_mta, "mx.example.org");
            EXPECT_EQ(report->envid, "QQ+7");
            EXPECT_EQ(report->message_id, "<1@client.example>");
            EXPECT_EQ(report->recipients, reported_in(of));
        }
}

TEST(dsn_reader, finds_the_message_id_in_each_form_of_what_is_returned)
{
    const auto id = [](std::string_view headers, std::string_view body) {
        const auto [report, why] = read(top + prose + status + part(headers, body) + end);
        EXPECT_TRUE(report) << why;
        return report ? report->message_id : std::string{};
    };
    const std::string section = "Subject: hi\r\nMessage-ID:\r\n <1@client.example>\r\n";
    const std::string message = section + "\r\nMessage-ID: <of@the.body>\r\n";
    EXPECT_EQ(id("Content-Type: message/rfc822\r\n", message), "<1@client.example>");
    EXPECT_EQ(id("Content-Type: message/global\r\n", message), "<1@client.example>");
    EXPECT_EQ(id("Content-Type: message/global-headers\r\n", section), "<1@client.example>");
    EXPECT_EQ(id("Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n", base::to_base64(section)),
              "<1@client.example>");
    EXPECT_EQ(id("Content-Type: text/rfc822-headers\r\n", "Subject: hi\r\n\r\nMessage-ID: <of@the.body>\r\n"), "");
    EXPECT_EQ(id("Content-Type: text/plain\r\n", section), "") << "nobody said that it is the message";
    EXPECT_EQ(id("Content-Type: text/rfc822-headers\r\n", "Message-ID: <a b>\r\n"), "");
}

TEST(dsn_reader, decodes_a_status_that_comes_encoded)
{
    const auto recipient = [](std::string_view encoding, std::string_view body) {
        const auto [report, why] =
            read(top + prose +
                 part(fmt::format("Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: {}\r\n", encoding), body) +
                 end);
        return report ? report->recipients.front().recipient + " " + report->recipients.front().diagnostic : why;
    };
    EXPECT_EQ(recipient("base64", base::to_base64("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@example.com\n")),
              "a@example.com ");
    EXPECT_EQ(recipient("quoted-printable", "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a=40exam=\r\nple.com\r\n"
                                            "Diagnostic-Code: smtp; 550 caf=C3=A9 = x\r\n"),
              "a@example.com 550 caf\xc3\xa9 = x");
    EXPECT_EQ(recipient("x-new", one_recipient), "its status has an unknown transfer encoding");
    EXPECT_EQ(recipient("base64", "!!!"), "it names no recipient");
}

TEST(dsn_reader, takes_no_more_time_for_octets_that_are_no_encoding)
{
    for (const auto* octets : {"=", "= ", "=\r", "\n", ": ", " \n"}) {
        std::string body;
        while (body.size() < dsn_reader::most_status)
            body += octets;
        for (const auto* encoding : {"quoted-printable", "base64", "8bit"})
            EXPECT_EQ(
                read(top +
                     part(fmt::format("Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: {}\r\n", encoding),
                          body) +
                     end)
                    .why,
                "it names no recipient");
    }
}

// RFC 6533 3
TEST(dsn_reader, reads_addresses_of_type_utf8_in_either_form)
{
    const auto body = "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: utf-8; us\\x{E9}r@example.com\r\n"
                      "Original-Recipient: UTF-8;\xc3\xa9@example.com\r\n\r\nFinal-Recipient: utf-8; \\x{D800}@example.com\r\n";
    const auto [report, why] = read(top + part("Content-Type: message/global-delivery-status\r\n", body) + end);
    ASSERT_TRUE(report) << why;
    EXPECT_EQ(report->recipients[0].recipient, "us\xc3\xa9r@example.com");
    EXPECT_EQ(report->recipients[0].original, "\xc3\xa9@example.com");
    EXPECT_EQ(report->recipients[1].recipient, "\\x{D800}@example.com");
}

TEST(dsn_reader, is_lenient_with_fields_as_they_are_written_in_practice)
{
    const auto body = "final-recipient: RFC822; <a@example.com>\n"
                      "ACTION: Delayed (for now)\nStatus:4.4.1\n"
                      "Diagnostic-Code: no type\nno field at all\n"
                      "Final-Recipient: rfc822; second@example.com\n\n\n"
                      "Original-Recipient: b@example.com\nAction: exploded\nStatus: 3.1.1\nDiagnostic-Code: smtp; 55x no\n";
    const auto [report, why] =
        read(top + part("Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n", base::to_base64(body)) +
             end);
    ASSERT_TRUE(report) << why;
    ASSERT_THAT(report->recipients, SizeIs(2));
    EXPECT_EQ(report->recipients[0].recipient, "a@example.com");
    EXPECT_EQ(report->recipients[0].action, report_action::delayed);
    EXPECT_EQ(report->recipients[0].status, "4.4.1");
    EXPECT_EQ(report->recipients[0].diagnostic, "no type");
    EXPECT_EQ(report->recipients[0].diagnostic_type, "");
    EXPECT_EQ(report->recipients[1].original, "b@example.com");
    EXPECT_EQ(report->recipients[1].action, report_action::unknown);
    EXPECT_EQ(report->recipients[1].status, "");
    EXPECT_EQ(report->recipients[1].smtp_code, 0);
}

TEST(dsn_reader, reads_the_report_itself_and_none_that_it_returns)
{
    std::string inner = "Content-Type: multipart/report; report-type=delivery-status; boundary=inner\r\n\r\n"
                        "--inner\r\nContent-Type: message/delivery-status\r\n\r\n"
                        "Reporting-MTA: dns; evil\r\n\r\nFinal-Recipient: rfc822; victim@example.com\r\n\r\n--inner--\r\n";
    const auto [report, why] = read(top + prose + status + part("Content-Type: message/rfc822\r\n", inner) + end);
    ASSERT_TRUE(report) << why;
    EXPECT_EQ(report->recipients.front().recipient, "gone@example.com");
    EXPECT_EQ(read(top + prose + part("Content-Type: message/rfc822\r\n", inner) + end).why, "it has no part with a status");
    const auto mixed = "Content-Type: multipart/mixed; boundary=inner\r\n";
    EXPECT_EQ(read(top + prose + part(mixed, inner.substr(inner.find("--inner"))) + end).why, "it has no part with a status");
}

TEST(dsn_reader, says_why_it_reads_nothing)
{
    EXPECT_THAT(read("Subject: hi\r\n\r\nhello\r\n").why, HasSubstr("Content-Type"));
    EXPECT_THAT(read("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n").why,
                HasSubstr("Content-Type"));
    EXPECT_EQ(read("Content-Type: multipart/report; report-type=delivery-status\r\n\r\n" + status).why,
              "its boundary is unclear");
    EXPECT_EQ(read("Content-Type: multipart/report; report-type=delivery-status; boundary=b/1\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\n" +
                   status)
                  .why,
              "it is encoded already");
    EXPECT_EQ(read(top + prose + end).why, "it has no part with a status");
    EXPECT_EQ(read(top + prose + status + status + end).why, "it has two parts with a status");
    EXPECT_EQ(read(top + part("Content-Type: message/delivery-status\r\n", "Reporting-MTA: dns; x\r\n") + end).why,
              "it names no recipient");
    EXPECT_EQ(read(top + "--b/1\r\nContent-Type: message/delivery-status\r\n--b/1--\r\n").why, "it has no part with a status");
    EXPECT_EQ(read("").why, "it has no part with a status");
    EXPECT_THAT(read(std::string{"Content-Type: multipart/report\0\r\n\r\n", 35}).why, HasSubstr("NUL"));
}

TEST(dsn_reader, forgives_what_is_broken_behind_the_status)
{
    const auto broken = part(std::string{"X: a\0b\r\n", 8}, "x");
    const auto [report, why] = read(top + prose + status + broken);
    ASSERT_TRUE(report) << why;
    EXPECT_EQ(report->recipients.front().recipient, "gone@example.com");
    EXPECT_TRUE(read(top + prose + status).report) << "it may even break off";
    EXPECT_EQ(read(top + broken + status + end).why.find("a header section has a NUL"), 0U);
}

TEST(dsn_reader, does_not_take_a_part_for_the_message_that_an_empty_part_should_have_held)
{
    const auto empty = std::string{"--b/1\r\nContent-Type: message/rfc822\r\n\r\n"};
    const auto [report, why] = read(top + empty + status + end);
    ASSERT_TRUE(report) << why;
    EXPECT_EQ(report->message_id, "");
}

TEST(dsn_reader, has_room_for_a_thousand_recipients)
{
    const auto with = [](std::size_t count) {
        std::string body = "Reporting-MTA: dns; x\r\n";
        for (std::size_t i = 0; i < count; ++i)
            body += fmt::format("\r\nFinal-Recipient: rfc822; user{}@example.com\r\n", i);
        return read(top + part("Content-Type: message/delivery-status\r\n", body) + end);
    };
    ASSERT_TRUE(with(1000).report);
    EXPECT_THAT(with(1000).report->recipients, SizeIs(1000));
    EXPECT_FALSE(with(1000).report->is_cut);
    ASSERT_TRUE(with(1001).report);
    EXPECT_THAT(with(1001).report->recipients, SizeIs(1000));
    EXPECT_TRUE(with(1001).report->is_cut);
    EXPECT_THAT(with(100'000).report->recipients, SizeIs(1000));
}

TEST(dsn_reader, takes_no_recipient_whose_fields_may_be_cut_off)
{
    std::string body = "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; first@example.com\r\n\r\n"
                       "Final-Recipient: rfc822; second@example.com\r\nAction: failed\r\nX: ";
    const auto with = [&](std::size_t size) {
        const auto all = body + std::string(size - body.size(), 'x');
        return read(top + fmt::format("--b/1\r\nContent-Type: message/delivery-status\r\n\r\n{}\r\n{}", all, end));
    };
    ASSERT_TRUE(with(dsn_reader::most_status).report);
    EXPECT_THAT(with(dsn_reader::most_status).report->recipients, SizeIs(2));
    ASSERT_TRUE(with(dsn_reader::most_status + 1).report);
    EXPECT_THAT(with(dsn_reader::most_status + 1).report->recipients, SizeIs(1));
    EXPECT_TRUE(with(dsn_reader::most_status + 1).report->is_cut);
}

TEST(dsn_reader, gives_lines_without_control_characters_and_of_bounded_length)
{
    const auto body = fmt::format("Reporting-MTA: dns; a\x01{}\x7f\r\n\r\nFinal-Recipient: rfc822; a@example.com\r\n"
                                  "Diagnostic-Code: smtp; 550 {}\r\n",
                                  std::string(1, '\0'), std::string(100'000, 'x'));
    const auto [report, why] = read(top + part("Content-Type: message/delivery-status\r\n", body) + end);
    ASSERT_TRUE(report) << why;
    EXPECT_EQ(report->reporting_mta, "a???");
    EXPECT_LE(report->recipients.front().diagnostic.size(), 1000U);
}

TEST(is_status_report, looks_at_the_type_alone)
{
    const auto is_one = [](std::string_view type) {
        return is_status_report(header_block{fmt::format("Content-Type: {}\r\n", type)});
    };
    EXPECT_TRUE(is_one("Multipart/Report; Report-Type=\"Delivery-Status\"; boundary=x"));
    EXPECT_FALSE(is_one("multipart/report; boundary=x"));
    EXPECT_FALSE(is_one("multipart/report; report-type=feedback-report; boundary=x"));
    EXPECT_FALSE(is_one("multipart/mixed; report-type=delivery-status; boundary=x"));
    EXPECT_FALSE(is_status_report(header_block{"Subject: hi\r\n"}));
}

} // namespace
} // namespace postern::message
