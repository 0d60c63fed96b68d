#include "core/hooks/breaker.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace postern::hooks {
namespace {

using namespace std::chrono_literals;
using passage = breaker::passage;
using change = breaker::change;

constexpr base::instant start{100s};
constexpr auto moment = 1ns;

/// A breaker that has opened at `start`.
struct opened : testing::Test {
    opened()
    {
        (void)it.failed(passage::call, start);
        EXPECT_EQ(it.failed(passage::call, start), change::opened);
    }
    breaker it{{2, 10s}};
};

TEST(a_breaker, opens_with_the_last_of_so_many_failures_in_a_row)
{
    breaker it{{3, 10s}};
    EXPECT_EQ(it.failed(passage::call, start), change::none);
    EXPECT_EQ(it.failed(passage::call, start), change::none);
    EXPECT_FALSE(it.is_open());
    EXPECT_EQ(it.admit(start), passage::call);
    EXPECT_EQ(it.failed(passage::call, start), change::opened);
    EXPECT_TRUE(it.is_open());
    EXPECT_EQ(it.admit(start), passage::refused);
}

TEST(a_breaker, begins_to_count_anew_after_a_success)
{
    breaker it{{2, 10s}};
    EXPECT_EQ(it.failed(passage::call, start), change::none);
    EXPECT_EQ(it.succeeded(passage::call), change::none);
    EXPECT_EQ(it.failed(passage::call, start), change::none);
    EXPECT_FALSE(it.is_open());
}

TEST(a_breaker, of_no_failures_never_opens)
{
    breaker it{{0, 10s}};
    for (int i = 0; i < 1000; ++i)
        EXPECT_EQ(it.failed(passage::call, start), change::none);
    EXPECT_EQ(it.admit(start), passage::call);
}

TEST(a_breaker, tells_once_that_it_opened)
{
    breaker it{{1, 10s}};
    EXPECT_EQ(it.failed(passage::call, start), change::opened);
    EXPECT_EQ(it.failed(passage::call, start), change::none) << "a call that was under way";
}

TEST_F(opened, lets_one_call_through_after_the_pause_and_not_before)
{
    EXPECT_EQ(it.admit(start + 10s - moment), passage::refused);
    EXPECT_EQ(it.admit(start + 10s), passage::probe);
    EXPECT_EQ(it.admit(start + 10s), passage::refused);
}

TEST_F(opened, is_closed_by_the_probes_success)
{
    ASSERT_EQ(it.admit(start + 10s), passage::probe);
    EXPECT_EQ(it.succeeded(passage::probe), change::closed);
    EXPECT_EQ(it.admit(start + 10s), passage::call);
    EXPECT_EQ(it.failed(passage::call, start + 10s), change::none) << "it counts from the beginning";
}

TEST_F(opened, stays_open_for_another_pause_when_the_probe_fails)
{
    ASSERT_EQ(it.admit(start + 10s), passage::probe);
    EXPECT_EQ(it.failed(passage::probe, start + 12s), change::none);
    EXPECT_EQ(it.admit(start + 22s - moment), passage::refused);
    EXPECT_EQ(it.admit(start + 22s), passage::probe);
}

TEST_F(opened, is_not_closed_by_a_call_from_before)
{
    EXPECT_EQ(it.succeeded(passage::call), change::none);
    EXPECT_TRUE(it.is_open());
}

TEST_F(opened, sends_another_probe_for_one_that_is_never_heard_of)
{
    ASSERT_EQ(it.admit(start + 10s), passage::probe);
    EXPECT_EQ(it.admit(start + 20s - moment), passage::refused);
    EXPECT_EQ(it.admit(start + 20s), passage::probe);
}

TEST_F(opened, sends_another_probe_at_once_for_one_that_nobody_waited_for)
{
    ASSERT_EQ(it.admit(start + 10s), passage::probe);
    it.undecided(passage::probe, start + 11s);
    EXPECT_EQ(it.admit(start + 11s), passage::probe);
}

TEST(a_breaker, is_open_at_the_beginning_of_time_too)
{
    breaker it{{1, 0ns}};
    EXPECT_EQ(it.failed(passage::call, base::instant{}), change::opened);
    EXPECT_TRUE(it.is_open());
}

} // namespace
} // namespace postern::hooks
