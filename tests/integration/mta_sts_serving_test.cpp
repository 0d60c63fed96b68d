// The policy file as mta-sts serves it: to curl, to another gateway that keeps to it, and among clients that mean no good.
// STANDARDS: RFC 8461 3.2, 3.3.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/test_authority.hpp"
#include "tests/support/trusting.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// mta-sts.example.test on loopback, with a certificate for that name.
class a_served_policy : public ::testing::Test {
protected:
    a_served_policy() { authority_.issue("mta-sts.example.test", certificate_.path()); }

    [[nodiscard]] configuration serving(std::string_view mode = "testing", std::uint16_t port = 0) const
    {
        configuration what;
        what.listener("in", {"relay-domains"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
            .plugin("mta-sts", "mta-sts",
                    fmt::format("own_domains = [\"example.test\"]\nown_mx = [\"mx.example.test\"]\nown_mode = \"{}\"\n"
                                "serve = \"127.0.0.1:{}\"\nserve_cert = \"{}\"\nserve_key = \"{}\"",
                                mode, port, (certificate_ / "cert.pem").string(), (certificate_ / "key.pem").string()))
            .section("delivery", fmt::format("relay = \"{}\"", last_.address()));
        return what;
    }
    void serves(const configuration& what)
    {
        server_ = std::make_unique<server>(what, place_.path());
        ASSERT_TRUE(server_->logs("name=serves")) << server_->log();
        const auto log = server_->log();
        const auto at = log.rfind("name=serves");
        web_port_ = static_cast<std::uint16_t>(std::stoul(log_value(log.substr(at, log.find('\n', at) - at), "port")));
    }
    /// What curl says of it.
    [[nodiscard]] outcome fetched(std::string_view path = "/.well-known/mta-sts.txt", std::vector<std::string> more = {}) const
    {
        std::vector<std::string> command{
            "curl", "-sS",      "--noproxy",       "*",         "--max-time",
            "20",   "--cacert", authority_.file(), "--resolve", fmt::format("mta-sts.example.test:{}:127.0.0.1", web_port_)};
        command.insert(command.end(), more.begin(), more.end());
        command.push_back(fmt::format("https://mta-sts.example.test:{}{}", web_port_, path));
        return run(std::move(command));
    }

    test_authority authority_;
    temporary_folder certificate_;
    temporary_folder place_;
    next_hop last_;
    std::unique_ptr<server> server_;
    std::uint16_t web_port_ = 0;
};

TEST_F(a_served_policy, is_what_curl_gets)
{
    serves(serving());
    const auto said = fetched("/.well-known/mta-sts.txt", {"-i"});
    EXPECT_EQ(said.status, (exit_status{0, 0})) << said.errors << server_->log();
    EXPECT_THAT(said.output, AllOf(HasSubstr("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Type: text/plain\r\n"),
                                   HasSubstr("\r\n\r\nversion: STSv1\nmode: testing\nmx: mx.example.test\nmax_age: 1209600\n")));
    EXPECT_THAT(fetched("/", {"-i"}).output, HasSubstr("HTTP/1.1 404"));
    EXPECT_THAT(fetched("/.well-known/mta-sts.txt", {"-i", "-X", "DELETE"}).output, HasSubstr("HTTP/1.1 405"));
    EXPECT_THAT(fetched("/.well-known/mta-sts.txt", {"-i", "-H", "X: " + std::string(10'000, 'x')}).output,
                HasSubstr("HTTP/1.1 431"));
    EXPECT_THAT(fetched("/.well-known/mta-sts.txt", {"-i", "-H", "Host: example.test"}).output, HasSubstr("HTTP/1.1 404"));
    EXPECT_NE(fetched("/.well-known/mta-sts.txt", {"--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"}).status,
              (exit_status{0, 0}));
    const auto metrics = server_->command({"status", "--metrics"}).output;
    EXPECT_THAT(metrics, HasSubstr("plugin_mta_sts_served_total{plugin=\"mta-sts\",result=\"policy\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("plugin_mta_sts_served_total{plugin=\"mta-sts\",result=\"other\"} 4\n"));
}

TEST_F(a_served_policy, is_the_policy_to_another_gateway_with_the_record_that_check_prints)
{
    serves(serving("enforce"));
    const auto checked = server_->command({"check"}).output;
    const auto at = checked.find("\"v=STSv1; id=");
    ASSERT_NE(at, checked.npos) << checked;
    const auto record = checked.substr(at + 1, checked.find('"', at + 1) - at - 1);
    dns_peer names{[&](const std::string& name, std::uint16_t type) -> dns_said {
        constexpr std::uint16_t type_a = 1;
        constexpr std::uint16_t type_mx = 15;
        constexpr std::uint16_t type_txt = 16;
        if (type == type_a && (name == "mx.example.test" || name == "mta-sts.example.test"))
            return {0, {{name, type, {"\x7f\0\0\1", 4}, 0}}};
        if (type == type_mx && name == "example.test")
            return {0, {{name, type, dns_peer::two(10) + dns_peer::wire("mx.example.test"), 0}}};
        if (type == type_txt && name == "_mta-sts.example.test")
            return {0, {{name, type, static_cast<char>(record.size()) + record, 0}}};
        return {};
    }};
    configuration what;
    what.listener("in", {"relay-domains", "mta-sts"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
        .plugin(
            "mta-sts", "mta-sts",
            fmt::format("ca_file = \"{}\"\nport = {}\nprivate_addresses = true\nwait = \"80s\"", authority_.file(), web_port_),
            "deadline = \"90s\"")
        .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true", last_.port()))
        .section("delivery.dns", fmt::format("servers = [\"{}\"]\ntimeout = \"5s\"", names.address()));
    server gateway{what};
    const auto told = gateway.command({"plugin", "tell", "mta-sts", "refresh", "example.test"});
    EXPECT_THAT(told.output + told.errors, AllOf(HasSubstr("example.test mode=enforce id="), HasSubstr("mx: mx.example.test")))
        << gateway.log();
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("", {"u@example.test"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    EXPECT_TRUE(gateway.logs("deferred", {"TLS is required"})) << gateway.log(); // the last hop has none
    EXPECT_EQ(last_.count(), 0U);
}

TEST_F(a_served_policy, is_there_for_others_while_some_say_nothing_or_nonsense)
{
    serves(serving());
    std::vector<tcp_stream> silent;
    for (int i = 0; i < 250; ++i) { // more than have room
        auto one = tcp_stream::connect(web_port_);
        ASSERT_TRUE(one);
        if (i % 3 == 1)
            (void)one->write("GET / HTTP/1.1\r\n\r\n"); // no TLS
        if (i % 3 == 2)
            (void)one->write(std::string{"\x16\x03\x01\x02", 4}); // the beginning of a hello
        silent.push_back(std::move(*one));
    }
    EXPECT_THAT(fetched().output, HasSubstr("mode: testing\n")) << server_->log();
    for (auto& each : silent)
        each.abort();
    EXPECT_THAT(fetched().output, HasSubstr("mode: testing\n")) << server_->log();
}

TEST_F(a_served_policy, is_shown_with_a_new_certificate_when_the_files_change)
{
    serves(serving());
    EXPECT_EQ(fetched().status, (exit_status{0, 0}));
    const test_authority next;
    next.issue("mta-sts.example.test", certificate_.path());
    const auto is_by_next = [&] {
        return fetched("/.well-known/mta-sts.txt", {"--cacert", next.file()}).output.find("mode: testing\n") != std::string::npos;
    };
    EXPECT_TRUE(eventually(is_by_next)) << server_->log();
    certificate_.write("cert.pem", "no certificate");
    EXPECT_TRUE(eventually([&] { return is_by_next() && server_->log().find("name=serve_failed") != std::string::npos; }))
        << server_->log();
}

TEST_F(a_served_policy, is_another_one_after_a_reload_without_a_moment_without)
{
    const auto port = unused_port();
    serves(serving("testing", port));
    server_->reconfigure(serving("enforce", port));
    EXPECT_EQ(server_->command({"reload"}).status, (exit_status{0, 0})) << server_->log();
    EXPECT_TRUE(eventually([&] {
        const auto said = fetched();
        EXPECT_EQ(said.status, (exit_status{0, 0})) << said.errors;
        return said.output.find("mode: enforce\n") != std::string::npos;
    }));
}

TEST_F(a_served_policy, that_nobody_would_believe_is_no_good_configuration)
{
    make_certificate(place_.path());
    authority_.issue("www.example.test", certificate_.path());
    const auto check = [&](const configuration& what) {
        const auto file = place_.write("postern.toml", what.text());
        return run({postern_program().string(), "check", "--config", file.string()});
    };
    auto done = check(serving());
    EXPECT_EQ(done.status, (exit_status{1, 0}));
    EXPECT_THAT(done.errors, HasSubstr("serve_cert: the certificate is not for mta-sts.example.test"));
    certificate_.write("key.pem", "no key");
    done = check(serving());
    EXPECT_THAT(done.errors, HasSubstr((certificate_ / "key.pem").string()));
}

} // namespace
} // namespace postern::test
