// What a delivery hears of the policy of its domain.

#include "a_host.hpp"

using namespace mta_sts;
using namespace mta_sts::test;
using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

TEST_F(a_host, that_an_enforced_policy_lists_gets_mail_over_tls_with_a_certificate_for_it)
{
    const auto said = with_policy("enforce");
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(said.out.name, "mx.example.org");
    EXPECT_EQ(said.out.policy_type, "sts");
    EXPECT_EQ(said.out.policy_domain, "example.org");
    EXPECT_THAT(said.out.policy_strings,
                ElementsAre("version: STSv1", "mode: enforce", "mx: mx.example.org", "mx: *.example.net", "max_age: 604800"));
    EXPECT_THAT(said.out.policy_hosts, ElementsAre("mx.example.org", "*.example.net"));
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_OK);
    EXPECT_FALSE(said.out.is_tested);
    EXPECT_THAT(played_.fetches, ElementsAre(Pair("example.org", ElementsAre("2001:db8::1", "192.0.2.1"))));
    EXPECT_EQ(hosts("enforced"), 1);
    EXPECT_EQ(host_.metric("policies", {{"mode", "enforce"}}), 1);
    EXPECT_EQ(host_.metric("fetches_total", {{"result", "ok"}}), 1);
}

TEST_F(a_host, that_an_enforced_policy_does_not_list_is_left_out)
{
    delivery_.host_name = delivery_.tls_name = "mx.evil.example";
    const auto said = with_policy("enforce");
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.smtp_code, 451U);
    EXPECT_EQ(said.enhanced, "4.7.5");
    EXPECT_THAT(said.text, HasSubstr("mx.evil.example is no mail exchanger that the policy of example.org lists"));
    EXPECT_TRUE(said.out.next_host);
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_VALIDATION_FAILURE);
    EXPECT_EQ(said.out.policy_domain, "example.org");
    EXPECT_EQ(hosts("refused"), 1);
}

// RFC 8461 5
TEST_F(a_host, of_a_policy_in_testing_gets_mail_whatever_it_comes_to)
{
    auto said = with_policy("testing");
    EXPECT_TRUE(said.proceeds());
    EXPECT_TRUE(said.out.is_tested);
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    delivery_.host_name = delivery_.tls_name = "a.b.example.net";
    said = asks();
    EXPECT_TRUE(said.proceeds());
    EXPECT_FALSE(said.out.is_tested);
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_VALIDATION_FAILURE);
    EXPECT_EQ(said.out.policy_domain, "example.org");
    EXPECT_EQ(said.text, "a.b.example.net is no mail exchanger that the policy of example.org lists") << "RFC 8460 4.3.1";
    EXPECT_EQ(hosts("tested"), 1);
    EXPECT_EQ(hosts("test_failed"), 1);
}

TEST_F(a_host, of_a_policy_of_the_mode_none_is_left_alone)
{
    const auto said = with_policy("none");
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(said.out.policy_type, "");
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
}

// RFC 8461 2
TEST_F(a_host, with_dane_is_left_to_it)
{
    delivery_.tls = POSTERN_TLS_DANE;
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_DANE);
    EXPECT_THAT(host_.dns.asked(), IsEmpty());
}

TEST_F(a_host, that_no_mx_record_names_is_left_alone_and_so_is_an_address_and_an_exempt_domain)
{
    host_.list("exempt", {"Broken.example", ".below.example"});
    delivery_.is_by_mx = false;
    EXPECT_TRUE(asks().proceeds());
    delivery_.is_by_mx = true;
    for (const auto* const each : {"[192.0.2.1]", "192.0.2.1", "localhost", "broken.example", "a.below.example"}) {
        delivery_.next_hop = each;
        EXPECT_TRUE(asks().proceeds()) << each;
    }
    EXPECT_THAT(host_.dns.asked(), IsEmpty());
    EXPECT_EQ(host_.kv.requests(), 0U);
}

TEST_F(a_host, that_somebody_demands_another_certificate_of_keeps_that)
{
    delivery_.tls = POSTERN_TLS_VERIFIED;
    delivery_.tls_name = "partner.example";
    const auto said = with_policy("enforce");
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(said.out.name, "");
    EXPECT_EQ(delivery_.tls_name, "partner.example");
    EXPECT_EQ(said.out.policy_domain, "example.org");
}

