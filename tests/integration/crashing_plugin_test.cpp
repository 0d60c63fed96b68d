// A plugin that takes the process down with it: nothing that was acknowledged is lost, the end is an honest one, and the next
// start names the plugin. And one that does not come back: the watchdog names it while it runs.

#include "tests/support/misbehaving_plugin.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/sanitizers.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view message = "Subject: hi\r\n\r\nhello\r\n";
constexpr int acknowledged = 5;

struct end_of {
    const char* deed;
    int signal;
    const char* name;
    bool is_own_thread = false; ///< of the plugin: the library is known then, and no instance
};
void PrintTo(const end_of& of, std::ostream* to)
{
    *to << of.deed;
}

class a_plugin_that_ends_the_server : public ::testing::TestWithParam<end_of> {
protected:
    void SetUp() override
    {
        if (is_sanitized)
            GTEST_SKIP() << "a sanitizer ends the process in its own way";
    }
    /// Messages that a server took, and that wait in its queue, since the next hop does not answer yet.
    static void acknowledge(server& gateway)
    {
        smtp_peer peer{gateway.port()};
        ASSERT_EQ(peer.greets().code, 250);
        for (int i = 0; i < acknowledged; ++i)
            ASSERT_EQ(peer.delivers(fmt::format("a{}@client.example", i), {"user@example.com"}, message).code, 250);
    }
    /// All of them arrive, and what was never acknowledged does not.
    void expect_all_in(const next_hop& next) const
    {
        std::set<std::string> senders;
        for (const auto& each : next.arrived())
            senders.insert(each.sender);
        EXPECT_EQ(senders.size(), std::size_t{acknowledged});
        EXPECT_FALSE(senders.contains("victim9@client.example"));
    }

    temporary_folder place_;
};

TEST_P(a_plugin_that_ends_the_server, is_named_at_the_next_start_and_no_acknowledged_mail_is_lost)
{
    const auto& [deed, signal, name, is_own_thread] = GetParam();
    bool is_open = false;
    next_hop next{[&](hop_stage stage, std::string_view) {
        return !is_open && stage == hop_stage::greeting ? hop_answer{.reply = "421 4.3.2 not yet"} : hop_answer{};
    }};
    auto what = with_misbehaving(next.address(), deed);
    what.section("queue", "retry = [\"1s\"]");
    {
        server gateway{what, place_.path()};
        acknowledge(gateway);
        smtp_peer victim{gateway.port()};
        ASSERT_EQ(victim.greets().code, 250);
        EXPECT_EQ(victim.delivers("victim9@client.example", {"user@example.com"}, message).code, 0)
            << "no reply: not acknowledged";
        EXPECT_EQ(gateway.child().wait(), (exit_status{-1, signal})) << "the end that it would have had";
        EXPECT_THAT(gateway.log(),
                    AllOf(HasSubstr(fmt::format("crash signal={} {}", name,
                                                is_own_thread ? "library=" : "plugin=wrong hook=msg.end session=")),
                          HasSubstr("misbehaves.so")));
    }
    is_open = true;
    server gateway{what, place_.path()};
    EXPECT_TRUE(gateway.logs("crash.blame", {is_own_thread ? "plugin=none" : "plugin=wrong",
                                             fmt::format("hook={}", is_own_thread ? "\"\"" : "msg.end"),
                                             fmt::format("signal={}", name), "misbehaves.so"}))
        << gateway.log();
    EXPECT_TRUE(next.wait_for(acknowledged)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty());
    expect_all_in(next);
    EXPECT_TRUE(std::filesystem::exists(place_ / "data/crash.blame.1")) << "kept";
    EXPECT_EQ(gateway.stop(), (exit_status{0, 0}));
    server again{what, place_.path()};
    EXPECT_THAT(again.log(), ::testing::Not(HasSubstr("crash.blame"))) << "it is told once";
}

INSTANTIATE_TEST_SUITE_P(by, a_plugin_that_ends_the_server,
                         ::testing::Values(end_of{"aborts", SIGABRT, "SIGABRT"}, end_of{"segfaults", SIGSEGV, "SIGSEGV"},
                                           end_of{"overflows", SIGSEGV, "SIGSEGV"}, end_of{"bus", SIGBUS, "SIGBUS"},
                                           end_of{"divides", SIGFPE, "SIGFPE"}, end_of{"illegal", SIGILL, "SIGILL"},
                                           end_of{"aborts_in_a_thread", SIGABRT, "SIGABRT", true}),
                         [](const auto& of) { return std::string{of.param.deed}; });

TEST(a_plugin_that_crashes_in_create, is_named_too)
{
    if (is_sanitized)
        GTEST_SKIP() << "a sanitizer ends the process in its own way";
    const temporary_folder place;
    EXPECT_THROW((server{with_misbehaving("127.0.0.1:25", "create_aborts"), place.path()}), std::runtime_error);
    server gateway{with_misbehaving("127.0.0.1:25", "nothing"), place.path()};
    EXPECT_TRUE(gateway.logs("crash.blame", {"plugin=wrong", "hook=create", "signal=SIGABRT"})) << gateway.log();
}

TEST(a_plugin_that_loops_on_a_serving_thread, is_named_by_the_watchdog_and_no_acknowledged_mail_is_lost)
{
    const temporary_folder place;
    next_hop next;
    const auto what = with_misbehaving(next.address(), "loops");
    {
        server gateway{what, place.path()};
        smtp_peer first{gateway.port()};
        ASSERT_EQ(first.greets().code, 250);
        ASSERT_EQ(first.delivers("a@client.example", {"user@example.com"}, message).code, 250);
        smtp_peer victim{gateway.port()};
        ASSERT_EQ(victim.greets().code, 250);
        ASSERT_TRUE(victim.sends("MAIL FROM:<victim4@client.example>\r\n"));
        EXPECT_TRUE(gateway.logs("plugin.stuck", {"plugin=wrong", "hook=cmd.mail", "session=", "misbehaves.so"}))
            << gateway.log();
        EXPECT_TRUE(next.wait_for(1)) << "deliveries have a thread of their own";
        gateway.child().kill();
    }
    server gateway{what, place.path()};
    EXPECT_TRUE(gateway.queue_becomes_empty());
    EXPECT_GE(next.count(), 1U);
}

} // namespace
} // namespace postern::test
