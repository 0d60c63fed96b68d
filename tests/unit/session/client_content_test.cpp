#include "tests/unit/session/client_conversation.hpp"

namespace postern::session {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using conversation = test::client_conversation;

// The envelope was accepted; returns what the session then said.
std::string is_asked_for_content(conversation& c, std::string_view offers = "PIPELINING")
{
    c.is_greeted(offers);
    (void)c.sends();
    const bool by_chunks = offers.find("CHUNKING") != std::string_view::npos;
    return c.hears(by_chunks ? "250 ok\r\n250 ok\r\n" : "250 ok\r\n250 ok\r\n354 go\r\n");
}

// RFC 5321 4.5.2
TEST(client_content, stuffs_dots_however_it_is_given)
{
    for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
        conversation c;
        c.piece = piece;
        c.content = ".a\r\n..\r\n.\r\nb.\r\n\r\n.";
        EXPECT_EQ(is_asked_for_content(c), "..a\r\n...\r\n..\r\nb.\r\n\r\n..\r\n.\r\n");
    }
}

std::string lines(std::size_t count)
{
    std::string text;
    while (count-- > 0)
        text += "a line of text of no special kind\r\n";
    return text;
}

TEST(client_content, goes_out_from_where_it_lies_where_nothing_is_to_be_changed)
{
    for (const auto* offers : {"PIPELINING", "PIPELINING,CHUNKING"}) {
        conversation c;
        c.ready = 0;
        c.content = lines(1000);
        (void)is_asked_for_content(c, offers);
        ASSERT_EQ(c.step().what, client_step::kind::content);
        c.session().give_content(c.content, true);
        const auto output = c.session().output();
        EXPECT_EQ(output.content.data(), c.content.data());
        EXPECT_EQ(output.content.size(), c.content.size());
        const bool by_chunks = std::string_view{offers}.ends_with("CHUNKING");
        EXPECT_EQ(output.said, by_chunks ? "BDAT " + std::to_string(c.content.size()) + " LAST\r\n" : "");
        EXPECT_EQ(output.end, by_chunks ? "" : ".\r\n");
        EXPECT_EQ(output.size(), output.said.size() + c.content.size() + output.end.size());
        c.session().output_sent();
        EXPECT_TRUE(c.session().output().empty());
    }
}

TEST(client_content, goes_out_whole_with_dots_at_its_beginning_its_middle_and_its_end)
{
    const auto text = lines(1000);
    for (const std::size_t piece : {std::string::npos, std::size_t{8192}, std::size_t{10000}})
        for (const auto& [given, wanted] :
             {std::pair{"." + text, ".." + text}, std::pair{text + ".\r\n" + text, text + "..\r\n" + text},
              std::pair{text + ".", text + "..\r\n"}, std::pair{text + "end", text + "end\r\n"}}) {
            conversation c;
            c.piece = piece;
            c.content = given;
            EXPECT_EQ(is_asked_for_content(c), wanted + ".\r\n");
        }
}

TEST(client_content, keeps_its_place_before_what_is_given_after_it)
{
    for (const auto* offers : {"PIPELINING", "PIPELINING,CHUNKING"}) {
        conversation c;
        c.ready = 0;
        (void)is_asked_for_content(c, offers);
        std::string first = lines(1000);
        c.session().give_content(first, false); // and nothing is flushed
        c.session().give_content("end\r\n", true);
        const auto output = c.session().output();
        const bool by_chunks = std::string_view{offers}.ends_with("CHUNKING");
        const auto whole = std::string{output.said}.append(output.content).append(output.end);
        const auto size = std::to_string(first.size());
        EXPECT_EQ(whole, by_chunks ? "BDAT " + size + "\r\n" + first + "BDAT 5 LAST\r\nend\r\n" : first + "end\r\n.\r\n");
    }
}

TEST(client_content, that_did_not_go_out_whole_is_not_a_lost_reply) // RFC 1047
{
    conversation c;
    c.ready = 0;
    (void)is_asked_for_content(c);
    const auto content = lines(1000);
    c.session().give_content(content, true);
    c.session().disconnected();
    (void)c.runs();
    EXPECT_FALSE(c.last().reply_lost);
    EXPECT_TRUE(c.session().output().empty()) << "nobody may look at what was lent";
}

