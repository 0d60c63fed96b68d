#include "core/base/random.hpp"
#include "core/delivery/destinations.hpp"

#include <map>

namespace postern::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(destinations, admits_up_to_the_limit_of_one_destination)
{
    destinations all{10, 2};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_TRUE(all.acquire("a:25", 2));
    EXPECT_FALSE(all.acquire("a:25", 3));
    EXPECT_EQ(all.active("a:25"), 2U);
    EXPECT_EQ(all.waiting(), 1U);
    EXPECT_THAT(all.release("a:25"), ElementsAre(3));
    EXPECT_EQ(all.active("a:25"), 2U);
    EXPECT_EQ(all.waiting(), 0U);
}

TEST(destinations, admits_up_to_the_limit_in_total)
{
    destinations all{2, 2};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_TRUE(all.acquire("b:25", 2));
    EXPECT_FALSE(all.acquire("c:25", 3));
    EXPECT_EQ(all.active(), 2U);
    EXPECT_THAT(all.release("a:25"), ElementsAre(3));
    EXPECT_EQ(all.active(), 2U);
    EXPECT_EQ(all.active("a:25"), 0U);
}

TEST(destinations, lets_nobody_wait_behind_a_slow_destination)
{
    destinations all{3, 1};
    EXPECT_TRUE(all.acquire("slow:25", 1));
    EXPECT_FALSE(all.acquire("slow:25", 2));
    EXPECT_FALSE(all.acquire("slow:25", 3));
    EXPECT_TRUE(all.acquire("fast:25", 4));
    EXPECT_THAT(all.release("fast:25"), IsEmpty());
    EXPECT_TRUE(all.acquire("fast:25", 5));
}

TEST(destinations, admits_who_has_waited_longest_of_those_that_can_go)
{
    destinations all{2, 1};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_TRUE(all.acquire("b:25", 2));
    EXPECT_FALSE(all.acquire("a:25", 3));
    EXPECT_FALSE(all.acquire("c:25", 4));
    EXPECT_FALSE(all.acquire("b:25", 5));
    EXPECT_THAT(all.release("b:25"), ElementsAre(4)); // 3 still may not: a:25 is busy
    EXPECT_THAT(all.release("a:25"), ElementsAre(3));
    EXPECT_THAT(all.release("c:25"), ElementsAre(5));
}

TEST(destinations, forgets_a_job_that_waits)
{
    destinations all{1, 1};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_FALSE(all.acquire("a:25", 2));
    EXPECT_FALSE(all.acquire("a:25", 3));
    EXPECT_FALSE(all.acquire("b:25", 4));
    EXPECT_TRUE(all.forget("a:25", 2));
    EXPECT_FALSE(all.forget("a:25", 2));
    EXPECT_FALSE(all.forget("a:25", 1)); // runs
    EXPECT_TRUE(all.forget("b:25", 4));
    EXPECT_EQ(all.waiting(), 1U);
    EXPECT_THAT(all.release("a:25"), ElementsAre(3));
}

TEST(destinations, makes_no_room_for_a_release_that_is_not_owed)
{
    destinations all{1, 1};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_FALSE(all.acquire("b:25", 2));
    EXPECT_THAT(all.release("b:25"), IsEmpty());
    EXPECT_THAT(all.release("nobody:25"), IsEmpty());
    EXPECT_EQ(all.active(), 1U);
}

TEST(destinations, follows_new_limits)
{
    destinations all{1, 1};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_FALSE(all.acquire("a:25", 2));
    EXPECT_FALSE(all.acquire("b:25", 3));
    EXPECT_FALSE(all.acquire("a:25", 4));
    EXPECT_THAT(all.limit(3, 2), ElementsAre(2, 3));
    EXPECT_THAT(all.limit(1, 1), IsEmpty());
    EXPECT_THAT(all.release("b:25"), IsEmpty()); // still above
    EXPECT_THAT(all.release("a:25"), IsEmpty());
    EXPECT_THAT(all.release("a:25"), ElementsAre(4));
}

TEST(destinations, never_passes_a_limit_nor_strands_a_job)
{
    base::seeded_random random{3};
    destinations all{5, 2};
    const char* names[] = {"a:25", "b:25", "c:25", "d:25"};
    std::map<std::uint64_t, std::string> running;
    std::map<std::uint64_t, std::string> waiting;
    std::uint64_t next = 0;
    const auto admitted = [&](const std::vector<destinations::job>& jobs) {
        for (const auto job : jobs) {
            ASSERT_TRUE(waiting.contains(job));
            running.insert(waiting.extract(job));
        }
    };
    for (int step = 0; step < 20'000; ++step) {
        const std::string name = names[random.next() % 4];
        if (random.next() % 2 == 0) {
            (all.acquire(name, ++next) ? running : waiting)[next] = name;
        } else if (!running.empty()) {
            const auto at = running.begin();
            const auto where = at->second;
            running.erase(at);
            admitted(all.release(where));
        }
        if (random.next() % 8 == 0 && !waiting.empty()) {
            EXPECT_TRUE(all.forget(waiting.begin()->second, waiting.begin()->first));
            waiting.erase(waiting.begin());
        }
        ASSERT_EQ(all.active(), running.size());
        ASSERT_EQ(all.waiting(), waiting.size());
        ASSERT_LE(all.active(), 5U);
        for (const auto* n : names) {
            ASSERT_LE(all.active(n), 2U);
            const bool somebody_waits = std::any_of(waiting.begin(), waiting.end(), [&](const auto& w) { return w.second == n; });
            ASSERT_FALSE(somebody_waits && all.active() < 5 && all.active(n) < 2);
        }
    }
    while (!running.empty()) {
        const auto where = running.begin()->second;
        running.erase(running.begin());
        admitted(all.release(where));
    }
    EXPECT_TRUE(waiting.empty());
    EXPECT_EQ(all.active(), 0U);
}

} // namespace
} // namespace postern::delivery
