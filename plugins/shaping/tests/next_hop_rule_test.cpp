#include "src/next_hop_rule.hpp"
#include "src/words.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

using namespace shaping;
using namespace std::chrono_literals;

namespace {

TEST(a_rule_for_a_next_hop, is_words_with_values)
{
    const auto rule = read_next_hop_rule(" concurrency=2  rate=60/1m pool=bulk ");
    EXPECT_EQ(rule.concurrency, 2u);
    EXPECT_EQ(rule.rate_count, 60u);
    EXPECT_EQ(rule.rate_time, 1min);
    EXPECT_EQ(rule.pool, "bulk");
    EXPECT_EQ(rule.suspended, "");
}

TEST(a_rule_for_a_next_hop, may_suspend_it_and_say_why)
{
    EXPECT_EQ(read_next_hop_rule("suspended until they answer").suspended, "until they answer");
}

TEST(a_rule_for_a_next_hop, of_other_words_is_none)
{
    for (const char* bad : {"", "  ", "suspended", "suspended  ", "concurrency", "concurrency=", "concurrency=0",
                            "concurrency=10001", "concurrency=2x", "rate=60", "rate=0/1m", "rate=60/31d", "rate=5000000000/1h",
                            "pool=", "speed=2", "concurrency=2 suspended"})
        EXPECT_THROW((void)read_next_hop_rule(bad), std::invalid_argument) << bad;
}

TEST(a_next_hop, is_known_by_its_host)
{
    EXPECT_EQ(table_name_of("Example.ORG"), "example.org");
    EXPECT_EQ(table_name_of("mx.example.org:25"), "mx.example.org");
    EXPECT_EQ(table_name_of("[2001:db8::1]:25"), "2001:db8::1");
    EXPECT_EQ(table_name_of("lmtp:store.example:24"), "store.example");
    EXPECT_EQ(table_name_of("lmtp:unix:/run/lmtp"), "unix:/run/lmtp");
    EXPECT_EQ(table_name_of("box"), "box");
}

TEST(a_table_of_names, has_the_closest_one)
{
    name_table<int> table;
    EXPECT_TRUE(table.add("a.example", 1));
    EXPECT_TRUE(table.add(".example", 2));
    EXPECT_TRUE(table.add("*", 3));
    EXPECT_FALSE(table.add("*", 4));
    EXPECT_EQ(*table.find("a.example"), 1);
    EXPECT_EQ(*table.find("b.a.example"), 2);
    EXPECT_EQ(*table.find("b.example"), 2);
    EXPECT_EQ(*table.find("example"), 3);
    EXPECT_EQ(*table.find(""), 3);
    EXPECT_EQ(name_table<int>{}.find("a"), nullptr);
}

} // namespace
