// What a next hop is sent where plugins have a say in it: another variant for this transaction, and fields in front of the octets
// that leave.

#include "sdk/include/postern/kit/sha256.hpp"
#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view all_may = "may = [\"headers\", \"body\", \"route\"]\ndeadline = \"5s\"";

/// A relay whose plugin does that.
[[nodiscard]] configuration probing(const next_hop& next, std::string_view does, std::string_view more = all_may)
{
    configuration what;
    what.listener("in", {"relay-domains", "probe"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\", \"example.org\"]")
        .plugin("probe", "content-probe", does, more)
        .section("delivery", fmt::format("relay = \"{}\"", next.address()))
        .section("queue", "retry = [\"1h\"]\njitter = 0.0");
    return what;
}

[[nodiscard]] hop_script offering(std::string keywords)
{
    return [keywords = std::move(keywords)](hop_stage at, std::string_view) {
        return at == hop_stage::ehlo ? hop_answer{.reply = "250-next.example\r\n250-" + keywords + "\r\n250 SIZE 300000000"}
                                     : hop_answer{};
    };
}

constexpr std::string_view small = "Subject: hi\r\n\r\nhello\r\n";
constexpr std::string_view wide = "Subject: hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Transfer-Encoding: 8bit\r\n\r\n.gr\xc3\xbc\xc3\x9f\r\n";

void send(const server& gateway, std::string_view content = small, std::string_view mail_parameters = "",
          const std::vector<std::string>& recipients = {"user@example.com"})
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says(fmt::format("MAIL FROM:<author@example.com>{}", mail_parameters)).code, 250);
    for (const auto& each : recipients)
        ASSERT_EQ(peer.says(fmt::format("RCPT TO:<{}>", each)).code, 250);
    ASSERT_TRUE(peer.sends(fmt::format("BDAT {} LAST\r\n", content.size())));
    ASSERT_TRUE(peer.sends(content));
    ASSERT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.says("QUIT").code, 221);
}

[[nodiscard]] std::string_view body_of(std::string_view message)
{
    return message.substr(std::min(message.find("\r\n\r\n"), message.size() - 4) + 4);
}

/// What the first line, X-Sum, says of all behind it.
void expect_good_sum(std::string_view content)
{
    constexpr std::string_view name = "X-Sum: ";
    ASSERT_THAT(std::string{content.substr(0, 200)}, StartsWith(std::string{name}));
    const auto end = content.find("\r\n");
    kit::sha256 all;
    all.add(content.substr(end + 2));
    EXPECT_EQ(content.substr(name.size(), end - name.size()), all.text());
}

[[nodiscard]] bool is_of_seven_bits(std::string_view octets)
{
    return std::none_of(octets.begin(), octets.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7f; });
}

TEST(what_a_next_hop_is_sent, is_asked_about_once_a_transaction_before_mail)
{
    next_hop next;
    server gateway{probing(next, "")};
    send(gateway);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    ASSERT_TRUE(gateway.logs("delivered"));
    const auto log = gateway.log();
    const auto content = log.find("asked at delivery.content");
    const auto signature = log.find("asked at delivery.sign");
    ASSERT_NE(content, std::string::npos) << log;
    EXPECT_LT(content, signature);
    EXPECT_LT(signature, log.find("event=delivered")) << log;
    EXPECT_EQ(log.find("asked at delivery.content", content + 1), std::string::npos) << log;
    EXPECT_EQ(body_of(next.arrived().front().content), "hello\r\n");
}

TEST(what_a_next_hop_is_sent, can_be_another_variant_for_each_transaction_and_what_is_stored_stays)
{
    next_hop next{offering("8BITMIME")};
    server gateway{probing(next, "content = \"address\"\none_at_a_time = true")};
    send(gateway, small, "", {"a@example.com", "b@example.com"});
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    for (const auto& message : next.arrived()) {
        EXPECT_THAT(message.content, HasSubstr("X-For: " + message.recipients.front() + "\r\n\r\nhello\r\n"));
        EXPECT_EQ(message.content.find("X-For"), message.content.rfind("X-For")) << message.content;
        EXPECT_THAT(message.commands.front(), HasSubstr(fmt::format(" SIZE={}", message.content.size())));
    }
}

