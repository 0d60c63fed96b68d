#include "core/sasl/scram.hpp"

#include <gtest/gtest.h>

namespace postern::sasl {
namespace {

TEST(a_name_in_scram, has_its_commas_and_equals_signs_escaped) // RFC 5802 5.1
{
    EXPECT_EQ(escape_saslname("a,b=c"), "a=2Cb=3Dc");
    EXPECT_EQ(unescape_saslname("a=2Cb=3Dc"), "a,b=c");
    EXPECT_EQ(unescape_saslname("=3D2C"), "=2C");
}

TEST(a_name_in_scram, has_no_other_escape)
{
    for (const std::string_view wrong : {"a=", "=2", "=2c", "=41", "a,b", "=="})
        EXPECT_FALSE(unescape_saslname(wrong).has_value()) << wrong;
    EXPECT_FALSE(unescape_saslname(std::string_view{"a\0", 2}).has_value());
}

TEST(attributes, are_taken_in_their_order)
{
    std::string_view rest = "r=abc,s=d=,i=";
    EXPECT_EQ(take_attribute(rest, 'r'), "abc");
    EXPECT_FALSE(take_attribute(rest, 'i').has_value());
    EXPECT_EQ(take_attribute(rest, 's'), "d=");
    EXPECT_EQ(take_attribute(rest, 'i'), "");
    EXPECT_FALSE(take_attribute(rest, 'i').has_value());
}

TEST(exclusive_or, is_of_texts_of_one_size)
{
    EXPECT_EQ(exclusive_or("a", "b"), "\x03");
    EXPECT_EQ(exclusive_or("a", "ab"), "");
}

} // namespace
} // namespace postern::sasl
