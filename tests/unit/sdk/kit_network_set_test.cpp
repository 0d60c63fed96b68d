#include <postern/kit/network_set.hpp>

#include <gtest/gtest.h>

using postern::kit::network_set;
using postern::kit::parse_address;

namespace {

network_set set_of(std::initializer_list<const char*> entries)
{
    network_set made;
    for (const char* entry : entries)
        EXPECT_EQ(made.add(entry), nullptr) << entry;
    return made;
}

TEST(kit_network_set, holds_the_addresses_of_a_network_up_to_its_borders)
{
    const network_set v4 = set_of({"192.0.2.64/26"});
    EXPECT_FALSE(v4.contains("192.0.2.63"));
    EXPECT_TRUE(v4.contains("192.0.2.64"));
    EXPECT_TRUE(v4.contains("192.0.2.127"));
    EXPECT_FALSE(v4.contains("192.0.2.128"));
    EXPECT_FALSE(v4.contains("193.0.2.64"));

    const network_set v6 = set_of({"2001:db8:8000::/33"});
    EXPECT_FALSE(v6.contains("2001:db8:7fff::1"));
    EXPECT_TRUE(v6.contains("2001:db8:8000::"));
    EXPECT_TRUE(v6.contains("2001:DB8:ffff::1"));
    EXPECT_FALSE(v6.contains("2001:db9:8000::"));
}

TEST(kit_network_set, holds_a_single_address_and_no_neighbour)
{
    const network_set set = set_of({"192.0.2.7", "::1"});
    EXPECT_TRUE(set.contains("192.0.2.7"));
    EXPECT_FALSE(set.contains("192.0.2.6"));
    EXPECT_TRUE(set.contains("::1"));
    EXPECT_TRUE(set.contains("0:0:0:0:0:0:0:1"));
    EXPECT_FALSE(set.contains("::2"));
}

TEST(kit_network_set, takes_an_ipv4_client_on_an_ipv6_socket_for_an_ipv4_client)
{
    EXPECT_TRUE(set_of({"192.0.2.0/24"}).contains("::ffff:192.0.2.1"));
    EXPECT_TRUE(set_of({"::ffff:192.0.2.0/120"}).contains("192.0.2.1"));
    EXPECT_FALSE(set_of({"192.0.2.0/24"}).contains("::192.0.2.1"));
}

TEST(kit_network_set, of_all_ipv4_holds_no_ipv6_client)
{
    const network_set set = set_of({"0.0.0.0/0"});
    EXPECT_TRUE(set.contains("203.0.113.9"));
    EXPECT_FALSE(set.contains("2001:db8::1"));
    EXPECT_TRUE(set.trusts_everybody());
    EXPECT_FALSE(set_of({"128.0.0.0/1"}).trusts_everybody());
    EXPECT_FALSE(set_of({}).trusts_everybody());
}

TEST(kit_network_set, trusts_everybody_however_that_is_written)
{
    for (const char* wide : {"0.0.0.0/0", "::/0", "::/1", "::/80", "::ffff:0:0/96", "2000::/3"})
        EXPECT_TRUE(set_of({wide}).trusts_everybody()) << wide;
    for (const char* wide : {"::/1", "::/80", "::ffff:0:0/96"})
        EXPECT_TRUE(set_of({wide}).contains("203.0.113.9")) << wide;
    for (const char* narrow : {"0.0.0.0/1", "128.0.0.0/1", "::ffff:0:0/97", "2000::/4", "8000::/1", "fc00::/7", "::/97"})
        EXPECT_FALSE(set_of({narrow}).trusts_everybody()) << narrow;
}

TEST(kit_network_set, refuses_what_is_no_network)
{
    network_set set;
    for (const char* entry :
         {"", "example.com", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/8x", "192.0.2.1/24", "192.0.2",
          "2001:db8::/129", "2001:db8::1/64", "[::1]", "fe80::1%eth0", "192.0.2.0/24/24", " 192.0.2.1", "/24"})
        EXPECT_NE(set.add(entry), nullptr) << entry;
    EXPECT_TRUE(set.empty());
    EXPECT_EQ(set.add("192.0.2.0/32"), nullptr);
    EXPECT_EQ(set.add("2001:db8::/128"), nullptr);
}

TEST(kit_network_set, holds_nothing_that_is_no_address)
{
    const network_set set = set_of({"0.0.0.0/0", "::/0"});
    for (const char* client : {"", "unix", "192.0.2.1.1", "192.0.2.1 ", "fe80::1%eth0", "[::1]", "192.0.2.0/24"})
        EXPECT_FALSE(set.contains(client)) << client;
    EXPECT_FALSE(set.contains(std::string_view{"192.0.2.1\0", 10}));
    EXPECT_FALSE(set.contains(std::string(500, '1')));
}

TEST(kit_address, maps_ipv4_into_ipv6)
{
    EXPECT_EQ(parse_address("192.0.2.1"), parse_address("::ffff:192.0.2.1"));
    EXPECT_NE(parse_address("192.0.2.1"), parse_address("192.0.2.2"));
}

} // namespace
