#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace postern::testing;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

std::uint64_t seconds_now()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

class a_shaper : public testing::Test {
protected:
    void start(const lines& next_hops, const lines& budgets = {}, const lines& retries = {})
    {
        host_.table("next_hops", next_hops);
        host_.table("budgets", budgets);
        host_.table("retries", retries);
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }
    shaping_reply rules_for(const std::string& next_hop)
    {
        job_.next_hop = next_hop;
        const answer said = job_.queue_policy();
        EXPECT_TRUE(said.proceeds());
        return said.shape;
    }

    fake_host host_{postern_plugin_v1};
    fake_delivery job_{host_};
};

TEST_F(a_shaper, says_the_rules_of_the_closest_line)
{
    start({{"mx.example.org:26", "concurrency=1"},
           {"example.org", "concurrency=2 rate=60/1m pool=bulk"},
           {".example.org", "concurrency=3"},
           {"*", "concurrency=9"}});
    EXPECT_EQ(rules_for("example.org"), (shaping_reply{"bulk", 2, 60, 60'000, 300, 0}));
    EXPECT_EQ(rules_for("Example.ORG:25").concurrency, 2u);
    EXPECT_EQ(rules_for("mx.example.org:26").concurrency, 1u);
    EXPECT_EQ(rules_for("mx.example.org:25").concurrency, 3u);
    EXPECT_EQ(rules_for("else.example").concurrency, 9u);
}

TEST_F(a_shaper, says_nothing_of_a_next_hop_without_a_line_but_for_how_long)
{
    start({{"example.org", "concurrency=2"}});
    EXPECT_EQ(rules_for("else.example"), (shaping_reply{"", 0, 0, 0, 300, 0}));
}

TEST_F(a_shaper, suspends_a_next_hop)
{
    start({{"example.org", "suspended until they answer"}});
    job_.next_hop = "example.org";
    const answer said = job_.queue_policy();
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.text, "until they answer");
    EXPECT_EQ(said.shape.valid_s, 300u);
}

TEST_F(a_shaper, lets_a_sender_send_its_budget_and_no_more)
{
    start({}, {{"customers", "key=sender-domain rate=3/1h burst=3"}});
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(job_.queue_admit().proceeds());
    const answer said = job_.queue_admit();
    EXPECT_TRUE(said.defers());
    EXPECT_GT(said.shape.wait_ms, 19u * 60'000);
    EXPECT_LE(said.shape.wait_ms, 20u * 60'000);
    job_.from = "b@CLIENT.example";
    EXPECT_TRUE(job_.queue_admit().defers()) << "the same domain";
    job_.from = "b@other.example";
    EXPECT_TRUE(job_.queue_admit().proceeds());
}

TEST_F(a_shaper, takes_of_no_budget_where_one_has_none)
{
    start({}, {{"each", "key=sender rate=100/1h burst=1"}, {"all", "key=sender-domain rate=100/1h burst=3"}});
    EXPECT_TRUE(job_.queue_admit().proceeds());
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(job_.queue_admit().defers());
    job_.from = "b@client.example";
    EXPECT_TRUE(job_.queue_admit().proceeds());
    job_.from = "c@client.example";
    EXPECT_TRUE(job_.queue_admit().proceeds());
    job_.from = "d@client.example";
    EXPECT_TRUE(job_.queue_admit().defers());
}

TEST_F(a_shaper, without_budgets_admits_everybody)
{
    start({});
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(job_.queue_admit().proceeds());
}

TEST_F(a_shaper, has_a_schedule_for_a_senders_domain)
{
    start({}, {}, {{"client.example", "10m give-up=6h"}, {"<>", "give-up=1h"}});
    job_.received_s = seconds_now();
    const answer said = job_.queue_retry(451, "busy");
    EXPECT_TRUE(said.proceeds());
    EXPECT_GE(said.shape.wait_ms, 9u * 60'000);
    EXPECT_LE(said.shape.wait_ms, 11u * 60'000);

    job_.received_s = seconds_now() - 6 * 3600;
    const answer ends = job_.queue_retry(451, "busy", 20);
    EXPECT_TRUE(ends.rejects());
    EXPECT_EQ(ends.enhanced, "5.4.7");

    job_.from = "a@else.example";
    EXPECT_EQ(job_.queue_retry(451, "busy").shape.wait_ms, 0u);
    job_.from.clear();
    EXPECT_TRUE(job_.queue_retry(451, "busy").rejects()) << "a report";
}

TEST_F(a_shaper, refuses_a_line_that_it_cannot_read)
{
    for (const auto& [option, line] : lines{{"next_hops", "fast"}, {"budgets", "key=sender"}, {"retries", "soon"}}) {
        fake_host host{postern_plugin_v1};
        host.table(option, {{"some", line}});
        ASSERT_THAT(use_manifest(host, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        EXPECT_NE(host.create(), POSTERN_PASS) << option;
        ASSERT_EQ(host.refusals().size(), 1u) << option;
        EXPECT_EQ(host.refusals()[0].first, option);
        EXPECT_THAT(host.refusals()[0].second, HasSubstr("\"some\""));
    }
}

} // namespace
