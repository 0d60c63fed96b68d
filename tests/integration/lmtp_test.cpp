// Deliveries by LMTP: a reply for each recipient, at a port or a Unix socket, to servers of others and to our own. STANDARDS: RFC
// 2033.

#include "tests/support/dovecot_server.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/smtp_sink.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace postern::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr exit_status success{0, 0};

/// What an LMTP server says at the end of its n-th message (from 0), a line a recipient.
using finals = std::function<hop_answer(int message)>;

[[nodiscard]] hop_script by_lmtp(finals at_end, std::string offers = "250-PIPELINING\r\n250 ENHANCEDSTATUSCODES")
{
    return [at_end = std::move(at_end), offers = std::move(offers), message = 0](hop_stage at, std::string_view line) mutable {
        if (at == hop_stage::other && line.starts_with("LHLO "))
            return hop_answer{.reply = "250-store.example\r\n" + offers};
        if (at == hop_stage::ehlo)
            return hop_answer{.reply = "500 5.5.1 this is LMTP"};
        return at == hop_stage::content ? at_end(message++) : hop_answer{};
    };
}

[[nodiscard]] configuration to_lmtp(const std::string& next, std::string_view retry = "50ms")
{
    auto what = configuration::relay("lmtp:" + next);
    what.section("queue", fmt::format("retry = [\"{}\"]\njitter = 0.0", retry));
    return what;
}

void send(const server& gateway, const std::vector<std::string>& recipients, std::string_view rcpt_parameters = {},
          std::string_view content = "Subject: hi\r\n\r\nhello\r\n")
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says("MAIL FROM:<author@example.com>").code, 250);
    for (const auto& each : recipients)
        ASSERT_EQ(peer.says(fmt::format("RCPT TO:<{}>{}", each, rcpt_parameters)).code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends(fmt::format("{}.\r\n", content)));
    ASSERT_EQ(peer.reply().code, 250) << gateway.log();
    EXPECT_EQ(peer.says("QUIT").code, 221);
}

TEST(deliveries_by_lmtp, of_500_messages_lose_and_double_none)
{
    smtp_sink sink{{"-L"}};
    server gateway{to_lmtp(sink.address())};
    const auto sent = run(smtp_source_command({.port = gateway.port(), .sessions = 10, .messages = 500, .size = 5000}), {},
                          std::chrono::minutes{2});
    ASSERT_EQ(sent.status, success) << sent.errors << gateway.log();
    ASSERT_TRUE(sink.wait_for(500, std::chrono::minutes{2})) << sink.messages() << " arrived\n" << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(sink.messages(), 500U);
    EXPECT_THAT(gateway.log(), Not(HasSubstr(" deferred ")));
}

TEST(deliveries_by_lmtp, reach_dovecots_mailboxes_and_fail_for_those_who_have_none)
{
    if (::getuid() != 0)
        GTEST_SKIP() << "Dovecot's master has to be root";
    dovecot_server store{{"one@example.com", "two@example.com", "author@example.com"}};
    server gateway{to_lmtp("unix:" + store.socket())};
    send(gateway, {"one@example.com", "nobody@example.com", "two@example.com"}, {}, "Subject: hi\r\n\r\n..dots\r\n");
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    for (const auto* user : {"one@example.com", "two@example.com"})
        EXPECT_THAT(store.mail_of(user), ElementsAre(HasSubstr(".dots\n"))) << store.log();
    EXPECT_THAT(store.mail_of("author@example.com"), ElementsAre(HasSubstr("Final-Recipient: rfc822; nobody@example.com")))
        << "the report";
    EXPECT_TRUE(gateway.logs("failed", {"recipient=nobody@example.com", "code=550"})) << gateway.log();
    EXPECT_TRUE(gateway.logs("delivered", {"recipient=two@example.com", "next_hop=lmtp:unix:" + store.socket()}));
    for (int i = 0; i < 20; ++i)
        send(gateway, {"one@example.com"});
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_THAT(store.mail_of("one@example.com"), SizeIs(21));
}

TEST(deliveries_by_lmtp, reach_our_own_listener_at_a_socket)
{
    const temporary_folder folder;
    make_certificate(folder.path());
    const auto socket = (folder.path() / "lmtp.sock").string();
    configuration inner;
    inner.listener("in", {"relay-domains"}, "none", "protocol = \"lmtp\"")
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("box", "maildir", fmt::format("path = \"{}\"", (folder.path() / "box").string()))
        .section("delivery", "transport = \"box\"");
    auto text = inner.text();
    const std::string_view port = "127.0.0.1:0";
    text.replace(text.find(port), port.size(), "unix:" + socket);
    server store{configuration::of_text(text), folder.path()};
    server gateway{to_lmtp("unix:" + socket)};
    send(gateway, {"one@example.com", "two@example.com"});
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    ASSERT_TRUE(eventually([&] {
        std::error_code none;
        return std::distance(std::filesystem::directory_iterator{folder.path() / "box/new", none}, {}) == 2;
    })) << store.log();
}

TEST(a_recipient, has_a_result_of_its_own_and_is_tried_again_alone)
{
    next_hop next{by_lmtp([](int message) {
        return message == 0 ? hop_answer{.reply = "250 2.1.5 one\r\n451 4.2.1 two later\r\n550 5.2.2 three is full"}
                            : hop_answer{.reply = "250 2.1.5 kept"};
    })};
    server gateway{to_lmtp(next.address())};
    send(gateway, {"one@example.com", "two@example.com", "three@example.com"});
    ASSERT_TRUE(next.wait_for(3)) << gateway.log(); // the report is one of them
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    std::vector<std::vector<std::string>> recipients;
    for (const auto& each : next.arrived())
        recipients.push_back(each.recipients);
    EXPECT_THAT(recipients, UnorderedElementsAre(ElementsAre("one@example.com", "two@example.com", "three@example.com"),
                                                 ElementsAre("two@example.com"), ElementsAre("author@example.com")));
    EXPECT_TRUE(gateway.logs("deferred", {"recipient=two@example.com", "code=451"}));
    EXPECT_TRUE(gateway.logs("failed", {"recipient=three@example.com", "code=550"}));
}

