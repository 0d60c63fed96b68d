#include "src/failure_table.hpp"

#include <gtest/gtest.h>

namespace auth_file {
namespace {

using namespace std::chrono_literals;

constexpr failure_table::time_point start{1h};

TEST(failures, are_let_pass_up_to_their_limit)
{
    failure_table all{3, 10min};
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(all.is_over("alice", start)) << i;
        all.add("alice", start);
    }
    EXPECT_TRUE(all.is_over("alice", start));
    EXPECT_EQ(all.count("alice", start), 3u);
    EXPECT_FALSE(all.is_over("bob", start));
    EXPECT_EQ(all.count("bob", start), 0u);
}

TEST(failures, are_forgotten_when_their_window_ends)
{
    failure_table all{1, 10min};
    all.add("alice", start);
    all.add("alice", start + 9min); // does not make it longer
    EXPECT_TRUE(all.is_over("alice", start + 10min - 1ns));
    EXPECT_FALSE(all.is_over("alice", start + 10min));
    EXPECT_EQ(all.size(), 0u);
}

TEST(failures, are_forgotten_when_somebody_says_so)
{
    failure_table all{1, 10min};
    all.add("alice", start);
    all.clear("alice");
    all.clear("bob");
    EXPECT_FALSE(all.is_over("alice", start));
}

TEST(failures, of_too_many_push_out_the_oldest)
{
    failure_table all{1, 10min, 2};
    all.add("a", start);
    all.add("b", start + 1s);
    all.add("c", start + 2s);
    EXPECT_EQ(all.size(), 2u);
    EXPECT_FALSE(all.is_over("a", start + 2s));
    EXPECT_TRUE(all.is_over("b", start + 2s));
    EXPECT_TRUE(all.is_over("c", start + 2s));
}

TEST(failures, are_not_counted_without_a_limit)
{
    failure_table all{0, 10min};
    all.add("alice", start);
    EXPECT_FALSE(all.is_over("alice", start));
    EXPECT_EQ(all.size(), 0u);
}

TEST(a_client, is_an_ipv4_address_or_64_bits_of_an_ipv6_address)
{
    EXPECT_EQ(client_of("192.0.2.1"), client_of("::ffff:192.0.2.1"));
    EXPECT_NE(client_of("192.0.2.1"), client_of("192.0.2.2"));
    EXPECT_EQ(client_of("2001:db8::1"), client_of("2001:db8::ffff:1"));
    EXPECT_NE(client_of("2001:db8::1"), client_of("2001:db8:0:1::1"));
    EXPECT_EQ(client_of("unix"), "unix");
}

} // namespace
} // namespace auth_file
