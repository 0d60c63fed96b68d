// TLS over real connections: what a server agrees to, what it forgets, and that mail is the same however it is cut into records.
// Each test ends with a clean session that is served as if nothing had been.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/tls_peer.hpp"
#include "tests/support/waiting_plugin.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto clean_content = "Subject: clean\r\n\r\n"sv;

/// A gateway with all the ways into TLS: "in" offers STARTTLS, "required" insists on it, "implicit" begins with it.
class a_server_with_tls : public ::testing::Test {
protected:
    a_server_with_tls() : gateway_{plugin_.with(listeners(next_))} {}

    [[nodiscard]] static configuration listeners(const next_hop& next)
    {
        auto what = configuration::relay(next.address(), "starttls");
        what.listener("required", {"relay-domains"}, "required")
            .listener("implicit", {"relay-domains"}, "implicit")
            .listener("tells", {"waiting", "relay-domains"}, "starttls")
            .plugin("waiting", "waiting")
            .section("log", "level = \"debug\"");
        return what;
    }

    void TearDown() override
    {
        const auto before = next_.count();
        auto peer = tls_peer::starttls(gateway_.port());
        ASSERT_TRUE(peer.shakes_hands()) << gateway_.log();
        ASSERT_EQ(peer.says("EHLO client.example").code, 250) << gateway_.log();
        ASSERT_EQ(deliver(peer, clean_content).code, 250) << gateway_.log();
        EXPECT_TRUE(next_.wait_for(before + 1)) << gateway_.log();
        EXPECT_EQ(gateway_.stop(), (exit_status{0, 0})) << gateway_.log();
    }

    /// A session after STARTTLS and EHLO.
    [[nodiscard]] tls_peer client(const tls_rules& rules = {}) const
    {
        auto peer = tls_peer::starttls(gateway_.port(), rules);
        EXPECT_TRUE(peer.shakes_hands());
        EXPECT_EQ(peer.says("EHLO client.example").code, 250);
        return peer;
    }
    static void begin_message(tls_peer& peer)
    {
        EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
        EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        EXPECT_EQ(peer.says("DATA").code, 354);
    }
    static smtp_reply deliver(tls_peer& peer, std::string_view content)
    {
        begin_message(peer);
        peer.sends(stuffed(content));
        return peer.reply();
    }
    /// The next hop got `content` as its newest message, behind a Received field and nothing else.
    void expect_arrived(std::string_view content, std::size_t count)
    {
        ASSERT_TRUE(next_.wait_for(count)) << gateway_.log();
        const auto arrived = next_.arrived().back().content;
        ASSERT_THAT(arrived, EndsWith(std::string{content}));
        const auto head = std::string_view{arrived}.substr(0, arrived.size() - content.size());
        EXPECT_THAT(head, StartsWith("Received: "));
        for (auto at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2))
            EXPECT_THAT(head[at + 2], ::testing::AnyOf(' ', '\t')) << "one folded field: " << head;
    }
    /// Every session that began has ended, as the server sees it.
    [[nodiscard]] bool nobody_is_left() const
    {
        return eventually([this] {
            const auto log = gateway_.log();
            const auto count = [&](std::string_view word) {
                std::size_t found = 0;
                for (auto at = log.find(word); at != std::string::npos; at = log.find(word, at + 1))
                    ++found;
                return found;
            };
            return count(" connected ") != 0 && count(" connected ") == count(" disconnected ");
        });
    }

    next_hop next_;
    waiting_plugin plugin_{POSTERN_TEST_CXX};
    server gateway_;
};

TEST_F(a_server_with_tls, speaks_nothing_below_tls_1_2) // RFC 8996
{
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        const tls_rules old{.lowest = version, .highest = version};
        auto later = tls_peer::starttls(gateway_.port(), old);
        EXPECT_FALSE(later.shakes_hands()) << version;
        EXPECT_THAT(later.stream().read_to_end(), Not(HasSubstr("220"))) << "closed without a word";
        auto at_once = tls_peer::connect(gateway_.port("implicit"), old);
        EXPECT_FALSE(at_once.shakes_hands()) << version;
        EXPECT_THAT(at_once.stream().read_to_end(), Not(HasSubstr("220")));
    }
    for (const auto& [version, name] : {std::pair{TLS1_2_VERSION, "TLSv1.2"}, {TLS1_3_VERSION, "TLSv1.3"}}) {
        auto peer = client({.lowest = version, .highest = version});
        EXPECT_EQ(peer.version(), name);
        EXPECT_EQ(peer.says("NOOP").code, 250);
    }
}

