// From where policies are fetched, and when anew.

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

TEST_F(a_host, is_never_fetched_from_an_address_of_this_site)
{
    host_.dns.a("mta-sts.example.org", {"127.0.0.1", "10.0.0.1"});
    host_.dns.aaaa("mta-sts.example.org", {"::1"});
    EXPECT_EQ(delivery_.finish(asks()).out.finding, POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR);
    EXPECT_THAT(played_.fetches, IsEmpty());
    EXPECT_THAT(host_.events().back().fields.at("cause"), HasSubstr("not public"));
}

TEST_F(a_host, is_fetched_from_the_public_ones_of_its_addresses)
{
    host_.dns.a("mta-sts.example.org", {"127.0.0.1", "192.0.2.9"});
    host_.dns.fails("mta-sts.example.org", POSTERN_DNS_AAAA, POSTERN_DNS_SERVFAIL);
    (void)asks();
    EXPECT_THAT(played_.fetches, ElementsAre(Pair("example.org", ElementsAre("192.0.2.9"))));
    fetched(text_of("enforce"));
}

TEST_F(a_host, is_fetched_from_eight_addresses_of_each_kind_at_most)
{
    std::vector<std::string> many;
    for (int i = 1; i <= 9; ++i)
        many.push_back("2001:db8::" + std::to_string(i));
    host_.dns.aaaa("mta-sts.example.org", many);
    (void)asks();
    many.pop_back();
    many.emplace_back("192.0.2.1");
    EXPECT_THAT(played_.fetches, ElementsAre(Pair("example.org", many)));
    fetched(text_of("enforce"));
}

TEST_F(a_host, of_a_web_server_without_an_address_has_no_policy)
{
    host_.dns.a("mta-sts.example.org", {});
    host_.dns.fails("mta-sts.example.org", POSTERN_DNS_A, POSTERN_DNS_NXDOMAIN);
    host_.dns.fails("mta-sts.example.org", POSTERN_DNS_AAAA, POSTERN_DNS_NXDOMAIN);
    EXPECT_EQ(delivery_.finish(asks()).out.finding, POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR);
}

// RFC 8461 10.2
TEST_F(a_host, has_its_policy_fetched_anew_each_day_and_the_operator_hears_when_that_fails)
{
    (void)with_policy("enforce");
    EXPECT_EQ(host_.health().health_state, POSTERN_HEALTH_OK);
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_NXDOMAIN);
    host_.advance(24h + 1min);
    EXPECT_EQ(played_.fetches.size(), 2U);
    for (std::size_t i = 3; i < 6; ++i) {
        fetched(fetch_result{trouble::fetch_error, {}, "no"});
        host_.advance(2h);
        EXPECT_EQ(played_.fetches.size(), i);
    }
    const auto health = host_.health();
    EXPECT_EQ(health.health_state, POSTERN_HEALTH_DEGRADED);
    EXPECT_THAT(health.text, HasSubstr("example.org"));
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    fetched(text_of("enforce"));
}

} // namespace
