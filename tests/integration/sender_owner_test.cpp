// The plugin sender-owner in a whole server. Who is logged in is told by a proxy, so that the test needs no passwords.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

[[nodiscard]] configuration owned(const next_hop& next, std::string_view options)
{
    configuration what;
    what.listener("in", {"xclient", "relay-domains", "sender-owner"})
        .plugin("xclient", "xclient", "networks = [\"127.0.0.0/8\"]", "may = [\"client\"]")
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("sender-owner", "sender-owner", options)
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    return what;
}

[[nodiscard]] smtp_reply sends_as(const server& gateway, std::string_view identity, std::string_view sender,
                                  std::string_view from)
{
    smtp_peer peer{gateway.port()};
    EXPECT_EQ(peer.reply().code, 220);
    EXPECT_EQ(peer.says(fmt::format("XCLIENT ADDR=198.51.100.1 LOGIN={}", identity)).code, 220);
    EXPECT_EQ(peer.says("EHLO client.example").code, 250);
    if (auto reply = peer.says(fmt::format("MAIL FROM:<{}>", sender)); reply.code != 250)
        return reply;
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    EXPECT_EQ(peer.says("DATA").code, 354);
    peer.sends(stuffed(fmt::format("From: {}\r\nSubject: hi\r\n\r\nhello\r\n", from)));
    return peer.reply();
}

TEST(sender_owner, lets_users_send_as_themselves_and_as_nobody_else)
{
    next_hop next;
    server gateway{owned(next, "separator = \"+\"\nowners = { bob = \"robert@example.org, @bob.example\" }")};
    EXPECT_EQ(sends_as(gateway, "alice@example.org", "alice@example.org", "Alice <alice@example.org>").code, 250);
    EXPECT_EQ(sends_as(gateway, "bob", "robert+x@example.org", "any@bob.example").code, 250);
    const auto mail = sends_as(gateway, "bob", "alice@example.org", "alice@example.org");
    EXPECT_EQ(mail.code, 553);
    EXPECT_EQ(mail.text(), "5.7.1 this sender is not an address of who is logged in");
    EXPECT_EQ(sends_as(gateway, "bob", "robert@example.org", "Alice <alice@example.org>").code, 553);
    EXPECT_EQ(sends_as(gateway, "[UNAVAILABLE]", "alice@example.org", "alice@example.org").code, 250) << "nobody is logged in";
    EXPECT_TRUE(next.wait_for(3)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(next.count(), 3U);
}

TEST(sender_owner, reads_its_file_again_at_a_reload)
{
    next_hop next;
    const temporary_folder folder;
    make_certificate(folder.path());
    const auto file = folder.path() / "owners";
    std::ofstream{file} << "bob: robert@example.org\n";
    server gateway{owned(next, fmt::format("file = \"{}\"", file.string())), folder.path()};
    EXPECT_EQ(sends_as(gateway, "bob", "b@example.org", "b@example.org").code, 553);
    std::ofstream{file} << "bob: robert@example.org, b@example.org\n";
    ASSERT_EQ(gateway.command({"reload"}).status, (exit_status{0, 0})) << gateway.log();
    EXPECT_EQ(sends_as(gateway, "bob", "b@example.org", "b@example.org").code, 250);
    std::ofstream{file} << "bob\n";
    EXPECT_NE(gateway.command({"reload"}).status, (exit_status{0, 0})) << "a file with a fault changes nothing";
    EXPECT_EQ(sends_as(gateway, "bob", "b@example.org", "b@example.org").code, 250);
}

} // namespace
} // namespace postern::test
