#pragma once
// How a test that was not kind to a server ends: the server is as it was.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <gtest/gtest.h>

namespace postern::test {

/// It takes a message and passes it on, and stops when it is told to.
inline void expect_well(server& gateway, next_hop& next)
{
    const auto before = next.count();
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250) << gateway.log();
    ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: clean\r\n\r\n").code, 250) << gateway.log();
    EXPECT_TRUE(next.wait_for(before + 1)) << gateway.log();
    EXPECT_EQ(gateway.stop(), (exit_status{0, 0})) << gateway.log();
}

} // namespace postern::test