TEST(recipients, without_a_reply_are_tried_again_when_the_connection_is_lost)
{
    next_hop next{by_lmtp([](int message) {
        return message == 0 ? hop_answer{.reply = "250 2.1.5 one", .drop = true}
                            : hop_answer{.reply = "250 2.1.5 kept\r\n250 2.1.5 kept"};
    })};
    server gateway{to_lmtp(next.address())};
    send(gateway, {"one@example.com", "two@example.com", "three@example.com"});
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_THAT(next.arrived().back().recipients, ElementsAre("two@example.com", "three@example.com"));
    EXPECT_TRUE(gateway.logs("reply_lost")) << "two may have it";
}

TEST(a_peer, with_one_reply_too_many_or_none_that_is_one_loses_nobody)
{
    for (const auto* odd :
         {"250 2.1.5 one\r\n250 2.1.5 two\r\n250 2.1.5 nobody", "250 2.1.5 one\r\nhello", "250 2.1.5 one\r\n354 go on"}) {
        next_hop next{by_lmtp([odd](int message) {
            return message == 0 ? hop_answer{.reply = odd, .drop = true} : hop_answer{.reply = "250 2.1.5 kept"};
        })};
        server gateway{to_lmtp(next.address())};
        send(gateway, {"one@example.com", "two@example.com"});
        EXPECT_TRUE(gateway.queue_becomes_empty()) << odd << gateway.log();
        for (const auto* recipient : {"recipient=one@example.com", "recipient=two@example.com"})
            EXPECT_TRUE(gateway.logs("delivered", {recipient})) << odd << gateway.log();
    }
}

TEST(a_peer, that_speaks_no_lmtp_gets_nothing_and_no_helo)
{
    std::atomic<int> hellos = 0;
    next_hop next{[&](hop_stage at, std::string_view) {
        hellos += at == hop_stage::ehlo ? 1 : 0;
        return hop_answer{};
    }};
    server gateway{to_lmtp(next.address(), "10m")};
    send(gateway, {"user@example.com"});
    EXPECT_TRUE(gateway.logs("deferred", {"code=502"})) << gateway.log();
    EXPECT_EQ(hellos, 0);
    EXPECT_EQ(next.count(), 0U);
}

// RFC 3461 5.2.3: delivered, and nobody behind it tells.
TEST(who_asked, hears_of_a_delivery_by_lmtp_from_us)
{
    next_hop next{by_lmtp([](int) { return hop_answer{.reply = "250 2.1.5 kept"}; })};
    server gateway{to_lmtp(next.address())};
    send(gateway, {"user@example.com"}, " NOTIFY=SUCCESS");
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_THAT(next.arrived().front().commands, ElementsAre(HasSubstr("MAIL FROM:"), "RCPT TO:<user@example.com>"));
    EXPECT_THAT(next.arrived().back().recipients, ElementsAre("author@example.com"));
    EXPECT_THAT(next.arrived().back().content, HasSubstr("Action: delivered\r\n"));
    EXPECT_THAT(next.arrived().back().content, Not(HasSubstr("Remote-MTA")));
}

TEST(who_asked, hears_of_it_from_the_peer_where_that_has_said_that_it_tells)
{
    next_hop next{by_lmtp([](int) { return hop_answer{.reply = "250 2.1.5 kept"}; }, "250-PIPELINING\r\n250 DSN")};
    server gateway{to_lmtp(next.address())};
    send(gateway, {"user@example.com"}, " NOTIFY=SUCCESS");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_THAT(next.arrived().front().commands.back(), HasSubstr(" NOTIFY=SUCCESS"));
    EXPECT_EQ(next.count(), 1U);
}

TEST(a_socket, where_nobody_listens_puts_the_message_off)
{
    server gateway{to_lmtp("unix:/nonexistent/lmtp", "10m")};
    send(gateway, {"user@example.com"});
    EXPECT_TRUE(gateway.logs("deferred", {"next_hop=lmtp:unix:/nonexistent/lmtp", "cannot connect"})) << gateway.log();
}

TEST(a_socket, needs_no_tls_where_other_next_hops_do)
{
    const temporary_folder folder;
    make_certificate(folder.path());
    const auto socket = (folder.path() / "lmtp.sock").string();
    auto inner = configuration::relay("127.0.0.1:9");
    auto text = inner.text();
    const std::string_view port = "address = \"127.0.0.1:0\"";
    text.replace(text.find(port), port.size(), "protocol = \"lmtp\"\naddress = \"unix:" + socket + "\"");
    server store{configuration::of_text(text), folder.path()};
    auto what = to_lmtp("unix:" + socket);
    what.section("delivery", "tls = \"required\"");
    server gateway{what};
    send(gateway, {"user@example.com"});
    EXPECT_TRUE(gateway.logs("delivered")) << gateway.log();

    next_hop next{by_lmtp([](int) { return hop_answer{.reply = "250 2.1.5 kept"}; })};
    auto far = to_lmtp(next.address(), "10m");
    far.section("delivery", "tls = \"required\"");
    server other{far};
    send(other, {"user@example.com"});
    EXPECT_TRUE(other.logs("deferred", {"TLS is required"})) << other.log();
}

} // namespace
} // namespace postern::test
