#include "core/host/blocking_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace postern::daemon {
namespace {

TEST(blocking_pool, runs_jobs_of_one_key_in_order_one_at_a_time)
{
    std::vector<int> order;
    std::promise<void> done;
    blocking_pool pool{4};
    for (int i = 0; i < 500; ++i)
        ASSERT_TRUE(pool.post(7, [&order, &done, i] {
            order.push_back(i);
            if (i == 499)
                done.set_value();
        }));
    done.get_future().wait();
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    EXPECT_EQ(order.size(), 500U);
}

TEST(blocking_pool, does_not_let_one_key_hold_up_another)
{
    std::promise<void> go;
    std::promise<void> passed;
    blocking_pool pool{2};
    ASSERT_TRUE(pool.post(1, [&] { go.get_future().wait(); }));
    ASSERT_TRUE(pool.post(1, [] {}));
    ASSERT_TRUE(pool.post(2, [&] { passed.set_value(); }));
    passed.get_future().wait();
    go.set_value();
}

TEST(blocking_pool, refuses_more_than_it_may_keep)
{
    std::promise<void> go;
    std::promise<void> begun;
    blocking_pool pool{1, 3};
    ASSERT_TRUE(pool.post(0, [&] {
        begun.set_value();
        go.get_future().wait();
    }));
    begun.get_future().wait();
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(pool.post(0, [] {})) << i;
    EXPECT_FALSE(pool.post(0, [] {}));
    go.set_value();
}

TEST(blocking_pool, may_be_ended_by_its_own_job)
{
    auto pool = std::make_shared<blocking_pool>(2);
    const std::weak_ptr<blocking_pool> watch = pool;
    const auto alone = std::make_shared<std::promise<void>>(); // shared: the thread outlives the pool, and maybe this test
    const auto ended = std::make_shared<std::promise<void>>();
    ASSERT_TRUE(pool->post(1, [own = pool, alone, ended]() mutable {
        alone->get_future().wait();
        own.reset();
        ended->set_value();
    }));
    pool.reset();
    alone->set_value();
    ended->get_future().wait();
    EXPECT_TRUE(watch.expired());
}

TEST(blocking_pool, drops_what_has_not_begun)
{
    std::atomic<int> ran{0};
    const auto counted = std::make_shared<int>();
    std::promise<void> begun;
    std::promise<void> go;
    std::thread releasing;
    {
        blocking_pool pool{1};
        ASSERT_TRUE(pool.post(0, [&] {
            begun.set_value();
            go.get_future().wait();
            ++ran;
        }));
        begun.get_future().wait();
        for (int i = 0; i < 10; ++i)
            ASSERT_TRUE(pool.post(3, [counted, &ran] { ++ran; }));
        releasing = std::thread{[&] {
            while (counted.use_count() > 1) // the destructor has begun
                std::this_thread::yield();
            go.set_value();
        }};
        // Jobs that wait are let go before the one that runs is waited for.
    }
    releasing.join();
    EXPECT_EQ(ran, 1);
}

} // namespace
} // namespace postern::daemon
