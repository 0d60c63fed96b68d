// Who is asked by a running server: chains of domains, groups that are asked at the same time, breakers and budgets.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/waiting_plugin.hpp"
#include "tests/support/wellness.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr exit_status success{0, 0};

TEST(domains_with_a_chain_of_their_own, get_what_it_makes_of_their_mail_in_a_transaction_of_their_own)
{
    next_hop next;
    auto what =
        configuration{}
            .listener("in", {"relay-domains"}, "none",
                      "[[listener.domain]]\nnames = [\"lists.example\", \".lists.example\"]\nchain = [\"lists\", \"tag\"]")
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .plugin("lists", "relay-domains", "domains = [\"lists.example\", \"a.lists.example\"]")
            .plugin("tag", "headers", "add = { X-List = \"yes\" }", "may = [\"headers\"]");
    what.section("delivery", fmt::format("relay = \"{}\"", next.address()));
    server gateway{what};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<nobody@b.lists.example>").code, 550) << "its chain vouches for nobody there";
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<all@a.lists.example>").code, 452);
    EXPECT_EQ(peer.says("DATA").code, 354);
    EXPECT_EQ(peer.says("Subject: one\r\n\r\nx\r\n.").code, 250);
    EXPECT_EQ(peer.delivers("a@client.example", {"all@a.lists.example", "all@Lists.example"}, "Subject: two\r\n\r\nx\r\n").code,
              250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<all@lists.example.com>").code, 550);
    ASSERT_TRUE(gateway.queue_becomes_empty());
    ASSERT_EQ(next.count(), 2U);
    for (const auto& message : next.arrived()) {
        const bool is_of_the_list = message.content.find("Subject: two") != std::string::npos;
        EXPECT_EQ(message.content.find("X-List: yes") != std::string::npos, is_of_the_list) << message.content;
    }
    const auto shown = gateway.command({"chain"});
    EXPECT_EQ(shown.status, success) << shown.errors;
    EXPECT_THAT(shown.output,
                AllOf(HasSubstr("in cmd.rcpt: relay-domains\n"), HasSubstr("in@lists.example,.lists.example cmd.rcpt: lists\n"),
                      HasSubstr("in@lists.example,.lists.example msg.headers: tag\n"),
                      HasSubstr("\nplugin tag: on_error=tempfail deadline=5s breaker=5/10s may=headers "),
                      HasSubstr("\nbudget: connect=4m "), Not(HasSubstr("in msg.headers"))));
    EXPECT_THAT(gateway.command({"chain", "--json"}).output, StartsWith("{\"chains\":[{\"listener\":\"in\",\"domains\":[]"));
    expect_well(gateway, next);
}

/// Plugins that wait until a file is there.
class plugins_that_wait : public ::testing::Test {
protected:
    /// A gateway with the chain relay-domains, then those of `chain` (TOML).
    [[nodiscard]] configuration gateway(std::string_view chain, std::string_view limits = {}) const
    {
        auto what = configuration::relay(next_.address());
        what.section("log", "level = \"debug\"");
        if (!limits.empty())
            what.section("limits.budget", limits);
        for (const auto* name : {"one", "two"})
            what.plugin(name, "waiting", plugin_.waits_at(POSTERN_HOOK_MAIL), "deadline = \"10m\"");
        what.plugin("silent", "waiting", fmt::format("hook = {}", POSTERN_HOOK_MAIL),
                    "deadline = \"20ms\"\nbreaker = { failures = 2, pause = \"10m\" }");
        what.plugin("slow", "waiting", plugin_.waits_at(POSTERN_HOOK_MAIL),
                    "deadline = \"20ms\"\nbreaker = { failures = 2, pause = \"50ms\" }");
        auto text = plugin_.with(what).text();
        const std::string only = "chain = [\"relay-domains\"]";
        text.replace(text.find(only), only.size(), fmt::format("chain = [\"relay-domains\", {}]", chain));
        return configuration::of_text(text);
    }

    next_hop next_;
    waiting_plugin plugin_{POSTERN_TEST_CXX};
};

TEST_F(plugins_that_wait, are_asked_at_the_same_time_in_a_group)
{
    server running{gateway("[\"one\", \"two\"]")};
    smtp_peer peer{running.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_TRUE(peer.sends("MAIL FROM:<a@client.example>\r\n"));
    EXPECT_TRUE(running.logs("plugin.log", {"plugin=two", "lets it wait"})) << "one has not answered: " << running.log();
    plugin_.open();
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(running.command({"chain", "in", "cmd.mail"}).output, "in cmd.mail: [one two]\n");
    expect_well(running, next_);
}

TEST_F(plugins_that_wait, in_a_group_may_lose_their_client)
{
    server running{gateway("[\"one\", \"two\"]")};
    smtp_peer leaves{running.port()};
    smtp_peer stays{running.port()};
    for (auto* peer : {&leaves, &stays}) {
        ASSERT_EQ(peer->greets().code, 250);
        ASSERT_TRUE(peer->sends("MAIL FROM:<a@client.example>\r\n"));
    }
    ASSERT_TRUE(running.logs("plugin.log", {"plugin=two", "lets it wait"})) << running.log();
    leaves.stream().abort();
    plugin_.open();
    EXPECT_EQ(stays.reply().code, 250);
    expect_well(running, next_);
}

TEST_F(plugins_that_wait, too_long_are_not_asked_for_a_while)
{
    server running{gateway("\"silent\"")};
    smtp_peer peer{running.port()};
    ASSERT_EQ(peer.greets().code, 250);
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 451);
    EXPECT_TRUE(running.logs("plugin.breaker", {"plugin=silent", "hook=cmd.mail", "state=open"})) << running.log();
    EXPECT_TRUE(running.logs("plugin_failed", {"plugin=silent", "cause=\"its breaker is open\""})) << running.log();
    EXPECT_THAT(running.command({"status"}).output,
                ContainsRegex("answers of silent at cmd\\.mail: 2, p50 [0-9]+us, p99 [0-9]+us, "
                              "not asked: its breaker is open\n"));
    EXPECT_THAT(running.command({"status", "--metrics"}).output,
                AllOf(HasSubstr("postern_plugin_breaker_open{hook=\"cmd.mail\",plugin=\"silent\"} 1\n"),
                      HasSubstr("postern_hook_seconds_count{hook=\"cmd.mail\",plugin=\"silent\"} 2\n")));
    EXPECT_EQ(running.stop(), (exit_status{0, 0})) << running.log();
}

TEST_F(plugins_that_wait, no_more_are_asked_again)
{
    server running{gateway("\"slow\"")};
    smtp_peer peer{running.port()};
    ASSERT_EQ(peer.greets().code, 250);
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 451);
    ASSERT_TRUE(running.logs("plugin.breaker", {"state=open"})) << running.log();
    plugin_.open();
    EXPECT_TRUE(eventually([&] { return peer.says("MAIL FROM:<a@client.example>").code == 250; })) << running.log();
    EXPECT_TRUE(running.logs("plugin.breaker", {"plugin=slow", "state=closed"})) << running.log();
    expect_well(running, next_);
}

TEST_F(plugins_that_wait, have_no_longer_than_their_phase)
{
    server running{gateway("\"one\"", "envelope = \"100ms\"")};
    smtp_peer peer{running.port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 451) << "its deadline is ten minutes";
    EXPECT_TRUE(running.logs("plugin_failed", {"plugin=one", "budget"})) << running.log();
    plugin_.open();
    expect_well(running, next_);
}

} // namespace
} // namespace postern::test
