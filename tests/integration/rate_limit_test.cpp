// The plugin rate-limit in a whole server, with the embedded store.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::HasSubstr;

constexpr exit_status success{0, 0};

/// `rules`: lines of [plugin.config.rules]. Who the client is, a proxy says.
[[nodiscard]] configuration limited(const next_hop& next, std::string_view rules, std::string_view options = {})
{
    configuration what;
    what.listener("in", {"xclient", "relay-domains", "rate-limit"})
        .plugin("xclient", "xclient", "networks = [\"127.0.0.0/8\"]", "may = [\"client\"]")
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("rate-limit", "rate-limit", fmt::format("{}\nstore_wait = \"50s\"\n[plugin.config.rules]\n{}\n", options, rules),
                "deadline = \"1m\"")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    return what;
}

[[nodiscard]] smtp_reply sends(const server& gateway, const std::string& sender = "a@client.example",
                               std::string_view proxied = {})
{
    smtp_peer peer{gateway.port()};
    if (const auto greeting = peer.reply(); greeting.code != 220)
        return greeting;
    if (!proxied.empty()) {
        EXPECT_EQ(peer.says(fmt::format("XCLIENT {}", proxied)).code, 220);
    }
    EXPECT_EQ(peer.says("EHLO client.example").code, 250);
    return peer.delivers(sender, {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n");
}

TEST(rate_limit, lets_through_what_the_rules_allow)
{
    next_hop next;
    server gateway{limited(next, "clients = \"counts=messages key=client rate=2/1d\"\n"
                                 "senders = \"counts=messages key=sender rate=1/1d action=reject\"")};
    EXPECT_EQ(sends(gateway).code, 250);
    const auto second = sends(gateway, "A@Client.example");
    EXPECT_EQ(second.code, 550);
    EXPECT_EQ(second.text(), "5.7.1 too much in too little time");
    EXPECT_EQ(sends(gateway, "b@client.example").code, 250) << "the refusal took nothing of the client's";
    const auto third = sends(gateway, "c@client.example");
    EXPECT_EQ(third.code, 451);
    EXPECT_THAT(third.text(), HasSubstr("4.7.1 too much in too little time, try again in "));
    EXPECT_EQ(sends(gateway, "c@client.example", "ADDR=198.51.100.1").code, 250) << "another client";

    EXPECT_TRUE(gateway.logs("name=limited", {"rule=senders", "sender=a@client.example", "action=reject"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("name=limited", {"rule=clients", "client=127.0.0.1/32"})) << gateway.log();
    const auto metrics = gateway.command({"status", "--metrics"}).output;
    EXPECT_THAT(metrics, HasSubstr("plugin_rate_limit_over_limit_total{plugin=\"rate-limit\",rule=\"clients\"} 1"));
    EXPECT_TRUE(next.wait_for(3));
}

TEST(rate_limit, turns_swaks_away_with_a_reply_that_it_understands)
{
    next_hop next;
    server gateway{limited(next, "clients = \"counts=recipients key=recipient-domain rate=1/1d\"")};
    const auto swaks = [&] {
        return run({"swaks", "--server", "127.0.0.1", "--port", std::to_string(gateway.port()), "--helo", "client.example",
                    "--from", "a@client.example", "--to", "user@example.com", "--body", "hello"});
    };
    EXPECT_EQ(swaks().status, success);
    const auto refused = swaks();
    EXPECT_NE(refused.status, success);
    EXPECT_THAT(refused.output, HasSubstr("<** 451 4.7.1 too much in too little time, try again in "));
}

TEST(rate_limit, of_many_sessions_at_once_lets_through_as_many_as_the_rule_says)
{
    next_hop next;
    server gateway{limited(next, "all = \"counts=recipients key=recipient rate=7/1d\"")};
    std::vector<std::unique_ptr<smtp_peer>> peers;
    for (int i = 0; i < 24; ++i) {
        peers.push_back(std::make_unique<smtp_peer>(gateway.port()));
        (void)peers.back()->greets();
        EXPECT_EQ(peers.back()->says(fmt::format("MAIL FROM:<{}@client.example>", i)).code, 250);
    }
    for (auto& peer : peers)
        EXPECT_TRUE(peer->sends("RCPT TO:<user@example.com>\r\n"));
    int accepted = 0;
    for (auto& peer : peers) {
        const auto said = peer->reply();
        accepted += said.code == 250 ? 1 : 0;
        EXPECT_TRUE(said.code == 250 || said.code == 451) << said.text();
        EXPECT_TRUE(said.code == 250 || said.text().starts_with("4.7.1")) << said.text() << gateway.log();
    }
    EXPECT_EQ(accepted, 7);
    EXPECT_EQ(gateway.stop(), success);
}

TEST(rate_limit, keeps_its_buckets_over_a_restart_and_a_reload)
{
    next_hop next;
    const auto what = limited(next, "clients = \"counts=messages key=client rate=2/1d\"");
    const temporary_folder place;
    make_certificate(place.path());
    {
        server gateway{what, place.path()};
        EXPECT_EQ(sends(gateway).code, 250);
        EXPECT_EQ(gateway.command({"reload"}).status, success);
        EXPECT_EQ(sends(gateway).code, 250);
        EXPECT_EQ(gateway.stop(), success);
    }
    server gateway{what, place.path()};
    EXPECT_EQ(sends(gateway).code, 451);
    gateway.reconfigure(limited(next, "clients = \"counts=messages key=client rate=4/1d\""));
    EXPECT_EQ(gateway.command({"reload"}).status, success);
    EXPECT_EQ(sends(gateway).code, 451) << "it is empty, however fast it fills now";
    gateway.reconfigure(limited(next, "others = \"counts=messages key=client rate=4/1d\""));
    EXPECT_EQ(gateway.command({"reload"}).status, success);
    EXPECT_EQ(sends(gateway).code, 250) << "another name is another rule";
}

TEST(rate_limit, refuses_connections_at_the_greeting)
{
    next_hop next;
    server gateway{limited(next, "floods = \"counts=connections key=network rate=2/1d action=disconnect\"", "text = \"slowly\"")};
    EXPECT_EQ(sends(gateway).code, 250);
    EXPECT_EQ(sends(gateway).code, 250);
    smtp_peer third{gateway.port()};
    const auto greeting = third.reply();
    EXPECT_EQ(greeting.code, 421);
    EXPECT_THAT(greeting.text(), HasSubstr("slowly"));
    EXPECT_EQ(third.reply().code, 0) << "and is closed";
}

TEST(rate_limit, counts_octets_and_says_early_what_cannot_be)
{
    next_hop next;
    server gateway{limited(next, "volume = \"counts=octets key=user rate=4KiB/1d\"")};
    const auto as_alice = [&](std::string_view parameters, std::size_t octets) {
        smtp_peer peer{gateway.port()};
        EXPECT_EQ(peer.reply().code, 220);
        EXPECT_EQ(peer.says("XCLIENT ADDR=198.51.100.1 LOGIN=alice").code, 220);
        EXPECT_EQ(peer.says("EHLO client.example").code, 250);
        if (auto said = peer.says(fmt::format("MAIL FROM:<a@client.example>{}", parameters)); said.code != 250)
            return said;
        EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        EXPECT_EQ(peer.says("DATA").code, 354);
        peer.sends(stuffed("Subject: hi\r\n\r\n" + std::string(octets, 'x') + "\r\n"));
        return peer.reply();
    };
    const auto too_large = as_alice(" SIZE=5000", 0);
    EXPECT_EQ(too_large.code, 552);
    EXPECT_THAT(too_large.text(), HasSubstr("5.3.4"));
    EXPECT_EQ(as_alice(" SIZE=3000", 2500).code, 250);
    EXPECT_EQ(as_alice(" SIZE=3000", 0).code, 451) << "so many are not left";
    EXPECT_EQ(as_alice("", 2500).code, 451);
    EXPECT_EQ(as_alice("", 500).code, 250);
    EXPECT_EQ(sends(gateway).code, 250) << "who is not logged in is nobody";
}

TEST(rate_limit, ends_the_guessing_of_passwords)
{
    next_hop next;
    const temporary_folder folder;
    const auto file = (folder.path() / "users").string();
    ASSERT_EQ(run({postern_program().string(), "user", "add", "alice", "--file", file}, "secret").status, success);
    configuration what;
    what.listener("in", {"users", "relay-domains", "rate-limit"}, "none", "auth = true\nauth_in_clear = true")
        .plugin("users", "auth-file", fmt::format("file = \"{}\"", file))
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("rate-limit", "rate-limit", "[plugin.config.rules]\nguesses = \"counts=failed-logins key=network rate=2/1d\"\n")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    server gateway{what};
    const auto says = [&](std::string_view login) {
        smtp_peer peer{gateway.port()};
        (void)peer.greets();
        return peer.says(fmt::format("AUTH PLAIN {}", login));
    };
    constexpr std::string_view right = "AGFsaWNlAHNlY3JldA=="; // alice, secret
    constexpr std::string_view wrong = "AGFsaWNlAGd1ZXNzZWQ="; // alice, guessed
    EXPECT_EQ(says(right).code, 235);
    EXPECT_EQ(says(wrong).code, 535);
    EXPECT_EQ(says(right).code, 235) << "who is right takes nothing";
    EXPECT_EQ(says(wrong).code, 535);
    const auto guessed = says(wrong);
    const auto known = says(right);
    EXPECT_EQ(guessed.code, 421);
    EXPECT_EQ(known.code, guessed.code);
    EXPECT_EQ(known.text(), guessed.text()) << "nothing tells that this one was right";
}

TEST(rate_limit, says_which_rule_is_wrong_and_where)
{
    next_hop next;
    const temporary_folder place;
    make_certificate(place.path());
    const auto what = limited(next, "good = \"counts=messages key=client rate=2/1d\"\nbad = \"counts=messages key=client\"");
    const auto file = place.write("postern.toml", what.text());
    const auto checked = run({postern_program().string(), "check", "--config", file.string()});
    EXPECT_NE(checked.status, success);
    EXPECT_THAT(checked.errors + checked.output, HasSubstr("\"bad\": rate is missing"));
    EXPECT_THAT(checked.errors + checked.output, HasSubstr(fmt::format("postern.toml:{}: ", what.line_of("bad = "))));
}

} // namespace
} // namespace postern::test
