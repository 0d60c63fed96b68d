#include "core/host/plugin_observer.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/observe.h>

#include <gtest/gtest.h>

#include <future>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using namespace std::chrono_literals;
using hooks::notice_kind;

struct an_observer : ::testing::Test {
    // Before the script, whose end waits for calls that still run.
    std::promise<void> happened;
    std::atomic<std::uint64_t> missed{0};
    std::atomic<bool> is_told{false};
    scripted_plugin script;

    std::shared_ptr<plugin_observer> make(std::uint32_t kinds)
    {
        script.subscriptions = {POSTERN_HOOK_EVENT};
        script.subscribe_flags = kinds;
        return std::make_shared<plugin_observer>(script.make_instance());
    }
};

TEST_F(an_observer, wants_the_kinds_that_it_asked_for)
{
    const auto some = make(1U << POSTERN_EVENT_ACCEPTED | 1U << POSTERN_EVENT_BREAKER_CLOSED);
    EXPECT_TRUE(some->wants(notice_kind::accepted));
    EXPECT_TRUE(some->wants(notice_kind::breaker_closed));
    EXPECT_FALSE(some->wants(notice_kind::connected));
}

TEST_F(an_observer, that_names_none_wants_all)
{
    const auto all = make(0);
    for (unsigned kind = 1; kind < hooks::notice_kind_count; ++kind)
        EXPECT_TRUE(all->wants(static_cast<notice_kind>(kind)));
}

TEST_F(an_observer, is_told_on_a_thread_of_its_own_with_copies)
{
    const auto session_thread = std::this_thread::get_id();
    script.on = [&](const postern_event& event) {
        EXPECT_NE(std::this_thread::get_id(), session_thread);
        const auto& what = as<postern_ev_event>(event);
        EXPECT_EQ(event.hook, POSTERN_HOOK_EVENT);
        EXPECT_EQ(event.ticket, 0U);
        EXPECT_EQ(event.session, 0U);
        EXPECT_EQ(what.kind, POSTERN_EVENT_DELIVERED);
        EXPECT_EQ(what.session, 7U);
        EXPECT_EQ(what.time_ms, 1234);
        EXPECT_EQ(what.smtp_code, 250U);
        EXPECT_EQ(what.size_octets, 11U);
        EXPECT_EQ(what.count, 2U);
        EXPECT_EQ(what.missed, 0U);
        EXPECT_EQ(text_of(what.message), "0000000000009");
        EXPECT_EQ(text_of(what.sender), "a@b.example");
        EXPECT_EQ(text_of(what.recipient), "c@d.example");
        EXPECT_EQ(text_of(what.peer), "192.0.2.1:25");
        EXPECT_EQ(text_of(what.listener), "in");
        EXPECT_EQ(text_of(what.plugin), "spam");
        EXPECT_EQ(text_of(what.hook), "cmd.mail");
        EXPECT_EQ(text_of(what.verdict), "REJECT");
        EXPECT_EQ(text_of(what.next_hop), "mx.example:25");
        EXPECT_EQ(text_of(what.text), "fine");
        happened.set_value();
        return POSTERN_PASS;
    };
    const auto observer = make(0);
    {
        const std::string sender = "a@b.example"; // gone when the plugin reads it
        observer->observe({.kind = notice_kind::delivered,
                           .session = base::session_id{7},
                           .message = base::message_id{9},
                           .sender = sender,
                           .recipient = "c@d.example",
                           .peer = "192.0.2.1:25",
                           .listener = "in",
                           .plugin = "spam",
                           .hook = "cmd.mail",
                           .verdict = "REJECT",
                           .next_hop = "mx.example:25",
                           .text = "fine",
                           .smtp_code = 250,
                           .size = 11,
                           .count = 2},
                          base::wall_time{1234ms});
    }
    happened.get_future().wait();
}

TEST_F(an_observer, that_lags_misses_events_and_is_told_how_many)
{
    std::promise<void> go;
    auto gone = go.get_future().share();
    script.on = [&, gone](const postern_event& event) {
        gone.wait();
        const auto& what = as<postern_ev_event>(event);
        missed += what.missed;
        if (what.kind == POSTERN_EVENT_RELOADED && !is_told.exchange(true))
            happened.set_value();
        return POSTERN_PASS;
    };
    const auto observer = make(0);
    const std::string large(100'000, 'x');
    for (int i = 0; i < 200; ++i)
        observer->observe({.kind = notice_kind::connected, .text = large}, {});
    const auto lost =
        script.services.metrics->add_counter({"postern_plugin_observations_dropped_total", ""}, {{"plugin", "scripted"}}).value();
    EXPECT_GT(lost, 100U);
    EXPECT_LT(lost, 200U);
    EXPECT_TRUE(script.log.contains("plugin_overrun plugin=scripted hook=71 dropped=100"));
    go.set_value();
    auto told = happened.get_future();
    do // until there is room again
        observer->observe({.kind = notice_kind::reloaded}, {});
    while (told.wait_for(1ms) != std::future_status::ready);
    EXPECT_GE(missed, lost);
}

} // namespace
} // namespace postern::daemon
