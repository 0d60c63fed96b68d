#include "core/host/units.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;

TEST(a_size, has_a_unit)
{
    EXPECT_EQ(parse_size("0B"), 0U);
    EXPECT_EQ(parse_size("10KiB"), 10240U);
    EXPECT_EQ(parse_size("50MiB"), 52428800U);
    EXPECT_EQ(parse_size("1GB"), 1000000000U);
    for (const auto* wrong : {"", "10", "MiB", "10 MiB", "10mib", "-1B", "+1B", "1.5MiB", "10MiBx", "0x10B"})
        EXPECT_FALSE(parse_size(wrong)) << wrong;
}

TEST(a_size, that_does_not_fit_64_bits_is_none)
{
    EXPECT_EQ(parse_size("18446744073709551615B"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_FALSE(parse_size("18446744073709551616B"));
    EXPECT_EQ(parse_size("16777215TiB"), 16777215ULL << 40U);
    EXPECT_FALSE(parse_size("16777216TiB"));
}

TEST(a_duration, is_a_sum_of_parts_from_large_to_small)
{
    EXPECT_EQ(parse_duration("200ms"), 200ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("5d"), 120h);
    EXPECT_EQ(parse_duration("1h30m"), 90min);
    EXPECT_EQ(parse_duration("1s5ns"), 1s + 5ns);
    EXPECT_EQ(parse_duration("0"), 0ns);
    for (const auto* wrong : {"", "30", "s", "5 m", "-5m", "1m1h", "5m5m", "5mx", "1.5h", "5M", "5m "})
        EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(a_duration, beyond_what_nanoseconds_can_count_is_none)
{
    EXPECT_TRUE(parse_duration("9223372036854775807ns"));
    EXPECT_FALSE(parse_duration("9223372036854775808ns"));
    EXPECT_TRUE(parse_duration("106751d"));
    EXPECT_FALSE(parse_duration("106752d"));
}

TEST(a_rate, is_a_size_a_second)
{
    EXPECT_EQ(parse_rate("100B/s"), 100U);
    EXPECT_EQ(parse_rate("1KiB/s"), 1024U);
    for (const auto* wrong : {"100B", "100/s", "/s", "100B/m"})
        EXPECT_FALSE(parse_rate(wrong)) << wrong;
}

} // namespace
} // namespace postern::daemon
