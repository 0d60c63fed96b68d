// When each hook of a session runs, relative to the replies and to storage: before the reply that it can change, and, but for
// what is only told, before the message is durable. docs/reference/hooks.md and <postern/abi/hooks.h> say so to plugins.
#include "core/session/server_session.hpp"

#include "tests/support/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace postern::session {
namespace {

using hooks::hook_point;
using test::conversation;

struct expectation {
    hook_point hook;
    std::string after; ///< what the reply before it begins with; empty: there is none
    std::size_t durable = 0;
};

server_config with_an_extension()
{
    auto config = conversation::extended_config("XTESTID", false, true);
    config.tls = server_tls::offered;
    auto logins = std::make_shared<auth_offer>();
    logins->mechanisms = {{"XOWN", nullptr, "script"}, {"PLAIN", sasl::find_server_mechanism("PLAIN")}};
    logins->nonce = [] { return std::string{"0123456789abcdefABCDEF-s"}; };
    config.auth = std::move(logins);
    return config;
}

/// One session that meets every hook.
void talk(conversation& peer)
{
    auto& reply = peer.plugin().script[hook_point::verb];
    reply.smtp_code = 354;
    reply.text = "four octets";
    reply.more.emplace();
    reply.more->then = hooks::follow_up::octets;
    reply.more->octets = 4;
    peer.says("EHLO client.example\r\n");
    peer.says("STARTTLS\r\n");
    EXPECT_TRUE(peer.handshakes());
    peer.says("EHLO client.example\r\n");
    for (const auto* command : {"NOOP\r\n", "HELP\r\n", "VRFY b\r\n", "EXPN b\r\n", "XNONE\r\n", "RSET\r\n"})
        peer.says(command);
    peer.says("AUTH PLAIN AGEAYg==\r\n");
    peer.says("AUTH XOWN\r\n");
    peer.says("XTEST\r\n");
    peer.says("four");
    peer.says("MAIL FROM:<a@client.example> XTESTID=7\r\n");
    peer.says("RCPT TO:<b@mx.example>\r\n");
    peer.says("DATA\r\n");
    peer.says("Subject: hi\r\n\r\nhello\r\n.\r\n");
    peer.says("MAIL FROM:<a@client.example>\r\n");
    peer.says("RSET\r\n");
    peer.says("QUIT\r\n");
}

const std::vector<expectation>& expectations()
{
    static const std::vector<expectation> all{
        {hook_point::conn_open, ""},
        {hook_point::cmd_helo, "220 mx.example"},
        {hook_point::ehlo_caps, "220 mx.example"},
        {hook_point::tls_established, "220 2.0.0"},
        {hook_point::cmd_noop, "250 "},
        {hook_point::cmd_help, "250 "},
        {hook_point::cmd_vrfy, "214 "},
        {hook_point::cmd_expn, "252 "},
        {hook_point::cmd_unknown, "502 "},
        {hook_point::cmd_rset, "500 "},
        {hook_point::auth_mechanisms, "220 2.0.0"}, // not in the clear
        {hook_point::auth_verify, "250 "},
        {hook_point::auth_result, "250 "},
        {hook_point::auth_step, "535 "},
        {hook_point::verb, "454 "},
        {hook_point::verb_data, "354 "},
        {hook_point::param, "250 "},
        {hook_point::cmd_mail, "250 "},
        {hook_point::cmd_rcpt, "250 2.1.0"},
        {hook_point::cmd_data, "250 2.1.5"},
        {hook_point::msg_headers, "354 "},
        {hook_point::msg_body, "354 "},
        {hook_point::msg_end, "354 "},
        {hook_point::txn_commit_before, "354 "},
        {hook_point::txn_committed, "250 2.0.0 queued as ", 1}, // told, not asked: the reply stands
        {hook_point::txn_aborted, "250 2.0.0 reset", 1},
        {hook_point::cmd_quit, "250 2.0.0", 1},
        {hook_point::conn_close, "221 ", 1},
    };
    return all;
}

bool is_of_a_delivery(hook_point hook)
{
    const auto name = hooks::name_of(hook);
    return name.starts_with("queue.") || name.starts_with("delivery.") || name.starts_with("client.") || name == "dsn.make";
}

TEST(hooks_of_a_session, run_before_the_reply_that_they_can_change_and_before_storage)
{
    conversation peer{with_an_extension()};
    talk(peer);
    EXPECT_EQ(peer.fault(), "");
    EXPECT_TRUE(peer.is_closed());
    for (const auto& each : expectations()) {
        const auto found = std::ranges::find(peer.moments(), each.hook, &test::moment::hook);
        ASSERT_NE(found, peer.moments().end()) << hooks::name_of(each.hook) << " did not run";
        if (each.after.empty())
            EXPECT_EQ(found->last_reply, "") << hooks::name_of(each.hook);
        else
            EXPECT_THAT(found->last_reply, testing::StartsWith(each.after)) << hooks::name_of(each.hook);
        EXPECT_EQ(found->durable, each.durable) << hooks::name_of(each.hook);
    }
}

TEST(hooks_of_a_session, are_all_pinned)
{
    for (unsigned i = 1; i < hooks::hook_point_count; ++i) {
        const auto hook = static_cast<hook_point>(i);
        const bool is_of_lmtp = hook == hook_point::msg_end_rcpt;      // server_lmtp_test
        const bool is_of_a_connection = hook == hook_point::report_in; // bounce_test
        if (hooks::is_hook(i) && !is_of_a_delivery(hook) && !is_of_lmtp && !is_of_a_connection) {
            EXPECT_NE(std::ranges::find(expectations(), hook, &expectation::hook), expectations().end()) << hooks::name_of(hook);
        }
    }
}

/// The reply to whatever a plugin refuses is the refusal: nothing else was said before it.
TEST(hooks_of_a_session, can_refuse_what_they_are_asked_about)
{
    struct refusal {
        hook_point hook;
        std::string said;
    };
    const std::vector<refusal> all{
        {hook_point::cmd_helo, "EHLO client.example\r\n"},
        {hook_point::cmd_mail, "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n"},
        {hook_point::cmd_rcpt, "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\n"},
        {hook_point::cmd_data, "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n"},
        {hook_point::cmd_noop, "NOOP\r\n"},
        {hook_point::cmd_help, "HELP\r\n"},
        {hook_point::cmd_vrfy, "EHLO client.example\r\nVRFY b\r\n"},
        {hook_point::cmd_unknown, "XNONE\r\n"},
        {hook_point::verb, "EHLO client.example\r\nXTEST\r\n"},
        {hook_point::param, "EHLO client.example\r\nMAIL FROM:<a@client.example> XTESTID=7\r\n"},
    };
    for (const auto& each : all) {
        conversation peer{with_an_extension()};
        auto& answer = peer.plugin().script[each.hook];
        answer.verdict = hooks::verdict_kind::reject;
        answer.smtp_code = 559;
        answer.text = "not today";
        peer.says(each.said);
        const auto replies = peer.take_replies();
        EXPECT_THAT(replies.substr(replies.rfind("559 ")), testing::MatchesRegex("559 (5\\.[0-9]\\.[0-9] )?not today\r\n"))
            << hooks::name_of(each.hook) << ": " << replies;
    }
    for (const auto hook : {hook_point::msg_headers, hook_point::msg_body, hook_point::msg_end}) {
        conversation peer;
        auto& answer = peer.plugin().script[hook];
        answer.verdict = hooks::verdict_kind::reject;
        answer.smtp_code = 559;
        answer.text = "not today";
        peer.has_sent_an_envelope();
        peer.says("Subject: hi\r\n\r\nhello\r\n.\r\n");
        EXPECT_EQ(peer.take_replies(), "559 5.0.0 not today\r\n") << hooks::name_of(hook);
        EXPECT_TRUE(peer.kept().empty());
        EXPECT_EQ(peer.fault(), "");
    }
}

} // namespace
} // namespace postern::session
