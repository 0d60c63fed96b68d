#include <postern/kit/date_time.hpp>

#include <gtest/gtest.h>

#include <optional>

using postern::kit::parse_date_time;
using postern::kit::to_date_time;

namespace {

std::optional<long long> seconds_of(std::string_view text)
{
    const auto when = parse_date_time(text);
    return when ? std::optional{static_cast<long long>(when->time_since_epoch().count())} : std::nullopt;
}

TEST(kit_date_time, is_read_in_utc_and_with_offsets)
{
    EXPECT_EQ(seconds_of("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(seconds_of("2026-11-29T16:30:00Z"), 1795969800);
    EXPECT_EQ(seconds_of("2026-11-29t16:30:00z"), 1795969800);
    EXPECT_EQ(seconds_of("2026-11-29T18:30:00+02:00"), 1795969800);
    EXPECT_EQ(seconds_of("2026-11-29T12:00:00-04:30"), 1795969800);
    EXPECT_EQ(seconds_of("2026-11-29T16:30:00.999Z"), 1795969800);
    EXPECT_EQ(seconds_of("2024-02-29T00:00:00Z"), 1709164800);
    EXPECT_EQ(seconds_of("2016-12-31T23:59:60Z"), 1483228800); // RFC 3339 5.7: a leap second
}

TEST(kit_date_time, is_refused_where_there_is_no_such_time)
{
    for (const char* bad : {"",
                            "2026",
                            "2026-11-29",
                            "2026-11-29T16:30Z",
                            "2026-11-29 16:30:00Z",
                            "2026-11-29T16:30:00",
                            "2026-02-29T00:00:00Z",
                            "2026-13-01T00:00:00Z",
                            "2026-00-01T00:00:00Z",
                            "2026-01-00T00:00:00Z",
                            "2026-01-01T24:00:00Z",
                            "2026-01-01T00:60:00Z",
                            "2026-01-01T00:00:61Z",
                            "2026-01-01T00:00:00+24:00",
                            "2026-01-01T00:00:00+01:60",
                            "2026-01-01T00:00:00.Z",
                            "2026-01-01T00:00:00Z ",
                            "2026-01-01T00:00:00ZZ",
                            "+026-01-01T00:00:00Z",
                            "1969-12-31T23:59:59Z",
                            "2026-01-01T00:00:00+0100",
                            "2026-1-01T00:00:00Z"})
        EXPECT_FALSE(parse_date_time(bad)) << bad;
}

TEST(kit_date_time, is_written_as_it_is_read)
{
    for (const char* text : {"1970-01-01T00:00:00Z", "2026-11-29T16:30:09Z", "9999-12-31T23:59:59Z", "2024-02-29T01:02:03Z"})
        EXPECT_EQ(to_date_time(*parse_date_time(text)), text);
}

} // namespace
