// Plugins that may block: called on their own threads, with everything copied.

#include "tests/unit/host/scripted_plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::call_status;
using hooks::hook_point;
using hooks::verdict_kind;

class a_blocking_plugin : public ::testing::Test {
protected:
    a_blocking_plugin() { script.flags = POSTERN_PLUGIN_BLOCKING; }

    // Before the script, whose end waits for calls that still run.
    std::promise<void> inside;
    std::promise<void> go;
    std::promise<void> over;
    std::promise<std::string> seen;
    scripted_plugin script;
    scene here;
};

TEST_F(a_blocking_plugin, is_called_on_a_thread_of_its_own_and_answers_through_the_port)
{
    const auto session_thread = std::this_thread::get_id();
    script.on = [&](const postern_event& event) {
        EXPECT_NE(std::this_thread::get_id(), session_thread);
        EXPECT_EQ(text_of(as<postern_ev_rcpt>(event).recipient), "b@example.com");
        EXPECT_EQ(script.reply(event.ticket), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    const auto called = here.call(*plugin, hook_point::cmd_rcpt);
    ASSERT_EQ(called.status, call_status::pending);
    const auto answers = here.port->answers(1);
    EXPECT_EQ(answers[0].first, called.ticket);
    EXPECT_EQ(answers[0].second.verdict, verdict_kind::reject);
}

TEST_F(a_blocking_plugin, that_passes_or_fails_is_answered_for)
{
    script.on = [](const postern_event& event) { return event.cookie == 0 ? POSTERN_PASS : POSTERN_E_PLUGIN; };
    const auto plugin = script.make();
    ASSERT_EQ(here.call(*plugin, hook_point::cmd_rcpt).status, call_status::pending);
    EXPECT_EQ(here.port->answers(1)[0].second.verdict, verdict_kind::proceed);
    EXPECT_EQ(script.core->set_cookie(script.host, 77, 1), POSTERN_PASS);
    ASSERT_EQ(here.call(*plugin, hook_point::cmd_rcpt).status, call_status::pending);
    EXPECT_EQ(here.port->answers(2)[1].second.failure, "it failed after its call returned");
}

TEST_F(a_blocking_plugin, keeps_its_record_when_the_session_goes_on)
{
    script.on = [&](const postern_event& event) {
        inside.set_value();
        go.get_future().wait();
        const auto& end = as<postern_ev_end>(event);
        std::string all = text_of(end.sender);
        for (const auto& each : records_of<postern_str>(end.recipients))
            all += " " + text_of(each);
        for (const auto& each : records_of<postern_header>(end.headers))
            all += " " + text_of(each.name) + "=" + text_of(each.value);
        for (const auto& each : records_of<postern_peer>(end.peer))
            all += " " + text_of(each.peer_address) + " " + text_of(each.helo);
        char octet = 0;
        const auto* blob = static_cast<const postern_blob_1*>(script.get(script.host, POSTERN_BLOB_1));
        EXPECT_EQ(blob->read(script.host, event.ticket, 0, &octet, 1), POSTERN_E_STALE);
        EXPECT_EQ(script.reply(event.ticket), POSTERN_E_STALE);
        seen.set_value(all);
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    const auto called = here.call(*plugin, hook_point::msg_end);
    ASSERT_EQ(called.status, call_status::pending);
    inside.get_future().wait();
    EXPECT_TRUE(plugin->withdraw(called.ticket)); // does not wait for a plugin that hangs
    here.draft = {};
    here.connection = {};
    go.set_value();
    EXPECT_EQ(seen.get_future().get(),
              "a@client.example b@example.com c@example.com Subject=hi From=a@client.example 192.0.2.1 client.example");
}

TEST_F(a_blocking_plugin, is_never_called_twice_at_a_time_for_one_session)
{
    std::atomic<int> callers{0};
    std::atomic<int> calls{0};
    script.on = [&](const postern_event&) {
        EXPECT_EQ(++callers, 1);
        std::this_thread::yield();
        --callers;
        ++calls;
        return POSTERN_PASS;
    };
    const auto plugin = script.make();
    for (int i = 0; i < 200; ++i)
        ASSERT_EQ(here.call(*plugin, hook_point::cmd_rcpt).status, call_status::pending);
    EXPECT_EQ(here.port->answers(200).size(), 200U);
    EXPECT_EQ(calls, 200);
}

TEST_F(a_blocking_plugin, hears_of_the_end_after_all_else)
{
    std::vector<std::uint32_t> heard; // one session, so one call at a time; the last word is before over
    script.on = [&](const postern_event& event) {
        heard.push_back(event.hook);
        if (event.hook == POSTERN_HOOK_SESSION_END)
            over.set_value();
        return POSTERN_PASS;
    };
    const auto plugin = script.make();
    (void)here.call(*plugin, hook_point::conn_open);
    plugin->wake(here.connection.session, 1, true);
    (void)here.call(*plugin, hook_point::conn_close);
    plugin->session_ended(here.connection.session);
    over.get_future().wait();
    EXPECT_THAT(heard, ::testing::ElementsAre(POSTERN_HOOK_CONN_OPEN, POSTERN_HOOK_WAKE, POSTERN_HOOK_CONN_CLOSE,
                                              POSTERN_HOOK_SESSION_END));
}

// It may lag behind and lose what it only watches; what the host has promised comes all the same.
TEST_F(a_blocking_plugin, that_watches_too_slowly_misses_chunks_and_nothing_else)
{
    script.subscriptions = {POSTERN_HOOK_BODY};
    script.subscribe_flags = POSTERN_SUBSCRIBE_OBSERVE;
    std::size_t octets = 0; // one session, so one call at a time; the last word is before over
    std::vector<std::uint32_t> others;
    script.on = [&](const postern_event& event) {
        if (event.hook == POSTERN_HOOK_BODY) {
            if (octets == 0) {
                inside.set_value();
                go.get_future().wait();
            }
            octets += as<postern_ev_body>(event).chunk.len;
            return POSTERN_PASS;
        }
        others.push_back(event.hook);
        if (event.hook == POSTERN_HOOK_SESSION_END)
            over.set_value();
        return POSTERN_PASS;
    };
    const auto plugin = script.make();
    const std::string chunk(std::size_t{64} << 10U, 'x');
    auto what = here.event(hook_point::msg_body);
    what.chunk = chunk;
    (void)here.call(*plugin, what);
    inside.get_future().wait();
    for (int i = 0; i < 1000; ++i) // 64 MiB
        EXPECT_EQ(here.call(*plugin, what).status, call_status::passed);
    plugin->wake(here.connection.session, 1, false);
    plugin->wake(here.connection.session, 2, true);
    plugin->session_ended(here.connection.session);
    go.set_value();
    over.get_future().wait();
    EXPECT_LE(octets, (std::size_t{8} << 20U) + chunk.size());
    EXPECT_GE(octets, std::size_t{7} << 20U);
    EXPECT_THAT(others, ::testing::ElementsAre(POSTERN_HOOK_WAKE, POSTERN_HOOK_WAKE, POSTERN_HOOK_SESSION_END));
    EXPECT_TRUE(script.log.contains("plugin_overrun plugin=scripted hook=8 dropped=1"));
    EXPECT_TRUE(script.log.contains("dropped=100"));
    EXPECT_FALSE(script.log.contains("dropped=2"));
}

TEST_F(a_blocking_plugin, outlives_its_last_chain_while_a_call_runs)
{
    script.on = [&](const postern_event&) {
        inside.set_value();
        go.get_future().wait();
        EXPECT_EQ(script.destroyed, 0);
        return POSTERN_PASS;
    };
    auto plugin = script.make();
    (void)here.call(*plugin, hook_point::cmd_rcpt);
    inside.get_future().wait();
    plugin.reset();
    EXPECT_EQ(script.destroyed, 0);
    go.set_value();
    while (script.destroyed == 0)
        std::this_thread::yield();
    EXPECT_EQ(here.port->answers(1).size(), 1U);
}

} // namespace
} // namespace postern::daemon