TEST(client_content, is_lent_in_whatever_pieces_and_with_whatever_answers)
{
    for (const std::size_t piece : {1U, 3U, 7U})
        for (const auto* offers : {"PIPELINING", "PIPELINING,CHUNKING"}) {
            conversation lends;
            conversation copies;
            for (auto* c : {&lends, &copies}) {
                c->piece = piece;
                c->content = ".a\r\nb\r\n.\r\n\r\n..c\r\n";
            }
            lends.config.limits.lends_from = 1;
            EXPECT_EQ(is_asked_for_content(lends, offers), is_asked_for_content(copies, offers));
            EXPECT_EQ(lends.hears("250 ok\r\n"), copies.hears("250 ok\r\n"));
        }
}

TEST(client_content, may_be_empty)
{
    conversation c;
    c.content.clear();
    EXPECT_THAT(is_asked_for_content(c), testing::EndsWith(".\r\n"));
    EXPECT_TRUE(c.waits_for(client_phase::final));
    conversation d;
    d.content.clear();
    EXPECT_EQ(is_asked_for_content(d, "CHUNKING,PIPELINING"), "BDAT 0 LAST\r\n");
}

// RFC 5321 2.3.8; the smuggling of 2023
TEST(client_content, never_leaves_with_a_bare_line_end_or_a_nul)
{
    using namespace std::string_literals;
    for (const auto& bad : {"a\nb\r\n"s, "a\rb\r\n"s, "a\0b\r\n"s, "a\r\n.\nMAIL\r\n"s, "a\r\n.\r"s, "a\r"s, "\n.\r\n"s})
        for (const auto* offers : {"PIPELINING", "PIPELINING,CHUNKING"})
            for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
                conversation c;
                c.content = bad;
                c.piece = piece;
                const auto said = is_asked_for_content(c, offers);
                EXPECT_THAT(said, testing::Not(testing::EndsWith("\r\n.\r\n")));
                EXPECT_THAT(said, testing::Not(HasSubstr("LAST")));
                EXPECT_TRUE(c.is_closed());
                EXPECT_THAT(c.result(), StartsWith("failed 0 5.6.0"));
                EXPECT_EQ(c.session().end(), client_end::content_failed);
            }
}

TEST(client_content, goes_by_bdat_where_offered_and_unstuffed)
{
    conversation c;
    c.content = ".a\r\n.\r\n";
    c.is_greeted("PIPELINING,CHUNKING");
    EXPECT_EQ(c.sends(), "MAIL FROM:<a@client.example>\r\nRCPT TO:<u@example.com>\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n250 ok\r\n"), "BDAT 7 LAST\r\n.a\r\n.\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::final));
    (void)c.hears("250 kept\r\n");
    EXPECT_EQ(c.result(), "delivered 250 kept");
    EXPECT_TRUE(c.is_idle());
    EXPECT_THAT(c.sends(), StartsWith("MAIL"));
}

TEST(client_content, can_be_told_not_to_chunk)
{
    conversation c;
    c.config.chunking = false;
    c.is_greeted("PIPELINING,CHUNKING");
    EXPECT_THAT(c.sends(), testing::EndsWith("DATA\r\n"));
}

TEST(client_content, may_be_anything_by_bdat_when_it_is_binary)
{
    using namespace std::string_literals;
    conversation c;
    c.transaction.is_binary = true;
    c.content = "\0\n\r\r.\n"s;
    EXPECT_EQ(is_asked_for_content(c, "PIPELINING,CHUNKING,BINARYMIME"), "BDAT 6 LAST\r\n\0\n\r\r.\n"s);
}

// A server that does not skip a refused chunk would run it as commands.
TEST(client_content, sends_no_chunk_before_somebody_is_accepted)
{
    conversation c;
    c.content = "MAIL FROM:<evil@example.com>\r\n";
    c.is_greeted("PIPELINING,CHUNKING");
    (void)c.sends();
    EXPECT_EQ(c.hears("250 ok\r\n550 who?\r\n"), "");
    EXPECT_TRUE(c.is_idle());
    EXPECT_EQ(c.result(), "failed 550 who?");
}

