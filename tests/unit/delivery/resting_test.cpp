#include "core/delivery/resting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class a_destination : public ::testing::Test {
protected:
    [[nodiscard]] bool rests() const { return all_.why_it_rests("example.org", now_).has_value(); }
    void fails() { EXPECT_FALSE(all_.failed("example.org", "refused", now_, times_)) << "there is room"; }

    rest_times times_{30s, 100s};
    resting_destinations all_{3};
    base::instant now_{1000s};
};

TEST_F(a_destination, that_nobody_tried_does_not_rest)
{
    EXPECT_FALSE(rests());
    EXPECT_FALSE(all_.has_failed("example.org"));
    EXPECT_FALSE(all_.next_over());
    EXPECT_FALSE(all_.reached("example.org", now_));
}

TEST_F(a_destination, that_could_not_be_reached_rests)
{
    fails();
    EXPECT_EQ(all_.why_it_rests("example.org", now_), "refused");
    EXPECT_FALSE(all_.why_it_rests("example.com", now_)) << "and nobody else";
    now_ += 30s - 1ms;
    EXPECT_TRUE(rests());
    now_ += 1ms;
    EXPECT_FALSE(rests());
    EXPECT_TRUE(all_.has_failed("example.org")) << "until it is known better";
}

TEST_F(a_destination, is_told_of_once_when_its_rest_is_over)
{
    fails();
    EXPECT_FALSE(all_.failed("example.com", "", now_ + 1s, times_));
    EXPECT_EQ(all_.next_over(), now_ + 30s);
    EXPECT_THAT(all_.take_over(now_ + 30s - 1ms), IsEmpty());
    EXPECT_THAT(all_.take_over(now_ + 31s), ElementsAre("example.org", "example.com"));
    EXPECT_THAT(all_.take_over(now_ + 31s), IsEmpty());
    EXPECT_FALSE(all_.next_over());
    now_ += 40s;
    fails();
    EXPECT_EQ(all_.next_over(), now_ + 60s);
}

TEST_F(a_destination, rests_twice_as_long_each_time_up_to_the_most)
{
    fails();
    now_ += 30s;
    for (const auto length : {60s, 100s, 100s}) {
        EXPECT_FALSE(rests());
        fails();
        EXPECT_EQ(all_.next_over(), now_ + length);
        now_ += length;
    }
}

TEST_F(a_destination, rests_once_for_all_that_failed_together)
{
    fails();
    const auto until = all_.next_over();
    now_ += 1s;
    fails();
    EXPECT_EQ(all_.next_over(), until);
}

TEST_F(a_destination, that_was_reached_is_as_new)
{
    fails();
    EXPECT_TRUE(all_.reached("example.org", now_));
    EXPECT_FALSE(all_.has_failed("example.org"));
    EXPECT_FALSE(all_.next_over());
    EXPECT_FALSE(rests());
    fails();
    EXPECT_EQ(all_.next_over(), now_ + 30s);
}

TEST_F(a_destination, that_an_operator_wants_tried_is_tried)
{
    fails();
    now_ += 30s;
    fails();
    now_ += 1s;
    all_.end_all(now_);
    EXPECT_FALSE(rests());
    EXPECT_THAT(all_.take_over(now_), ElementsAre("example.org"));
    fails();
    EXPECT_EQ(all_.next_over(), now_ + 30s) << "as the first time";
}

TEST_F(a_destination, that_is_to_be_let_alone_rests_whoever_answers_there)
{
    all_.order("example.org", "too much of it", now_, 1h);
    EXPECT_EQ(all_.why_it_is_let_alone("example.org", now_), "too much of it");
    EXPECT_EQ(all_.why_it_rests("example.org", now_), "too much of it");
    EXPECT_FALSE(all_.reached("example.org", now_)) << "by who was under way";
    EXPECT_EQ(all_.next_over(), now_ + 1h);
    now_ += 1h;
    EXPECT_FALSE(all_.why_it_is_let_alone("example.org", now_));
    EXPECT_FALSE(rests());
    EXPECT_THAT(all_.take_over(now_), ElementsAre("example.org"));
    EXPECT_TRUE(all_.reached("example.org", now_));
    EXPECT_FALSE(all_.has_failed("example.org"));
}

