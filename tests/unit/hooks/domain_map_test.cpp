#include "core/hooks/domain_map.hpp"

#include <gtest/gtest.h>

namespace postern::hooks {
namespace {

struct domains : testing::Test {
    domains()
    {
        all.add("Example.org", 1);
        all.add(".example.org", 2);
        all.add(".sub.example.org", 3);
        all.add("a.sub.example.org", 4);
        all.add("[192.0.2.1]", 5);
    }
    domain_map all;
};

TEST_F(domains, are_found_whatever_their_case)
{
    EXPECT_EQ(all.find("example.org"), 1U);
    EXPECT_EQ(all.find("EXAMPLE.ORG"), 1U);
    EXPECT_EQ(all.find("[192.0.2.1]"), 5U);
}

TEST_F(domains, below_another_have_the_nearest_chain)
{
    EXPECT_EQ(all.find("x.example.org"), 2U);
    EXPECT_EQ(all.find("sub.example.org"), 2U);
    EXPECT_EQ(all.find("x.y.sub.example.org"), 3U);
    EXPECT_EQ(all.find("a.sub.example.org"), 4U) << "its own goes before one of above";
}

TEST_F(domains, that_nobody_named_have_the_listeners_chain)
{
    for (const auto* other : {"", "org", "notexample.org", "example.org.evil", ".example.org", "..example.org", "example.net"})
        EXPECT_EQ(all.find(other), 0U) << other;
}

} // namespace
} // namespace postern::hooks