TEST(client_content, keeps_a_bounded_number_of_chunks_unanswered)
{
    conversation c;
    c.config.limits.chunks_ahead = 2;
    c.piece = 4;
    c.content = "aa\r\nbb\r\ncc\r\ndd\r\n";
    EXPECT_EQ(is_asked_for_content(c, "PIPELINING,CHUNKING"), "BDAT 4\r\naa\r\nBDAT 4\r\nbb\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::data));
    EXPECT_EQ(c.hears("250 4 octets\r\n"), "BDAT 4\r\ncc\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n250 ok\r\n"), "BDAT 4 LAST\r\ndd\r\n");
    EXPECT_TRUE(c.waits_for(client_phase::final));
    (void)c.hears("250 kept\r\n");
    EXPECT_EQ(c.result(), "delivered 250 kept");
}

TEST(client_content, waits_for_each_chunk_without_pipelining)
{
    conversation c;
    c.piece = 4;
    c.content = "aa\r\nbb\r\n";
    c.is_greeted("CHUNKING");
    (void)c.sends();
    (void)c.hears("250 ok\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n"), "BDAT 4\r\naa\r\n");
    EXPECT_EQ(c.hears("250 ok\r\n"), "BDAT 4 LAST\r\nbb\r\n");
}

TEST(client_content, ends_with_the_first_refused_chunk)
{
    conversation c;
    c.config.limits.chunks_ahead = 2;
    c.piece = 4;
    c.content = "aa\r\nbb\r\ncc\r\n";
    (void)is_asked_for_content(c, "PIPELINING,CHUNKING");
    EXPECT_EQ(c.hears("552 5.3.4 too big\r\n"), ""); // no further chunk; the second one's reply is still to come
    EXPECT_EQ(c.done(), 0U);
    EXPECT_EQ(c.hears("503 5.5.1 no transaction\r\n"), "");
    EXPECT_EQ(c.result(), "failed 552 5.3.4 too big");
    EXPECT_TRUE(c.is_idle());
    EXPECT_THAT(c.sends(), StartsWith("RSET\r\nMAIL"));
}

TEST(client_content, is_not_delivered_by_a_last_chunk_after_a_refused_one)
{
    conversation c;
    c.piece = 4;
    c.content = "aa\r\nbb\r\n";
    (void)is_asked_for_content(c, "PIPELINING,CHUNKING");
    (void)c.hears("451 4.3.0 lost it\r\n250 kept\r\n");
    EXPECT_EQ(c.result(), "deferred 451 4.3.0 lost it");
}

// The verdict came in two portions, and the end of the content went out between them.
TEST(client_content, takes_a_reply_that_began_before_the_end_for_no_success_and_goes_no_further)
{
    const auto hears_around_the_end = [](std::string_view before, std::string_view behind) {
        auto c = std::make_unique<conversation>();
        c->content = "aa\r\nbb\r\n";
        c->ready = 4;
        EXPECT_EQ(is_asked_for_content(*c), "aa\r\n");
        EXPECT_EQ(c->hears(before), "");
        EXPECT_EQ(c->step().what, client_step::kind::content);
        c->ready = std::string::npos;
        EXPECT_EQ(c->runs(), "bb\r\n.\r\n");
        EXPECT_EQ(c->hears(behind), "");
        EXPECT_TRUE(c->is_closed());
        return c;
    };
    const auto refused = hears_around_the_end("55", "2 5.3.4 enough\r\n");
    EXPECT_EQ(refused->result(), "failed 552 5.3.4 enough");
    EXPECT_FALSE(refused->last().reply_lost);
    EXPECT_EQ(hears_around_the_end("421-4.3.2 going\r\n421", " 4.3.2 now\r\n")->result(), "deferred 421 4.3.2 going now");
    const auto early = hears_around_the_end("2", "50 kept\r\n");
    EXPECT_THAT(early->result(), StartsWith("deferred 0 4.5.0"));
    EXPECT_EQ(early->session().end(), client_end::protocol_error);
    EXPECT_TRUE(early->last().reply_lost) << "it may have the message all the same";
}

