#include "core/host/plugin_health.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/health.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using namespace std::chrono_literals;
using ::testing::IsEmpty;

postern_status answer(const scripted_plugin& script, std::uint64_t ticket, std::uint32_t state, std::string_view text)
{
    postern_health_reply reply{};
    reply.base.size = sizeof reply;
    reply.base.verdict = POSTERN_CONTINUE;
    reply.base.text = {text.data(), text.size()};
    reply.state = state;
    return script.core->reply(script.host, ticket, &reply.base);
}

struct the_health : ::testing::Test {
    std::promise<void> go; // before the script, whose end waits for calls that still run
    scripted_plugin script;

    plugin_health ask(std::chrono::nanoseconds patience = 30s)
    {
        script.subscriptions = {POSTERN_HOOK_HEALTH};
        if (instance == nullptr)
            instance = script.make_instance();
        const auto all = ask_health({instance}, patience);
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? plugin_health{} : all.front();
    }
    std::shared_ptr<plugin_instance> instance;
};

TEST_F(the_health, is_what_the_plugin_says)
{
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(event.hook, POSTERN_HOOK_HEALTH);
        EXPECT_NE(event.deadline_ns, 0);
        return answer(script, event.ticket, POSTERN_HEALTH_DEGRADED, "no dictionary") == POSTERN_PASS ? POSTERN_TAKEN
                                                                                                      : POSTERN_E_PLUGIN;
    };
    const auto said = ask();
    EXPECT_EQ(said.plugin, "scripted");
    EXPECT_EQ(said.is, plugin_health::state::degraded);
    EXPECT_EQ(said.text, "no dictionary");
    EXPECT_EQ(name_of(said.is), "degraded");
}

TEST_F(the_health, of_who_passes_is_well)
{
    EXPECT_EQ(ask().is, plugin_health::state::ok);
    script.on = [&](const postern_event& event) { // an answer without a state
        return script.reply(event.ticket, POSTERN_CONTINUE, "all is well") == POSTERN_PASS ? POSTERN_TAKEN : POSTERN_E_PLUGIN;
    };
    const auto said = ask();
    EXPECT_EQ(said.is, plugin_health::state::ok);
    EXPECT_EQ(said.text, "all is well");
}

TEST_F(the_health, may_be_told_later_from_another_thread)
{
    std::thread later;
    std::promise<void> is_there; // its answer may be quicker than the assignment
    script.on = [&](const postern_event& event) {
        later = std::thread{
            [this, ticket = event.ticket] { EXPECT_EQ(answer(script, ticket, POSTERN_HEALTH_OK, "late"), POSTERN_PASS); }};
        is_there.set_value();
        return POSTERN_TAKEN;
    };
    EXPECT_EQ(ask().text, "late");
    is_there.get_future().wait();
    later.join();
}

TEST_F(the_health, of_who_does_not_answer_is_silence)
{
    auto gone = go.get_future().share();
    script.on = [gone](const postern_event&) {
        gone.wait();
        return POSTERN_TAKEN;
    };
    const auto said = ask(1ms);
    EXPECT_EQ(said.is, plugin_health::state::silent);
    EXPECT_EQ(said.text, "no answer in time");
    const auto still = ask(1ms); // it hangs in the first question, and this one is not waited for either
    EXPECT_EQ(still.is, plugin_health::state::silent);
    go.set_value();
}

TEST_F(the_health, of_who_fails_or_answers_nonsense_is_told_as_such)
{
    script.on = [](const postern_event&) { return POSTERN_E_PLUGIN; };
    EXPECT_EQ(ask().text, "it failed to answer");
    for (const auto state : {2U, 99U}) {
        script.on = [&](const postern_event& event) {
            EXPECT_EQ(answer(script, event.ticket, state, ""), POSTERN_E_INVALID);
            return POSTERN_TAKEN;
        };
        const auto said = ask();
        EXPECT_EQ(said.is, plugin_health::state::silent);
        EXPECT_EQ(said.text, "it failed to answer");
    }
}

TEST_F(the_health, is_asked_of_those_who_want_to_tell)
{
    script.subscriptions = {POSTERN_HOOK_MAIL};
    instance = script.make_instance();
    EXPECT_THAT(ask_health({instance}, 30s), IsEmpty());
    EXPECT_THAT(ask_health({}, 30s), IsEmpty());
}

} // namespace
} // namespace postern::daemon
