// What a next hop said of recipients who did not get the message, and what a plugin makes of it: delivery.reply.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

[[nodiscard]] configuration probing(const std::string& relay, std::string_view what, std::string_view retry = "1h")
{
    configuration all;
    all.listener("in", {"relay-domains", "probe"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\", \"example.org\"]")
        .plugin("probe", "way-probe", fmt::format("does = {{ \"delivery.reply\" = \"{}\" }}", what), "deadline = \"300ms\"")
        .section("delivery", fmt::format("relay = \"{}\"", relay))
        .section("queue", fmt::format("retry = [\"{}\"]\njitter = 0.0", retry));
    return all;
}

void send(const server& gateway, const std::vector<std::string>& recipients = {"user@example.com"})
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("a@client.example", recipients, "Subject: hi\r\n\r\nhello\r\n").code, 250);
}

/// A next hop that says `reply` at `stage`.
[[nodiscard]] hop_script saying(hop_stage stage, std::string reply, bool drop = false)
{
    return [=](hop_stage now, std::string_view) { return now == stage ? hop_answer{reply, drop, false} : hop_answer{}; };
}

[[nodiscard]] std::size_t times_asked(const server& gateway)
{
    std::size_t count = 0;
    const auto log = gateway.log();
    for (auto found = log.find("asked at delivery.reply"); found != std::string::npos;
         found = log.find("asked at delivery.reply", found + 1))
        ++count;
    return count;
}

/// What an operator sees of the one message that was deferred.
[[nodiscard]] std::string shown(const server& gateway)
{
    const auto log = gateway.log();
    const auto at = log.find("message=", log.find("deferred ")) + 8;
    return gateway.command({"queue", "show", log.substr(at, log.find(' ', at) - at)}).output;
}

TEST(delivery_reply, knows_how_far_the_delivery_had_come)
{
    const std::pair<hop_stage, std::pair<std::string_view, std::string_view>> cases[]{
        {hop_stage::greeting, {"554 5.7.1 go away", "stage=peer code=554 enhanced=4.7.1 deferred"}},
        {hop_stage::mail, {"550 5.7.1 not from you", "stage=mail code=550 enhanced=5.7.1 failed"}},
        {hop_stage::rcpt, {"450 4.2.1 full", "stage=rcpt code=450 enhanced=4.2.1 deferred"}},
        {hop_stage::data, {"451 4.3.0 later", "stage=data code=451 enhanced=4.3.0 deferred"}},
        {hop_stage::content, {"554 5.7.1 spam", "stage=end code=554 enhanced=5.7.1 failed"}}};
    for (const auto& [stage, words] : cases) {
        next_hop next{saying(stage, std::string{words.first})};
        server gateway{probing(next.address(), "")};
        send(gateway);
        EXPECT_TRUE(gateway.logs("plugin.log", {fmt::format("asked at delivery.reply {}", words.second),
                                                "address=127.0.0.1 recipients=user@example.com"}))
            << words.second << '\n'
            << gateway.log();
    }
}

TEST(delivery_reply, comes_for_a_lost_connection_and_for_nobody_to_connect_to)
{
    next_hop next{saying(hop_stage::content, "", true)};
    server lost{probing(next.address(), "")};
    send(lost);
    EXPECT_TRUE(lost.logs("plugin.log", {"asked at delivery.reply stage=end code=0", "connection lost"})) << lost.log();
    std::string nobody;
    {
        tcp_listener closed;
        nobody = fmt::format("127.0.0.1:{}", closed.port());
    }
    server alone{probing(nobody, "")};
    send(alone);
    EXPECT_TRUE(alone.logs(
        "plugin.log", {"asked at delivery.reply stage=route code=0", "address= recipients=user@example.com", "cannot connect"}))
        << alone.log();
}

