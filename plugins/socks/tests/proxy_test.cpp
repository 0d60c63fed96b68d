#include "../src/proxy.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <stdexcept>
#include <string>

namespace socks {
namespace {

TEST(a_proxy, is_an_address_with_a_port_or_a_unix_socket)
{
    const auto four = read_proxy("192.0.2.1:1080");
    EXPECT_EQ(four.address.ss_family, AF_INET);
    EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in&>(four.address).sin_port), 1080);
    EXPECT_EQ(four.size, sizeof(sockaddr_in));
    const auto six = read_proxy("[2001:db8::1]:65535");
    EXPECT_EQ(six.address.ss_family, AF_INET6);
    EXPECT_EQ(six.size, sizeof(sockaddr_in6));
    const auto local = read_proxy("unix:/run/tor/socks");
    EXPECT_EQ(local.address.ss_family, AF_UNIX);
    EXPECT_STREQ(reinterpret_cast<const sockaddr_un&>(local.address).sun_path, "/run/tor/socks");
    EXPECT_EQ(local.text, "unix:/run/tor/socks");
    EXPECT_NO_THROW((void)read_proxy("unix:/" + std::string(106, 'x')));
}

TEST(a_proxy, that_is_none_is_refused)
{
    for (const std::string bad :
         {"", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x", "192.0.2.1:25x", "localhost:9050", "2001:db8::1:25",
          "[2001:db8::1]", "[]:25", "[192.0.2.1]:25", "unix:", "unix:/", "unix:relative", "socks5://192.0.2.1:25"})
        EXPECT_THROW((void)read_proxy(bad), std::invalid_argument) << bad;
    EXPECT_THROW((void)read_proxy("unix:/" + std::string(107, 'x')), std::invalid_argument);
    EXPECT_THROW((void)read_proxy(std::string{"unix:/a\0b", 9}), std::invalid_argument);
}

} // namespace
} // namespace socks
