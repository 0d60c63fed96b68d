#include "../src/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace replies {
namespace {

TEST(a_glob, is_itself_but_for_its_stars)
{
    EXPECT_TRUE(fits("example.org", "Example.ORG"));
    EXPECT_FALSE(fits("example.org", "example.org:25"));
    EXPECT_FALSE(fits("example.org", "xexample.org"));
    EXPECT_TRUE(fits("*", ""));
    EXPECT_TRUE(fits("*", "anything"));
    EXPECT_TRUE(fits("*.example.org", "a.b.example.org"));
    EXPECT_FALSE(fits("*.example.org", "example.org"));
    EXPECT_TRUE(fits("mx*.example.*:25", "mx1.example.net:25"));
    EXPECT_FALSE(fits("mx*.example.*:25", "mx1.example.net:26"));
    EXPECT_TRUE(fits("5.7.*", "5.7.26"));
    EXPECT_TRUE(fits("a**b", "ab"));
    EXPECT_FALSE(fits("", "a"));
    EXPECT_TRUE(fits("", ""));
    EXPECT_FALSE(fits("a?c", "abc")) << "a question mark is itself";
}

TEST(a_glob, is_not_slowed_down_by_what_almost_fits)
{
    EXPECT_FALSE(fits("*a*a*a*a*a*a*a*a*a*a*b", std::string(20'000, 'a')));
}

} // namespace
} // namespace replies
