#include "core/delivery/suspensions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr base::wall_time noon{1'700'000'000'000ms};

TEST(suspensions, hold_until_their_time_and_not_at_it)
{
    const suspensions all{{"a.example", {"mended", noon, noon + 10ms}}, {"b.example", {"", noon, {}}}};
    EXPECT_EQ(suspension_of(all, "c.example", noon), nullptr);
    ASSERT_NE(suspension_of(all, "a.example", noon + 9ms), nullptr);
    EXPECT_EQ(suspension_of(all, "a.example", noon + 9ms)->why, "mended");
    EXPECT_EQ(suspension_of(all, "a.example", noon + 10ms), nullptr);
    EXPECT_NE(suspension_of(all, "b.example", noon + std::chrono::hours{100'000}), nullptr);
}

TEST(suspensions, are_taken_out_when_they_are_over)
{
    suspensions all{{"a.example", {"", noon, noon + 10ms}}, {"b.example", {"", noon, {}}}, {"c.example", {"", noon, noon + 5ms}}};
    EXPECT_EQ(next_end(all), noon + 5ms);
    EXPECT_THAT(take_ended(all, noon + 4ms), ElementsAre());
    EXPECT_THAT(take_ended(all, noon + 10ms), ElementsAre("a.example", "c.example"));
    EXPECT_EQ(next_end(all), std::nullopt);
    EXPECT_EQ(all.size(), 1U);
}

} // namespace
} // namespace postern::delivery
