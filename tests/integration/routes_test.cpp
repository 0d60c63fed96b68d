// Where mail goes by a table, with the real daemon: plugins/routes.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_mx = 15;

/// A server that takes mail for everybody and has a table.
class a_routed_server : public ::testing::Test {
protected:
    [[nodiscard]] configuration with(std::string_view routes, std::string_view retry = "50ms")
    {
        configuration what;
        what.listener("in", {"relay-domains", "routes"})
            .plugin("relay-domains", "relay-domains", "networks = [\"127.0.0.0/8\"]")
            .plugin("routes", "routes",
                    fmt::format("file = \"{}\"\n[plugin.config.routes]\n{}", (folder_.path() / "routes.toml").string(), routes),
                    "may = [\"route\"]")
            .section("queue", fmt::format("retry = [\"{}\"]\njitter = 0.0", retry))
            .section("delivery", more_);
        return what;
    }
    void starts(std::string_view routes, std::string_view retry = "50ms")
    {
        server_ = std::make_unique<server>(with(routes, retry));
    }
    /// From the null sender: nobody is told of anything.
    void send(const std::vector<std::string>& to)
    {
        smtp_peer peer{server_->port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.says("MAIL FROM:<>").code, 250);
        for (const auto& each : to)
            ASSERT_EQ(peer.says("RCPT TO:<" + each + ">").code, 250) << server_->log();
        ASSERT_EQ(peer.says("DATA").code, 354);
        ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
        ASSERT_EQ(peer.reply().code, 250);
    }
    void SetUp() override { folder_.write("routes.toml", ""); }

    temporary_folder folder_;
    std::string more_ = "tls = \"none\"";
    std::unique_ptr<server> server_;
};

TEST_F(a_routed_server, brings_each_recipient_where_its_closest_route_leads)
{
    next_hop one;
    next_hop two;
    next_hop rest;
    starts(fmt::format(
        "\"One.example\" = \"{}\"\n\".one.example\" = \"{}\"\n\"*\" = \"{}\"\n\"gone@one.example\" = \"fail 5.1.6 has "
        "moved\"\n\"closed.example\" = \"hold for now\"\n",
        one.address(), two.address(), rest.address()));
    send({"u@one.example", "u@sub.ONE.example", "u@else.example", "gone@one.example"});
    EXPECT_TRUE(server_->queue_becomes_empty()) << server_->log();
    ASSERT_EQ(one.count() + two.count() + rest.count(), 3U) << server_->log();
    EXPECT_THAT(one.arrived().front().recipients, ElementsAre("u@one.example"));
    EXPECT_THAT(two.arrived().front().recipients, ElementsAre("u@sub.ONE.example"));
    EXPECT_THAT(rest.arrived().front().recipients, ElementsAre("u@else.example"));
    EXPECT_TRUE(server_->logs("failed", {"recipient=gone@one.example", "has moved"})) << server_->log();
    send({"u@closed.example"});
    EXPECT_TRUE(server_->logs("held", {"for now"})) << server_->log();
}

TEST_F(a_routed_server, tries_the_next_target_when_nobody_was_at_the_first_and_remembers)
{
    next_hop backup;
    const auto nobody = unused_port();
    starts(fmt::format("\"*\" = \"127.0.0.1:{} else {}\"\n", nobody, backup.address()));
    send({"u@one.example"});
    ASSERT_TRUE(backup.wait_for(1)) << server_->log();
    EXPECT_TRUE(server_->logs("deferred", {fmt::format("next_hop=127.0.0.1:{}", nobody), "attempt=1"})) << server_->log();
    EXPECT_TRUE(server_->logs("delivered", {"next_hop=" + backup.address(), "attempt=2"})) << server_->log();
    send({"u@two.example"});
    ASSERT_TRUE(backup.wait_for(2)) << server_->log();
    EXPECT_TRUE(server_->logs("delivered", {"recipient=u@two.example", "attempt=1"})) << server_->log();
}

