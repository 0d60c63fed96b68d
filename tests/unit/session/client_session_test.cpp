#include "tests/unit/session/client_conversation.hpp"

namespace postern::session {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using conversation = test::client_conversation;

void delivers_one(conversation& c)
{
    (void)c.sends();
    (void)c.hears("250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
}

TEST(client_connection, carries_many_messages)
{
    conversation c;
    c.is_greeted("PIPELINING");
    for (int i = 0; i < 3; ++i)
        delivers_one(c);
    EXPECT_EQ(c.done(), 3U);
    c.session().quit();
    EXPECT_EQ(c.runs(), "QUIT\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::command));
    EXPECT_EQ(c.hears("221 bye\r\n"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().end(), client_end::quit);
}

TEST(client_connection, closes_whatever_comes_of_quit)
{
    for (const auto* reply : {"221 bye\r\n", "421 bye\r\n", "500 what?\r\n", "garbage\r\n"}) {
        conversation c;
        c.is_greeted("");
        c.session().quit();
        (void)c.runs();
        EXPECT_EQ(c.hears(reply), "");
        EXPECT_TRUE(c.is_closed());
        EXPECT_EQ(c.session().end(), client_end::quit);
    }
    conversation c;
    c.is_greeted("");
    c.session().quit();
    (void)c.runs();
    c.session().timed_out();
    EXPECT_EQ(c.runs(), "");
    EXPECT_TRUE(c.is_closed());
}

TEST(client_connection, defers_for_421_anywhere_and_closes)
{
    const std::vector<std::string> before = {"250 ok\r\n", "250 ok\r\n", "354 go\r\n"};
    for (std::size_t turns = 0; turns <= before.size(); ++turns) {
        conversation c;
        c.is_greeted("");
        (void)c.sends();
        for (std::size_t i = 0; i < turns; ++i)
            (void)c.hears(before[i]);
        EXPECT_EQ(c.hears("421 4.3.2 bye\r\n"), "");
        EXPECT_TRUE(c.is_closed());
        EXPECT_EQ(c.result(), "deferred 421 4.3.2 bye");
        EXPECT_FALSE(c.last().reply_lost);
        EXPECT_FALSE(c.last().untouched);
        EXPECT_FALSE(c.last().reusable);
    }
}

TEST(client_connection, keeps_earlier_answers_when_421_comes)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.has_recipients(3);
    (void)c.sends();
    (void)c.hears("250 ok\r\n250 ok\r\n550 who?\r\n421 bye\r\n");
    EXPECT_EQ(c.result(0), "deferred 421 bye");
    EXPECT_EQ(c.result(1), "failed 550 who?");
    EXPECT_EQ(c.result(2), "deferred 421 bye");
}

TEST(client_connection, defers_what_is_unanswered_when_it_is_lost)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.has_recipients(2);
    (void)c.sends();
    (void)c.hears("250 ok\r\n550 who?\r\n250 o");
    c.session().disconnected("reset by peer");
    (void)c.runs();
    EXPECT_EQ(c.result(0), "failed 550 who?");
    EXPECT_EQ(c.result(1), "deferred 0 4.4.2 connection lost: reset by peer");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().end(), client_end::lost);
}

TEST(client_connection, takes_what_arrived_before_the_loss)
{
    conversation c;
    c.is_greeted("PIPELINING");
    (void)c.sends();
    (void)c.hears("250 ok\r\n250 ok\r\n354 go\r\n");
    c.session().feed("250 kept\r\n");
    c.session().disconnected();
    (void)c.runs();
    EXPECT_EQ(c.result(), "delivered 250 kept");
    EXPECT_FALSE(c.last().reply_lost);
    EXPECT_FALSE(c.last().reusable);
    EXPECT_TRUE(c.is_closed());
}

// RFC 1047
TEST(client_connection, flags_a_lost_reply_to_the_end_of_the_message)
{
    for (const auto* offers : {"PIPELINING", "PIPELINING,CHUNKING"})
        for (const int how : {0, 1, 2}) {
            conversation c;
            c.is_greeted(offers);
            (void)c.sends();
            (void)c.hears(c.session().peer().chunking ? "250 ok\r\n250 ok\r\n" : "250 ok\r\n250 ok\r\n354 go\r\n");
            ASSERT_TRUE(c.waits_for(client_phase::final));
            if (how == 0)
                c.session().disconnected();
            else if (how == 1)
                c.session().timed_out();
            else
                c.session().feed("2x0 kept\r\n");
            (void)c.runs();
            EXPECT_TRUE(c.last().reply_lost);
            EXPECT_THAT(c.result(), StartsWith("deferred 0 4."));
        }
}

TEST(client_connection, loses_no_reply_that_cannot_have_been_given)
{
    conversation c;
    c.is_greeted("PIPELINING");
    (void)c.sends();
    auto& s = c.session();
    s.feed("250 ok\r\n250 ok\r\n354 go\r\n");
    ASSERT_EQ(s.resume().what, client_step::kind::content);
    s.give_content("a\r\n", true);
    ASSERT_EQ(s.resume().what, client_step::kind::read);
    s.disconnected("broken pipe"); // while the end of the message was being written
    (void)c.runs();
    EXPECT_FALSE(c.last().reply_lost);
    EXPECT_EQ(c.result(), "deferred 0 4.4.2 connection lost: broken pipe");
}

TEST(client_connection, tells_a_connection_gone_stale_from_an_attempt)
{
    conversation c;
    c.is_greeted("PIPELINING");
    delivers_one(c);
    (void)c.sends();
    c.session().disconnected();
    (void)c.runs();
    EXPECT_TRUE(c.last().untouched);

    conversation d;
    d.is_greeted("PIPELINING");
    delivers_one(d);
    (void)d.sends();
    (void)d.hears("421 4.4.2 idle too long\r\n");
    EXPECT_TRUE(d.last().untouched);

    conversation e; // lost behind the answer to MAIL: an attempt
    e.is_greeted("PIPELINING");
    delivers_one(e);
    (void)e.sends();
    (void)e.hears("250 ok\r\n");
    e.session().disconnected();
    (void)e.runs();
    EXPECT_FALSE(e.last().untouched);

    conversation f; // a first message: an attempt
    f.is_greeted("PIPELINING");
    (void)f.sends();
    f.session().disconnected();
    (void)f.runs();
    EXPECT_FALSE(f.last().untouched);
}

TEST(client_connection, answers_at_once_for_a_connection_that_is_gone)
{
    conversation c;
    c.is_greeted("PIPELINING");
    delivers_one(c);
    c.session().disconnected();
    (void)c.runs();
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.sends(), "");
    EXPECT_TRUE(c.last().untouched);
    EXPECT_THAT(c.result(), StartsWith("deferred 0 4.4.2"));
}

