// When plugins are asked about a delivery on its way out, what their answers do, and what becomes of a message when they fail.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/trusting.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A next hop that offers XPROBE, and writes down what it is told.
class knowing_hop {
public:
    [[nodiscard]] std::vector<std::string> commands() const
    {
        const std::lock_guard lock{guard_};
        return commands_;
    }
    [[nodiscard]] bool was_told(std::string_view verb) const
    {
        const auto all = commands();
        return std::any_of(all.begin(), all.end(), [&](const std::string& each) { return each.starts_with(verb); });
    }

    std::string ehlo = "250-next.example\r\n250 XPROBE 1";
    std::string reply_to_probe = "250 2.0.0 probed";

private:
    hop_answer answer(hop_stage stage, std::string_view line)
    {
        const std::lock_guard lock{guard_};
        if (stage != hop_stage::content && stage != hop_stage::content_begun && stage != hop_stage::greeting)
            commands_.emplace_back(line);
        if (stage == hop_stage::ehlo)
            return {ehlo};
        return stage == hop_stage::other && line.starts_with("XPROBE") ? hop_answer{reply_to_probe} : hop_answer{};
    }

    mutable std::mutex guard_;
    std::vector<std::string> commands_;

public:
    next_hop hop{[this](hop_stage stage, std::string_view line) { return answer(stage, line); }};
};

/// A relay whose plugin does at each hook what `does` says, as `"hook" = "what"`.
[[nodiscard]] configuration probing(const std::string& relay, std::string_view does,
                                    std::string_view more = "deadline = \"300ms\"")
{
    configuration what;
    what.listener("in", {"relay-domains", "probe"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\", \"example.org\"]")
        .plugin("probe", "outgoing-probe", fmt::format("does = {{ {} }}", does), more)
        .section("delivery", fmt::format("relay = \"{}\"", relay))
        .section("queue", "retry = [\"1h\"]\njitter = 0.0");
    return what;
}

[[nodiscard]] std::string at(std::string_view hook, std::string_view what)
{
    return fmt::format("\"{}\" = \"{}\"", hook, what);
}

void send(const server& gateway, const std::vector<std::string>& recipients = {"user@example.com"},
          std::string_view more_of_mail = {})
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says(fmt::format("MAIL FROM:<a@client.example>{}", more_of_mail)).code, 250);
    for (const auto& each : recipients)
        ASSERT_EQ(peer.says(fmt::format("RCPT TO:<{}>", each)).code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
    ASSERT_EQ(peer.reply().code, 250);
}

constexpr std::string_view every_hook[] = {"delivery.begin", "delivery.tls_policy", "delivery.peer", "client.verb",
                                           "client.params"};

/// How far the connection has come when each hook is asked.
struct progress {
    std::string_view hook;
    bool is_connected;
    bool is_introduced;
};
constexpr progress where_they_are[] = {{"delivery.begin", false, false},
                                       {"delivery.tls_policy", false, false},
                                       {"delivery.peer", true, true},
                                       {"client.verb", true, true},
                                       {"client.params", true, true}};

TEST(outgoing_hooks, are_asked_in_order_and_before_mail)
{
    knowing_hop next;
    const auto all = probing(next.hop.address(), at("delivery.begin", "") + ", " + at("delivery.tls_policy", "") + ", " +
                                                     at("delivery.peer", "") + ", " + at("client.verb", "line:XPROBE hello") +
                                                     ", " + at("client.params", ""));
    server asked{all};
    send(asked);
    ASSERT_TRUE(next.hop.wait_for(1)) << asked.log();
    ASSERT_TRUE(asked.logs("delivered"));
    const auto log = asked.log();
    std::size_t before = 0;
    for (const auto& hook : every_hook) {
        const auto found = log.find(fmt::format("asked at {}", hook));
        ASSERT_NE(found, std::string::npos) << hook << '\n' << log;
        EXPECT_LT(before, found) << hook << '\n' << log;
        before = found;
    }
    EXPECT_LT(before, log.find("delivered")) << log;
    EXPECT_THAT(next.commands(), ElementsAre(HasSubstr("EHLO"), "XPROBE hello", HasSubstr("MAIL"), HasSubstr("RCPT"), "DATA"));
}