TEST(what_a_next_hop_is_sent, is_told_with_its_own_size_and_body)
{
    next_hop next{offering("8BITMIME")};
    server gateway{probing(next, "content = \"body:gr\xc3\xbc\xc3\x9f\"")};
    send(gateway);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto message = next.arrived().front();
    EXPECT_EQ(body_of(message.content), "gr\xc3\xbc\xc3\x9f\r\n");
    EXPECT_EQ(message.commands.front(),
              fmt::format("MAIL FROM:<author@example.com> SIZE={} BODY=8BITMIME", message.content.size()));
}

// RFC 6152 3
TEST(what_a_next_hop_is_sent, needs_no_conversion_when_it_has_become_7_bits)
{
    next_hop next{offering("PIPELINING")};
    server gateway{probing(next, "content = \"body:plain\"")};
    send(gateway, wide, " BODY=8BITMIME");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_EQ(body_of(next.arrived().front().content), "plain\r\n");
    EXPECT_EQ(gateway.log().find("event=converted"), std::string::npos) << gateway.log();
}

TEST(what_a_next_hop_is_sent, is_converted_when_it_has_become_8_bits)
{
    next_hop next{offering("PIPELINING")};
    server gateway{probing(next, "content = \"body:gr\xc3\xbc\xc3\x9f\"")};
    send(gateway);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_TRUE(is_of_seven_bits(next.arrived().front().content));
    EXPECT_TRUE(gateway.logs("converted", {"lacks=8BITMIME"}));
}

// RFC 6531 3.1
TEST(what_a_next_hop_is_sent, needs_smtputf8_for_a_field_that_a_plugin_wrote_in_utf_8)
{
    next_hop knows{offering("8BITMIME\r\n250-SMTPUTF8")};
    server one{probing(knows, "content = \"subject:gr\xc3\xbc\xc3\x9f\"")};
    send(one);
    ASSERT_TRUE(knows.wait_for(1)) << one.log();
    EXPECT_THAT(knows.arrived().front().commands.front(), HasSubstr(" SMTPUTF8"));
    EXPECT_THAT(knows.arrived().front().content, HasSubstr("Subject: gr\xc3\xbc\xc3\x9f\r\n"));

    next_hop other{offering("8BITMIME")};
    server two{probing(other, "content = \"subject:gr\xc3\xbc\xc3\x9f\"")};
    send(two);
    EXPECT_TRUE(two.logs("failed", {"user@example.com", "needs SMTPUTF8"})) << two.log();
}

TEST(what_a_next_hop_is_sent, can_be_read_by_who_answers_later)
{
    next_hop next;
    server gateway{probing(next, "content = \"late\"")};
    send(gateway);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    auto content = next.arrived().front().content;
    const auto at = content.find("X-Sum: ");
    ASSERT_NE(at, std::string::npos) << content;
    const auto end = content.find("\r\n", at) + 2;
    const auto sum = content.substr(at + 7, end - at - 9);
    content.erase(at, end - at);
    EXPECT_EQ(sum, kit::sha256{}.add(content).text()) << "what is stored";
}

TEST(what_is_signed, are_the_octets_that_leave)
{
    for (const auto* does : {"sign = \"sum\"", "sign = \"sum\"\ncontent = \"field:yes\"",
                             "sign = \"sum\"\ncontent = \"body:other\"", "sign = \"sum\"\ncontent = \"large body\""})
        for (const auto* keywords : {"8BITMIME", "PIPELINING"}) {
            next_hop next{offering(keywords)};
            server gateway{probing(next, does)};
            send(gateway, wide, " BODY=8BITMIME");
            ASSERT_TRUE(next.wait_for(1)) << does << '\n' << gateway.log();
            const auto message = next.arrived().front();
            expect_good_sum(message.content);
            EXPECT_THAT(message.commands.front(), HasSubstr(fmt::format(" SIZE={}", message.content.size()))) << does;
            EXPECT_EQ(is_of_seven_bits(message.content),
                      std::string_view{keywords} == "PIPELINING" || std::string_view{does}.ends_with("other\""))
                << does;
        }
}

