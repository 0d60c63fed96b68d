#include "src/deliver_by.hpp"

#include <gtest/gtest.h>

using namespace deliver_by;

namespace {

TEST(deliver_by_value, is_seconds_a_mode_and_perhaps_a_trace) // RFC 2852 3
{
    EXPECT_EQ(parse("120;R"), (wish{seconds{120}, mode::back, false}));
    EXPECT_EQ(parse("+120;rt"), (wish{seconds{120}, mode::back, true}));
    EXPECT_EQ(parse("-60;N"), (wish{seconds{-60}, mode::notify, false}));
    EXPECT_EQ(parse("0;NT"), (wish{seconds{0}, mode::notify, true}));
    EXPECT_EQ(parse("999999999;R"), (wish{seconds{999'999'999}, mode::back, false}));
    for (const char* bad : {"", "120", "120;", ";R", "120;X", "120;T", "120;RX", "120;RTT", "1000000000;N", "--1;N", "+;N",
                            "1.5;N", "120 ;N", "12x;N", "0;R", "-1;R"})
        EXPECT_FALSE(parse(bad)) << bad;
}

TEST(deliver_by_value, is_written_as_it_is_read)
{
    for (const char* text : {"120;R", "120;RT", "-60;N", "0;NT"})
        EXPECT_EQ(to_text(*parse(text)), text);
}

TEST(deliver_by_value, shrinks_with_time_and_stays_what_nine_digits_hold) // RFC 2852 4
{
    EXPECT_EQ(to_text(after(*parse("120;R"), seconds{45})), "75;R");
    EXPECT_EQ(to_text(after(*parse("120;N"), seconds{150})), "-30;N");
    EXPECT_EQ(to_text(after(*parse("120;N"), seconds{-5})), "120;N") << "a clock that was set back makes no time";
    EXPECT_EQ(to_text(after(*parse("-999999999;N"), seconds{10})), "-999999999;N");
}

TEST(deliver_by_offer, may_say_the_least) // RFC 2852 3
{
    EXPECT_EQ(least_of("240"), seconds{240});
    EXPECT_EQ(least_of("240,future"), seconds{240});
    for (const char* none : {"", ",future", "soon", "1000000000"})
        EXPECT_FALSE(least_of(none)) << none;
}

} // namespace
