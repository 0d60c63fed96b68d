#include "core/message/media_type.hpp"

#include <gtest/gtest.h>

namespace postern::message {
namespace {

std::string boundary_of(std::string_view value)
{
    const auto found = parse_media_type(value);
    return found.is_odd ? "odd" : found.boundary;
}

// RFC 2045 5.1
TEST(a_media_type, is_read_in_any_spelling)
{
    for (const auto* value :
         {"multipart/mixed; boundary=b", " Multipart/Mixed;\r\n\tBOUNDARY=\"b\"",
          "(a (nested) \\) one)multipart / mixed (x) ;boundary = b (y)", "multipart/mixed; charset=\"a;b\"; boundary=b;"}) {
        const auto found = parse_media_type(value);
        EXPECT_EQ(found.type, "multipart") << value;
        EXPECT_EQ(found.subtype, "mixed") << value;
        EXPECT_EQ(boundary_of(value), "b") << value;
    }
}

TEST(a_media_type, may_have_a_boundary_that_lacks_its_quotes)
{
    EXPECT_EQ(boundary_of("multipart/mixed; boundary=----=_Next/1?; x=y"), "----=_Next/1?");
    EXPECT_EQ(boundary_of("multipart/mixed; boundary=\"a\\\"b c\""), "a\"b c");
}

TEST(a_media_type, is_odd_where_readers_may_differ)
{
    for (const auto* value : {"multipart/mixed; boundary=a b", "multipart/mixed; boundary=a; boundary=a",
                              "multipart/mixed; boundary*=a", "multipart/mixed; boundary*0=a", "multipart/mixed; boundary=\"a",
                              "multipart/mixed boundary=a", "multipart/mixed; boundary=a (b", "multipart/mixed; x; boundary=a"})
        EXPECT_EQ(boundary_of(value), "odd") << value;
}

TEST(a_media_type, is_none_without_its_two_words)
{
    for (const auto* value : {"", "text", "text/", "/plain", "\xff", "(text/plain", "te\"xt\"/plain"})
        EXPECT_EQ(parse_media_type(value).type, "") << value;
}

// RFC 2045 6.1
TEST(a_transfer_encoding, is_one_word_in_any_case)
{
    EXPECT_EQ(parse_transfer_encoding(" 8BIT"), transfer_encoding::eight_bit);
    EXPECT_EQ(parse_transfer_encoding("7bit"), transfer_encoding::seven_bit);
    EXPECT_EQ(parse_transfer_encoding("(x) Binary\r\n "), transfer_encoding::binary);
    EXPECT_EQ(parse_transfer_encoding("Quoted-Printable"), transfer_encoding::quoted_printable);
    EXPECT_EQ(parse_transfer_encoding("BASE64"), transfer_encoding::base64);
    for (const auto* value : {"", "8bit;", "8-bit", "x-zip", "base64 base64"})
        EXPECT_EQ(parse_transfer_encoding(value), transfer_encoding::unknown) << value;
}

} // namespace
} // namespace postern::message
