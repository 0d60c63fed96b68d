#include "core/host/stuck_watch.hpp"

#include "tests/support/memory_log.hpp"

#include <postern/abi/hooks.h>

#include <gtest/gtest.h>

namespace postern::daemon::test {
namespace {

constexpr stuck_limits quick{.look_every = std::chrono::seconds{1}, .looks = 3, .looks_blocking = 5};

TEST(stuck_watch, names_a_call_that_does_not_return_once)
{
    postern::test::memory_log log;
    stuck_watch watch{base::log{log}, quick};
    const plugin_call running{label_of("slow", "/x/slow.so", false), POSTERN_HOOK_MAIL, 3};
    for (int i = 0; i < 3; ++i) {
        watch.look();
        EXPECT_EQ(log.count("plugin.stuck"), 0) << "look " << i;
    }
    for (int i = 0; i < 10; ++i)
        watch.look();
    EXPECT_EQ(log.count("plugin.stuck plugin=slow hook=cmd.mail session=0000000000003 library=/x/slow.so seconds=3"), 1);
    EXPECT_EQ(log.count("plugin.stuck"), 1);
}

TEST(stuck_watch, says_when_a_call_has_returned_after_all)
{
    postern::test::memory_log log;
    stuck_watch watch{base::log{log}, quick};
    {
        const plugin_call running{label_of("slow", "/x/slow.so", false), POSTERN_HOOK_MAIL, 3};
        for (int i = 0; i < 4; ++i)
            watch.look();
        EXPECT_EQ(log.count("wait until it does"), 1);
        EXPECT_EQ(log.count("plugin.unstuck"), 0);
    }
    watch.look();
    watch.look();
    EXPECT_EQ(log.count("plugin.unstuck plugin=slow library=/x/slow.so"), 1);
}

TEST(stuck_watch, does_not_mind_many_calls_that_return)
{
    postern::test::memory_log log;
    stuck_watch watch{base::log{log}, quick};
    for (int i = 0; i < 10; ++i) {
        const plugin_call running{label_of("busy", "/x/busy.so", false), POSTERN_HOOK_MAIL, 3};
        watch.look();
    }
    EXPECT_EQ(log.count("plugin.stuck"), 0);
}

TEST(stuck_watch, gives_a_blocking_plugin_more_time_and_create_all_of_it)
{
    postern::test::memory_log log;
    stuck_watch watch{base::log{log}, quick};
    {
        const plugin_call running{label_of("starts", "/x/starts.so", false), in_create, 0};
        for (int i = 0; i < 10; ++i)
            watch.look();
        EXPECT_EQ(log.count("plugin.stuck"), 0);
    }
    const plugin_call running{label_of("waits", "/x/waits.so", true), POSTERN_HOOK_MAIL, 3};
    for (int i = 0; i < 5; ++i)
        watch.look();
    EXPECT_EQ(log.count("plugin.stuck"), 0);
    watch.look();
    EXPECT_EQ(log.count("plugin.stuck plugin=waits"), 1);
}

} // namespace
} // namespace postern::daemon::test
