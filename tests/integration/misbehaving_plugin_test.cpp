// Plugins that do what no plugin may, in the real server: on_error applies to the session concerned, no other session notices, no
// mail is lost and none is relayed that nobody accepted. What a plugin in this process can do to the process itself is in
// crashing_plugin_test.cpp.

#include "tests/support/misbehaving_plugin.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/wellness.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr std::string_view message = "Subject: hi\r\n\r\nhello\r\n";

/// Senders of all that arrived.
[[nodiscard]] std::vector<std::string> senders(const next_hop& next)
{
    std::vector<std::string> out;
    for (const auto& each : next.arrived())
        out.push_back(each.sender);
    return out;
}

class a_plugin_that : public ::testing::TestWithParam<const char*> {};

TEST_P(a_plugin_that, misbehaves_costs_its_session_the_command_and_nobody_else_anything)
{
    next_hop next;
    server gateway{with_misbehaving(next.address(), GetParam(), "deadline = \"300ms\"\nmay = [\"headers\"]")};

    smtp_peer bystander{gateway.port()}; // in the middle of a transaction all the while
    ASSERT_EQ(bystander.greets().code, 250);
    ASSERT_EQ(bystander.says("MAIL FROM:<bystander@client.example>").code, 250);
    ASSERT_EQ(bystander.says("RCPT TO:<user@example.com>").code, 250);
    for (const auto& [hook, at] : misbehaving_hooks) {
        SCOPED_TRACE(at);
        smtp_peer victim{gateway.port()};
        ASSERT_EQ(victim.greets().code, 250);
        const auto sender = fmt::format("victim{}@client.example", hook);
        const auto said = victim.delivers(sender, {"user@example.com"}, message);
        EXPECT_EQ(said.code, 451) << said.text();
        EXPECT_TRUE(gateway.logs("plugin_failed", {"plugin=wrong", fmt::format("hook={}", at)})) << gateway.log();
        victim.says("RSET");
        EXPECT_EQ(victim.delivers(fmt::format("later{}@client.example", hook), {"user@example.com"}, message).code, 250)
            << "the session goes on";
    }
    ASSERT_EQ(bystander.says("DATA").code, 354);
    EXPECT_EQ(bystander.says("Subject: mine\r\n\r\n.").code, 250);
    EXPECT_TRUE(next.wait_for(misbehaving_hooks.size() + 1)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty());
    EXPECT_THAT(senders(next), UnorderedElementsAre("bystander@client.example", "later4@client.example", "later5@client.example",
                                                    "later6@client.example", "later7@client.example", "later9@client.example"))
        << "and nothing of a victim";
    expect_well(gateway, next);
}

INSTANTIATE_TEST_SUITE_P(alone, a_plugin_that,
                         ::testing::Values("throws", "throws_a_number", "status", "fails", "leaks", "crlf", "code", "enhanced",
                                           "verdict", "edits_where_it_may_not", "edits_without_a_meaning", "small", "no_reply",
                                           "stride", "count", "many", "null_text", "long_text"),
                         [](const auto& of) { return std::string{of.param}; });

/// Server and plugin disagree about one hook only; elsewhere the deed is lawful.
TEST(a_plugin_that_edits, what_is_not_there_or_across_lines_changes_nothing)
{
    for (const auto* deed : {"edits_what_is_not_there", "splits_a_header"}) {
        SCOPED_TRACE(deed);
        next_hop next;
        server gateway{with_misbehaving(next.address(), deed, "may = [\"headers\"]")};
        smtp_peer peer{gateway.port()};
        ASSERT_EQ(peer.greets().code, 250);
        for (const unsigned hook : {7U, 9U}) {
            EXPECT_EQ(peer.delivers(fmt::format("victim{}@client.example", hook), {"user@example.com"}, message).code, 451);
            peer.says("RSET");
        }
        EXPECT_EQ(next.count(), 0U);
        expect_well(gateway, next);
    }
}

TEST(a_plugin_without_the_right_to_vouch, opens_no_relay)
{
    next_hop next;
    server gateway{with_misbehaving(next.address(), "vouches_unasked")};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.delivers("victim5@client.example", {"user@elsewhere.example"}, message).code, 451);
    EXPECT_TRUE(gateway.logs("plugin_failed", {"plugin=wrong", "VOUCH"})) << gateway.log();
    peer.says("RSET");
    expect_well(gateway, next);
    EXPECT_EQ(next.count(), 1U);
}