/// How much memory a server had at most that has sent that message.
[[nodiscard]] std::uint64_t peak_of(std::string_view does, const std::string& content)
{
    next_hop next{offering("8BITMIME")};
    server gateway{probing(next, does)};
    send(gateway, content, " BODY=8BITMIME");
    EXPECT_TRUE(next.wait_for(1, std::chrono::minutes{2})) << gateway.log();
    const auto message = next.arrived().back();
    if (!does.empty())
        expect_good_sum(message.content);
    EXPECT_TRUE(body_of(message.content) == body_of(content));
    return peak_memory(gateway.child().pid());
}

TEST(what_is_signed, stays_where_it_lies_whatever_its_size)
{
    std::string content{wide};
    while (content.size() < 40'000'000)
        content +=
            "line " + std::to_string(content.size()) + " of a message that is larger than anybody wants to hold in memory\r\n";
    const auto usual = peak_of("", content);
    const auto peak = peak_of("sign = \"sum\"\ncontent = \"field:yes\"", content);
    if (std::string_view{POSTERN_TEST_SANITIZE}.empty()) { // which keeps what is freed
        EXPECT_LT(peak, usual + content.size() / 2);
    }
}

TEST(what_is_signed, has_its_signature_in_front_and_nothing_else_is_changed)
{
    for (const auto* wrong : {"sign = \"behind\"", "sign = \"body\""}) {
        next_hop next;
        server gateway{probing(next, wrong)};
        send(gateway);
        EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery.sign"})) << gateway.log();
        EXPECT_TRUE(gateway.logs("deferred", {"user@example.com"})) << gateway.log();
        EXPECT_EQ(next.count(), 0U);
    }
}

TEST(what_is_signed, needs_the_grant)
{
    for (const auto* wrong : {"sign = \"sum\"", "content = \"field:yes\"", "content = \"body:other\""}) {
        next_hop next;
        server gateway{probing(next, wrong, "")};
        send(gateway);
        EXPECT_TRUE(gateway.logs("plugin_failed", {"may = "})) << wrong << '\n' << gateway.log();
        EXPECT_TRUE(gateway.logs("deferred", {"user@example.com"})) << wrong << '\n' << gateway.log();
        EXPECT_EQ(next.count(), 0U);
    }
}

constexpr std::string_view both_hooks[] = {"content", "sign"};

TEST(content_hooks, say_no_before_the_next_hop_has_heard_of_the_message)
{
    for (const auto hook : both_hooks) {
        std::atomic<bool> has_mail = false;
        next_hop next{[&](hop_stage at, std::string_view) {
            has_mail = has_mail || at == hop_stage::mail;
            return hop_answer{};
        }};
        server defers{probing(next, fmt::format("{} = \"defer\"", hook))};
        send(defers);
        EXPECT_TRUE(defers.logs("deferred", {"so says the probe"})) << hook << '\n' << defers.log();
        server holds{probing(next, fmt::format("{} = \"hold\"", hook))};
        send(holds);
        EXPECT_TRUE(holds.logs("held", {"so says the probe"})) << hook << '\n' << holds.log();
        EXPECT_TRUE(next.wait_until_alone());
        EXPECT_FALSE(has_mail) << hook;
    }
}

TEST(content_hooks, fail_recipients_for_good_and_their_sender_is_told)
{
    for (const auto hook : both_hooks) {
        next_hop next;
        server gateway{probing(next, fmt::format("{} = \"reject\"", hook))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("failed", {"so says the probe"})) << hook << '\n' << gateway.log();
        EXPECT_TRUE(gateway.logs("dsn", {"failure"})) << hook << '\n' << gateway.log();
    }
}

TEST(content_hooks, put_a_message_off_when_their_plugin_fails_and_lose_nothing)
{
    for (const auto* failure :
         {"content = \"throw\"", "content = \"wait\"", "content = \"discard\"", "sign = \"throw\"", "sign = \"discard\""}) {
        next_hop next;
        server gateway{probing(next, failure, "may = [\"headers\"]\ndeadline = \"300ms\"")};
        send(gateway);
        EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery."})) << failure << '\n' << gateway.log();
        EXPECT_TRUE(gateway.logs("deferred", {"user@example.com"})) << failure << '\n' << gateway.log();
        EXPECT_EQ(next.count(), 0U) << failure;
        EXPECT_THAT(gateway.command({"queue", "list"}).output, HasSubstr("deferred")) << failure;
    }
}

