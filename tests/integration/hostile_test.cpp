// Clients that mean no good or know no better. Each test ends with a clean session that is served as if nothing had been.

#include "tests/support/next_hop.hpp"
#include "tests/support/sanitizers.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/tls_peer.hpp"
#include "tests/support/wellness.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/resource.h>

namespace postern::test {
namespace {

using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

/// At least `octets` of text in short lines.
[[nodiscard]] std::string lines_of(std::size_t octets)
{
    std::string lines;
    while (lines.size() < octets)
        lines += "sixty-two octets of text that nobody is ever going to read...\r\n";
    return lines;
}

/// A gateway with short patience and small limits.
class a_server_under_attack : public ::testing::Test {
protected:
    a_server_under_attack()
        : gateway_{configuration::relay(next_.address(), "starttls")
                       .section("limits", "message_size = \"1MiB\"\nrecipients = 5\nerrors = 5\nconnections_per_ip = 30")
                       .section("limits.timeouts",
                                "greeting = \"1s\"\ncommand = \"1s\"\ndata = \"1s\"\ntls = \"1s\"\npause = \"100ms\"")}
    {
    }

    void TearDown() override { expect_well(gateway_, next_); }

    /// A session after EHLO.
    [[nodiscard]] smtp_peer client() const
    {
        smtp_peer peer{gateway_.port()};
        EXPECT_EQ(peer.greets().code, 250);
        return peer;
    }

    [[nodiscard]] bool is_closed(smtp_peer& peer) const
    {
        bool ended = false;
        (void)peer.stream().read_to_end(&ended);
        return ended;
    }

    next_hop next_;
    server gateway_;
};

TEST_F(a_server_under_attack, answers_garbage_with_errors_and_then_hangs_up)
{
    auto peer = client();
    for (int i = 0; i < 4; ++i)
        EXPECT_THAT(peer.says("\x01\x02 no such thing").code, AnyOf(500, 502));
    EXPECT_THAT(peer.says("GET / HTTP/1.1").code, AnyOf(421, 500, 502));
    (void)peer.sends("Host: mx.example.org\r\n");
    EXPECT_TRUE(is_closed(peer));
}

TEST_F(a_server_under_attack, answers_a_flood_of_errors_ever_later)
{
    auto peer = client();
    const auto start = std::chrono::steady_clock::now();
    (void)peer.sends("1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n");
    EXPECT_TRUE(is_closed(peer));
    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{400}) << "four of six had a pause";
}

TEST_F(a_server_under_attack, survives_random_octets)
{
    constexpr unsigned seed = 20240517;
    std::mt19937 random{seed};
    for (int round = 0; round < 20; ++round) {
        std::string octets(4096, '\0');
        for (auto& octet : octets)
            octet = static_cast<char>(random());
        smtp_peer peer{gateway_.port()};
        (void)peer.sends(octets);
        peer.stream().close_write();
        EXPECT_TRUE(is_closed(peer)) << "seed " << seed << " round " << round;
    }
}

TEST_F(a_server_under_attack, refuses_an_overlong_line_and_goes_on_behind_it)
{
    auto peer = client();
    ASSERT_TRUE(peer.sends("NOOP " + std::string(100'000, 'x') + "\r\n"));
    EXPECT_EQ(peer.reply().code, 500) << "RFC 5321 4.5.3.1.9: line too long";
    EXPECT_EQ(peer.says("NOOP").code, 250);
}

TEST_F(a_server_under_attack, keeps_no_memory_of_a_line_without_end)
{
    auto peer = client();
    const auto before = resident_memory(gateway_.child().pid());
    const std::string piece(1U << 16U, 'x');
    for (int i = 0; i < 256 && peer.sends(piece); ++i) {
    }
    if (!is_sanitized) {
        EXPECT_LT(resident_memory(gateway_.child().pid()), before + (8U << 20U)) << "16 MiB went in";
    }
}

TEST_F(a_server_under_attack, refuses_nul_and_bare_line_ends_in_commands)
{
    using namespace std::string_literals;
    for (const auto& line : {"NOOP \0 x\r\n"s, "NOOP\nMAIL FROM:<a@b.example>\r\n"s, "NOOP\rRSET\r\n"s}) {
        auto peer = client();
        ASSERT_TRUE(peer.sends(line));
        EXPECT_EQ(peer.reply().code / 100, 5) << testing::PrintToString(line);
        EXPECT_EQ(peer.says("RSET").code, 250) << "one line got one reply";
    }
}

TEST_F(a_server_under_attack, refuses_a_smuggled_message_whole)
{
    using namespace std::string_view_literals;
    for (const auto end :
         {"\n.\n"sv, "\n.\r\n"sv, "\r.\r"sv, "\r\n.\n"sv, "\r\n.\r"sv, "\r.\r\n"sv, "\r\n\0.\r\n"sv, "\r\n.\0\r\n"sv}) {
        auto peer = client();
        ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
        ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        ASSERT_EQ(peer.says("DATA").code, 354);
        ASSERT_TRUE(
            peer.sends(fmt::format("Subject: one\r\n\r\nfirst{}MAIL FROM:<evil@client.example>\r\nRCPT TO:<user@example.com>\r\n"
                                   "DATA\r\nSubject: two\r\n\r\nsmuggled\r\n.\r\n",
                                   end)));
        EXPECT_EQ(peer.reply().code, 550) << testing::PrintToString(end);
        EXPECT_EQ(peer.says("NOOP").code, 250) << "nothing of the content was taken for a command";
    }
    EXPECT_EQ(next_.count(), 0U);
}

TEST_F(a_server_under_attack, refuses_commands_out_of_order)
{
    smtp_peer peer{gateway_.port()};
    ASSERT_EQ(peer.reply().code, 220);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 503);
    EXPECT_EQ(peer.says("EHLO client.example").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 503);
    EXPECT_EQ(peer.says("DATA").code, 503);
}

TEST_F(a_server_under_attack, refuses_a_message_above_its_limit_as_announced_and_as_sent)
{
    auto peer = client();
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> SIZE=1048577").code, 552);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> SIZE=1048576").code, 250);
    EXPECT_EQ(peer.says("RSET").code, 250);
    auto line = std::string(68, 'x');
    line += "\r\n"; // not with +: GCC 12 sees an overflow in it that is none
    std::string content = "Subject: big\r\n\r\n";
    while (content.size() <= 1'048'576)
        content += line;
    EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, content).code, 552);
    EXPECT_EQ(peer.says("NOOP").code, 250) << "refused after its real end";
    EXPECT_EQ(next_.count(), 0U);
}

