// What is counted, and when a day is told of: days, restarts, clocks that jump, a store that fails.

#include "a_reporter.hpp"

using namespace tls_report;
using namespace tls_report::test;
using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

namespace {

TEST_F(a_reporter, tells_a_domain_of_a_day_when_it_is_over)
{
    sessions(5);
    sessions(2, POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED);
    pass(24h - 10s);
    sessions(1, POSTERN_TLS_RESULT_STARTTLS_NOT_SUPPORTED);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    pass(1h);
    const auto mails = host_->submitted();
    ASSERT_THAT(mails, SizeIs(1));
    EXPECT_EQ(mails[0].sender, "tlsrpt@example.net");
    EXPECT_THAT(mails[0].recipients, ElementsAre("reports@example.org"));
    EXPECT_THAT(mails[0].params, ElementsAre(Pair("XTLSREPORT", "")));
    EXPECT_EQ(mails[0].flags, POSTERN_SUBMIT_NO_REPORTS);
    EXPECT_THAT(mails[0].content, StartsWith("DKIM-Signature: v=1; a=ed25519-sha256;"));
    const auto report = report_in(mails[0].content);
    EXPECT_EQ(report.organization, "example.net");
    EXPECT_EQ(report.begin, "2023-11-15T00:00:00Z");
    EXPECT_EQ(report.end, "2023-11-15T23:59:59Z");
    ASSERT_THAT(report.policies, SizeIs(1));
    EXPECT_EQ(report.policies[0].type, "no-policy-found");
    EXPECT_EQ(report.policies[0].domain, "example.org");
    EXPECT_EQ(report.successful(), 5);
    EXPECT_EQ(report.failed(), 3);
    EXPECT_THAT(report.policies[0].failures, SizeIs(2));
    EXPECT_THAT(keys_with("t|"), IsEmpty()) << "what was reported is gone";
    pass(48h);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(host_->metric("reports_total", {{"result", "sent"}}), 1);
    EXPECT_EQ(host_->metric("sessions_total", {{"result", "ok"}}), 5);
}

TEST_F(a_reporter, waits_for_as_long_as_it_drew) // RFC 8460 4.1
{
    played_.drawn = 3 * 3'600;
    sessions(1);
    pass(24h + 3h);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    pass(10min);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
}

TEST_F(a_reporter, goes_on_after_a_restart_where_it_was)
{
    sessions(3);
    pass(10min);
    sessions(2); // which is not kept yet
    restart();
    sessions(4, POSTERN_TLS_RESULT_VALIDATION_FAILURE);
    pass(25h);
    ASSERT_THAT(host_->submitted(), SizeIs(1));
    const auto report = report_in(host_->submitted()[0].content);
    EXPECT_EQ(report.successful(), 5);
    EXPECT_EQ(report.failed(), 4);
    restart();
    pass(25h);
    EXPECT_THAT(host_->submitted(), IsEmpty()) << "and sends it no second time";
}

TEST_F(a_reporter, that_was_down_at_midnight_reports_when_it_is_back)
{
    sessions(3);
    pass(10min);
    host_->destroy();
    const auto kept = host_->kv;
    begin(&kept);
    played_.set_right_s += 3 * 86'400;
    pass(2min);
    ASSERT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(report_in(host_->submitted()[0].content).begin, "2023-11-15T00:00:00Z");
}

TEST_F(a_reporter, neither_loses_nor_doubles_when_the_clock_jumps)
{
    sessions(3);
    pass(12h);
    played_.set_right_s += 5 * 86'400; // far ahead
    pass(10min);
    ASSERT_THAT(host_->submitted(), SizeIs(1));
    sessions(2);
    pass(10min);
    played_.set_right_s -= 5 * 86'400; // and back, into a day that is closed
    sessions(4);
    pass(24h);
    sessions(1);
    pass(8 * 24h);
    const auto mails = host_->submitted();
    std::int64_t sum = 0;
    std::set<std::string> ids;
    for (const auto& each : mails) {
        const auto report = report_in(each.content);
        sum += report.successful();
        ids.insert(report.id);
    }
    EXPECT_EQ(sum, 10);
    EXPECT_EQ(ids.size(), mails.size()) << "no day is told of twice";
}

TEST_F(a_reporter, leaves_its_own_reports_aside_and_lets_nothing_stop_them) // RFC 8460 3
{
    create();
    fake_delivery delivery{*host_};
    delivery.next_hop = "example.org";
    delivery.is_by_mx = true;
    delivery.message = "REPORT";
    delivery.tls = POSTERN_TLS_VERIFIED;
    EXPECT_TRUE(delivery.tls_policy().passes());
    delivery.params = {{"XTLSREPORT", std::nullopt, std::nullopt, POSTERN_RELAY_NEVER}};
    EXPECT_EQ(delivery.tls_policy().verdict, POSTERN_ACCEPT);
    static_cast<void>(delivery.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED));
    delivery.message = "ANOTHER";
    static_cast<void>(delivery.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED));
    delivery.is_by_mx = false; // to a relay of ours
    static_cast<void>(delivery.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED));
    EXPECT_EQ(tells({"show"}), "20231115 example.org successful=0 failed=1\n");
    delivery.end();
    fake_session client{*host_};
    client.who.has_tls = true;
    EXPECT_THAT(client.ehlo().offers, IsEmpty()) << "no client can make a mail of his one";
}

TEST_F(a_reporter, counts_on_while_the_store_is_down)
{
    sessions(1);
    pass(2min);
    host_->kv.fails = true;
    sessions(2);
    pass(2min);
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_DEGRADED);
    sessions(3);
    pass(2min);
    host_->kv.fails = false;
    pass(2min);
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_OK);
    EXPECT_EQ(count_of("store_failed"), 1u);
    EXPECT_EQ(count_of("store_works"), 1u);
    EXPECT_EQ(tells({"show"}), "20231115 example.org successful=6 failed=0\n");
}

} // namespace
