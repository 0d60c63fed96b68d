#include "core/io/loop.hpp"
#include "tests/support/memory_log.hpp"

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace postern::io {
namespace {

struct a_loop : testing::Test {
    test::memory_log lines;
    loop home{base::log{lines}};
};

task<void> count(int& done, int times, asio::io_context& context)
{
    for (; times > 0; --times, ++done)
        co_await asio::post(context.get_executor(), use_task);
}

TEST_F(a_loop, runs_until_nothing_is_left_however_much_it_was)
{
    for (const int times : {1, 3, 4, 5, 1000}) { // about what makes it give way, and far beyond
        int done = 0;
        home.spawn("count", count(done, times, home.context()));
        home.run();
        EXPECT_EQ(done, times);
        EXPECT_EQ(home.running(), 0U);
        home.context().restart();
    }
}

TEST_F(a_loop, with_nothing_to_do_comes_back_at_once)
{
    home.run();
    EXPECT_TRUE(home.context().stopped());
}

TEST_F(a_loop, hears_what_another_thread_posts_while_it_sleeps_and_while_it_is_under_load)
{
    constexpr int questions = 2000;
    int heard = 0;
    auto work = asio::make_work_guard(home.context());
    std::thread other{[&] {
        for (int i = 0; i < questions; ++i)
            asio::post(home.context(), [&heard] { ++heard; });
        asio::post(home.context(), [&work] { work.reset(); });
    }};
    home.run();
    other.join();
    EXPECT_EQ(heard, questions);
}

TEST_F(a_loop, that_is_stopped_comes_back_and_leaves_the_rest)
{
    int done = 0;
    auto work = asio::make_work_guard(home.context());
    for (int i = 0; i < 10; ++i)
        asio::post(home.context(), [&] {
            if (++done == 7)
                home.context().stop();
        });
    home.run();
    EXPECT_EQ(done, 7);
}

task<void> fail()
{
    throw std::runtime_error{"out of paper"};
    co_return;
}

TEST_F(a_loop, logs_what_escapes_from_a_task_and_goes_on)
{
    int done = 0;
    home.spawn("printer", fail());
    home.spawn("count", count(done, 10, home.context()));
    home.run();
    EXPECT_EQ(done, 10);
    EXPECT_TRUE(lines.contains("out of paper"));
}

} // namespace
} // namespace postern::io
