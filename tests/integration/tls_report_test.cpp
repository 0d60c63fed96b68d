// TLS reports between whole servers: a gateway that keeps to MTA-STS, a domain whose mail exchanger has a good certificate and
// one where it has not, and what both are told of that: by mail, signed, at a mail server, and by HTTPS at a web server. And what
// the gateway makes of a report that it is sent. STANDARDS: RFC 8460, RFC 6376.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/policy_host.hpp"
#include "tests/support/report_host.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/test_authority.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_mx = 15;
constexpr std::uint16_t type_txt = 16;

/// What OpenSSL takes for the system's certificates in programs that are started meanwhile.
class trusting {
public:
    explicit trusting(const test_authority& whom) { ::setenv("SSL_CERT_FILE", whom.file().c_str(), 1); }
    ~trusting() { ::unsetenv("SSL_CERT_FILE"); }
    trusting(const trusting&) = delete;
    trusting& operator=(const trusting&) = delete;
};

/// good.test and bad.test have policies of MTA-STS and one mail exchanger, which is on loopback as all else here, and whose
/// certificate is for mx.good.test alone. good.test wants reports by mail to bad.test, bad.test both ways.
class two_domains_with_policies : public ::testing::Test {
protected:
    two_domains_with_policies()
    {
        for (const std::string domain : {"good.test", "bad.test"}) {
            has(domain, type_mx, dns_peer::two(10) + dns_peer::wire("mx." + domain));
            for (const std::string host : {"mx.", "mta-sts.", "reports."})
                has(host + domain, type_a, {"\x7f\0\0\1", 4});
            says("_mta-sts." + domain, "v=STSv1; id=1;");
        }
        says("_smtp._tls.good.test", "v=TLSRPTv1; rua=mailto:reports@bad.test");
        says("_smtp._tls.bad.test",
             fmt::format("v=TLSRPTv1; rua=https://reports.bad.test:{}/tlsrpt,mailto:reports@bad.test", reports_.port()));
        web_.publishes("version: STSv1\r\nmode: enforce\r\nmx: mx.good.test\r\nmx: mx.bad.test\r\nmax_age: 86400\r\n");

        authority_.issue("mx.good.test", exchanger_place_.path());
        configuration exchanger;
        exchanger.listener("in", {"relay-domains"}, "starttls")
            .plugin("relay-domains", "relay-domains", "domains = [\"good.test\", \"bad.test\"]")
            .section("delivery", fmt::format("relay = \"{}\"", last_.address()));
        exchanger_ = std::make_unique<server>(exchanger, exchanger_place_.path());
    }
    void has(const std::string& name, std::uint16_t type, std::string octets)
    {
        const std::lock_guard lock{mutex_};
        zone_[{name, type}] = {0, {{name, type, std::move(octets), 0}}};
    }
    void says(const std::string& name, const std::string& text) { has(name, type_txt, static_cast<char>(text.size()) + text); }

