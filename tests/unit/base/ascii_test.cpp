#include "core/base/ascii.hpp"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

TEST(ascii, raises_and_lowers_letters_and_nothing_else)
{
    for (int octet = 0; octet < 256; ++octet) {
        const auto c = static_cast<char>(octet);
        const bool is_small = c >= 'a' && c <= 'z';
        const bool is_large = c >= 'A' && c <= 'Z';
        EXPECT_EQ(to_upper(c), is_small ? static_cast<char>(c - 32) : c);
        EXPECT_EQ(to_lower(c), is_large ? static_cast<char>(c + 32) : c);
    }
    EXPECT_EQ(to_upper("8bitMime-@[`{\xc3\xa4"), "8BITMIME-@[`{\xc3\xa4");
}

TEST(ascii, compares_whatever_the_case)
{
    EXPECT_TRUE(equals_ignoring_case("eHlO", "EHLO"));
    EXPECT_TRUE(equals_ignoring_case("", ""));
    EXPECT_FALSE(equals_ignoring_case("EHLO", "EHL"));
    EXPECT_FALSE(equals_ignoring_case("[", "{"));
}

} // namespace
} // namespace postern::base
