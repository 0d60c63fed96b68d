#include "tests/unit/session/client_conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::session {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using conversation = test::client_conversation;
using kind = client_step::kind;

std::vector<hooks::client_line> lines(std::initializer_list<const char*> texts, bool are_required = false)
{
    std::vector<hooks::client_line> all;
    for (const auto* text : texts)
        all.push_back({text, are_required});
    return all;
}

/// Codes and texts of what the peer said to the lines.
std::vector<std::string> answers(conversation& c)
{
    std::vector<std::string> all;
    for (const auto& each : c.session().said())
        all.push_back(std::to_string(each.code) + " " + each.text);
    return all;
}

class a_caller : public ::testing::TestWithParam<bool> {
protected:
    a_caller() { c.is_fed_octetwise = GetParam(); }
    void is_asked(client_asks what, std::string_view keywords = "XA,PIPELINING,CHUNKING")
    {
        c.transaction.asks = what;
        (void)c.sends();
        c.is_greeted(keywords);
    }
    /// Its message is taken.
    void is_sent()
    {
        (void)c.hears("250 ok\r\n");
        (void)c.hears("250 ok\r\n");
        if (c.step().what == kind::read && c.waits_for(client_phase::data))
            (void)c.hears("354 go\r\n");
        (void)c.hears("250 2.0.0 ok\r\n");
    }

    conversation c;
};
INSTANTIATE_TEST_SUITE_P(whole_and_octetwise, a_caller, ::testing::Bool());

TEST_P(a_caller, is_asked_nothing_that_it_does_not_want)
{
    is_asked({});
    EXPECT_EQ(c.step().what, kind::read); // MAIL went out
}

TEST_P(a_caller, judges_the_peer_behind_ehlo_and_before_mail)
{
    is_asked({.peer = true});
    EXPECT_EQ(c.step().what, kind::ask_peer);
    EXPECT_TRUE(c.session().peer().extended);
    EXPECT_EQ(c.session().peer().greeting, "mx.example ESMTP");
    c.session().use_without({});
    EXPECT_THAT(c.runs(), HasSubstr("MAIL FROM:<a@client.example>\r\n"));
}

TEST_P(a_caller, judges_a_peer_once_a_connection)
{
    is_asked({.peer = true}, "");
    c.session().use_without({});
    (void)c.runs();
    is_sent();
    ASSERT_TRUE(c.is_idle());
    EXPECT_THAT(c.sends(), HasSubstr("MAIL"));
}

TEST_P(a_caller, uses_nothing_of_a_peer_that_it_was_told_not_to)
{
    is_asked({.peer = true}, "PIPELINING,CHUNKING,8BITMIME,DSN,SIZE 1000");
    c.session().use_without({"CHUNKING", "PIPELINING", "SIZE"});
    EXPECT_EQ(c.runs(), "MAIL FROM:<a@client.example>\r\n"); // alone
    EXPECT_FALSE(c.session().peer().chunking);
    EXPECT_TRUE(c.session().peer().dsn);
    EXPECT_EQ(c.hears("250 ok\r\n"), "RCPT TO:<u@example.com>\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n"), "DATA\r\n");
}

TEST_P(a_caller, leaves_a_peer_that_is_turned_down)
{
    is_asked({.peer = true});
    c.session().decide({client_recipient_result::kind::deferred, 451, "4.7.1", "not this one", false});
    EXPECT_EQ(c.runs(), "QUIT\r\n");
    EXPECT_EQ(c.result(), "deferred 451 4.7.1 not this one");
    EXPECT_FALSE(c.last().reusable);
}

