// Reports of others: found in messages of all kinds, unpacked and read within bounds.

#include "../src/gzip.hpp"
#include "../src/received.hpp"
#include "../src/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

using namespace tls_report;
using testing::HasSubstr;
using testing::SizeIs;

namespace {

constexpr std::size_t most = 100'000;

// RFC 8460 B
constexpr std::string_view example = R"({
  "organization-name": "Company-X",
  "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
  "contact-info": "sts-reporting@company-x.example",
  "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
  "policies": [{
    "policy": {
      "policy-type": "sts",
      "policy-string": ["version: STSv1","mode: testing", "mx: *.mail.company-y.example","max_age: 86400"],
      "policy-domain": "company-y.example",
      "mx-host": ["*.mail.company-y.example"]
    },
    "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
    "failure-details": [{
      "result-type": "certificate-expired",
      "sending-mta-ip": "2001:db8:abcd:0012::1",
      "receiving-mx-hostname": "mx1.mail.company-y.example",
      "failed-session-count": 100
    }, {
      "result-type": "starttls-not-supported",
      "sending-mta-ip": "2001:db8:abcd:0013::1",
      "receiving-mx-hostname": "mx2.mail.company-y.example",
      "receiving-ip": "203.0.113.56",
      "failed-session-count": 200,
      "additional-information": "https://reports.company-x.example/report_info ? id = 5065427 c - 23 d3# StarttlsNotSupported "
    }, {
      "result-type": "validation-failure",
      "sending-mta-ip": "198.51.100.62",
      "receiving-ip": "203.0.113.58",
      "receiving-mx-hostname": "mx-backup.mail.company-y.example",
      "failed-session-count": 3,
      "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"
    }]
  }]
})";

[[nodiscard]] std::string mail_with(std::string_view type, std::string_view coding, std::string_view body)
{
    return "From: a@example.net\r\nContent-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"x "
           "y\"\r\n\r\nprologue\r\n--x y\r\n"
           "Content-Type: text/plain\r\n\r\nhello\r\n--x y\r\nContent-Type: " +
           std::string{type} + "; name=x\r\nContent-Transfer-Encoding: " + std::string{coding} + "\r\n\r\n" + std::string{body} +
           "\r\n--x y--\r\nepilogue\r\n";
}

TEST(a_report_of_others, is_read_as_the_standard_shows_it)
{
    const auto parsed = parse_report(example);
    ASSERT_TRUE(parsed.what) << parsed.why;
    const auto& report = *parsed.what;
    EXPECT_EQ(report.organization, "Company-X");
    EXPECT_EQ(report.id, "5065427c-23d3-47ca-b6e0-946ea0e8c4be");
    EXPECT_EQ(report.begin, "2016-04-01T00:00:00Z");
    EXPECT_EQ(report.successful(), 5326);
    EXPECT_EQ(report.failed(), 303);
    ASSERT_THAT(report.policies, SizeIs(1));
    EXPECT_EQ(report.policies[0].domain, "company-y.example");
    ASSERT_THAT(report.policies[0].failures, SizeIs(3));
    EXPECT_EQ(report.policies[0].failures[1].type, "starttls-not-supported");
    EXPECT_EQ(report.policies[0].failures[1].receiving_ip, "203.0.113.56");
    EXPECT_EQ(report.policies[0].failures[2].reason, "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED");
    EXPECT_EQ(report.policies[0].failures[2].count, 3);
}

