// Outgoing mail by a real SOCKS5 proxy, microsocks, and by ones that are none: plugins/socks in the server.

#include "tests/support/next_hop.hpp"
#include "tests/support/process.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// microsocks on a port of its own, for one user.
class real_proxy {
public:
    real_proxy() { start(); }
    void start()
    {
        child_.emplace(std::vector<std::string>{"microsocks", "-i", "127.0.0.1", "-p", std::to_string(port_), "-u", "postern",
                                                "-P", "secret"});
        EXPECT_TRUE(eventually([this] { return tcp_stream::connect(port_).has_value(); }));
    }
    void stop() { child_.reset(); }
    [[nodiscard]] std::string address() const { return fmt::format("127.0.0.1:{}", port_); }

private:
    std::uint16_t port_ = unused_port();
    std::optional<process> child_;
};

class by_a_proxy : public ::testing::Test {
protected:
    [[nodiscard]] configuration gateway(const std::string& relay, const std::string& proxy, std::string_view more = {},
                                        std::string_view tls = "none") const
    {
        std::ofstream{folder_.path() / "password"} << "secret\n";
        configuration what;
        what.listener("in", {"relay-domains", "socks"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .plugin("socks", "socks", fmt::format("proxy = \"{}\"\n{}", proxy, more), "may = [\"route\"]\ndeadline = \"20s\"")
            .section("delivery", fmt::format("relay = \"{}\"\ntls = \"{}\"", relay, tls))
            .section("queue", "retry = [\"1h\"]\njitter = 0.0");
        return what;
    }
    [[nodiscard]] std::string login() const
    {
        return fmt::format("user = \"postern\"\npassword_file = \"{}\"", (folder_.path() / "password").string());
    }
    static void send(const server& to)
    {
        smtp_peer peer{to.port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    }
    temporary_folder folder_;
    next_hop next_;
};

TEST_F(by_a_proxy, mail_goes)
{
    real_proxy proxy;
    server postern{gateway(next_.address(), proxy.address(), login())};
    send(postern);
    ASSERT_TRUE(next_.wait_for(1)) << postern.log();
    EXPECT_TRUE(postern.logs("connected_by_plugin", {"plugin=socks", "address=127.0.0.1"})) << postern.log();
    EXPECT_TRUE(postern.queue_becomes_empty());
}

TEST_F(by_a_proxy, mail_goes_over_tls)
{
    server behind{configuration::relay(next_.address(), "starttls")};
    real_proxy proxy;
    server postern{gateway(behind.address(), proxy.address(), login(), "required")};
    send(postern);
    ASSERT_TRUE(next_.wait_for(1)) << postern.log() << behind.log();
    EXPECT_TRUE(postern.logs("connected_by_plugin")) << postern.log();
}

TEST_F(by_a_proxy, mail_waits_while_that_is_down_and_goes_when_it_is_back)
{
    real_proxy proxy;
    server postern{gateway(next_.address(), proxy.address(), login())};
    proxy.stop();
    send(postern);
    EXPECT_TRUE(postern.logs("deferred", {"the way out is closed for now"})) << postern.log();
    EXPECT_TRUE(postern.logs("plugin.log", {"Connection refused"})) << postern.log();
    EXPECT_EQ(next_.connections(), 0U) << "nothing goes around it";
    proxy.start();
    EXPECT_EQ(postern.command({"queue", "flush"}).status, (exit_status{0, 0}));
    EXPECT_TRUE(next_.wait_for(1)) << postern.log();
}

TEST_F(by_a_proxy, mail_waits_that_is_refused_the_login)
{
    real_proxy proxy;
    std::ofstream{folder_.path() / "wrong"} << "wrong\n";
    server postern{gateway(next_.address(), proxy.address(),
                           fmt::format("user = \"postern\"\npassword_file = \"{}\"", (folder_.path() / "wrong").string()))};
    send(postern);
    EXPECT_TRUE(postern.logs("deferred")) << postern.log();
    EXPECT_TRUE(postern.logs("plugin.log", {"refuses the login"})) << postern.log();
    EXPECT_EQ(next_.connections(), 0U);
}

TEST_F(by_a_proxy, mail_waits_for_a_host_that_is_not_there_without_blame_for_the_proxy)
{
    real_proxy proxy;
    server postern{gateway(fmt::format("127.0.0.1:{}", unused_port()), proxy.address(), login())};
    send(postern);
    EXPECT_TRUE(postern.logs("deferred", {"the host cannot be reached"})) << postern.log();
}

TEST_F(by_a_proxy, mail_goes_directly_where_that_is_wanted)
{
    server postern{gateway(next_.address(), "127.0.0.1:1", "ways = { \"127.0.0.0/8\" = \"direct\" }")};
    send(postern);
    ASSERT_TRUE(next_.wait_for(1)) << postern.log();
    EXPECT_THAT(postern.log(), Not(HasSubstr("connected_by_plugin")));
}

TEST_F(by_a_proxy, that_is_none_mail_does_not_go)
{
    for (const auto& script : {std::vector<std::string>{"S: 220 mx ESMTP", "silence"}, std::vector<std::string>{"close"},
                               std::vector<std::string>{"S! \x05", "close"}}) {
        scripted_server hostile{script};
        server postern{gateway(next_.address(), fmt::format("127.0.0.1:{}", hostile.port()))};
        send(postern);
        EXPECT_TRUE(postern.logs("deferred", {"the way out is closed for now"})) << postern.log();
        EXPECT_EQ(next_.connections(), 0U);
    }
}

TEST(rules_for_replies, put_off_what_was_refused_and_let_the_next_hop_alone)
{
    std::atomic<bool> is_well = false;
    next_hop next{[&](hop_stage stage, std::string_view) {
        return stage == hop_stage::mail && !is_well ? hop_answer{"550 5.7.1 your address is on our block list"} : hop_answer{};
    }};
    configuration what;
    what.listener("in", {"relay-domains", "replies"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("replies", "replies", "usual = true")
        .section("delivery", fmt::format("relay = \"{}\"", next.address()))
        .section("queue", "retry = [\"1h\"]\njitter = 0.0");
    server postern{what};
    smtp_peer peer{postern.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    EXPECT_TRUE(postern.logs("reply_overruled", {"usual: listed", "now=deferred"})) << postern.log();
    EXPECT_TRUE(postern.logs("destination_rests", {"for_ms=3600000"})) << postern.log();
    is_well = true;
    EXPECT_EQ(postern.command({"queue", "flush"}).status, (exit_status{0, 0}));
    EXPECT_TRUE(next.wait_for(1)) << postern.log();
}

} // namespace
} // namespace postern::test
