#include "core/hooks/peer_edit.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::hooks {
namespace {

TEST(peer_fact, is_written_as_its_kind_is)
{
    EXPECT_TRUE(is_peer_fact("address", "192.0.2.1"));
    EXPECT_TRUE(is_peer_fact("local_address", "2001:db8::1"));
    for (const auto* bad : {"", "mx.example", "192.0.2.256", "192.0.2.1:25", "[192.0.2.1]"})
        EXPECT_FALSE(is_peer_fact("address", bad)) << bad;
    EXPECT_TRUE(is_peer_fact("port", "0"));
    EXPECT_TRUE(is_peer_fact("local_port", "65535"));
    for (const auto* bad : {"", "65536", "-1", "25x"})
        EXPECT_FALSE(is_peer_fact("port", bad)) << bad;
    EXPECT_TRUE(is_peer_fact("helo", "client.example"));
    EXPECT_TRUE(is_peer_fact("identity", ""));
    EXPECT_TRUE(is_peer_fact("identity", std::string(255, 'x')));
    EXPECT_FALSE(is_peer_fact("identity", std::string(256, 'x')));
    for (const auto* bad : {"a b", "a\r\nb", "\x7f", "gr\xc3\xbc\xc3\x9f"})
        EXPECT_FALSE(is_peer_fact("helo", bad)) << bad;
    EXPECT_FALSE(is_peer_fact("session", "1"));
}

TEST(peer_fact, changes_that_fact_alone)
{
    connection_facts facts;
    apply_peer_fact("address", "192.0.2.1", facts);
    apply_peer_fact("port", "4711", facts);
    apply_peer_fact("local_address", "2001:db8::25", facts);
    apply_peer_fact("local_port", "25", facts);
    apply_peer_fact("helo", "client.example", facts);
    apply_peer_fact("identity", "somebody", facts);
    EXPECT_EQ(facts.peer.text(), "192.0.2.1:4711");
    EXPECT_EQ(facts.local.address.text(), "2001:db8::25");
    EXPECT_EQ(facts.local.port, 25);
    EXPECT_EQ(facts.helo, "client.example");
    EXPECT_EQ(facts.identity, "somebody");
}

} // namespace
} // namespace postern::hooks
