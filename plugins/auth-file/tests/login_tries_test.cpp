#include "src/login_tries.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace auth_file {
namespace {

using namespace std::chrono_literals;

constexpr login_tries::time_point start{1h};

TEST(tries, at_the_same_time_are_as_many_as_may_fail)
{
    constexpr std::size_t most = 10;
    login_tries all{most, 10min};
    std::atomic<std::size_t> begun = 0;
    std::vector<std::jthread> guessing;
    for (std::uint64_t session = 1; session <= 4 * most; ++session)
        guessing.emplace_back([&, session] {
            if (all.begin(session, "192.0.2.1", "alice", start))
                ++begun;
        });
    guessing.clear();
    EXPECT_EQ(begun, most);
}

TEST(tries, are_counted_once_when_they_fail)
{
    login_tries all{2, 10min};
    ASSERT_TRUE(all.begin(1, "192.0.2.1", "alice", start));
    all.failed(1, "192.0.2.1", "alice", start);
    ASSERT_TRUE(all.begin(2, "192.0.2.1", "alice", start));
    all.failed(2, "192.0.2.1", "alice", start);
    EXPECT_FALSE(all.begin(3, "192.0.2.1", "alice", start));
}

TEST(tries, that_are_known_to_be_wrong_stay_counted)
{
    login_tries all{2, 10min};
    ASSERT_TRUE(all.begin(1, "192.0.2.1", "alice", start));
    all.wrong(1);
    all.drop(1);
    ASSERT_TRUE(all.begin(1, "192.0.2.1", "alice", start));
    all.wrong(1);
    EXPECT_FALSE(all.begin(1, "192.0.2.1", "alice", start)) << "the session's next is no reason to forget it";
    all.wrong(2);
}

TEST(tries, that_others_verify_are_counted_by_their_end)
{
    login_tries all{1, 10min};
    all.failed(1, "192.0.2.1", "alice", start);
    EXPECT_FALSE(all.begin(2, "192.0.2.1", "bob", start));
    EXPECT_FALSE(all.begin(2, "192.0.2.2", "alice", start));
    EXPECT_TRUE(all.begin(2, "192.0.2.2", "bob", start)) << "who had to wait left nothing behind";
}

TEST(tries, that_were_none_are_given_back)
{
    login_tries all{1, 10min};
    ASSERT_TRUE(all.begin(1, "192.0.2.1", "alice", start));
    EXPECT_FALSE(all.begin(2, "192.0.2.1", "alice", start));
    all.drop(1);
    ASSERT_TRUE(all.begin(2, "192.0.2.1", "alice", start));
    all.succeeded(2, "alice", "alice");
    EXPECT_TRUE(all.begin(3, "192.0.2.1", "alice", start));
    EXPECT_TRUE(all.begin(3, "192.0.2.1", "alice", start)) << "a session has one at a time";
}

TEST(tries, of_a_window_that_has_ended_are_not_given_back_to_the_next)
{
    login_tries all{1, 10min};
    ASSERT_TRUE(all.begin(1, "192.0.2.1", "alice", start));
    all.failed(2, "192.0.2.1", "alice", start + 10min);
    all.drop(1);
    EXPECT_FALSE(all.begin(3, "192.0.2.1", "alice", start + 10min));
}

} // namespace
} // namespace auth_file