TEST_F(a_routed_server, hears_at_once_that_a_target_rests)
{
    more_ = "rest = \"1h\"\nrest_most = \"2h\"";
    starts(fmt::format("\"*\" = \"127.0.0.1:{} else 127.0.0.1:{}\"\n", unused_port(), unused_port()), "1h");
    for (const auto* recipient : {"u@one.example", "u@two.example", "u@three.example"}) { // at the third both are known to rest
        send({recipient});
        EXPECT_TRUE(server_->logs("deferred", {fmt::format("recipient={}", recipient), "attempt=1"})) << server_->log();
    }
}

TEST_F(a_routed_server, shares_messages_out_by_weight)
{
    next_hop one;
    next_hop two;
    starts(fmt::format("\"*\" = \"{}*2 {}\"\n", one.address(), two.address()));
    for (int i = 0; i < 40; ++i)
        send({fmt::format("u{}@a.example", i), fmt::format("u{}@b.example", i)});
    EXPECT_TRUE(server_->queue_becomes_empty()) << server_->log();
    EXPECT_EQ(one.count() + two.count(), 40U) << "both recipients of a message go the same way";
    EXPECT_THAT(one.count(), Gt(10U)); // less is one in a million
    EXPECT_THAT(two.count(), Gt(2U));
}

TEST_F(a_routed_server, goes_to_the_mail_exchangers_of_another_domain)
{
    next_hop good;
    dns_peer names{[](const std::string& name, std::uint16_t type) -> dns_said {
        if (name == "other.example" && type == type_mx)
            return {0, {{name, type_mx, dns_peer::two(10) + dns_peer::wire("mx.other.example")}}};
        if (name == "mx.other.example" && type == type_a)
            return {0, {{name, type_a, std::string{"\x7f\0\0\1", 4}}}};
        return {};
    }};
    more_ += fmt::format("\nmx_port = {}\nmx_loopback = true\n[delivery.dns]\nservers = [\"{}\"]", good.port(), names.address());
    starts("\"one.example\" = \"mx:other.example\"\n\"*\" = \"mx\"\n");
    send({"u@one.example", "u@other.example"});
    ASSERT_TRUE(good.wait_for(1)) << server_->log();
    EXPECT_TRUE(server_->queue_becomes_empty()) << server_->log();
    EXPECT_EQ(good.count(), 1U) << "one next hop, one transaction";
    EXPECT_THAT(good.arrived().front().recipients, UnorderedElementsAre("u@one.example", "u@other.example"));
}

TEST_F(a_routed_server, wants_tls_for_those_who_need_it_alone)
{
    next_hop clear;
    more_ = "tls = \"opportunistic\"";
    starts(fmt::format("\"safe.example\" = \"{0} tls=verified\"\n\"*\" = \"{0}\"\n", clear.address()), "10m");
    send({"u@safe.example", "u@any.example"});
    ASSERT_TRUE(clear.wait_for(1)) << server_->log();
    EXPECT_THAT(clear.arrived().front().recipients, ElementsAre("u@any.example"));
    EXPECT_TRUE(server_->logs("deferred", {"recipient=u@safe.example", "TLS is required"})) << server_->log();
    EXPECT_EQ(clear.count(), 1U);
}

TEST_F(a_routed_server, reads_its_file_anew_at_a_reload_and_says_where_it_is_wrong)
{
    next_hop one;
    next_hop two;
    folder_.write("routes.toml", fmt::format("\"one.example\" = \"{}\"\n", one.address()));
    starts("");
    send({"u@one.example"});
    ASSERT_TRUE(one.wait_for(1)) << server_->log();

    folder_.write("routes.toml", "# new\n\"one.example\" = \"nowhere:0\"\n");
    const auto refused = server_->command({"reload"});
    EXPECT_NE(refused.status.code, 0);
    EXPECT_THAT(refused.output + refused.errors, AllOf(HasSubstr("routes.toml:2: \"one.example\" \"nowhere:0\" has no port")));
    send({"u@one.example"});
    ASSERT_TRUE(one.wait_for(2)) << "the old table stays";

    folder_.write("routes.toml", fmt::format("\"one.example\" = \"{}\"\n", two.address()));
    EXPECT_EQ(server_->command({"reload"}).status.code, 0) << server_->log();
    send({"u@one.example"});
    EXPECT_TRUE(two.wait_for(1)) << server_->log();
}

} // namespace
} // namespace postern::test
