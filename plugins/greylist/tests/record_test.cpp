#include "src/record.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace greylist;
using namespace std::chrono_literals;

namespace {

constexpr terms by{5min, 48h, 36 * 24h};

/// What is decided of what was written `age` ago, to live for `given`.
decision after(const std::string& value, nanoseconds given, nanoseconds age)
{
    return judge(stored{value, given - age}, by);
}
decision first_contact(nanoseconds age)
{
    return after(waiting_record(by.window), by.window, age);
}

TEST(a_first_contact, waits_and_is_noted)
{
    const decision made = judge(std::nullopt, by);
    EXPECT_FALSE(made.passes);
    EXPECT_EQ(made.writes, change::begin);
    EXPECT_EQ(made.wait, 5min);
}

TEST(a_second_attempt, counts_from_the_delay_on_and_not_before)
{
    const decision early = first_contact(5min - 1ms);
    EXPECT_FALSE(early.passes);
    EXPECT_EQ(early.writes, change::none);
    EXPECT_EQ(early.wait, 1ms);

    const decision due = first_contact(5min);
    EXPECT_TRUE(due.passes);
    EXPECT_EQ(due.writes, change::promote);
    EXPECT_EQ(due.delayed, 5min);

    EXPECT_EQ(first_contact(0s).wait, 5min);
    EXPECT_TRUE(first_contact(by.window - 1ms).passes) << "behind the window the store has forgotten it";
}

TEST(a_second_attempt, has_no_more_time_than_the_window_has_now)
{
    const std::string before = waiting_record(96h);
    EXPECT_TRUE(after(before, 96h, 48h).passes);
    const decision late = after(before, 96h, 48h + 1ms);
    EXPECT_FALSE(late.passes);
    EXPECT_EQ(late.writes, change::restart);
    EXPECT_EQ(late.wait, 5min);
}

TEST(who_has_passed, is_remembered_and_written_again_once_a_day_at_most)
{
    const std::string value = known_record(by.remember);
    EXPECT_TRUE(after(value, by.remember, 0s).passes);
    EXPECT_EQ(after(value, by.remember, 24h - 1ms).writes, change::none);
    EXPECT_EQ(after(value, by.remember, 24h).writes, change::refresh);
    EXPECT_TRUE(after(value, by.remember, by.remember - 1ms).passes);
    EXPECT_EQ(judge(stored{known_record(8h), 7h + 1ms}, {5min, 48h, 8h}).writes, change::none);
    EXPECT_EQ(judge(stored{known_record(8h), 7h}, {5min, 48h, 8h}).writes, change::refresh) << "an eighth of a short time";
}

TEST(who_has_passed, is_remembered_for_as_long_as_the_configuration_says_now)
{
    EXPECT_EQ(after(known_record(24h), 24h, 0s).writes, change::refresh) << "it was a day, and is longer now";
    EXPECT_TRUE(after(known_record(24h), 24h, 0s).passes);
}

TEST(a_clock_that_went_back, makes_nobody_wait_for_longer_than_the_delay)
{
    const decision adrift = judge(stored{waiting_record(by.window), by.window + 1ms}, by);
    EXPECT_FALSE(adrift.passes);
    EXPECT_EQ(adrift.writes, change::restart);
    EXPECT_EQ(adrift.wait, 5min);
    const decision known = judge(stored{known_record(by.remember), by.remember + 10'000h}, by);
    EXPECT_TRUE(known.passes);
    EXPECT_EQ(known.writes, change::refresh);
}

TEST(a_record_without_an_end, is_given_one)
{
    EXPECT_EQ(judge(stored{waiting_record(by.window), 0s}, by).writes, change::restart);
    EXPECT_EQ(judge(stored{known_record(by.remember), 0s}, by).writes, change::refresh);
}

TEST(a_record_that_cannot_be_read, is_a_first_contact)
{
    for (const char* bad : {"", "w", "k", "x5", "w-5", "w0", "w5x", "k99999999999999999999", "w9999999999999999", " w5"}) {
        const decision made = judge(stored{bad, 1h}, by);
        EXPECT_FALSE(made.passes) << bad;
        EXPECT_EQ(made.writes, change::restart) << bad;
    }
}

} // namespace
