#include "core/delivery/admissions.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace postern::delivery {
namespace {

using base::message_id;
using recipients = std::vector<std::uint32_t>;

constexpr message_id one{1};
constexpr message_id two{2};
const std::string here = "here:25";   // NOLINT(cert-err58-cpp)
const std::string there = "there:25"; // NOLINT(cert-err58-cpp)

TEST(admissions, are_of_a_message_to_a_next_hop)
{
    admissions all;
    EXPECT_FALSE(all.has(one, here, {0}));
    all.keep(one, here, {0, 1});
    EXPECT_TRUE(all.has(one, here, {0, 1}));
    EXPECT_TRUE(all.has(one, here, {1}));
    EXPECT_FALSE(all.has(one, here, {1, 2})) << "nobody was asked about the third";
    EXPECT_FALSE(all.has(one, there, {0}));
    EXPECT_FALSE(all.has(two, here, {0}));
}

TEST(admissions, last_until_they_were_used)
{
    admissions all;
    all.keep(one, here, {0, 1, 2});
    all.keep(one, there, {3});
    all.forget(one, here, {0, 1});
    EXPECT_FALSE(all.has(one, here, {0}));
    EXPECT_TRUE(all.has(one, here, {2}));
    EXPECT_TRUE(all.has(one, there, {3}));
    all.forget(one, here, {0, 2});
    all.forget(two, here, {0});
    EXPECT_FALSE(all.has(one, here, {2}));
    EXPECT_EQ(all.size(), 1U);
}

TEST(admissions, end_with_their_message_their_next_hop_or_all_at_once)
{
    admissions all;
    for (const auto who : {one, two, message_id{3}})
        for (const auto& where : {here, there})
            all.keep(who, where, {0, 1});
    EXPECT_EQ(all.size(), 12U);
    all.forget(two);
    EXPECT_EQ(all.size(), 8U);
    EXPECT_FALSE(all.has(two, here, {0}));
    EXPECT_TRUE(all.has(message_id{3}, here, {0}));
    all.forget_at(here);
    EXPECT_EQ(all.size(), 4U);
    EXPECT_FALSE(all.has(one, here, {0}));
    EXPECT_TRUE(all.has(one, there, {0}));
    all.forget_all();
    EXPECT_EQ(all.size(), 0U);
    EXPECT_FALSE(all.has(one, there, {0}));
}

TEST(admissions, are_no_more_than_there_is_room_for)
{
    admissions all{3};
    all.keep(one, here, {0, 1});
    all.keep(two, here, {0, 1});
    EXPECT_FALSE(all.has(two, here, {0})) << "who will be asked again";
    all.keep(two, here, {0});
    EXPECT_TRUE(all.has(two, here, {0}));
    EXPECT_EQ(all.size(), 3U);
    all.keep(one, there, {0});
    EXPECT_EQ(all.size(), 3U);
    all.forget(one);
    all.keep(one, there, {0, 1});
    EXPECT_TRUE(all.has(one, there, {0, 1}));
    all.keep(one, there, {});
    EXPECT_EQ(all.size(), 3U);
}

} // namespace
} // namespace postern::delivery