TEST_F(a_host, without_a_record_is_left_alone)
{
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_NXDOMAIN);
    EXPECT_TRUE(delivery_.finish(asks()).proceeds());
    EXPECT_THAT(played_.fetches, IsEmpty());
    EXPECT_EQ(hosts("no_policy"), 1);
    EXPECT_TRUE(asks().proceeds()) << "at once";
}

// RFC 8461 3.3
TEST_F(a_host, whose_policy_cannot_be_had_gets_mail_as_if_there_were_none_and_its_domain_hears_why)
{
    struct {
        trouble what;
        std::uint32_t finding;
        std::string name;
    } const all[] = {{trouble::fetch_error, POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR, "a.example"},
                     {trouble::webpki_invalid, POSTERN_TLS_RESULT_STS_WEBPKI_INVALID, "b.example"},
                     {trouble::policy_invalid, POSTERN_TLS_RESULT_STS_POLICY_INVALID, "c.example"}};
    for (const auto& each : all) {
        delivery_.next_hop = each.name;
        host_.dns.txt("_mta-sts." + each.name, {"v=STSv1; id=1;"});
        host_.dns.a("mta-sts." + each.name, {"192.0.2.1"});
        auto said = asks();
        fetched(fetch_result{each.what, {}, "it is so"});
        said = delivery_.finish(said);
        EXPECT_TRUE(said.proceeds());
        EXPECT_EQ(said.out.finding, each.finding);
        EXPECT_EQ(said.out.policy_type, "sts");
        EXPECT_EQ(said.out.policy_domain, each.name);
        EXPECT_EQ(said.text, "it is so");
        EXPECT_EQ(asks().out.finding, each.finding) << "without a second fetch";
    }
    EXPECT_EQ(played_.fetches.size(), 3U);
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    EXPECT_EQ(hosts("unavailable"), 6);
    const auto events = host_.events();
    ASSERT_EQ(events.size(), 3U) << "a line each";
    EXPECT_EQ(events[1].name, "fetch_failed");
    EXPECT_EQ(events[1].fields.at("domain"), "b.example");
    EXPECT_EQ(events[1].fields.at("finding"), "sts-webpki-invalid");
    EXPECT_EQ(events[1].fields.at("cause"), "it is so");
}

// RFC 8460 4.5
TEST_F(a_host, whose_domain_publishes_what_is_no_policy_has_that_told_as_it_is_until_it_is_mended)
{
    auto said = asks();
    fetched("version: STSv1\nmode: perhaps\n");
    said = delivery_.finish(said);
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_STS_POLICY_INVALID);
    EXPECT_THAT(said.out.policy_strings, ElementsAre("version: STSv1", "mode: perhaps"));
    EXPECT_THAT(said.out.policy_hosts, IsEmpty());
    EXPECT_EQ(said.text, "line 2: a mode is enforce, testing or none");
    host_.advance(10min);
    said = asks();
    fetched(fetch_result{trouble::fetch_error, {}, "the web server says 404"});
    said = asks();
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR);
    EXPECT_THAT(said.out.policy_strings, IsEmpty());
}

// RFC 8461 5
TEST_F(a_host, that_is_not_listed_is_left_out_only_when_it_is_known_that_the_policy_is_still_that_one)
{
    (void)with_policy("enforce");
    host_.advance(2min);
    delivery_.host_name = delivery_.tls_name = "new.example.com";
    host_.dns.txt("_mta-sts.example.org", {"v=STSv1; id=2;"});
    const auto said = asks();
    EXPECT_TRUE(said.is_pending());
    fetched("version: STSv1\nmode: enforce\nmx: new.example.com\nmax_age: 604800\n");
    EXPECT_TRUE(delivery_.finish(said).proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    delivery_.host_name = "mx.example.org";
    EXPECT_TRUE(asks().defers()) << "and not asked about again at once";
}

TEST_F(a_host, that_did_not_do_as_its_policy_says_makes_the_next_delivery_look_whether_there_is_another)
{
    (void)with_policy("enforce");
    host_.advance(2min);
    const auto before = host_.dns.asked().size();
    (void)asks();
    delivery_.tls_result(POSTERN_TLS_RESULT_OK);
    (void)asks();
    EXPECT_EQ(host_.dns.asked().size(), before);
    delivery_.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED, "expired", true);
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(host_.dns.asked().size(), before + 1);
}

} // namespace
