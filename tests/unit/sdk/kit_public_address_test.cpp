#include <postern/kit/public_address.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>

namespace postern::kit {
namespace {

TEST(an_address, is_public_unless_it_is_of_this_machine_its_site_or_a_group)
{
    for (const auto* const each :
         {"8.8.8.8",         "9.255.255.255",   "11.0.0.0",         "100.63.255.255", "100.128.0.0",     "126.255.255.255",
          "128.0.0.0",       "169.253.255.255", "169.255.0.0",      "172.15.255.255", "172.32.0.0",      "192.0.1.0",
          "192.167.255.255", "192.169.0.0",     "198.17.255.255",   "198.20.0.0",     "223.255.255.255", "2001:4860:4860::8888",
          "2a00::1",         "3fff:ffff::1",    "64:ff9b::808:808", "::ffff:8.8.8.8"})
        EXPECT_TRUE(is_public(each)) << each;
    for (const auto* const each : {"0.0.0.0",
                                   "0.255.255.255",
                                   "10.0.0.1",
                                   "10.255.255.255",
                                   "100.64.0.0",
                                   "100.127.255.255",
                                   "127.0.0.1",
                                   "127.255.255.255",
                                   "169.254.169.254",
                                   "172.16.0.0",
                                   "172.31.255.255",
                                   "192.0.0.1",
                                   "192.168.0.1",
                                   "198.18.0.0",
                                   "198.19.255.255",
                                   "224.0.0.1",
                                   "240.0.0.1",
                                   "255.255.255.255",
                                   "::",
                                   "::1",
                                   "fe80::1",
                                   "fc00::1",
                                   "fd12::1",
                                   "ff02::1",
                                   "::ffff:127.0.0.1",
                                   "::ffff:10.0.0.1",
                                   "64:ff9b::7f00:1",
                                   "2002:7f00:1::1",
                                   "2001::1",
                                   "4000::1",
                                   "",
                                   "localhost",
                                   "8.8.8.8 "})
        EXPECT_FALSE(is_public(each)) << each;
}

TEST(an_address, of_a_socket_is_judged_alike)
{
    sockaddr_in four{};
    four.sin_family = AF_INET;
    const auto is_public_v4 = [&](const char* text) {
        EXPECT_EQ(::inet_pton(AF_INET, text, &four.sin_addr), 1);
        return is_public(reinterpret_cast<const sockaddr&>(four));
    };
    EXPECT_TRUE(is_public_v4("8.8.8.8"));
    EXPECT_FALSE(is_public_v4("127.0.0.1"));
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    const auto is_public_v6 = [&](const char* text) {
        EXPECT_EQ(::inet_pton(AF_INET6, text, &six.sin6_addr), 1);
        return is_public(reinterpret_cast<const sockaddr&>(six));
    };
    EXPECT_TRUE(is_public_v6("2a00::1"));
    EXPECT_FALSE(is_public_v6("::1"));
    EXPECT_FALSE(is_public_v6("::ffff:10.0.0.1"));
    const sockaddr none{};
    EXPECT_FALSE(is_public(none));
}

} // namespace
} // namespace postern::kit
