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

/// A pool of one thread, which is busy until it is let go.
class a_full_pool : public ::testing::Test {
protected:
    blocking_pool& of(pool_limits limits)
    {
        pool_ = std::make_unique<blocking_pool>(1, limits);
        EXPECT_TRUE(pool_->post(0, [this] {
            begun.set_value();
            go.get_future().wait();
        }));
        begun.get_future().wait();
        return *pool_;
    }
    ~a_full_pool() override { go.set_value(); }

    std::promise<void> begun;
    std::promise<void> go;
    std::unique_ptr<blocking_pool> pool_;
};

TEST_F(a_full_pool, takes_as_many_jobs_as_it_may_and_one_more_not)
{
    auto& pool = of({3, 1000, 1000});
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(pool.post(0, [] {})) << i;
    EXPECT_FALSE(pool.post(0, [] {}));
    EXPECT_FALSE(pool.post(
        0, [] {}, job_kind::observation));
    EXPECT_TRUE(pool.post(
        0, [] {}, job_kind::promise));
}

TEST_F(a_full_pool, refuses_observations_before_questions_and_promises_never)
{
    auto& pool = of({100, 100, 10});
    EXPECT_TRUE(pool.post(
        1, [] {}, job_kind::observation, 10));
    EXPECT_FALSE(pool.post(
        1, [] {}, job_kind::observation, 1));
    EXPECT_TRUE(pool.post(
        1, [] {}, job_kind::question, 90));
    EXPECT_FALSE(pool.post(
        1, [] {}, job_kind::question, 1));
    EXPECT_TRUE(pool.post(
        1, [] {}, job_kind::question, 0));
    EXPECT_FALSE(pool.post(
        2, [] {}, job_kind::question, ~std::size_t{0}));
    EXPECT_TRUE(pool.post(
        1, [] {}, job_kind::promise, 1000));
}

TEST(blocking_pool, has_its_room_again_when_jobs_have_begun)
{
    blocking_pool pool{1, {1, 10, 10}};
    for (int i = 0; i < 50; ++i) {
        std::promise<void> ran;
        while (!pool.post(
            1, [&ran] { ran.set_value(); }, job_kind::observation, 10))
            std::this_thread::yield();
        ran.get_future().wait();
    }
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
