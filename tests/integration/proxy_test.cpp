// Listeners behind proxies: whose address counts, and that nobody is served with a false one.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/tls_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>

namespace postern::test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr auto believed = "proxy_protocol = true\nproxy_networks = [\"127.0.0.1\"]";

[[nodiscard]] std::string line(std::string_view client)
{
    return fmt::format("PROXY TCP4 {} 198.51.100.1 43210 25\r\n", client);
}

/// A header of version 2: 192.0.2.`last`:43210 to 198.51.100.1:25, with a TLV behind.
[[nodiscard]] std::string block(char last)
{
    return "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x12\xC0\x00\x02"s + last +
           "\xC6\x33\x64\x01\xA8\xCA\x00\x19\x04\x00\x03\x00\x00\x00"s;
}

class a_server_behind_proxies : public ::testing::Test {
protected:
    explicit a_server_behind_proxies() : gateway_{rules(next_)} {}

    [[nodiscard]] static configuration rules(const next_hop& next)
    {
        configuration out;
        out.listener("in", {"relay-domains"}, "starttls", believed)
            .listener("implicit", {"relay-domains"}, "implicit", believed)
            .listener("others", {"relay-domains"}, "none", "proxy_protocol = true\nproxy_networks = [\"192.0.2.0/24\", \"::1\"]")
            .listener("direct", {"relay-domains"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]\nnetworks = [\"203.0.113.0/24\"]")
            .section("delivery", fmt::format("relay = \"{}\"", next.address()))
            .section("limits", "connections_per_ip = 2")
            .section("limits.timeouts", "greeting = \"1s\"")
            .section("log", "level = \"debug\"");
        return out;
    }
    void TearDown() override { EXPECT_EQ(gateway_.stop(), success) << gateway_.log(); }

    [[nodiscard]] smtp_peer by_proxy(std::string_view header, std::string_view listener = "in") const
    {
        smtp_peer peer{gateway_.port(listener)};
        EXPECT_TRUE(peer.sends(header));
        return peer;
    }
    /// It gets no word, and its end.
    void expect_closed(smtp_peer peer, std::string_view why)
    {
        bool ended = false;
        EXPECT_EQ(peer.stream().read_to_end(&ended), "") << why;
        EXPECT_TRUE(ended) << why;
    }

    next_hop next_;
    server gateway_;
};

TEST_F(a_server_behind_proxies, takes_the_client_for_its_peer_in_everything_that_follows)
{
    for (const auto& [header, client] : {std::pair{line("203.0.113.7"), "203.0.113.7"s}, {block('\x09'), "192.0.2.9"s}}) {
        const auto before = next_.count();
        auto peer = by_proxy(header);
        ASSERT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\n").code, 250);
        ASSERT_TRUE(next_.wait_for(before + 1)) << gateway_.log();
        EXPECT_THAT(next_.arrived().back().content, HasSubstr(fmt::format("[{}]", client)));
        EXPECT_TRUE(gateway_.logs("connected", {fmt::format("peer={}:43210", client)})) << gateway_.log();
    }
}

TEST_F(a_server_behind_proxies, tells_its_plugins_the_clients_address)
{
    auto known = by_proxy(line("203.0.113.7"));
    ASSERT_EQ(known.greets().code, 250);
    EXPECT_EQ(known.delivers("a@client.example", {"user@elsewhere.example"}, "Subject: hi\r\n\r\n").code, 250) << "it may relay";
    auto stranger = by_proxy(line("192.0.2.7"));
    ASSERT_EQ(stranger.greets().code, 250);
    EXPECT_EQ(stranger.delivers("a@client.example", {"user@elsewhere.example"}, "Subject: hi\r\n\r\n").code / 100, 5);
}

TEST_F(a_server_behind_proxies, reads_a_header_in_any_portions_and_what_comes_with_it)
{
    smtp_peer slow{gateway_.port()};
    for (const char octet : line("203.0.113.7"))
        ASSERT_TRUE(slow.sends({&octet, 1}));
    EXPECT_EQ(slow.greets().code, 250);
    auto eager = by_proxy(line("203.0.113.7") + "EHLO client.example\r\n"); // before the greeting: it is rude, not lost
    EXPECT_EQ(eager.reply().code, 220);
    EXPECT_EQ(eager.reply().code, 250);
}

TEST_F(a_server_behind_proxies, hears_the_header_before_tls)
{
    for (const auto& header : {line("203.0.113.7"), block('\x07')}) {
        tls_peer implicit{std::move(by_proxy(header, "implicit").stream())};
        ASSERT_TRUE(implicit.shakes_hands()) << gateway_.log();
        EXPECT_EQ(implicit.reply().code, 220);
        auto later = by_proxy(header);
        ASSERT_EQ(later.greets().code, 250);
        ASSERT_EQ(later.says("STARTTLS").code, 220);
        tls_peer secured{std::move(later.stream())};
        ASSERT_TRUE(secured.shakes_hands());
        EXPECT_EQ(secured.says("EHLO client.example").code, 250);
    }
    tls_peer at_once{std::move(smtp_peer{gateway_.port("implicit")}.stream())};
    ASSERT_TRUE(at_once.stream().write(line("203.0.113.8") + at_once.client_hello())) << "header and ClientHello in one packet";
    EXPECT_TRUE(at_once.shakes_hands());
    EXPECT_TRUE(gateway_.logs("connected", {"listener=implicit", "peer=203.0.113.8:43210"})) << gateway_.log();
}

TEST_F(a_server_behind_proxies, serves_nobody_whose_header_is_broken)
{
    auto cut = block('\x07');
    cut[13] = '\x12'; // datagrams
    for (const auto& wrong : {"PROXY TCP4 203.0.113.7 198.51.100.1 43210\r\n"s, "EHLO client.example\r\n"s,
                              "PROXY TCP4 203.0.113.7\n"s, "\x16\x03\x01\x02\x00\x01\x00\x01\xFC"s, cut, std::string(200, 'P')})
        expect_closed(by_proxy(wrong), wrong);
    EXPECT_TRUE(gateway_.logs("refused", {"listener=in", "PROXY header: "})) << gateway_.log();
    EXPECT_THAT(gateway_.log(), Not(HasSubstr(" connected ")));
}

TEST_F(a_server_behind_proxies, waits_for_a_header_no_longer_than_for_a_first_command)
{
    expect_closed(by_proxy(""), "silence");
    EXPECT_TRUE(gateway_.logs("refused", {"no PROXY header came in time"})) << gateway_.log();
    expect_closed(by_proxy("PROXY TCP4 "), "half a header");
    auto gone = by_proxy("PROXY TCP4 ");
    gone.stream().close_write();
    expect_closed(std::move(gone), "an end");
    EXPECT_THAT(gateway_.log(), Not(HasSubstr(" connected ")));
}

TEST_F(a_server_behind_proxies, believes_and_serves_nobody_else)
{
    expect_closed(smtp_peer{gateway_.port("others")}, "without a header");
    auto liar = smtp_peer{gateway_.port("others")};
    (void)liar.sends(line("203.0.113.7"));
    liar.stream().close_write();
    EXPECT_EQ(liar.stream().read_to_end(), "");
    EXPECT_TRUE(gateway_.logs("refused", {"listener=others", "is no trusted proxy"})) << gateway_.log();
    smtp_peer direct{gateway_.port("direct")};
    EXPECT_EQ(direct.greets().code, 250);
    EXPECT_EQ(direct.says(line("203.0.113.7").substr(0, 42)).code, 500) << "a listener without proxies knows no such thing";
}

TEST_F(a_server_behind_proxies, counts_connections_of_the_client_and_not_of_the_proxy)
{
    std::vector<std::unique_ptr<smtp_peer>> all;
    for (const auto* client : {"203.0.113.1", "203.0.113.1", "203.0.113.2", "203.0.113.2", "203.0.113.3"}) {
        all.push_back(std::make_unique<smtp_peer>(by_proxy(line(client))));
        EXPECT_EQ(all.back()->greets().code, 250) << client;
    }
    auto third = by_proxy(line("203.0.113.1"));
    EXPECT_EQ(third.reply().code, 421);
    EXPECT_TRUE(gateway_.logs("refused", {"peer=203.0.113.1:43210", "too many connections"})) << gateway_.log();
    all.erase(all.begin()); // its place is free again
    EXPECT_TRUE(eventually([&] { return by_proxy(line("203.0.113.1")).reply().code == 220; }));
}

TEST_F(a_server_behind_proxies, serves_a_proxy_that_speaks_for_itself_without_a_limit)
{
    std::vector<std::unique_ptr<smtp_peer>> all;
    for (int i = 0; i < 2; ++i)
        for (const auto& header : {"PROXY UNKNOWN\r\n"s, "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"s}) {
            all.push_back(std::make_unique<smtp_peer>(by_proxy(header)));
            EXPECT_EQ(all.back()->greets().code, 250);
        }
    EXPECT_TRUE(gateway_.logs("connected", {"peer=127.0.0.1:"})) << gateway_.log();
}

TEST(a_server_that_goes_away, waits_for_no_proxy)
{
    const next_hop next;
    configuration what;
    what.listener("in", {"relay-domains"}, "none", believed)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()))
        .section("log", "level = \"debug\"");
    server gateway{what};
    smtp_peer silent{gateway.port()};
    ASSERT_TRUE(silent.sends("PROXY TCP4 "));
    smtp_peer served{gateway.port()};
    ASSERT_TRUE(served.sends(line("203.0.113.7")));
    ASSERT_EQ(served.greets().code, 250);
    EXPECT_EQ(gateway.stop(), success) << gateway.log();
    EXPECT_EQ(served.reply().code, 421);
    EXPECT_EQ(silent.stream().read_to_end(), "");
}

TEST(a_server_at_a_unix_socket, believes_whoever_could_open_it)
{
    const next_hop next;
    configuration what;
    what.listener("in", {"relay-domains"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()))
        .section("[listener]",
                 "name = \"local\"\naddress = \"unix:smtp.sock\"\nproxy_protocol = true\nchain = [\"relay-domains\"]")
        .section("log", "level = \"debug\"");
    server gateway{what};
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    const auto path = (gateway.folder() / "smtp.sock").string();
    ASSERT_LT(path.size(), sizeof where.sun_path);
    path.copy(where.sun_path, path.size());
    descriptor made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    ASSERT_EQ(::connect(made.number(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    tcp_stream proxy{std::move(made)};
    ASSERT_TRUE(proxy.write(line("203.0.113.7")));
    EXPECT_THAT(proxy.read_line().value_or(""), HasSubstr("220 "));
    EXPECT_TRUE(gateway.logs("connected", {"listener=local", "peer=203.0.113.7:43210"})) << gateway.log();
    EXPECT_EQ(gateway.stop(), success);
}

} // namespace
} // namespace postern::test