TEST_F(a_server_under_attack, refuses_one_recipient_too_many)
{
    auto peer = client();
    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(peer.says(fmt::format("RCPT TO:<user{}@example.com>", i)).code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user5@example.com>").code, 452) << "RFC 5321 4.5.3.1.10";
}

TEST_F(a_server_under_attack, hangs_up_on_a_client_that_says_nothing)
{
    smtp_peer peer{gateway_.port()};
    ASSERT_EQ(peer.reply().code, 220);
    EXPECT_EQ(peer.reply().code, 421) << "RFC 5321 3.8";
    EXPECT_TRUE(is_closed(peer));
}

TEST_F(a_server_under_attack, hangs_up_on_a_client_that_stops_in_its_content_and_keeps_nothing)
{
    auto peer = client();
    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: half\r\n\r\nhal"));
    EXPECT_EQ(peer.reply().code, 421);
    EXPECT_TRUE(is_closed(peer));
    EXPECT_TRUE(gateway_.queue_becomes_empty());
    EXPECT_EQ(next_.count(), 0U);
}

TEST_F(a_server_under_attack, hangs_up_on_a_tls_handshake_that_never_comes)
{
    auto peer = client();
    ASSERT_EQ(peer.says("STARTTLS").code, 220);
    EXPECT_TRUE(is_closed(peer));
}

TEST_F(a_server_under_attack, uses_nothing_that_was_said_behind_starttls_in_the_clear)
{
    auto peer = client();
    ASSERT_TRUE(peer.sends("STARTTLS\r\nMAIL FROM:<smuggled@evil.example>\r\nRCPT TO:<user@example.com>\r\n"));
    const auto reply = peer.reply();
    EXPECT_THAT(reply.code, AnyOf(220, 0, 421, 501, 503));
    bool ended = false;
    EXPECT_THAT(peer.stream().read_to_end(&ended), ::testing::Not(HasSubstr("250 ")));
    EXPECT_TRUE(ended);
}

TEST_F(a_server_under_attack, keeps_nothing_of_a_connection_that_is_cut_in_any_place)
{
    const std::string dialogue = "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n"
                                 "Subject: cut\r\n\r\nbody\r\n.\r\n";
    for (std::size_t cut = 1; cut < dialogue.size(); cut += 5) {
        smtp_peer peer{gateway_.port()};
        (void)peer.sends(std::string_view{dialogue}.substr(0, cut));
        peer.stream().close_write();
        EXPECT_TRUE(is_closed(peer)) << "cut at " << cut;
    }
    EXPECT_EQ(next_.count(), 0U);
}

TEST_F(a_server_under_attack, takes_a_reset_for_an_end)
{
    for (int i = 0; i < 20; ++i) {
        auto peer = client();
        ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
        (void)peer.sends("RCPT TO:<user@example.com>\r\nDATA\r\n");
        peer.stream().abort();
    }
}

TEST_F(a_server_under_attack, answers_a_full_message_before_a_half_closed_connection_ends)
{
    smtp_peer peer{gateway_.port()};
    ASSERT_TRUE(peer.sends("EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n"
                           "Subject: whole\r\n\r\nbody\r\n.\r\n"));
    peer.stream().close_write();
    for (const int code : {220, 250, 250, 250, 354, 250})
        EXPECT_EQ(peer.reply().code, code);
    EXPECT_TRUE(next_.wait_for(1)) << gateway_.log();
}

TEST_F(a_server_under_attack, refuses_the_connection_above_the_limit_of_an_address)
{
    std::list<smtp_peer> held;
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(held.emplace_back(gateway_.port()).reply().code, 220) << i;
    smtp_peer one_more{gateway_.port()};
    EXPECT_THAT(one_more.reply().code, AnyOf(421, 0));
    held.pop_front();
    EXPECT_TRUE(eventually([&] { return smtp_peer{gateway_.port()}.reply().code == 220; })) << "a free place is given again";
    held.clear();
    EXPECT_TRUE(eventually([&] { return smtp_peer{gateway_.port()}.reply().code == 220; }));
}

TEST_F(a_server_under_attack, relays_to_no_foreign_domain_however_the_address_is_dressed)
{
    auto peer = client();
    const std::vector<std::string> tricks{
        "user%elsewhere.example@example.com.evil.example",
        "elsewhere.example!user",
        "@example.com:user@elsewhere.example",
        "\"user@elsewhere.example\"",
        "user@elsewhere.example@example.com",
        "user@example.com@elsewhere.example",
        "user@[127.0.0.1]",
        "user@example.com.",
        "user@.example.com",
        "user@sub.example.com",
        "user@example.comelsewhere",
        "user",
        "",
    };
    int refused = 0;
    for (const auto& trick : tricks) {
        smtp_peer each{gateway_.port()};
        ASSERT_EQ(each.greets().code, 250);
        ASSERT_EQ(each.says("MAIL FROM:<a@client.example>").code, 250);
        const auto code = each.says(fmt::format("RCPT TO:<{}>", trick)).code;
        EXPECT_EQ(code / 100, 5) << trick;
        refused += code / 100 == 5 ? 1 : 0;
    }
    EXPECT_EQ(refused, static_cast<int>(tricks.size()));
}

TEST_F(a_server_under_attack, writes_nothing_of_a_peer_unescaped_into_its_log)
{
    auto peer = client();
    (void)peer.says("MAIL FROM:<\x1b[31m@client.example>");
    (void)peer.says("VRFY \x1b]0;title\x07");
    (void)peer.says("QUIT");
    EXPECT_EQ(gateway_.log().find('\x1b'), std::string::npos);
}

TEST_F(a_server_under_attack, accepts_nothing_of_chunks_whose_sender_goes_away)
{
    const std::string_view first = "BDAT 20\r\nSubject: half\r\n\r\nhal";
    for (const std::string_view rest :
         {"", "BDAT 1", "BDAT 100\r\n", "BDAT 100\r\nhalf", "BDAT 100 LAST\r\nhalf", "BDAT 2 LAST\r\nx"}) {
        for (const bool resets : {false, true}) {
            auto peer = client();
            ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
            ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
            ASSERT_TRUE(peer.sends(first));
            ASSERT_EQ(peer.reply().code, 250);
            ASSERT_TRUE(peer.sends(rest));
            if (resets) {
                peer.stream().abort();
            } else {
                peer.stream().close_write();
                bool ended = false;
                EXPECT_THAT(peer.stream().read_to_end(&ended), testing::Not(HasSubstr("250"))) << rest;
                EXPECT_TRUE(ended);
            }
        }
    }
    EXPECT_TRUE(gateway_.queue_becomes_empty());
    EXPECT_EQ(next_.count(), 0U);
}

TEST_F(a_server_under_attack, reads_a_message_that_is_far_too_big_to_its_end)
{
    const auto lines = lines_of(16U << 20U);
    auto peer = client();
    const auto before = resident_memory(gateway_.child().pid());
    ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: big\r\n\r\n" + lines).code, 552);
    EXPECT_EQ(peer.says("NOOP").code, 250);

    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_TRUE(peer.sends(fmt::format("BDAT {}\r\n", lines.size())));
    ASSERT_TRUE(peer.sends(lines));
    EXPECT_EQ(peer.reply().code, 552) << "in one chunk";
    EXPECT_EQ(peer.says("BDAT 0 LAST").code, 503) << "nothing is left of it";

    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_TRUE(peer.sends("BDAT 1048576\r\n"));
    ASSERT_TRUE(peer.sends(std::string_view{lines}.substr(0, 1'048'576)));
    EXPECT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(peer.sends("BDAT 1 LAST\r\nx"));
    EXPECT_EQ(peer.reply().code, 552) << "in all";
    EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: small\r\n\r\n").code, 250)
        << "the session goes on";
    if (!is_sanitized) {
        EXPECT_LT(resident_memory(gateway_.child().pid()), before + (8U << 20U)) << "32 MiB went in";
    }
    ASSERT_TRUE(next_.wait_for(1)) << gateway_.log();
    EXPECT_THAT(next_.arrived().front().content, EndsWith("Subject: small\r\n\r\n"));
}

/// An octet now and then, until there is a reply; none within a minute is no reply.
[[nodiscard]] smtp_reply trickle(smtp_peer& peer)
{
    for (int i = 0; i < 3000 && peer.sends("x"); ++i) {
        pollfd answer{peer.stream().number(), POLLIN, 0};
        if (::poll(&answer, 1, 20) > 0)
            return peer.reply();
    }
    return {};
}

TEST(a_minimum_rate, ends_a_message_that_trickles_and_no_other)
{
    next_hop next;
    server gateway{configuration::relay(next.address())
                       .section("limits", "minimum_rate = \"100KiB/s\"")
                       .section("limits.timeouts", "data = \"1s\"")};
    const auto with_envelope = [&] {
        smtp_peer peer{gateway.port()};
        EXPECT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
        EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        return peer;
    };
    {
        auto peer = with_envelope();
        ASSERT_EQ(peer.says("DATA").code, 354);
        EXPECT_EQ(trickle(peer).code, 421);
        bool ended = false;
        EXPECT_EQ(peer.stream().read_to_end(&ended), "");
        EXPECT_TRUE(ended);
    }
    for (const auto* chunk : {"BDAT 1000000\r\n", "BDAT 1000000 LAST\r\n"}) {
        auto peer = with_envelope();
        ASSERT_TRUE(peer.sends(chunk));
        EXPECT_EQ(trickle(peer).code, 421) << chunk;
    }
    auto peer = with_envelope();
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends(stuffed("Subject: fast\r\n\r\n" + lines_of(1U << 20U))));
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_EQ(next.count(), 1U);
    expect_well(gateway, next);
}

