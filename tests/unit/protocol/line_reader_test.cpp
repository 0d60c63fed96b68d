#include "core/protocol/line_reader.hpp"

#include "tests/unit/protocol/times.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;

std::string name_of(line_defect defect)
{
    switch (defect) {
    case line_defect::none:
        return "";
    case line_defect::overlong:
        return "(overlong)";
    case line_defect::bare_lf:
        return "(bare LF)";
    case line_defect::bare_cr:
        return "(bare CR)";
    case line_defect::nul:
        return "(NUL)";
    }
    return "?";
}

/// The lines of `octets` that arrive in portions of `portion`, each followed by the name of its defect.
std::vector<std::string> lines_of(std::string_view octets, std::size_t portion, std::size_t limit = 100)
{
    line_reader reader{limit};
    std::vector<std::string> lines;
    while (!octets.empty()) {
        // A copy of just this portion, so that a sanitizer sees reads beyond it.
        const std::string arrived{octets.substr(0, portion)};
        octets.remove_prefix(arrived.size());
        std::string_view rest = arrived;
        while (const auto found = reader.take(rest))
            lines.push_back(std::string{found->text} + name_of(found->defect));
        EXPECT_TRUE(rest.empty());
    }
    return lines;
}

/// The same, whatever the portions.
std::vector<std::string> lines_of(std::string_view octets)
{
    const auto whole = lines_of(octets, octets.size());
    for (std::size_t portion = 1; portion < octets.size(); ++portion)
        EXPECT_EQ(lines_of(octets, portion), whole) << "portions of " << portion;
    return whole;
}

TEST(line_reader, ends_lines_at_crlf)
{
    EXPECT_THAT(lines_of("EHLO a\r\nMAIL FROM:<>\r\n\r\nQUIT\r\n"), ElementsAre("EHLO a", "MAIL FROM:<>", "", "QUIT"));
}

TEST(line_reader, takes_a_bare_lf_as_part_of_the_line)
{
    EXPECT_THAT(lines_of("NOOP\nRSET\r\nQUIT\r\n"), ElementsAre("NOOP\nRSET(bare LF)", "QUIT"));
    EXPECT_THAT(lines_of("\nQUIT\r\n"), ElementsAre("\nQUIT(bare LF)"));
    EXPECT_THAT(lines_of("a\n\r\n"), ElementsAre("a\n(bare LF)"));
}

TEST(line_reader, takes_a_bare_cr_as_part_of_the_line)
{
    EXPECT_THAT(lines_of("NOOP\rRSET\r\nQUIT\r\n"), ElementsAre("NOOP\rRSET(bare CR)", "QUIT"));
    EXPECT_THAT(lines_of("QUIT\r\r\n"), ElementsAre("QUIT\r(bare CR)"));
    EXPECT_THAT(lines_of("\r\r\r\n"), ElementsAre("\r\r(bare CR)"));
}

TEST(line_reader, reports_a_nul)
{
    EXPECT_THAT(lines_of("NO\0OP\r\nQUIT\r\n"s), ElementsAre("NO\0OP(NUL)"s, "QUIT"));
    EXPECT_THAT(lines_of("\0\r\n"s), ElementsAre("\0(NUL)"s));
    EXPECT_THAT(lines_of("\r\0\n\r\n"s), ElementsAre("\r\0\n(bare LF)"s)) << "NUL does not join CR and LF";
}

TEST(line_reader, gives_nothing_before_a_line_has_ended)
{
    line_reader reader{100};
    for (const std::string_view part : {"N", "OOP", "\r"}) {
        auto octets = part;
        EXPECT_FALSE(reader.take(octets));
        EXPECT_TRUE(octets.empty());
        EXPECT_TRUE(reader.is_inside_line());
    }
    std::string_view octets = "\nrest";
    EXPECT_EQ(reader.take(octets)->text, "NOOP");
    EXPECT_EQ(octets, "rest");
    EXPECT_FALSE(reader.is_inside_line());
}

TEST(line_reader, leaves_what_follows_the_line)
{
    line_reader reader{100};
    const std::string arrived = "DATA\r\ncontent, not a line";
    std::string_view octets = arrived;
    EXPECT_EQ(reader.take(octets)->text, "DATA");
    EXPECT_EQ(octets, "content, not a line");
}

TEST(line_reader, copies_nothing_when_the_line_lies_in_its_portion)
{
    line_reader reader{100};
    const std::string arrived = "NOOP\r\nRSET\r\n";
    std::string_view octets = arrived;
    EXPECT_EQ(static_cast<const void*>(reader.take(octets)->text.data()), arrived.data());
    EXPECT_EQ(static_cast<const void*>(reader.take(octets)->text.data()), arrived.data() + 6);
}