TEST(client_connection, notices_a_farewell_while_it_is_idle)
{
    conversation c;
    c.is_greeted("PIPELINING");
    delivers_one(c);
    EXPECT_EQ(c.hears("421 idle\r\n"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().end(), client_end::lost);
}

TEST(client_connection, says_what_it_was_waiting_for_when_time_ran_out)
{
    conversation c;
    (void)c.sends();
    c.session().timed_out();
    (void)c.runs();
    EXPECT_EQ(c.result(), "deferred 0 4.4.2 timed out waiting for the greeting");
    EXPECT_EQ(c.session().end(), client_end::timed_out);
    EXPECT_TRUE(c.is_closed());
}

// Postfix 2026: garbage plus pipelining shifted replies, and QUIT's 221 was read as the answer to the dot.
TEST(client_connection, never_takes_a_reply_for_another_commands)
{
    const std::vector<std::string> shifted = {
        "250 ok\r\n250 ok\r\n354 go\r\n250 kept\r\n", // the dot's answer before the dot
        "250 ok\r\n250 ok\r\n354 go\r\n2",            // its beginning
        "250 ok\r\n250 ok\r\n250 ok\r\n",             // no 354
        "250 ok\r\n354 go\r\n250 ok\r\n",             // 354 for RCPT
        "354 go\r\n250 ok\r\n250 ok\r\n",             // 354 for MAIL
        "250 ok\r\n250 ok\r\ngarbage\r\n354 go\r\n",  // a line that is no reply
        "250 ok\r\n250 ok\r\n354 go\n",               // a bare LF
        "250 ok\r\n250-a\r\n251 b\r\n354 go\r\n",     // a reply with two codes
        "250 ok\r\n250 ok\r\n355 go\r\n",
    };
    for (const auto& replies : shifted) {
        conversation c;
        c.is_greeted("PIPELINING");
        (void)c.sends();
        EXPECT_EQ(c.hears(replies), "") << replies;
        EXPECT_TRUE(c.is_closed() || c.waits_for(client_phase::data)) << replies;
        c.session().disconnected();
        (void)c.runs();
        EXPECT_THAT(c.result(), StartsWith("deferred 0 4.")) << replies;
        EXPECT_FALSE(c.last().reply_lost);
    }
}

TEST(client_connection, is_not_used_again_after_an_extra_reply)
{
    conversation c;
    c.is_greeted("PIPELINING");
    (void)c.sends();
    (void)c.hears("250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n250 again\r\n");
    EXPECT_EQ(c.result(), "delivered 250 kept"); // this one was in its place
    EXPECT_FALSE(c.last().reusable);
    EXPECT_TRUE(c.is_closed());
}

TEST(client_connection, bounds_what_a_peer_can_make_it_hold)
{
    conversation c;
    (void)c.sends();
    const std::string flood(64 * 1024, 'x');
    for (int i = 0; i < 10 && !c.is_closed(); ++i)
        (void)c.hears("220-" + flood + "\r\n");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().end(), client_end::protocol_error);
}

TEST(client_connection, does_not_depend_on_how_octets_arrive)
{
    conversation whole;
    conversation octets;
    octets.is_fed_octetwise = true;
    for (auto* c : {&whole, &octets}) {
        c->config.tls = client_tls::none;
        c->is_greeted("PIPELINING,CHUNKING,SIZE 1000");
        c->has_recipients(3);
        std::string said = c->sends();
        said += c->hears("250 ok\r\n250 ok\r\n550-5.1.1 a\r\n550 5.1.1 b\r\n450 c\r\n");
        said += c->hears("250 2.0.0 kept\r\n");
        EXPECT_EQ(said, "MAIL FROM:<a@client.example>\r\nRCPT TO:<u0@example.com>\r\nRCPT TO:<u1@example.com>\r\n"
                        "RCPT TO:<u2@example.com>\r\nBDAT 22 LAST\r\nSubject: hi\r\n\r\nhello\r\n");
        EXPECT_EQ(c->result(0), "delivered 250 2.0.0 kept");
        EXPECT_EQ(c->result(1), "failed 550 5.1.1 a b");
        EXPECT_EQ(c->result(2), "deferred 450 c");
    }
}

} // namespace
} // namespace postern::session
