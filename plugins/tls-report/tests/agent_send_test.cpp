// How reports leave: by HTTPS and by mail, again after failures, and once.

#include "a_reporter.hpp"

using namespace tls_report;
using namespace tls_report::test;
using testing::Contains;
using testing::Not;
using testing::SizeIs;

namespace {

TEST_F(a_reporter, posts_where_a_domain_wants_it_so)
{
    wants("example.org", "v=TLSRPTv1; rua=https://reports.example.org/v1?x=1,mailto:reports@example.org");
    host_->dns.aaaa("reports.example.org", {"2001:db8::1", "2a00::1"});
    host_->dns.a("reports.example.org", {"10.0.0.1"});
    sessions(3);
    pass(24h + 2min + 10s); // a web server has no more than minutes
    ASSERT_THAT(played_.posts, SizeIs(1));
    const auto& post = played_.posts[0];
    EXPECT_EQ(post.host, "reports.example.org");
    EXPECT_EQ(post.path, "/v1?x=1");
    EXPECT_EQ(post.content_type, "application/tlsrpt+gzip");
    EXPECT_THAT(post.addresses, Not(Contains("10.0.0.1")));
    EXPECT_THAT(post.addresses, Contains("2a00::1"));
    const auto parsed = parse_report(gunzip(post.body, 1'000'000).value_or(""));
    ASSERT_TRUE(parsed.what) << parsed.why;
    EXPECT_EQ(parsed.what->successful(), 3);
    EXPECT_THAT(host_->submitted(), IsEmpty()) << "one after the other";
    posted(201);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(report_in(host_->submitted()[0].content).id, parsed.what->id);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
}

TEST_F(a_reporter, tries_again_for_a_day_and_tells_nobody_twice) // RFC 8460 5.5
{
    wants("example.org", "v=TLSRPTv1; rua=mailto:reports@example.org,https://reports.example.org/");
    host_->dns.aaaa("reports.example.org", {"2a00::1"});
    sessions(3);
    pass(24h + 5min);
    posted(500);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(host_->events().back().fields.at("cause"), "the web server says 500");
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_DEGRADED);
    pass(14min);
    EXPECT_THAT(played_.posts, SizeIs(1));
    pass(3min);
    EXPECT_THAT(played_.posts, SizeIs(2));
    posted(200);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_THAT(keys_with("t|"), IsEmpty());
    pass(2min);
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_OK);
}

TEST_F(a_reporter, gives_up_after_a_day)
{
    host_->dns.fails("_smtp._tls.example.org", POSTERN_DNS_TXT, POSTERN_DNS_SERVFAIL);
    sessions(3);
    pass(47h);
    EXPECT_EQ(count_of("report_dropped"), 0u);
    EXPECT_THAT(keys_with("t|"), Not(IsEmpty()));
    pass(2h);
    EXPECT_EQ(count_of("report_dropped"), 1u);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
    EXPECT_THAT(host_->submitted(), IsEmpty());
    EXPECT_EQ(host_->metric("reports_total", {{"result", "dropped"}}), 1);
}

TEST_F(a_reporter, says_nothing_to_who_asked_for_nothing)
{
    wants("example.org", "v=spf1 -all");
    wants("two.example", "v=TLSRPTv1; rua=ftp://two.example");
    sessions(3);
    sessions(3, 0, "two.example");
    sessions(3, 0, "nothing.example");
    pass(25h);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    EXPECT_THAT(keys_with("t|"), IsEmpty());
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_OK);
}

