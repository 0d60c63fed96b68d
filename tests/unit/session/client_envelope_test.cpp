#include "tests/unit/session/client_conversation.hpp"

namespace postern::session {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using conversation = test::client_conversation;

TEST(client_envelope, goes_one_by_one_without_pipelining)
{
    conversation c;
    c.is_greeted("");
    c.has_recipients(2);
    EXPECT_EQ(c.sends(), "MAIL FROM:<a@client.example>\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n"), "RCPT TO:<u0@example.com>\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n"), "RCPT TO:<u1@example.com>\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::command));
    EXPECT_EQ(c.hears("250 ok\r\n"), "DATA\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::data));
    EXPECT_EQ(c.hears("354 go\r\n"), "Subject: hi\r\n\r\nhello\r\n.\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::final));
    EXPECT_EQ(c.hears("250 2.0.0 kept as 17\r\n"), "");
    EXPECT_TRUE(c.is_idle());
    EXPECT_EQ(c.result(0), "delivered 250 2.0.0 kept as 17");
    EXPECT_EQ(c.result(1), "delivered 250 2.0.0 kept as 17");
    EXPECT_TRUE(c.last().reusable);
}

// RFC 2920 3.1
TEST(client_envelope, leaves_in_one_write_with_pipelining)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.has_recipients(2);
    EXPECT_EQ(c.sends(), "MAIL FROM:<a@client.example>\r\nRCPT TO:<u0@example.com>\r\nRCPT TO:<u1@example.com>\r\nDATA\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"), "Subject: hi\r\n\r\nhello\r\n.\r\n");
}

TEST(client_envelope, can_be_told_not_to_pipeline)
{
    conversation c;
    c.config.pipelining = false;
    c.is_greeted("PIPELINING");
    EXPECT_EQ(c.sends(), "MAIL FROM:<a@client.example>\r\n");
}

TEST(client_envelope, never_has_more_replies_outstanding_than_its_window)
{
    conversation c;
    c.config.limits.recipients_ahead = 3;
    c.is_greeted("PIPELINING");
    c.has_recipients(4);
    EXPECT_EQ(c.sends(), "MAIL FROM:<a@client.example>\r\nRCPT TO:<u0@example.com>\r\nRCPT TO:<u1@example.com>\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n"), "RCPT TO:<u2@example.com>\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n250 ok\r\n"), "RCPT TO:<u3@example.com>\r\nDATA\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n250 ok\r\n"), "");
    EXPECT_THAT(c.hears("354 go\r\n"), StartsWith("Subject"));
}

TEST(client_envelope, keeps_the_accepted_recipients)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.has_recipients(4);
    (void)c.sends();
    (void)c.hears("250 ok\r\n250 ok\r\n550 5.1.1 who?\r\n450 4.2.1 later\r\n251 will forward\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
    EXPECT_EQ(c.result(0), "delivered 250 kept");
    EXPECT_EQ(c.result(1), "failed 550 5.1.1 who?");
    EXPECT_EQ(c.result(2), "deferred 450 4.2.1 later");
    EXPECT_EQ(c.result(3), "delivered 250 kept");
    EXPECT_TRUE(c.last().reusable);
}

