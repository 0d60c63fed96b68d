#include "core/message/xtext.hpp"

#include <gtest/gtest.h>

namespace postern::message {
namespace {

TEST(xtext, encodes_what_a_parameter_value_cannot_hold)
{
    EXPECT_EQ(encode_xtext("a+b=c d"), "a+2Bb+3Dc+20d");
    EXPECT_EQ(encode_xtext("Bob@example.com"), "Bob@example.com");
    EXPECT_EQ(encode_xtext(std::string_view{"\0\r\n\xff", 4}), "+00+0D+0A+FF");
    EXPECT_EQ(encode_xtext(""), "");
}

TEST(xtext, decodes_what_it_encodes)
{
    std::string all;
    for (int c = 0; c < 256; ++c)
        all += static_cast<char>(c);
    EXPECT_EQ(decode_xtext(encode_xtext(all)), all);
}

TEST(xtext, refuses_what_is_not_xtext)
{
    for (const auto text : {"a b", "a=b", "+", "+4", "a+4", "+4g", "+g4", "+4a", "+ff", "\xc3\xa9", "a\t", "a\r\n"})
        EXPECT_FALSE(decode_xtext(text)) << text;
    EXPECT_EQ(decode_xtext("+4A"), "J");
}

} // namespace
} // namespace postern::message
