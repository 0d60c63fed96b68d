#include "../src/isolation.hpp"

#include <gtest/gtest.h>

namespace socks {
namespace {

TEST(a_login_that_isolates, is_the_same_for_the_same_and_for_nothing_else)
{
    const isolation one;
    EXPECT_EQ(one.login_for("example.org"), one.login_for("example.org"));
    EXPECT_NE(one.login_for("example.org").user, one.login_for("example.com").user);
    EXPECT_NE(one.login_for("example.org").user, isolation{}.login_for("example.org").user) << "of another process";
}

TEST(a_login_that_isolates, fits_and_says_nothing)
{
    const auto made = isolation{"secret"}.login_for(std::string(1000, 'x'));
    EXPECT_LE(made.user.size(), 255u);
    EXPECT_FALSE(made.password.empty());
    EXPECT_EQ(isolation{"secret"}.login_for("example.org").user.find("example"), std::string::npos);
}

} // namespace
} // namespace socks