TEST_F(a_reporter, leaves_a_report_to_who_is_about_to_send_it_and_takes_it_over_when_that_is_gone)
{
    sessions(3);
    const auto due = 24h + 2min;
    pass(due - 1min);
    const auto place = keys::claim(day_of(midnight), "example.org", "mailto:reports@example.org");
    host_->kv.set(place, "another|" + std::to_string(midnight + 86'400 + 120));
    pass(2min);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    pass(8min);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    pass(15min);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(host_->kv.value(place), "sent");
}

TEST_F(a_reporter, whose_queue_is_full_tries_again)
{
    host_->submit_result = POSTERN_SUBMIT_FULL;
    sessions(1);
    pass(24h + 10min);
    EXPECT_EQ(count_of("report_failed"), 1u);
    host_->submit_result = POSTERN_SUBMIT_OK;
    pass(20min);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
}

TEST_F(a_reporter, without_a_key_sends_no_mail)
{
    host_ = std::make_unique<fake_host>(table);
    played_.host = host_.get();
    ASSERT_THAT(use_manifest(*host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    host_->option("from", "tlsrpt@example.net");
    wants("example.org", "v=TLSRPTv1; rua=mailto:reports@example.org");
    sessions(1);
    pass(24h + 10min);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    EXPECT_EQ(host_->events().back().fields.at("cause"), "there is no dkim_key");
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_DEGRADED);
}

TEST_F(a_reporter, ends_while_a_report_is_on_its_way)
{
    wants("example.org", "v=TLSRPTv1; rua=https://reports.example.org/");
    host_->dns.aaaa("reports.example.org", {"2a00::1"});
    sessions(3);
    pass(25h);
    ASSERT_THAT(played_.dones, SizeIs(1));
    restart(); // with a claim of an instance that is gone
    wants("example.org", "v=TLSRPTv1; rua=https://reports.example.org/");
    host_->dns.aaaa("reports.example.org", {"2a00::1"});
    pass(30min);
    ASSERT_THAT(played_.dones, SizeIs(1));
    posted(200);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
}

// A silent web server of one domain holds up nobody else's report.
TEST_F(a_reporter, reports_to_many_domains_at_the_same_time)
{
    constexpr std::size_t domains = 40;
    for (std::size_t i = 0; i < domains; ++i) {
        const auto domain = "d" + std::to_string(i) + ".example";
        const auto host = "reports." + domain;
        wants(domain, "v=TLSRPTv1; rua=https://" + host + "/");
        host_->dns.aaaa(host, {"2a00::1"});
        sessions(1, POSTERN_TLS_RESULT_OK, domain);
    }
    sessions(1); // whose report goes by mail
    pass(25h);
    EXPECT_EQ(played_.posts.size(), tls_report::round::most_workers) << "and no more";
    posted(200);
    EXPECT_EQ(played_.posts.size(), tls_report::round::most_workers + 1);
    while (!played_.dones.empty())
        posted(200);
    EXPECT_EQ(played_.posts.size(), domains);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_THAT(keys_with("t|"), IsEmpty());
    EXPECT_EQ(host_->metric("reports_total", {{"result", "sent"}}), static_cast<std::int64_t>(domains) + 1);
}

TEST_F(a_reporter, waits_for_a_silent_web_server_once_in_a_round)
{
    for (int i = 0; i < 100; ++i) {
        const auto domain = "d" + std::to_string(i) + ".example";
        wants(domain, "v=TLSRPTv1; rua=https://reports.example.com/" + std::to_string(i));
        sessions(1, POSTERN_TLS_RESULT_OK, domain);
    }
    host_->dns.aaaa("reports.example.com", {"2a00::1"});
    pass(25h);
    EXPECT_EQ(played_.posts.size(), tls_report::round::most_workers);
    silent();
    EXPECT_EQ(played_.dones.size(), tls_report::round::most_workers - 1) << "nobody begins to wait for it any more";
    while (!played_.dones.empty())
        silent();
    EXPECT_EQ(played_.posts.size(), tls_report::round::most_workers);
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_DEGRADED);
    pass(20min);
    EXPECT_EQ(played_.posts.size(), 2 * tls_report::round::most_workers) << "but again in the next round";
    while (!played_.dones.empty())
        posted(200);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
}

TEST_F(a_reporter, tries_first_those_that_never_failed)
{
    for (int i = 0; i < 33; ++i) {
        const auto domain = "d" + std::to_string(i) + ".example";
        wants(domain, "v=TLSRPTv1; rua=https://reports." + domain + "/");
        host_->dns.aaaa("reports." + domain, {"2a00::1"});
        sessions(1, POSTERN_TLS_RESULT_OK, domain);
    }
    pass(25h);
    while (!played_.dones.empty())
        silent();
    wants("z.example", "v=TLSRPTv1; rua=https://reports.z.example/");
    host_->dns.aaaa("reports.z.example", {"2a00::1"});
    sessions(1, POSTERN_TLS_RESULT_OK, "z.example");
    played_.posts.clear();
    EXPECT_TRUE(host_->tell({"send"}).is_pending());
    host_->advance(0ns);
    ASSERT_FALSE(played_.posts.empty());
    EXPECT_EQ(played_.posts.front().host, "reports.z.example");
    while (!played_.dones.empty())
        posted(200);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
}

TEST_F(a_reporter, gives_a_domain_no_more_than_its_time_in_a_round)
{
    wants("example.org", "v=TLSRPTv1; rua=https://a.example.org/,https://b.example.org/,https://c.example.org/");
    for (const auto* const each : {"a.example.org", "b.example.org", "c.example.org"})
        host_->dns.aaaa(each, {"2a00::1"});
    sessions(1);
    pass(24h + 2min + 10s);
    ASSERT_THAT(played_.posts, SizeIs(1));
    host_->advance(1min);
    silent();
    ASSERT_THAT(played_.posts, SizeIs(2));
    host_->advance(1min);
    posted(200);
    EXPECT_THAT(played_.posts, SizeIs(2)) << "two minutes are over";
    EXPECT_THAT(played_.dones, IsEmpty());
    for (int i = 0; i < 20 && played_.posts.size() < 3; ++i)
        pass(1min);
    ASSERT_THAT(played_.posts, SizeIs(3));
    EXPECT_EQ(played_.posts.back().host, "a.example.org");
    posted(200);
    ASSERT_THAT(played_.posts, SizeIs(4));
    EXPECT_EQ(played_.posts.back().host, "c.example.org") << "b has it";
    posted(200);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
}

} // namespace
