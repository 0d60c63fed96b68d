// Policies that outlast the server, and a store that fails.

#include "a_host.hpp"

#include <algorithm>

using namespace mta_sts;
using namespace mta_sts::test;
using namespace postern::testing;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

TEST_F(a_host, has_a_policy_that_outlasts_the_server)
{
    host_.kv.set("policy:example.org", write_kept({"1", year_2023 - 3600, *parse_policy(text_of("enforce")).what}));
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_SERVFAIL);
    EXPECT_TRUE(delivery_.finish(asks()).proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    EXPECT_THAT(played_.fetches, IsEmpty());
}

TEST_F(a_host, has_its_policy_kept_for_the_next_server)
{
    (void)with_policy("enforce");
    const auto kept = read_kept(host_.kv.value("policy:example.org").value_or(""));
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->id, "1");
    EXPECT_EQ(kept->what.how, mode::enforce);
    EXPECT_GT(host_.kv.ttl("policy:example.org"), 604'800s);
}

TEST_F(a_host, has_its_policy_known_from_the_start_where_it_was_kept)
{
    for (int i = 0; i < 250; ++i) // more than a page
        host_.kv.set("policy:d" + std::to_string(i) + ".example",
                     write_kept({"1", year_2023, *parse_policy(text_of("enforce")).what}));
    create();
    fake_generation start{host_};
    start.prepare();
    start.commit();
    host_.advance(0ns);
    host_.advance(60s);
    EXPECT_EQ(host_.metric("policies", {{"mode", "enforce"}}), 250);
}

TEST_F(a_host, does_without_a_store_and_the_operator_hears_of_it)
{
    host_.kv.fails = true;
    (void)with_policy("enforce");
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(host_.health().health_state, POSTERN_HEALTH_DEGRADED);
    host_.kv.fails = false;
    host_.advance(25h); // it is fetched anew, and kept
    fetched(text_of("enforce"));
    EXPECT_EQ(host_.health().health_state, POSTERN_HEALTH_OK);
    std::vector<std::string> names;
    for (const auto& each : host_.events())
        names.push_back(each.name);
    EXPECT_EQ(std::count(names.begin(), names.end(), "store_failed"), 1);
    EXPECT_EQ(std::count(names.begin(), names.end(), "store_works"), 1);
}

// A policy that is kept holds whatever became of its record: who keeps that away must not gain by a store that fails.
TEST_F(a_host, waits_while_the_store_does_not_say_whether_a_policy_is_kept)
{
    host_.kv.set("policy:example.org", write_kept({"1", year_2023 - 3600, *parse_policy(text_of("enforce")).what}));
    host_.kv.fails = true;
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_SERVFAIL);
    auto said = delivery_.finish(asks());
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.smtp_code, 451U);
    EXPECT_EQ(said.enhanced, "4.3.0");
    EXPECT_THAT(said.text, HasSubstr("whether example.org has a policy (MTA-STS) cannot be told now"));
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_NXDOMAIN);
    EXPECT_TRUE(delivery_.finish(asks()).defers()) << "no record ends no policy";
    EXPECT_EQ(hosts("unknown"), 2);
    host_.kv.fails = false;
    EXPECT_TRUE(delivery_.finish(asks()).proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
}

TEST_F(a_host, waits_for_a_store_that_is_slow_and_then_for_the_next_attempt)
{
    host_.kv.set("policy:example.org", write_kept({"1", year_2023 - 3600, *parse_policy(text_of("enforce")).what}));
    host_.kv.delay = 1min;
    const auto said = asks();
    host_.advance(4s - 1ns);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1ns);
    EXPECT_TRUE(host_.answer_to(said.ticket).defers());
    host_.advance(1min);
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
}

TEST_F(a_host, has_a_moment_for_the_store_though_it_waits_for_no_fetch)
{
    host_.option("wait", 0ns);
    host_.kv.delay = 1s - 1ns;
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_NXDOMAIN);
    const auto said = asks();
    host_.advance(1s - 1ns);
    EXPECT_TRUE(delivery_.finish(said).proceeds());
}

TEST_F(a_host, finds_room_in_the_store_for_as_many_policies_as_it_may)
{
    host_.option("kept", 1);
    (void)with_policy("enforce");
    EXPECT_TRUE(host_.kv.value("policy:example.org"));
    delivery_.next_hop = "d1.evil.example";
    host_.dns.txt("_mta-sts.d1.evil.example", {"v=STSv1; id=1;"});
    host_.dns.a("mta-sts.d1.evil.example", {"192.0.2.1"});
    EXPECT_TRUE(with_policy("enforce").proceeds());
    EXPECT_FALSE(host_.kv.value("policy:d1.evil.example"));
    EXPECT_TRUE(host_.kv.value("policy:example.org"));
    EXPECT_EQ(host_.metric("kept_policies"), 1);
}

} // namespace
