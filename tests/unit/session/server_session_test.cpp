// What transcripts cannot say: the order of steps, what the session keeps and costs, calls at unusual moments.
#include "core/session/server_session.hpp"

#include "tests/support/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace postern::session {
namespace {

using test::conversation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

TEST(data, is_durable_before_it_is_acknowledged) // RFC 5321 6.1
{
    conversation peer;
    peer.has_sent_an_envelope();
    peer.says("Subject: hi\r\n\r\nhello\r\n.\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask msg.headers", "content 7 last", "ask msg.end", "ask txn.commit_before",
                                               "commit", "tell txn.committed"));
    EXPECT_THAT(peer.take_replies(), MatchesRegex("250 2\\.0\\.0 queued as [0-9A-Z]{13}\r\n"));
    EXPECT_EQ(peer.kept().size(), 1U);
    EXPECT_EQ(peer.fault(), "");
}

TEST(data, that_is_not_kept_is_not_acknowledged)
{
    conversation peer;
    peer.store = conversation::commit_result::failed;
    peer.has_sent_an_envelope();
    peer.says("Subject: hi\r\n\r\nhello\r\n.\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask msg.headers", "content 7 last", "ask msg.end", "ask txn.commit_before",
                                               "commit", "tell txn.aborted", "abandon"));
    EXPECT_EQ(peer.take_replies(), "451 4.3.0 try again later\r\n");
    EXPECT_EQ(peer.session().draft(), nullptr);
}

TEST(data, passes_as_views_and_the_last_step_says_so)
{
    conversation peer;
    peer.has_sent_an_envelope();
    peer.says("Subject: hi\r\n\r\none\r\n..two\r\nthr");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask msg.headers", "content 5", "content 9"));
    peer.says("ee\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("content 4"));
    peer.says(".\r\n");
    EXPECT_THAT(peer.take_steps(),
                ElementsAre("content 0 last", "ask msg.end", "ask txn.commit_before", "commit", "tell txn.committed"));
    EXPECT_EQ(peer.spooled(), "one\r\n.two\r\nthree\r\n");
}

TEST(data, whose_crlf_is_cut_by_a_portion_reaches_plugins_with_it_whole)
{
    conversation peer;
    peer.has_sent_an_envelope();
    peer.says("Subject: hi\r\n\r\none\r");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask msg.headers", "content 3"));
    peer.says("\ntwo\r\n.\r\n");
    EXPECT_THAT(peer.take_steps(), testing::Contains("content 2"));
    EXPECT_EQ(peer.fault(), "");
    EXPECT_EQ(peer.spooled(), "one\r\ntwo\r\n");
}

// Who keeps the body looks for such octets no more; that the steps never lie is held of every conversation.
TEST(data, is_told_to_be_ascii_where_it_is)
{
    struct {
        std::string_view mail;
        std::vector<std::string_view> portions;
        bool is_ascii;
    } const cases[] = {
        {"", {"DATA\r\n", "A: b\r\n\r\none\r\n", "two\r\n.\r\n"}, true},
        {" BODY=8BITMIME", {"DATA\r\n", "A: b\r\n\r\none\r\n.\r\n"}, true},
        {" BODY=8BITMIME", {"DATA\r\n", "A: b\r\n\r\n\xc3\xa9\r\n", "two\r\n.\r\n"}, false},
        {" BODY=8BITMIME", {"DATA\r\n", "A: b\r\n\r\none\r\n", "\xc3\xa9\r\n.\r\n"}, false},
        {" BODY=8BITMIME", {"DATA\r\n", "A: b\r\n\r\none\xc3", "\xa9\r\n.\r\n"}, false},
        {" BODY=8BITMIME", {"DATA\r\n", "A: b\r\n\r\none\r", "\n\xc3\xa9\r\n.\r\n"}, false},
        {" BODY=8BITMIME", {"BDAT 13 LAST\r\nA: b\r\n\r\none\r\n"}, true},
        {" BODY=8BITMIME", {"BDAT 13\r\nA: b\r\n\r\none\r\n", "BDAT 4 LAST\r\n\xc3\xa9\r\n"}, false},
        {" BODY=BINARYMIME", {"BDAT 13 LAST\r\nA: b\r\n\r\none\r\n"}, false},
        {" BODY=BINARYMIME", {"BDAT 13\r\nA: b\r\n\r\none\r\n", "BDAT 4 LAST\r\n\xc3\xa9\r\n"}, false},
    };
    for (const auto& one : cases) {
        conversation peer;
        peer.says("EHLO client.example\r\n");
        peer.says("MAIL FROM:<a@client.example>" + std::string{one.mail} + "\r\nRCPT TO:<b@mx.example>\r\n");
        for (const auto portion : one.portions)
            peer.says(portion);
        EXPECT_EQ(peer.was_told_ascii(), one.is_ascii) << one.mail << ": " << one.portions.back();
        EXPECT_EQ(peer.fault(), "");
        EXPECT_EQ(peer.kept().size(), 1U) << peer.take_replies();
    }
}

TEST(data, that_is_refused_is_drained_without_showing_the_rest)
{
    conversation peer;
    peer.plugin().script[hooks::hook_point::msg_headers].verdict = hooks::verdict_kind::reject;
    peer.has_sent_an_envelope();
    peer.says("Subject: hi\r\n\r\none\r\n");
    EXPECT_EQ(peer.take_replies(), "");
    EXPECT_EQ(peer.phase(), phase::content);
    peer.says("two\r\n.\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask msg.headers", "tell txn.aborted"));
    EXPECT_EQ(peer.take_replies(), "550 5.7.1 refused\r\n");
}