TEST_P(a_caller, says_its_lines_one_by_one_before_mail)
{
    is_asked({.lines = true});
    ASSERT_EQ(c.step().what, kind::ask_lines);
    c.session().say_lines(lines({"XTEST one", "XTEST two"}), false);
    EXPECT_EQ(c.runs(), "XTEST one\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::command));
    EXPECT_EQ(c.hears("250-one\r\n250 more\r\n"), "XTEST two\r\n");
    EXPECT_EQ(c.hears("500 what?\r\n"), ""); // optional
    ASSERT_EQ(c.step().what, kind::ask_lines);
    EXPECT_THAT(answers(c), ElementsAre("250 one more", "500 what?"));
    c.session().say_lines({}, false);
    EXPECT_THAT(c.runs(), HasSubstr("MAIL FROM:<a@client.example>\r\n"));
}

TEST_P(a_caller, fails_its_recipients_when_a_required_line_is_refused_and_keeps_the_connection)
{
    for (const auto& [reply, result] : {std::pair{"550 5.7.1 no\r\n", "failed 550 5.7.1 no"},
                                        {"550 no\r\n", "failed 550 5.7.0 no"},
                                        {"451 later\r\n", "deferred 451 4.7.0 later"}}) {
        conversation d;
        d.is_fed_octetwise = GetParam();
        d.transaction.asks = {.lines = true};
        (void)d.sends();
        d.is_greeted("XA");
        d.session().say_lines(lines({"XTEST one", "XTEST two"}, true), false);
        (void)d.runs();
        EXPECT_EQ(d.hears(reply), "");
        EXPECT_EQ(d.result(), result);
        EXPECT_TRUE(d.is_idle());
        EXPECT_TRUE(d.last().reusable);
    }
}

TEST_P(a_caller, ends_the_connection_at_a_reply_that_waits_for_more_or_is_none)
{
    for (const auto* reply : {"354 go on\r\n", "hello?\r\n", "250 \x01\r\n2"}) {
        conversation d;
        d.is_fed_octetwise = GetParam();
        d.transaction.asks = {.lines = true};
        (void)d.sends();
        d.is_greeted("XA");
        d.session().say_lines(lines({"XTEST one"}), false);
        (void)d.runs();
        const auto said = d.hears(reply);
        EXPECT_THAT(said, Not(HasSubstr("MAIL"))) << reply;
        if (d.step().what == kind::close) {
            EXPECT_EQ(d.session().end(), client_end::protocol_error);
            EXPECT_THAT(d.result(), HasSubstr("deferred"));
        }
    }
}

TEST_P(a_caller, takes_no_octets_behind_a_reply_for_the_answer_to_the_next_line)
{
    is_asked({.lines = true});
    c.session().say_lines(lines({"XTEST one"}), false);
    (void)c.runs();
    // Said at once, or octet by octet: behind the first reply nothing waits for another.
    (void)c.hears("250 ok\r\n");
    ASSERT_EQ(c.step().what, kind::ask_lines);
    c.session().feed("250 and one for what comes next\r\n");
    (void)c.runs();
    EXPECT_EQ(c.session().end(), client_end::protocol_error);
    EXPECT_THAT(c.result(), HasSubstr("deferred"));
}

TEST_P(a_caller, says_its_lines_behind_the_rset_of_the_message_before)
{
    is_asked({.lines = true}, "XA");
    c.session().say_lines({}, false);
    (void)c.runs();
    (void)c.hears("250 ok\r\n");       // MAIL
    (void)c.hears("550 5.1.1 no\r\n"); // RCPT
    ASSERT_TRUE(c.is_idle());
    EXPECT_EQ(c.sends(), "RSET\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n"), "");
    ASSERT_EQ(c.step().what, kind::ask_lines);
    c.session().say_lines(lines({"XTEST two"}), false);
    EXPECT_EQ(c.runs(), "XTEST two\r\n");
    (void)c.hears("250 ok\r\n");
    c.session().say_lines({}, false);
    EXPECT_EQ(c.runs(), "MAIL FROM:<a@client.example>\r\n"); // no second RSET
}

TEST_P(a_caller, begins_anew_behind_a_line_that_restarts)
{
    c.transaction.size = c.content.size();
    is_asked({.lines = true}, "XCLIENT NAME,CHUNKING");
    c.session().say_lines(lines({"XCLIENT NAME=a.example"}, true), true);
    EXPECT_EQ(c.runs(), "XCLIENT NAME=a.example\r\n");
    EXPECT_EQ(c.hears("220 mx.example ESMTP\r\n"), "EHLO client.example\r\n");
    EXPECT_EQ(c.hears("250-mx.example\r\n250 SIZE 5\r\n"), "");
    ASSERT_EQ(c.step().what, kind::ask_lines);
    EXPECT_FALSE(c.session().peer().chunking); // forgotten
    c.session().say_lines({}, false);
    (void)c.runs();
    EXPECT_EQ(c.result(), "failed 0 5.3.4 the message has 22 octets and the peer takes 5 at most");
}

