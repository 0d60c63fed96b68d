#include "src/answer_cache.hpp"

#include <gtest/gtest.h>

namespace auth_oauth2 {
namespace {

using namespace std::chrono_literals;

constexpr answer_cache::time_point start{1h};

TEST(an_answer_cache, knows_a_token_until_its_time)
{
    answer_cache all;
    all.keep("token", "alice", start + 1min);
    EXPECT_EQ(all.find("token", start + 1min - 1ns), "alice");
    EXPECT_EQ(all.find("tokem", start), std::nullopt);
    EXPECT_EQ(all.find("token", start + 1min), std::nullopt);
    EXPECT_EQ(all.size(), 0u);
}

TEST(an_answer_cache, takes_the_last_answer_about_a_token)
{
    answer_cache all;
    all.keep("token", "alice", start + 1min);
    all.keep("token", "bob", start + 2min);
    EXPECT_EQ(all.find("token", start + 1min), "bob");
    EXPECT_EQ(all.size(), 1u);
}

TEST(an_answer_cache, forgets_the_oldest_where_there_is_no_room)
{
    answer_cache all{2};
    all.keep("a", "alice", start + 1min);
    all.keep("b", "bob", start + 1min);
    all.keep("a", "alice", start + 1min);
    all.keep("c", "carol", start + 1min);
    EXPECT_EQ(all.find("b", start), std::nullopt);
    EXPECT_EQ(all.find("a", start), "alice");
    EXPECT_EQ(all.find("c", start), "carol");
}

} // namespace
} // namespace auth_oauth2
