// Every cell of tls_matrix.hpp between whole servers: a signed zone, a web server with a policy, a mail exchanger, and a gateway
// with both plugins, one that looks on, and one that reports; and a web server that its report is posted to.

#include "tests/integration/tls_matrix.hpp"

#include "tests/support/next_hop.hpp"
#include "tests/support/policy_host.hpp"
#include "tests/support/report_host.hpp"
#include "tests/support/server.hpp"
#include "tests/support/signed_name_server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/test_authority.hpp"
#include "tests/support/trusting.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

static void PrintTo(const tls_cell& which, std::ostream* out)
{
    *out << name_of(which);
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace json = boost::json;

/// Offers TLS and goes away when that is wanted.
[[nodiscard]] hop_answer break_handshakes(hop_stage at, std::string_view line)
{
    if (at == hop_stage::ehlo)
        return {.reply = "250-next.example\r\n250 STARTTLS"};
    if (at == hop_stage::other && line.starts_with("STARTTLS"))
        return {.reply = "220 2.0.0 go on", .drop = true};
    return {};
}

class a_message : public ::testing::TestWithParam<tls_cell> {
protected:
    [[nodiscard]] bool has_web() const { return GetParam().sts != sts_side::absent; }
    /// mx.example.test, at whatever port.
    void has_exchanger()
    {
        const auto peer = GetParam().peer;
        if (peer == peer_side::clear || peer == peer_side::broken) {
            port_ = peer == peer_side::clear ? last_.port() : broken_.port();
            return;
        }
        const bool is_strange = peer == peer_side::stranger;
        const auto& by = is_strange ? stranger_.emplace() : authority_;
        by.issue(peer == peer_side::wrong ? "mx.example.net" : "mx.example.test", exchanger_place_.path(),
                 peer == peer_side::expired ? -1 : 30);
        const auto certificate = exchanger_place_ / "cert.pem";
        key_ = peer == peer_side::wrong || peer == peer_side::rekeyed ? std::string(64, '0') : key_digest_of(certificate);
        std::ofstream{certificate, std::ios::app} << read_file(by.file()); // RFC 7671 5.2.2: the authority's goes along

        configuration what;
        what.listener("in", {"relay-domains"}, "starttls")
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
            .section("delivery", fmt::format("relay = \"{}\"", last_.address()));
        exchanger_ = std::make_unique<server>(what, exchanger_place_.path());
        port_ = exchanger_->port();
    }
    void has_policy()
    {
        if (!has_web())
            return;
        web_ = std::make_unique<policy_host>(authority_, "mta-sts.example.test");
        switch (GetParam().sts) {
        case sts_side::absent:
        case sts_side::not_found: // which is what it says of itself
            break;
        case sts_side::none:
            web_->publishes(sts_policy("none"));
            break;
        case sts_side::testing:
            web_->publishes(sts_policy("testing"));
            break;
        case sts_side::enforce:
            web_->publishes(sts_policy("enforce"));
            break;
        case sts_side::testing_others:
            web_->publishes(sts_policy("testing", "*.other.test"));
            break;
        case sts_side::enforce_others:
            web_->publishes(sts_policy("enforce", "*.other.test"));
            break;
        case sts_side::bad_certificate:
            web_->publishes(sts_policy("enforce"));
            web_->shows(authority_, "www.example.test");
            break;
        case sts_side::nonsense:
            web_->publishes("version: STSv1\nmode: enforce\n");
            break;
        }
    }
    /// RFC 8460 4.5: the policy that was applied, as it is published.
    [[nodiscard]] json::array published(std::string_view type) const
    {
        if (type == "tlsa")
            return {json::value(tlsa_record())};
        const bool is_elsewhere = GetParam().sts == sts_side::testing_others || GetParam().sts == sts_side::enforce_others;
        const bool is_tested = GetParam().sts == sts_side::testing || GetParam().sts == sts_side::testing_others;
        json::array all{"version: STSv1", is_tested ? "mode: testing" : "mode: enforce"};
        if (GetParam().sts != sts_side::nonsense) {
            all.emplace_back(is_elsewhere ? "mx: *.other.test" : "mx: mx.example.test");
            all.emplace_back("max_age: 86400");
        }
        return all;
    }
    [[nodiscard]] std::string zone() const
    {
        auto all = fmt::format("@ MX 10 mx\nmx A 127.0.0.1\nreports A 127.0.0.1\n"
                               "_smtp._tls TXT \"v=TLSRPTv1; rua=https://reports.example.test:{}/\"\n",
                               reports_.port());
        if (has_web())
            all += "mta-sts A 127.0.0.1\n_mta-sts TXT \"v=STSv1; id=1;\"\n";
        if (const auto record = tlsa_record(); !record.empty())
            all += fmt::format("_{}._tcp.mx TLSA {}\n", port_, record);
        return all;
    }
    [[nodiscard]] std::string tlsa_record() const
    {
        switch (GetParam().dane) {
        case dane_side::absent:
            break;
        case dane_side::key:
        case dane_side::bogus:
            return "3 1 1 " + key_;
        case dane_side::authority:
            return "2 1 1 " + key_digest_of(authority_.file());
        case dane_side::useless:
            return "1 1 1 " + std::string(64, '0');
        }
        return {};
    }
    [[nodiscard]] configuration gateway_configuration() const
    {
        const bool is_bogus = GetParam().dane == dane_side::bogus;
        configuration what;
        what.listener("in", {"relay-domains", "reports", "dane", "mta-sts", "probe"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
            .plugin("reports", "tls-report",
                    fmt::format("from = \"tlsrpt@gateway.test\"\nca_file = \"{}\"\nprivate_addresses = true", authority_.file()),
                    "may = [\"submit\", \"accept\"]")
            .plugin("dane", "dane")
            .plugin("mta-sts", "mta-sts",
                    fmt::format("ca_file = \"{}\"\nport = {}\nprivate_addresses = true\nwait = \"80s\"", authority_.file(),
                                has_web() ? web_->port() : 443),
                    "deadline = \"90s\"")
            .plugin("probe", "outgoing-probe", "hooks = [\"delivery.tls_result\"]")
            .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true", port_))
            .section("delivery.dns", fmt::format("servers = [\"{}\"]\ntrust_anchor = \"{}\"\ntimeout = \"5s\"", zone_->address(),
                                                 is_bogus ? zone_->wrong_trust_anchor() : zone_->trust_anchor()));
        return what;
    }
    void is_sent()
    {
        has_exchanger();
        has_policy();
        zone_ = std::make_unique<signed_name_server>(zone());
        const trusting anchor{authority_.file()};
        gateway_ = std::make_unique<server>(gateway_configuration());
        smtp_peer peer{gateway_->port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.delivers("", {"u@example.test"}, "Subject: hi\r\n\r\nhello\r\n").code, 250) << gateway_->log();
    }
    /// What the plugins were told of connections, "sts example.test certificate-expired refused=yes" each.
    [[nodiscard]] std::vector<std::string> told() const
    {
        std::vector<std::string> all;
        const auto log = gateway_->log();
        for (auto at = log.find("asked at delivery.tls_result"); at != log.npos;
             at = log.find("asked at delivery.tls_result", at + 1)) {
            const auto line = log.substr(at, log.find('\n', at) - at);
            all.push_back(fmt::format("{} {} {} refused={}", log_value(line, "policy"), log_value(line, "domain"),
                                      log_value(line, "finding"), log_value(line, "refused")));
        }
        return all;
    }

    /// RFC 8460 4.2 to 4.5: one session, under one policy.
    void expect_told_of(const tls_account& expected) const
    {
        const auto whole = report();
        ASSERT_TRUE(whole.is_object());
        const auto& policies = whole.at("policies").as_array();
        ASSERT_THAT(policies, SizeIs(1)) << whole;
        json::object policy{{"policy-type", expected.type}};
        if (expected.has_strings)
            policy["policy-string"] = published(expected.type);
        policy["policy-domain"] = expected.domain;
        if (expected.has_hosts)
            policy["mx-host"] = json::array{published("sts").at(2).as_string().subview(std::string_view{"mx: "}.size())};
        EXPECT_EQ(policies[0].at("policy"), json::value(policy)) << whole;
        const json::value summary{{"total-successful-session-count", expected.successful},
                                  {"total-failure-session-count", expected.failed}};
        EXPECT_EQ(policies[0].at("summary"), summary) << whole;
        const auto* const failures = policies[0].as_object().if_contains("failure-details");
        if (expected.result.empty()) {
            EXPECT_EQ(failures, nullptr) << whole;
            return;
        }
        ASSERT_NE(failures, nullptr) << whole;
        ASSERT_THAT(failures->as_array(), SizeIs(1)) << whole;
        auto details = failures->as_array()[0].as_object();
        EXPECT_TRUE(!expected.has_reason || details.contains("failure-reason-code")) << whole;
        details.erase("failure-reason-code");
        json::object wanted{
            {"result-type", expected.result}, {"receiving-mx-hostname", "mx.example.test"}, {"failed-session-count", 1}};
        if (expected.has_addresses)
            wanted["sending-mta-ip"] = wanted["receiving-ip"] = "127.0.0.1";
        EXPECT_EQ(json::value(details), json::value(wanted)) << whole;
    }
    /// The report, sent.
    [[nodiscard]] json::value report() const
    {
        const auto done = gateway_->command({"plugin", "tell", "reports", "send"});
        EXPECT_EQ(done.output + done.errors, "sent 1, put off 0, dropped 0\n") << gateway_->log();
        const auto posts = reports_.posts();
        EXPECT_THAT(posts, SizeIs(1)) << gateway_->log();
        return posts.empty() ? json::value{} : json::parse(posts.front().substr(posts.front().find('{')));
    }

    test_authority authority_;
    report_host reports_{authority_, "reports.example.test"};
    std::optional<test_authority> stranger_;
    next_hop last_; // behind the exchanger, or the exchanger itself
    next_hop broken_{break_handshakes};
    temporary_folder exchanger_place_;
    std::unique_ptr<server> exchanger_;
    std::uint16_t port_ = 0;
    std::string key_ = std::string(64, '0');
    std::unique_ptr<policy_host> web_;
    std::unique_ptr<signed_name_server> zone_;
    std::unique_ptr<server> gateway_;
};

TEST_P(a_message, comes_as_its_domain_wants_or_not_at_all_and_its_domain_can_be_told)
{
    const auto& cell = GetParam();
    is_sent();
    if (HasFatalFailure())
        return;
    auto& hop = cell.peer == peer_side::broken ? broken_ : last_;
    if (cell.fate == tls_fate::deferred) {
        EXPECT_TRUE(gateway_->logs("deferred", {"recipient=u@example.test"})) << gateway_->log();
        EXPECT_EQ(hop.count(), 0U);
    } else {
        ASSERT_TRUE(hop.wait_for(1)) << gateway_->log();
        EXPECT_TRUE(gateway_->logs("delivered", {"recipient=u@example.test"})) << gateway_->log();
        const bool is_by_tls = hop.arrived().front().content.find(" with ESMTPS ") != std::string::npos;
        EXPECT_EQ(is_by_tls, cell.fate == tls_fate::by_tls) << hop.arrived().front().content;
    }
    if (cell.finding.empty()) {
        EXPECT_THAT(told(), IsEmpty());
        const auto shown = gateway_->command({"plugin", "tell", "reports", "show"});
        EXPECT_EQ(shown.output, "nothing waits to be reported\n") << shown.errors;
        return;
    }
    const auto expected = account_of(cell);
    EXPECT_THAT(told(), ElementsAre(fmt::format("{} {} {} refused={}", cell.policy, cell.policy.empty() ? "" : expected.domain,
                                                cell.finding, cell.fate == tls_fate::deferred ? "yes" : "no")))
        << gateway_->log();
    expect_told_of(expected);
}

INSTANTIATE_TEST_SUITE_P(of, a_message, ::testing::ValuesIn(tls_cells::all), [](const auto& one) { return name_of(one.param); });

} // namespace
} // namespace postern::test