TEST_P(a_caller, stays_without_what_it_does_not_use_when_ehlo_is_said_again)
{
    is_asked({.peer = true, .lines = true}, "XCLIENT NAME,CHUNKING");
    c.session().use_without({"CHUNKING"});
    (void)c.runs();
    c.session().say_lines(lines({"XCLIENT NAME=a.example"}, true), true);
    (void)c.runs();
    (void)c.hears("220 mx\r\n");
    (void)c.hears("250-mx\r\n250 CHUNKING\r\n");
    ASSERT_EQ(c.step().what, kind::ask_lines);
    EXPECT_FALSE(c.session().peer().chunking);
}

TEST_P(a_caller, does_not_begin_anew_when_the_line_was_refused)
{
    is_asked({.lines = true}, "XCLIENT NAME");
    c.session().say_lines(lines({"XCLIENT NAME=a.example"}), true);
    (void)c.runs();
    EXPECT_EQ(c.hears("550 no\r\n"), "");
    EXPECT_EQ(c.step().what, kind::ask_lines);
}

TEST_P(a_caller, never_says_a_line_that_is_more_than_one)
{
    is_asked({.lines = true});
    c.session().say_lines(lines({"XTEST\r\nRSET"}), false);
    EXPECT_EQ(c.runs(), "");
    EXPECT_EQ(c.result(), "deferred 0 4.3.0 a line that cannot be put into a command");
}

TEST_P(a_caller, sends_other_parameters_than_are_stored)
{
    c.envelope.from.parameters = {{"BY", "120;R", message::relay_rule::required, "DELIVERBY", "5.3.0"}};
    is_asked({.params = true}, "DELIVERBY");
    ASSERT_EQ(c.step().what, kind::ask_params);
    auto changed = c.envelope;
    changed.from.parameters[0].value = "60;R";
    c.session().send_as(changed);
    EXPECT_EQ(c.runs(), "MAIL FROM:<a@client.example> BY=60;R\r\n");
}

TEST_P(a_caller, decides_a_message_without_mail)
{
    is_asked({.params = true});
    ASSERT_EQ(c.step().what, kind::ask_params);
    c.session().decide({client_recipient_result::kind::failed, 550, "5.3.0", "too late", false});
    EXPECT_EQ(c.runs(), "");
    EXPECT_EQ(c.result(), "failed 550 5.3.0 too late");
    EXPECT_TRUE(c.is_idle());
    EXPECT_TRUE(c.last().reusable);
}

TEST_P(a_caller, is_asked_in_order_peer_lines_parameters)
{
    is_asked({.peer = true, .lines = true, .params = true});
    EXPECT_EQ(c.step().what, kind::ask_peer);
    c.session().use_without({});
    (void)c.runs();
    EXPECT_EQ(c.step().what, kind::ask_lines);
    c.session().say_lines({}, false);
    (void)c.runs();
    EXPECT_EQ(c.step().what, kind::ask_params);
    c.session().send_as(c.envelope);
    EXPECT_THAT(c.runs(), HasSubstr("MAIL"));
}

TEST_P(a_caller, sends_other_content_than_is_stored_and_says_so)
{
    c.transaction.size = 100;
    is_asked({.content = true}, "SIZE 1000,8BITMIME");
    ASSERT_EQ(c.step().what, kind::ask_content);
    c.session().send_content({.size = 77, .has_8bit = true});
    EXPECT_EQ(c.runs(), "MAIL FROM:<a@client.example> SIZE=77 BODY=8BITMIME\r\n");
}

TEST_P(a_caller, sends_other_content_only_to_who_takes_it)
{
    is_asked({.content = true}, "SIZE 76");
    c.session().send_content({.size = 77});
    EXPECT_EQ(c.runs(), "");
    EXPECT_EQ(c.result(), "failed 0 5.3.4 the message has 77 octets and the peer takes 76 at most");
    EXPECT_TRUE(c.is_idle());
}

TEST_P(a_caller, needs_smtputf8_for_content_that_has_become_so)
{
    is_asked({.content = true}, "8BITMIME");
    c.session().send_content({.size = 77, .has_8bit = true, .needs_smtputf8 = true});
    (void)c.runs();
    EXPECT_EQ(c.result(), "failed 0 5.6.7 the message needs SMTPUTF8 and the peer does not offer it");
}