TEST(outgoing_hooks, are_asked_about_what_is_stored)
{
    for (const auto& hook : every_hook) {
        knowing_hop next;
        const temporary_folder folder;
        {
            server gateway{probing(next.hop.address(), at(hook, "silence"), "deadline = \"10m\""), folder.path()};
            send(gateway); // the client has its 250
            ASSERT_TRUE(gateway.logs("plugin.log", {fmt::format("asked at {}", hook)})) << gateway.log();
            gateway.child().kill();
        }
        EXPECT_EQ(next.hop.count(), 0U) << hook;
        server gateway{probing(next.hop.address(), ""), folder.path()};
        EXPECT_TRUE(next.hop.wait_for(1)) << hook << '\n' << gateway.log();
    }
}

TEST(outgoing_hooks, say_no_before_the_next_hop_has_heard_of_the_message)
{
    for (const auto& [hook, is_connected, is_introduced] : where_they_are) {
        knowing_hop next;
        server gateway{probing(next.hop.address(), at(hook, "defer"))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("deferred", {"so says the probe"})) << hook << '\n' << gateway.log();
        EXPECT_EQ(next.hop.connections() != 0, is_connected) << hook;
        EXPECT_EQ(next.was_told("EHLO"), is_introduced) << hook;
        EXPECT_FALSE(next.was_told("MAIL")) << hook;
    }
}

TEST(outgoing_hooks, fail_recipients_for_good_and_their_sender_is_told)
{
    for (const auto& hook : every_hook) {
        knowing_hop next;
        server gateway{probing(next.hop.address(), at(hook, "reject"))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("failed", {"so says the probe"})) << hook << '\n' << gateway.log();
        EXPECT_TRUE(gateway.logs("dsn", {"failure"})) << hook << '\n' << gateway.log();
        EXPECT_EQ(next.hop.count(), 0U) << hook;
    }
}

TEST(outgoing_hooks, hold_a_message_for_an_operator_who_sends_it_on)
{
    for (const auto& hook : every_hook) {
        knowing_hop next;
        server gateway{probing(next.hop.address(), at(hook, "hold"))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("held", {"so says the probe"})) << hook << '\n' << gateway.log();
        EXPECT_TRUE(eventually([&] {
            return gateway.command({"queue", "list"}).output.find("held") != std::string::npos;
        })) << hook
            << '\n'
            << gateway.log();
        EXPECT_EQ(next.hop.count(), 0U) << hook;
    }
}

/// What a plugin may do wrong.
constexpr std::string_view every_failure[] = {"throw", "silence", "nonsense", "discard"};

TEST(outgoing_hooks, put_a_message_off_when_their_plugin_fails_and_lose_nothing)
{
    for (const auto& hook : every_hook)
        for (const auto& failure : every_failure) {
            knowing_hop next;
            server gateway{probing(next.hop.address(), at(hook, failure))};
            send(gateway);
            EXPECT_TRUE(gateway.logs("plugin_failed", {std::string{hook}})) << hook << ' ' << failure << '\n' << gateway.log();
            EXPECT_TRUE(gateway.logs("deferred", {"user@example.com"})) << hook << ' ' << failure << '\n' << gateway.log();
            EXPECT_EQ(next.hop.count(), 0U) << hook << ' ' << failure;
            EXPECT_THAT(gateway.command({"queue", "list"}).output, HasSubstr("deferred")) << hook << ' ' << failure;
        }
}

TEST(outgoing_hooks, mean_what_on_error_says_when_their_plugin_fails)
{
    for (const auto& hook : every_hook) {
        knowing_hop next;
        server goes_on{probing(next.hop.address(), at(hook, "throw"), "on_error = \"continue\"")};
        send(goes_on);
        EXPECT_TRUE(next.hop.wait_for(1)) << hook << '\n' << goes_on.log();
        knowing_hop refused;
        server fails{probing(refused.hop.address(), at(hook, "throw"), "on_error = \"reject\"")};
        send(fails);
        EXPECT_TRUE(fails.logs("failed", {"user@example.com"})) << hook << '\n' << fails.log();
    }
}

