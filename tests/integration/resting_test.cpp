// A next hop that cannot be reached: left alone for a while, tried by one message for all, and nobody else waits for it.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace postern::test {
namespace {

void send(const server& gateway, std::size_t messages, std::string_view domain = "example.com")
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    for (std::size_t i = 0; i < messages; ++i)
        ASSERT_EQ(peer.delivers("", {fmt::format("u@{}", domain)}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
}

TEST(a_next_hop_that_sends_everybody_away, is_left_alone_until_an_operator_knows_better)
{
    std::atomic<bool> is_well = false;
    next_hop next{[&](hop_stage stage, std::string_view) {
        return stage == hop_stage::greeting && !is_well ? hop_answer{"421 busy", true} : hop_answer{};
    }};
    auto what = configuration::relay(next.address());
    what.section("delivery", "rest = \"1h\"\nrest_most = \"2h\"").section("queue", "retry = [\"1h\"]\njitter = 0.0");
    server gateway{what};
    send(gateway, 1);
    ASSERT_TRUE(gateway.logs("destination_rests", {"busy"})) << gateway.log();
    send(gateway, 9);
    is_well = true; // nobody knows
    // All wait for an hour, though nine of them were never tried.
    EXPECT_TRUE(eventually([&] {
        const auto list = gateway.command({"queue", "list", "--json"}).output;
        std::size_t waiting = 0;
        for (auto at = list.find("next_attempt"); at != std::string::npos; at = list.find("next_attempt", at + 1))
            ++waiting;
        return waiting == 10;
    })) << gateway.command({"queue", "list", "--json"}).output;
    EXPECT_EQ(next.connections(), 1U);
    const auto list = gateway.command({"queue", "list", "--json"}).output;
    const auto last = list.substr(list.rfind("\"id\":\"") + 6);
    const auto shown = gateway.command({"queue", "show", last.substr(0, last.find('"'))}).output;
    EXPECT_NE(shown.find("waits: " + next.address() + ": "), std::string::npos) << shown;
    EXPECT_EQ(gateway.command({"queue", "flush"}).status, (exit_status{0, 0}));
    EXPECT_TRUE(next.wait_for(10)) << gateway.log();
    EXPECT_TRUE(gateway.logs("destination_reached"));
}

TEST(a_next_hop_that_sends_everybody_away, is_tried_by_one_message_at_a_time_until_it_is_well)
{
    std::atomic<int> refusals = 3;
    next_hop next{[&](hop_stage stage, std::string_view) {
        return stage == hop_stage::greeting && refusals > 0 && refusals-- > 0 ? hop_answer{"421 busy", true} : hop_answer{};
    }};
    auto what = configuration::relay(next.address());
    what.section("delivery", "rest = \"50ms\"\nrest_most = \"100ms\"").section("queue", "retry = [\"50ms\"]\njitter = 0.0");
    server gateway{what};
    send(gateway, 1);
    ASSERT_TRUE(gateway.logs("destination_rests")) << gateway.log();
    send(gateway, 30);
    EXPECT_TRUE(next.wait_for(31)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty());
}

TEST(a_next_hop_that_sends_everybody_away, still_has_its_messages_given_up_in_time)
{
    next_hop next{[](hop_stage stage, std::string_view) {
        return stage == hop_stage::greeting ? hop_answer{"421 busy", true} : hop_answer{};
    }};
    auto what = configuration::relay(next.address());
    what.section("delivery", "rest = \"1h\"\nrest_most = \"2h\"")
        .section("queue", "retry = [\"1h\"]\njitter = 0.0\nexpire = \"2s\"\nwarn = \"0s\"");
    server gateway{what};
    send(gateway, 1);
    ASSERT_TRUE(gateway.logs("destination_rests")) << gateway.log();
    send(gateway, 3);
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
}

TEST(a_next_hop_that_sends_everybody_away, is_tried_for_a_message_that_an_operator_wants_sent)
{
    std::atomic<bool> is_well = false;
    next_hop next{[&](hop_stage stage, std::string_view) {
        return stage == hop_stage::greeting && !is_well ? hop_answer{"421 busy", true} : hop_answer{};
    }};
    auto what = configuration::relay(next.address());
    what.section("delivery", "rest = \"1h\"\nrest_most = \"2h\"").section("queue", "retry = [\"1h\"]\njitter = 0.0");
    server gateway{what};
    send(gateway, 1);
    ASSERT_TRUE(gateway.logs("destination_rests")) << gateway.log();
    send(gateway, 5);
    const auto log = gateway.log();
    const auto at = log.find("message=", log.find("deferred ")) + 8;
    is_well = true;
    EXPECT_EQ(gateway.command({"queue", "retry", log.substr(at, log.find(' ', at) - at)}).status, (exit_status{0, 0}));
    EXPECT_TRUE(next.wait_for(6)) << "the others come behind it: " << gateway.log();
}

/// Two domains, each with a host of its own: one is well, the other does as it is told.
class two_domains : public ::testing::Test {
protected:
    explicit two_domains(hop_script bad) : bad_{2, good_.port(), std::move(bad)} {}

    [[nodiscard]] configuration gateway(std::string_view more_of_delivery) const
    {
        configuration what;
        what.listener("in", {"relay-domains"})
            .plugin("relay-domains", "relay-domains", "domains = [\"bad.example.com\", \"good.example.com\"]")
            .section("delivery",
                     fmt::format("mx_port = {}\nmx_loopback = true\ntls = \"none\"\nrest = \"1h\"\nrest_most = \"2h\"\n{}",
                                 good_.port(), more_of_delivery))
            .section("queue", "retry = [\"1h\"]\njitter = 0.0")
            .section("delivery.dns", fmt::format("servers = [\"{}\"]", names_.address()));
        return what;
    }

    static constexpr std::uint16_t type_a = 1;
    std::atomic<bool> is_good_busy_{false};
    next_hop good_{[this](hop_stage stage, std::string_view) {
        return stage == hop_stage::rcpt && is_good_busy_ ? hop_answer{"451 4.2.1 later"} : hop_answer{};
    }};
    next_hop bad_;
    dns_peer names_{[](const std::string& name, std::uint16_t type) -> dns_said {
        if (type != type_a)
            return {};
        return {0, {{name, type_a, {'\x7f', '\0', '\0', name == "bad.example.com" ? '\x02' : '\x01'}}}};
    }};
};

class a_next_hop_that_is_busy : public two_domains {
protected:
    a_next_hop_that_is_busy()
        : two_domains{[](hop_stage stage, std::string_view) {
              return stage == hop_stage::greeting ? hop_answer{"421 busy", true} : hop_answer{};
          }}
    {
    }
};

TEST_F(a_next_hop_that_is_busy, holds_up_no_other)
{
    server gateway{two_domains::gateway("concurrency = 1")};
    send(gateway, 1, "bad.example.com");
    ASSERT_TRUE(gateway.logs("destination_rests")) << gateway.log();
    for (int i = 0; i < 5; ++i) {
        send(gateway, 10, "bad.example.com");
        send(gateway, 1, "good.example.com");
    }
    EXPECT_TRUE(good_.wait_for(5)) << gateway.log();
    EXPECT_EQ(bad_.connections(), 1U);
}

TEST_F(a_next_hop_that_is_busy, has_nobody_else_of_its_message_tried_again_and_again)
{
    server gateway{two_domains::gateway("concurrency = 10")};
    send(gateway, 1, "bad.example.com");
    ASSERT_TRUE(gateway.logs("destination_rests")) << gateway.log();
    is_good_busy_ = true;
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("", {"u@bad.example.com", "u@good.example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    ASSERT_TRUE(gateway.logs("deferred", {"u@good.example.com", "attempt=1"})) << gateway.log();
    is_good_busy_ = false;
    send(gateway, 1, "good.example.com");
    ASSERT_TRUE(good_.wait_for(1)) << gateway.log();
    EXPECT_EQ(gateway.log().find("attempt=2"), std::string::npos) << gateway.log();
    EXPECT_EQ(good_.count(), 1U);
}

TEST_F(a_next_hop_that_is_busy, keeps_its_part_of_a_message_waiting_and_the_others_have_theirs)
{
    server gateway{two_domains::gateway("concurrency = 10")};
    send(gateway, 1, "bad.example.com");
    ASSERT_TRUE(gateway.logs("destination_rests")) << gateway.log();
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("", {"u@bad.example.com", "u@good.example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    ASSERT_TRUE(good_.wait_for(1)) << gateway.log();
    send(gateway, 1, "good.example.com");
    ASSERT_TRUE(good_.wait_for(2)) << gateway.log();
    EXPECT_EQ(bad_.connections(), 1U);
    EXPECT_EQ(good_.count(), 2U);
}

class a_next_hop_that_never_greets : public two_domains {
protected:
    explicit a_next_hop_that_never_greets(std::shared_ptr<std::promise<void>> over = std::make_shared<std::promise<void>>())
        : two_domains{[heard = over->get_future().share()](hop_stage stage, std::string_view) {
              if (stage == hop_stage::greeting)
                  heard.wait();
              return hop_answer{};
          }},
          over_{std::move(over)}
    {
    }
    ~a_next_hop_that_never_greets() override { over_->set_value(); }

private:
    std::shared_ptr<std::promise<void>> over_;
};

TEST_F(a_next_hop_that_never_greets, takes_the_place_of_nobody_who_delivers)
{
    server gateway{two_domains::gateway("concurrency = 1")};
    send(gateway, 10, "bad.example.com");
    send(gateway, 10, "good.example.com");
    EXPECT_TRUE(good_.wait_for(10)) << gateway.log();
    EXPECT_EQ(bad_.connections(), 1U) << "one looks for a way, and the others wait for what it finds";
}

} // namespace
} // namespace postern::test
