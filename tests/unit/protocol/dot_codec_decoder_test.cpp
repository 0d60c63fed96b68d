#include "core/protocol/dot_codec.hpp"

#include "tests/unit/protocol/portions.hpp"
#include "tests/unit/protocol/times.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace postern::protocol {
namespace {

using namespace std::string_literals;
using testing_content::decode_at;
using testing_content::decoded;
using testing_content::every;
using testing_content::for_all_strings;
using testing_content::operator==;

/// Decodes in all portions of equal size; they must agree.
decoded decode(std::string_view wire, bare_lf_rule rule = bare_lf_rule::keep)
{
    const auto whole = decode_at(wire, {}, rule);
    for (std::size_t size = 1; size < wire.size(); ++size) {
        const auto again = decode_at(wire, every(size, wire.size()), rule);
        EXPECT_EQ(again.content, whole.content) << "portions of " << size;
        EXPECT_EQ(again.rest, whole.rest);
        EXPECT_EQ(again.done, whole.done);
        EXPECT_TRUE(again.facts == whole.facts);
    }
    return whole;
}

/// What RFC 5321 4.5.2 says, written down without any thought of portions: content and rest, if there is an end.
struct plain_result {
    std::string content;
    std::string rest;
};
std::optional<plain_result> plain_decode(const std::string& wire)
{
    const auto lines = "\r\n" + wire;
    const auto end = lines.find("\r\n.\r\n");
    if (end == std::string::npos)
        return std::nullopt;
    auto content = lines.substr(0, end + 2);
    for (auto at = content.find("\r\n."); at != std::string::npos; at = content.find("\r\n.", at + 2))
        content.erase(at + 2, 1);
    return plain_result{content.substr(2), lines.substr(end + 5)};
}

/// The same with bare LFs as line ends, of which none is part of an end of content.
std::optional<plain_result> plain_decode_to_crlf(const std::string& wire)
{
    plain_result result;
    bool behind_crlf = true;
    for (std::size_t begin = 0;;) {
        const auto lf = wire.find('\n', begin);
        if (lf == std::string::npos)
            return std::nullopt;
        const bool is_crlf = lf > begin && wire[lf - 1] == '\r';
        auto line = wire.substr(begin, lf - begin - (is_crlf ? 1 : 0));
        begin = lf + 1;
        if (line == "." && is_crlf && behind_crlf) {
            result.rest = wire.substr(begin);
            return result;
        }
        if (line.size() > 1 && line[0] == '.')
            line.erase(0, 1);
        result.content += line + "\r\n";
        behind_crlf = is_crlf;
    }
}

TEST(dot_decoder, ends_at_a_lone_dot_and_leaves_what_follows)
{
    const auto result = decode("Subject: hi\r\n\r\nhello\r\n.\r\nQUIT\r\n");
    EXPECT_TRUE(result.done);
    EXPECT_EQ(result.content, "Subject: hi\r\n\r\nhello\r\n");
    EXPECT_EQ(result.rest, "QUIT\r\n");
    EXPECT_FALSE(result.facts.has_defect());
}

TEST(dot_decoder, ends_at_once_when_the_first_line_is_the_dot)
{
    const auto result = decode(".\r\nQUIT\r\n");
    EXPECT_TRUE(result.done);
    EXPECT_EQ(result.content, "");
    EXPECT_EQ(result.rest, "QUIT\r\n");
}

TEST(dot_decoder, takes_nothing_after_the_end)
{
    dot_decoder decoder;
    std::string_view octets = ".\r\nRSET\r\n";
    EXPECT_TRUE(decoder.next(octets).empty());
    EXPECT_TRUE(decoder.is_done());
    EXPECT_TRUE(decoder.next(octets).empty());
    EXPECT_EQ(octets, "RSET\r\n");
}

TEST(dot_decoder, takes_one_leading_dot_away) // RFC 5321 4.5.2
{
    EXPECT_EQ(decode("..\r\n...\r\n.a\r\na.\r\n.\r\n").content, ".\r\n..\r\na\r\na.\r\n");
    EXPECT_EQ(decode("..\r\n.\r\n").content, ".\r\n");
    EXPECT_EQ(decode(".. \r\n.\r\n").content, ". \r\n");
}

TEST(dot_decoder, is_not_done_before_the_last_octet)
{
    const std::string wire = "a\r\n.\r\n";
    for (std::size_t size = 0; size < wire.size(); ++size)
        EXPECT_FALSE(decode(wire.substr(0, size)).done) << size;
    EXPECT_TRUE(decode(wire).done);
}

TEST(dot_decoder, gives_content_out_before_it_has_ended)
{
    dot_decoder decoder;
    std::string_view octets = "half a line";
    EXPECT_EQ(decoder.next(octets), "half a line");
    octets = " and\r";
    EXPECT_EQ(decoder.next(octets), " and\r");
    octets = "\n.";
    EXPECT_EQ(decoder.next(octets), "\n");
    EXPECT_EQ(decoder.next(octets), "") << "what a dot is, the next octet tells";
}

TEST(dot_decoder, gives_a_portion_without_leading_dots_as_one_view)
{
    std::string wire;
    while (wire.size() < 65'536)
        wire += "a line with a dot. and another one .\r\n";
    dot_decoder decoder;
    std::string_view octets = wire;
    const auto run = decoder.next(octets);
    EXPECT_EQ(static_cast<const void*>(run.data()), wire.data());
    EXPECT_EQ(run.size(), wire.size());
    EXPECT_TRUE(octets.empty());
}

TEST(dot_decoder, measures_lines_without_their_stuffed_dot) // RFC 5321 4.5.3.1.6
{
    EXPECT_EQ(decode_at("." + times(998, 'a') + "\r\n.\r\n", {}).facts.longest_line, 1000U);
    EXPECT_EQ(decode_at(times(999, 'a') + "\r\n.\r\n", {}).facts.longest_line, 1001U);
    EXPECT_EQ(decode("..\r\n.\r\n").facts.longest_line, 3U);
}

TEST(dot_decoder, tells_of_every_octet_that_content_may_not_hold)
{
    EXPECT_TRUE(decode("a\nb\r\n.\r\n").facts.bare_lf);
    EXPECT_TRUE(decode("a\rb\r\n.\r\n").facts.bare_cr);
    EXPECT_TRUE(decode("a\0b\r\n.\r\n"s).facts.nul);
    EXPECT_TRUE(decode(".\ra\r\n.\r\n").facts.bare_cr);
    EXPECT_TRUE(decode(".\na\r\n.\r\n").facts.bare_lf);
    EXPECT_TRUE(decode("\xff\r\n.\r\n").facts.eight_bit);
}

TEST(dot_decoder, agrees_with_the_rule_for_every_short_content_in_every_division)
{
    for_all_strings("\r\n.a", 6, [](const std::string& text) {
        const auto wire = text + "\r\n.\r\n";
        const auto expected = plain_decode(wire);
        const auto whole = decode_at(wire, {});
        ASSERT_TRUE(expected && whole.done);
        ASSERT_EQ(whole.content, expected->content) << testing::PrintToString(text);
        ASSERT_EQ(whole.rest, expected->rest);
        const auto single = decode_at(wire, every(1, wire.size()));
        ASSERT_EQ(single.content, expected->content) << testing::PrintToString(text);
        ASSERT_EQ(single.rest, expected->rest);
        ASSERT_TRUE(single.facts == whole.facts);
        for (std::size_t cut = 1; cut < wire.size(); ++cut) {
            const auto two = decode_at(wire, {cut});
            ASSERT_EQ(two.content, expected->content) << testing::PrintToString(text) << " cut at " << cut;
            ASSERT_EQ(two.rest, expected->rest);
            ASSERT_TRUE(two.facts == whole.facts);
        }
    });
}

TEST(dot_decoder, agrees_with_the_rule_where_a_block_ends)
{
    for_all_strings("\r\n.a", 5, [](const std::string& text) {
        for (const std::size_t before : {60U, 62U, 63U, 64U, 125U}) {
            const auto wire = times(before, 'x') + text + times(70, 'y') + "\r\n.\r\n";
            const auto expected = plain_decode(wire);
            const auto result = decode_at(wire, {});
            ASSERT_EQ(result.content, expected->content) << testing::PrintToString(text) << " behind " << before;
            ASSERT_EQ(result.rest, expected->rest);
        }
    });
}

TEST(dot_decoder, makes_bare_lfs_line_ends_when_told_to)
{
    const auto result = decode("a\nb\n\nc\r\n..d\n..e\n.\r\n.\r\n", bare_lf_rule::to_crlf);
    EXPECT_EQ(result.content, "a\r\nb\r\n\r\nc\r\n.d\r\n.e\r\n.\r\n");
    EXPECT_TRUE(result.done);
    EXPECT_FALSE(result.facts.has_defect());
    EXPECT_EQ(result.facts.longest_line, 4U);
}

TEST(dot_decoder, that_mends_bare_lfs_still_tells_of_bare_crs_and_nuls)
{
    EXPECT_TRUE(decode("a\rb\nc\r\n.\r\n", bare_lf_rule::to_crlf).facts.bare_cr);
    EXPECT_TRUE(decode("a\0\nc\r\n.\r\n"s, bare_lf_rule::to_crlf).facts.nul);
    EXPECT_TRUE(decode("\n.\ra\r\n.\r\n", bare_lf_rule::to_crlf).facts.bare_cr);
}

TEST(dot_decoder, that_mends_bare_lfs_agrees_with_its_rule_in_every_division)
{
    for_all_strings("\r\n.a", 6, [](const std::string& text) {
        const auto wire = text + "\r\n.\r\n.\r\n"; // a last line "." behind a bare LF is text: the second one is the end
        const auto expected = plain_decode_to_crlf(wire);
        ASSERT_TRUE(expected) << testing::PrintToString(text);
        const auto whole = decode_at(wire, {}, bare_lf_rule::to_crlf);
        ASSERT_EQ(whole.content, expected->content) << testing::PrintToString(text);
        ASSERT_EQ(whole.rest, expected->rest);
        ASSERT_FALSE(whole.facts.bare_lf);
        const auto single = decode_at(wire, every(1, wire.size()), bare_lf_rule::to_crlf);
        ASSERT_EQ(single.content, expected->content) << testing::PrintToString(text);
        ASSERT_TRUE(single.facts == whole.facts);
        for (std::size_t cut = 1; cut < wire.size(); ++cut)
            ASSERT_EQ(decode_at(wire, {cut}, bare_lf_rule::to_crlf).content, expected->content)
                << testing::PrintToString(text) << cut;
    });
}

} // namespace
} // namespace postern::protocol
