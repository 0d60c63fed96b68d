// How fast, from where, and where nothing goes for now: [delivery] pool, rate and [[delivery.destination]].

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace postern::test {
namespace {

void send(const server& gateway, std::size_t messages)
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    for (std::size_t i = 0; i < messages; ++i)
        ASSERT_EQ(peer.delivers("", {"u@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
}

[[nodiscard]] std::string peer_of(int socket)
{
    sockaddr_in from{};
    socklen_t size = sizeof from;
    char text[INET_ADDRSTRLEN] = {};
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&from), &size) != 0)
        return "";
    return ::inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
}

TEST(a_pool, says_from_which_addresses_by_turns_and_under_which_name)
{
    tcp_listener next;
    auto what = configuration::relay(fmt::format("127.0.0.1:{}", next.port()));
    what.section("delivery", "pool = \"bulk\"\ntls = \"none\"\n[[delivery.source_pool]]\nname = \"bulk\"\n"
                             "addresses = [\"127.0.0.7\", \"127.0.0.8\"]\nhostname = \"bulk.example.org\"");
    server gateway{what};
    std::vector<std::string> seen;
    for (int i = 0; i < 2; ++i) {
        send(gateway, 1);
        auto socket = next.accept();
        ASSERT_TRUE(socket);
        seen.push_back(peer_of(socket->number()));
        tcp_stream stream{std::move(*socket)};
        ASSERT_TRUE(stream.write("220 next.example\r\n"));
        EXPECT_EQ(stream.read_line(), "EHLO bulk.example.org");
        ASSERT_TRUE(stream.write("250 next.example\r\n"));
        EXPECT_TRUE(stream.read_line()->starts_with("MAIL FROM:"));
        ASSERT_TRUE(stream.write("550 5.7.1 no\r\n"));
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"127.0.0.7", "127.0.0.8"}));
}

TEST(a_pool, without_an_address_of_the_family_is_not_gone_around)
{
    next_hop next;
    auto what = configuration::relay(next.address());
    what.section("delivery", "pool = \"six\"\n[[delivery.source_pool]]\nname = \"six\"\naddresses = [\"::1\"]");
    server gateway{what};
    send(gateway, 1);
    EXPECT_TRUE(gateway.logs("deferred", {"cannot connect"})) << gateway.log();
    EXPECT_EQ(next.connections(), 0U);
}

TEST(a_destination, that_is_suspended_gets_its_mail_when_a_reload_says_so)
{
    next_hop next;
    auto what = configuration::relay(next.address());
    what.section("delivery",
                 fmt::format("[[delivery.destination]]\nnext_hop = \"{}\"\nsuspended = \"they mend it\"", next.address()));
    server gateway{what};
    send(gateway, 3);
    EXPECT_TRUE(gateway.logs("accepted"));
    auto mended = configuration::relay(next.address());
    gateway.reconfigure(mended);
    ASSERT_EQ(gateway.command({"reload"}).status, (exit_status{0, 0})) << gateway.log();
    EXPECT_TRUE(next.wait_for(3)) << gateway.log();
    EXPECT_EQ(gateway.log().find("deferred"), std::string::npos) << gateway.log();
}

TEST(a_destination, gets_no_more_than_its_rate)
{
    std::vector<std::chrono::steady_clock::time_point> arrivals;
    next_hop next;
    next.on_arrival([&](const arrived_message&) { arrivals.push_back(std::chrono::steady_clock::now()); });
    auto what = configuration::relay(next.address());
    what.section("delivery", "rate = \"10/1s\"");
    server gateway{what};
    send(gateway, 5);
    ASSERT_TRUE(next.wait_for(5)) << gateway.log();
    ASSERT_TRUE(gateway.queue_becomes_empty());
    // The least time that it can take, whatever the machine does; when an arrival is seen may be late.
    EXPECT_GE(arrivals.back() - arrivals.front(), std::chrono::milliseconds{250});
}

} // namespace
} // namespace postern::test