TEST(client_envelope, ends_with_a_lone_dot_when_data_was_taken_for_nobody)
{
    conversation c;
    c.is_greeted("PIPELINING");
    (void)c.sends();
    EXPECT_EQ(c.hears("250 ok\r\n550 who?\r\n354 go\r\n"), ".\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::final));
    EXPECT_EQ(c.hears("250 kept for nobody\r\n"), "");
    EXPECT_EQ(c.result(), "failed 550 who?");
    EXPECT_TRUE(c.last().reusable);
}

TEST(client_envelope, does_not_say_data_for_nobody)
{
    conversation c;
    c.is_greeted("");
    (void)c.sends();
    (void)c.hears("250 ok\r\n");
    EXPECT_EQ(c.hears("550 who?\r\n"), "");
    EXPECT_TRUE(c.is_idle());
    EXPECT_EQ(c.sends(), "RSET\r\n"); // the transaction was open
    EXPECT_EQ(c.hears("250 ok\r\n"), "MAIL FROM:<a@client.example>\r\n");
}

TEST(client_envelope, begins_with_rset_only_after_a_failure)
{
    conversation c;
    c.is_greeted("PIPELINING");
    EXPECT_THAT(c.sends(), StartsWith("MAIL"));
    (void)c.hears("250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
    EXPECT_THAT(c.sends(), StartsWith("MAIL"));
    (void)c.hears("250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("554 spam\r\n");
    EXPECT_EQ(c.result(), "failed 554 spam");
    EXPECT_THAT(c.sends(), StartsWith("RSET\r\nMAIL"));
    EXPECT_THAT(c.hears("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"), StartsWith("Subject"));
    (void)c.hears("250 kept\r\n");
    EXPECT_EQ(c.result(), "delivered 250 kept");
    EXPECT_THAT(c.sends(), StartsWith("MAIL"));
}

TEST(client_envelope, trusts_no_connection_whose_rset_is_refused)
{
    conversation c;
    c.is_greeted("");
    (void)c.sends();
    (void)c.hears("250 ok\r\n");
    (void)c.hears("550 who?\r\n");
    (void)c.sends();
    EXPECT_EQ(c.hears("500 what?\r\n"), "");
    EXPECT_TRUE(c.is_closed());
    EXPECT_THAT(c.result(), StartsWith("deferred 0 4.5.0"));
    EXPECT_TRUE(c.last().untouched);
}

TEST(client_envelope, gives_mails_refusal_to_everybody)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.has_recipients(2);
    (void)c.sends();
    EXPECT_EQ(c.hears("451 4.3.0 later\r\n503 5.5.1 no mail\r\n503 no mail\r\n503 no rcpt\r\n"), "");
    EXPECT_EQ(c.result(0), "deferred 451 4.3.0 later");
    EXPECT_EQ(c.result(1), "deferred 451 4.3.0 later");
    EXPECT_TRUE(c.is_idle());
    EXPECT_THAT(c.sends(), StartsWith("MAIL")); // nothing was open
}

TEST(client_envelope, says_no_further_recipients_behind_a_refused_mail)
{
    conversation c;
    c.config.limits.recipients_ahead = 2;
    c.is_greeted("PIPELINING");
    c.has_recipients(3);
    (void)c.sends();
    EXPECT_EQ(c.hears("550 5.7.1 no\r\n503 no mail\r\n"), "");
    EXPECT_EQ(c.result(2), "failed 550 5.7.1 no");
    EXPECT_TRUE(c.is_idle());
}

TEST(client_envelope, gives_datas_refusal_to_the_accepted)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.has_recipients(2);
    (void)c.sends();
    (void)c.hears("250 ok\r\n250 ok\r\n550 who?\r\n452 4.3.1 disk full\r\n");
    EXPECT_EQ(c.result(0), "deferred 452 4.3.1 disk full");
    EXPECT_EQ(c.result(1), "failed 550 who?");
}

// RFC 5321 4.5.3.1.10
TEST(client_envelope, knows_too_many_recipients_from_other_refusals)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.has_recipients(6);
    (void)c.sends();
    (void)c.hears("250 ok\r\n250 ok\r\n452 4.5.3 many\r\n452 many\r\n552 many\r\n552 5.2.2 full\r\n452 4.3.1 disk\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
    EXPECT_EQ(c.result(1), "deferred 452 4.5.3 many");
    EXPECT_EQ(c.result(3), "deferred 552 many");
    EXPECT_EQ(c.result(4), "failed 552 5.2.2 full");
    EXPECT_EQ(c.result(5), "deferred 452 4.3.1 disk");
    std::vector<bool> over_limit;
    for (const auto& r : c.results())
        over_limit.push_back(r.over_limit);
    EXPECT_THAT(over_limit, testing::ElementsAre(false, true, true, true, false, false));
}

// RFC 9422
TEST(client_envelope, asks_for_no_more_recipients_than_the_peer_takes)
{
    conversation c;
    c.is_greeted("PIPELINING,LIMITS RCPTMAX=2 MAILMAX=1");
    c.has_recipients(3);
    EXPECT_THAT(c.sends(), Not(HasSubstr("u2@example.com")));
    (void)c.hears("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
    EXPECT_EQ(c.result(1), "delivered 250 kept");
    EXPECT_THAT(c.result(2), StartsWith("deferred 0 4.5.3"));
    EXPECT_TRUE(c.results()[2].over_limit);
    EXPECT_FALSE(c.last().reusable); // MAILMAX
}

TEST(client_envelope, asks_for_no_more_domains_than_the_peer_takes_in_a_session) // RFC 9422 4.3
{
    conversation c;
    c.is_greeted("PIPELINING,LIMITS RCPTDOMAINMAX=2");
    c.has_recipients(4);
    EXPECT_THAT(c.sends(), HasSubstr("u3@example.com"));
    (void)c.hears("250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
    EXPECT_TRUE(c.last().reusable) << "for one more domain";
    c.envelope.to[0].address = "u0@EXAMPLE.com";
    c.envelope.to[1].address = "u1@two.example";
    c.envelope.to[2].address = "u2@three.example";
    c.envelope.to[3].address = "u3@two.example";
    EXPECT_THAT(c.sends(), Not(HasSubstr("three.example")));
    (void)c.hears("250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
    EXPECT_EQ(c.result(3), "delivered 250 kept");
    EXPECT_THAT(c.result(2), StartsWith("deferred 0 4.5.3"));
    EXPECT_TRUE(c.results()[2].over_limit);
    EXPECT_FALSE(c.last().reusable);
}

TEST(client_parameters, are_said_only_where_they_are_offered)
{
    conversation c;
    c.envelope.from.ret = message::dsn_return::full;
    c.envelope.from.envid = "QQ+2B";
    c.envelope.to[0].notify = {.never = false, .success = true, .failure = true, .delay = true};
    c.envelope.to[0].orcpt = "rfc822;x@example.com";
    c.transaction.size = 21;
    c.transaction.has_8bit = true;
    conversation all;
    all.envelope = c.envelope;
    all.transaction = c.transaction;
    all.is_greeted("PIPELINING,SIZE,8BITMIME,DSN,SMTPUTF8");
    EXPECT_THAT(all.sends(), StartsWith("MAIL FROM:<a@client.example> SIZE=21 BODY=8BITMIME RET=FULL ENVID=QQ+2B\r\n"
                                        "RCPT TO:<u@example.com> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;x@example.com\r\n"));
    c.transaction.has_8bit = false;
    c.is_greeted("PIPELINING");
    EXPECT_THAT(c.sends(), StartsWith("MAIL FROM:<a@client.example>\r\nRCPT TO:<u@example.com>\r\n"));
}

message::parameter of_plugin(std::string keyword, std::optional<std::string> value, message::relay_rule relay)
{
    return {std::move(keyword), std::move(value), relay, "XTRACE", "5.7.9"};
}

TEST(client_parameters, of_plugins_go_along_where_their_extension_is_offered)
{
    using message::relay_rule;
    for (const auto* offers : {"PIPELINING,XTRACE 1", "PIPELINING"}) {
        conversation c;
        c.envelope.from.parameters = {{"SIZE", "10"},
                                      of_plugin("XTRACEID", "one", relay_rule::optional),
                                      of_plugin("XFLAG", std::nullopt, relay_rule::optional),
                                      of_plugin("XLOCAL", "here", relay_rule::never)};
        c.envelope.to[0].parameters = {of_plugin("XRCPT", "two", relay_rule::optional)};
        c.is_greeted(offers);
        if (std::string_view{offers}.ends_with("1"))
            EXPECT_THAT(c.sends(),
                        StartsWith("MAIL FROM:<a@client.example> XTRACEID=one XFLAG\r\nRCPT TO:<u@example.com> XRCPT=two\r\n"));
        else
            EXPECT_THAT(c.sends(), StartsWith("MAIL FROM:<a@client.example>\r\nRCPT TO:<u@example.com>\r\n"));
    }
}

TEST(client_parameters, that_a_peer_must_know_keep_the_message_from_one_that_does_not)
{
    conversation c;
    c.envelope.from.parameters = {of_plugin("XTRACEID", "one", message::relay_rule::required)};
    c.is_greeted("PIPELINING");
    EXPECT_EQ(c.sends(), "");
    EXPECT_EQ(c.result(), "failed 0 5.7.9 the message needs XTRACE and the peer does not offer it");
}

TEST(client_parameters, that_a_peer_must_know_of_a_recipient_keep_that_recipient_back_alone)
{
    conversation c;
    c.has_recipients(2);
    c.envelope.to[0].parameters = {of_plugin("XRCPT", "one", message::relay_rule::required)};
    c.is_greeted("PIPELINING");
    EXPECT_THAT(c.sends(), Not(HasSubstr("u0@example.com")));
    (void)c.hears("250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
    EXPECT_EQ(c.result(0), "failed 0 5.7.9 the recipient needs XTRACE and the peer does not offer it");
    EXPECT_EQ(c.result(1), "delivered 250 kept");
}

TEST(client_parameters, of_plugins_never_end_their_command)
{
    conversation c;
    c.envelope.from.parameters = {of_plugin("XTRACEID", "one\r\nRCPT TO:<evil@example.com>", message::relay_rule::optional)};
    c.is_greeted("PIPELINING,XTRACE");
    EXPECT_EQ(c.sends(), "");
    EXPECT_THAT(c.result(), StartsWith("failed 0 5.5.4"));
}

TEST(client_parameters, say_never_alone_and_headers_as_hdrs)
{
    conversation c;
    c.envelope.from.address.clear();
    c.envelope.from.ret = message::dsn_return::headers;
    c.envelope.to[0].notify = {.never = true, .success = false, .failure = false, .delay = false};
    c.is_greeted("PIPELINING,DSN");
    EXPECT_THAT(c.sends(), StartsWith("MAIL FROM:<> RET=HDRS\r\nRCPT TO:<u@example.com> NOTIFY=NEVER\r\n"));
}

// RFC 1870 6
TEST(client_parameters, try_no_message_above_the_peers_size)
{
    conversation c;
    c.is_greeted("PIPELINING,SIZE 100");
    c.transaction.size = 101;
    EXPECT_EQ(c.sends(), "");
    EXPECT_THAT(c.result(), StartsWith("failed 0 5.3.4"));
    EXPECT_TRUE(c.is_idle());
    EXPECT_TRUE(c.last().reusable);
    c.transaction.size = 100;
    EXPECT_THAT(c.sends(), StartsWith("MAIL FROM:<a@client.example> SIZE=100\r\n"));
}

TEST(client_parameters, take_a_size_of_0_for_no_limit)
{
    conversation c;
    c.is_greeted("PIPELINING,SIZE 0");
    c.transaction.size = 1'000'000'000'000;
    EXPECT_THAT(c.sends(), HasSubstr(" SIZE=1000000000000\r\n"));
}

// RFC 6152 3
TEST(client_parameters, fail_8bit_content_for_a_peer_of_7_bits)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.transaction.has_8bit = true;
    EXPECT_EQ(c.sends(), "");
    EXPECT_THAT(c.result(), StartsWith("failed 0 5.6.3"));
}

// RFC 3030 3
TEST(client_parameters, fail_binary_content_without_binarymime_and_chunking)
{
    for (const auto* offers : {"PIPELINING,8BITMIME", "BINARYMIME", "CHUNKING"}) {
        conversation c;
        c.is_greeted(offers);
        c.transaction.is_binary = true;
        EXPECT_EQ(c.sends(), "");
        EXPECT_THAT(c.result(), StartsWith("failed 0 5.6.1"));
    }
    conversation c;
    c.is_greeted("PIPELINING,BINARYMIME,CHUNKING");
    c.transaction.is_binary = true;
    EXPECT_THAT(c.sends(), StartsWith("MAIL FROM:<a@client.example> BODY=BINARYMIME\r\n"));
}

// RFC 6152 3, RFC 3030 3, RFC 1870 4
TEST(client_parameters, ask_for_content_of_7_bits_where_the_peer_takes_no_other)
{
    using kind = client_step::kind;
    for (const bool is_binary : {false, true}) {
        conversation c;
        c.is_greeted("PIPELINING,SIZE");
        c.transaction.has_8bit = true;
        c.transaction.is_binary = is_binary;
        c.transaction.size = 100;
        c.transaction.can_be_converted = true;
        EXPECT_EQ(c.sends(), "");
        ASSERT_EQ(c.step().what, kind::ask_seven_bit);
        c.session().send_converted(120);
        EXPECT_THAT(c.runs(), StartsWith("MAIL FROM:<a@client.example> SIZE=120\r\n"));

        conversation d;
        d.is_greeted("");
        d.transaction = c.transaction;
        EXPECT_EQ(d.sends(), "");
        d.session().decide({client_recipient_result::kind::failed, 0, "5.6.3", "cannot", false});
        EXPECT_EQ(d.runs(), "");
        EXPECT_EQ(d.result(), "failed 0 5.6.3 cannot");
        EXPECT_TRUE(d.last().reusable);
    }
}

TEST(client_parameters, ask_for_no_conversion_that_is_not_needed_or_would_not_help)
{
    conversation c;
    c.is_greeted("8BITMIME,CHUNKING,BINARYMIME");
    c.transaction.can_be_converted = true;
    c.transaction.has_8bit = true;
    EXPECT_EQ(c.sends(), "MAIL FROM:<a@client.example> BODY=8BITMIME\r\n");
    conversation d;
    d.is_greeted("");
    d.transaction = c.transaction;
    d.transaction.needs_smtputf8 = true;
    EXPECT_EQ(d.sends(), "");
    EXPECT_THAT(d.result(), StartsWith("failed 0 5.6.7"));
}

// RFC 6531 3.1
TEST(client_parameters, send_utf8_only_to_a_peer_that_takes_it)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.transaction.needs_smtputf8 = true;
    EXPECT_EQ(c.sends(), "");
    EXPECT_THAT(c.result(), StartsWith("failed 0 5.6.7"));
    c.transaction.needs_smtputf8 = false;
    c.envelope.from.address = "s\xc3\xa9@client.example";
    EXPECT_EQ(c.sends(), "");
    EXPECT_THAT(c.result(), StartsWith("failed 0 5.6.7"));

    conversation d;
    d.is_greeted("PIPELINING,SMTPUTF8,8BITMIME");
    d.envelope.from.address = "s\xc3\xa9@client.example";
    EXPECT_THAT(d.sends(), StartsWith("MAIL FROM:<s\xc3\xa9@client.example> SMTPUTF8\r\n"));
}

TEST(client_parameters, fail_the_utf8_recipient_alone)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.has_recipients(2);
    c.envelope.to[0].address = "\xc3\xbc@example.com";
    EXPECT_EQ(c.sends(), "MAIL FROM:<a@client.example>\r\nRCPT TO:<u1@example.com>\r\nDATA\r\n");
    (void)c.hears("250 ok\r\n250 ok\r\n354 go\r\n");
    (void)c.hears("250 kept\r\n");
    EXPECT_THAT(c.result(0), StartsWith("failed 0 5.6.7"));
    EXPECT_EQ(c.result(1), "delivered 250 kept");
}

// RFC 6533 3
TEST(client_parameters, carry_a_utf8_orcpt_in_ascii_where_utf8_is_not_spoken)
{
    conversation c;
    c.is_greeted("PIPELINING,DSN,SMTPUTF8");
    c.envelope.to[0].orcpt = "utf-8;\xc3\xa9\xf0\x9f\x90\x8c@example.com";
    EXPECT_THAT(c.sends(), HasSubstr(" ORCPT=utf-8;\\x{E9}\\x{1F40C}@example.com\r\n"));
    conversation d;
    d.is_greeted("PIPELINING,DSN,SMTPUTF8");
    d.envelope.to[0].orcpt = c.envelope.to[0].orcpt;
    d.transaction.needs_smtputf8 = true;
    EXPECT_THAT(d.sends(), HasSubstr(" ORCPT=utf-8;\xc3\xa9\xf0\x9f\x90\x8c@example.com\r\n"));
}

TEST(client_arguments, are_refused_when_they_would_leave_their_place)
{
    using namespace std::string_literals;
    for (const auto& bad : {"a\r\nRCPT TO:<v@x>\r\n@x"s, "a\n@x"s, "a\r@x"s, "a\0@x"s, "a@x> SIZE=1"s, "a b@x"s, "<a@x"s,
                            "\"a@x"s, "\"a\\\"@x"s, "a\x7f@x"s, "\xff@x"s}) {
        conversation c;
        c.is_greeted("PIPELINING,SMTPUTF8,DSN");
        c.envelope.from.address = bad;
        EXPECT_EQ(c.sends(), "") << bad;
        EXPECT_THAT(c.result(), StartsWith("failed 0 5.1.7")) << bad;
        c.envelope.from.address = "a@client.example";
        c.envelope.to[0].address = bad;
        EXPECT_EQ(c.sends(), "") << bad;
        EXPECT_THAT(c.result(), StartsWith("failed 0 5.1.3")) << bad;
    }
    for (const auto& bad : {"a b"s, "a\r\nb"s, "a\0b"s, "a\xff"s}) {
        conversation c;
        c.is_greeted("PIPELINING,DSN");
        c.envelope.to[0].orcpt = bad;
        EXPECT_EQ(c.sends(), "");
        EXPECT_THAT(c.result(), StartsWith("failed 0 5.5.4"));
        c.envelope.to[0].orcpt.clear();
        c.envelope.from.envid = bad;
        EXPECT_EQ(c.sends(), "");
        EXPECT_THAT(c.result(), StartsWith("failed 0 5.5.4"));
    }
    conversation c;
    c.is_greeted("PIPELINING");
    c.envelope.to[0].address.clear();
    EXPECT_EQ(c.sends(), "");
    EXPECT_THAT(c.result(), StartsWith("failed 0 5.1.3"));
}

TEST(client_arguments, may_hold_what_quotes_allow)
{
    conversation c;
    c.is_greeted("PIPELINING");
    c.envelope.to[0].address = "\"a> b\\\"<\"@example.com";
    EXPECT_THAT(c.sends(), HasSubstr("RCPT TO:<\"a> b\\\"<\"@example.com>\r\n"));
}

} // namespace
} // namespace postern::session