TEST(content_hooks, mean_what_on_error_says_when_their_plugin_fails)
{
    for (const auto hook : both_hooks) {
        next_hop next;
        server goes_on{probing(next, fmt::format("{} = \"throw\"", hook), "on_error = \"continue\"")};
        send(goes_on);
        ASSERT_TRUE(next.wait_for(1)) << hook << '\n' << goes_on.log();
        EXPECT_THAT(next.arrived().front().content, Not(HasSubstr("X-")));
        next_hop refused;
        server fails{probing(refused, fmt::format("{} = \"throw\"", hook), "on_error = \"reject\"")};
        send(fails);
        EXPECT_TRUE(fails.logs("failed", {"user@example.com"})) << hook << '\n' << fails.log();
    }
}

TEST(content_hooks, begin_anew_with_what_is_stored_at_the_next_attempt_and_a_notification_returns_that)
{
    std::vector<std::string> heard; // of the hop's threads, until the report has arrived
    next_hop next{[&](hop_stage at, std::string_view line) {
        if (at != hop_stage::content)
            return hop_answer{};
        heard.emplace_back(line);
        return heard.size() == 1   ? hop_answer{.reply = "451 4.3.0 later", .record = false}
               : heard.size() == 2 ? hop_answer{.reply = "554 5.6.0 never", .record = false}
                                   : hop_answer{};
    }};
    server gateway{probing(next, "content = \"field:yes\"\nsign = \"field:yes\"")};
    send(gateway, small, " RET=FULL");
    ASSERT_TRUE(gateway.logs("deferred", {"later"})) << gateway.log();
    ASSERT_EQ(gateway.command({"queue", "flush"}).status, (exit_status{0, 0}));
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    ASSERT_THAT(heard, SizeIs(3));
    EXPECT_THAT(heard[0], AllOf(StartsWith("X-Signed: yes\r\n"), HasSubstr("X-Probe: yes\r\n\r\nhello")));
    EXPECT_EQ(heard[1], heard[0]);
    const auto original = heard[2].substr(std::min(heard[2].rfind("message/rfc822"), heard[2].size()));
    EXPECT_THAT(original, AllOf(HasSubstr("Subject: hi\r\n"), HasSubstr("hello\r\n"), Not(HasSubstr("X-Probe")),
                                Not(HasSubstr("X-Signed"))));
}

// RFC 5321 5.1
TEST(content_hooks, come_again_where_another_host_is_tried)
{
    constexpr std::uint16_t type_a = 1;
    constexpr std::uint16_t type_mx = 15;
    const auto address = [](const std::string& name, char last) {
        return dns_said{0, {{name, type_a, {'\x7f', '\0', '\0', last}}}};
    };
    dns_peer names{[&](const std::string& name, std::uint16_t type) -> dns_said {
        if (type == type_mx && name == "example.com")
            return {0,
                    {{name, type_mx, dns_peer::two(10) + dns_peer::wire("bad.example")},
                     {name, type_mx, dns_peer::two(20) + dns_peer::wire("good.example")}}};
        if (type == type_a && (name == "bad.example" || name == "good.example"))
            return address(name, name == "bad.example" ? '\2' : '\1');
        return {};
    }};
    next_hop good;
    next_hop bad{2, good.port(), [](hop_stage at, std::string_view) {
                     return at == hop_stage::mail ? hop_answer{.reply = "421 4.3.2 going down", .drop = true} : hop_answer{};
                 }};
    configuration what;
    what.listener("in", {"relay-domains", "probe"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("probe", "content-probe", "content = \"body:other\"\nsign = \"sum\"", all_may)
        .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true\ntls = \"none\"", good.port()))
        .section("delivery.dns", fmt::format("servers = [\"{}\"]", names.address()));
    server gateway{what};
    send(gateway);
    ASSERT_TRUE(good.wait_for(1)) << gateway.log();
    EXPECT_EQ(bad.connections(), 1U);
    const auto content = good.arrived().front().content;
    expect_good_sum(content);
    EXPECT_EQ(content.rfind("X-Sum"), 0U) << "nothing is left of the first host";
    EXPECT_EQ(body_of(content), "other\r\n");
    const auto log = gateway.log();
    EXPECT_NE(log.find("asked at delivery.content"), log.rfind("asked at delivery.content")) << log;
}

} // namespace
} // namespace postern::test