TEST(a_report_of_others, is_found_in_a_mail_that_we_could_have_sent)
{
    const reporter us{"We", "postmaster@example.net", "tlsrpt@example.net", "example.net"};
    const gathered what{"example.org", 19'675, {{policy{"sts", "example.org"}, 5, 2, {{failure{"dane-required"}, 2}}}}};
    const auto json = to_json(us, what);
    const auto found = find_json(to_mail(us, what, "reports@example.org", gzip(json), 1'700'000'000, nullptr), most);
    ASSERT_TRUE(found.what) << found.why;
    EXPECT_EQ(*found.what, json);
    const auto parsed = parse_report(json);
    ASSERT_TRUE(parsed.what) << parsed.why;
    EXPECT_EQ(parsed.what->successful(), 5);
    EXPECT_EQ(parsed.what->failed(), 2);
    EXPECT_EQ(parsed.what->policies[0].failures[0].type, "dane-required");
}

TEST(a_report_of_others, is_found_however_it_is_coded)
{
    EXPECT_EQ(find_json(mail_with("application/tlsrpt+json", "7bit", "{}"), most).what, "{}\r\n");
    EXPECT_EQ(find_json(mail_with("Application/TLSRPT+JSON", "Base64", "e30="), most).what, "{}");
    EXPECT_EQ(find_json(mail_with("application/tlsrpt+json", "quoted-printable", "{=\r\n=7D=zz"), most).what, "{}zz\r\n");
    EXPECT_EQ(find_json("Content-Type: application/tlsrpt+json\r\n\r\n{}", most).what, "{}") << "alone";
    const auto packed = gzip("{}");
    EXPECT_EQ(find_json("Content-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: binary\n\n" + packed, most).what,
              "{}");
    const auto nested =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + mail_with("application/tlsrpt+json", "7bit", "{}");
    EXPECT_TRUE(find_json(nested, most).what) << "inside others, and without an end";
}

TEST(a_mail, that_is_no_report_is_told_from_a_report_that_is_broken)
{
    const auto letter = find_json("From: a@b\r\nSubject: hi\r\n\r\nhello\r\n", most);
    EXPECT_FALSE(letter.what);
    EXPECT_FALSE(letter.is_report);
    const auto broken = find_json(mail_with("application/tlsrpt+gzip", "base64", "AAAA"), most);
    EXPECT_FALSE(broken.what);
    EXPECT_TRUE(broken.is_report);
    EXPECT_THAT(broken.why, HasSubstr("no gzip"));
    const auto empty = find_json(mail_with("text/html", "7bit", "x"), most);
    EXPECT_TRUE(empty.is_report);
    EXPECT_THAT(empty.why, HasSubstr("no part of type"));
    EXPECT_FALSE(find_json("", most).what);
}

TEST(a_report_of_others, costs_no_more_than_its_bounds)
{
    const auto bomb = gzip(std::string(10'000'000, ' '));
    EXPECT_LT(bomb.size(), 20'000u);
    const auto found = find_json("Content-Type: application/tlsrpt+gzip\r\n\r\n" + bomb, most);
    EXPECT_FALSE(found.what);
    EXPECT_THAT(found.why, HasSubstr("100000 octets"));
    EXPECT_THAT(find_json("Content-Type: application/tlsrpt+json\r\n\r\n" + std::string(most + 1, ' '), most).why,
                HasSubstr("octets"));
    EXPECT_TRUE(find_json("Content-Type: application/tlsrpt+json\r\n\r\n" + std::string(most, ' '), most).what);

    std::string deep;
    for (int i = 0; i < 50; ++i)
        deep += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\r\n\r\n--b" + std::to_string(i) + "\r\n";
    EXPECT_THAT(find_json(deep + "Content-Type: application/tlsrpt+json\r\n\r\n{}", most).why, HasSubstr("too deep"));
    std::string many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 1'000; ++i)
        many += "--b\r\n\r\nx\r\n";
    EXPECT_THAT(find_json(many, most).why, HasSubstr("too many"));
}

TEST(a_report_of_others, may_say_anything_and_is_no_more_than_it_may_be)
{
    for (const std::string_view bad :
         {"", "{", "[]", "1", "{}", R"({"policies": 1})", R"({"policies": []})", R"({"policies": [1], "report-id": "x"})",
          R"({"policies": [{}], "report-id": "x"})", R"({"policies": [{"policy": {}}], "report-id": "x"})"}) {
        const auto parsed = parse_report(bad);
        EXPECT_FALSE(parsed.what) << bad;
        EXPECT_NE(parsed.why, "") << bad;
    }
    EXPECT_FALSE(parse_report(std::string(100, '[') + std::string(100, ']')).what);
    std::string many = R"({"report-id": "x", "policies": [)";
    for (std::size_t i = 0; i <= most_policies_read; ++i)
        many += std::string{i == 0 ? "" : ","} + R"({"policy": {}, "summary": {}})";
    EXPECT_THAT(parse_report(many + "]}").why, HasSubstr("more than 100"));

    const auto odd = parse_report(R"({"report-id": "a\u0000b\n\u00e4", "organization-name": 7, "date-range": [], "policies": [
        {"policy": {"policy-type": "new", "policy-domain": "x"}, "summary": {"total-successful-session-count": -5,
         "total-failure-session-count": 99999999999999999999}, "failure-details": [{"result-type": "mine", "failed-session-count": "3"}, 7]}]})");
    ASSERT_TRUE(odd.what) << odd.why;
    EXPECT_EQ(odd.what->id, "a?b???");
    EXPECT_EQ(odd.what->organization, "");
    EXPECT_EQ(odd.what->policies[0].type, "other");
    EXPECT_EQ(odd.what->successful(), 0);
    ASSERT_THAT(odd.what->policies[0].failures, SizeIs(1));
    EXPECT_EQ(odd.what->policies[0].failures[0].type, "other");
    EXPECT_EQ(odd.what->policies[0].failures[0].count, 0);
    std::string failures = R"({"report-id": "x", "policies": [{"policy": {}, "summary": {}, "failure-details": [)";
    for (std::size_t i = 0; i <= most_failures_read; ++i)
        failures += std::string{i == 0 ? "" : ","} + "{}";
    EXPECT_THAT(parse_report(failures + "]}]}").what->policies[0].failures, SizeIs(most_failures_read));
}

TEST(a_file_of_a_report, has_a_name_that_leads_nowhere_else)
{
    received_report what;
    what.organization = "../../etc/passwd\n";
    what.id = "/x\\y";
    EXPECT_EQ(file_name_of(what, "1"), "_._.._etc_passwd_!none!_x_y!1.json");
    what.id = std::string(1'000, 'x');
    EXPECT_LE(file_name_of(what, "1").size(), 200u);
    EXPECT_THAT(file_name_of(what, "20231114-7"), testing::EndsWith("!20231114-7.json"));
}

} // namespace
