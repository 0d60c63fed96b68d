#include "../src/rule.hpp"
#include "../src/wellness.hpp"

#include <gtest/gtest.h>

namespace routes {
namespace {

using namespace std::chrono_literals;

constexpr delivery_result nobody_there{true, 0, "4.4.1"};
constexpr delivery_result try_later{true, 451, "4.7.1"};
constexpr delivery_result taken{false, 250, "2.0.0"};

class two_targets : public ::testing::Test {
protected:
    two_targets()
    {
        for (const auto* each : {"a:25", "b:25"})
            well_.know(each);
    }
    std::string chosen(std::uint32_t attempt)
    {
        return well_.choose({&rule_.groups[0][0], &rule_.groups[1][0]}, attempt, now_).name;
    }
    rule rule_ = read_rule("a else b");
    wellness well_{5min};
    wellness::instant now_{1h};
};

TEST_F(two_targets, are_tried_in_their_order_as_long_as_they_are_there)
{
    EXPECT_EQ(chosen(0), "a:25");
    EXPECT_EQ(chosen(7), "a:25");
    well_.note("a:25", try_later, now_);
    EXPECT_EQ(chosen(1), "a:25") << "later means the same one later";
    well_.note("b:25", nobody_there, now_);
    EXPECT_EQ(chosen(1), "a:25");
}

TEST_F(two_targets, are_each_the_next_one_when_the_other_could_not_be_reached)
{
    well_.note("a:25", nobody_there, now_);
    EXPECT_EQ(chosen(1), "b:25");
    EXPECT_EQ(chosen(0), "b:25") << "other messages need not find out for themselves";
    now_ += 24h;
    EXPECT_EQ(chosen(1), "b:25") << "however long the message waited";
}

TEST_F(two_targets, are_tried_again_by_one_new_message_after_a_while)
{
    well_.note("a:25", nobody_there, now_);
    now_ += 5min - 1ns;
    EXPECT_EQ(chosen(0), "b:25");
    now_ += 1ns;
    EXPECT_EQ(chosen(0), "a:25");
    EXPECT_EQ(chosen(0), "b:25") << "one is enough to find out";
    well_.note("a:25", taken, now_);
    EXPECT_EQ(chosen(0), "a:25");
    EXPECT_EQ(chosen(1), "a:25");
}

TEST_F(two_targets, come_in_turn_when_none_is_there)
{
    well_.note("a:25", nobody_there, now_);
    well_.note("b:25", nobody_there, now_);
    EXPECT_EQ(chosen(0), "a:25");
    EXPECT_EQ(chosen(1), "b:25");
    EXPECT_EQ(chosen(2), "a:25");
}

TEST_F(two_targets, are_all_that_is_remembered)
{
    well_.note("c:25", nobody_there, now_);
    const auto other = read_rule("c");
    EXPECT_EQ(well_.choose({&other.groups[0][0]}, 0, now_).name, "c:25");
}

TEST(a_next_hop, is_unreachable_when_nobody_spoke_or_who_spoke_sent_us_away)
{
    EXPECT_TRUE(is_unreachable(nobody_there));
    EXPECT_TRUE(is_unreachable({true, 0, "4.4.2"}));
    EXPECT_TRUE(is_unreachable({true, 0, "4.7.4"})) << "without the TLS that is needed";
    EXPECT_TRUE(is_unreachable({true, 421, "4.3.2"}));
    EXPECT_FALSE(is_unreachable(try_later));
    EXPECT_FALSE(is_unreachable(taken));
    EXPECT_FALSE(is_unreachable({true, 0, "4.5.3"})) << "too many recipients at once";
    EXPECT_FALSE(is_unreachable({false, 0, "5.4.4"}));
}

} // namespace
} // namespace routes
