#include "src/priority_policy.hpp"

#include <gtest/gtest.h>

using mt_priority::parse_priority;
using mt_priority::priority_policy;

namespace {

priority_policy with_profile(const char* name)
{
    priority_policy made;
    EXPECT_EQ(made.set_profile(name), nullptr);
    EXPECT_EQ(made.set_most(9), nullptr);
    for (int number = -9; number <= 9; ++number) // RFC 6710 4.1: whatever the levels, the priority stays the client's
        EXPECT_EQ(made.settle(number, "", ""), number);
    return made;
}

TEST(priority, is_written_as_the_rfc_says) // RFC 6710 3
{
    for (int number = -9; number <= 9; ++number)
        EXPECT_EQ(parse_priority(std::to_string(number)), number);
    for (const char* bad : {"", "-", "-0", "+3", "03", "10", "-10", "3 ", " 3", "x", "3.5", "--3"})
        EXPECT_FALSE(parse_priority(bad)) << bad;
}

TEST(priority, without_a_profile_is_its_own_level)
{
    for (int number = -9; number <= 9; ++number)
        EXPECT_EQ(with_profile("").level_of(number), number);
}

TEST(priority, of_mixer_is_treated_as_one_of_three) // RFC 6710 5, appendix B
{
    const auto policy = with_profile("MIXER");
    for (int number = -9; number <= 9; ++number)
        EXPECT_EQ(policy.level_of(number), number <= -4 ? -4 : number <= 0 ? 0 : 4) << number;
}

TEST(priority, of_stanag_4406_is_treated_as_one_of_six) // RFC 6710 5, appendix A
{
    const auto policy = with_profile("STANAG4406");
    const int expected[] = {-4, -4, -4, -4, -4, -4, -2, -2, 0, 0, 2, 2, 4, 4, 6, 6, 6, 6, 6};
    for (int number = -9; number <= 9; ++number)
        EXPECT_EQ(policy.level_of(number), expected[number + 9]) << number;
}

TEST(priority, of_nsep_is_treated_as_one_of_five) // RFC 6710 5, appendix C
{
    const auto policy = with_profile("NSEP");
    const int expected[] = {-2, -2, -2, -2, -2, -2, -2, -2, 0, 0, 2, 2, 4, 4, 6, 6, 6, 6, 6};
    for (int number = -9; number <= 9; ++number)
        EXPECT_EQ(policy.level_of(number), expected[number + 9]) << number;
}

TEST(priority, is_lowered_for_who_may_not_have_it_and_never_raised)
{
    priority_policy policy;
    ASSERT_EQ(policy.set_most(2), nullptr);
    ASSERT_EQ(policy.add_network("192.0.2.0/24"), nullptr);
    EXPECT_EQ(policy.settle(9, "198.51.100.1", ""), 2);
    EXPECT_EQ(policy.settle(2, "198.51.100.1", ""), 2);
    EXPECT_EQ(policy.settle(-5, "198.51.100.1", ""), -5);
    EXPECT_EQ(policy.settle(9, "192.0.2.7", ""), 9);
    EXPECT_EQ(policy.settle(9, "198.51.100.1", "alice"), 9);
    EXPECT_EQ(policy.settle(9, "", ""), 2);
}

TEST(priority, options_that_mean_nothing_are_refused)
{
    priority_policy policy;
    EXPECT_NE(policy.set_profile("mixer"), nullptr);
    EXPECT_NE(policy.set_most(10), nullptr);
    EXPECT_NE(policy.set_least(-10), nullptr);
    EXPECT_NE(policy.add_network("example.org"), nullptr);
}

} // namespace
