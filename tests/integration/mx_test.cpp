// Mail for domains whose mail exchangers the domain name system names: who gets it, and what becomes of it where nobody does.
// STANDARDS: RFC 5321 5.1, RFC 7505.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_mx = 15;
constexpr unsigned no_such_name = 3;
constexpr unsigned server_failure = 2;

/// A name server with a zone of its own, and a gateway that asks it. 127.0.0.1 is the host that works, at a port of its own.
class a_domain : public ::testing::Test {
protected:
    void has_mx(const std::string& name, const std::vector<std::pair<unsigned, std::string>>& hosts)
    {
        for (const auto& [preference, host] : hosts)
            zone_[{name, type_mx}].records.push_back({name, type_mx, dns_peer::two(preference) + dns_peer::wire(host)});
    }
    void has_address(const std::string& name, unsigned char last)
    {
        zone_[{name, type_a}].records.push_back({name, type_a, {'\x7f', '\0', '\0', static_cast<char>(last)}});
    }
    void answers(const std::string& name, unsigned code) { codes_[name] = code; }

    [[nodiscard]] configuration gateway_configuration(bool loopback = true, std::string_view timeout = "2s") const
    {
        configuration what;
        what.listener("in", {"relay-domains"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]\nnetworks = [\"127.0.0.0/8\"]")
            .section("delivery", fmt::format("mx_port = {}\nmx_loopback = {}\ntls = \"none\"", port_, loopback))
            .section("delivery.dns", fmt::format("servers = [\"{}\"]\ntimeout = \"{}\"", names_.address(), timeout));
        return what;
    }
    /// A server on which one message for that recipient was accepted. From the null sender: nobody is told.
    [[nodiscard]] std::unique_ptr<server> given(const std::string& recipient, const configuration& what)
    {
        auto gateway = std::make_unique<server>(what);
        smtp_peer peer{gateway->port()};
        EXPECT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<>").code, 250);
        EXPECT_EQ(peer.says("RCPT TO:<" + recipient + ">").code, 250) << gateway->log();
        EXPECT_EQ(peer.says("DATA").code, 354);
        EXPECT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
        EXPECT_EQ(peer.reply().code, 250) << gateway->log();
        return gateway;
    }
    [[nodiscard]] std::unique_ptr<server> given(const std::string& recipient)
    {
        return given(recipient, gateway_configuration());
    }

    std::map<std::pair<std::string, std::uint16_t>, dns_said> zone_; // filled before the first question
    std::map<std::string, unsigned> codes_;
    std::atomic<bool> silent_{false};
    dns_peer names_{[this](const std::string& name, std::uint16_t type) -> dns_said {
        if (silent_)
            return {0, {}, true};
        if (const auto code = codes_.find(name); code != codes_.end())
            return {code->second, {}};
        const auto found = zone_.find({name, type});
        return found == zone_.end() ? dns_said{} : found->second;
    }};
    next_hop good_;
    std::uint16_t port_ = good_.port();
};

TEST_F(a_domain, gets_its_mail_at_the_best_of_its_hosts_that_takes_it)
{
    has_mx("example.org", {{30, "other.example"}, {10, "closed.example"}, {20, "good.example"}});
    has_address("closed.example", 9); // where nobody listens
    has_address("good.example", 1);
    has_address("other.example", 8);
    const auto gateway = given("u@Example.org");
    ASSERT_TRUE(good_.wait_for(1)) << gateway->log();
    EXPECT_THAT(good_.arrived().front().recipients, ElementsAre("u@Example.org"));
    EXPECT_TRUE(gateway->queue_becomes_empty());
    EXPECT_TRUE(gateway->logs("delivered", {"next_hop=example.org"})) << gateway->log();
}

TEST_F(a_domain, gets_its_mail_at_the_next_host_where_one_sends_clients_away) // RFC 5321 5.1
{
    std::string greeting;
    next_hop bad{2, port_, [&](hop_stage stage, std::string_view) {
                     return stage == hop_stage::greeting ? hop_answer{greeting, true} : hop_answer{};
                 }};
    has_mx("example.org", {{10, "bad.example"}, {20, "good.example"}});
    has_address("bad.example", 2);
    has_address("good.example", 1);
    for (const std::size_t count : {1U, 2U}) {
        greeting = count == 1 ? "554 no" : "421 busy"; // before its next connection
        const auto gateway = given("u@example.org");
        ASSERT_TRUE(good_.wait_for(count)) << gateway->log();
        EXPECT_EQ(bad.connections(), count);
    }
}

TEST_F(a_domain, gets_no_second_try_elsewhere_once_a_host_has_said_no_to_the_message)
{
    next_hop best{2, port_, [](hop_stage stage, std::string_view) {
                      return stage == hop_stage::rcpt ? hop_answer{"550 5.1.1 nobody here"} : hop_answer{};
                  }};
    has_mx("example.org", {{10, "best.example"}, {20, "good.example"}});
    has_address("best.example", 2);
    has_address("good.example", 1);
    const auto gateway = given("u@example.org");
    EXPECT_TRUE(gateway->queue_becomes_empty()) << gateway->log();
    EXPECT_EQ(good_.connections(), 0U);
}

TEST_F(a_domain, without_mx_records_is_its_own_host)
{
    has_address("example.org", 1);
    const auto gateway = given("u@example.org");
    EXPECT_TRUE(good_.wait_for(1)) << gateway->log();
}

TEST_F(a_domain, that_is_an_address_is_its_own_host)
{
    const auto gateway = given("u@[127.0.0.1]");
    EXPECT_TRUE(good_.wait_for(1)) << gateway->log();
    EXPECT_EQ(names_.asked(), 0U);
}

TEST_F(a_domain, that_takes_no_mail_fails_it_at_once) // RFC 7505
{
    has_mx("example.org", {{0, ""}});
    has_address("example.org", 1);
    const auto gateway = given("u@example.org");
    EXPECT_TRUE(gateway->logs("failed", {"null MX"})) << gateway->log();
    EXPECT_TRUE(gateway->queue_becomes_empty());
    EXPECT_EQ(good_.connections(), 0U);
}

TEST_F(a_domain, that_does_not_exist_fails_it_at_once)
{
    answers("example.org", no_such_name);
    const auto gateway = given("u@example.org");
    EXPECT_TRUE(gateway->logs("failed", {"no such domain"})) << gateway->log();
    EXPECT_TRUE(gateway->queue_becomes_empty());
}

TEST_F(a_domain, about_which_nobody_can_say_anything_defers_it)
{
    answers("example.org", server_failure);
    const auto gateway = given("u@example.org");
    EXPECT_TRUE(gateway->logs("deferred", {"cannot be looked up now"})) << gateway->log();
    EXPECT_THAT(gateway->command({"queue", "list"}).output, HasSubstr("u@example.org"));
}

TEST_F(a_domain, about_which_nobody_says_anything_holds_up_no_shutdown)
{
    silent_ = true;
    const auto gateway = given("u@example.org", gateway_configuration(true, "10m"));
    ASSERT_TRUE(eventually([this] { return names_.asked() > 0; })) << gateway->log();
    EXPECT_EQ(gateway->stop().code, 0);
    EXPECT_THAT(gateway->log(), ::testing::Not(HasSubstr("deferred"))) << "it was not tried";
    silent_ = false;
    has_address("example.org", 1);
    const server next{gateway_configuration(), gateway->folder()};
    EXPECT_TRUE(good_.wait_for(1)) << next.log();
}

TEST_F(a_domain, whose_hosts_addresses_nobody_can_say_defers_it_and_one_whose_hosts_have_none_fails)
{
    has_mx("later.example", {{10, "a.later.example"}, {20, "b.later.example"}});
    answers("a.later.example", no_such_name);
    answers("b.later.example", server_failure);
    has_mx("never.example", {{10, "a.never.example"}});
    answers("a.never.example", no_such_name);
    const auto later = given("u@later.example");
    EXPECT_TRUE(later->logs("deferred", {"b.later.example cannot be looked up now"})) << later->log();
    const auto never = given("u@never.example");
    EXPECT_TRUE(never->logs("failed", {"a.never.example has no address"})) << never->log();
}

TEST_F(a_domain, whose_hosts_are_this_machines_loopback_gets_nothing)
{
    has_mx("example.org", {{10, "localhost.example"}});
    has_address("localhost.example", 1);
    const auto gateway = given("u@example.org", gateway_configuration(false));
    EXPECT_TRUE(gateway->logs("failed", {"no address that can be reached"})) << gateway->log();
    EXPECT_EQ(good_.connections(), 0U);
}

TEST_F(a_domain, gets_nothing_at_hosts_that_are_no_better_than_this_server) // RFC 5321 5.1
{
    has_mx("example.org", {{10, "closed.example"}, {20, "MX.Example.org"}, {20, "good.example"}}); // the second is this server's
    has_address("closed.example", 9);
    has_address("good.example", 1);
    const auto gateway = given("u@example.org");
    EXPECT_TRUE(gateway->logs("deferred", {"cannot connect"})) << gateway->log();
    EXPECT_EQ(good_.connections(), 0U);
}

TEST_F(a_domain, with_a_thousand_hosts_costs_no_more_than_one_with_a_few)
{
    for (unsigned i = 0; i < 1000; ++i) // as many as an answer holds
        has_mx("example.org", {{i + 1, fmt::format("h{}.example", i)}});
    has_address("h3.example", 1);
    const auto gateway = given("u@example.org");
    EXPECT_TRUE(good_.wait_for(1)) << gateway->log();
    EXPECT_LT(names_.asked(), 20U);
}

TEST_F(a_domain, has_no_more_than_ten_places_tried_at_a_time)
{
    std::vector<std::pair<unsigned, std::string>> hosts;
    for (unsigned i = 0; i < 12; ++i) {
        hosts.emplace_back(i, fmt::format("host{}.example", i));
        has_address(hosts.back().second, i < 10 ? 9 : 1); // at the first ten nobody listens
    }
    has_mx("example.org", hosts);
    const auto gateway = given("u@example.org");
    EXPECT_TRUE(gateway->logs("deferred", {"cannot connect"})) << gateway->log();
    EXPECT_EQ(good_.connections(), 0U);
}

TEST_F(a_domain, that_is_an_address_leads_to_nobody_who_trusts_this_machine)
{
    for (const auto* address : {"u@[127.0.0.1]", "u@[IPv6:::1]", "u@[0.0.0.0]"}) {
        const auto gateway = given(address, gateway_configuration(false));
        EXPECT_TRUE(gateway->logs("failed", {"no domain"})) << gateway->log();
    }
    EXPECT_EQ(good_.connections(), 0U);
}

TEST_F(a_domain, that_is_missing_is_not_looked_up)
{
    zone_[{"postmaster", type_a}].records.push_back({"postmaster", type_a, {'\x7f', '\0', '\0', '\x01'}});
    const auto gateway = given("postmaster");
    EXPECT_TRUE(gateway->logs("failed", {"no domain"})) << gateway->log();
    EXPECT_EQ(good_.connections(), 0U);
}

TEST_F(a_domain, has_no_other_host_tried_when_a_plugin_has_spoken)
{
    has_mx("example.org", {{10, "one.example"}, {20, "two.example"}});
    has_address("one.example", 1);
    has_address("two.example", 2);
    next_hop other{2, port_};
    for (const auto* word : {"reject", "hold"}) {
        auto what = gateway_configuration();
        what.listener("more", {"relay-domains", "probe"})
            .plugin("probe", "outgoing-probe", fmt::format("does = {{ \"delivery.peer\" = \"{}\" }}", word));
        const auto gateway = given("u@example.org", what);
        EXPECT_TRUE(gateway->logs(word == std::string_view{"hold"} ? "held" : "failed")) << gateway->log();
    }
    EXPECT_EQ(good_.connections(), 2U);
    EXPECT_EQ(other.connections(), 0U);
}

} // namespace
} // namespace postern::test
