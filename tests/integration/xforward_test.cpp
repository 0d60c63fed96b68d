// plugins/xforward in whole servers: what a client is told in EHLO, what is kept through a restart, what a next hop hears.

#include "tests/support/next_hop.hpp"
#include "tests/support/postfix_server.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include <unistd.h>

namespace postern::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view offer = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE";

/// A next hop that takes XFORWARD, and keeps what it was told.
class believing_hop {
public:
    [[nodiscard]] std::vector<std::string> told() const
    {
        const std::lock_guard lock{guard_};
        return told_;
    }

    std::atomic<bool> is_busy{false}; ///< it turns everybody away

private:
    hop_answer answer(hop_stage stage, std::string_view line)
    {
        if (stage == hop_stage::greeting && is_busy)
            return {"421 4.3.2 busy", true};
        if (stage == hop_stage::ehlo)
            return {fmt::format("250-next.example\r\n250 {}", offer)};
        if (stage != hop_stage::other || !line.starts_with("XFORWARD"))
            return {};
        const std::lock_guard lock{guard_};
        told_.emplace_back(line);
        return {"250 2.0.0 ok"};
    }

    mutable std::mutex guard_;
    std::vector<std::string> told_;

public:
    next_hop hop{[this](hop_stage stage, std::string_view line) { return answer(stage, line); }};
};

[[nodiscard]] configuration forwarding(const std::string& relay, std::string_view options, std::string_view retry = "50ms")
{
    configuration what;
    what.listener("in", {"relay-domains", "xforward"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("xforward", "xforward", options)
        .section("delivery", fmt::format("relay = \"{}\"", relay))
        .section("queue", fmt::format("retry = [\"{}\"]\njitter = 0.0", retry));
    return what;
}

void send(const server& gateway, std::string_view before = {})
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets("laptop.example").code, 250);
    if (!before.empty()) {
        ASSERT_EQ(peer.says(before).code, 250);
    }
    ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
}

TEST(xforward_in_a_server, has_an_example_that_a_server_takes)
{
    const auto text = read_file(source_folder() / "plugins/xforward/example.toml");
    server gateway{configuration::of_text("hostname = \"mx.example.org\"\ndata_dir = \"data\"\ncontrol = \"control.sock\"\n"
                                          "[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\nprotocol = \"smtp\"\n"
                                          "tls = \"none\"\nchain = [\"xforward\"]\n" +
                                          text)};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Contains(offer));
}

TEST(xforward_in_a_server, is_a_stranger_to_clients_that_are_not_trusted)
{
    believing_hop next;
    server gateway{forwarding(next.hop.address(), "networks = [\"192.0.2.0/24\"]")};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Not(Contains(HasSubstr("XFORWARD"))));
    EXPECT_EQ(peer.says("XFORWARD NAME=evil").code, 500);
}

TEST(xforward_in_a_server, tells_a_listed_next_hop_of_its_client_before_mail)
{
    believing_hop next;
    server gateway{forwarding(next.hop.address(), fmt::format("next_hops = [\"{}\"]", next.hop.address()))};
    send(gateway);
    ASSERT_TRUE(next.hop.wait_for(1)) << gateway.log();
    ASSERT_THAT(next.told(), ElementsAre(HasSubstr("XFORWARD NAME=[UNAVAILABLE] ADDR=127.0.0.1 PORT=")));
    EXPECT_THAT(next.told().front(), HasSubstr(" PROTO=ESMTP HELO=laptop.example IDENT="));
    EXPECT_THAT(next.hop.arrived().front().commands.front(), Not(HasSubstr("XFORWARD"))); // the stored facts stay here
}

TEST(xforward_in_a_server, tells_nobody_else)
{
    believing_hop next;
    server gateway{forwarding(next.hop.address(), "next_hops = [\"127.0.0.1:1\"]")};
    send(gateway);
    ASSERT_TRUE(next.hop.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.told(), IsEmpty());
}

TEST(xforward_in_a_server, passes_on_what_a_trusted_client_said_and_keeps_it_through_a_restart)
{
    believing_hop next;
    next.is_busy = true;
    const temporary_folder folder;
    const auto what = forwarding(next.hop.address(), "networks = [\"127.0.0.1\"]\nnext_hops = [\"*\"]", "200ms");
    {
        server gateway{what, folder.path()};
        send(gateway, "XFORWARD NAME=spike.example ADDR=192.168.1.2 HELO=a+2Bb IDENT=ABC");
        ASSERT_TRUE(gateway.logs("deferred")) << gateway.log();
        gateway.child().kill();
    }
    next.is_busy = false;
    server gateway{what, folder.path()};
    ASSERT_TRUE(next.hop.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.told(), Contains("XFORWARD NAME=spike.example ADDR=192.168.1.2 PORT=[UNAVAILABLE] PROTO=[UNAVAILABLE] "
                                      "HELO=a+2Bb IDENT=ABC SOURCE=[UNAVAILABLE]"));
}

TEST(xforward_in_a_server, goes_from_one_of_ours_to_another)
{
    believing_hop last;
    server second{forwarding(last.hop.address(), "networks = [\"127.0.0.1\"]\nnext_hops = [\"*\"]")};
    server first{forwarding(second.address(), "next_hops = [\"*\"]")};
    send(first);
    ASSERT_TRUE(last.hop.wait_for(1)) << first.log() << second.log();
    ASSERT_THAT(last.told(), ElementsAre(HasSubstr("HELO=laptop.example"))); // the first one's client
}

TEST(xforward_in_a_server, is_understood_by_postfix_and_understands_it)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "Postfix's master process has to be root";
    believing_hop last;
    server second{forwarding(last.hop.address(), "networks = [\"127.0.0.1\"]\nnext_hops = [\"*\"]")};
    const postfix_server between{fmt::format("relay_domains = example.com\nrelay_transport = smtp\nrelayhost = [127.0.0.1]:{}\n"
                                             "smtp_tls_security_level = none\nsmtpd_authorized_xforward_hosts = 127.0.0.1\n"
                                             "smtp_send_xforward_command = yes\n",
                                             second.port()),
                                 postfix_server::relaying};
    server first{forwarding(between.address(), "networks = [\"127.0.0.1\"]\nnext_hops = [\"*\"]")};
    send(first, "XFORWARD NAME=spike.example ADDR=192.168.1.2 HELO=a+2Bb PROTO=ESMTP");
    ASSERT_TRUE(last.hop.wait_for(1)) << first.log() << between.errors() << second.log();
    ASSERT_THAT(last.told(), ElementsAre(HasSubstr("NAME=spike.example ADDR=192.168.1.2 ")));
    EXPECT_THAT(last.told().front(), HasSubstr(" PROTO=ESMTP HELO=a+2Bb "));
}

TEST(xforward_in_a_server, says_of_a_report_that_it_is_its_own)
{
    believing_hop next;
    server gateway{forwarding(next.hop.address(), "next_hops = [\"*\"]")};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets("laptop.example").code, 250);
    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com> NOTIFY=SUCCESS").code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
    ASSERT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(next.hop.wait_for(2)) << gateway.log(); // the message, and the report that it was relayed
    EXPECT_THAT(next.told().back(), HasSubstr("SOURCE=LOCAL"));
}

} // namespace
} // namespace postern::test