/// Says HELP and reads no reply, as long as the server lets it. Whether it was cut off.
template <class Sends>
[[nodiscard]] bool is_cut_for_not_reading(tcp_stream& stream, Sends sends)
{
    std::string many;
    for (int i = 0; i < 2000; ++i)
        many += "HELP\r\n";
    constexpr int most_times = 4000; // far more than the buffers of both systems hold
    for (int i = 0; i < most_times && sends(many); ++i) {
    }
    pollfd state{stream.number(), 0, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

TEST(a_client_that_does_not_read, is_cut_off_after_a_while)
{
    next_hop next;
    server gateway{configuration::relay(next.address(), "starttls")
                       .section("limits", "idle_commands = 1000000000")
                       .section("limits.timeouts", "command = \"1s\"\ntls = \"1s\"")};
    const auto before = resident_memory(gateway.child().pid());
    smtp_peer plain{gateway.port()};
    ASSERT_EQ(plain.greets().code, 250);
    EXPECT_TRUE(is_cut_for_not_reading(plain.stream(), [&](std::string_view octets) { return plain.sends(octets); }));
    auto secure = tls_peer::starttls(gateway.port());
    ASSERT_TRUE(secure.shakes_hands());
    EXPECT_TRUE(is_cut_for_not_reading(secure.stream(), [&](std::string_view octets) { return secure.sends(octets); }));
    if (!is_sanitized) {
        EXPECT_LT(resident_memory(gateway.child().pid()), before + (16U << 20U));
    }
    expect_well(gateway, next);
}

TEST(a_server_without_descriptors, turns_connections_away_and_serves_again_when_others_leave)
{
    if (is_sanitized)
        GTEST_SKIP() << "the undefined-behaviour checks need descriptors of their own and report their absence as a fault";
    next_hop next;
    server gateway{configuration::relay(next.address()).section("queue", "retry = [\"1s\"]")}; // delivery may lack one too
    const auto pid = gateway.child().pid();
    smtp_peer early{gateway.port()};
    ASSERT_EQ(early.greets().code, 250);
    const auto in_use = gateway.child().open_descriptors();
    if (!in_use)
        GTEST_SKIP() << "only root sees, and limits, what another process has open";
    const rlimit few{*in_use + 6, *in_use + 6};
    ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &few, nullptr), 0);

    std::list<smtp_peer> all;
    for (int i = 0; i < 14; ++i)
        all.emplace_back(gateway.port());
    std::size_t turned_away = 0;
    for (auto each = all.begin(); each != all.end();) {
        const auto code = each->reply().code;
        EXPECT_THAT(code, AnyOf(220, 421, 0));
        turned_away += code == 220 ? 0 : 1;
        each = code == 220 ? std::next(each) : all.erase(each);
    }
    EXPECT_GE(turned_away, 5U) << "there was room for about six";
    EXPECT_GE(all.size(), 1U);

    // Who is in goes on; what is accepted in such times is kept.
    const auto code = early.delivers("a@client.example", {"user@example.com"}, "Subject: early\r\n\r\n").code;
    EXPECT_THAT(code, AnyOf(250, 421, 451, 452));
    all.clear();
    EXPECT_TRUE(eventually([&] { return smtp_peer{gateway.port()}.reply().code == 220; })) << gateway.log();
    EXPECT_TRUE(next.wait_for(code == 250 ? 1 : 0)) << gateway.log();
    expect_well(gateway, next);
}

TEST(a_flood_of_connections, gets_a_421_each_above_the_limit)
{
    constexpr std::size_t limit = 10;
    constexpr std::size_t flood = 200;
    for (const auto* limits : {"connections_per_ip = 10", "connections_per_ip = 0\nconnections = 10"}) {
        next_hop next;
        server gateway{configuration::relay(next.address()).section("limits", limits)};
        std::list<smtp_peer> all;
        for (std::size_t i = 0; i < flood; ++i)
            all.emplace_back(gateway.port());
        std::size_t welcome = 0;
        std::size_t refused = 0;
        for (auto& each : all) {
            const auto code = each.reply().code;
            welcome += code == 220 ? 1 : 0;
            refused += code == 421 ? 1 : 0;
        }
        EXPECT_EQ(welcome, limit) << limits;
        EXPECT_EQ(refused, flood - limit) << limits;
        all.clear();
        EXPECT_TRUE(eventually([&] { return smtp_peer{gateway.port()}.reply().code == 220; })) << "places are given again";
        expect_well(gateway, next);
    }
}

} // namespace
} // namespace postern::test
