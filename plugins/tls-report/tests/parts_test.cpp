// What is pure: days, records, counts, reports as they are written, and as mails.

#include "../src/day.hpp"
#include "../src/gzip.hpp"
#include "../src/keys.hpp"
#include "../src/report.hpp"
#include "../src/rua.hpp"
#include "../src/tally.hpp"

#include <boost/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace tls_report;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

namespace {

TEST(a_day, is_from_midnight_to_midnight_in_utc)
{
    EXPECT_EQ(text_of(0), "19700101");
    EXPECT_EQ(text_of(day_of(1'700'000'000)), "20231114");
    EXPECT_EQ(date_time(begin_of(day_of(1'700'000'000))), "2023-11-14T00:00:00Z");
    EXPECT_EQ(date_time(end_of(day_of(1'700'000'000))), "2023-11-14T23:59:59Z");
    EXPECT_EQ(day_of(86'399), 0);
    EXPECT_EQ(day_of(86'400), 1);
    EXPECT_EQ(day_of(-1), -1);
    EXPECT_EQ(parse_day("20231114"), day_of(1'700'000'000));
    EXPECT_EQ(parse_day("20240229"), parse_day("20240228").value() + 1);
    for (const auto* bad : {"", "2023111", "202311144", "20231314", "2023-114", "abcdefgh"})
        EXPECT_FALSE(parse_day(bad)) << bad;
}

TEST(a_key, says_where_it_belongs)
{
    const auto where = keys::of(parse_day("20231114").value(), "example.org");
    EXPECT_EQ(where, "t|20231114|example.org|");
    const auto place = keys::place_of(where + "n|1|ok");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->when, parse_day("20231114"));
    EXPECT_EQ(place->domain, "example.org");
    for (const auto* bad :
         {"", "t|", "t|20231114", "t|20231114|example.org", "t|2023111x|example.org|", "s|20231114|example.org|"})
        EXPECT_FALSE(keys::place_of(bad)) << bad;
    EXPECT_NE(keys::claim(1, "example.org", "mailto:a@example.org"), keys::claim(1, "example.org", "mailto:b@example.org"));
}

TEST(a_record, names_who_wants_reports) // RFC 8460 3
{
    const auto one = parse_record("v=TLSRPTv1; rua=mailto:reports@example.com");
    ASSERT_TRUE(one);
    ASSERT_THAT(*one, SizeIs(1));
    EXPECT_EQ(one->front().what, destination::kind::mail);
    EXPECT_EQ(one->front().address, "reports@example.com");
    const auto both = parse_record(
        "v=TLSRPTv1;rua=https://Reporting.Example.com:8443/v1/tlsrpt?a=b , mailto:a%2Bb@example.com?subject=x;ext=1;");
    ASSERT_TRUE(both);
    ASSERT_THAT(*both, SizeIs(2));
    EXPECT_EQ((*both)[0].host, "reporting.example.com");
    EXPECT_EQ((*both)[0].port, 8443);
    EXPECT_EQ((*both)[0].path, "/v1/tlsrpt?a=b");
    EXPECT_EQ((*both)[1].address, "a+b@example.com");
    EXPECT_EQ(parse_record("v=TLSRPTv1; rua=https://example.com")->front().path, "/");
    EXPECT_EQ(parse_record("v=TLSRPTv1; rua=https://example.com?x")->front().path, "/?x");
    EXPECT_THAT(*parse_record("v=TLSRPTv1; ext=1; rua=mailto:a@b.example; rua=mailto:c@b.example"), SizeIs(1))
        << "the first counts";
    EXPECT_THAT(*parse_record("v=TLSRPTv1; rua=ftp://example.com/"), IsEmpty()) << "of another scheme";
}

TEST(a_record, that_breaks_the_syntax_is_none)
{
    for (const auto* bad : {"", "v=TLSRPTv1", "v=TLSRPTv2; rua=mailto:a@b.example", "rua=mailto:a@b.example; v=TLSRPTv1",
                            "v=TLSRPTv1 rua=mailto:a@b.example", "v=tlsrptv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua",
                            "v=TLSRPTv1; rua=", "v=TLSRPTv1; rua=nobody", "v=TLSRPTv1; rua=mailto:a@b.example!10m",
                            "v=TLSRPTv1; rua=mailto:a@b.example,", "v=TLSRPTv1; ;rua=mailto:a@b.example",
                            "v=TLSRPTv1; e x=1; rua=mailto:a@b.example", "v=TLSRPTv1; ext=; rua=mailto:a@b.example"})
        EXPECT_FALSE(parse_record(bad).has_value()) << bad;
    EXPECT_FALSE(parse_record("v=TLSRPTv1;").has_value()) << "there is no rua";
}

TEST(a_record, cannot_make_a_request_or_a_recipient_of_anything_else)
{
    for (const auto* bad : {"mailto:",
                            "mailto:a",
                            "mailto:a@",
                            "mailto:a@b",
                            "mailto:a@[127.0.0.1]",
                            "mailto:a%0d%0aRCPT@b.example",
                            "mailto:a%@b.example",
                            "mailto:a%zz@b.example",
                            "mailto:a@b.example%00",
                            "mailto:\"a b\"@b.example",
                            "mailto:a@b.example>%20NOTIFY=NEVER",
                            "https://",
                            "https:///x",
                            "https://localhost/",
                            "https://127.0.0.1/",
                            "https://[::1]/",
                            "https://user@b.example/",
                            "https://user:x@b.example/",
                            "https://b.example:0/",
                            "https://b.example:65536/",
                            "https://b.example:x/",
                            "https://b.example/#x",
                            "https://b.exa mple/",
                            "https://b.example:80@evil.example/",
                            "http://b.example/",
                            "HTTPS//b.example"})
        EXPECT_FALSE(parse_uri(bad).has_value()) << bad;
    EXPECT_FALSE(parse_uri("https://b.example/" + std::string(1'000, 'x')).has_value());
    std::string many = "v=TLSRPTv1; rua=mailto:a@b.example";
    for (int i = 0; i < 20; ++i)
        many += ",mailto:a" + std::to_string(i) + "@b.example";
    EXPECT_THAT(*parse_record(many), SizeIs(most_destinations));
}

TEST(records, of_a_name_have_one_of_tlsrpt_among_them)
{
    const std::string good = "v=TLSRPTv1; rua=mailto:a@b.example";
    EXPECT_TRUE(destinations_in({"v=spf1 -all", good}));
    EXPECT_FALSE(destinations_in({good, good})) << "with two nobody knows";
    EXPECT_FALSE(destinations_in({}));
    EXPECT_FALSE(destinations_in({"v=spf1 -all"}));
}

const policy sts{"sts", "example.org", {"version: STSv1", "mode: enforce"}, {"*.example.org"}};
const failure expired{"certificate-expired", "mx.example.org", "192.0.2.25", "192.0.2.1", "it has ended"};

TEST(gzip, comes_back_within_its_bound)
{
    const std::string text(100'000, 'x');
    const auto packed = gzip(text);
    EXPECT_LT(packed.size(), 1'000u);
    EXPECT_EQ(gunzip(packed, text.size()), text);
    EXPECT_FALSE(gunzip(packed, text.size() - 1)) << "more than was asked for";
    EXPECT_FALSE(gunzip(packed.substr(0, packed.size() - 1), 1'000'000)) << "an end that is missing";
    EXPECT_FALSE(gunzip("", 1'000));
    EXPECT_FALSE(gunzip("no gzip", 1'000));
    auto broken = packed;
    broken[broken.size() - 6] = static_cast<char>(broken[broken.size() - 6] ^ 1);
    EXPECT_FALSE(gunzip(broken, 1'000'000)) << "a checksum that is wrong";
    EXPECT_EQ(gunzip(gzip(""), 0), "");
}

const reporter us{"Example Organisation", "postmaster@example.net", "tlsrpt@example.net", "example.net"};

[[nodiscard]] gathered some_report()
{
    policy_counts one{sts, 5'326, 303, {{expired, 100}, {failure{"starttls-not-supported"}, 203}}};
    return {"example.org", parse_day("20231114").value(), {std::move(one)}};
}

TEST(a_report, is_what_the_standard_shows) // RFC 8460 4.4
{
    const auto parsed = boost::json::parse(to_json(us, some_report()));
    EXPECT_EQ(parsed, boost::json::parse(R"({
        "organization-name": "Example Organisation",
        "date-range": {"start-datetime": "2023-11-14T00:00:00Z", "end-datetime": "2023-11-14T23:59:59Z"},
        "contact-info": "postmaster@example.net",
        "report-id": ")" + report_id(us, some_report()) +
                                         R"(",
        "policies": [{
            "policy": {"policy-type": "sts", "policy-string": ["version: STSv1", "mode: enforce"],
                       "policy-domain": "example.org", "mx-host": ["*.example.org"]},
            "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
            "failure-details": [
                {"result-type": "certificate-expired", "sending-mta-ip": "192.0.2.1", "receiving-mx-hostname": "mx.example.org",
                 "receiving-ip": "192.0.2.25", "failed-session-count": 100, "failure-reason-code": "it has ended"},
                {"result-type": "starttls-not-supported", "failed-session-count": 203}]
        }]})"));
    EXPECT_EQ(report_id(us, some_report()), report_id(us, some_report()));
    auto other = some_report();
    ++other.when;
    EXPECT_NE(report_id(us, some_report()), report_id(us, other));
    EXPECT_THAT(file_name(us, some_report()), StartsWith("example.net!example.org!1699920000!1700006399!"));
}

TEST(a_report_by_mail, is_what_the_standard_shows) // RFC 8460 5.3
{
    const auto packed = gzip(to_json(us, some_report()));
    const auto mail = to_mail(us, some_report(), "reports@example.org", packed, 1'700'010'000, nullptr);
    for (const auto* part : {"From: <tlsrpt@example.net>\r\n", "To: <reports@example.org>\r\n",
                             "Subject: Report Domain: example.org\r\n Submitter: example.net\r\n Report-ID: <",
                             "Date: Wed, 15 Nov 2023 01:00:00 +0000\r\n", "TLS-Report-Domain: example.org\r\n",
                             "TLS-Report-Submitter: example.net\r\n", "TLS-Required: No\r\n", "MIME-Version: 1.0\r\n",
                             "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n",
                             "Content-Type: application/tlsrpt+gzip\r\n", "filename=\"example.net!example.org!"})
        EXPECT_THAT(mail, HasSubstr(part));
    for (std::size_t at = 0, end = 0; at < mail.size(); at = end + 2) {
        end = mail.find("\r\n", at);
        ASSERT_NE(end, mail.npos);
        EXPECT_LE(end - at, 998u);
    }
    EXPECT_THAT(mail, Not(HasSubstr("DKIM-Signature")));
}

} // namespace
