// Reports of others that arrive.

#include "a_reporter.hpp"

using namespace tls_report;
using namespace tls_report::test;
using testing::HasSubstr;
using testing::SizeIs;

namespace {

TEST_F(a_reporter, takes_reports_of_others)
{
    host_->option("save", folder_.path().string());
    create();
    const reporter they{"They", "they@example.com", "they@example.com", "example.com"};
    const gathered what{
        "example.net", 19'676, {{policy{"sts", "example.net"}, 7, 2, {{failure{"certificate-expired", "mx.example.net"}, 2}}}}};
    const auto mail = to_mail(they, what, "reports@example.net", gzip(to_json(they, what)), midnight, nullptr);
    fake_session client{*host_};
    EXPECT_TRUE(client.mail("they@Example.com").passes());
    client.to = {"REPORTS@example.net"};
    EXPECT_TRUE(host_->wait_for(client.end({}, mail)).proceeds());
    const auto events = host_->events();
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_EQ(events[0].name, "report_received");
    EXPECT_EQ(events[0].fields.at("successful"), "7");
    EXPECT_EQ(events[0].fields.at("policy"), "sts");
    EXPECT_EQ(events[1].name, "failure_reported");
    EXPECT_EQ(events[1].fields.at("type"), "certificate-expired");
    EXPECT_EQ(host_->metric("received_reports_total", {{"result", "good"}}), 1);
    EXPECT_EQ(host_->metric("received_successes_total"), 7);
    EXPECT_EQ(host_->metric("received_failures_total", {{"type", "certificate-expired"}}), 2);
    EXPECT_THAT(tells({"received"}), HasSubstr("example.com reports=1 successful=7 failed=2"));
    std::size_t files = 0;
    for (const auto& each : std::filesystem::directory_iterator{folder_.path()})
        files += each.path().extension() == ".json" ? 1u : 0u;
    EXPECT_EQ(files, 1u);
}

TEST_F(a_reporter, takes_any_other_mail_as_well)
{
    create();
    fake_session client{*host_};
    static_cast<void>(client.mail("they@example.com"));
    client.to = {"reports@example.net"};
    EXPECT_TRUE(host_->wait_for(client.end({}, "Content-Type: application/tlsrpt+gzip\r\n\r\nno gzip")).proceeds());
    EXPECT_EQ(host_->events().back().name, "report_not_read");
    EXPECT_EQ(host_->metric("received_reports_total", {{"result", "bad"}}), 1);
    EXPECT_TRUE(host_->wait_for(client.end({}, "Subject: hi\r\n\r\nhello")).proceeds());
    EXPECT_EQ(host_->metric("received_reports_total", {{"result", "bad"}}), 1) << "a letter is no bad report";
    static_cast<void>(client.mail("they@example.com"));
    client.to = {"somebody@example.net"};
    EXPECT_TRUE(client.end({}, "Content-Type: application/tlsrpt+gzip\r\n\r\nno gzip").proceeds());
    EXPECT_EQ(host_->metric("received_reports_total", {{"result", "bad"}}), 1);
}

} // namespace
