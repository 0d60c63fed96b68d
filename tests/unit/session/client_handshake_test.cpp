#include "tests/unit/session/client_conversation.hpp"

namespace postern::session {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using conversation = test::client_conversation;

TEST(client_handshake, greets_with_ehlo_and_then_has_nothing_to_do)
{
    conversation c;
    EXPECT_EQ(c.runs(), "");
    EXPECT_TRUE(c.waits_for(client_phase::greeting));
    EXPECT_EQ(c.hears("220 mx.example ESMTP\r\n"), "EHLO client.example\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::command));
    EXPECT_EQ(c.hears("250-mx.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n"), "");
    EXPECT_TRUE(c.is_idle());
    EXPECT_TRUE(c.session().peer().extended);
    EXPECT_TRUE(c.session().peer().pipelining);
    EXPECT_EQ(c.session().peer().size, 1000U);
    EXPECT_EQ(c.session().peer().greeting, "mx.example ESMTP");
}

// RFC 5321 3.2
TEST(client_handshake, falls_back_to_helo_for_every_5xx)
{
    for (const auto* reply : {"500 what?\r\n", "501 no\r\n", "502 no\r\n", "504 no\r\n", "550 no\r\n"}) {
        conversation c;
        (void)c.runs();
        (void)c.hears("220 mx\r\n");
        EXPECT_EQ(c.hears(reply), "HELO client.example\r\n");
        EXPECT_EQ(c.hears("250 mx\r\n"), "");
        EXPECT_TRUE(c.is_idle());
        EXPECT_FALSE(c.session().peer().extended);
    }
}

TEST(client_handshake, does_not_fall_back_on_421_or_4xx)
{
    conversation c;
    (void)c.sends();
    (void)c.hears("220 mx\r\n");
    EXPECT_EQ(c.hears("421 4.3.2 going down\r\n"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.result(), "deferred 421 4.3.2 going down");

    conversation d;
    (void)d.sends();
    (void)d.hears("220 mx\r\n");
    EXPECT_EQ(d.hears("451 4.3.0 later\r\n"), "QUIT\r\n");
    EXPECT_EQ(d.result(), "deferred 451 4.3.0 later");
}

TEST(client_handshake, defers_what_a_greeting_or_helo_refuses)
{
    conversation c;
    (void)c.sends();
    EXPECT_EQ(c.hears("554 5.7.1 not you\r\n"), "QUIT\r\n");
    EXPECT_EQ(c.result(), "deferred 554 4.7.1 not you");
    EXPECT_EQ(c.done(), 1U);
    EXPECT_FALSE(c.last().reusable);
    EXPECT_EQ(c.hears("221 bye\r\n"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().end(), client_end::refused);

    conversation d;
    (void)d.sends();
    (void)d.hears("220 mx\r\n");
    (void)d.hears("502 no\r\n");
    EXPECT_EQ(d.hears("550 no\r\n"), "QUIT\r\n");
    EXPECT_EQ(d.result(), "deferred 550 no");
}

TEST(client_handshake, gives_up_on_a_greeting_that_is_none)
{
    for (const auto* greeting : {"250 hi\r\n", "354 go\r\n", "SSH-2.0-x\r\n", "220 a\nb\r\n", "22 a\r\n"}) {
        conversation c;
        (void)c.sends();
        EXPECT_EQ(c.hears(greeting), "") << greeting;
        EXPECT_TRUE(c.is_closed());
        EXPECT_EQ(c.session().end(), client_end::protocol_error);
        EXPECT_THAT(c.result(), StartsWith("deferred 0 4.5.0"));
    }
}

TEST(client_handshake, gives_up_on_a_peer_that_answers_before_it_is_asked)
{
    conversation c;
    (void)c.sends();
    EXPECT_EQ(c.hears("220 mx\r\n250 mx\r\n"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_THAT(c.result(), HasSubstr("without a command"));
}

TEST(client_handshake, says_nothing_that_a_host_name_could_smuggle)
{
    for (const auto* name : {"", "a b", "a\r\nRSET", "a\n"}) {
        conversation c;
        c.config.hostname = name;
        (void)c.sends();
        EXPECT_EQ(c.hears("220 mx\r\n"), "QUIT\r\n");
        EXPECT_THAT(c.result(), StartsWith("deferred 0 4.3.5"));
    }
}

// RFC 3207 4.2
TEST(client_tls, starts_where_offered_and_asks_again_behind_it)
{
    conversation c;
    c.config.tls = client_tls::opportunistic;
    (void)c.runs();
    (void)c.hears("220 mx\r\n");
    EXPECT_EQ(c.hears("250-mx\r\n250-STARTTLS\r\n250 SIZE 5\r\n"), "STARTTLS\r\n");
    EXPECT_EQ(c.hears("220 go\r\n"), "");
    EXPECT_EQ(c.step().what, client_step::kind::start_tls);
    c.session().tls_started();
    EXPECT_EQ(c.runs(), "EHLO client.example\r\n");
    EXPECT_EQ(c.session().peer().size, 0U);
    EXPECT_FALSE(c.session().peer().extended);
    EXPECT_EQ(c.hears("250-mx\r\n250 STARTTLS\r\n"), ""); // offered inside TLS: not taken
    EXPECT_TRUE(c.is_idle());
    EXPECT_TRUE(c.session().peer().is_tls);
}

// NO STARTTLS 2021: responses injected in the clear
TEST(client_tls, ends_where_something_came_behind_the_220) // RFC 3207 6
{
    conversation c;
    c.config.tls = client_tls::required;
    (void)c.sends();
    (void)c.hears("220 mx\r\n");
    (void)c.hears("250-mx\r\n250 STARTTLS\r\n");
    EXPECT_EQ(c.hears("220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n25"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().fault(), client_fault::injected);
    EXPECT_EQ(c.done(), 1U);
}

TEST(client_tls, ends_where_something_comes_before_the_handshake)
{
    conversation c;
    c.config.tls = client_tls::required;
    (void)c.sends();
    (void)c.hears("220 mx\r\n");
    (void)c.hears("250-mx\r\n250 STARTTLS\r\n");
    (void)c.hears("220 go\r\n");
    EXPECT_EQ(c.step().what, client_step::kind::start_tls);
    EXPECT_EQ(c.hears("250 still in clear\r\n"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().fault(), client_fault::injected);
}

TEST(client_tls, asks_again_behind_the_handshake)
{
    conversation c;
    c.config.tls = client_tls::required;
    (void)c.sends();
    (void)c.hears("220 mx\r\n");
    (void)c.hears("250-mx\r\n250 STARTTLS\r\n");
    (void)c.hears("220 go\r\n");
    c.session().tls_started();
    EXPECT_EQ(c.runs(), "EHLO client.example\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::command));
    EXPECT_THAT(c.hears("250 mx\r\n"), StartsWith("MAIL FROM:<a@client.example>\r\n"));
}

TEST(client_tls, goes_on_in_clear_after_a_refusal_when_it_is_opportunistic)
{
    for (const auto* reply : {"454 not now\r\n", "502 no\r\n"}) {
        conversation c;
        c.config.tls = client_tls::opportunistic;
        (void)c.sends();
        (void)c.hears("220 mx\r\n");
        (void)c.hears("250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
        EXPECT_THAT(c.hears(reply), StartsWith("MAIL FROM:"));
    }
}

TEST(client_tls, says_nothing_of_a_message_without_it_when_it_is_required)
{
    conversation c;
    c.config.tls = client_tls::required;
    (void)c.sends();
    (void)c.hears("220 mx\r\n");
    EXPECT_EQ(c.hears("250 mx\r\n"), "QUIT\r\n");
    EXPECT_THAT(c.result(), StartsWith("deferred 0 4.7.4"));
    EXPECT_EQ(c.session().end(), client_end::no_tls);

    conversation d;
    d.config.tls = client_tls::required;
    (void)d.sends();
    (void)d.hears("220 mx\r\n");
    (void)d.hears("250-mx\r\n250 STARTTLS\r\n");
    EXPECT_EQ(d.hears("454 4.7.0 later\r\n"), "QUIT\r\n");
    EXPECT_EQ(d.result(), "deferred 454 4.7.0 later");

    conversation e; // HELO offers nothing
    e.config.tls = client_tls::required;
    (void)e.sends();
    (void)e.hears("220 mx\r\n");
    (void)e.hears("502 no\r\n");
    EXPECT_EQ(e.hears("250 mx\r\n"), "QUIT\r\n");
    EXPECT_THAT(e.result(), StartsWith("deferred 0 4.7.4"));
}

TEST(client_tls, is_not_asked_for_when_it_is_not_wanted)
{
    conversation c;
    c.is_greeted("STARTTLS");
    EXPECT_TRUE(c.is_idle());
    EXPECT_TRUE(c.session().peer().offers_starttls);
}

TEST(client_tls, closes_when_the_handshake_fails)
{
    conversation c;
    c.config.tls = client_tls::opportunistic;
    (void)c.sends();
    (void)c.hears("220 mx\r\n");
    (void)c.hears("250-mx\r\n250 STARTTLS\r\n");
    (void)c.hears("220 go\r\n");
    c.session().tls_failed("certificate expired");
    EXPECT_EQ(c.runs(), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.result(), "deferred 0 4.7.5 TLS handshake failed: certificate expired");
    EXPECT_EQ(c.session().end(), client_end::tls_failed);
}

TEST(client_tls, takes_no_other_answer_to_starttls)
{
    conversation c;
    c.config.tls = client_tls::opportunistic;
    (void)c.sends();
    (void)c.hears("220 mx\r\n");
    (void)c.hears("250-mx\r\n250 STARTTLS\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().end(), client_end::protocol_error);
}

} // namespace
} // namespace postern::session