TEST_F(a_server_with_tls, takes_no_part_in_a_renegotiation)
{
    auto peer = client({.highest = TLS1_2_VERSION});
    EXPECT_FALSE(peer.renegotiates());
    auto in_a_message = client({.highest = TLS1_2_VERSION});
    begin_message(in_a_message);
    (void)in_a_message.sends("Subject: half\r\n\r\n");
    EXPECT_FALSE(in_a_message.renegotiates());
    peer.stream().abort();
    in_a_message.stream().abort();
    EXPECT_TRUE(nobody_is_left()) << gateway_.log();
    EXPECT_EQ(next_.count(), 0U);
}

TEST_F(a_server_with_tls, accepts_nothing_when_the_connection_ends_inside_data_with_a_close_notify_or_without)
{
    const std::string whole = "Subject: half\r\n\r\nbody\r\n.\r\n";
    for (const bool says_goodbye : {false, true}) {
        for (const auto cut : {std::size_t{5}, whole.size() - 5, whole.size() - 2, whole.size() - 1}) {
            auto peer = client();
            begin_message(peer);
            ASSERT_TRUE(peer.sends(std::string_view{whole}.substr(0, cut)));
            if (says_goodbye)
                peer.says_goodbye();
            peer.stream().close_write();
            EXPECT_THAT(peer.read_to_end(), Not(HasSubstr("250"))) << cut;
        }
    }
    EXPECT_TRUE(nobody_is_left()) << gateway_.log();
    EXPECT_TRUE(gateway_.queue_becomes_empty());
    EXPECT_EQ(next_.count(), 0U);
}

TEST_F(a_server_with_tls, accepts_nothing_of_a_chunk_that_ends_with_the_connection)
{
    for (const auto* chunk : {"BDAT 100\r\nSubject: half\r\n\r\n", "BDAT 100 LAST\r\nSubject: half\r\n\r\n"}) {
        auto peer = client();
        EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
        EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        ASSERT_TRUE(peer.sends(chunk));
        peer.stream().close_write();
        EXPECT_EQ(peer.read_to_end(), "") << chunk;
    }
    EXPECT_TRUE(nobody_is_left()) << gateway_.log();
    EXPECT_TRUE(gateway_.queue_becomes_empty());
    EXPECT_EQ(next_.count(), 0U);
}

TEST_F(a_server_with_tls, closes_after_a_handshake_of_garbage)
{
    auto wrong_record = "\x16\x03\x01\xFF\xFF"s + std::string(70000, 'x');
    auto half_a_hello = tls_peer{std::move(smtp_peer{gateway_.port("implicit")}.stream())}.client_hello();
    half_a_hello.resize(half_a_hello.size() / 2);
    for (const auto& garbage : {"EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n"s, std::string(4096, '\0'),
                                std::string(4096, '\xFF'), wrong_record, half_a_hello, ""s}) {
        for (const auto* listener : {"implicit", "in"}) {
            smtp_peer peer{gateway_.port(listener)};
            if (listener == "in"sv) {
                ASSERT_EQ(peer.greets().code, 250);
                ASSERT_EQ(peer.says("STARTTLS").code, 220);
            }
            (void)peer.sends(garbage);
            peer.stream().close_write();
            bool ended = false;
            const auto answer = peer.stream().read_to_end(&ended);
            EXPECT_TRUE(ended) << listener << " " << garbage.size();
            EXPECT_THAT(answer, Not(HasSubstr("250"))) << "an alert at most";
            EXPECT_THAT(answer, Not(HasSubstr("220")));
        }
    }
    EXPECT_TRUE(nobody_is_left()) << gateway_.log();
}

TEST_F(a_server_with_tls, closes_when_octets_come_behind_starttls_in_the_same_packet) // CVE-2011-0411
{
    for (const auto* listener : {"in", "required"}) {
        smtp_peer peer{gateway_.port(listener)};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_TRUE(peer.sends("STARTTLS\r\nEHLO smuggled.example\r\n"));
        EXPECT_EQ(peer.reply().code, 220);
        bool ended = false;
        EXPECT_EQ(peer.stream().read_to_end(&ended), "") << "nobody shakes hands with a client like that";
        EXPECT_TRUE(ended);
    }
}