TEST(client_content, takes_a_refusal_between_chunks_for_the_verdict)
{
    conversation c;
    c.piece = 4;
    c.ready = 4;
    c.content = "aa\r\nbb\r\n";
    EXPECT_EQ(is_asked_for_content(c, "PIPELINING,CHUNKING"), "BDAT 4\r\naa\r\n");
    EXPECT_EQ(c.hears("250 4 octets\r\n"), "");
    EXPECT_EQ(c.hears("451 4.4.2 too slow\r\n"), "");
    EXPECT_EQ(c.result(), "deferred 451 4.4.2 too slow");
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.session().end(), client_end::refused);
}

// A write failed: the end of the content was not sent, and so no reply to it was lost.
TEST(client_content, hears_the_last_words_of_a_server_that_takes_no_more)
{
    for (const std::string_view words : {"552 5.3.4 enough\r\n", "421 4.3.2 shutting down\r\n", "", "552 5.3"}) {
        conversation c;
        c.ready = 4;
        c.content = "aa\r\nbb\r\n";
        (void)is_asked_for_content(c);
        auto& s = c.session();
        s.give_content("bb\r\n", true);
        ASSERT_EQ(s.resume().what, client_step::kind::read);
        s.feed(words);
        s.disconnected();
        EXPECT_EQ(c.runs(), "");
        EXPECT_TRUE(c.is_closed());
        EXPECT_FALSE(c.last().reply_lost);
        EXPECT_EQ(c.result(), words.starts_with("421")  ? "deferred 421 4.3.2 shutting down"
                              : words.ends_with("\r\n") ? "failed 552 5.3.4 enough"
                                                        : "deferred 0 4.4.2 connection lost");
    }
}

TEST(client_content, takes_the_final_reply_for_everybody_accepted)
{
    conversation c;
    c.has_recipients(2);
    c.is_greeted("PIPELINING");
    (void)c.sends();
    (void)c.hears("250 ok\r\n250 ok\r\n550 who?\r\n354 go\r\n");
    (void)c.hears("451 4.7.1 greylisted\r\n");
    EXPECT_EQ(c.result(0), "deferred 451 4.7.1 greylisted");
    EXPECT_EQ(c.result(1), "failed 550 who?");
    EXPECT_FALSE(c.last().reply_lost);
}

TEST(client_content, closes_when_the_caller_has_no_more)
{
    conversation c;
    c.is_greeted("PIPELINING");
    std::vector<std::uint32_t> who = {0};
    c.transaction.envelope = &c.envelope;
    c.transaction.recipients = who;
    auto& s = c.session();
    s.send(c.transaction);
    (void)s.resume();
    s.output_sent();
    s.feed("250 ok\r\n250 ok\r\n354 go\r\n");
    ASSERT_EQ(s.resume().what, client_step::kind::content);
    s.give_content("half a li", false);
    ASSERT_EQ(s.resume().what, client_step::kind::content);
    s.output_sent();
    s.content_failed("the store failed");
    EXPECT_EQ(c.runs(), ""); // no dot, no QUIT
    EXPECT_TRUE(c.is_closed());
    EXPECT_EQ(c.result(), "deferred 0 4.3.0 the store failed");
    s.give_content("too late\r\n", true); // a caller that was still fetching
    EXPECT_EQ(c.runs(), "");
    EXPECT_EQ(c.done(), 1U);
}

TEST(client_content, gives_a_text_of_one_bounded_line)
{
    conversation c;
    c.config.limits.reply_text = 10;
    (void)is_asked_for_content(c);
    (void)c.hears("554-5.7.1 one two\r\n554 5.7.1 three\r\n");
    EXPECT_EQ(c.result(), "failed 554 5.7.1 one two th");
    conversation d;
    d.config.limits.reply_text = 4;
    (void)is_asked_for_content(d);
    (void)d.hears("554 abc\xc3\xa9\r\n");
    EXPECT_EQ(d.result(), "failed 554 abc");
    conversation e;
    (void)is_asked_for_content(e);
    (void)e.hears("554 a\xff"
                  "b\r\n");
    EXPECT_EQ(e.result(), "failed 554 a?b");
    conversation f;
    (void)is_asked_for_content(f);
    (void)f.hears("554 a\tb\x01"
                  "c\r\n");
    EXPECT_EQ(f.result(), "failed 554 a b?c");
}

} // namespace
} // namespace postern::session
