#include "core/delivery/last_replies.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

constexpr base::wall_time noon{1'700'000'000'000ms};

TEST(last_replies, are_the_last_ones)
{
    last_replies all;
    EXPECT_EQ(all.of("a.example"), nullptr);
    all.heard("a.example", "250 ok", noon);
    all.heard("a.example", "421 later", noon + 1s);
    ASSERT_NE(all.of("a.example"), nullptr);
    EXPECT_EQ(all.of("a.example")->text, "421 later");
    EXPECT_EQ(all.of("a.example")->at, noon + 1s);
    EXPECT_EQ(all.size(), 1U);
}

TEST(last_replies, are_of_those_that_were_heard_from_lately)
{
    last_replies all{3};
    for (const auto* name : {"c", "a", "b"})
        all.heard(name, "ok", noon);
    all.heard("c", "again", noon);
    all.heard("d", "new", noon);
    EXPECT_EQ(all.size(), 3U);
    EXPECT_EQ(all.of("a"), nullptr) << "it was heard from longest ago";
    EXPECT_NE(all.of("b"), nullptr);
    ASSERT_NE(all.of("c"), nullptr);
    EXPECT_EQ(all.of("c")->text, "again");
}

TEST(last_replies, are_found_in_the_order_of_names)
{
    last_replies all;
    for (const auto* name : {"c", "a", "b"})
        all.heard(name, "ok", noon);
    EXPECT_EQ(all.next_name(""), "a");
    EXPECT_EQ(all.next_name("a"), "b");
    EXPECT_EQ(all.next_name("bb"), "c");
    EXPECT_EQ(all.next_name("c"), std::nullopt);
}

} // namespace
} // namespace postern::delivery
