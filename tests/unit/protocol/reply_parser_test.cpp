#include "core/protocol/reply_parser.hpp"

#include "tests/unit/protocol/times.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

using namespace std::string_literals;
using status = reply_parser::status;
using testing::ElementsAre;

/// "code enhanced|line|line" for each reply of `octets`, in portions of `portion`; at last the fault, if there is one.
std::vector<std::string> replies_of(std::string_view octets, std::size_t portion, reply_limits limits = {})
{
    reply_parser parser{limits};
    std::vector<std::string> replies;
    while (!octets.empty()) {
        const std::string arrived{octets.substr(0, portion)};
        octets.remove_prefix(arrived.size());
        std::string_view rest = arrived;
        for (auto found = parser.feed(rest); found != status::need_more; found = parser.feed(rest)) {
            if (found == status::malformed) {
                EXPECT_FALSE(parser.fault().empty());
                replies.push_back("(" + std::string{parser.fault()} + ")");
                return replies;
            }
            replies.push_back(std::to_string(parser.value().code) + " " + parser.value().enhanced);
            for (const auto& line : parser.value().lines)
                replies.back() += "|" + line;
        }
        EXPECT_TRUE(rest.empty());
    }
    EXPECT_EQ(parser.fault(), "");
    return replies;
}

std::vector<std::string> replies_of(std::string_view octets)
{
    const auto whole = replies_of(octets, octets.size());
    for (std::size_t portion = 1; portion < octets.size(); ++portion)
        EXPECT_EQ(replies_of(octets, portion), whole) << "portions of " << portion;
    return whole;
}

TEST(reply_parser, reads_replies_one_by_one)
{
    EXPECT_THAT(replies_of("220 mx.example ESMTP\r\n250 2.1.0 Ok\r\n550 5.1.1 no such user\r\n"),
                ElementsAre("220 |mx.example ESMTP", "250 2.1.0|Ok", "550 5.1.1|no such user"));
}

TEST(reply_parser, reads_replies_of_several_lines)
{
    EXPECT_THAT(replies_of("250-mx.example\r\n250-SIZE 1000\r\n250 DSN\r\n354 go\r\n"),
                ElementsAre("250 |mx.example|SIZE 1000|DSN", "354 |go"));
    EXPECT_THAT(replies_of("550-5.7.1 one\r\n550-5.7.1\r\n550-two\r\n550 5.7.1 three\r\n"),
                ElementsAre("550 5.7.1|one||two|three"));
}

TEST(reply_parser, leaves_what_follows_a_reply)
{
    reply_parser parser;
    std::string_view octets = "220 ready\r\n250 too early\r\n";
    EXPECT_EQ(parser.feed(octets), status::complete);
    EXPECT_EQ(octets, "250 too early\r\n");
    EXPECT_FALSE(parser.is_inside_reply());
}

TEST(reply_parser, takes_a_reply_without_text) // RFC 5321 4.2
{
    EXPECT_THAT(replies_of("250\r\n250 \r\n250-\r\n250\r\n"), ElementsAre("250 |", "250 |", "250 ||"));
}

TEST(reply_parser, takes_only_an_enhanced_code_that_fits)
{
    EXPECT_THAT(replies_of("250 5.1.1 strange\r\n550 5.1.1x\r\n250 2.0.0\r\n354 2.0.0 go\r\n421 4.4.2 bye\r\n"),
                ElementsAre("250 |5.1.1 strange", "550 |5.1.1x", "250 2.0.0|", "354 |2.0.0 go", "421 4.4.2|bye"));
}

TEST(reply_parser, refuses_lines_with_different_codes) // RFC 5321 4.2.1
{
    EXPECT_THAT(replies_of("250-one\r\n251 two\r\n"), ElementsAre("(a reply whose lines have different codes)"));
    EXPECT_THAT(replies_of("250-one\r\n550 two\r\n250 ok\r\n"), ElementsAre("(a reply whose lines have different codes)"));
}

TEST(reply_parser, refuses_what_is_no_reply_line)
{
    for (const auto text : {"",
                            "2",
                            "25",
                            "ok",
                            "2500",
                            "250x",
                            "250\tx",
                            "25 0",
                            "150 no",
                            "650 no",
                            "260 no",
                            "2a0 x",
                            "-250 x",
                            " 250 x",
                            "abc",
                            "\xc3\xa9 x",
                            "HTTP/1.1 400 Bad Request",
                            "25a x",
                            "999 x",
                            "200_x"})
        EXPECT_THAT(replies_of(std::string{text} + "\r\n"), ElementsAre("(not a reply line)")) << text;
    EXPECT_THAT(replies_of("250-a\r\n\r\n"), ElementsAre("(not a reply line)"));
}

TEST(reply_parser, refuses_line_ends_other_than_crlf_and_nul)
{
    EXPECT_THAT(replies_of("250 a\n250 b\r\n"), ElementsAre("(a bare LF in a reply)"));
    EXPECT_THAT(replies_of("250 a\r250 b\r\n"), ElementsAre("(a bare CR in a reply)"));
    EXPECT_THAT(replies_of("250 a\0\r\n"s), ElementsAre("(a NUL in a reply)"));
}

