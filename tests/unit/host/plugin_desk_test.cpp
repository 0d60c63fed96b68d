#include "core/host/plugin_desk.hpp"

#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/admin.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <thread>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

class the_desk : public ::testing::Test {
protected:
    told tell(std::chrono::nanoseconds patience = 30s)
    {
        instance_ = script.make_instance();
        plugin_desk desk;
        desk.seat({{"scripted", instance_}});
        const std::string input{"\0\xff", 2};
        return desk.tell("scripted", {"learn", "spam"}, &input, patience);
    }
    postern_status say(std::uint64_t ticket, std::uint32_t verdict, std::string_view text, std::string_view output)
    {
        postern_admin_reply reply{};
        reply.base.size = sizeof reply;
        reply.base.verdict = verdict;
        reply.base.text = {text.data(), text.size()};
        reply.output = {output.data(), output.size()};
        return script.core->reply(script.host, ticket, &reply.base);
    }

    scripted_plugin script;
    std::shared_ptr<plugin_instance> instance_; // a thread that answers may still be inside it when tell() has returned
};

TEST_F(the_desk, brings_words_and_input_and_takes_the_answer_back)
{
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(event.hook, POSTERN_HOOK_ADMIN);
        const auto& admin = reinterpret_cast<const postern_ev_admin&>(event);
        EXPECT_EQ(admin.words.count, 2U);
        const auto* second = reinterpret_cast<const postern_str*>(static_cast<const char*>(admin.words.at) + admin.words.stride);
        EXPECT_EQ((std::string_view{second->ptr, second->len}), "spam");
        EXPECT_EQ((std::string_view{admin.input.ptr, admin.input.len}), (std::string_view{"\0\xff", 2}));
        EXPECT_EQ(admin.has_input, 1U);
        EXPECT_EQ(say(event.ticket, POSTERN_CONTINUE, {}, "learned"), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    const auto said = tell();
    EXPECT_TRUE(said.done);
    EXPECT_EQ(said.text, "learned");
}

TEST_F(the_desk, waits_for_an_answer_from_another_thread)
{
    std::thread later;
    script.on = [&](const postern_event& event) {
        later = std::thread{[this, ticket = event.ticket] { (void)say(ticket, POSTERN_CONTINUE, {}, "done"); }};
        return POSTERN_TAKEN;
    };
    const auto said = tell();
    later.join();
    EXPECT_TRUE(said.done);
    EXPECT_EQ(said.text, "done");
}

TEST_F(the_desk, hears_from_a_blocking_plugin)
{
    script.flags = POSTERN_PLUGIN_BLOCKING;
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(say(event.ticket, POSTERN_CONTINUE, {}, "done"), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    EXPECT_EQ(tell().text, "done");
}

TEST_F(the_desk, says_why_it_was_not_done)
{
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(say(event.ticket, POSTERN_REJECT, "no such word", {}), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    const auto said = tell();
    EXPECT_FALSE(said.done);
    EXPECT_EQ(said.text, "no such word");
}

TEST_F(the_desk, says_that_a_plugin_takes_no_such_words)
{
    const auto said = tell();
    EXPECT_FALSE(said.done);
    EXPECT_EQ(said.text, "it takes no such words");
}

TEST_F(the_desk, does_not_wait_for_ever)
{
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto said = tell(10ms);
    EXPECT_FALSE(said.done);
    EXPECT_THAT(said.text, HasSubstr("in time"));
}

TEST_F(the_desk, survives_an_answer_that_is_nonsense)
{
    script.on = [&](const postern_event& event) {
        postern_admin_reply reply{};
        reply.base.size = sizeof reply;
        reply.output = {nullptr, 7};
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &reply.base), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    const auto said = tell();
    EXPECT_FALSE(said.done);
    EXPECT_THAT(said.text, HasSubstr("failed"));
}

TEST_F(the_desk, knows_whom_it_has)
{
    plugin_desk desk;
    EXPECT_EQ(desk.tell("nobody", {"hello"}, nullptr, 1s).text, "there is no plugin instance of that name");
}

} // namespace
} // namespace postern::daemon
