// A plugin that asks the DNS and keeps keys and values, in a server as users run it.

#include "tests/support/dns_peer.hpp"
#include "tests/support/server.hpp"
#include "tests/support/signed_name_server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace postern::test {
namespace {

using ::testing::HasSubstr;

constexpr exit_status success{0, 0};

configuration with_facts(std::string_view dns, std::string_view options = "durable = true")
{
    configuration what;
    what.listener("in", {"facts"})
        .plugin("facts", "fact-finder", options)
        .section("delivery", "relay = \"127.0.0.1:9\"")
        .section("delivery.dns", dns);
    return what;
}

/// What the plugin says of a domain.
std::string facts_of(std::uint16_t port, std::string_view domain)
{
    smtp_peer client{port};
    client.greets();
    client.says("MAIL FROM:<a@client.example>");
    return client.says(fmt::format("RCPT TO:<a@{}>", domain)).text();
}

dns_said mail_exchangers(const std::string& name, std::uint16_t type)
{
    if (name == "example.org" && type == 15)
        return {0,
                {{name, type, dns_peer::two(20) + dns_peer::wire("b.example.org")},
                 {name, type, dns_peer::two(10) + dns_peer::wire("a.example.org")}}};
    return {name == "silent.example" ? 0U : 3U, {}, name == "silent.example"};
}

TEST(a_plugin, is_told_what_the_dns_knows)
{
    const dns_peer names{mail_exchangers};
    server gateway{with_facts(fmt::format("servers = [\"{}\"]\ntimeout = \"500ms\"", names.address()))};
    EXPECT_EQ(facts_of(gateway.port(), "example.org"), "4.7.1 status=0 asked=1 10=a.example.org 20=b.example.org");
    EXPECT_EQ(facts_of(gateway.port(), "nobody.example"), "4.7.1 status=1 asked=1");
    EXPECT_EQ(facts_of(gateway.port(), "silent.example"), "4.7.1 status=4 asked=1");
    EXPECT_EQ(gateway.stop(), success);
}

TEST(a_plugin, whose_client_hangs_up_while_the_dns_thinks_ends_in_order)
{
    const dns_peer names{mail_exchangers};
    server gateway{with_facts(fmt::format("servers = [\"{}\"]", names.address()))};
    for (int i = 0; i < 20; ++i) {
        smtp_peer client{gateway.port()};
        client.greets();
        client.says("MAIL FROM:<a@client.example>");
        EXPECT_TRUE(client.sends("RCPT TO:<a@silent.example>\r\n"));
    }
    EXPECT_THAT(facts_of(gateway.port(), "example.org"), HasSubstr("status=0"));
    smtp_peer last{gateway.port()};
    last.greets();
    last.says("MAIL FROM:<a@client.example>");
    EXPECT_TRUE(last.sends("RCPT TO:<a@silent.example>\r\n"));
    EXPECT_EQ(gateway.stop(), success); // with a question open
}

TEST(a_plugin, has_its_durable_keys_after_kill_9)
{
    const dns_peer names{mail_exchangers};
    const auto what = with_facts(fmt::format("servers = [\"{}\"]", names.address()));
    const temporary_folder place;
    for (int round = 0; round < 5; ++round) {
        server gateway{what, place.path()};
        for (int i = 1; i <= 3; ++i)
            EXPECT_THAT(facts_of(gateway.port(), "example.org"), HasSubstr(fmt::format("asked={} ", round * 3 + i)));
        gateway.child().kill();
    }
}

TEST(a_plugin, keeps_its_keys_and_its_resolver_over_a_reload)
{
    const dns_peer names{mail_exchangers};
    const auto dns = fmt::format("servers = [\"{}\"]", names.address());
    server gateway{with_facts(dns)};
    EXPECT_THAT(facts_of(gateway.port(), "example.org"), HasSubstr("status=0 asked=1"));
    gateway.reconfigure(with_facts(dns, "durable = false"));
    EXPECT_EQ(gateway.command({"reload"}).status, success);
    EXPECT_THAT(facts_of(gateway.port(), "example.org"), HasSubstr("status=0 asked=2"));
    const dns_peer others{[](const std::string&, std::uint16_t) { return dns_said{3}; }};
    gateway.reconfigure(with_facts(fmt::format("servers = [\"{}\"]", others.address())));
    EXPECT_EQ(gateway.command({"reload"}).status, success);
    EXPECT_THAT(facts_of(gateway.port(), "example.org"), HasSubstr("status=1 asked=3"));
    EXPECT_EQ(gateway.stop(), success);
}

TEST(a_plugin, is_told_what_dnssec_vouches_for)
{
    const signed_name_server names;
    {
        server gateway{
            with_facts(fmt::format("servers = [\"{}\"]\ntrust_anchor = \"{}\"", names.address(), names.trust_anchor()))};
        EXPECT_EQ(facts_of(gateway.port(), "example.test"), "4.7.1 status=0 asked=1 secure 10=mx.example.test");
        EXPECT_EQ(facts_of(gateway.port(), "nobody.example.test"), "4.7.1 status=1 asked=1 secure");
    }
    {
        server gateway{
            with_facts(fmt::format("servers = [\"{}\"]\ntrust_anchor = \"{}\"", names.address(), names.wrong_trust_anchor()))};
        EXPECT_EQ(facts_of(gateway.port(), "example.test"), "4.7.1 status=3 asked=1 bogus");
    }
    server gateway{with_facts(fmt::format("servers = [\"{}\"]", names.address()))};
    EXPECT_EQ(facts_of(gateway.port(), "example.test"), "4.7.1 status=0 asked=1 10=mx.example.test");
}

} // namespace
} // namespace postern::test
