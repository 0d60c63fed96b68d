#include <postern/kit/rate.hpp>

#include <gtest/gtest.h>

using namespace postern::kit;
using namespace std::chrono_literals;

namespace {

TEST(an_amount, is_a_number_or_octets_in_units)
{
    EXPECT_EQ(parse_amount("1"), 1u);
    EXPECT_EQ(parse_amount("100"), 100u);
    EXPECT_EQ(parse_amount("10KiB"), 10'240u);
    EXPECT_EQ(parse_amount("1MiB"), 1'048'576u);
    EXPECT_EQ(parse_amount("2GiB"), 2'147'483'648u);
    EXPECT_EQ(parse_amount("1000000000000"), most_amount);
    EXPECT_EQ(parse_amount("931GiB"), 931ull << 30);
}

TEST(an_amount, of_nothing_or_too_much_or_other_text_is_none)
{
    for (const char* bad : {"", "0", "-1", "+1", " 1", "1 ", "1.5", "0x10", "1kib", "1MB", "MiB", "1000000000001", "932GiB",
                            "18446744073709551616", "99999999999999999999999", "10MiBx"})
        EXPECT_FALSE(parse_amount(bad)) << bad;
}

TEST(a_rate, is_an_amount_in_a_time)
{
    EXPECT_EQ(parse_rate("100/1h"), (rate{100, 1h}));
    EXPECT_EQ(parse_rate("100/h"), (rate{100, 1h}));
    EXPECT_EQ(parse_rate("10MiB/30s"), (rate{10u << 20, 30s}));
    EXPECT_EQ(parse_rate("1/1s"), (rate{1, 1s}));
    EXPECT_EQ(parse_rate("7/15m"), (rate{7, 15min}));
    EXPECT_EQ(parse_rate("1/31d"), (rate{1, 31 * 24h}));
}

TEST(a_rate, without_either_or_in_no_time_is_none)
{
    for (const char* bad : {"", "/", "100", "100/", "/1h", "100/0h", "100/1", "100/1w", "100/1ms", "100/-1h", "100/1h ", "0/1h",
                            "100/32d", "100/1h/2", "100/hh", "100/99999999999999999999d"})
        EXPECT_FALSE(parse_rate(bad)) << bad;
}

TEST(a_time, is_a_number_in_a_unit_or_a_unit_alone)
{
    EXPECT_EQ(parse_time("90s"), 90s);
    EXPECT_EQ(parse_time("15m"), 15min);
    EXPECT_EQ(parse_time("h"), 1h);
    EXPECT_EQ(parse_time("31d"), 31 * 24h);
    for (const char* bad : {"", "0s", "5", "32d", "1w", "-1h", "1h ", "1.5h"})
        EXPECT_FALSE(parse_time(bad)) << bad;
}

} // namespace