TEST(data, with_a_defect_in_its_body_is_abandoned)
{
    conversation peer;
    peer.has_sent_an_envelope();
    peer.says("Subject: hi\r\n\r\nfine\r\n");
    peer.says("bad\n\r\n.\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask msg.headers", "content 6", "tell txn.aborted", "abandon"));
    EXPECT_THAT(peer.take_replies(), StartsWith("550 5.6.0 "));
}

TEST(data, that_is_discarded_early_is_not_spooled)
{
    conversation peer;
    peer.plugin().script[hooks::hook_point::cmd_mail].verdict = hooks::verdict_kind::discard;
    peer.has_sent_an_envelope();
    peer.says("Subject: hi\r\n\r\none\r\n.\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("tell txn.aborted"));
    EXPECT_THAT(peer.take_replies(), StartsWith("250 2.0.0 queued as "));
    EXPECT_EQ(peer.session().accepted_count(), 1U);
    EXPECT_THAT(peer.kept(), IsEmpty());
}

TEST(data, of_many_megabytes_is_never_held)
{
    auto config = conversation::usual_config();
    config.limits.message_size = 0;
    conversation peer{config};
    peer.has_sent_an_envelope();
    peer.says("Subject: big\r\n\r\n");
    const std::string portion(16U << 10U, 'x');
    for (int i = 0; i < 512; ++i) {
        peer.says(portion);
        // Each portion comes out whole: nothing stays behind.
        ASSERT_EQ(peer.spooled().size(), portion.size() * static_cast<std::size_t>(i + 1));
    }
    peer.says("\r\n.\r\n");
    EXPECT_EQ(peer.kept().size(), 1U);
}

TEST(bdat, of_very_many_tiny_chunks_holds_none_of_them)
{
    conversation peer;
    peer.has_said_hello();
    peer.says("MAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nBDAT 14\r\nSubject: x\r\n\r\n");
    for (int i = 1; i <= 10000; ++i) {
        peer.says("BDAT 1\r\nx");
        ASSERT_EQ(peer.spooled().size(), static_cast<std::size_t>(i));
    }
    peer.says("BDAT 0 LAST\r\n");
    ASSERT_EQ(peer.kept().size(), 1U);
    EXPECT_EQ(peer.kept()[0].octets.size(), 10014U);
}

TEST(envelope, is_stored_as_it_was_said)
{
    conversation peer;
    peer.has_said_hello();
    peer.says("MAIL FROM:<a@client.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=QQ314159 SMTPUTF8\r\n"
              "RCPT TO:<b@mx.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+40x\r\n");
    const auto& envelope = peer.session().draft()->envelope;
    EXPECT_EQ(envelope.from.address, "a@client.example");
    EXPECT_EQ(envelope.from.declared_size, 100U);
    EXPECT_EQ(envelope.from.body, message::body_type::eight_bit_mime);
    EXPECT_EQ(envelope.from.ret, message::dsn_return::headers);
    EXPECT_EQ(envelope.from.envid, "QQ314159");
    EXPECT_TRUE(envelope.from.smtputf8);
    EXPECT_EQ(envelope.from.parameters.size(), 5U);
    ASSERT_EQ(envelope.to.size(), 1U);
    EXPECT_TRUE(envelope.to[0].notify.success);
    EXPECT_TRUE(envelope.to[0].notify.delay);
    EXPECT_FALSE(envelope.to[0].notify.failure);
    EXPECT_EQ(envelope.to[0].orcpt, "rfc822;b+40x");
    EXPECT_EQ(envelope.to[0].parameters.size(), 2U);
}

TEST(envelope, has_different_ids_in_each_transaction)
{
    conversation peer;
    peer.has_said_hello();
    peer.says("MAIL FROM:<a@client.example>\r\n");
    const auto first = peer.session().draft()->id;
    const auto transaction = peer.session().draft()->transaction;
    EXPECT_TRUE(first);
    EXPECT_NE(first.value, transaction.value);
    peer.says("RSET\r\nMAIL FROM:<a@client.example>\r\n");
    EXPECT_NE(peer.session().draft()->id, first);
    EXPECT_NE(peer.session().draft()->transaction, transaction);
}

TEST(envelope, of_an_alias_is_not_named_in_the_trace)
{
    conversation peer;
    peer.plugin().script[hooks::hook_point::cmd_rcpt].edits = {{hooks::edit_op::rcpt_replace, 0, "", "real@inside.example"}};
    peer.has_sent_an_envelope();
    peer.says(".\r\n");
    ASSERT_EQ(peer.kept().size(), 1U);
    EXPECT_THAT(peer.kept()[0].trace, testing::Not(HasSubstr("inside.example")));
}

TEST(envelope, of_several_recipients_names_none_in_the_trace) // RFC 5321 7.2
{
    conversation peer;
    peer.has_said_hello();
    peer.says("MAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nRCPT TO:<c@mx.example>\r\nBDAT 0 LAST\r\n");
    ASSERT_EQ(peer.kept().size(), 1U);
    EXPECT_THAT(peer.kept()[0].trace, testing::Not(HasSubstr(" for ")));
}

TEST(facts, are_those_of_the_last_name_and_the_handshake)
{
    auto config = conversation::usual_config();
    config.tls = server_tls::offered;
    conversation peer{config};
    peer.says("EHLO one.example\r\nHELO two.example\r\n");
    EXPECT_EQ(peer.session().facts().helo, "two.example");
    EXPECT_FALSE(peer.session().facts().extended);
    EXPECT_FALSE(peer.session().facts().tls);
    peer.says("STARTTLS\r\n");
    ASSERT_TRUE(peer.handshakes());
    EXPECT_EQ(peer.session().facts().helo, "");
    ASSERT_TRUE(peer.session().facts().tls);
    EXPECT_EQ(peer.session().facts().tls->version, "TLSv1.3");
}

TEST(facts, of_a_name_in_mid_transaction_are_asked_about_without_its_draft)
{
    conversation peer;
    peer.has_said_hello();
    peer.plugin().script[hooks::hook_point::cmd_helo].verdict = hooks::verdict_kind::score;
    peer.plugin().script[hooks::hook_point::cmd_helo].score = 5;
    peer.says("MAIL FROM:<a@client.example>\r\n");
    peer.plugin().script[hooks::hook_point::cmd_helo].verdict = hooks::verdict_kind::reject;
    peer.says("HELO other.example\r\n");
    ASSERT_NE(peer.session().draft(), nullptr);
    EXPECT_EQ(peer.session().draft()->score, 0);
    EXPECT_EQ(peer.session().facts().helo, "client.example");
    EXPECT_TRUE(peer.session().facts().extended);
}

TEST(facts, what_was_decided_of_a_name_goes_with_the_name)
{
    auto config = conversation::usual_config();
    config.tls = server_tls::offered;
    conversation peer{config};
    auto& answer = peer.plugin().script[hooks::hook_point::cmd_helo];
    answer.verdict = hooks::verdict_kind::hold;
    answer.text = "odd name";
    peer.says("EHLO odd.example\r\nMAIL FROM:<>\r\n");
    EXPECT_EQ(peer.session().draft()->held, "odd name");
    peer.plugin().script.clear();
    peer.says("EHLO client.example\r\nMAIL FROM:<>\r\n");
    EXPECT_FALSE(peer.session().draft()->held);

    peer.plugin().script[hooks::hook_point::cmd_helo].verdict = hooks::verdict_kind::discard;
    peer.says("EHLO odd.example\r\nSTARTTLS\r\n");
    ASSERT_TRUE(peer.handshakes());
    peer.plugin().script.clear();
    peer.says("EHLO client.example\r\nMAIL FROM:<>\r\n");
    ASSERT_NE(peer.session().draft(), nullptr);
    EXPECT_FALSE(peer.session().draft()->discarded);
}

TEST(bdat, is_asked_about_once_a_transaction)
{
    conversation peer;
    peer.has_said_hello();
    peer.says("MAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\n");
    (void)peer.take_steps();
    EXPECT_FALSE(peer.session().is_bdat());
    peer.says("BDAT 2\r\n\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask cmd.data", "ask msg.headers"));
    EXPECT_TRUE(peer.session().is_bdat());
    peer.says("BDAT 2 LAST\r\nhi");
    EXPECT_THAT(peer.take_steps(),
                ElementsAre("content 2 last", "ask msg.end", "ask txn.commit_before", "commit", "tell txn.committed"));
}

