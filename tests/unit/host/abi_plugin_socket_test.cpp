// Whose a socket is that a plugin answers with at delivery.connect, whatever becomes of the answer: it is closed once.

#include "core/hooks/outgoing.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/outgoing.h>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::call_status;
using hooks::hook_point;

class a_given_socket : public ::testing::Test {
protected:
    a_given_socket() { script.subscriptions = {POSTERN_HOOK_DELIVERY_CONNECT}; }
    ~a_given_socket() override
    {
        if (is_open())
            ::close(given);
    }
    [[nodiscard]] bool is_open() const { return ::fcntl(given, F_GETFD) >= 0; }
    postern_status answer_with_it(std::uint64_t ticket, std::uint32_t verdict = POSTERN_CONTINUE) const
    {
        postern_delivery_connect_reply reply{};
        reply.base.size = sizeof reply;
        reply.base.verdict = verdict;
        reply.has_socket = 1;
        reply.socket = given;
        return script.core->reply(script.host, ticket, &reply.base);
    }

    int given = ::socket(AF_INET, SOCK_STREAM, 0);
    scripted_plugin script;
    scene here;
};

TEST_F(a_given_socket, is_the_servers_when_the_answer_was_taken)
{
    const auto plugin = script.make();
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(answer_with_it(event.ticket), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    ASSERT_EQ(here.call(*plugin, hook_point::delivery_connect).status, call_status::answered);
    ASSERT_TRUE(here.answer.out->socket);
    EXPECT_TRUE(is_open());
    here.answer = {};
    EXPECT_FALSE(is_open()) << "who does not use it closes it";
}

TEST_F(a_given_socket, stays_the_plugins_when_the_answer_was_refused)
{
    const auto plugin = script.make();
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(answer_with_it(event.ticket, POSTERN_REJECT), POSTERN_E_INVALID);
        return POSTERN_E_PLUGIN;
    };
    ASSERT_EQ(here.call(*plugin, hook_point::delivery_connect).status, call_status::answered);
    EXPECT_FALSE(here.answer.failure.empty());
    EXPECT_FALSE(here.answer.out);
    EXPECT_TRUE(is_open());
}

TEST_F(a_given_socket, is_closed_when_the_plugin_fails_behind_its_answer)
{
    const auto plugin = script.make();
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(answer_with_it(event.ticket), POSTERN_PASS);
        return POSTERN_E_PLUGIN;
    };
    ASSERT_EQ(here.call(*plugin, hook_point::delivery_connect).status, call_status::answered);
    EXPECT_FALSE(here.answer.failure.empty());
    EXPECT_FALSE(is_open());
}

TEST_F(a_given_socket, stays_the_plugins_when_the_answer_is_late)
{
    const auto plugin = script.make();
    std::uint64_t ticket = 0;
    script.on = [&](const postern_event& event) {
        ticket = event.ticket;
        return POSTERN_TAKEN;
    };
    const auto asked = here.call(*plugin, hook_point::delivery_connect);
    ASSERT_EQ(asked.status, call_status::pending);
    ASSERT_TRUE(plugin->withdraw(asked.ticket));
    EXPECT_EQ(answer_with_it(ticket), POSTERN_E_STALE);
    EXPECT_TRUE(is_open());
}

TEST_F(a_given_socket, that_comes_later_is_closed_by_whoever_does_not_take_it)
{
    const auto plugin = script.make();
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto asked = here.call(*plugin, hook_point::delivery_connect);
    ASSERT_EQ(asked.status, call_status::pending);
    EXPECT_EQ(answer_with_it(asked.ticket), POSTERN_PASS);
    ASSERT_EQ(here.port->answers(1).size(), 1U);
    EXPECT_TRUE(is_open()) << "on its way";
    here.port->drop_answers();
    EXPECT_FALSE(is_open());
}

TEST_F(a_given_socket, that_comes_later_with_a_refused_answer_stays_the_plugins)
{
    const auto plugin = script.make();
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto asked = here.call(*plugin, hook_point::delivery_connect);
    EXPECT_EQ(answer_with_it(asked.ticket, POSTERN_TEMPFAIL), POSTERN_E_INVALID);
    EXPECT_FALSE(here.port->answers(1).front().second.failure.empty());
    here.port.reset();
    EXPECT_TRUE(is_open());
}

} // namespace
} // namespace postern::daemon
