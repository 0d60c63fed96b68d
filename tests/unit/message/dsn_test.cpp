#include "core/message/dsn.hpp"
#include "core/message/dsn_text.hpp"

namespace postern::message {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

dsn_report report()
{
    dsn_report r;
    r.id = {1};
    r.date = base::wall_time{1'700'000'000'000ms};
    r.hostname = "mx.example.org";
    r.sender = "sender@example.net";
    r.queue_id = "0000000000042";
    r.arrival = r.date - 1h;
    dsn_recipient to;
    to.address = "user@example.com";
    to.status = "5.1.1";
    to.remote_mta = "mx.example.com";
    to.smtp_code = 550;
    to.enhanced = "5.1.1";
    to.text = "no such user";
    to.last_attempt = r.date;
    r.recipients = {to};
    r.original = "From: a@example.net\r\nSubject: hi\r\n";
    return r;
}

// Every line ends in CRLF, is at most 998 octets long, and has no control octets but tabs.
void expect_lines(std::string_view text)
{
    ASSERT_THAT(std::string{text}, EndsWith("\r\n"));
    while (!text.empty()) {
        const auto end = text.find("\r\n");
        const auto line = text.substr(0, end);
        EXPECT_LE(line.size(), 998U);
        for (const char c : line)
            EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\t') << line;
        text.remove_prefix(end + 2);
    }
}

std::string status_part(const dsn& made)
{
    const auto begin = made.body.find("delivery-status\r\n");
    return made.body.substr(begin, made.body.find("\r\n--", begin) - begin);
}

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find("\r\n", at);
        lines.push_back(text.substr(at, end - at));
        at = end == std::string::npos ? text.size() : end + 2;
    }
    return lines;
}