TEST_P(a_caller, converts_other_content_before_it_is_signed)
{
    c.transaction.can_be_converted = true;
    is_asked({.params = true, .content = true, .signature = true}, "SIZE");
    EXPECT_EQ(c.step().what, kind::ask_params);
    c.session().send_as(c.envelope);
    (void)c.runs();
    EXPECT_EQ(c.step().what, kind::ask_content);
    c.session().send_content({.size = 77, .has_8bit = true});
    (void)c.runs();
    EXPECT_EQ(c.step().what, kind::ask_seven_bit);
    c.session().send_converted(90);
    (void)c.runs();
    EXPECT_EQ(c.step().what, kind::ask_signature);
    c.session().send_signed(120, true);
    EXPECT_EQ(c.runs(), "MAIL FROM:<a@client.example> SIZE=120\r\n");
}

TEST_P(a_caller, converts_nothing_that_is_of_7_bits_by_now)
{
    c.transaction.can_be_converted = c.transaction.has_8bit = true;
    is_asked({.content = true, .signature = true}, "SIZE");
    EXPECT_EQ(c.step().what, kind::ask_content);
    c.session().send_content({.size = 77});
    (void)c.runs();
    EXPECT_EQ(c.step().what, kind::ask_signature);
    c.session().send_signed(78, true);
    EXPECT_EQ(c.runs(), "MAIL FROM:<a@client.example> SIZE=78\r\n");
}

TEST_P(a_caller, needs_smtputf8_for_a_signature_beyond_ascii)
{
    c.transaction.can_be_converted = true;
    is_asked({.signature = true}, "8BITMIME,SMTPUTF8");
    c.session().send_signed(78, false);
    EXPECT_EQ(c.runs(), "MAIL FROM:<a@client.example> BODY=8BITMIME SMTPUTF8\r\n");

    conversation d;
    d.transaction.asks = {.signature = true};
    d.transaction.can_be_converted = true;
    (void)d.sends();
    d.is_greeted("XA");
    d.session().send_signed(78, false);
    (void)d.runs();
    EXPECT_EQ(d.result(), "failed 0 5.6.7 the message needs SMTPUTF8 and the peer does not offer it");
}

TEST_P(a_caller, is_asked_about_content_once_a_message)
{
    is_asked({.content = true, .signature = true}, "");
    for (int i = 0; i < 2; ++i) {
        ASSERT_EQ(c.step().what, kind::ask_content);
        c.session().send_content({.size = 77});
        (void)c.runs();
        ASSERT_EQ(c.step().what, kind::ask_signature);
        c.session().send_signed(78, true);
        (void)c.runs();
        is_sent();
        ASSERT_TRUE(c.is_idle());
        (void)c.sends();
    }
}

TEST_P(a_caller, decides_a_message_over_its_content_or_signature)
{
    for (const auto& asks : {client_asks{.content = true}, client_asks{.signature = true}}) {
        conversation d;
        d.is_fed_octetwise = GetParam();
        d.transaction.asks = asks;
        (void)d.sends();
        d.is_greeted("XA");
        d.session().decide({client_recipient_result::kind::deferred, 451, "4.3.0", "later", false});
        EXPECT_EQ(d.runs(), "");
        EXPECT_EQ(d.result(), "deferred 451 4.3.0 later");
        EXPECT_TRUE(d.is_idle());
        EXPECT_TRUE(d.last().reusable);
    }
}

TEST_P(a_caller, is_asked_behind_tls_about_the_peer_behind_it)
{
    c.config.tls = client_tls::required;
    is_asked({.peer = true}, "STARTTLS,XA");
    EXPECT_EQ(c.step().what, kind::read);
    (void)c.hears("220 go\r\n");
    ASSERT_EQ(c.step().what, kind::start_tls);
    c.session().tls_started();
    (void)c.runs();
    (void)c.hears("250-mx\r\n250 XB\r\n");
    ASSERT_EQ(c.step().what, kind::ask_peer);
    EXPECT_EQ(c.session().offered().find("XA"), nullptr);
    EXPECT_NE(c.session().offered().find("XB"), nullptr);
}

TEST_P(a_caller, has_a_message_that_was_not_touched_when_a_reused_connection_ends_before_mail)
{
    is_asked({.lines = true}, "XA");
    c.session().say_lines({}, false);
    (void)c.runs();
    is_sent();
    (void)c.sends();
    ASSERT_EQ(c.step().what, kind::ask_lines);
    c.session().say_lines(lines({"XTEST one"}), false);
    (void)c.runs();
    c.session().disconnected();
    (void)c.runs();
    EXPECT_TRUE(c.last().untouched);
}

} // namespace
} // namespace postern::session