TEST(delivery_reply, comes_once_for_each_thing_that_was_said)
{
    next_hop next{[](hop_stage stage, std::string_view line) {
        const bool is_notified = line.find("a@client.example") != std::string_view::npos; // of what failed, by the same next hop
        if (stage != hop_stage::rcpt || is_notified || line.find("good") != std::string_view::npos)
            return hop_answer{};
        return line.find("full") != std::string_view::npos ? hop_answer{"452 4.2.2 full"} : hop_answer{"550 5.1.1 nobody"};
    }};
    server gateway{probing(next.address(), "")};
    send(gateway, {"good@example.com", "x@example.com", "full@example.com", "y@example.com"});
    ASSERT_TRUE(gateway.logs("plugin.log", {"code=550", "recipients=x@example.com,y@example.com text=nobody"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("plugin.log", {"code=452", "recipients=full@example.com text=full"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("delivered", {"good@example.com"}));
    EXPECT_TRUE(next.wait_for(2)) << "the message and the notification";
    EXPECT_EQ(times_asked(gateway), 2U);
}

TEST(delivery_reply, comes_for_nobody_who_got_the_message)
{
    next_hop next;
    server gateway{probing(next.address(), "reject")};
    send(gateway);
    ASSERT_TRUE(next.wait_for(1));
    ASSERT_TRUE(gateway.queue_becomes_empty());
    EXPECT_EQ(times_asked(gateway), 0U);
}

TEST(delivery_reply, makes_a_failure_a_deferral)
{
    std::atomic<bool> is_well = false;
    next_hop next{[&](hop_stage stage, std::string_view) {
        return stage == hop_stage::mail && !is_well ? hop_answer{"550 5.7.1 blocked for now"} : hop_answer{};
    }};
    server gateway{probing(next.address(), "defer")};
    send(gateway);
    EXPECT_TRUE(gateway.logs("reply_overruled", {"now=deferred", "plugin=probe", "so says the probe"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred", {"code=550", "blocked for now"})) << gateway.log();
    EXPECT_TRUE(eventually([&] { return shown(gateway).find("550 4.7.1 blocked for now") != std::string::npos; }))
        << shown(gateway);
    is_well = true;
    EXPECT_EQ(gateway.command({"queue", "flush"}).status, (exit_status{0, 0}));
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
}

TEST(delivery_reply, makes_a_deferral_a_failure_whose_sender_is_told_by_a_code_that_fits)
{
    next_hop next{[](hop_stage stage, std::string_view line) {
        return stage == hop_stage::rcpt && line.find("user@example.com") != std::string_view::npos
                   ? hop_answer{"452 4.2.2 mailbox is full for years"}
                   : hop_answer{};
    }};
    server gateway{probing(next.address(), "reject")};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("boss@example.com", {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    EXPECT_TRUE(gateway.logs("failed", {"code=452"})) << gateway.log();
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto report = next.arrived().at(0);
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.content, HasSubstr("Status: 5.2.2\r\n")); // RFC 3464 2.3.4
    EXPECT_THAT(report.content, HasSubstr("mailbox is full for years"));
}

TEST(delivery_reply, gives_a_class_to_what_had_no_enhanced_code)
{
    next_hop next{saying(hop_stage::mail, "550 blocked")};
    server gateway{probing(next.address(), "defer")};
    send(gateway);
    EXPECT_TRUE(gateway.logs("deferred", {"code=550"})) << gateway.log();
    EXPECT_TRUE(eventually([&] { return shown(gateway).find("550 4.0.0 blocked") != std::string::npos; })) << shown(gateway);
}

TEST(delivery_reply, lets_the_next_hop_alone_for_all_messages)
{
    std::atomic<bool> is_well = false;
    next_hop next{[&](hop_stage stage, std::string_view) {
        return stage == hop_stage::mail && !is_well ? hop_answer{"451 4.7.1 too much of you"} : hop_answer{};
    }};
    server gateway{probing(next.address(), "rest:3600000", "50ms")};
    send(gateway);
    EXPECT_TRUE(gateway.logs("destination_rests", {"the probe is tired of it", "plugin=probe"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred", {"too much of you"})) << gateway.log();
    const auto connections = next.connections();
    is_well = true; // nobody knows
    for (int i = 0; i < 5; ++i)
        send(gateway);
    EXPECT_TRUE(eventually([&] { // all wait outside, though five of them were never tried
        const auto list = gateway.command({"queue", "list", "--json"}).output;
        std::size_t waiting = 0;
        for (auto found = list.find("next_attempt"); found != std::string::npos; found = list.find("next_attempt", found + 1))
            ++waiting;
        return waiting == 6;
    })) << gateway.command({"queue", "list", "--json"}).output;
    EXPECT_EQ(next.connections(), connections);
    EXPECT_EQ(gateway.command({"queue", "flush"}).status, (exit_status{0, 0}));
    EXPECT_TRUE(next.wait_for(6)) << "an operator knows better: " << gateway.log();
}

TEST(delivery_reply, lets_the_next_hop_alone_and_comes_again_by_itself)
{
    std::atomic<int> refusals = 1;
    next_hop next{[&](hop_stage stage, std::string_view) {
        return stage == hop_stage::mail && refusals > 0 && refusals-- > 0 ? hop_answer{"550 5.7.1 too much"} : hop_answer{};
    }};
    server gateway{probing(next.address(), "defer and rest:200", "50ms")};
    send(gateway);
    ASSERT_TRUE(gateway.logs("destination_rests", {"the probe is tired of it"})) << gateway.log();
    send(gateway);
    EXPECT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty());
}

TEST(delivery_reply, that_fails_has_said_nothing)
{
    for (const auto& what : {"silence", "nonsense"}) {
        next_hop next{saying(hop_stage::mail, "550 5.7.1 no")};
        server gateway{probing(next.address(), what)};
        send(gateway);
        EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery.reply"})) << gateway.log();
        EXPECT_TRUE(gateway.logs("failed", {"code=550"})) << gateway.log();
        EXPECT_THAT(gateway.log(), Not(HasSubstr("reply_overruled")));
    }
}

} // namespace
} // namespace postern::test
