#include "core/io/interface_addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace postern::io {
namespace {

TEST(the_interfaces, have_the_loopback_address_once_and_no_unspecified_one)
{
    const auto all = interface_addresses();
    EXPECT_EQ(std::ranges::count(all, base::ip_address::from_text("127.0.0.1").value()), 1);
    EXPECT_THAT(all, ::testing::Not(::testing::Contains(base::ip_address{})));
    EXPECT_TRUE(std::ranges::is_sorted(all));
}

} // namespace
} // namespace postern::io