TEST(a_plugin_that_answers, twice_is_taken_at_its_first_word)
{
    for (const auto* deed : {"twice", "passes_after_an_answer", "grows"}) {
        SCOPED_TRACE(deed);
        next_hop next;
        server gateway{with_misbehaving(next.address(), deed)};
        smtp_peer peer{gateway.port()};
        ASSERT_EQ(peer.greets().code, 250);
        for (const auto& [hook, at] : misbehaving_hooks)
            EXPECT_EQ(peer.delivers(fmt::format("victim{}@client.example", hook), {"user@example.com"}, message).code, 250) << at;
        EXPECT_TRUE(next.wait_for(misbehaving_hooks.size())) << gateway.log();
        expect_well(gateway, next);
    }
}

TEST(on_error, says_what_an_exception_means)
{
    struct {
        const char* policy;
        int code;
        bool is_delivered;
    } const cases[]{{"continue", 250, true},
                    {"tempfail", 451, false},
                    {"reject", 554, false},
                    {"disconnect", 421, false},
                    {"hold", 250, false}};
    for (const auto& each : cases) {
        SCOPED_TRACE(each.policy);
        next_hop next;
        server gateway{with_misbehaving(next.address(), "throws", fmt::format("on_error = \"{}\"", each.policy))};
        smtp_peer peer{gateway.port()};
        ASSERT_EQ(peer.greets().code, 250);
        const auto said = peer.delivers("victim9@client.example", {"user@example.com"}, message);
        EXPECT_EQ(said.code, each.code) << said.text();
        if (each.is_delivered) {
            EXPECT_TRUE(next.wait_for(1)) << gateway.log();
        }
        smtp_peer other{gateway.port()}; // a disconnected one cannot
        ASSERT_EQ(other.greets().code, 250);
        ASSERT_EQ(other.delivers("later@client.example", {"user@example.com"}, message).code, 250);
        EXPECT_TRUE(next.wait_for(each.is_delivered ? 2 : 1)) << gateway.log();
        EXPECT_EQ(next.arrived().back().sender, "later@client.example");
        EXPECT_EQ(next.count(), each.is_delivered ? 2U : 1U);
    }
}

TEST(a_blocking_plugin, that_sleeps_or_loops_for_ever_costs_its_deadline_and_nobody_else)
{
    for (const auto* deed : {"sleeps", "loops"}) {
        SCOPED_TRACE(deed);
        next_hop next;
        server gateway{with_misbehaving(next.address(), deed, "deadline = \"300ms\"", "misbehaves-blocking")};
        smtp_peer victim{gateway.port()};
        ASSERT_EQ(victim.greets().code, 250);
        EXPECT_EQ(victim.says("MAIL FROM:<victim4@client.example>").code, 451);
        EXPECT_TRUE(gateway.logs("plugin_failed", {"plugin=wrong", "hook=cmd.mail"})) << gateway.log();
        smtp_peer other{gateway.port()};
        ASSERT_EQ(other.greets().code, 250);
        EXPECT_EQ(other.delivers("other@client.example", {"user@example.com"}, message).code, 250);
        EXPECT_TRUE(next.wait_for(1)) << gateway.log();
        gateway.child().kill(); // a thread that never returns outlasts every other end
    }
}

TEST(a_plugin_that_declares, what_it_may_not_is_a_load_error)
{
    struct {
        const char* deed;
        const char* why;
    } const cases[]{{"bad_keyword", "RFC 5321 4.1.1.1"}, {"keyword_of_the_server", "PIPELINING"}, {"keyword_twice", "XWRONG"}};
    for (const auto& each : cases) {
        SCOPED_TRACE(each.deed);
        const temporary_folder folder;
        const auto checked = check_of(with_misbehaving("127.0.0.1:25", each.deed), folder);
        EXPECT_EQ(checked.status, (exit_status{1, 0})) << checked.errors;
        EXPECT_THAT(checked.errors, HasSubstr(each.why));
    }
}

TEST(two_plugins_that_declare, the_same_keyword_are_a_load_error)
{
    auto what = with_misbehaving("127.0.0.1:25", "keyword");
    what.listener("both", {"wrong", "other"}).plugin("other", "misbehaves", "deed = \"keyword\"");
    const temporary_folder folder;
    const auto checked = check_of(what, folder);
    EXPECT_EQ(checked.status, (exit_status{1, 0})) << checked.errors;
    EXPECT_THAT(checked.errors, HasSubstr("XWRONG"));
}

TEST(a_plugin_that_cannot_be_created, keeps_the_server_from_starting_and_says_why)
{
    for (const auto& [deed, why] :
         {std::pair{"create_throws", "no bananas at all"}, std::pair{"create_fails_silently", "status -1"}}) {
        SCOPED_TRACE(deed);
        const temporary_folder folder;
        const auto checked = check_of(with_misbehaving("127.0.0.1:25", deed), folder);
        EXPECT_EQ(checked.status, (exit_status{1, 0}));
        EXPECT_THAT(checked.errors, HasSubstr(why));
    }
}

} // namespace
} // namespace postern::test
