// How far a transaction had come when it was decided what becomes of a recipient.

#include "tests/unit/session/client_conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::session {
namespace {

using enum hooks::delivery_stage;
using conversation = test::client_conversation;

hooks::delivery_stage stage_of(const conversation& c, std::size_t position = 0)
{
    return c.results().at(position).stage;
}

/// Greeted, and said with one recipient as far as `replies` lets it.
conversation& says(conversation& c, std::string_view keywords, const std::vector<std::string_view>& replies)
{
    c.is_greeted(keywords);
    (void)c.sends();
    for (const auto& each : replies)
        (void)c.hears(each);
    return c;
}

TEST(client_stage, is_the_peer_before_mail_is_answered)
{
    for (const std::string_view greeting : {"554 go away\r\n", "421 busy\r\n", "nonsense\r\n"}) {
        conversation c;
        (void)c.sends();
        (void)c.hears(greeting);
        ASSERT_EQ(c.done(), 1U) << greeting;
        EXPECT_EQ(stage_of(c), peer) << greeting;
    }
    conversation lost;
    (void)lost.sends();
    lost.session().disconnected();
    (void)lost.runs();
    EXPECT_EQ(stage_of(lost), peer);
}

TEST(client_stage, is_the_peer_for_what_is_found_out_without_asking)
{
    conversation c;
    c.is_greeted("SIZE 10");
    c.transaction.size = 11;
    (void)c.sends();
    EXPECT_EQ(c.result(), "failed 0 5.3.4 the message has 11 octets and the peer takes 10 at most");
    EXPECT_EQ(stage_of(c), peer);
}

TEST(client_stage, is_that_of_the_command_that_was_refused)
{
    conversation mail;
    EXPECT_EQ(stage_of(says(mail, "", {"550 5.7.1 not from you\r\n"})), hooks::delivery_stage::mail);
    conversation rcpt_refused;
    EXPECT_EQ(stage_of(says(rcpt_refused, "", {"250 ok\r\n", "550 5.1.1 nobody\r\n"})), rcpt);
    conversation data_refused;
    EXPECT_EQ(stage_of(says(data_refused, "", {"250 ok\r\n", "250 ok\r\n", "451 4.3.0 later\r\n"})), data);
    conversation end_refused;
    EXPECT_EQ(stage_of(says(end_refused, "", {"250 ok\r\n", "250 ok\r\n", "354 go\r\n", "554 5.7.1 spam\r\n"})), end);
}

TEST(client_stage, is_that_of_each_recipients_own_reply_in_a_pipeline)
{
    conversation c;
    c.has_recipients(3);
    says(c, "PIPELINING", {"250 ok\r\n550 5.1.1 nobody\r\n250 ok\r\n450 4.2.1 full\r\n354 go\r\n", "552 5.3.4 too much\r\n"});
    EXPECT_EQ(stage_of(c, 0), rcpt);
    EXPECT_EQ(stage_of(c, 1), end);
    EXPECT_EQ(stage_of(c, 2), rcpt);
}

TEST(client_stage, of_a_421_is_that_of_what_it_answered)
{
    const std::vector<std::pair<std::vector<std::string_view>, hooks::delivery_stage>> cases{
        {{"421 bye\r\n"}, hooks::delivery_stage::mail},
        {{"250 ok\r\n", "421 bye\r\n"}, rcpt},
        {{"250 ok\r\n", "250 ok\r\n", "421 bye\r\n"}, data},
        {{"250 ok\r\n", "250 ok\r\n", "354 go\r\n", "421 bye\r\n"}, end},
    };
    for (const auto& [replies, stage] : cases) {
        conversation c;
        EXPECT_EQ(stage_of(says(c, "", replies)), stage) << replies.size();
    }
}

TEST(client_stage, of_a_lost_connection_is_that_of_what_was_waited_for)
{
    const std::vector<std::pair<std::vector<std::string_view>, hooks::delivery_stage>> cases{
        {{}, hooks::delivery_stage::mail},
        {{"250 ok\r\n"}, rcpt},
        {{"250 ok\r\n", "250 ok\r\n"}, data},
        {{"250 ok\r\n", "250 ok\r\n", "354 go\r\n"}, end},
    };
    for (const auto& [replies, stage] : cases) {
        conversation lost;
        says(lost, "", replies).session().disconnected();
        (void)lost.runs();
        EXPECT_EQ(stage_of(lost), stage) << replies.size();
        conversation slow;
        says(slow, "", replies).session().timed_out();
        (void)slow.runs();
        EXPECT_EQ(stage_of(slow), stage) << replies.size();
    }
}

TEST(client_stage, of_content_that_was_refused_before_its_end_is_data)
{
    conversation c;
    c.ready = 8;
    says(c, "", {"250 ok\r\n", "250 ok\r\n", "354 go\r\n", "554 5.7.1 enough\r\n"});
    EXPECT_EQ(stage_of(c), data);
    conversation own;
    own.ready = 8;
    says(own, "", {"250 ok\r\n", "250 ok\r\n", "354 go\r\n"}).session().content_failed("the disk is gone");
    (void)own.runs();
    EXPECT_EQ(stage_of(own), data);
}

TEST(client_stage, of_a_chunk_is_data_unless_it_is_the_last)
{
    conversation first;
    first.piece = 10;
    says(first, "CHUNKING,PIPELINING", {"250 ok\r\n250 ok\r\n", "552 5.3.4 enough\r\n"});
    first.hears("503 5.5.1 no\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n");
    EXPECT_EQ(stage_of(first), data) << first.result();
    conversation last;
    says(last, "CHUNKING,PIPELINING", {"250 ok\r\n250 ok\r\n", "552 5.3.4 enough\r\n"});
    EXPECT_EQ(stage_of(last), end) << last.result();
}

TEST(client_stage, of_lmtp_is_that_of_each_recipients_own_reply)
{
    conversation c;
    c.config.lmtp = true;
    c.has_recipients(2);
    says(c, "", {"250 ok\r\n", "250 ok\r\n", "550 5.1.1 nobody\r\n", "354 go\r\n", "452 4.2.2 full\r\n"});
    EXPECT_EQ(stage_of(c, 0), end) << c.result(0);
    EXPECT_EQ(stage_of(c, 1), rcpt) << c.result(1);
}

TEST(client_stage, of_the_second_message_is_its_own)
{
    conversation c;
    says(c, "", {"250 ok\r\n", "250 ok\r\n", "354 go\r\n", "554 5.7.1 spam\r\n"});
    EXPECT_EQ(stage_of(c), end);
    (void)c.sends();
    (void)c.hears("250 ok\r\n"); // RSET
    (void)c.hears("550 5.7.1 no more of you\r\n");
    EXPECT_EQ(stage_of(c), hooks::delivery_stage::mail) << c.result();
}

} // namespace
} // namespace postern::session
