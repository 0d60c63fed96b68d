// Every cell of tls_matrix.hpp between whole servers: a signed zone, a web server with a policy, a mail exchanger, and a gateway
// with both plugins and one that looks on.

#include "tests/integration/tls_matrix.hpp"

#include "tests/support/next_hop.hpp"
#include "tests/support/policy_host.hpp"
#include "tests/support/server.hpp"
#include "tests/support/signed_name_server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/test_authority.hpp"
#include "tests/support/trusting.hpp"

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
    [[nodiscard]] std::string zone() const
    {
        std::string all = "@ MX 10 mx\nmx A 127.0.0.1\n";
        if (has_web())
            all += "mta-sts A 127.0.0.1\n_mta-sts TXT \"v=STSv1; id=1;\"\n";
        const auto add = [&all, this](std::string_view record) { all += fmt::format("_{}._tcp.mx TLSA {}\n", port_, record); };
        switch (GetParam().dane) {
        case dane_side::absent:
            break;
        case dane_side::key:
        case dane_side::bogus:
            add("3 1 1 " + key_);
            break;
        case dane_side::authority:
            add("2 1 1 " + key_digest_of(authority_.file()));
            break;
        case dane_side::useless:
            add("1 1 1 " + std::string(64, '0'));
            break;
        }
        return all;
    }
    [[nodiscard]] configuration gateway_configuration() const
    {
        const bool is_bogus = GetParam().dane == dane_side::bogus;
        configuration what;
        what.listener("in", {"relay-domains", "dane", "mta-sts", "probe"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
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

    test_authority authority_;
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
    } else {
        EXPECT_THAT(told(), ElementsAre(fmt::format("{} {} {} refused={}", cell.policy, cell.policy.empty() ? "" : "example.test",
                                                    cell.finding, cell.fate == tls_fate::deferred ? "yes" : "no")))
            << gateway_->log();
    }
}

INSTANTIATE_TEST_SUITE_P(of, a_message, ::testing::ValuesIn(tls_cells::all), [](const auto& one) { return name_of(one.param); });

} // namespace
} // namespace postern::test
