#include "src/login_tries.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
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
            if (all.begin(session, "192.0.2.1", "alice", start) == admission::granted)
                ++begun;
        });
    guessing.clear();
    EXPECT_EQ(begun, most);
}

TEST(tries, are_counted_once_when_they_fail)
{
    login_tries all{2, 10min};
    ASSERT_EQ(all.begin(1, "192.0.2.1", "alice", start), admission::granted);
    all.failed(1, "192.0.2.1", "alice", start);
    ASSERT_EQ(all.begin(2, "192.0.2.1", "alice", start), admission::granted);
    all.failed(2, "192.0.2.1", "alice", start);
    EXPECT_EQ(all.begin(3, "192.0.2.1", "alice", start), admission::failed_too_often);
}

TEST(tries, that_are_known_to_be_wrong_stay_counted)
{
    login_tries all{2, 10min};
    ASSERT_EQ(all.begin(1, "192.0.2.1", "alice", start), admission::granted);
    all.wrong(1, start);
    all.drop(1);
    ASSERT_EQ(all.begin(1, "192.0.2.1", "alice", start), admission::granted);
    all.wrong(1, start);
    EXPECT_EQ(all.begin(1, "192.0.2.1", "alice", start), admission::failed_too_often)
        << "the session's next is no reason to forget it";
    all.wrong(2, start);
}

TEST(tries, that_others_verify_are_counted_by_their_end)
{
    login_tries all{1, 10min};
    all.failed(1, "192.0.2.1", "alice", start);
    EXPECT_EQ(all.begin(2, "192.0.2.1", "bob", start), admission::failed_too_often);
    EXPECT_EQ(all.begin(2, "192.0.2.2", "alice", start), admission::failed_too_often);
    EXPECT_EQ(all.begin(2, "192.0.2.2", "bob", start), admission::granted) << "who had to wait left nothing behind";
}

TEST(tries, that_were_none_are_given_back)
{
    login_tries all{1, 10min};
    ASSERT_EQ(all.begin(1, "192.0.2.1", "alice", start), admission::granted);
    EXPECT_EQ(all.begin(2, "192.0.2.1", "alice", start), admission::too_many_at_once);
    all.drop(1);
    ASSERT_EQ(all.begin(2, "192.0.2.1", "alice", start), admission::granted);
    all.succeeded(2, "alice", "alice");
    EXPECT_EQ(all.begin(3, "192.0.2.1", "alice", start), admission::granted);
    EXPECT_EQ(all.begin(3, "192.0.2.1", "alice", start), admission::granted) << "a session has one at a time";
}

TEST(tries, under_way_keep_nobody_at_another_address_from_the_name)
{
    login_tries all{2, 10min};
    ASSERT_EQ(all.begin(1, "192.0.2.1", "alice", start), admission::granted);
    ASSERT_EQ(all.begin(2, "192.0.2.1", "alice", start), admission::granted);
    EXPECT_EQ(all.begin(3, "192.0.2.1", "alice", start), admission::too_many_at_once);
    EXPECT_EQ(all.begin(3, "192.0.2.1", "bob", start), admission::granted);
    EXPECT_EQ(all.begin(4, "192.0.2.2", "alice", start), admission::granted);
}

TEST(tries, under_way_at_one_address_are_several_times_as_many_as_may_fail)
{
    login_tries all{2, 10min};
    for (std::uint64_t session = 1; session <= 2 * login_tries::sharing; ++session)
        EXPECT_EQ(all.begin(session, "192.0.2.1", std::to_string(session), start), admission::granted) << session;
    EXPECT_EQ(all.begin(100, "192.0.2.1", "bob", start), admission::too_many_at_once);
    EXPECT_EQ(all.begin(100, "192.0.2.2", "bob", start), admission::granted);
    all.drop(1);
    EXPECT_EQ(all.begin(101, "192.0.2.1", "bob", start), admission::granted);
}

TEST(tries, under_way_and_failures_are_together_no_more_than_may_fail)
{
    login_tries all{2, 10min};
    all.failed(1, "192.0.2.2", "alice", start);
    ASSERT_EQ(all.begin(2, "192.0.2.1", "alice", start), admission::granted);
    EXPECT_EQ(all.begin(3, "192.0.2.1", "alice", start), admission::too_many_at_once);
}

TEST(tries, are_any_number_without_a_limit)
{
    login_tries all{0, 10min};
    for (std::uint64_t session = 1; session <= 100; ++session) {
        EXPECT_EQ(all.begin(session, "192.0.2.1", "alice", start), admission::granted);
        all.failed(session + 1000, "192.0.2.1", "alice", start);
    }
}

TEST(tries, that_were_under_way_at_a_success_are_counted_when_they_fail)
{
    login_tries all{2, 10min};
    ASSERT_EQ(all.begin(1, "192.0.2.1", "alice", start), admission::granted);
    ASSERT_EQ(all.begin(2, "192.0.2.2", "alice", start), admission::granted);
    ASSERT_EQ(all.begin(3, "192.0.2.3", "alice", start), admission::granted);
    all.succeeded(3, "alice", "alice");
    all.failed(1, "192.0.2.1", "alice", start);
    all.failed(2, "192.0.2.2", "alice", start);
    EXPECT_EQ(all.begin(4, "192.0.2.4", "alice", start), admission::failed_too_often);
}

TEST(tries, of_a_window_that_has_ended_are_not_given_back_to_the_next)
{
    login_tries all{1, 10min};
    ASSERT_EQ(all.begin(1, "192.0.2.1", "alice", start), admission::granted);
    all.failed(2, "192.0.2.1", "alice", start + 10min);
    all.drop(1);
    EXPECT_EQ(all.begin(3, "192.0.2.1", "alice", start + 10min), admission::failed_too_often);
}

} // namespace
} // namespace auth_file
