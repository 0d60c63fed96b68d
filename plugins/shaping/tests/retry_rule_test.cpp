#include "src/retry_rule.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

using namespace shaping;
using namespace std::chrono_literals;

namespace {

constexpr double as_said = 0.5; // neither shorter nor longer

TEST(a_schedule, is_times_and_an_end)
{
    const auto rule = read_retry_rule("5m 15m 1h give-up=6h");
    EXPECT_EQ(rule.waits, (std::vector<std::chrono::seconds>{5min, 15min, 1h}));
    EXPECT_EQ(rule.give_up, 6h);
    EXPECT_TRUE(read_retry_rule("give-up=1d").waits.empty());
}

TEST(a_schedule, of_other_words_is_none)
{
    for (const char* bad : {"", "5", "5m,15m", "give-up", "give-up=", "end=6h", "0s", "28d", "5m give-up=x"})
        EXPECT_THROW((void)read_retry_rule(bad), std::invalid_argument) << bad;
}

TEST(a_schedule, repeats_its_last_time)
{
    const auto rule = read_retry_rule("5m 15m 1h");
    EXPECT_EQ(decide(rule, 1, 0s, as_said).wait, 5min);
    EXPECT_EQ(decide(rule, 2, 0s, as_said).wait, 15min);
    EXPECT_EQ(decide(rule, 3, 0s, as_said).wait, 1h);
    EXPECT_EQ(decide(rule, 1000, 240h, as_said).wait, 1h);
    EXPECT_EQ(decide(rule, 2, 0s, 0).wait, 13min + 30s);
    EXPECT_EQ(decide(rule, 2, 0s, 1).wait, 16min + 30s);
}

TEST(a_schedule, tries_once_more_at_its_end_and_gives_up)
{
    const auto rule = read_retry_rule("1h give-up=6h");
    EXPECT_EQ(decide(rule, 6, 5h + 30min, as_said).wait, 30min);
    EXPECT_FALSE(decide(rule, 6, 6h - 1s, as_said).gives_up);
    EXPECT_TRUE(decide(rule, 7, 6h, as_said).gives_up);
    EXPECT_TRUE(decide(rule, 1, 240h, as_said).gives_up);
}

TEST(a_schedule, of_an_end_alone_leaves_the_times_as_they_are)
{
    const auto rule = read_retry_rule("give-up=6h");
    EXPECT_FALSE(decide(rule, 1, 1h, as_said).wait);
    EXPECT_FALSE(decide(rule, 1, 1h, as_said).gives_up);
    EXPECT_TRUE(decide(rule, 2, 7h, as_said).gives_up);
}

} // namespace
