#include <postern/kit/xtext.hpp>

#include <gtest/gtest.h>

using postern::kit::from_xtext;
using postern::kit::to_xtext;

namespace {

TEST(kit_xtext, stands_for_printable_octets_and_for_any_other_in_hex)
{
    EXPECT_EQ(from_xtext(""), "");
    EXPECT_EQ(from_xtext("abc!<>~"), "abc!<>~");
    EXPECT_EQ(from_xtext("a+2Bb+3Dc"), "a+b=c");
    EXPECT_EQ(from_xtext("+00+FF"), (std::string{"\0\xff", 2}));
}

TEST(kit_xtext, has_no_spaces_equals_signs_small_digits_or_half_characters)
{
    for (const char* bad : {"a b", "a=b", "+2b", "+", "+2", "a+", "+G0", "+0G", "\x7f", "\xc3\xa4", "\t"})
        EXPECT_FALSE(from_xtext(bad)) << bad;
}

TEST(kit_xtext, comes_back_as_the_octets_that_it_was_made_of)
{
    EXPECT_EQ(to_xtext("a+b=c d"), "a+2Bb+3Dc+20d");
    std::string all;
    for (int octet = 0; octet < 256; ++octet)
        all += static_cast<char>(octet);
    EXPECT_EQ(from_xtext(to_xtext(all)), all);
}

} // namespace