TEST(delivery_begin, makes_transactions_of_their_own_for_those_whom_it_puts_off_and_forgets_nobody)
{
    knowing_hop next;
    server gateway{probing(next.hop.address(), at("delivery.begin", "one at a time"), "may = [\"route\"]")};
    send(gateway, {"a@example.com", "b@example.com", "c@example.com"});
    ASSERT_TRUE(next.hop.wait_for(2)) << gateway.log();
    ASSERT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    std::vector<std::string> all;
    for (const auto& message : next.hop.arrived())
        all.insert(all.end(), message.recipients.begin(), message.recipients.end());
    EXPECT_THAT(all, ::testing::UnorderedElementsAre("a@example.com", "b@example.com", "c@example.com"));
    EXPECT_TRUE(gateway.logs("plugin.log", {"asked at delivery.begin recipients=a@example.com,b@example.com,c@example.com"}))
        << gateway.log();
    EXPECT_TRUE(gateway.logs("plugin.log", {"asked at delivery.begin recipients=a@example.com\""})) << gateway.log();
}

TEST(delivery_begin, changes_nothing_without_the_grant)
{
    knowing_hop next;
    server gateway{probing(next.hop.address(), at("delivery.begin", "one at a time"))};
    send(gateway, {"a@example.com", "b@example.com"});
    EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery.begin"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred", {"b@example.com"})) << gateway.log();
    EXPECT_EQ(next.hop.count(), 0U);
}

TEST(delivery_peer, is_asked_once_a_connection_and_client_hooks_once_a_transaction)
{
    knowing_hop next;
    server gateway{
        probing(next.hop.address(),
                at("delivery.peer", "") + ", " + at("client.params", "") + ", " + at("delivery.begin", "one at a time"),
                "may = [\"route\"]")};
    send(gateway, {"a@example.com", "b@example.com"});
    ASSERT_TRUE(next.hop.wait_for(2)) << gateway.log();
    ASSERT_TRUE(gateway.queue_becomes_empty());
    EXPECT_EQ(next.hop.connections(), 1U);
    const auto count = [log = gateway.log()](std::string_view word) {
        std::size_t found = 0;
        for (auto place = log.find(word); place != std::string::npos; place = log.find(word, place + 1))
            ++found;
        return found;
    };
    EXPECT_EQ(count("asked at delivery.peer"), 1U);
    EXPECT_EQ(count("asked at client.params"), 2U);
}

TEST(delivery_peer, takes_extensions_away_from_a_connection)
{
    std::atomic<bool> has_chunks{false};
    next_hop hop{[&](hop_stage stage, std::string_view line) {
        has_chunks = has_chunks || line.starts_with("BDAT");
        return stage == hop_stage::ehlo ? hop_answer{"250-next.example\r\n250 CHUNKING"} : hop_answer{};
    }};
    server gateway{probing(hop.address(), at("delivery.peer", "without:CHUNKING"))};
    send(gateway);
    ASSERT_TRUE(hop.wait_for(1)) << gateway.log();
    EXPECT_FALSE(has_chunks);
}

TEST(delivery_peer, that_wants_the_next_host_where_there_is_none_puts_off)
{
    knowing_hop next;
    server gateway{probing(next.hop.address(), at("delivery.peer", "next host"))};
    send(gateway);
    ASSERT_TRUE(next.hop.wait_for(1)) << gateway.log(); // the only address: the probe has no other wish then
}

TEST(client_verb, shows_the_reply_and_goes_on_whatever_it_was)
{
    knowing_hop next;
    next.reply_to_probe = "550 5.7.1 not you";
    server gateway{probing(next.hop.address(), at("client.verb", "line:XPROBE hello"))};
    send(gateway);
    ASSERT_TRUE(next.hop.wait_for(1)) << gateway.log();
    EXPECT_TRUE(gateway.logs("plugin.log", {"asked at client.verb round=1 said=550"})) << gateway.log();
}

