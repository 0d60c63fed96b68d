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
#include <thread>

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

/// A proxy that reaches nobody, says so by that reply (RFC 1928 6), and counts how often it was asked.
class vain_proxy {
public:
    explicit vain_proxy(char reply) : thread_{[this, reply] { serve(reply); }} {}
    ~vain_proxy()
    {
        listener_.stop();
        thread_.join();
    }
    vain_proxy(const vain_proxy&) = delete;
    vain_proxy& operator=(const vain_proxy&) = delete;

    [[nodiscard]] std::string address() const { return fmt::format("127.0.0.1:{}", listener_.port()); }
    [[nodiscard]] int asked() const noexcept { return asked_; }

private:
    static constexpr std::size_t greeting_size = 3; // one method
    static constexpr std::size_t request_size = 10; // of an IPv4 address

    [[nodiscard]] static bool reads(tcp_stream& from, std::size_t octets)
    {
        std::string heard;
        while (heard.size() < octets)
            if (!from.read_some(heard))
                return false;
        from.pending() = heard.substr(octets);
        return true;
    }
    void serve(char reply)
    {
        while (auto accepted = listener_.accept()) {
            ++asked_;
            tcp_stream stream{std::move(*accepted)};
            if (reads(stream, greeting_size) && stream.write({"\x05\x00", 2}) && reads(stream, request_size))
                (void)stream.write(std::string{'\x05', reply, '\0', '\x01'} + std::string(6, '\0'));
        }
    }

    tcp_listener listener_;
    std::atomic<int> asked_ = 0;
    std::thread thread_;
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
    static void send(const server& to, std::size_t messages = 1)
    {
        smtp_peer peer{to.port()};
        ASSERT_EQ(peer.greets().code, 250);
        for (std::size_t i = 0; i < messages; ++i)
            ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    }
    /// So many are in the queue, and none is being tried.
    [[nodiscard]] static bool all_wait(const server& postern, std::size_t messages)
    {
        return eventually([&] { return count(postern.command({"queue", "list", "--json"}).output, "next_attempt") == messages; });
    }
    [[nodiscard]] static std::size_t count(const std::string& in, std::string_view what)
    {
        std::size_t times = 0;
        for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1))
            ++times;
        return times;
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

TEST_F(by_a_proxy, mail_for_a_host_that_is_not_there_asks_it_once_for_all)
{
    constexpr std::size_t messages = 20;
    for (const char reply : {'\x04', '\x05'}) { // host unreachable, connection refused
        vain_proxy proxy{reply};
        server postern{gateway(next_.address(), proxy.address())};
        send(postern, messages);
        EXPECT_TRUE(postern.logs("destination_rests", {"the host cannot be reached"})) << postern.log();
        EXPECT_TRUE(all_wait(postern, messages)) << postern.log();
        EXPECT_EQ(proxy.asked(), 1) << postern.log();
        EXPECT_EQ(postern.command({"queue", "flush"}).status, (exit_status{0, 0}));
        EXPECT_TRUE(eventually([&] { return proxy.asked() == 2; })) << postern.log();
        EXPECT_TRUE(all_wait(postern, messages)) << postern.log();
        EXPECT_EQ(proxy.asked(), 2) << "once more for all: " << postern.log();
    }
}

TEST_F(by_a_proxy, that_is_dead_mail_is_tried_once_for_all)
{
    constexpr std::size_t messages = 20;
    server postern{gateway(next_.address(), fmt::format("127.0.0.1:{}", unused_port()))};
    send(postern, messages);
    EXPECT_TRUE(postern.logs("destination_rests", {"the way out is closed for now"})) << postern.log();
    EXPECT_TRUE(all_wait(postern, messages)) << postern.log();
    EXPECT_EQ(count(postern.log(), "Connection refused"), 1U) << postern.log();
    EXPECT_EQ(next_.connections(), 0U);
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
