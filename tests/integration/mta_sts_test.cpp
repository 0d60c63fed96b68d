// MTA-STS between whole servers: a domain with a policy, its web server and its mail exchanger, and a gateway that keeps to it.
// STANDARDS: RFC 8461.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/policy_host.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/test_authority.hpp"
#include "tests/support/trusting.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_mx = 15;
constexpr std::uint16_t type_txt = 16;

/// example.test, whose mail exchanger mx.example.test and web server are on loopback. `port_` is the exchanger's: by default one
/// that takes everything, in clear.
class a_domain_with_a_policy : public ::testing::Test {
protected:
    a_domain_with_a_policy()
    {
        has("example.test", type_mx, dns_peer::two(10) + dns_peer::wire("mx.example.test"));
        has("mx.example.test", type_a, {"\x7f\0\0\1", 4});
        has("mta-sts.example.test", type_a, {"\x7f\0\0\1", 4});
        has_id("1");
    }
    void has(const std::string& name, std::uint16_t type, std::string octets)
    {
        const std::lock_guard lock{mutex_};
        zone_[{name, type}] = {0, {{name, type, std::move(octets), 0}}};
    }
    void has_id(const std::string& id)
    {
        const auto text = "v=STSv1; id=" + id + ";";
        has("_mta-sts.example.test", type_txt, static_cast<char>(text.size()) + text);
    }
    void has_no_record()
    {
        const std::lock_guard lock{mutex_};
        zone_.erase({"_mta-sts.example.test", type_txt});
    }
    [[nodiscard]] configuration gateway_configuration(std::string_view more = {}) const
    {
        configuration what;
        what.listener("in", {"relay-domains", "mta-sts"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
            .plugin("mta-sts", "mta-sts",
                    fmt::format("ca_file = \"{}\"\nport = {}\nprivate_addresses = true\nwait = \"80s\"\n{}", authority_.file(),
                                web_.port(), more),
                    "deadline = \"90s\"")
            .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true", port_))
            .section("delivery.dns", fmt::format("servers = [\"{}\"]\ntimeout = \"5s\"", names_.address()));
        return what;
    }
    /// The gateway, which has accepted one message for the domain.
    void given(std::string_view more = {})
    {
        if (!gateway_) {
            const trusting anchor{authority_.file()};
            gateway_ = std::make_unique<server>(gateway_configuration(more), place_.path());
        }
        smtp_peer peer{gateway_->port()};
        EXPECT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<>").code, 250);
        EXPECT_EQ(peer.says("RCPT TO:<u@example.test>").code, 250);
        EXPECT_EQ(peer.says("DATA").code, 354);
        EXPECT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
        EXPECT_EQ(peer.reply().code, 250) << gateway_->log();
    }
    /// A mail exchanger with TLS and a certificate for `name`, by the authority; "" for one that signed itself.
    void has_exchanger(const std::string& name, int days = 30)
    {
        if (!name.empty())
            authority_.issue(name, exchanger_place_.path(), days);
        configuration what;
        what.listener("in", {"relay-domains"}, "starttls")
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
            .section("delivery", fmt::format("relay = \"{}\"", last_.address()));
        exchanger_ = std::make_unique<server>(what, exchanger_place_.path());
        port_ = exchanger_->port();
    }
    [[nodiscard]] std::string tells(std::vector<std::string> words) const
    {
        words.insert(words.begin(), {"plugin", "tell", "mta-sts"});
        const auto done = gateway_->command(std::move(words));
        return done.output + done.errors;
    }
    [[nodiscard]] bool arrives_by_tls()
    {
        return last_.wait_for(1) && last_.arrived().front().content.find(" with ESMTPS ") != std::string::npos;
    }

    std::mutex mutex_;
    std::map<std::pair<std::string, std::uint16_t>, dns_said> zone_;
    dns_peer names_{[this](const std::string& name, std::uint16_t type) {
        const std::lock_guard lock{mutex_};
        const auto found = zone_.find({name, type});
        return found == zone_.end() ? dns_said{} : found->second;
    }};
    test_authority authority_;
    policy_host web_{authority_, "mta-sts.example.test"};
    next_hop last_;
    std::uint16_t port_ = last_.port();
    temporary_folder exchanger_place_;
    temporary_folder place_;
    std::unique_ptr<server> exchanger_;
    std::unique_ptr<server> gateway_;
};

TEST_F(a_domain_with_a_policy, gets_its_mail_by_tls_at_a_host_that_it_lists)
{
    has_exchanger("mx.example.test");
    web_.publishes(sts_policy("enforce"));
    given();
    EXPECT_TRUE(arrives_by_tls()) << gateway_->log();
    EXPECT_THAT(web_.requests(), AllOf(HasSubstr("GET /.well-known/mta-sts.txt HTTP/1.1\r\n"),
                                       HasSubstr(fmt::format("Host: mta-sts.example.test:{}\r\n", web_.port())),
                                       Not(HasSubstr("Authorization")), Not(HasSubstr("Cookie"))));
    EXPECT_THAT(tells({"show"}), HasSubstr("example.test mode=enforce id=1 lasts=23h"));
    given();
    EXPECT_TRUE(last_.wait_for(2));
    EXPECT_EQ(web_.request_count(), 1U) << "and no second time";
}

TEST_F(a_domain_with_a_policy, gets_nothing_at_a_host_with_a_certificate_for_another_name)
{
    has_exchanger("mx.example.net");
    web_.publishes(sts_policy("enforce"));
    given();
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS handshake failed"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
}

TEST_F(a_domain_with_a_policy, gets_nothing_at_a_host_whose_certificate_has_ended)
{
    has_exchanger("mx.example.test", -1);
    web_.publishes(sts_policy("enforce"));
    given();
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS handshake failed"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
}

TEST_F(a_domain_with_a_policy, gets_nothing_at_a_host_that_vouches_for_itself)
{
    has_exchanger("");
    web_.publishes(sts_policy("enforce"));
    given();
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS handshake failed"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
}

TEST_F(a_domain_with_a_policy, gets_nothing_in_clear)
{
    web_.publishes(sts_policy("enforce"));
    given();
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS is required"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
}

TEST_F(a_domain_with_a_policy, gets_nothing_at_a_host_that_it_does_not_list)
{
    has_exchanger("mx.example.test");
    web_.publishes(sts_policy("enforce", "*.other.test"));
    given();
    EXPECT_TRUE(gateway_->logs("deferred", {"mx.example.test is no mail exchanger that the policy of example.test lists"}))
        << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
}

TEST_F(a_domain_with_a_policy, gets_its_mail_at_the_host_that_it_lists_among_others)
{
    has_exchanger("mx.example.test");
    {
        const std::lock_guard lock{mutex_};
        auto& mx = zone_[{"example.test", type_mx}].records;
        mx.insert(mx.begin(), {"example.test", type_mx, dns_peer::two(5) + dns_peer::wire("evil.example"), 0});
    }
    has("evil.example", type_a, {"\x7f\0\0\1", 4});
    web_.publishes(sts_policy("enforce"));
    given();
    EXPECT_TRUE(arrives_by_tls()) << gateway_->log();
}

// RFC 8461 5
TEST_F(a_domain_with_a_policy, that_only_tests_it_gets_its_mail_whatever_host_it_is)
{
    web_.publishes(sts_policy("testing", "*.other.test"));
    given();
    EXPECT_TRUE(last_.wait_for(1)) << "in clear, at a host that is not listed: " << gateway_->log();
    has_id("2");
    web_.publishes(sts_policy("testing"));
    EXPECT_THAT(tells({"refresh", "example.test"}), HasSubstr("mode=testing id=2"));
    given();
    EXPECT_TRUE(last_.wait_for(2)) << "in clear: " << gateway_->log();
    gateway_.reset();
    has_exchanger("");
    given();
    EXPECT_TRUE(last_.wait_for(3)) << "with a certificate that signed itself: " << gateway_->log();
}

/// What a web server may do wrong, and what it is called.
struct misconduct {
    std::string_view name;
    std::string_view finding;
    std::string_view cause;
    void (*make)(const policy_host& web, const test_authority& authority, std::string_view mode);
};

class a_web_server : public a_domain_with_a_policy, public ::testing::WithParamInterface<misconduct> {};

// RFC 8461 3.3: whatever it says, the domain has no policy by it, and a policy that was known stays in force.
TEST_P(a_web_server, that_does_wrong_gives_no_policy_and_ends_none)
{
    const auto& wrong = GetParam();
    wrong.make(web_, authority_, "enforce");
    given("timeout = \"1s\"");
    EXPECT_TRUE(last_.wait_for(1)) << gateway_->log();
    EXPECT_TRUE(gateway_->logs("name=fetch_failed",
                               {fmt::format("finding={}", wrong.finding), std::string{wrong.cause}, "domain=example.test"}))
        << gateway_->log();

    web_.shows(authority_, "mta-sts.example.test");
    web_.publishes(sts_policy("enforce"));
    EXPECT_THAT(tells({"refresh", "example.test"}), HasSubstr("mode=enforce id=1"));
    wrong.make(web_, authority_, "testing");
    has_id("2");
    EXPECT_THAT(tells({"refresh", "example.test"}),
                AllOf(HasSubstr("mode=enforce id=1"), HasSubstr(fmt::format("problem={}", wrong.finding))));
    given();
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS is required"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 1U);
}

constexpr misconduct all_misconduct[] = {
    {"ended", "sts-webpki-invalid", "expired",
     [](const policy_host& web, const test_authority& authority, std::string_view mode) {
         web.shows(authority, "mta-sts.example.test", -1);
         web.publishes(sts_policy(mode));
     }},
    {"another_name", "sts-webpki-invalid", "",
     [](const policy_host& web, const test_authority& authority, std::string_view mode) {
         web.shows(authority, "www.example.test");
         web.publishes(sts_policy(mode));
     }},
    {"a_common_name_alone", "sts-webpki-invalid", "",
     [](const policy_host& web, const test_authority& authority, std::string_view mode) {
         web.shows(authority, "mta-sts.example.test", 30, named::by_common_name);
         web.publishes(sts_policy(mode));
     }},
    {"another_authority", "sts-webpki-invalid", "",
     [](const policy_host& web, const test_authority&, std::string_view mode) {
         web.shows(test_authority{}, "mta-sts.example.test");
         web.publishes(sts_policy(mode));
     }},
    {"redirect", "sts-policy-fetch-error", "301",
     [](const policy_host& web, const test_authority&, std::string_view mode) {
         web.says(fmt::format("HTTP/1.1 301 Moved Permanently\r\nLocation: "
                              "https://mta-sts.example.test:{}/.well-known/mta-sts.txt\r\nContent-Type: text/plain\r\n"
                              "Content-Length: {}\r\n\r\n{}",
                              web.port(), sts_policy(mode).size(), sts_policy(mode)));
     }},
    {"temporary_redirect", "sts-policy-fetch-error", "307",
     [](const policy_host& web, const test_authority&, std::string_view mode) {
         web.says(fmt::format("HTTP/1.1 307 Temporary Redirect\r\nLocation: /.well-known/mta-sts.txt\r\n"
                              "Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                              sts_policy(mode).size(), sts_policy(mode)));
     }},
    {"not_found", "sts-policy-fetch-error", "404",
     [](const policy_host& web, const test_authority&, std::string_view mode) {
         web.says(policy_host::response_with(sts_policy(mode), "404 Not Found"));
     }},
    {"too_long", "sts-policy-fetch-error", "too long",
     [](const policy_host& web, const test_authority&, std::string_view mode) {
         const auto text = sts_policy(mode) + "key: " + std::string(65'537, 'x');
         web.says(policy_host::response_with(text));
     }},
    {"too_long_without_saying_so", "sts-policy-fetch-error", "too long",
     [](const policy_host& web, const test_authority&, std::string_view mode) {
         web.says("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + sts_policy(mode) + "key: " + std::string(65'537, 'x'));
     }},
    {"html", "sts-policy-fetch-error", "text/plain",
     [](const policy_host& web, const test_authority&, std::string_view mode) {
         web.says(policy_host::response_with(sts_policy(mode), "200 OK", "text/html"));
     }},
    {"silence", "sts-policy-fetch-error", "timed out",
     [](const policy_host& web, const test_authority&, std::string_view) { web.says(""); }},
    {"no_http", "sts-policy-fetch-error", "",
     [](const policy_host& web, const test_authority&, std::string_view mode) { web.says(sts_policy(mode)); }},
    {"broken_policy", "sts-policy-invalid", "it has no max_age",
     [](const policy_host& web, const test_authority&, std::string_view mode) {
         web.publishes(fmt::format("version: STSv1\nmode: {}\nmx: mx.example.test\n", mode));
     }},
};
INSTANTIATE_TEST_SUITE_P(with, a_web_server, ::testing::ValuesIn(all_misconduct),
                         [](const auto& one) { return std::string{one.param.name}; });

TEST_F(a_domain_with_a_policy, has_it_kept_while_its_web_server_and_its_record_are_gone)
{
    web_.publishes(sts_policy("enforce"));
    given();
    ASSERT_TRUE(gateway_->logs("deferred", {"TLS is required"})) << gateway_->log();
    EXPECT_EQ(gateway_->stop().code, 0);
    gateway_.reset();
    web_.ends();
    has_no_record();
    given("check = \"0s\"");
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS is required"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
    EXPECT_THAT(tells({"show", "example.test"}), HasSubstr("mode=enforce id=1"));
    EXPECT_THAT(tells({"forget", "example.test"}), HasSubstr("nothing is known"));
    given("check = \"0s\"");
    EXPECT_TRUE(last_.wait_for(1)) << gateway_->log();
}

TEST_F(a_domain_with_a_policy, has_another_one_fetched_when_its_id_is_another)
{
    web_.publishes(sts_policy("enforce", "*.other.test"));
    given("check = \"0s\"");
    ASSERT_TRUE(gateway_->logs("deferred", {"is no mail exchanger"})) << gateway_->log();
    web_.publishes(sts_policy("none"));
    has_id("2");
    given();
    EXPECT_TRUE(eventually([this] { return web_.request_count() == 2; })) << gateway_->log();
    EXPECT_TRUE(eventually([this] { return tells({"show"}).find("mode=none id=2") != std::string::npos; }));
    given();
    EXPECT_TRUE(last_.wait_for(1)) << gateway_->log();
}

TEST_F(a_domain_with_a_policy, is_not_asked_for_it_at_an_address_of_this_machine)
{
    web_.publishes(sts_policy("enforce"));
    const trusting anchor{authority_.file()};
    auto what = gateway_configuration();
    auto text = what.text();
    text.replace(text.find("private_addresses = true"), 24, "private_addresses = false");
    gateway_ = std::make_unique<server>(configuration::of_text(text), place_.path());
    given();
    EXPECT_TRUE(last_.wait_for(1)) << gateway_->log();
    EXPECT_TRUE(gateway_->logs("name=fetch_failed", {"not public"})) << gateway_->log();
    EXPECT_EQ(web_.request_count(), 0U);
}

TEST_F(a_domain_with_a_policy, has_a_policy_made_for_it_by_the_program)
{
    web_.publishes(sts_policy("enforce"));
    given("own_mode = \"enforce\"\nown_max_age = \"1d\"");
    const auto file = place_.write("mta-sts.txt", tells({"policy", "example.test", "file"}));
    EXPECT_EQ(read_file(file), "version: STSv1\nmode: enforce\nmx: mx.example.test\nmax_age: 86400\n");
    EXPECT_THAT(tells({"policy", "example.test"}), HasSubstr("_mta-sts.example.test. IN TXT \"v=STSv1; id="));
    EXPECT_THAT(tells({"check", "--file", file.string()}), HasSubstr("a good policy: mode enforce"));
    place_.write("mta-sts.txt", "version: STSv1\n");
    EXPECT_THAT(tells({"check", "--file", file.string()}), HasSubstr("no policy: it has no mode"));
}

} // namespace
} // namespace postern::test