TEST(client_verb, that_is_required_fails_the_recipients_when_it_is_refused)
{
    knowing_hop next;
    next.reply_to_probe = "550 no";
    server gateway{probing(next.hop.address(), at("client.verb", "required:XPROBE hello"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("failed", {"user@example.com", "code=550"})) << gateway.log();
    EXPECT_FALSE(next.was_told("MAIL FROM:<a@"));
}

TEST(client_verb, that_is_required_puts_the_recipients_off_when_it_is_not_taken_now)
{
    knowing_hop next;
    next.reply_to_probe = "451 later";
    server gateway{probing(next.hop.address(), at("client.verb", "required:XPROBE hello"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("deferred", {"user@example.com", "code=451"})) << gateway.log();
    EXPECT_FALSE(next.was_told("MAIL"));
}

TEST(client_verb, is_never_out_of_step_with_a_peer_that_answers_strangely)
{
    for (const auto* reply : {"354 go on", "hello?", "250 one\r\n250 and two"}) {
        knowing_hop next;
        next.reply_to_probe = reply;
        server gateway{probing(next.hop.address(), at("client.verb", "line:XPROBE hello"))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("deferred", {"user@example.com"})) << reply << '\n' << gateway.log();
        EXPECT_EQ(next.hop.count(), 0U) << reply;
    }
}

TEST(client_verb, goes_only_to_a_next_hop_that_offers_its_keyword)
{
    knowing_hop next;
    next.ehlo = "250 next.example";
    server gateway{probing(next.hop.address(), at("client.verb", "required:XPROBE hello"))};
    send(gateway);
    ASSERT_TRUE(next.hop.wait_for(1)) << gateway.log();
    EXPECT_FALSE(next.was_told("XPROBE"));
    EXPECT_THAT(gateway.log(), Not(HasSubstr("asked at client.verb")));
}

TEST(client_verb, says_ehlo_again_behind_a_line_that_restarts)
{
    knowing_hop next;
    next.reply_to_probe = "220 next.example ESMTP";
    server gateway{probing(next.hop.address(), at("client.verb", "restart:XPROBE hello"))};
    send(gateway);
    ASSERT_TRUE(next.hop.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.commands(),
                ElementsAre(HasSubstr("EHLO"), "XPROBE hello", HasSubstr("EHLO"), HasSubstr("MAIL"), HasSubstr("RCPT"), "DATA"));
}

TEST(client_verb, says_no_line_that_is_the_servers_own_or_more_than_one)
{
    for (const auto* line : {"RCPT TO:<victim@example.net>", "XPROBE\\r\\nRSET", "xprobe"}) {
        knowing_hop next;
        server gateway{probing(next.hop.address(), at("client.verb", fmt::format("line:{}", line)))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("plugin_failed", {"client.verb"})) << line << '\n' << gateway.log();
        EXPECT_TRUE(gateway.logs("deferred")) << line;
        EXPECT_FALSE(next.was_told("RCPT")) << line;
        EXPECT_FALSE(next.was_told("RSET")) << line;
    }
}

TEST(client_params, changes_what_is_sent_and_not_what_is_stored)
{
    knowing_hop next;
    server gateway{probing(next.hop.address(), at("client.params", "set:8"))};
    send(gateway, {"user@example.com"}, " XPROBE=9");
    ASSERT_TRUE(next.hop.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.hop.arrived().front().commands.front(), HasSubstr(" XPROBE=8"));
}

TEST(client_params, adds_and_drops)
{
    knowing_hop adds;
    server gateway{probing(adds.hop.address(), at("client.params", "set:8"))};
    send(gateway);
    ASSERT_TRUE(adds.hop.wait_for(1)) << gateway.log();
    EXPECT_THAT(adds.hop.arrived().front().commands.front(), HasSubstr(" XPROBE=8"));
    knowing_hop drops;
    server other{probing(drops.hop.address(), at("client.params", "drop"))};
    send(other, {"user@example.com"}, " XPROBE=9");
    ASSERT_TRUE(drops.hop.wait_for(1)) << other.log();
    EXPECT_THAT(drops.hop.arrived().front().commands.front(), Not(HasSubstr("XPROBE")));
}

TEST(client_params, that_are_required_return_the_message_from_a_peer_without_the_keyword)
{
    knowing_hop next;
    next.ehlo = "250 next.example";
    server gateway{probing(next.hop.address(), at("client.params", "require:8"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("failed", {"XPROBE"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("dsn", {"failure"})) << gateway.log();
}

TEST(client_params, cannot_leave_their_command)
{
    for (const auto* value : {"1 SIZE=0", "1\\r\\nRSET", "a=b"}) {
        knowing_hop next;
        server gateway{probing(next.hop.address(), at("client.params", fmt::format("set:{}", value)))};
        send(gateway);
        EXPECT_TRUE(gateway.logs("plugin_failed", {"client.params"})) << value << '\n' << gateway.log();
        EXPECT_FALSE(next.was_told("MAIL")) << value;
    }
}

/// A next hop with TLS: a server of ours, whose certificate is for localhost and mx.example.org.
class secure_hop {
public:
    explicit secure_hop(std::string_view tls = "starttls") : server_{made(tls)} {}
    [[nodiscard]] std::string address(std::string_view host = "localhost") const
    {
        return fmt::format("{}:{}", host, server_.port());
    }
    [[nodiscard]] std::string certificate() const { return (server_.folder() / "cert.pem").string(); }

private:
    static configuration made(std::string_view tls)
    {
        configuration what;
        what.listener("in", {"relay-domains", "discard"}, tls)
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .plugin("discard", "discard")
            .section("delivery", "relay = \"127.0.0.1:9\"");
        return what;
    }
    server server_;
};

TEST(tls_policy, that_is_required_sends_nothing_to_a_peer_without_tls)
{
    knowing_hop next;
    server gateway{probing(next.hop.address(), at("delivery.tls_policy", "tls:required"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("deferred", {"TLS is required"})) << gateway.log();
    EXPECT_FALSE(next.was_told("MAIL"));
}

TEST(tls_policy, strengthens_a_configuration_without_tls)
{
    secure_hop next;
    auto what = probing(next.address("127.0.0.1"), at("delivery.tls_policy", "tls:required") + ", " + at("delivery.peer", ""));
    what.section("delivery", "tls = \"none\"");
    server gateway{what};
    send(gateway);
    ASSERT_TRUE(gateway.logs("delivered")) << gateway.log();
    EXPECT_TRUE(gateway.logs("plugin.log", {"asked at delivery.peer flags=3"})) << gateway.log(); // EHLO and TLS
}

TEST(tls_policy, that_verifies_takes_a_certificate_that_is_trusted_and_for_the_name)
{
    secure_hop next;
    const trusting anchor{next.certificate()};
    server gateway{probing(next.address(), at("delivery.tls_policy", "tls:verified") + ", " + at("delivery.peer", ""))};
    send(gateway);
    ASSERT_TRUE(gateway.logs("delivered")) << gateway.log();
    EXPECT_THAT(gateway.log(), AnyOf(HasSubstr("asked at delivery.peer flags=7"),    // and verified
                                     HasSubstr("asked at delivery.peer flags=15"))); // and localhost has ::1 behind it
    server by_name{
        probing(next.address("127.0.0.1"), at("delivery.tls_policy", "tls:verified mx.example.org"), "may = [\"tls\"]")};
    send(by_name);
    ASSERT_TRUE(by_name.logs("delivered")) << by_name.log();
}

TEST(tls_policy, that_verifies_takes_no_other_name_and_no_certificate_that_nobody_vouches_for)
{
    secure_hop next;
    {
        const trusting anchor{next.certificate()};
        server other_name{probing(next.address(), at("delivery.tls_policy", "tls:verified mx.example.net"), "may = [\"tls\"]")};
        send(other_name);
        EXPECT_TRUE(other_name.logs("deferred", {"TLS handshake failed"})) << other_name.log();
    }
    server untrusted{probing(next.address(), at("delivery.tls_policy", "tls:verified"))};
    send(untrusted);
    EXPECT_TRUE(untrusted.logs("deferred", {"TLS handshake failed"})) << untrusted.log();
    EXPECT_THAT(untrusted.log(), Not(HasSubstr("delivered")));
}

TEST(tls_policy, has_no_other_name_without_the_grant)
{
    secure_hop next;
    const trusting anchor{next.certificate()};
    server gateway{probing(next.address("127.0.0.1"), at("delivery.tls_policy", "tls:verified mx.example.org"))};
    send(gateway);
    EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery.tls_policy"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred")) << gateway.log();
}

TEST(tls_policy, is_not_weakened_without_the_grant)
{
    knowing_hop next;
    auto what = probing(next.hop.address(), at("delivery.tls_policy", "tls:none"));
    server gateway{what};
    send(gateway);
    EXPECT_TRUE(gateway.logs("plugin_failed", {"delivery.tls_policy"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred")) << gateway.log();
    knowing_hop granted;
    server may{probing(granted.hop.address(), at("delivery.tls_policy", "tls:none"), "may = [\"tls\"]")};
    send(may);
    EXPECT_TRUE(granted.hop.wait_for(1)) << may.log();
}

TEST(tls_policy, of_a_plugin_that_fails_is_the_configured_one_whatever_on_error_says)
{
    knowing_hop next;
    auto what = probing(next.hop.address(), at("delivery.tls_policy", "throw"), "on_error = \"continue\"");
    what.section("delivery", "tls = \"required\"");
    server gateway{what};
    send(gateway);
    EXPECT_TRUE(gateway.logs("deferred", {"TLS is required"})) << gateway.log();
    EXPECT_FALSE(next.was_told("MAIL"));
}

} // namespace
} // namespace postern::test
