#include "core/base/ip_address.hpp"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

using namespace std::string_view_literals;

TEST(ip_address, reads_and_writes_ipv4)
{
    const auto address = ip_address::from_text("192.0.2.1");
    ASSERT_TRUE(address);
    EXPECT_TRUE(address->is_v4());
    EXPECT_EQ(address->text(), "192.0.2.1");
    EXPECT_EQ(address->literal(), "[192.0.2.1]");
}

TEST(ip_address, reads_and_writes_ipv6)
{
    const auto address = ip_address::from_text("2001:DB8:0:0:0:0:0:1");
    ASSERT_TRUE(address);
    EXPECT_FALSE(address->is_v4());
    EXPECT_EQ(address->text(), "2001:db8::1");
    EXPECT_EQ(address->literal(), "[IPv6:2001:db8::1]");
}

TEST(ip_address, is_the_same_whether_a_socket_gave_it_as_ipv4_or_mapped)
{
    EXPECT_EQ(ip_address::from_text("192.0.2.1"), ip_address::from_text("::ffff:192.0.2.1"));
    EXPECT_EQ(std::hash<ip_address>{}(*ip_address::from_text("192.0.2.1")),
              std::hash<ip_address>{}(*ip_address::from_text("::ffff:192.0.2.1")));
}

TEST(ip_address, refuses_what_is_none)
{
    for (const auto text : {""sv, "1.2.3"sv, "1.2.3.256"sv, "1.2.3.4.5"sv, "01.2.3.4"sv, "1.2.3.4 "sv, " 1.2.3.4"sv,
                            "0x7f.1.1.1"sv, ":::"sv, "1::2::3"sv, "12345::"sv, "fe80::1%lo"sv, "localhost"sv, "[::1]"sv})
        EXPECT_FALSE(ip_address::from_text(text)) << text;
    EXPECT_FALSE(ip_address::from_text(std::string(200, '1')));
}

TEST(ip_address, is_not_read_past_a_nul)
{
    EXPECT_FALSE(ip_address::from_text("127.0.0.1\0.evil.example"sv));
    EXPECT_FALSE(ip_address::from_text("::1\0"sv));
}

TEST(ip_address, knows_loopback)
{
    EXPECT_TRUE(ip_address::from_text("127.0.0.1")->is_loopback());
    EXPECT_TRUE(ip_address::from_text("127.255.0.9")->is_loopback());
    EXPECT_TRUE(ip_address::from_text("::1")->is_loopback());
    EXPECT_FALSE(ip_address::from_text("128.0.0.1")->is_loopback());
    EXPECT_FALSE(ip_address::from_text("::2")->is_loopback());
    EXPECT_FALSE(ip_address::from_text("1::1")->is_loopback());
    EXPECT_FALSE(ip_address{}.is_loopback());
}

TEST(ip_endpoint, reads_what_it_writes)
{
    for (const auto text : {"192.0.2.1:25", "[2001:db8::1]:65535", "[::]:0"}) {
        const auto endpoint = ip_endpoint::from_text(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(endpoint->text(), text);
    }
}

TEST(ip_endpoint, refuses_names_guesses_and_ports_out_of_range)
{
    for (const auto text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:2 ",
                            "::1:25", "localhost:25", "[::1]", "[::1:25", "[]:25"})
        EXPECT_FALSE(ip_endpoint::from_text(text)) << text;
}

TEST(ip_address, that_stands_for_none_is_known)
{
    EXPECT_TRUE(ip_address{}.is_unspecified());
    EXPECT_TRUE(ip_address::from_text("0.0.0.0")->is_unspecified());
    EXPECT_FALSE(ip_address::from_text("0.0.0.1")->is_unspecified());
    EXPECT_FALSE(ip_address::from_text("::1")->is_unspecified());
}

} // namespace
} // namespace postern::base
