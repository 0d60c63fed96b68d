#include "core/base/ip_network.hpp"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

ip_network network(std::string_view text)
{
    std::string why;
    const auto made = ip_network::from_text(text, why);
    EXPECT_TRUE(made) << text << " " << why;
    return made.value();
}

ip_address address(std::string_view text)
{
    return ip_address::from_text(text).value();
}

TEST(an_ip_network, contains_what_has_its_prefix)
{
    EXPECT_TRUE(network("192.0.2.0/24").contains(address("192.0.2.0")));
    EXPECT_TRUE(network("192.0.2.0/24").contains(address("192.0.2.255")));
    EXPECT_FALSE(network("192.0.2.0/24").contains(address("192.0.3.0")));
    EXPECT_TRUE(network("192.0.2.128/25").contains(address("192.0.2.128")));
    EXPECT_FALSE(network("192.0.2.128/25").contains(address("192.0.2.127")));
    EXPECT_TRUE(network("10.0.0.0/7").contains(address("11.255.255.255")));
    EXPECT_FALSE(network("10.0.0.0/7").contains(address("12.0.0.0")));
    EXPECT_TRUE(network("192.0.2.7").contains(address("192.0.2.7")));
    EXPECT_FALSE(network("192.0.2.7/32").contains(address("192.0.2.6")));
    EXPECT_TRUE(network("2001:db8::/33").contains(address("2001:db8:7fff::1")));
    EXPECT_FALSE(network("2001:db8::/33").contains(address("2001:db8:8000::1")));
    EXPECT_TRUE(network("::1").contains(address("::1")));
    EXPECT_FALSE(network("::1").contains(address("::2")));
}

TEST(an_ip_network, of_ipv4_contains_mapped_addresses_and_no_other_ipv6)
{
    EXPECT_TRUE(network("192.0.2.0/24").contains(address("::ffff:192.0.2.1")));
    EXPECT_TRUE(network("0.0.0.0/0").contains(address("203.0.113.1")));
    EXPECT_FALSE(network("0.0.0.0/0").contains(address("2001:db8::1")));
    EXPECT_FALSE(network("0.0.0.0/0").contains(ip_address{})) << "nor the peer of a Unix socket";
    EXPECT_FALSE(network("2000::/3").contains(address("192.0.2.1")));
}

TEST(an_ip_network, is_strict)
{
    for (const auto* text : {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/8x", "192.0.2.1/24",
                             "2001:db8::1/64", "::/129", "192.0.2/24", "localhost", "192.0.2.0/24/24", "192.0.2.0 /24"}) {
        std::string why;
        EXPECT_FALSE(ip_network::from_text(text, why)) << text;
        EXPECT_NE(why, "") << text;
    }
}

} // namespace
} // namespace postern::base