TEST(connection, opens_and_closes_with_its_hooks)
{
    conversation peer;
    peer.begin();
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask conn.open"));
    peer.says("QUIT\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask cmd.quit", "tell conn.close", "close"));
    EXPECT_TRUE(peer.is_closed());
}

TEST(connection, lost_in_a_transaction_tells_its_end_first)
{
    conversation peer;
    peer.has_sent_an_envelope();
    peer.says("Subject: x\r\n\r\nhalf");
    (void)peer.take_steps();
    peer.hangs_up();
    EXPECT_THAT(peer.take_steps(), ElementsAre("tell txn.aborted", "abandon", "tell conn.close", "close"));
    EXPECT_EQ(peer.take_replies(), "");
    EXPECT_EQ(peer.fault(), "");
}

struct bare_session {
    explicit bare_session(server_config from = conversation::usual_config()) : config{std::move(from)} {}

    server_config config;
    test::still_clock clock;
    base::seeded_random random{1};
    base::id_source ids{clock, random, 0};
    server_session session{config, {}, ids};
};

TEST(connection, lost_before_it_began_tells_nobody)
{
    bare_session bare;
    bare.session.disconnected();
    EXPECT_EQ(bare.session.resume().what, step::kind::close);
    EXPECT_EQ(bare.session.resume().what, step::kind::close);
}