TEST(dsn, is_a_multipart_report_of_three_parts)
{
    const auto made = make_dsn(report());
    EXPECT_THAT(made.headers, HasSubstr("From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\r\n"));
    EXPECT_THAT(made.headers, HasSubstr("To: <sender@example.net>\r\n"));
    EXPECT_THAT(made.headers, HasSubstr("Auto-Submitted: auto-replied\r\n"));
    EXPECT_THAT(made.headers, HasSubstr("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
    EXPECT_THAT(made.headers, HasSubstr("Message-ID: <0000000000001@mx.example.org>\r\n"));
    EXPECT_THAT(made.headers, HasSubstr("Content-Type: multipart/report; report-type=delivery-status;"));
    EXPECT_THAT(made.headers, HasSubstr("boundary=\"=_0000000000001.0\""));
    const std::string line = "--=_0000000000001.0";
    std::size_t parts = 0;
    for (auto at = made.body.find(line + "\r\n"); at != std::string::npos; at = made.body.find(line + "\r\n", at + 1))
        ++parts;
    EXPECT_EQ(parts, 3U);
    EXPECT_THAT(made.body, EndsWith("\r\n" + line + "--\r\n"));
    EXPECT_FALSE(made.has_8bit);
    EXPECT_FALSE(made.needs_smtputf8);
    expect_lines(made.headers);
    expect_lines(made.body);
}

TEST(dsn, has_the_fields_of_rfc_3464_in_their_groups)
{
    auto r = report();
    r.envid = "QQ+2B7";
    r.recipients[0].orcpt = "rfc822;old+2Bname@example.com";
    EXPECT_EQ(status_part(make_dsn(r)), "delivery-status\r\n"
                                        "\r\n"
                                        "Original-Envelope-Id: QQ+7\r\n"
                                        "Reporting-MTA: dns; mx.example.org\r\n"
                                        "Arrival-Date: Tue, 14 Nov 2023 21:13:20 +0000\r\n"
                                        "X-Postern-Queue-ID: 0000000000042\r\n"
                                        "\r\n"
                                        "Original-Recipient: rfc822; old+name@example.com\r\n"
                                        "Final-Recipient: rfc822; user@example.com\r\n"
                                        "Action: failed\r\n"
                                        "Status: 5.1.1\r\n"
                                        "Remote-MTA: dns; mx.example.com\r\n"
                                        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
                                        "Last-Attempt-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n");
}

TEST(dsn, tells_a_delay_from_a_failure)
{
    auto r = report();
    r.kind = dsn_kind::delay;
    r.recipients[0].status = "4.2.2";
    r.retry_until = r.date + 24h;
    const auto made = make_dsn(r);
    EXPECT_THAT(made.body, HasSubstr("Action: delayed\r\nStatus: 4.2.2\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Will-Retry-Until: Wed, 15 Nov 2023 22:13:20 +0000\r\n"));
    EXPECT_THAT(made.body, HasSubstr("still being tried"));
    EXPECT_THAT(made.headers, Not(HasSubstr("Undelivered")));
}

// RFC 3464 2.3.3: delivered is the end of the way; relayed is the end of what will be told.
TEST(dsn, tells_what_was_delivered_from_what_was_relayed)
{
    auto r = report();
    r.kind = dsn_kind::success;
    auto& relayed = r.recipients[0];
    relayed.status = relayed.enhanced = "2.0.0";
    relayed.smtp_code = 250;
    relayed.text = "queued as 17";
    relayed.is_relayed = true;
    dsn_recipient delivered;
    delivered.address = "here@example.com";
    delivered.status = "2.1.5";
    r.recipients.push_back(delivered);
    const auto made = make_dsn(r);
    EXPECT_THAT(made.headers, HasSubstr("Subject: Delivered mail: "));
    EXPECT_THAT(made.headers, Not(HasSubstr("Undelivered")));
    EXPECT_THAT(made.body, HasSubstr("<user@example.com>:\r\n  relayed; mx.example.com said: 250 2.0.0 queued as 17\r\n"));
    EXPECT_THAT(made.body, HasSubstr("<here@example.com>:\r\n  delivered\r\n"));
    EXPECT_THAT(made.body, HasSubstr("no other will follow"));
    EXPECT_THAT(status_part(made), EndsWith("Final-Recipient: rfc822; user@example.com\r\n"
                                            "Action: relayed\r\n"
                                            "Status: 2.0.0\r\n"
                                            "Remote-MTA: dns; mx.example.com\r\n"
                                            "Diagnostic-Code: smtp; 250 2.0.0 queued as 17\r\n"
                                            "Last-Attempt-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                            "\r\n"
                                            "Final-Recipient: rfc822; here@example.com\r\n"
                                            "Action: delivered\r\n"
                                            "Status: 2.1.5\r\n"
                                            "Final-Log-ID: 0000000000042\r\n"));
    expect_lines(made.headers);
    expect_lines(made.body);
    r.recipients = {delivered};
    EXPECT_THAT(make_dsn(r).body, Not(HasSubstr("elayed")));
}

TEST(dsn, names_every_recipient)
{
    auto r = report();
    r.recipients.push_back(r.recipients[0]);
    r.recipients[1].address = "second@example.com";
    const auto made = make_dsn(r);
    EXPECT_THAT(made.body, HasSubstr("\r\n\r\nFinal-Recipient: rfc822; user@example.com\r\n"));
    EXPECT_THAT(made.body, HasSubstr("\r\n\r\nFinal-Recipient: rfc822; second@example.com\r\n"));
    EXPECT_THAT(made.body, HasSubstr("<second@example.com>:\r\n"));
}

TEST(dsn, says_when_the_reason_is_our_own)
{
    auto r = report();
    r.recipients[0].smtp_code = 0;
    r.recipients[0].remote_mta = {};
    r.recipients[0].text = "the message needs SMTPUTF8";
    const auto made = make_dsn(r);
    EXPECT_THAT(made.body, HasSubstr("Diagnostic-Code: x-postern; the message needs SMTPUTF8\r\n"));
    EXPECT_THAT(made.body, Not(HasSubstr("Remote-MTA")));
}

TEST(dsn, has_a_status_that_fits_its_action)
{
    const auto status = [](dsn_kind kind, std::string_view given) {
        auto r = report();
        r.kind = kind;
        r.recipients[0].status = given;
        const auto made = make_dsn(r);
        const auto at = made.body.find("\r\nStatus: ") + 10;
        return made.body.substr(at, made.body.find("\r\n", at) - at);
    };
    EXPECT_EQ(status(dsn_kind::failure, "4.4.7"), "4.4.7");
    EXPECT_EQ(status(dsn_kind::failure, "5.7.123"), "5.7.123");
    EXPECT_EQ(status(dsn_kind::delay, "5.1.1"), "4.0.0");
    EXPECT_EQ(status(dsn_kind::success, "2.1.5"), "2.1.5");
    for (const auto* bad : {"", "5.1.1", "4.2.2", "2.1", "2.0.0.0"})
        EXPECT_EQ(status(dsn_kind::success, bad), "2.0.0") << bad;
    for (const auto* bad : {"", "5", "5.1", "5.1.", "2.0.0", "5.1.1.1", "5.1.1\r\nX: y", "5.1234.1", "5.x.1", "550"})
        EXPECT_EQ(status(dsn_kind::failure, bad), "5.0.0") << bad;
}

TEST(dsn, lets_no_quoted_text_begin_a_line)
{
    auto r = report();
    const std::string evil = "x\r\nAction: delivered\r\n\r\n--=_0000000000001.0--\r\n\nBcc: v@example.org\rQ\0Z";
    r.recipients[0].address = evil;
    r.recipients[0].text = evil;
    r.recipients[0].remote_mta = evil;
    r.recipients[0].enhanced = evil;
    r.recipients[0].status = evil;
    r.recipients[0].orcpt = "rfc822;a+0D+0AAction:+20delivered";
    r.envid = "a+0D+0AReporting-MTA:+20evil";
    r.sender = evil;
    r.hostname = evil;
    r.queue_id = evil;
    const auto made = make_dsn(r);
    expect_lines(made.headers);
    expect_lines(made.body);
    for (const auto& text : {made.headers, made.body})
        for (const auto& line : lines_of(text)) {
            EXPECT_THAT(line, Not(StartsWith("Action: delivered")));
            EXPECT_THAT(line, Not(StartsWith("Reporting-MTA: evil")));
            EXPECT_THAT(line, Not(StartsWith("Bcc")));
        }
    EXPECT_EQ(made.body.find("\r\n--=_0000000000001.0--"),
              made.body.size() - std::string_view{"\r\n--=_0000000000001.0--\r\n"}.size());
}

TEST(dsn, chooses_a_boundary_that_the_original_does_not_have)
{
    auto r = report();
    r.original = "X: a\r\n--=_0000000000001.0--\r\n--=_0000000000001.1\r\n";
    EXPECT_THAT(make_dsn(r).headers, HasSubstr("boundary=\"=_0000000000001.2\""));
}

TEST(dsn, folds_long_fields_and_keeps_their_text)
{
    auto r = report();
    std::string text;
    for (int i = 0; i < 60; ++i)
        text += "word" + std::to_string(i) + " ";
    const std::string solid(5000, 'x');
    r.recipients[0].text = text;
    r.recipients.push_back(r.recipients[0]);
    r.recipients[1].text = solid;
    const auto made = make_dsn(r);
    expect_lines(made.body);
    auto unfolded = status_part(made);
    for (auto at = unfolded.find("\r\n "); at != std::string::npos; at = unfolded.find("\r\n "))
        unfolded.erase(at, 2);
    EXPECT_THAT(unfolded, HasSubstr(text.substr(0, text.size() - 1)));
    EXPECT_THAT(unfolded, HasSubstr(std::string(900, 'x')));
}

TEST(dsn, returns_only_the_header_unless_asked_for_all)
{
    auto r = report();
    r.original = "Subject: hi\r\n\r\nsecret body\r\n";
    EXPECT_THAT(make_dsn(r).body, HasSubstr("Content-Type: text/rfc822-headers\r\n\r\nSubject: hi\r\n\r\n--"));
    EXPECT_THAT(make_dsn(r).body, Not(HasSubstr("secret body")));
    r.is_full = true;
    EXPECT_THAT(make_dsn(r).body, HasSubstr("Content-Type: message/rfc822\r\n\r\nSubject: hi\r\n\r\nsecret body\r\n"));
    r.original = {};
    EXPECT_THAT(make_dsn(r).body, Not(HasSubstr("rfc822\r\n\r\n")));
}

TEST(dsn, returns_only_the_header_of_what_is_not_lines_of_text)
{
    using namespace std::string_literals;
    for (const auto& body : {"a\nb\r\n"s, "a\rb\r\n"s, "a\0b\r\n"s, "a\r"s, std::string(999, 'x') + "\r\n"}) {
        auto r = report();
        const auto whole = "Subject: hi\r\n\r\n" + body;
        r.original = whole;
        r.is_full = true;
        const auto made = make_dsn(r);
        EXPECT_THAT(made.body, HasSubstr("Content-Type: text/rfc822-headers\r\n\r\nSubject: hi\r\n"));
        expect_lines(made.body);
    }
    auto r = report();
    const auto longest = "Subject: hi\r\n\r\n" + std::string(998, 'x') + "\r\n";
    r.original = longest;
    r.is_full = true;
    EXPECT_THAT(make_dsn(r).body, HasSubstr("message/rfc822"));
}

TEST(dsn, encodes_headers_that_seven_bits_cannot_carry)
{
    auto r = report();
    r.original = "Subject: caf\xe9 = \r\nX: a\nY: \t\r\n";
    const auto made = make_dsn(r);
    EXPECT_THAT(made.body, HasSubstr("Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                                     "Subject: caf=E9 =3D=20\r\nX: a=0AY: =09\r\n"));
    EXPECT_FALSE(made.has_8bit);
    expect_lines(made.body);
}

TEST(dsn, is_of_seven_bits_whatever_it_is_about)
{
    // The way back may be the one that refused the message for its eight bits.
    auto r = report();
    r.smtputf8 = true;
    r.original = "Subject: hi\r\n\r\ncaf\xc3\xa9\r\n";
    r.is_full = true;
    r.recipients[0].address = "us\xc3\xa9r+x@example.com";
    r.recipients[0].text = "caf\xc3\xa9 is closed";
    const auto made = make_dsn(r);
    EXPECT_FALSE(made.has_8bit);
    EXPECT_FALSE(made.needs_smtputf8);
    EXPECT_THAT(made.body, HasSubstr("Only the header of your message is attached"));
    EXPECT_THAT(made.body, HasSubstr("Content-Type: text/rfc822-headers\r\n\r\nSubject: hi\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Final-Recipient: utf-8; us\\x{E9}r\\x{2B}x@example.com\r\n"));
    expect_lines(made.body);
}

TEST(dsn, returns_a_body_of_eight_bits_to_a_sender_who_can_only_be_reached_with_them)
{
    auto r = report();
    r.smtputf8 = true;
    r.sender = "s\xc3\xa9nder@example.net";
    r.original = "Subject: hi\r\n\r\ncaf\xc3\xa9\r\n";
    r.is_full = true;
    const auto made = make_dsn(r);
    EXPECT_TRUE(made.has_8bit);
    EXPECT_THAT(made.headers, HasSubstr("Content-Transfer-Encoding: 8bit\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Content-Type: message/global\r\nContent-Transfer-Encoding: 8bit\r\n"));
}

// RFC 6533
TEST(dsn, speaks_utf8_to_a_sender_who_asked_for_it)
{
    auto r = report();
    r.smtputf8 = true;
    r.sender = "s\xc3\xa9nder@example.net";
    r.recipients[0].address = "us\xc3\xa9r@example.com";
    r.recipients[0].orcpt = "utf-8;\\x{E9}@example.com";
    r.original = "Subject: caf\xc3\xa9\r\n";
    const auto made = make_dsn(r);
    EXPECT_TRUE(made.needs_smtputf8);
    EXPECT_TRUE(made.has_8bit);
    EXPECT_THAT(made.headers, HasSubstr("To: <s\xc3\xa9nder@example.net>\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Content-Type: message/global-delivery-status\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Original-Recipient: utf-8; \xc3\xa9@example.com\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Final-Recipient: utf-8; us\xc3\xa9r@example.com\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Content-Type: message/global-headers\r\n"));
}

// RFC 6533 3: what the sender wrote in UTF-8 is written with \x{..} in a report of 7 bits, in whichever form it came.
TEST(dsn, names_the_original_recipient_in_the_form_that_fits_the_report)
{
    const auto original = [](std::string_view orcpt) {
        auto r = report();
        r.recipients[0].orcpt = orcpt;
        const auto status = status_part(make_dsn(r));
        const auto at = status.find("Original-Recipient: ") + 20;
        return status.substr(at, status.find("\r\n", at) - at);
    };
    EXPECT_EQ(original("utf-8;\\x{E9}\\x{2B}a@example.com"), "utf-8; \\x{E9}\\x{2B}a@example.com");
    EXPECT_EQ(original("utf-8;\xc3\xa9@example.com"), "utf-8; \\x{E9}@example.com");
    EXPECT_EQ(original("UTF-8;user@example.com"), "UTF-8; user@example.com");
    EXPECT_EQ(original("utf-8;\\x{D800}@example.com"), "utf-8; \\x{D800}@example.com") << "no UTF-8: as it is";
    EXPECT_EQ(original("utf-8;\\x{E9@example.com"), "utf-8; \\x{E9@example.com");
    EXPECT_EQ(original("x400;+2B"), "x400; +");
}

// RFC 5322 3.6.4: readers show it with the message that it is about.
TEST(dsn, refers_to_the_message_that_it_is_about)
{
    auto r = report();
    r.original = "Subject: hi\r\nMessage-Id:\r\n <17.abc@client.example>\r\n\r\nMessage-ID: <of@the.body>\r\n";
    EXPECT_THAT(make_dsn(r).headers, HasSubstr("In-Reply-To: <17.abc@client.example>\r\n"
                                               "References: <17.abc@client.example>\r\n"));
    for (const auto* bad : {"Message-ID: none\r\n", "Message-ID: <a@b> <c@d>\r\n", "Message-ID: <a@b\xc3\xa9>\r\n",
                            "Message-ID: <>\r\n", "X: <a@b>\r\n", "Message-ID: <a\r\n b>\r\n"}) {
        r.original = bad;
        EXPECT_THAT(make_dsn(r).headers, Not(HasSubstr("References"))) << bad;
    }
}

TEST(dsn, names_fifty_recipients_to_people_and_all_of_them_to_programs)
{
    auto r = report();
    std::vector<std::string> addresses;
    for (int i = 0; i < 51; ++i)
        addresses.push_back("user" + std::to_string(i) + "@example.com");
    const auto one = r.recipients[0];
    r.recipients.assign(50, one);
    for (std::size_t i = 0; i < 50; ++i)
        r.recipients[i].address = addresses[i];
    EXPECT_THAT(make_dsn(r).body, HasSubstr("<user49@example.com>:\r\n"));
    EXPECT_THAT(make_dsn(r).body, Not(HasSubstr(" more: ")));
    r.recipients.push_back(one);
    r.recipients.back().address = addresses[50];
    const auto made = make_dsn(r);
    EXPECT_THAT(made.body, Not(HasSubstr("<user50@example.com>:\r\n")));
    EXPECT_THAT(made.body, HasSubstr("And 1 more: the second part of this report has all of them.\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Final-Recipient: rfc822; user50@example.com\r\n"));
}

TEST(dsn, is_worded_and_sent_as_somebody_else_says)
{
    auto r = report();
    r.wording = {"bounces+7@example.net", "Hello,\n\nyour letter came back.", "Post office \"north\"", {{"X-Bounce", "7"}}};
    const auto made = make_dsn(r);
    EXPECT_THAT(made.headers, HasSubstr("From: \"Post office \\\"north\\\"\" <MAILER-DAEMON@mx.example.org>\r\n"));
    EXPECT_THAT(made.headers, HasSubstr("To: <bounces+7@example.net>\r\n"));
    EXPECT_THAT(made.headers, EndsWith("X-Bounce: 7\r\n"));
    EXPECT_THAT(made.body, HasSubstr("\r\n\r\nHello,\r\n\r\nyour letter came back.\r\n"));
    EXPECT_THAT(made.body, Not(HasSubstr("could not be delivered to")));
    EXPECT_THAT(made.body, HasSubstr("<user@example.com>:\r\n")) << "what became of whom is said all the same";
    EXPECT_FALSE(made.has_8bit);
    expect_lines(made.headers);
    expect_lines(made.body);
}

TEST(dsn, stays_one_of_seven_bits_in_words_of_any_language)
{
    auto r = report();
    r.wording.text = "Zur\xc3\xbc"
                     "ck an den Absender = hier";
    r.wording.from_name = "Poststelle Z\xc3\xbcrich";
    const auto made = make_dsn(r);
    EXPECT_FALSE(made.has_8bit);
    EXPECT_THAT(made.headers, HasSubstr("From: =?utf-8?B?UG9zdHN0ZWxsZSBaw7xyaWNo?= <MAILER-DAEMON@mx.example.org>\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                                     "\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Zur=C3=BCck an den Absender =3D hier\r\n"));
    expect_lines(made.body);
}

TEST(dsn, says_beforehand_what_it_will_say_of_each_recipient)
{
    auto r = report();
    r.recipients[0].orcpt = "rfc822;old+2Bname@example.com";
    reported_recipient expected;
    expected.recipient = "user@example.com";
    expected.original = "old+name@example.com";
    expected.status = "5.1.1";
    expected.remote_mta = "mx.example.com";
    expected.diagnostic_type = "smtp";
    expected.diagnostic = "550 5.1.1 no such user";
    expected.last_attempt = "Tue, 14 Nov 2023 22:13:20 +0000";
    expected.smtp_code = 550;
    expected.action = report_action::failed;
    EXPECT_EQ(reported_in(r), std::vector{expected});
    r.kind = dsn_kind::delay;
    r.retry_until = r.date + 24h;
    EXPECT_EQ(reported_in(r).front().action, report_action::delayed);
    EXPECT_EQ(reported_in(r).front().retry_until, "Wed, 15 Nov 2023 22:13:20 +0000");
    r.kind = dsn_kind::success;
    EXPECT_EQ(reported_in(r).front().action, report_action::delivered);
    r.recipients[0].is_relayed = true;
    EXPECT_EQ(reported_in(r).front().action, report_action::relayed);
}

TEST(dsn, speaks_ascii_to_everybody_else)
{
    auto r = report();
    r.recipients[0].text = "caf\xc3\xa9 is closed";
    auto made = make_dsn(r);
    EXPECT_FALSE(made.has_8bit);
    EXPECT_THAT(made.body, HasSubstr("caf?? is closed"));
    r.smtputf8 = true; // but nothing needs it
    r.recipients[0].text = "closed";
    made = make_dsn(r);
    EXPECT_FALSE(made.needs_smtputf8);
    EXPECT_THAT(made.body, HasSubstr("Content-Type: message/delivery-status\r\n"));
}

TEST(dsn, replaces_octets_that_are_no_utf8_even_for_utf8_readers)
{
    auto r = report();
    r.smtputf8 = true;
    r.sender = "s\xc3\xa9nder@example.net";
    r.recipients[0].text = "caf\xe9";
    EXPECT_THAT(make_dsn(r).body, HasSubstr("550 5.1.1 caf?\r\n"));
}

TEST(dsn_text, cleans_at_most_a_thousand_octets_between_code_points)
{
    EXPECT_EQ(clean_text(std::string(1000, 'a'), true).size(), 1000U);
    EXPECT_EQ(clean_text(std::string(1001, 'a'), true).size(), 1000U);
    EXPECT_EQ(clean_text(std::string(999, 'a') + "\xc3\xa9", true).size(), 999U);
    EXPECT_EQ(clean_text(std::string{"a\0\r\n\t\x7f z", 8}, true), "a????? z");
}

TEST(dsn_text, breaks_quoted_printable_lines_at_76)
{
    std::string out;
    append_quoted_printable(out, std::string(200, '=') + "\r\n");
    for (const auto& line : lines_of(out))
        EXPECT_LE(line.size(), 76U);
    out.clear();
    append_quoted_printable(out, std::string(75, 'a'));
    EXPECT_EQ(out, std::string(75, 'a'));
    out.clear();
    append_quoted_printable(out, std::string(76, 'a'));
    EXPECT_EQ(out, std::string(75, 'a') + "=\r\na");
}

// RFC 6533 3
TEST(dsn_text, reads_an_address_of_type_utf8_in_each_of_its_forms)
{
    EXPECT_EQ(from_utf8_addr("us\\x{E9}r\\x{2B}x@example.com"), "us\xc3\xa9r+x@example.com");
    EXPECT_EQ(from_utf8_addr("\\x{20AC}\\x{1F600}\\x{10FFFF}"), "\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf");
    EXPECT_EQ(from_utf8_addr("\xc3\xa9@example.com"), "\xc3\xa9@example.com");
    EXPECT_EQ(from_utf8_addr(to_utf8_addr_xtext("a+b\xc3\xa9=\\@example.com")), "a+b\xc3\xa9=\\@example.com");
    for (const auto* bad :
         {"\\x{}", "\\x{E9", "\\x{G}", "\\x{D800}", "\\x{110000}", "\\x{0000E9}x\\x{1000000}", "\xc3", "\\x{-1}"})
        EXPECT_FALSE(from_utf8_addr(bad)) << bad;
}

TEST(dsn_text, finds_the_header_section)
{
    EXPECT_EQ(header_section("A: b\r\nC: d\r\n\r\nbody\r\n"), "A: b\r\nC: d\r\n");
    EXPECT_EQ(header_section("A: b\r\n"), "A: b\r\n");
    EXPECT_EQ(header_section("\r\nbody\r\n"), "");
    EXPECT_EQ(header_section(""), "");
}

} // namespace
} // namespace postern::message
