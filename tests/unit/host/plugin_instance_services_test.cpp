// What an instance offers its plugin besides the core: metrics, log events, notes, timers, as the plugin calls them.

#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/health.h>
#include <postern/abi/metrics.h>
#include <postern/abi/notes.h>
#include <postern/abi/observe.h>
#include <postern/abi/timers.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <future>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::hook_point;
using ::testing::HasSubstr;

constexpr std::uint64_t a_day = 86'400'000'000'000;
constexpr std::uint64_t a_millisecond = 1'000'000;

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

struct a_service : ::testing::Test {
    // Before the script, whose end waits for calls that still run.
    std::promise<void> happened;
    scripted_plugin script;
    scene here;
    std::shared_ptr<abi_plugin> plugin;

    template <class Table>
    const Table& table(const char* id)
    {
        return *static_cast<const Table*>(script.get(script.host, id));
    }
    /// A plugin that the session `here` is known to.
    void make()
    {
        script.subscriptions.push_back(POSTERN_HOOK_MAIL);
        plugin = script.make();
        ASSERT_NE(plugin, nullptr);
        (void)here.call(*plugin, hook_point::cmd_mail);
    }
    postern_status set(std::string_view name, std::string_view value, std::uint64_t session = 77, std::uint64_t transaction = 0)
    {
        const postern_note what{sizeof what, 0, session, transaction, str(name), str(value)};
        return table<postern_notes_1>(POSTERN_NOTES_1).set(script.host, &what);
    }
    std::int64_t get(std::string_view name, char* to, std::size_t room, std::uint64_t session = 77)
    {
        return table<postern_notes_1>(POSTERN_NOTES_1).get(script.host, session, str(name), to, room);
    }
};

TEST_F(a_service, that_is_declared_in_create_is_refused_afterwards)
{
    postern_metric what{};
    what.size = sizeof what;
    what.kind = POSTERN_METRIC_COUNTER;
    what.name = str("x");
    std::int64_t number = 0;
    script.on_create = [&] {
        number = table<postern_metrics_1>(POSTERN_METRICS_1).declare(script.host, &what);
        EXPECT_EQ(table<postern_notes_1>(POSTERN_NOTES_1).want(script.host, str("org.example.other.*")), POSTERN_PASS);
        return POSTERN_PASS;
    };
    make();
    EXPECT_EQ(number, 1);
    const auto& metrics = table<postern_metrics_1>(POSTERN_METRICS_1);
    EXPECT_EQ(metrics.declare(script.host, &what), POSTERN_E_DENIED);
    EXPECT_EQ(metrics.add(script.host, 1, 2), POSTERN_PASS);
    EXPECT_THAT(script.services.metrics->text(), HasSubstr("\nplugin_scripted_x{plugin=\"scripted\"} 2\n"));
    EXPECT_EQ(table<postern_notes_1>(POSTERN_NOTES_1).want(script.host, str("org.example.more")), POSTERN_E_DENIED);
}

TEST_F(a_service, without_a_host_is_refused)
{
    make();
    const auto& metrics = table<postern_metrics_1>(POSTERN_METRICS_1);
    EXPECT_EQ(metrics.declare(nullptr, nullptr), POSTERN_E_INVALID);
    EXPECT_EQ(metrics.add(nullptr, 1, 1), POSTERN_E_INVALID);
    EXPECT_EQ(metrics.set(nullptr, 1, 1), POSTERN_E_INVALID);
    EXPECT_EQ(metrics.observe(nullptr, 1, 1), POSTERN_E_INVALID);
    const auto& log = table<postern_log_1>(POSTERN_LOG_1);
    EXPECT_EQ(log.level(nullptr), POSTERN_LOG_ERROR);
    EXPECT_EQ(log.write(nullptr, nullptr), POSTERN_E_INVALID);
    const auto& timers = table<postern_timers_1>(POSTERN_TIMERS_1);
    EXPECT_EQ(timers.start(nullptr, 1, 1, 0), POSTERN_E_INVALID);
    EXPECT_EQ(timers.cancel(nullptr, 1), POSTERN_E_INVALID);
    const auto& notes = table<postern_notes_1>(POSTERN_NOTES_1);
    EXPECT_EQ(notes.want(nullptr, {}), POSTERN_E_INVALID);
    EXPECT_EQ(notes.set(nullptr, nullptr), POSTERN_E_INVALID);
    EXPECT_EQ(notes.get(nullptr, 77, {}, nullptr, 0), POSTERN_E_INVALID);
}

