#include "core/host/deadline_timer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <vector>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;

TEST(deadline_timer, runs_in_the_order_of_the_deadlines)
{
    std::vector<int> order; // one thread runs all
    std::promise<void> done;
    std::promise<void> all_are_set;
    deadline_timer timer;
    const auto now = std::chrono::steady_clock::now();
    timer.at(now, [&] { all_are_set.get_future().wait(); });
    timer.at(now + 3ms, [&] { done.set_value(); });
    timer.at(now + 2ms, [&] { order.push_back(2); });
    timer.at(now + 1ms, [&] { order.push_back(1); });
    timer.at(now - 1s, [&] { order.push_back(0); });
    all_are_set.set_value();
    done.get_future().wait();
    EXPECT_THAT(order, ::testing::ElementsAre(0, 1, 2));
}

TEST(deadline_timer, leaves_out_what_was_cancelled)
{
    std::promise<void> all_are_set;
    std::promise<void> done;
    deadline_timer timer;
    const auto now = std::chrono::steady_clock::now();
    timer.at(now, [&] { all_are_set.get_future().wait(); });
    const auto cancelled = timer.at(now, [] { ADD_FAILURE(); });
    timer.cancel(cancelled);
    timer.cancel(cancelled);
    timer.at(now + 1ms, [&] { done.set_value(); });
    all_are_set.set_value();
    done.get_future().wait();
}

TEST(deadline_timer, drops_what_waits_when_it_ends)
{
    const auto held = std::make_shared<int>();
    {
        deadline_timer timer;
        timer.at(std::chrono::steady_clock::now() + 1h, [held] { ADD_FAILURE(); });
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(deadline_timer, may_be_ended_by_what_it_runs)
{
    auto timer = std::make_shared<deadline_timer>();
    const std::weak_ptr<deadline_timer> watch = timer;
    const auto alone = std::make_shared<std::promise<void>>(); // shared: the thread outlives the timer, and maybe this test
    const auto ended = std::make_shared<std::promise<void>>();
    timer->at(std::chrono::steady_clock::now(), [own = timer, alone, ended]() mutable {
        alone->get_future().wait();
        own.reset();
        ended->set_value();
    });
    timer.reset();
    alone->set_value();
    ended->get_future().wait();
    EXPECT_TRUE(watch.expired());
}

} // namespace
} // namespace postern::daemon