TEST_F(a_server_with_tls, closes_when_octets_come_behind_starttls_in_the_next_packet)
{
    for (const bool waits_for_the_reply : {true, false}) {
        smtp_peer peer{gateway_.port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_TRUE(peer.sends("STARTTLS\r\n"));
        if (waits_for_the_reply) {
            ASSERT_EQ(peer.reply().code, 220);
        }
        (void)peer.sends("EHLO smuggled.example\r\n");
        bool ended = false;
        EXPECT_THAT(peer.stream().read_to_end(&ended), Not(HasSubstr("250")));
        EXPECT_TRUE(ended);
    }
}

TEST_F(a_server_with_tls, serves_others_while_clients_leave_records_half_said)
{
    std::list<tls_peer> peers;
    for (int i = 0; i < 16; ++i) { // more than there are threads
        peers.push_back(client());
        const auto header = "\x17\x03\x03\x40\x00"sv; // RFC 8446 5.2: application data, 16384 octets of it
        ASSERT_TRUE(peers.back().stream().write(std::string{header} + std::string(100, 'x')));
    }
    auto other = client();
    EXPECT_EQ(deliver(other, clean_content).code, 250);
}

TEST_F(a_server_with_tls, does_not_look_for_a_handshake_behind_octets_in_the_clear)
{
    auto peer = tls_peer::starttls(gateway_.port());
    ASSERT_TRUE(peer.stream().write("RSET\r\n"));
    EXPECT_FALSE(peer.shakes_hands());
    bool ended = false;
    EXPECT_THAT(peer.stream().read_to_end(&ended), Not(HasSubstr("250")));
    EXPECT_TRUE(ended);
}

TEST_F(a_server_with_tls, forgets_at_starttls_all_that_was_said_before) // RFC 3207 4.2
{
    auto peer = tls_peer::starttls(gateway_.port(), {}, {"MAIL FROM:<clear@client.example>", "RCPT TO:<user@example.com>"});
    ASSERT_TRUE(peer.shakes_hands());
    EXPECT_EQ(peer.says("DATA").code, 503) << "the transaction is gone";
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 503);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 503) << "and the EHLO with it";
    const auto hello = peer.says("EHLO client.example");
    EXPECT_EQ(hello.code, 250);
    EXPECT_THAT(hello.text(), Not(HasSubstr("STARTTLS")));
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 503) << "an EHLO does not bring it back";
    EXPECT_EQ(peer.says("STARTTLS").code, 503);
    EXPECT_EQ(deliver(peer, "Subject: hi\r\n\r\n").code, 250);
    ASSERT_TRUE(next_.wait_for(1)) << gateway_.log();
    EXPECT_EQ(next_.arrived().back().sender, "a@client.example");
}

TEST_F(a_server_with_tls, takes_a_ticket_of_the_same_listener_but_nothing_else_comes_with_it)
{
    auto first = client();
    begin_message(first);
    const auto session = first.session();
    first.stream().abort();

    auto again = tls_peer::starttls(gateway_.port(), {.earlier = session});
    ASSERT_TRUE(again.shakes_hands());
    EXPECT_TRUE(again.is_resumed());
    EXPECT_EQ(again.says("MAIL FROM:<a@client.example>").code, 503) << "no EHLO";
    EXPECT_EQ(again.says("EHLO client.example").code, 250);
    EXPECT_EQ(again.says("DATA").code, 503) << "no transaction";
    EXPECT_EQ(again.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(again.says("RCPT TO:<user@elsewhere.example>").code / 100, 5) << "no rights";
}

/// Listeners share a certificate, not their sessions: what one lets in may not be what another does.
TEST_F(a_server_with_tls, takes_no_ticket_of_another_listener)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const tls_rules once{.lowest = version, .highest = version};
        const auto session = client(once).session();
        auto elsewhere =
            tls_peer::connect(gateway_.port("implicit"), {.lowest = version, .highest = version, .earlier = session});
        ASSERT_TRUE(elsewhere.shakes_hands()) << "a full handshake instead";
        EXPECT_FALSE(elsewhere.is_resumed()) << version;
        EXPECT_EQ(elsewhere.reply().code, 220);
    }
}

TEST_F(a_server_with_tls, takes_no_ticket_of_another_server_of_the_same_certificate)
{
    const temporary_folder place;
    for (const auto* name : {"cert.pem", "key.pem"})
        std::filesystem::copy_file(gateway_.folder() / name, place / name);
    server twin{configuration::relay(next_.address(), "starttls"), place.path()};
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        auto first = client({.lowest = version, .highest = version});
        const auto session = first.session();
        auto again = tls_peer::starttls(gateway_.port(), {.lowest = version, .highest = version, .earlier = session});
        ASSERT_TRUE(again.shakes_hands());
        EXPECT_TRUE(again.is_resumed()) << "a good ticket, else this test proves nothing";
        auto elsewhere = tls_peer::starttls(twin.port(), {.lowest = version, .highest = version, .earlier = session});
        ASSERT_TRUE(elsewhere.shakes_hands()) << "a full handshake instead";
        EXPECT_FALSE(elsewhere.is_resumed()) << version;
        EXPECT_EQ(elsewhere.says("EHLO client.example").code, 250);
    }
    EXPECT_EQ(twin.stop(), (exit_status{0, 0})) << twin.log();
}

