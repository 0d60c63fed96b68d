#include "src/budget.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

using namespace shaping;
using namespace std::chrono_literals;

namespace {

TEST(a_budget, is_a_key_a_rate_and_a_burst)
{
    const auto rule = read_budget_rule("key=sender-domain rate=1000/1h burst=50");
    EXPECT_EQ(rule.key, keyed::sender_domain);
    EXPECT_EQ(rule.of, (postern::kit::rate{1000, 1h}));
    EXPECT_EQ(rule.burst, 50u);
    EXPECT_EQ(read_budget_rule("rate=1000/1h key=sender").burst, 100u) << "a tenth";
    EXPECT_EQ(read_budget_rule("rate=3/1h key=next-hop").burst, 1u);
}

TEST(a_budget, of_other_words_is_none)
{
    for (const char* bad :
         {"", "key=sender", "rate=1/1h", "key=colour rate=1/1h", "key rate=1/1h", "key=sender rate=1", "burst=0",
          "key=sender rate=1/1h burst=-1", "key=sender rate=1/1h speed=1", "key=sender rate=1/31d burst=1000"})
        EXPECT_THROW((void)read_budget_rule(bad), std::invalid_argument) << bad;
}

TEST(a_budget, gives_its_burst_at_once_and_then_one_after_the_other)
{
    budget of{{keyed::sender, {60, 1min}, 3}, 100};
    const nanoseconds now = 1000s;
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(of.wait("a", now), 0s) << i;
        of.take("a", now);
    }
    EXPECT_EQ(of.wait("a", now), 1s);
    EXPECT_EQ(of.wait("b", now), 0s) << "another one's";
    EXPECT_EQ(of.wait("a", now + 400ms), 600ms);
    EXPECT_EQ(of.wait("a", now + 1s), 0s);
    of.take("a", now + 1s);
    EXPECT_EQ(of.wait("a", now + 1s), 1s);
    EXPECT_EQ(of.wait("a", now + 1h), 0s);
    for (int i = 0; i < 3; ++i)
        of.take("a", now + 1h);
    EXPECT_EQ(of.wait("a", now + 1h), 1s) << "a burst and no more, however long nobody came";
}

TEST(a_budget, forgets_who_was_heard_of_longest_ago)
{
    budget of{{keyed::sender, {1, 1h}, 1}, 100};
    for (int i = 0; i < 100; ++i)
        of.take(std::to_string(i), 0s);
    of.take("0", 1s);
    of.take("new", 1s);
    EXPECT_EQ(of.size(), 100u);
    EXPECT_GT(of.wait("0", 1s), 0s);
    EXPECT_EQ(of.wait("1", 1s), 0s) << "forgotten";
    EXPECT_GT(of.wait("2", 1s), 0s);
}

} // namespace