TEST(connection, lost_while_a_plugin_thinks_takes_no_answer_any_more)
{
    for (const auto* said : {"EHLO x\r\n", "EHLO x\r\nMAIL FROM:<a@b.example>\r\n",
                             "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@mx.example>\r\n",
                             "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@mx.example>\r\nDATA\r\n",
                             "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@mx.example>\r\nDATA\r\nA: b\r\n\r\nc\r\n.\r\n"}) {
        int asks = 0;
        for (int lost_at = 1; lost_at < 12; ++lost_at) {
            bare_session bare;
            asks = 0;
            hooks::outcome vouch;
            vouch.vouched = true;
            bool is_fed = false;
            bool is_lost = false;
            for (auto next = bare.session.resume(); next.what != step::kind::close; next = bare.session.resume()) {
                if (next.what == step::kind::read) {
                    if (std::exchange(is_fed, true))
                        bare.session.disconnected();
                    else
                        bare.session.feed(said);
                } else if (next.what == step::kind::ask || next.what == step::kind::content) {
                    ASSERT_FALSE(is_lost);
                    if (++asks == lost_at) {
                        is_lost = true;
                        bare.session.disconnected();
                    }
                    bare.session.answer(vouch);
                } else if (next.what == step::kind::commit) {
                    ASSERT_FALSE(is_lost);
                    bare.session.committed(server_session::commit_result::kept);
                }
            }
            EXPECT_EQ(bare.session.draft(), nullptr);
        }
    }
}

TEST(connection, with_implicit_tls_says_nothing_before_the_handshake)
{
    auto config = conversation::usual_config();
    config.tls = server_tls::implicit;
    bare_session bare{config};
    EXPECT_EQ(bare.session.resume().what, step::kind::close);
    EXPECT_EQ(bare.session.output(), "");
}

TEST(connection, shuts_down_at_the_next_command_and_not_in_content)
{
    conversation peer;
    peer.has_sent_an_envelope();
    peer.server_shuts_down();
    EXPECT_FALSE(peer.is_closed());
    peer.says("A: b\r\n\r\nc\r\n.\r\nNOOP\r\n");
    EXPECT_THAT(peer.take_replies(), MatchesRegex("250 2\\.0\\.0 queued as .{13}\r\n421 4\\.3\\.2 shutting down\r\n"));
    EXPECT_TRUE(peer.is_closed());
}

TEST(connection, times_out_once)
{
    conversation peer;
    peer.begin();
    (void)peer.take_replies();
    peer.time_passes();
    EXPECT_EQ(peer.take_replies(), "421 4.4.2 timed out\r\n");
    peer.time_passes();
    EXPECT_EQ(peer.take_replies(), "");
}