TEST_F(a_server_with_tls, tells_its_plugins_which_server_the_client_asked_for)
{
    for (const std::string name : {"mail.example.org", ""}) {
        auto peer = tls_peer::starttls(gateway_.port("tells"), {.server_name = name});
        ASSERT_TRUE(peer.shakes_hands());
        EXPECT_EQ(peer.says("EHLO client.example").code, 250);
        EXPECT_TRUE(gateway_.logs("plugin.log", {fmt::format("asked for <{}>", name)}, std::chrono::seconds{10}))
            << gateway_.log();
    }
}

TEST_F(a_server_with_tls, writes_no_server_name_unescaped_into_its_log)
{
    auto peer = tls_peer::starttls(gateway_.port("tells"), {.server_name = "a\x1b[31m\r\nready"});
    ASSERT_TRUE(peer.shakes_hands());
    EXPECT_EQ(peer.says("EHLO client.example").code, 250);
    EXPECT_TRUE(gateway_.logs("plugin.log", {R"(asked for <a\x1b[31m\r\nready>)"}, std::chrono::seconds{10})) << gateway_.log();
    EXPECT_EQ(gateway_.log().find('\x1b'), std::string::npos);
}

TEST_F(a_server_with_tls, passes_on_a_message_that_came_in_records_of_one_octet)
{
    const auto content = "Subject: octets\r\n\r\n.\r\n..\r\n.x\r\n\r\n\xC3\xA4 8 bit\r\n"s + std::string(300, 'l') + "\r\n.\r\n";
    auto peer = client();
    ASSERT_TRUE(peer.sends_octet_by_octet("MAIL FROM:<a@client.example>\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(peer.sends_octet_by_octet("RCPT TO:<user@example.com>\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(peer.sends_octet_by_octet("DATA\r\n"));
    EXPECT_EQ(peer.reply().code, 354);
    ASSERT_TRUE(peer.sends_octet_by_octet(stuffed(content)));
    EXPECT_EQ(peer.reply().code, 250);
    expect_arrived(content, 1);
}

TEST_F(a_server_with_tls, passes_on_a_message_that_was_cut_in_two_records_at_any_octet)
{
    const auto content = "Subject: cut\r\n\r\n.\r\n..\r\nend\r\n"s;
    const auto octets = stuffed(content);
    auto peer = client();
    for (std::size_t cut = 1; cut < octets.size(); ++cut) {
        begin_message(peer);
        ASSERT_TRUE(peer.sends(std::string_view{octets}.substr(0, cut)));
        ASSERT_TRUE(peer.sends(std::string_view{octets}.substr(cut)));
        ASSERT_EQ(peer.reply().code, 250) << cut;
        expect_arrived(content, cut);
    }
}

TEST_F(a_server_with_tls, passes_on_chunks_whose_octets_came_in_records_of_their_own)
{
    const auto content = "Subject: chunks\r\n\r\n.\r\n.\r\nMAIL FROM:<evil@client.example>\r\n"s;
    auto peer = client();
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    for (const char& octet : content) {
        ASSERT_TRUE(peer.sends_octet_by_octet(fmt::format("BDAT 1\r\n{}", octet)));
        ASSERT_EQ(peer.reply().code, 250);
    }
    EXPECT_EQ(peer.says("BDAT 0 LAST").code, 250);
    expect_arrived(content, 1);
}

TEST_F(a_server_with_tls, refuses_a_smuggled_message_whole_however_its_records_are_cut)
{
    for (const auto end :
         {"\n.\n"sv, "\n.\r\n"sv, "\r.\r"sv, "\r\n.\n"sv, "\r\n.\r"sv, "\r.\r\n"sv, "\r\n\0.\r\n"sv, "\r\n.\0\r\n"sv}) {
        const auto octets =
            fmt::format("Subject: one\r\n\r\nfirst{}MAIL FROM:<evil@client.example>\r\nRCPT TO:<user@example.com>\r\n"
                        "DATA\r\nSubject: two\r\n\r\nsmuggled\r\n.\r\n",
                        end);
        for (const auto way : {"whole"sv, "at the end of data"sv, "octet by octet"sv}) {
            auto peer = client();
            begin_message(peer);
            if (way == "whole") {
                ASSERT_TRUE(peer.sends(octets));
            } else if (way == "octet by octet") {
                ASSERT_TRUE(peer.sends_octet_by_octet(octets));
            } else {
                const auto at = octets.find("first") + 5;
                ASSERT_TRUE(peer.sends(std::string_view{octets}.substr(0, at)));
                ASSERT_TRUE(peer.sends_octet_by_octet(std::string_view{octets}.substr(at, end.size())));
                ASSERT_TRUE(peer.sends(std::string_view{octets}.substr(at + end.size())));
            }
            EXPECT_EQ(peer.reply().code, 550) << testing::PrintToString(end) << " " << way;
            EXPECT_EQ(peer.says("NOOP").code, 250) << "nothing of the content was taken for a command";
        }
    }
    EXPECT_EQ(next_.count(), 0U);
}

} // namespace
} // namespace postern::test
