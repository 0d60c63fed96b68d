#include "core/message/unicode.hpp"

#include <gtest/gtest.h>

namespace postern::message {
namespace {

using namespace std::string_view_literals;

TEST(unicode, reads_the_first_and_last_code_point_of_each_length)
{
    const std::pair<std::string_view, char32_t> points[] = {{"\x00"sv, 0},
                                                            {"\x7f", 0x7f},
                                                            {"\xc2\x80", 0x80},
                                                            {"\xdf\xbf", 0x7ff},
                                                            {"\xe0\xa0\x80", 0x800},
                                                            {"\xed\x9f\xbf", 0xd7ff},
                                                            {"\xee\x80\x80", 0xe000},
                                                            {"\xef\xbf\xbf", 0xffff},
                                                            {"\xf0\x90\x80\x80", 0x10000},
                                                            {"\xf4\x8f\xbf\xbf", 0x10ffff}};
    for (const auto& [text, value] : points) {
        const auto point = first_code_point(text);
        ASSERT_TRUE(point) << text;
        EXPECT_EQ(point->value, value);
        EXPECT_EQ(point->size, text.size());
        EXPECT_TRUE(is_utf8(text));
        EXPECT_FALSE(first_code_point(text.substr(0, text.size() - 1))) << "cut short";
    }
}

TEST(unicode, refuses_what_is_not_well_formed)
{
    for (const auto text :
         {"\x80"sv, "\xbf"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xf0\x8f\xbf\xbf"sv, "\xed\xa0\x80"sv,
          "\xed\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv, "\xc3("sv, "\xe2\x82("sv}) {
        EXPECT_FALSE(first_code_point(text));
        EXPECT_FALSE(is_utf8(text));
    }
    EXPECT_FALSE(first_code_point(""));
    EXPECT_TRUE(is_utf8(""));
    EXPECT_FALSE(is_utf8("right \xc3\xa9 and then \xe9"));
}

TEST(unicode, knows_the_controls_beyond_ascii)
{
    for (const char32_t point : {0x00, 0x0a, 0x1f, 0x7f, 0x80, 0x85, 0x9f, 0x2028, 0x2029})
        EXPECT_TRUE(is_control(point));
    for (const char32_t point : {0x20, 0x7e, 0xa0, 0x2027, 0x202a})
        EXPECT_FALSE(is_control(point));
}

TEST(unicode, knows_what_a_mapping_would_turn_into_a_dot_a_letter_or_nothing)
{
    for (const char32_t point : {0x3002, 0xff0e, 0xff61, 0xff20, 0xff21, 0xff5e, 0x200b, 0x202e, 0xfeff, 0xad, 0x2024})
        EXPECT_TRUE(is_deceptive_in_domain(point)) << static_cast<std::uint32_t>(point);
    for (const char32_t point : {0xe9, 0x4e2d, 0x430, 0x200c, 0x200d, 0x1f600})
        EXPECT_FALSE(is_deceptive_in_domain(point)) << static_cast<std::uint32_t>(point);
}

} // namespace
} // namespace postern::message
