#include "core/protocol/content_check.hpp"

#include "tests/unit/protocol/portions.hpp"
#include "tests/unit/protocol/times.hpp"

#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

using namespace std::string_literals;
using testing_content::for_all_strings;
using testing_content::operator==;

content_facts facts_of(std::string_view octets, std::size_t portion)
{
    content_check check;
    while (!octets.empty()) {
        check.take(octets.substr(0, portion));
        octets.remove_prefix(std::min(portion, octets.size()));
    }
    check.finish();
    return check.facts();
}

content_facts facts_of(std::string_view octets)
{
    const auto whole = facts_of(octets, octets.size() + 1);
    for (std::size_t portion = 1; portion <= octets.size(); ++portion)
        EXPECT_TRUE(facts_of(octets, portion) == whole) << "portions of " << portion;
    return whole;
}

/// The same facts, found octet by octet.
content_facts plain_facts(std::string_view octets)
{
    content_facts facts;
    std::uint64_t line = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const bool behind_cr = i > 0 && octets[i - 1] == '\r';
        const bool before_lf = i + 1 < octets.size() && octets[i + 1] == '\n';
        facts.bare_lf |= octets[i] == '\n' && !behind_cr;
        facts.bare_cr |= octets[i] == '\r' && !before_lf;
        facts.nul |= octets[i] == '\0';
        facts.eight_bit |= static_cast<unsigned char>(octets[i]) > 127;
        facts.longest_line = std::max(facts.longest_line, ++line);
        if (octets[i] == '\n' && behind_cr)
            line = 0;
    }
    return facts;
}

TEST(content_check, finds_nothing_in_canonical_content)
{
    const auto facts = facts_of("Subject: hi\r\n\r\n.hello\r\n\r\n");
    EXPECT_FALSE(facts.has_defect());
    EXPECT_FALSE(facts.eight_bit);
    EXPECT_EQ(facts.longest_line, 13U);
    EXPECT_FALSE(facts_of("").has_defect());
}

TEST(content_check, finds_each_defect_alone)
{
    EXPECT_TRUE(facts_of("a\nb\r\n").bare_lf);
    EXPECT_FALSE(facts_of("a\nb\r\n").bare_cr);
    EXPECT_TRUE(facts_of("a\rb\r\n").bare_cr);
    EXPECT_FALSE(facts_of("a\rb\r\n").bare_lf);
    EXPECT_TRUE(facts_of("a\r\r\n").bare_cr);
    EXPECT_TRUE(facts_of("a\r\n\n").bare_lf);
    EXPECT_TRUE(facts_of("a\0b\r\n"s).nul);
    EXPECT_TRUE(facts_of("\xc3\xa9\r\n").eight_bit);
    EXPECT_FALSE(facts_of("\xc3\xa9\r\n").has_defect());
}

TEST(content_check, takes_a_cr_at_the_very_end_for_a_bare_one)
{
    content_check check;
    check.take("a\r");
    EXPECT_FALSE(check.facts().bare_cr);
    check.finish();
    EXPECT_TRUE(check.facts().bare_cr);
}

template <scan_stop Stop>
void expect_the_same(std::string_view octets)
{
    scan_state quick;
    scan_state anywhere;
    while (!octets.empty()) {
        const auto taken = scan<Stop>(octets, quick);
        ASSERT_EQ(scan_anywhere<Stop>(octets, anywhere), taken);
        ASSERT_TRUE(quick.facts == anywhere.facts);
        ASSERT_EQ(quick.line, anywhere.line);
        ASSERT_EQ(quick.after_cr, anywhere.after_cr);
        ASSERT_EQ(quick.at_line_start, anywhere.at_line_start);
        quick.at_line_start = anywhere.at_line_start = false; // past what stopped them
        octets.remove_prefix(std::min(octets.size(), std::max<std::size_t>(taken, 1)));
    }
}

TEST(scan, gives_the_same_with_all_that_a_processor_can_do_and_without)
{
    constexpr std::string_view alphabet{"ab.\r\n\r\n\0\xc3", 9};
    std::uint32_t random = 1;
    const auto draw = [&random](std::size_t below) { // a linear congruential generator: the same on every machine
        random = random * 1664525U + 1013904223U;
        return (random >> 16U) % below;
    };
    for (std::size_t size = 0; size < 400; ++size) {
        // At first nearly all is text, later nearly nothing.
        std::string octets(size, 'x');
        for (auto& each : octets)
            if (draw(400) < size)
                each = alphabet[draw(alphabet.size())];
        expect_the_same<scan_stop::never>(octets);
        expect_the_same<scan_stop::at_leading_dot>(octets);
        expect_the_same<scan_stop::at_leading_dot_or_bare_lf>(octets);
    }
}

TEST(content_check, measures_lines_with_their_crlf)
{
    EXPECT_EQ(facts_of(times(998, 'a') + "\r\nb\r\n").longest_line, 1000U);
    EXPECT_EQ(facts_of("b\r\n" + times(999, 'a') + "\r\nb\r\n").longest_line, 1001U);
    EXPECT_EQ(facts_of("b\r\n" + std::string(300, 'a')).longest_line, 300U) << "one that has not ended counts as well";
    EXPECT_EQ(facts_of("aaaa\nbbbb\rcccc\r\n").longest_line, 16U) << "only CRLF ends a line";
}

TEST(content_check, knows_whether_a_line_would_begin)
{
    content_check check;
    EXPECT_TRUE(check.ends_in_line_end());
    check.take("a\r");
    EXPECT_FALSE(check.ends_in_line_end());
    check.take("\n");
    EXPECT_TRUE(check.ends_in_line_end());
    check.take("\n");
    EXPECT_FALSE(check.ends_in_line_end());
}

TEST(content_check, finds_the_same_as_a_look_at_every_octet)
{
    for_all_strings("\r\n\0a\xff"s, 6, [](const std::string& text) {
        ASSERT_TRUE(facts_of(text, text.size() + 1) == plain_facts(text));
        ASSERT_TRUE(facts_of(text, 1) == plain_facts(text));
    });
}

TEST(content_check, finds_the_same_wherever_a_block_begins)
{
    for_all_strings("\r\n\0a"s, 4, [](const std::string& text) {
        for (std::size_t before = 60; before <= 65; ++before)
            for (const std::size_t behind : {0U, 61U, 130U}) {
                const auto octets = times(before, 'x') + text + std::string(behind, 'y');
                ASSERT_TRUE(facts_of(octets, octets.size()) == plain_facts(octets)) << before << " " << behind;
            }
    });
}

TEST(content_check, sees_every_position_of_a_block)
{
    for (std::size_t at = 0; at < 200; ++at) {
        for (const char c : {'\r', '\n', '\0', '\x80'}) {
            std::string octets(200, 'x');
            octets[at] = c;
            EXPECT_TRUE(facts_of(octets, 200) == plain_facts(octets)) << at;
        }
    }
}

} // namespace
} // namespace postern::protocol