TEST(reply_parser, stays_refused_until_reset)
{
    reply_parser parser;
    std::string_view octets = "garbage\r\n250 ok\r\n";
    EXPECT_EQ(parser.feed(octets), status::malformed);
    octets = "250 ok\r\n";
    EXPECT_EQ(parser.feed(octets), status::malformed);
    EXPECT_EQ(octets, "250 ok\r\n") << "nothing is taken";
    parser.reset();
    EXPECT_EQ(parser.fault(), "");
    EXPECT_EQ(parser.feed(octets), status::complete);
}

TEST(reply_parser, forgets_half_a_reply_when_reset)
{
    reply_parser parser;
    std::string_view octets = "250-one\r\n250 tw";
    EXPECT_EQ(parser.feed(octets), status::need_more);
    EXPECT_TRUE(parser.is_inside_reply());
    parser.reset();
    EXPECT_FALSE(parser.is_inside_reply());
    octets = "220 fresh\r\n";
    EXPECT_EQ(parser.feed(octets), status::complete);
    EXPECT_EQ(parser.value(), (reply{220, "", {"fresh"}}));
}

TEST(reply_parser, knows_when_it_is_inside_a_reply)
{
    reply_parser parser;
    EXPECT_FALSE(parser.is_inside_reply());
    for (const std::string_view part : {"2", "50-x\r\n", "25", "0 y\r"}) {
        auto octets = part;
        EXPECT_EQ(parser.feed(octets), status::need_more);
        EXPECT_TRUE(parser.is_inside_reply());
    }
    std::string_view octets = "\n";
    EXPECT_EQ(parser.feed(octets), status::complete);
    EXPECT_FALSE(parser.is_inside_reply());
}

TEST(reply_parser, replaces_controls_and_keeps_octets_above_127)
{
    EXPECT_THAT(replies_of("550 a\x1b[2Jb\x7f"
                           "c\td\xc3\xa9\r\n"),
                ElementsAre("550 |a?[2Jb?c\td\xc3\xa9"));
}

TEST(reply_parser, takes_a_line_of_the_limit_but_not_one_octet_more)
{
    const reply_limits limits{.line = 20};
    for (const std::size_t portion : {1U, 3U, 19U, 20U, 100U}) {
        EXPECT_THAT(replies_of("250 " + times(14, 'a') + "\r\n", portion, limits), ElementsAre("250 |" + std::string(14, 'a')));
        EXPECT_THAT(replies_of("250 " + times(15, 'a') + "\r\n", portion, limits), ElementsAre("(a reply line over the limit)"));
    }
}

TEST(reply_parser, does_not_wait_for_the_end_of_an_endless_line)
{
    reply_parser parser;
    const std::string endless(3000, '2');
    std::string_view octets = endless;
    EXPECT_EQ(parser.feed(octets), status::malformed);
    EXPECT_EQ(parser.fault(), "a reply line over the limit");
}

TEST(reply_parser, takes_as_many_octets_as_the_limit_but_not_one_more)
{
    for (const std::size_t portion : {1U, 7U, 100U}) {
        EXPECT_THAT(replies_of("250-aa\r\n250 bb\r\n", portion, {.total = 16}), ElementsAre("250 |aa|bb"));
        EXPECT_THAT(replies_of("250-aa\r\n250 bbb\r\n", portion, {.total = 16}), ElementsAre("(a reply over the limit)"));
        EXPECT_THAT(replies_of("250 aaaaaaaaaa\r\n250 bbbbbbbbbb\r\n", portion, {.total = 16}),
                    ElementsAre("250 |aaaaaaaaaa", "250 |bbbbbbbbbb"))
            << "each reply has its own";
    }
}

TEST(reply_parser, takes_as_many_lines_as_the_limit_but_not_one_more)
{
    EXPECT_THAT(replies_of("250-a\r\n250-b\r\n250 c\r\n", 100, {.lines = 3}), ElementsAre("250 |a|b|c"));
    EXPECT_THAT(replies_of("250-a\r\n250-b\r\n250-c\r\n250 d\r\n", 100, {.lines = 3}),
                ElementsAre("(a reply with too many lines)"));
}

TEST(reply_parser, reads_what_append_reply_writes)
{
    const reply written{550, "5.7.1", {"one", "two words", std::string(400, 'x')}};
    std::string octets;
    append_reply(octets, written);
    reply_parser parser;
    std::string_view rest = octets;
    ASSERT_EQ(parser.feed(rest), status::complete);
    EXPECT_EQ(parser.value(), written);
}

TEST(reply_parser, names_the_limit_that_was_passed_first_whatever_the_portions)
{
    const auto fault = [](std::string octets, std::size_t portion) {
        reply_parser parser{{.line = 200, .total = 1000, .lines = 20}};
        for (std::string_view left = octets; !left.empty();) {
            auto part = left.substr(0, portion);
            left.remove_prefix(part.size());
            while (parser.feed(part) == reply_parser::status::complete) {
            }
        }
        return parser.fault();
    };
    const auto line = [](std::size_t octets) { return "250-" + std::string(octets - 6, 'x') + "\r\n"; };
    const std::string one_long = line(12'000);
    std::string many;
    for (int i = 0; i < 6; ++i)
        many += line(160);
    many += line(400); // over both: the whole reply first
    for (const std::size_t portion : {1, 2, 13, 200, 201, 20'000}) {
        EXPECT_EQ(fault(one_long, portion), "a reply line over the limit") << portion;
        EXPECT_EQ(fault(many, portion), "a reply over the limit") << portion;
    }
}

} // namespace
} // namespace postern::protocol
