#include "core/protocol/reply.hpp"

#include "tests/unit/protocol/times.hpp"

#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

using namespace literals;
using namespace std::string_literals;

std::string wire(std::uint16_t code, std::string_view enhanced, std::string_view text)
{
    std::string out;
    append_reply(out, code, enhanced, text);
    return out;
}

/// The octets of each line with its CRLF.
std::vector<std::string> lines_of(const std::string& octets)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < octets.size(); at += lines.back().size())
        lines.push_back(octets.substr(at, octets.find("\r\n", at) + 2 - at));
    return lines;
}

TEST(reply, is_a_code_an_enhanced_code_and_a_text)
{
    EXPECT_EQ(wire(250, "2.1.0", "Ok"), "250 2.1.0 Ok\r\n");
    EXPECT_EQ(wire(220, "", "mx.example ESMTP"), "220 mx.example ESMTP\r\n");
    EXPECT_EQ(wire(250, "", ""), "250 \r\n");
}

TEST(reply, is_appended_to_what_is_there)
{
    std::string out = "250 2.1.0 Ok\r\n";
    append_reply(out, 250, "2.1.5", "Ok");
    append_reply(out, "221 2.0.0 Bye\r\n"_reply);
    EXPECT_EQ(out, "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n221 2.0.0 Bye\r\n");
}

TEST(reply, of_several_lines_has_a_hyphen_on_all_but_the_last) // RFC 5321 4.2.1
{
    std::string out;
    append_reply(out, reply{214, "2.0.0", {"one", "", "three"}});
    EXPECT_EQ(out, "214-2.0.0 one\r\n214-2.0.0 \r\n214 2.0.0 three\r\n");
    out.clear();
    append_reply(out, reply{354, "", {}});
    EXPECT_EQ(out, "354 \r\n");
}

TEST(reply, cannot_become_two)
{
    EXPECT_EQ(wire(550, "5.7.1", "no\r\n250 yes"), "550 5.7.1 no??250 yes\r\n");
    EXPECT_EQ(wire(550, "5.7.1", "a\0b\x1b[2Jc\x7f\xc3\xa9"s), "550 5.7.1 a?b?[2Jc???\r\n");
    EXPECT_EQ(wire(550, "5.7.1\r\n250", "x"), "550 x\r\n") << "an enhanced code that is none is left out";
    std::string out;
    append_reply(out, reply{550, "5.7.1", {"a\nb", "\r\n.\r\n"}});
    EXPECT_EQ(out, "550-5.7.1 a?b\r\n550 5.7.1 ??.??\r\n");
}

TEST(reply, keeps_tabs)
{
    EXPECT_EQ(wire(250, "", "a\tb"), "250 a\tb\r\n");
}

TEST(reply, drops_an_enhanced_code_of_another_class)
{
    EXPECT_EQ(wire(550, "4.7.1", "x"), "550 x\r\n");
    EXPECT_EQ(wire(354, "2.0.0", "x"), "354 x\r\n");
}

TEST(reply, fills_a_line_of_512_octets_but_not_of_513) // RFC 5321 4.5.3.1.5
{
    const auto whole = wire(250, "2.0.0", std::string(512 - 12, 'a'));
    EXPECT_EQ(whole.size(), 512U);
    EXPECT_EQ(lines_of(whole).size(), 1U);
    const auto lines = lines_of(wire(250, "2.0.0", std::string(512 - 11, 'a')));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0], "250-2.0.0 " + times(500, 'a') + "\r\n");
    EXPECT_EQ(lines[1], "250 2.0.0 a\r\n");
}

TEST(reply, breaks_long_text_at_spaces_and_loses_none_of_it)
{
    std::string text = "start";
    for (int i = 0; i < 700; ++i)
        text += " word" + std::to_string(i);
    const auto lines = lines_of(wire(451, "4.3.0", text));
    std::string joined;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_LE(lines[i].size(), 512U);
        EXPECT_EQ(lines[i].substr(0, 10), i + 1 == lines.size() ? "451 4.3.0 " : "451-4.3.0 ");
        joined += (i == 0 ? "" : " ") + lines[i].substr(10, lines[i].size() - 12);
    }
    EXPECT_EQ(joined, text);
}

TEST(reply, breaks_at_a_space_that_is_just_behind_the_room)
{
    const auto lines = lines_of(wire(250, "", times(506, 'a') + " b"));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].size(), 512U);
    EXPECT_EQ(lines[1], "250 b\r\n");
}

TEST(reply, knows_its_class)
{
    EXPECT_TRUE(reply{.code = 250}.is_positive());
    EXPECT_TRUE(reply{.code = 354}.is_positive());
    EXPECT_TRUE(reply{.code = 421}.is_transient_failure());
    EXPECT_TRUE(reply{.code = 550}.is_permanent_failure());
    EXPECT_FALSE(reply{.code = 550}.is_positive());
    EXPECT_FALSE(reply{.code = 399}.is_transient_failure());
    EXPECT_EQ((reply{250, "2.0.0", {"a", "b"}}.text()), "a b");
}

TEST(reply_text, is_printable_ascii)
{
    EXPECT_TRUE(is_reply_text(""));
    EXPECT_TRUE(is_reply_text(" ~\t"));
    for (const auto& text : {"\r"s, "\n"s, "\0"s, "\x1f"s, "\x7f"s, "\x80"s})
        EXPECT_FALSE(is_reply_text("a" + text + "b"));
}

} // namespace
} // namespace postern::protocol