TEST(line_reader, takes_nothing_from_nothing)
{
    line_reader reader{100};
    std::string_view octets;
    EXPECT_FALSE(reader.take(octets));
    EXPECT_FALSE(reader.is_inside_line());
}

// An overlong line shows its front, which tells the verb.
const std::string overlong = std::string(line_reader::front_size, 'a') + "(overlong)";

TEST(line_reader, takes_a_line_of_the_limit_but_not_one_octet_more) // RFC 5321 4.5.3.1.4: CRLF included
{
    const std::string longest(98, 'a');
    for (const std::size_t portion : {1U, 2U, 7U, 99U, 100U, 101U, 1000U}) {
        EXPECT_THAT(lines_of(longest + "\r\nQUIT\r\n", portion), ElementsAre(longest, "QUIT"));
        EXPECT_THAT(lines_of(longest + "a\r\nQUIT\r\n", portion), ElementsAre(overlong, "QUIT"));
    }
}

TEST(line_reader, throws_an_overlong_line_away_up_to_its_crlf)
{
    const std::string endless(5000, 'a');
    EXPECT_THAT(lines_of(endless + "\r\nQUIT\r\n", 1), ElementsAre(overlong, "QUIT"));
    EXPECT_THAT(lines_of(endless + "\nRSET\rRSET\r\r\nQUIT\r\n", 1), ElementsAre(overlong, "QUIT")) << "only CRLF ends it";
    EXPECT_THAT(lines_of(endless + "\nRSET\rRSET\r\r\nQUIT\r\n", 10'000), ElementsAre(overlong, "QUIT"));
    EXPECT_THAT(lines_of(endless + "\r\n" + endless + "\r\nQUIT\r\n", 77), ElementsAre(overlong, overlong, "QUIT"));
}

TEST(line_reader, shows_the_same_front_of_an_overlong_line_however_it_came)
{
    const auto line = "BDAT 6" + std::string(200, ' ') + "LAST\r\nQUIT\r\n";
    for (const std::size_t portion : {1U, 3U, 15U, 16U, 17U, 99U, 100U, 101U, 1000U})
        EXPECT_THAT(lines_of(line, portion), ElementsAre("BDAT 6          (overlong)", "QUIT")) << portion;
}

TEST(line_reader, finds_a_crlf_that_lies_across_the_limit)
{
    for (const std::size_t portion : {1U, 99U, 100U, 101U, 102U, 1000U}) {
        EXPECT_THAT(lines_of(times(99, 'a') + "\r\nQUIT\r\n", portion), ElementsAre(overlong, "QUIT"));
        EXPECT_THAT(lines_of(times(100, 'a') + "\r\nQUIT\r\n", portion), ElementsAre(overlong, "QUIT"));
        EXPECT_THAT(lines_of(times(99, '\r') + "\n" + "QUIT\r\n", portion), ElementsAre(times(98, '\r') + "(bare CR)", "QUIT"));
    }
}

TEST(line_reader, tells_of_an_overlong_line_before_it_ends)
{
    line_reader reader{100};
    const std::string part(100, 'a');
    std::string_view octets = std::string_view{part}.substr(1);
    EXPECT_FALSE(reader.take(octets));
    EXPECT_FALSE(reader.is_overlong());
    octets = "a";
    EXPECT_FALSE(reader.take(octets));
    EXPECT_TRUE(reader.is_overlong());
    EXPECT_TRUE(reader.is_inside_line());
    octets = "\r\n";
    EXPECT_EQ(reader.take(octets)->defect, line_defect::overlong);
    EXPECT_FALSE(reader.is_overlong());
}

TEST(line_reader, obeys_a_limit_that_changes_between_lines)
{
    line_reader reader{10};
    reader.set_limit(20);
    std::string_view octets = "0123456789abcdef\r\n0123456789\r\n";
    EXPECT_EQ(reader.take(octets)->text, "0123456789abcdef");
    reader.set_limit(10);
    EXPECT_EQ(reader.take(octets)->defect, line_defect::overlong);
    octets = "abc";
    EXPECT_FALSE(reader.take(octets));
    reader.set_limit(2); // shorter than what it holds already
    octets = "\r\nNO\r\n";
    EXPECT_EQ(reader.take(octets)->defect, line_defect::overlong);
}

TEST(line_reader, forgets_a_line_begun_when_told_to)
{
    line_reader reader{100};
    std::string_view octets = "MAIL FROM:<smuggled@evil.example>";
    EXPECT_FALSE(reader.take(octets));
    reader.clear();
    EXPECT_FALSE(reader.is_inside_line());
    octets = "\r\nQUIT\r\n";
    EXPECT_EQ(reader.take(octets)->text, "");
    EXPECT_EQ(reader.take(octets)->text, "QUIT");
}

} // namespace
} // namespace postern::protocol
