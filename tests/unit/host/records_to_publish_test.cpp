#include "core/host/records_to_publish.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::daemon {
namespace {

TEST(zone_lines, are_the_lines_of_a_plugin_each_with_an_end)
{
    EXPECT_EQ(zone_lines("a. IN TXT \"x\"\n; b"), "a. IN TXT \"x\"\n; b\n");
    EXPECT_EQ(zone_lines(""), "");
    EXPECT_EQ(zone_lines("\n \n\t\n"), "") << "what has nothing on it is no line";
}

TEST(zone_lines, move_no_cursor)
{
    EXPECT_EQ(zone_lines(std::string{"a\x1b[2J.\0 IN\r A\t192.0.2.1\x7f\n\x07", 26}), "a[2J. IN A\t192.0.2.1\n");
}

} // namespace
} // namespace postern::daemon
