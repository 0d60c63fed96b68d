// The plugin greylist in a whole server, with the embedded store. Clients come again and again, as clients do, until they pass.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};

[[nodiscard]] configuration greylisting(const next_hop& next, std::string_view options)
{
    configuration what;
    what.listener("in", {"xclient", "relay-domains", "greylist"})
        .plugin("xclient", "xclient", "networks = [\"127.0.0.0/8\"]", "may = [\"client\"]")
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("greylist", "greylist", options, "may = [\"headers\"]")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    return what;
}

/// A transaction of a client at `address`, as far as it gets.
[[nodiscard]] smtp_reply sends(const server& gateway, const std::string& sender, std::string_view address = "198.51.100.1",
                               std::string_view more = {})
{
    smtp_peer peer{gateway.port()};
    EXPECT_EQ(peer.reply().code, 220);
    EXPECT_EQ(peer.says(fmt::format("XCLIENT ADDR={}{}", address, more)).code, 220);
    EXPECT_EQ(peer.says("EHLO client.example").code, 250);
    return peer.delivers(sender, {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n");
}

/// Comes again until it passes.
[[nodiscard]] bool passes_at_last(const server& gateway, const std::string& sender)
{
    return eventually([&] { return sends(gateway, sender).code == 250; });
}

TEST(greylist, takes_a_message_that_comes_again)
{
    next_hop next;
    server gateway{greylisting(next, "delay = \"1s\"\nheader = true")};
    const auto first = sends(gateway, "a@client.example");
    EXPECT_EQ(first.code, 451);
    EXPECT_EQ(first.text(), "4.7.1 greylisted, try again in 1 second");
    ASSERT_TRUE(passes_at_last(gateway, "a@client.example")) << gateway.log();
    EXPECT_EQ(sends(gateway, "A@Client.example", "198.51.100.77").code, 250) << "known, in its network and in any case";
    EXPECT_EQ(sends(gateway, "a@client.example", "198.51.101.1").code, 451) << "another network";
    EXPECT_EQ(sends(gateway, "b@client.example").code, 451);

    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_THAT(next.arrived()[0].content, HasSubstr("\r\nX-Greylist: delayed "));
    EXPECT_THAT(next.arrived()[1].content, Not(HasSubstr("X-Greylist")));
    EXPECT_TRUE(gateway.logs("name=deferred", {"network=198.51.100.0/24", "sender=a@client.example", "wait_s=1"}));
    EXPECT_TRUE(gateway.logs("name=passed", {"sender=a@client.example"}));
    EXPECT_THAT(gateway.command({"status", "--metrics"}).output,
                HasSubstr("plugin_greylist_passed_total{by=\"known\",plugin=\"greylist\"} 1"));
}

TEST(greylist, knows_who_has_passed_after_kill_9)
{
    next_hop next;
    const temporary_folder place;
    make_certificate(place.path());
    {
        server gateway{greylisting(next, "delay = \"1s\""), place.path()};
        ASSERT_TRUE(passes_at_last(gateway, "a@client.example")) << gateway.log();
        gateway.child().kill();
    }
    server gateway{greylisting(next, "delay = \"1h\""), place.path()};
    EXPECT_EQ(sends(gateway, "a@client.example").code, 250) << gateway.log();
    EXPECT_EQ(sends(gateway, "b@client.example").code, 451);
}

TEST(greylist, counts_from_the_first_contact_over_a_restart)
{
    next_hop next;
    const temporary_folder place;
    make_certificate(place.path());
    const auto what = greylisting(next, "delay = \"1h\"");
    constexpr std::string_view anew = "4.7.1 greylisted, try again in 3600 seconds";
    {
        server gateway{what, place.path()};
        EXPECT_EQ(sends(gateway, "a@client.example").text(), anew);
        ASSERT_TRUE(eventually([&] { return sends(gateway, "a@client.example").text() != anew; }));
        EXPECT_EQ(gateway.stop(), success);
    }
    server gateway{what, place.path()};
    EXPECT_NE(sends(gateway, "a@client.example").text(), anew) << "the hour goes on";
    EXPECT_EQ(sends(gateway, "b@client.example").text(), anew);
}

TEST(greylist, lets_two_sessions_that_race_pass_and_counts_them_as_one)
{
    next_hop next;
    server gateway{greylisting(next, "delay = \"1s\"")};
    const auto asks = [](smtp_peer& peer) {
        (void)peer.reply();
        EXPECT_EQ(peer.says("XCLIENT ADDR=198.51.100.1").code, 220);
        EXPECT_EQ(peer.says("EHLO client.example").code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    };
    const auto race = [&](int code) {
        smtp_peer one{gateway.port()};
        smtp_peer other{gateway.port()};
        asks(one);
        asks(other);
        EXPECT_TRUE(one.sends("RCPT TO:<user@example.com>\r\n"));
        EXPECT_TRUE(other.sends("RCPT TO:<user@example.com>\r\n"));
        EXPECT_EQ(one.reply().code, code);
        EXPECT_EQ(other.reply().code, code);
    };
    race(451);
    ASSERT_TRUE(passes_at_last(gateway, "b@client.example")); // whose first contact was later
    race(250);
    EXPECT_THAT(gateway.command({"status", "--metrics"}).output,
                HasSubstr("plugin_greylist_passed_total{by=\"waited\",plugin=\"greylist\"} 2"));
}

TEST(greylist, answers_callbacks_and_lets_bounces_wait_at_data)
{
    next_hop next;
    server gateway{greylisting(next, "delay = \"1h\"")};
    smtp_peer peer{gateway.port()};
    (void)peer.greets();
    EXPECT_EQ(peer.says("MAIL FROM:<>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    const auto said = peer.says("DATA");
    EXPECT_EQ(said.code, 451);
    EXPECT_THAT(said.text(), HasSubstr("greylisted"));
    EXPECT_EQ(peer.says("QUIT").code, 221);
}

TEST(greylist, at_data_leaves_recipients_of_nobody_to_those_who_know)
{
    next_hop next;
    server gateway{greylisting(next, "delay = \"1h\"\nat = \"data\"")};
    smtp_peer peer{gateway.port()};
    (void)peer.greets();
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user@elsewhere.example>").code, 550);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    EXPECT_EQ(peer.says("DATA").code, 451);
}

TEST(greylist, has_nothing_against_users_and_networks_that_are_known)
{
    next_hop next;
    server gateway{greylisting(next, "delay = \"1h\"\nnetworks = [\"203.0.113.0/24\"]\nrecipients = [\"user@\"]")};
    EXPECT_EQ(sends(gateway, "a@client.example", "203.0.113.9").code, 250);
    EXPECT_EQ(sends(gateway, "a@client.example").code, 250) << "a recipient that is exempt";
    gateway.reconfigure(greylisting(next, "delay = \"1h\""));
    ASSERT_EQ(gateway.command({"reload"}).status, success) << gateway.log();
    EXPECT_EQ(sends(gateway, "a@client.example", "203.0.113.9").code, 451);
    EXPECT_EQ(sends(gateway, "a@client.example", "203.0.113.9", " LOGIN=alice").code, 250);
}

TEST(greylist, is_heard_by_swaks)
{
    next_hop next;
    server gateway{greylisting(next, "delay = \"1h\"\ntext = \"not yet\"")};
    const auto refused = run({"swaks", "--server", "127.0.0.1", "--port", std::to_string(gateway.port()), "--helo",
                              "client.example", "--from", "a@client.example", "--to", "user@example.com", "--body", "hello"});
    EXPECT_NE(refused.status, success);
    EXPECT_THAT(refused.output, HasSubstr("<** 451 4.7.1 not yet, try again in 3600 seconds"));
}

} // namespace
} // namespace postern::test
