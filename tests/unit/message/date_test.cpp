#include "core/message/date.hpp"

#include <gtest/gtest.h>

namespace postern::message {
namespace {

base::wall_time at(std::int64_t seconds, int milliseconds = 0)
{
    return base::wall_time{std::chrono::seconds{seconds} + std::chrono::milliseconds{milliseconds}};
}

TEST(date, is_written_as_rfc_5322_does)
{
    EXPECT_EQ(date_text(at(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
    EXPECT_EQ(date_text(at(1'700'769'600)), "Thu, 23 Nov 2023 20:00:00 +0000");
    EXPECT_EQ(date_text(at(951'782'399)), "Mon, 28 Feb 2000 23:59:59 +0000");
    EXPECT_EQ(date_text(at(951'782'400)), "Tue, 29 Feb 2000 00:00:00 +0000");
    EXPECT_EQ(date_text(at(4'102'444'800)), "Fri, 01 Jan 2100 00:00:00 +0000");
}

TEST(date, drops_fractions_of_a_second)
{
    EXPECT_EQ(date_text(at(1'700'769'600, 999)), date_text(at(1'700'769'600)));
}

} // namespace
} // namespace postern::message
