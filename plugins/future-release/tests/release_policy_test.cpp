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

TEST(release, is_no_later_than_the_message_is_to_be_delivered_by) // RFC 4865 5.2.2
{
    EXPECT_EQ(of({"60", {}, "60;R"}).at, now + seconds{60});
    EXPECT_NE(of({"61", {}, "60;R"}).problem, nullptr);
    EXPECT_NE(of({"61", {}, "+60;NT"}).problem, nullptr);
    EXPECT_NE(of({"1", {}, "-5;N"}).problem, nullptr);
    EXPECT_EQ(of({{}, "2026-11-29T16:31:00Z", "60;R"}).at, now + seconds{60});
    EXPECT_NE(of({{}, "2026-11-29T16:31:01Z", "60;R"}).problem, nullptr);
    EXPECT_EQ(of({{}, "2026-11-29T16:00:00Z", "-5;N"}).at, now) << "it was past before that";
    EXPECT_EQ(of({{}, {}, "-5;N"}).problem, nullptr) << "nothing is held";
    for (const char* other : {"", "x", ";R", "1x;R", "99999999999;R"}) // not ours to refuse
        EXPECT_EQ(of({"60", {}, other}).problem, nullptr) << other;
}

TEST(interval, is_one_to_nine_digits_and_positive) // RFC 4865 3
{
    EXPECT_EQ(parse_interval("1"), seconds{1});
    EXPECT_EQ(parse_interval("999999999"), seconds{999'999'999});
    for (const char* bad : {"", "0", "007", "1000000000", "-1", "+1", "1.5", "1 ", "x"})
        EXPECT_FALSE(parse_interval(bad)) << bad;
    EXPECT_NE(of({"x", {}}).problem, nullptr);
}

TEST(time_of_release, is_in_utc) // RFC 4865 3
{
    for (const char* good :
         {"2026-11-29T16:30:00Z", "2026-11-29t16:30:00z", "2026-11-29T16:30:00+00:00", "2026-11-29T16:30:00-00:00"})
        EXPECT_EQ(parse_until(good), now) << good;
    for (const char* bad : {"", "2026-11-29T18:30:00+02:00", "2026-11-29", "tomorrow", "1795969800"})
        EXPECT_FALSE(parse_until(bad)) << bad;
    EXPECT_NE(of({{}, "tomorrow"}).problem, nullptr);
}

} // namespace