TEST(connection, is_answered_late_in_the_second_half_of_its_errors_and_not_before)
{
    auto config = conversation::usual_config();
    config.limits.errors = 4;
    conversation peer{config};
    peer.has_said_hello();
    const auto pauses = [&] { return std::ranges::count(peer.take_steps(), "pause"); };
    (void)pauses();
    peer.says("FOO\r\nFOO\r\n");
    EXPECT_EQ(pauses(), 0);
    peer.says("FOO\r\nFOO\r\nNOOP\r\n");
    EXPECT_EQ(pauses(), 2) << "each error of a batch";
    EXPECT_FALSE(peer.is_closed());
    peer.says("FOO\r\n");
    EXPECT_EQ(pauses(), 1) << "the last reply too";
    EXPECT_TRUE(peer.is_closed());
}

TEST(connection, is_answered_late_in_the_second_half_of_its_idle_commands)
{
    auto config = conversation::usual_config();
    config.limits.idle_commands = 2;
    conversation peer{config};
    peer.has_said_hello();
    (void)peer.take_steps();
    peer.says("NOOP\r\nRSET\r\nVRFY x\r\n");
    EXPECT_EQ(std::ranges::count(peer.take_steps(), "pause"), 2);
    EXPECT_TRUE(peer.is_closed());
}

TEST(connection, that_tries_one_recipient_after_the_other_is_hung_up_on)
{
    auto config = conversation::usual_config();
    config.limits.idle_commands = 4; // EHLO is one
    conversation peer{config};
    peer.has_said_hello();
    peer.says("MAIL FROM:<a@client.example>\r\n");
    peer.plugin().script[hooks::hook_point::cmd_rcpt].verdict = hooks::verdict_kind::reject;
    peer.says("RCPT TO:<a@mx.example>\r\nRCPT TO:<b@mx.example>\r\nRCPT TO:<c@mx.example>\r\n");
    EXPECT_FALSE(peer.is_closed());
    (void)peer.take_replies();
    peer.says("RCPT TO:<d@mx.example>\r\n");
    EXPECT_EQ(peer.take_replies(), "421 4.7.0 too many commands without a message\r\n");
    EXPECT_TRUE(peer.is_closed());
}

TEST(connection, dates_a_message_by_the_time_that_it_was_told)
{
    bare_session bare;
    bare.session.at(base::wall_time{std::chrono::milliseconds{946'684'800'000}});
    bool is_fed = false;
    std::string trace;
    for (auto next = bare.session.resume(); next.what != step::kind::close && trace.empty(); next = bare.session.resume()) {
        if (next.what == step::kind::read && !std::exchange(is_fed, true))
            bare.session.feed("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<c@mx.example>\r\nBDAT 0 LAST\r\n");
        if (next.what == step::kind::ask && next.hook == hooks::hook_point::msg_headers)
            trace = bare.session.draft()->headers[0].value;
        hooks::outcome vouch;
        vouch.vouched = true;
        bare.session.answer(vouch);
    }
    EXPECT_THAT(trace, HasSubstr("Sat, 01 Jan 2000 00:00:00 +0000"));
}

TEST(recipients, are_taken_up_to_the_limit_with_those_that_were_dropped) // RFC 5321 4.5.3.1.8
{
    auto config = conversation::usual_config();
    config.limits.recipients = 100;
    conversation peer{config};
    peer.has_said_hello();
    peer.plugin().script[hooks::hook_point::cmd_rcpt].verdict = hooks::verdict_kind::discard;
    peer.says("MAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\n");
    peer.plugin().script.clear();
    for (int i = 1; i < 100; ++i)
        peer.says("RCPT TO:<b@mx.example>\r\n");
    EXPECT_THAT(peer.take_replies(), testing::Not(HasSubstr("452")));
    peer.says("RCPT TO:<b@mx.example>\r\n");
    EXPECT_EQ(peer.take_replies(), "452 4.5.3 too many recipients\r\n");
    EXPECT_EQ(peer.session().draft()->envelope.to.size(), 99U);
}

TEST(output, is_given_back_after_a_large_batch)
{
    conversation peer;
    peer.has_said_hello();
    std::string batch;
    for (int i = 0; i < 500; ++i)
        batch += "NOOP\r\n";
    peer.says(batch);
    EXPECT_EQ(peer.take_write_count(), 2 + 1); // greeting, EHLO, the batch
    EXPECT_EQ(peer.take_replies().size(), 500 * std::string{"250 2.0.0 ok\r\n"}.size());
    EXPECT_EQ(peer.session().output(), "");
}

} // namespace
} // namespace postern::session
