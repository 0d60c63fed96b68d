#include "core/protocol/bdat.hpp"

#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

TEST(bdat, has_a_size_and_may_be_the_last)
{
    EXPECT_EQ(parse_bdat("86")->size, 86U);
    EXPECT_FALSE(parse_bdat("86")->is_last);
    EXPECT_EQ(parse_bdat("86 LAST")->size, 86U);
    EXPECT_TRUE(parse_bdat("86 LAST")->is_last);
    EXPECT_TRUE(parse_bdat("0 last")->is_last);
    EXPECT_TRUE(parse_bdat("1   LaSt")->is_last);
}

TEST(bdat, counts_beyond_32_bits)
{
    EXPECT_EQ(parse_bdat("2147483648")->size, std::uint64_t{1} << 31U);
    EXPECT_EQ(parse_bdat("4294967296")->size, std::uint64_t{1} << 32U);
}

TEST(bdat, takes_the_largest_chunk_but_not_one_octet_more)
{
    EXPECT_EQ(parse_bdat("9223372036854775807")->size, max_chunk_size);
    EXPECT_FALSE(parse_bdat("9223372036854775808"));
    EXPECT_FALSE(parse_bdat("18446744073709551615"));
    EXPECT_FALSE(parse_bdat("18446744073709551616"));
    EXPECT_FALSE(parse_bdat("18446744073709551702")) << "2^64 + 86";
    EXPECT_FALSE(parse_bdat("99999999999999999999999999"));
}

TEST(bdat, takes_20_digits_but_not_21)
{
    EXPECT_EQ(parse_bdat("00000000000000000086")->size, 86U);
    EXPECT_FALSE(parse_bdat("000000000000000000086"));
}

TEST(bdat, refuses_what_is_not_digits)
{
    for (const auto text : {"",
                            " ",
                            " 86",
                            "-1",
                            "+1",
                            "0x10",
                            "1e3",
                            "1.0",
                            "1k",
                            "LAST",
                            "86LAST",
                            "86 LAS",
                            "86 LASTX",
                            "86 LAST LAST",
                            "86 86",
                            "86,LAST",
                            "86 ",
                            "86\tLAST",
                            "86 L\xc3\x81ST",
                            "\xd9\xa1"})
        EXPECT_FALSE(parse_bdat(text)) << text;
}

} // namespace
} // namespace postern::protocol