TEST_F(a_service, counts_what_is_lost_by_lateness)
{
    make();
    EXPECT_EQ(script.reply(12345), POSTERN_E_STALE);
    EXPECT_THAT(script.services.metrics->text(), HasSubstr("\npostern_plugin_stale_replies_total{plugin=\"scripted\"} 1\n"));
}

TEST_F(a_service, writes_events_to_the_log)
{
    make();
    postern_log_event what{};
    what.size = sizeof what;
    what.name = str("started");
    EXPECT_EQ(table<postern_log_1>(POSTERN_LOG_1).write(script.host, &what), POSTERN_PASS);
    EXPECT_EQ(table<postern_log_1>(POSTERN_LOG_1).level(script.host), POSTERN_LOG_DEBUG);
    EXPECT_TRUE(script.log.contains("plugin.event plugin=scripted name=started"));
}

TEST_F(a_service, keeps_notes_of_the_plugin_with_the_session)
{
    make();
    std::array<char, 8> room{};
    EXPECT_EQ(get("org.example.scripted.score", room.data(), room.size()), POSTERN_E_AGAIN);
    EXPECT_EQ(set("org.example.scripted.score", "0123456789"), POSTERN_PASS);
    EXPECT_EQ(get("org.example.scripted.score", room.data(), 4), 10);
    EXPECT_EQ(std::string_view(room.data(), 5), std::string_view("0123\0", 5));
    EXPECT_EQ(get("org.example.scripted.score", nullptr, 0), 10);
    here.port->notes.enter(base::transaction_id{88});
    EXPECT_EQ(set("org.example.scripted.mail", "m", 77, 88), POSTERN_PASS);
    EXPECT_EQ(set("org.example.scripted.mail", "m", 77, 87), POSTERN_E_STALE);
    plugin->session_ended(base::session_id{77});
    EXPECT_EQ(set("org.example.scripted.score", "x"), POSTERN_E_STALE);
    EXPECT_EQ(get("org.example.scripted.score", room.data(), room.size()), POSTERN_E_STALE);
}

TEST_F(a_service, lets_a_plugin_write_its_own_notes_and_read_what_it_asked_for)
{
    script.on_create = [&] {
        const auto& notes = table<postern_notes_1>(POSTERN_NOTES_1);
        EXPECT_EQ(notes.want(script.host, str("org.example.geo.*")), POSTERN_PASS);
        EXPECT_EQ(notes.want(script.host, str("org.example.spf.result")), POSTERN_PASS);
        for (const auto* wrong : {"", "*", ".*", ".a", "a.", "A.b", "a b", "a*"})
            EXPECT_EQ(notes.want(script.host, str(wrong)), POSTERN_E_INVALID) << wrong;
        EXPECT_EQ(notes.want(script.host, {nullptr, 5}), POSTERN_E_INVALID);
        for (int i = 2; i < 64; ++i)
            EXPECT_EQ(notes.want(script.host, str("org.example.n" + std::to_string(i))), POSTERN_PASS);
        EXPECT_EQ(notes.want(script.host, str("org.example.spf.result")), POSTERN_PASS); // known
        EXPECT_EQ(notes.want(script.host, str("org.example.more")), POSTERN_E_AGAIN);
        return POSTERN_PASS;
    };
    make();
    char one = 0;
    EXPECT_EQ(here.port->notes.set({}, "org.example.geo.country", "AT"), hooks::note_status::done);
    EXPECT_EQ(here.port->notes.set({}, "org.example.spf.result", "pass"), hooks::note_status::done);
    EXPECT_EQ(here.port->notes.set({}, "org.example.spf.results", "x"), hooks::note_status::done);
    EXPECT_EQ(get("org.example.geo.country", &one, 1), 2);
    EXPECT_EQ(get("org.example.spf.result", &one, 1), 4);
    EXPECT_EQ(get("org.example.spf.results", &one, 1), POSTERN_E_DENIED);
    EXPECT_EQ(get("org.example.geo", &one, 1), POSTERN_E_DENIED);
    EXPECT_EQ(set("org.example.geo.country", "DE"), POSTERN_E_DENIED);
    EXPECT_EQ(set("org.example.scripted", "x"), POSTERN_E_DENIED);
}

