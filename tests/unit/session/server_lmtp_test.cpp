// What a transcript of LMTP cannot show: who is asked when.
#include "core/session/server_session.hpp"

#include "tests/support/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace postern::session {
namespace {

using hooks::hook_point;
using test::conversation;
using ::testing::ElementsAre;

server_config lmtp()
{
    auto config = conversation::usual_config();
    config.lmtp = true;
    return config;
}

TEST(recipients_of_lmtp, are_asked_about_one_by_one_before_the_message_is_stored)
{
    conversation peer{lmtp()};
    peer.says(
        "LHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nRCPT TO:<c@mx.example>\r\nDATA\r\n");
    (void)peer.take_steps();
    peer.says("\r\nhi\r\n.\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask msg.headers", "content 4 last", "ask msg.end", "ask msg.end_rcpt",
                                               "ask msg.end_rcpt", "ask txn.commit_before", "commit", "tell txn.committed"));
}

TEST(recipients_of_lmtp, who_were_added_by_plugins_are_not_asked_about)
{
    conversation peer{lmtp()};
    peer.plugin().script[hook_point::cmd_rcpt].edits = {{hooks::edit_op::rcpt_add, 0, "", "copy@mx.example"}};
    peer.says("LHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n\r\nhi\r\n.\r\n");
    ASSERT_EQ(peer.kept().size(), 1U);
    EXPECT_THAT(peer.kept().front().recipients, ElementsAre("b@mx.example", "copy@mx.example"));
    int asked = 0;
    for (const auto& each : peer.moments())
        asked += each.hook == hook_point::msg_end_rcpt ? 1 : 0;
    EXPECT_EQ(asked, 1);
}

TEST(recipients_of_lmtp, who_were_dropped_at_rcpt_get_their_reply_at_the_end)
{
    conversation peer{lmtp()};
    peer.says("LHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\n");
    peer.plugin().script[hook_point::cmd_rcpt].verdict = hooks::verdict_kind::discard;
    peer.says("RCPT TO:<c@mx.example>\r\nDATA\r\n");
    (void)peer.take_replies();
    peer.says("\r\nhi\r\n.\r\n");
    const auto replies = peer.take_replies();
    EXPECT_EQ(replies.substr(0, 30), "250 2.0.0 <b@mx.example> queue");
    EXPECT_NE(replies.find("\r\n250 2.0.0 <c@mx.example> queue"), std::string::npos);
    ASSERT_EQ(peer.kept().size(), 1U);
    EXPECT_THAT(peer.kept().front().recipients, ElementsAre("b@mx.example"));
    EXPECT_EQ(peer.fault(), "");
}

TEST(replies_of_lmtp, that_are_known_are_there_before_others_are_asked_about)
{
    conversation peer{lmtp()};
    peer.plugin().at_end["b@mx.example"].verdict = hooks::verdict_kind::reject;
    peer.says(
        "LHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nRCPT TO:<c@mx.example>\r\nDATA\r\n");
    peer.says("\r\nhi\r\n.\r\n");
    const auto& moments = peer.moments();
    const auto last = std::find_if(moments.rbegin(), moments.rend(),
                                   [](const test::moment& each) { return each.hook == hook_point::msg_end_rcpt; });
    ASSERT_NE(last, moments.rend());
    EXPECT_EQ(last->last_reply, "550 5.7.1 <b@mx.example> refused");
}

} // namespace
} // namespace postern::session
