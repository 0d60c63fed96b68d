#include "src/release_policy.hpp"

#include <gtest/gtest.h>

namespace {

using namespace future_release;
using std::chrono::seconds;

const seconds_since_1970 now{seconds{1'795'969'800}}; // 2026-11-29T16:30:00Z

release of(wish asked, seconds most = std::chrono::hours{1})
{
    return release_of(asked, now, most);
}

TEST(release, is_after_an_interval_or_at_a_time)
{
    EXPECT_EQ(of({"60", {}}).at, now + seconds{60});
    EXPECT_EQ(of({"0", {}}).at, now);
    EXPECT_EQ(of({{}, "2026-11-29T17:00:00Z"}).at, now + seconds{1800});
    EXPECT_FALSE(of({}).at);
    EXPECT_EQ(of({}).problem, nullptr);
}

TEST(release, that_is_past_is_now)
{
    EXPECT_EQ(of({{}, "2026-11-29T16:29:59Z"}).at, now);
    EXPECT_EQ(of({{}, "1999-01-01T00:00:00Z"}).at, now);
}

TEST(release, is_no_further_ahead_than_announced) // RFC 4865 4
{
    EXPECT_EQ(of({"3600", {}}).at, now + seconds{3600});
    EXPECT_NE(of({"3601", {}}).problem, nullptr);
    EXPECT_EQ(of({{}, "2026-11-29T17:30:00Z"}).at, now + seconds{3600});
    EXPECT_NE(of({{}, "2026-11-29T17:30:01Z"}).problem, nullptr);
    EXPECT_EQ(keyword_parameters(now, seconds{3600}), "3600 2026-11-29T17:30:00Z");
}

TEST(release, is_given_in_one_way) // RFC 4865 4
{
    EXPECT_NE(of({"60", "2026-11-29T17:00:00Z"}).problem, nullptr);
}

TEST(interval, is_one_to_nine_digits) // RFC 4865 3
{
    EXPECT_EQ(parse_interval("999999999"), seconds{999'999'999});
    EXPECT_EQ(parse_interval("007"), seconds{7});
    for (const char* bad : {"", "1000000000", "-1", "+1", "1.5", "1 ", "x"})
        EXPECT_FALSE(parse_interval(bad)) << bad;
    EXPECT_NE(of({"x", {}}).problem, nullptr);
}

TEST(time_of_release, is_in_utc) // RFC 4865 3
{
    EXPECT_EQ(parse_until("2026-11-29T16:30:00Z"), now);
    for (const char* bad : {"", "2026-11-29T18:30:00+02:00", "2026-11-29", "tomorrow", "1795969800"})
        EXPECT_FALSE(parse_until(bad)) << bad;
    EXPECT_NE(of({{}, "tomorrow"}).problem, nullptr);
}

} // namespace
