#include "xtext.hpp"

#include <gtest/gtest.h>

namespace {

using xtrace::from_xtext;

TEST(xtext, stands_for_printable_octets_and_for_any_other_in_hex)
{
    EXPECT_EQ(from_xtext(""), "");
    EXPECT_EQ(from_xtext("abc!<>~"), "abc!<>~");
    EXPECT_EQ(from_xtext("a+2Bb+3Dc"), "a+b=c");
    EXPECT_EQ(from_xtext("+00+FF"), (std::string{"\0\xff", 2}));
}

TEST(xtext, has_no_spaces_equals_signs_small_digits_or_half_characters)
{
    for (const char* bad : {"a b", "a=b", "+2b", "+", "+2", "a+", "+G0", "+0G", "\x7f", "\xc3\xa4", "\t"})
        EXPECT_FALSE(from_xtext(bad)) << bad;
}

} // namespace
