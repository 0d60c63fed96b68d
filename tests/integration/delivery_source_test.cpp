// From where a delivery goes and by which way, where plugins have a say: delivery.source and delivery.connect.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/trusting.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace postern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view pools = "[[delivery.source_pool]]\nname = \"bulk\"\naddresses = [\"127.0.0.7\"]\n"
                                   "hostname = \"bulk.example.org\"\n"
                                   "[[delivery.source_pool]]\nname = \"usual\"\naddresses = [\"127.0.0.8\"]\n";

/// A relay whose plugin does at each hook what `does` says, as `"hook" = "what"`.
[[nodiscard]] configuration probing(const std::string& relay, std::string_view does, std::string_view more_of_delivery = {},
                                    std::string_view more = "may = [\"route\"]\ndeadline = \"300ms\"")
{
    configuration what;
    what.listener("in", {"relay-domains", "probe"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\", \"example.org\"]")
        .plugin("probe", "way-probe", fmt::format("does = {{ {} }}", does), more)
        .section("delivery", fmt::format("relay = \"{}\"\n{}\n{}", relay, more_of_delivery, pools))
        .section("queue", "retry = [\"1h\"]\njitter = 0.0");
    return what;
}

[[nodiscard]] std::string at(std::string_view hook, std::string_view what)
{
    return fmt::format("\"{}\" = \"{}\"", hook, what);
}

void send(const server& gateway)
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
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

TEST(delivery_source, names_the_pool_of_a_transaction_in_place_of_the_configurations)
{
    tcp_listener next;
    server gateway{probing(fmt::format("127.0.0.1:{}", next.port()),
                           at("delivery.source", "pool:bulk") + ", " + at("delivery.connect", ""),
                           "pool = \"usual\"\ntls = \"none\"")};
    send(gateway);
    auto socket = next.accept();
    ASSERT_TRUE(socket) << gateway.log();
    EXPECT_EQ(peer_of(socket->number()), "127.0.0.7");
    tcp_stream stream{std::move(*socket)};
    ASSERT_TRUE(stream.write("220 next.example\r\n"));
    EXPECT_EQ(stream.read_line(), "EHLO bulk.example.org");
    EXPECT_TRUE(gateway.logs("plugin.log", {"asked at delivery.source pool=usual recipients=user@example.com"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("plugin.log", {"asked at delivery.connect", "source=127.0.0.7", "pool=bulk"})) << gateway.log();
}

TEST(delivery_source, that_names_no_pool_leaves_the_configurations)
{
    tcp_listener next;
    server gateway{probing(fmt::format("127.0.0.1:{}", next.port()), at("delivery.source", ""), "pool = \"usual\"")};
    send(gateway);
    auto socket = next.accept();
    ASSERT_TRUE(socket) << gateway.log();
    EXPECT_EQ(peer_of(socket->number()), "127.0.0.8");
}

TEST(delivery_source, that_names_a_pool_which_nobody_has_fails_and_the_message_waits)
{
    next_hop next;
    server gateway{probing(next.address(), at("delivery.source", "pool:none"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery.source", "none", "source_pool"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred", {"user@example.com"})) << gateway.log();
    EXPECT_EQ(next.connections(), 0U);
}

TEST(delivery_source, says_no_before_anybody_connects)
{
    const std::pair<std::string_view, std::string_view> cases[]{{"reject", "failed"}, {"defer", "deferred"}, {"hold", "held"}};
    for (const auto& hook : {"delivery.source", "delivery.connect"})
        for (const auto& [what, event] : cases) {
            next_hop next;
            server gateway{probing(next.address(), at(hook, what))};
            send(gateway);
            EXPECT_TRUE(gateway.logs(event, {"so says the probe"})) << hook << '\n' << gateway.log();
            EXPECT_EQ(next.connections(), 0U) << hook << ' ' << what;
        }
}

TEST(delivery_source, of_one_message_gives_no_connection_to_another)
{
    next_hop next;
    auto what = probing(next.address(), at("delivery.source", "pool:bulk"));
    server gateway{what};
    send(gateway);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    gateway.reconfigure(probing(next.address(), at("delivery.source", "pool:usual")));
    ASSERT_EQ(gateway.command({"reload"}).status, (exit_status{0, 0})) << gateway.log();
    send(gateway);
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_EQ(next.connections(), 2U);
}

TEST(delivery_connect, is_asked_once_a_connection_and_not_for_one_that_is_there)
{
    next_hop next;
    server gateway{probing(next.address(), at("delivery.connect", ""))};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("a@client.example", {"u@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    ASSERT_TRUE(gateway.logs("delivered"));
    ASSERT_EQ(peer.delivers("a@client.example", {"u@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    std::size_t asked = 0;
    const auto log = gateway.log();
    for (auto found = log.find("asked at delivery.connect"); found != std::string::npos;
         found = log.find("asked at delivery.connect", found + 1))
        ++asked;
    EXPECT_EQ(asked, next.connections());
    EXPECT_THAT(log, HasSubstr(fmt::format("host=127.0.0.1 address=127.0.0.1 source= pool=")));
}

TEST(delivery_connect, hands_over_a_stream_that_the_message_goes_by)
{
    next_hop next;
    server gateway{probing(next.address(), at("delivery.connect", "socket"))};
    send(gateway);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_TRUE(gateway.logs("connected_by_plugin", {"plugin=probe", "address=127.0.0.1"})) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty());
}

TEST(delivery_connect, hands_over_a_stream_that_leads_elsewhere)
{
    next_hop real;
    next_hop other;
    server gateway{probing(real.address(), at("delivery.connect", fmt::format("socket:{}", other.port())))};
    send(gateway);
    ASSERT_TRUE(other.wait_for(1)) << gateway.log();
    EXPECT_EQ(real.connections(), 0U);
}

TEST(delivery_connect, hands_over_no_socket_without_the_grant)
{
    next_hop next;
    server gateway{probing(next.address(), at("delivery.connect", "socket"), {}, "deadline = \"300ms\"")};
    send(gateway);
    EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery.connect", "not granted"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred")) << gateway.log();
    EXPECT_TRUE(next.wait_until_alone()) << "it was closed";
    EXPECT_EQ(next.count(), 0U);
}

TEST(delivery_connect, that_hands_over_what_is_no_connected_stream_defers)
{
    for (const auto& what : {"datagrams", "file", "nowhere", "listener"}) {
        next_hop next;
        server gateway{probing(next.address(), at("delivery.connect", fmt::format("socket:{}", what)))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("connection_by_plugin_refused", {"plugin=probe"})) << what << '\n' << gateway.log();
        EXPECT_TRUE(gateway.logs("deferred", {"a plugin's connection cannot be used"})) << what << '\n' << gateway.log();
        EXPECT_EQ(next.connections(), 0U) << "and nobody connects instead";
        EXPECT_THAT(gateway.log(), Not(HasSubstr("destination_rests"))) << "of which nothing is known";
    }
}

TEST(delivery_connect, leaves_a_socket_to_a_plugin_whose_answer_is_refused)
{
    next_hop next;
    server gateway{probing(next.address(), at("delivery.connect", "refused socket"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("plugin.log", {"its socket was left to it"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred")) << gateway.log();
    EXPECT_TRUE(next.wait_until_alone());
}

TEST(delivery_connect, that_fails_defers)
{
    for (const auto& what : {"silence", "nonsense"}) {
        next_hop next;
        server gateway{probing(next.address(), at("delivery.connect", what))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery.connect"})) << gateway.log();
        EXPECT_TRUE(gateway.logs("deferred")) << gateway.log();
        EXPECT_EQ(next.connections(), 0U);
    }
}

TEST(delivery_connect, that_wants_another_address_is_asked_about_it_and_the_next_hop_does_not_rest)
{
    next_hop next;
    server gateway{probing(next.address(), at("delivery.connect", "next host"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("deferred", {"not this address"})) << gateway.log();
    EXPECT_EQ(next.connections(), 0U);
    EXPECT_THAT(gateway.log(), Not(HasSubstr("destination_rests")));
}

[[nodiscard]] std::size_t times(const server& gateway, std::string_view what)
{
    const auto log = gateway.log();
    std::size_t count = 0;
    for (auto found = log.find(what); found != std::string::npos; found = log.find(what, found + 1))
        ++count;
    return count;
}

/// All of the queue waits, and the log says of none but the first that it was put off.
[[nodiscard]] bool all_wait(const server& gateway, std::size_t messages)
{
    return eventually([&] {
        const auto list = gateway.command({"queue", "list", "--json"}).output;
        std::size_t waiting = 0;
        for (auto at = list.find("next_attempt"); at != std::string::npos; at = list.find("next_attempt", at + 1))
            ++waiting;
        return waiting == messages;
    });
}

TEST(delivery_connect, that_has_reached_nobody_is_not_asked_again_by_each_message)
{
    constexpr std::size_t messages = 10;
    for (const auto& [what, text] : {std::pair{"unreachable", "nobody is there"}, std::pair{"no way", "the tunnel is down"}}) {
        next_hop next;
        server gateway{probing(next.address(), at("delivery.connect", what) + ", " + at("delivery.reply", ""),
                               "rest = \"1h\"\nrest_most = \"2h\"")};
        for (std::size_t i = 0; i < messages; ++i)
            send(gateway);
        EXPECT_TRUE(gateway.logs("destination_rests", {text})) << gateway.log();
        EXPECT_TRUE(all_wait(gateway, messages)) << gateway.log();
        EXPECT_EQ(times(gateway, "asked at delivery.connect"), 1U) << gateway.log();
        EXPECT_EQ(times(gateway, " deferred message="), 1U) << "one was tried for all";
        EXPECT_TRUE(gateway.logs("plugin.log", {"asked at delivery.reply stage=route code=0 enhanced=4.4."}))
            << "which is no decision: " << gateway.log();
        EXPECT_EQ(next.connections(), 0U);

        gateway.reconfigure(probing(next.address(), at("delivery.connect", "")));
        ASSERT_EQ(gateway.command({"reload"}).status, (exit_status{0, 0})) << gateway.log();
        EXPECT_EQ(gateway.command({"queue", "flush"}).status, (exit_status{0, 0}));
        EXPECT_TRUE(next.wait_for(messages)) << "and all go when it is reached: " << gateway.log();
    }
}

/// A domain whose mail exchanger has the addresses 127.0.0.2 and 127.0.0.3; somebody listens at one of them.
class two_addresses : public ::testing::Test {
protected:
    explicit two_addresses(std::uint8_t where = 2) : next_{where, other_.port(), {}} {}

    [[nodiscard]] configuration gateway(std::string_view does) const
    {
        configuration what;
        what.listener("in", {"relay-domains", "probe"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .plugin("probe", "way-probe", fmt::format("does = {{ {} }}", does), "may = [\"route\"]\ndeadline = \"300ms\"")
            .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true\ntls = \"none\"", next_.port()))
            .section("delivery.dns", fmt::format("servers = [\"{}\"]", names_.address()))
            .section("queue", "retry = [\"1h\"]\njitter = 0.0");
        return what;
    }

    next_hop other_; // whose port it is
    next_hop next_;
    dns_peer names_{[](const std::string& name, std::uint16_t type) -> dns_said {
        constexpr std::uint16_t type_a = 1;
        if (type != type_a)
            return {};
        return {0, {{name, type_a, {'\x7f', '\0', '\0', '\x02'}}, {name, type_a, {'\x7f', '\0', '\0', '\x03'}}}};
    }};
};

TEST_F(two_addresses, of_which_one_is_not_wanted_rest_when_nobody_is_at_the_other)
{
    server gateway{two_addresses::gateway(at("delivery.connect", "next host, not 127.0.0.2"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("destination_rests", {"cannot connect"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred")) << gateway.log();
    EXPECT_EQ(next_.connections(), 0U);
}

TEST_F(two_addresses, of_which_one_is_not_wanted_are_reached_by_the_other)
{
    server gateway{two_addresses::gateway(at("delivery.connect", "next host, not 127.0.0.3"))};
    send(gateway);
    EXPECT_TRUE(next_.wait_for(1)) << gateway.log();
    EXPECT_THAT(gateway.log(), Not(HasSubstr("destination_rests")));
}

TEST(delivery_connect, changes_nothing_of_what_tls_needs)
{
    next_hop next; // which offers none
    server gateway{probing(next.address(), at("delivery.connect", "socket"), "tls = \"required\"")};
    send(gateway);
    EXPECT_TRUE(gateway.logs("connected_by_plugin")) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred", {"TLS"})) << gateway.log();
    EXPECT_EQ(next.count(), 0U);
}

} // namespace
} // namespace postern::test