    void starts()
    {
        gateway_.reset();
        const auto key = (place_ / "dkim.pem").string();
        if (!std::filesystem::exists(key)) {
            const auto made = run({"openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key});
            ASSERT_EQ(made.status, (exit_status{0, 0})) << made.errors;
        }
        configuration what;
        what.listener("in", {"relay-domains", "tls-report", "mta-sts"})
            .plugin("relay-domains", "relay-domains", "domains = [\"good.test\", \"bad.test\"]")
            .plugin("tls-report", "tls-report",
                    fmt::format("from = \"tlsrpt@gateway.test\"\ndkim_key = \"{}\"\ndkim_selector = \"s1\"\nca_file = \"{}\"\n"
                                "private_addresses = true\nretry = \"1s\"\nreceive = [\"u@good.test\"]",
                                key, authority_.file()),
                    "may = [\"submit\", \"accept\"]")
            .plugin("mta-sts", "mta-sts",
                    fmt::format("ca_file = \"{}\"\nport = {}\nprivate_addresses = true\nwait = \"80s\"", authority_.file(),
                                web_.port()),
                    "deadline = \"90s\"")
            .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true", exchanger_->port()))
            .section("delivery.dns", fmt::format("servers = [\"{}\"]\ntimeout = \"5s\"", names_.address()));
        const trusting anchor{authority_};
        gateway_ = std::make_unique<server>(what, place_.path());
    }
    /// Accepted by the gateway.
    void given(const std::string& recipient, const std::string& content = "Subject: hi\r\n\r\nhello\r\n")
    {
        smtp_peer peer{gateway_->port()};
        EXPECT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<a@sender.test>").code, 250);
        EXPECT_EQ(peer.says("RCPT TO:<" + recipient + ">").code, 250);
        EXPECT_EQ(peer.says("DATA").code, 354);
        EXPECT_TRUE(peer.sends(content + ".\r\n"));
        EXPECT_EQ(peer.reply().code, 250) << gateway_->log();
    }
    [[nodiscard]] std::string tells(std::vector<std::string> words) const
    {
        words.insert(words.begin(), {"plugin", "tell", "tls-report"});
        const auto done = gateway_->command(std::move(words));
        return done.output + done.errors;
    }
    /// Sessions that the gateway told the plugin of.
    [[nodiscard]] std::int64_t sessions(const std::string& result) const
    {
        const auto text = gateway_->command({"status", "--metrics"}).output;
        const auto line = fmt::format("plugin_tls_report_sessions_total{{plugin=\"tls-report\",result=\"{}\"}} ", result);
        const auto at = text.find(line);
        return at == text.npos ? -1 : std::stoll(text.substr(at + line.size()));
    }
    /// The JSON in a mail, by another program's reading.
    [[nodiscard]] std::string json_in(const std::string& mail) const
    {
        place_.write("mail", mail);
        const auto done = run(start_options{
            .command = {"/usr/bin/python3", "-c",
                        "import email, gzip, json\n"
                        "mail = email.message_from_binary_file(open('mail', 'rb'))\n"
                        "assert mail.get_content_type() == 'multipart/report' and mail.get_param('report-type') == 'tlsrpt'\n"
                        "part = [p for p in mail.walk() if p.get_content_type() == 'application/tlsrpt+gzip'][0]\n"
                        "assert part.get_filename().startswith('gateway.test!') and part.get_filename().endswith('.json.gz')\n"
                        "print(json.dumps(json.loads(gzip.decompress(part.get_payload(decode=True)))))\n"},
            .folder = place_.path()});
        EXPECT_EQ(done.status, (exit_status{0, 0})) << done.errors << mail;
        return done.output;
    }
    /// What dkimpy says of it, with the record that the plugin says to publish.
    [[nodiscard]] std::string verified(const std::string& mail) const
    {
        place_.write("mail", mail);
        place_.write("records", tells({"records"}));
        const auto done = run(start_options{
            .command = {"/usr/bin/python3", "-c",
                        "import dkim\n"
                        "line = [l for l in open('records') if l.startswith('s1._domainkey.gateway.test. IN TXT ')][0]\n"
                        "record = ''.join(line.split('\"')[1::2]).encode()\n"
                        "dns = lambda name, timeout=5: record if name == b's1._domainkey.gateway.test.' else None\n"
                        "print(dkim.verify(open('mail', 'rb').read(), dnsfunc=dns, tlsrpt='strict'))\n"},
            .folder = place_.path()});
        EXPECT_EQ(done.status, (exit_status{0, 0})) << done.errors;
        return done.output;
    }
    /// The mails of a kind that came through the exchanger.
    [[nodiscard]] std::vector<std::string> arrived(std::string_view part)
    {
        std::vector<std::string> all;
        for (const auto& each : last_.arrived())
            if (each.content.find(part) != std::string::npos)
                all.push_back(each.content);
        return all;
    }
    [[nodiscard]] static std::string summary(std::int64_t good, std::int64_t bad)
    {
        return fmt::format(R"("summary": {{"total-successful-session-count": {}, "total-failure-session-count": {}}})", good,
                           bad);
    }

    std::mutex mutex_;
    std::map<std::pair<std::string, std::uint16_t>, dns_said> zone_;
    dns_peer names_{[this](const std::string& name, std::uint16_t type) {
        const std::lock_guard lock{mutex_};
        const auto found = zone_.find({name, type});
        return found == zone_.end() ? dns_said{} : found->second;
    }};
    test_authority authority_;
    policy_host web_{authority_, "mta-sts.good.test,DNS:mta-sts.bad.test"};
    report_host reports_{authority_, "reports.bad.test"};
    next_hop last_;
    temporary_folder exchanger_place_;
    temporary_folder place_;
    std::unique_ptr<server> exchanger_;
    std::unique_ptr<server> gateway_;
};

TEST_F(two_domains_with_policies, are_told_by_mail_and_by_https_what_came_of_tls)
{
    starts();
    for (int i = 0; i < 3; ++i) {
        given("u@good.test");
        ASSERT_TRUE(last_.wait_for(static_cast<std::size_t>(i) + 1)) << gateway_->log();
    }
    given("u@bad.test");
    ASSERT_TRUE(gateway_->logs("deferred", {"u@bad.test"})) << gateway_->log();
    const auto good = sessions("ok");
    const auto bad = sessions("certificate-host-mismatch");
    EXPECT_GE(good, 1); // one, where a connection was used again
    EXPECT_EQ(bad, 1);

    EXPECT_EQ(tells({"send"}), "sent 3, put off 0, dropped 0\n") << gateway_->log();
    ASSERT_THAT(reports_.posts(), SizeIs(1)) << gateway_->log();
    EXPECT_THAT(reports_.posts()[0],
                AllOf(StartsWith("POST /tlsrpt application/tlsrpt+gzip {"), HasSubstr(R"("policy-type": "sts")"),
                      HasSubstr(R"("policy-domain": "bad.test")"), HasSubstr("version: STSv1"), HasSubstr(summary(0, bad)),
                      HasSubstr(R"("result-type": "certificate-host-mismatch")"),
                      HasSubstr(R"("receiving-mx-hostname": "mx.bad.test")"), HasSubstr(R"("receiving-ip": "127.0.0.1")"),
                      HasSubstr(fmt::format(R"("failed-session-count": {})", bad))));

    // Though nothing else reaches bad.test. RFC 8460 3
    ASSERT_TRUE(last_.wait_for(5)) << gateway_->log();
    const auto of_good = arrived("TLS-Report-Domain: good.test\r\n");
    const auto of_bad = arrived("TLS-Report-Domain: bad.test\r\n");
    ASSERT_THAT(of_good, SizeIs(1));
    ASSERT_THAT(of_bad, SizeIs(1));
    EXPECT_THAT(json_in(of_good[0]), AllOf(HasSubstr(summary(good, 0)), HasSubstr(R"("policy-domain": "good.test")"),
                                           HasSubstr(R"("organization-name": "gateway.test")")));
    EXPECT_THAT(json_in(of_bad[0]), HasSubstr(summary(0, bad)));
    EXPECT_THAT(verified(of_good[0]), HasSubstr("True"));
    EXPECT_THAT(of_good[0], HasSubstr("TLS-Required: No\r\n"));
    EXPECT_EQ(last_.arrived().back().sender, "tlsrpt@gateway.test");

    // Sessions of reports are in no report; and nobody is told again, also after a restart.
    EXPECT_EQ(tells({"show"}), "nothing waits to be reported\n");
    starts();
    EXPECT_EQ(tells({"send"}), "sent 0, put off 0, dropped 0\n");
    EXPECT_THAT(reports_.posts(), SizeIs(1));
}

TEST_F(two_domains_with_policies, are_told_of_what_was_counted_before_a_restart_and_when_the_web_server_is_back)
{
    starts();
    given("u@bad.test");
    ASSERT_TRUE(gateway_->logs("deferred", {"u@bad.test"})) << gateway_->log();
    EXPECT_EQ(gateway_->stop().code, 0);
    reports_.answers("503 Busy");
    starts();
    EXPECT_THAT(tells({"show"}), HasSubstr("bad.test successful=0 failed="));
    EXPECT_THAT(tells({"send"}), StartsWith("sent 1, put off 1")) << gateway_->log();
    EXPECT_TRUE(gateway_->logs("name=report_failed", {"cause=\"the web server says 503\""})) << gateway_->log();
    reports_.answers("200 OK");
    EXPECT_THAT(tells({"send"}), StartsWith("sent 1, put off 0")) << gateway_->log();
    ASSERT_THAT(reports_.posts(), SizeIs(2));
    EXPECT_EQ(reports_.posts()[0], reports_.posts()[1]) << "it is the same report";
    ASSERT_TRUE(last_.wait_for(1)) << gateway_->log();
    EXPECT_THAT(arrived("TLS-Report-Domain: bad.test\r\n"), SizeIs(1)) << "and who had it already gets it no second time";
}

TEST_F(two_domains_with_policies, are_read_when_they_report_themselves)
{
    starts();
    given("u@good.test");
    ASSERT_TRUE(last_.wait_for(1)) << gateway_->log();
    EXPECT_EQ(tells({"send"}), "sent 1, put off 0, dropped 0\n") << gateway_->log();
    ASSERT_TRUE(last_.wait_for(2)) << gateway_->log();
    const auto report = arrived("TLS-Report-Domain: good.test\r\n");
    ASSERT_THAT(report, SizeIs(1));
    given("u@good.test", report[0]);
    EXPECT_TRUE(
        gateway_->logs("name=report_received", {"organization=gateway.test", "domain=good.test", "policy=sts", "failed=0"}))
        << gateway_->log();
    EXPECT_THAT(tells({"received"}), HasSubstr("sender.test reports=1 successful=1 failed=0"));
    given("u@good.test", "Content-Type: application/tlsrpt+gzip\r\n\r\nno gzip\r\n");
    EXPECT_TRUE(gateway_->logs("name=report_not_read", {"no gzip"})) << gateway_->log();
    ASSERT_TRUE(last_.wait_for(4)) << "it is delivered all the same";
}

} // namespace
} // namespace postern::test
