#include "core/host/control_lane.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <mutex>
#include <thread>

namespace postern::daemon {
namespace {

using test::scripted_plugin;

TEST(a_control_lane, runs_at_once_what_its_holder_gives_it_and_the_rest_when_it_is_free)
{
    std::promise<std::thread::id> ran;
    auto future = ran.get_future();
    control_lane lane;
    {
        const control_lane::hold held{lane};
        bool is_done = false;
        lane.run([&] { is_done = true; });
        EXPECT_TRUE(is_done);
        std::thread{[&] { lane.run([&] { ran.set_value(std::this_thread::get_id()); }); }}.join();
        EXPECT_EQ(future.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
    }
    EXPECT_NE(future.get(), std::this_thread::get_id());
}

TEST(a_control_lane, is_not_waited_for_by_who_can_come_again)
{
    control_lane lane;
    bool had_it = true;
    const auto tries = [&] { had_it = static_cast<bool>(control_lane::hold{lane, std::try_to_lock}); };
    {
        const control_lane::hold held{lane};
        EXPECT_TRUE(held);
        std::thread{tries}.join();
        EXPECT_FALSE(had_it);
    }
    std::thread{tries}.join();
    EXPECT_TRUE(had_it);
    std::thread{tries}.join();
    EXPECT_TRUE(had_it) << "it was given back";
}

TEST(a_control_lane, does_what_it_was_given_before_it_goes)
{
    int done = 0;
    {
        control_lane lane;
        for (int i = 0; i < 3; ++i)
            lane.run([&] { ++done; });
    }
    EXPECT_EQ(done, 3);
}

TEST(a_control_lane, may_be_ended_by_its_last_job)
{
    std::promise<void> over;
    auto lane = std::make_shared<control_lane>();
    std::weak_ptr<control_lane> gone = lane;
    auto* const raw = lane.get();
    raw->run([own = std::move(lane), &over]() mutable {
        own.reset();
        over.set_value();
    });
    over.get_future().wait();
    EXPECT_TRUE(gone.expired());
}

TEST(a_plugin_instance, is_destroyed_once_and_on_the_control_lane)
{
    scripted_plugin plugin;
    auto lane = std::make_shared<control_lane>();
    plugin.services.lane = lane;
    auto instance = plugin.make_instance();
    auto other = instance;
    instance.reset();
    EXPECT_EQ(plugin.destroyed, 0);
    {
        const control_lane::hold held{*lane};
        std::thread{[&] { other.reset(); }}.join(); // as a session's thread drops the last share
        EXPECT_EQ(plugin.destroyed, 0) << "somebody is making a generation";
    }
    std::promise<void> behind_it;
    lane->run([&] { behind_it.set_value(); });
    behind_it.get_future().wait();
    EXPECT_EQ(plugin.destroyed, 1);
}

} // namespace
} // namespace postern::daemon
