// When and how fast mail goes by tables, with the real daemon: plugins/shaping.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::HasSubstr;

/// A server that takes mail for everybody, and gives it to one next hop as fast as its tables say.
class a_shaping_server : public ::testing::Test {
protected:
    void starts(std::string_view tables, std::string_view retry = "50ms")
    {
        configuration what;
        what.listener("in", {"relay-domains", "shaping"})
            .plugin("relay-domains", "relay-domains", "networks = [\"127.0.0.0/8\"]")
            .plugin("shaping", "shaping", tables)
            .section("queue", fmt::format("retry = [\"{}\"]\njitter = 0.0", retry))
            .section("delivery", fmt::format("relay = \"{}\"\ntls = \"none\"\n[[delivery.source_pool]]\nname = \"bulk\"\n"
                                             "hostname = \"bulk.example\"",
                                             hop_.address()));
        server_ = std::make_unique<server>(what);
    }
    void send(std::string_view from, std::string_view to)
    {
        smtp_peer peer{server_->port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.says(fmt::format("MAIL FROM:<{}>", from)).code, 250);
        ASSERT_EQ(peer.says(fmt::format("RCPT TO:<{}>", to)).code, 250) << server_->log();
        ASSERT_EQ(peer.says("DATA").code, 354);
        ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
        ASSERT_EQ(peer.reply().code, 250);
    }
    [[nodiscard]] std::string introduced()
    {
        const std::lock_guard lock{guard_};
        return introduced_;
    }

    std::mutex guard_;
    std::string introduced_;
    next_hop hop_{[this](hop_stage at, std::string_view line) {
        if (at == hop_stage::ehlo) {
            const std::lock_guard lock{guard_};
            introduced_ = line;
        }
        return at == hop_stage::rcpt && line.find("<busy") != line.npos ? hop_answer{.reply = "451 4.2.1 busy"} : hop_answer{};
    }};
    std::unique_ptr<server> server_;
};

TEST_F(a_shaping_server, delivers_from_the_pool_of_a_line)
{
    starts("[plugin.config.next_hops]\n\"127.0.0.1\" = \"concurrency=1 pool=bulk\"");
    send("a@one.example", "b@else.example");
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    EXPECT_THAT(introduced(), HasSubstr("bulk.example"));
}

TEST_F(a_shaping_server, keeps_what_is_for_a_suspended_next_hop)
{
    starts("[plugin.config.next_hops]\n\"*\" = \"suspended for the night\"");
    send("a@one.example", "b@else.example");
    EXPECT_TRUE(server_->logs("suspended", {"next_hop=" + hop_.address(), "for the night"})) << server_->log();
    EXPECT_EQ(hop_.connections(), 0U);
}

TEST_F(a_shaping_server, makes_mail_over_a_senders_budget_wait_and_no_other)
{
    starts("[plugin.config.budgets]\nall = \"key=sender-domain rate=2/1h burst=2\"");
    for (int i = 0; i < 4; ++i)
        send("a@one.example", fmt::format("b{}@else.example", i));
    send("a@two.example", "c@else.example");
    ASSERT_TRUE(hop_.wait_for(3)) << server_->log();
    EXPECT_TRUE(server_->logs("delivered", {"recipient=c@else.example"})) << server_->log();
    EXPECT_EQ(hop_.count(), 3U);
}

TEST_F(a_shaping_server, gives_up_when_a_schedule_says_so)
{
    starts("[plugin.config.retries]\n\"one.example\" = \"1s give-up=1s\"");
    send("a@one.example", "busy@else.example");
    ASSERT_TRUE(hop_.wait_for(1)) << server_->log();
    const auto report = hop_.arrived().front();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.content, HasSubstr("Status: 5.4.7"));
    EXPECT_TRUE(server_->logs("failed", {"recipient=busy@else.example", "not delivered in the time"})) << server_->log();
}

} // namespace
} // namespace postern::test