TEST_F(a_destination, is_let_alone_until_the_later_of_two_ends)
{
    all_.order("example.org", "long", now_, 1h);
    all_.order("example.org", "short", now_, 1min);
    EXPECT_EQ(all_.next_over(), now_ + 1h);
    EXPECT_EQ(all_.why_it_is_let_alone("example.org", now_), "long");
    all_.order("example.org", "longer", now_, 2h);
    EXPECT_EQ(all_.next_over(), now_ + 2h);
    EXPECT_EQ(all_.why_it_is_let_alone("example.org", now_), "longer");
}

TEST_F(a_destination, that_failed_and_is_to_be_let_alone_rests_for_what_was_wanted_once_somebody_answers)
{
    fails();
    all_.order("example.org", "wanted", now_, 10s);
    EXPECT_EQ(all_.next_over(), now_ + 30s) << "the later end";
    fails();
    EXPECT_EQ(all_.why_it_is_let_alone("example.org", now_), "wanted") << "whatever failed meanwhile";
    EXPECT_FALSE(all_.reached("example.org", now_));
    EXPECT_EQ(all_.next_over(), now_ + 10s);
    now_ += 10s;
    EXPECT_FALSE(rests());
}

TEST_F(a_destination, that_is_to_be_let_alone_is_tried_all_the_same_when_an_operator_says_so)
{
    all_.order("example.org", "wanted", now_, 1h);
    all_.end_all(now_);
    EXPECT_FALSE(all_.why_it_is_let_alone("example.org", now_));
    EXPECT_FALSE(rests());
}

TEST(resting_destinations, rest_no_longer_when_that_is_ended)
{
    resting_destinations all;
    all.order("a", "wanted", base::instant{}, 1h);
    all.order("b", "wanted", base::instant{}, 1h);
    all.end("a", base::instant{} + 1s);
    all.end("nobody", base::instant{} + 1s);
    EXPECT_EQ(all.why_it_rests("a", base::instant{} + 1s), std::nullopt);
    EXPECT_EQ(all.why_it_is_let_alone("a", base::instant{} + 1s), std::nullopt);
    EXPECT_TRUE(all.why_it_is_let_alone("b", base::instant{} + 1s));
    EXPECT_THAT(all.take_over(base::instant{} + 1s), ::testing::ElementsAre("a"));
}

TEST(resting_destinations, are_no_more_than_there_may_be)
{
    resting_destinations all{3};
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(all.failed("host" + std::to_string(i), "", base::instant{}, {}).has_value(), i >= 3);
    EXPECT_TRUE(all.order("one_more", "", base::instant{}, 1s));
    EXPECT_EQ(all.size(), 3U);
    EXPECT_THAT(all.take_over(base::instant{} + 1h), ::testing::SizeIs(3));
}

TEST(resting_destinations, that_are_forgotten_are_those_whose_rest_is_over_then_those_whose_rest_ends_first)
{
    resting_destinations all{3};
    const base::instant now{1000s};
    const rest_times times{30s, 100s};
    EXPECT_FALSE(all.failed("z.example", "", now, times));
    EXPECT_FALSE(all.failed("a.example", "", now + 1s, times));
    EXPECT_FALSE(all.failed("b.example", "", now + 2s, times));
    EXPECT_THAT(all.take_over(now + 30s), ElementsAre("z.example"));
    EXPECT_FALSE(all.failed("z.example", "", now + 30s, times)); // until now + 90 s
    EXPECT_THAT(all.take_over(now + 32s), ElementsAre("a.example", "b.example"));
    EXPECT_EQ(all.failed("c.example", "", now + 33s, times), "a.example");
    EXPECT_FALSE(all.has_failed("a.example"));
    EXPECT_FALSE(all.failed("b.example", "", now + 33s, times)); // until now + 93 s
    EXPECT_EQ(all.failed("d.example", "", now + 34s, times), "c.example") << "all rest, and it until now + 63 s";
    EXPECT_EQ(all.failed("e.example", "", now + 100s, times), "d.example");
    EXPECT_EQ(all.failed("f.example", "", now + 100s, times), "z.example");
    EXPECT_EQ(all.failed("g.example", "", now + 100s, times), "b.example");
}

} // namespace
} // namespace postern::delivery
