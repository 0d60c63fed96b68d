#include "core/host/plugin_timers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <utility>
#include <vector>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::uint64_t a_day = 86'400'000'000'000;
constexpr std::uint64_t a_millisecond = 1'000'000;

/// Timers of an instance whose thread is the test's: it runs what is due when it is told.
struct a_timer : ::testing::Test {
    std::shared_ptr<deadline_timer> clock = std::make_shared<deadline_timer>();
    std::mutex guard;
    std::condition_variable changed;
    std::deque<std::function<void()>> jobs;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
    std::function<void(std::uint64_t)> on_told = [](std::uint64_t) {};
    std::shared_ptr<plugin_timers> timers = std::make_shared<plugin_timers>(
        clock,
        [this](std::function<void()> job) {
            const std::scoped_lock lock{guard};
            jobs.push_back(std::move(job));
            changed.notify_all();
            return true;
        },
        [this](std::uint64_t token, std::uint64_t missed) {
            told.emplace_back(token, missed);
            on_told(token);
        });

    ~a_timer() override
    {
        timers->close();
        while (timers.use_count() > 1) { // one rings, or has rung
            const std::scoped_lock lock{guard};
            jobs.clear();
        }
    }

    std::function<void()> next_job()
    {
        std::unique_lock lock{guard};
        EXPECT_TRUE(changed.wait_for(lock, 30s, [this] { return !jobs.empty(); }));
        auto job = std::move(jobs.front());
        jobs.pop_front();
        return job;
    }
    /// Whether something is due within a short while: for what must not come.
    bool is_silent()
    {
        // Whatever was due before this one rings before it.
        EXPECT_EQ(timers->start(999, 0, 0), POSTERN_PASS);
        next_job()();
        const auto last = told.back().first;
        told.pop_back();
        return last == 999;
    }
};

TEST_F(a_timer, tells_once)
{
    timers->open();
    EXPECT_EQ(timers->start(7, 0, 0), POSTERN_PASS);
    next_job()();
    EXPECT_THAT(told, ElementsAre(Pair(7U, 0U)));
    EXPECT_EQ(timers->cancel(7), POSTERN_E_STALE);
    EXPECT_TRUE(is_silent());
}

TEST_F(a_timer, with_a_period_tells_until_it_is_cancelled)
{
    timers->open();
    EXPECT_EQ(timers->start(7, 0, a_millisecond), POSTERN_PASS);
    for (int i = 0; i < 3; ++i)
        next_job()();
    EXPECT_EQ(timers->cancel(7), POSTERN_PASS);
    EXPECT_EQ(told.size(), 3U);
    while (true) { // one may have rung before the end
        const std::scoped_lock lock{guard};
        if (jobs.empty())
            break;
        jobs.front()();
        jobs.pop_front();
    }
    EXPECT_EQ(told.size(), 3U);
    EXPECT_EQ(timers->cancel(7), POSTERN_E_STALE);
}

TEST_F(a_timer, waits_for_its_instance_to_be_there)
{
    EXPECT_EQ(timers->start(7, 0, 0), POSTERN_PASS);
    {
        const std::scoped_lock lock{guard};
        EXPECT_THAT(jobs, IsEmpty());
    }
    timers->open();
    next_job()();
    EXPECT_THAT(told, ElementsAre(Pair(7U, 0U)));
}

TEST_F(a_timer, that_rang_and_is_cancelled_before_its_turn_tells_nothing)
{
    timers->open();
    EXPECT_EQ(timers->start(7, 0, 0), POSTERN_PASS);
    const auto job = next_job();
    EXPECT_EQ(timers->cancel(7), POSTERN_PASS);
    job();
    EXPECT_THAT(told, IsEmpty());
}

TEST_F(a_timer, is_replaced_by_another_of_its_token)
{
    timers->open();
    EXPECT_EQ(timers->start(7, 0, 0), POSTERN_PASS);
    const auto old = next_job();
    EXPECT_EQ(timers->start(7, a_day, 0), POSTERN_PASS);
    old();
    EXPECT_THAT(told, IsEmpty());
    EXPECT_EQ(timers->start(7, 0, 0), POSTERN_PASS);
    next_job()();
    EXPECT_THAT(told, ElementsAre(Pair(7U, 0U)));
    EXPECT_TRUE(is_silent());
}

TEST_F(a_timer, may_be_started_and_cancelled_while_it_tells)
{
    timers->open();
    on_told = [this](std::uint64_t token) {
        if (told.size() == 1) {
            EXPECT_EQ(timers->start(token, 0, 0), POSTERN_PASS);
        }
    };
    EXPECT_EQ(timers->start(7, 0, 0), POSTERN_PASS);
    next_job()();
    next_job()();
    EXPECT_EQ(told.size(), 2U);

    on_told = [this](std::uint64_t token) { EXPECT_EQ(timers->cancel(token), POSTERN_PASS); };
    EXPECT_EQ(timers->start(8, 0, a_millisecond), POSTERN_PASS);
    next_job()();
    on_told = [](std::uint64_t) {};
    EXPECT_TRUE(is_silent());
}

TEST_F(a_timer, says_how_many_times_it_was_due_while_the_instance_was_busy)
{
    timers->open();
    EXPECT_EQ(timers->start(7, 0, a_millisecond), POSTERN_PASS);
    const auto job = next_job();
    const auto since = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - since < 5ms)
        std::this_thread::yield(); // the instance is busy
    job();
    EXPECT_GE(told.back().second, 4U);
    next_job()(); // and no other waits: it is told of each time once
    EXPECT_EQ(timers->cancel(7), POSTERN_PASS);
}

TEST_F(a_timer, ends_with_its_instance)
{
    timers->open();
    EXPECT_EQ(timers->start(7, 0, 0), POSTERN_PASS);
    const auto job = next_job();
    timers->close();
    job();
    EXPECT_THAT(told, IsEmpty());
    EXPECT_EQ(timers->start(7, 0, 0), POSTERN_E_STALE);
}

TEST_F(a_timer, is_one_of_so_many_and_has_no_tiny_period)
{
    for (std::uint64_t token = 0; token < plugin_timers::most; ++token)
        EXPECT_EQ(timers->start(token, a_day, 0), POSTERN_PASS);
    EXPECT_EQ(timers->start(plugin_timers::most, a_day, 0), POSTERN_E_AGAIN);
    EXPECT_EQ(timers->start(0, ~std::uint64_t{0}, ~std::uint64_t{0}), POSTERN_PASS); // replaced; as long as can be
    EXPECT_EQ(timers->start(0, 0, a_millisecond - 1), POSTERN_E_INVALID);
    EXPECT_EQ(timers->cancel(1), POSTERN_PASS);
    EXPECT_EQ(timers->start(plugin_timers::most, a_day, 0), POSTERN_PASS);
}

} // namespace
} // namespace postern::daemon