TEST_F(a_service, takes_no_note_that_is_nonsense_or_too_long)
{
    make();
    const auto& notes = table<postern_notes_1>(POSTERN_NOTES_1);
    EXPECT_EQ(notes.set(script.host, nullptr), POSTERN_E_INVALID);
    postern_note what{sizeof what, 0, 77, 0, str("org.example.scripted.x"), {nullptr, 3}};
    EXPECT_EQ(notes.set(script.host, &what), POSTERN_E_INVALID);
    what.value = {};
    what.size = 55;
    EXPECT_EQ(notes.set(script.host, &what), POSTERN_E_INVALID);
    what.size = sizeof what;
    what.name = {nullptr, 3};
    EXPECT_EQ(notes.set(script.host, &what), POSTERN_E_INVALID);
    EXPECT_EQ(set("org.example.scripted.x", std::string(4096, 'v')), POSTERN_PASS);
    EXPECT_EQ(set("org.example.scripted.x", std::string(4097, 'v')), POSTERN_E_INVALID);
    const std::string_view own = "org.example.scripted.";
    EXPECT_EQ(set(std::string{own} + std::string(128 - own.size(), 'k'), ""), POSTERN_PASS);
    EXPECT_EQ(set(std::string{own} + std::string(129 - own.size(), 'k'), ""), POSTERN_E_INVALID);
    EXPECT_EQ(set("org.example.scripted.X", ""), POSTERN_E_INVALID);
    EXPECT_EQ(set("org.example.scripted.x", "", 78), POSTERN_E_STALE); // never seen
    EXPECT_EQ(get("org.example.scripted.x", nullptr, 5), POSTERN_E_INVALID);
    EXPECT_EQ(notes.get(script.host, 77, {nullptr, 5}, nullptr, 0), POSTERN_E_INVALID);
    for (int i = 0; i < 70; ++i)
        (void)set(std::string{own} + std::to_string(i), "");
    EXPECT_EQ(set("org.example.scripted.one-more", ""), POSTERN_E_AGAIN);
}

TEST_F(a_service, rings_on_a_thread_of_the_instance_once_create_has_returned)
{
    script.on_create = [&] {
        EXPECT_EQ(table<postern_timers_1>(POSTERN_TIMERS_1).start(script.host, 5, 0, 0), POSTERN_PASS);
        return POSTERN_PASS;
    };
    const auto here_thread = std::this_thread::get_id();
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(event.hook, POSTERN_HOOK_TIMER);
        EXPECT_EQ(as<postern_ev_timer>(event).token, 5U);
        EXPECT_EQ(event.session, 0U);
        EXPECT_NE(std::this_thread::get_id(), here_thread);
        happened.set_value();
        return POSTERN_PASS;
    };
    const auto instance = script.make_instance();
    ASSERT_NE(instance, nullptr);
    happened.get_future().wait();
}

TEST_F(a_service, never_rings_twice_at_once_and_blocks_nobody_else)
{
    std::atomic<int> inside{0};
    std::atomic<int> rung{0};
    script.flags = POSTERN_PLUGIN_BLOCKING;
    script.on = [&](const postern_event& event) {
        if (event.hook != POSTERN_HOOK_TIMER)
            return POSTERN_PASS;
        EXPECT_EQ(++inside, 1);
        std::this_thread::yield();
        --inside;
        if (++rung == 40)
            happened.set_value();
        return POSTERN_PASS;
    };
    const auto instance = script.make_instance();
    const auto& timers = table<postern_timers_1>(POSTERN_TIMERS_1);
    for (std::uint64_t token = 0; token < 40; ++token)
        EXPECT_EQ(timers.start(script.host, token, 0, 0), POSTERN_PASS);
    happened.get_future().wait();
}

TEST_F(a_service, lets_an_instance_end_whose_timers_are_set)
{
    auto instance = script.make_instance();
    EXPECT_EQ(table<postern_timers_1>(POSTERN_TIMERS_1).start(script.host, 1, a_day, 0), POSTERN_PASS);
    EXPECT_EQ(table<postern_timers_1>(POSTERN_TIMERS_1).start(script.host, 2, a_day, a_millisecond), POSTERN_PASS);
    instance.reset();
    EXPECT_EQ(script.destroyed, 1); // the timers did not keep it
}

TEST_F(a_service, is_subscribed_to_in_one_way)
{
    script.on_create = [&] {
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_HEALTH, 1), POSTERN_E_INVALID);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_HEALTH, 0), POSTERN_PASS);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_EVENT, POSTERN_SUBSCRIBE_OBSERVE), POSTERN_E_INVALID);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_EVENT, 1U << POSTERN_EVENT_FAILED | 1U << 31U), POSTERN_PASS);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_EVENT, 0), POSTERN_E_INVALID);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_TIMER, 0), POSTERN_E_INVALID);
        return POSTERN_PASS;
    };
    const auto instance = script.make_instance();
    ASSERT_NE(instance, nullptr);
    EXPECT_TRUE(instance->wants_health());
    EXPECT_EQ(instance->observed_kinds(), 1U << POSTERN_EVENT_FAILED | 1U << 31U);
    EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_HEALTH, 0), POSTERN_E_DENIED);
}

} // namespace
} // namespace postern::daemon
