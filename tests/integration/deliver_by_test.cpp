// The plugin deliver-by in a whole server: what happens in time, and what when it is not.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;

[[nodiscard]] configuration with_deliver_by(const next_hop& next, std::string_view options = "")
{
    configuration what;
    what.listener("in", {"relay-domains", "deliver-by"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("deliver-by", "deliver-by", options, "may = [\"queue\"]")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()))
        .section("queue", "retry = [\"1h\"]\njitter = 0.0");
    return what;
}

void sends_mail(const server& gateway, std::string_view by)
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says(fmt::format("MAIL FROM:<a@client.example> BY={}", by)).code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
    ASSERT_EQ(peer.reply().code, 250);
}

/// Takes reports, and no mail for anybody else; with `line` in its reply to EHLO.
[[nodiscard]] hop_script busy(std::string line)
{
    return [line = std::move(line)](hop_stage stage, std::string_view said) {
        if (stage == hop_stage::ehlo)
            return hop_answer{"250-next.example\r\n250 " + line};
        return stage == hop_stage::mail && said.find("<>") == said.npos ? hop_answer{"451 4.3.0 not yet"} : hop_answer{};
    };
}
[[nodiscard]] hop_script offering(std::string line)
{
    return [line = std::move(line)](hop_stage stage, std::string_view) {
        return stage == hop_stage::ehlo ? hop_answer{"250-next.example\r\n250 " + line} : hop_answer{};
    };
}

TEST(deliver_by, returns_a_message_at_its_time)
{
    next_hop next{busy("DELIVERBY")};
    server gateway{with_deliver_by(next)};
    sends_mail(gateway, "2;R");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto report = next.arrived().front();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.content, AllOf(HasSubstr("Action: failed\r\nStatus: 5.4.7"), HasSubstr("451 4.3.0 not yet")));
    EXPECT_TRUE(gateway.queue_becomes_empty());
}

TEST(deliver_by, tells_of_a_delay_at_its_time_and_goes_on)
{
    next_hop next{busy("DELIVERBY")};
    server gateway{with_deliver_by(next)};
    sends_mail(gateway, "2;N");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, HasSubstr("Action: delayed"));
    EXPECT_FALSE(gateway.command({"queue", "list"}).output.empty());
}

TEST(deliver_by, says_to_next_hops_what_is_left)
{
    next_hop next{offering("DELIVERBY")};
    server gateway{with_deliver_by(next)};
    sends_mail(gateway, "3600;R");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().commands.front(), HasSubstr(" BY=3"));
    EXPECT_THAT(next.arrived().front().commands.front(), ::testing::Not(HasSubstr("BY=3600;R ")));
}

TEST(deliver_by, returns_what_is_to_be_returned_where_the_next_hop_does_not_know_it_or_wants_more_time)
{
    for (const auto* line : {"HELP", "DELIVERBY 7200"}) {
        next_hop next{offering(line)};
        server gateway{with_deliver_by(next)};
        sends_mail(gateway, "3600;R");
        ASSERT_TRUE(next.wait_for(1)) << gateway.log();
        EXPECT_EQ(next.arrived().front().sender, "") << line;
        EXPECT_THAT(next.arrived().front().content, HasSubstr("Status: 5.4.7")) << line;
    }
}

TEST(deliver_by, tells_of_a_relay_to_who_does_not_know_it_and_with_a_trace_of_each)
{
    for (const auto& [line, by] : {std::pair{"HELP", "3600;N"}, std::pair{"DELIVERBY", "3600;NT"}}) {
        next_hop next{offering(line)};
        server gateway{with_deliver_by(next)};
        sends_mail(gateway, by);
        ASSERT_TRUE(next.wait_for(2)) << gateway.log();
        EXPECT_THAT(next.arrived().back().content, HasSubstr("Action: relayed")) << line;
    }
}

TEST(deliver_by, has_a_least_time_and_refuses_what_is_none_in_a_pipeline_too) // RFC 2852 3, 4
{
    next_hop next;
    server gateway{with_deliver_by(next, "least = \"60s\"")};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Contains("DELIVERBY 60"));
    ASSERT_TRUE(peer.sends("MAIL FROM:<a@client.example> BY=59;R\r\nMAIL FROM:<a@client.example> BY=0;R\r\n"
                           "MAIL FROM:<a@client.example> BY=x\r\nMAIL FROM:<a@client.example> BY=60;R\r\n"));
    for (const int code : {555, 501, 501, 250})
        EXPECT_EQ(peer.reply().code, code);
}

} // namespace
} // namespace postern::test
