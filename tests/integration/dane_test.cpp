// DANE between whole servers: a signed zone with TLSA records, a gateway that validates, and the domain's mail exchanger.
// STANDARDS: RFC 7672.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/signed_name_server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/test_authority.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

/// The mail exchanger of example.test is a server of ours, or whatever listens at `port_`.
class a_signed_domain : public ::testing::Test {
protected:
    [[nodiscard]] configuration exchanger_configuration() const
    {
        configuration what;
        what.listener("in", {"relay-domains"}, "starttls")
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
            .section("delivery", fmt::format("relay = \"{}\"", last_.address()));
        return what;
    }
    /// Whether the message came through the exchanger, and to that under TLS.
    [[nodiscard]] bool arrives_by_tls()
    {
        return last_.wait_for(1) && last_.arrived().front().content.find(" with ESMTPS ") != std::string::npos;
    }
    /// "3 1 1 DIGEST".
    [[nodiscard]] std::string record(std::string_view content) const
    {
        return fmt::format("_{}._tcp.mx TLSA {}\n", port_, content);
    }
    /// A gateway to which that was known of the domain, and which accepted one message for it.
    void given(const std::string& tlsa, bool has_wrong_anchor = false)
    {
        zone_ = std::make_unique<signed_name_server>(hosts_ + tlsa);
        configuration what;
        what.listener("in", {"relay-domains", "dane"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
            .plugin("dane", "dane")
            .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true", port_))
            .section("delivery.dns", fmt::format("servers = [\"{}\"]\ntrust_anchor = \"{}\"\ntimeout = \"5s\"", zone_->address(),
                                                 has_wrong_anchor ? zone_->wrong_trust_anchor() : zone_->trust_anchor()));
        gateway_ = std::make_unique<server>(what);
        smtp_peer peer{gateway_->port()};
        EXPECT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<>").code, 250);
        EXPECT_EQ(peer.says("RCPT TO:<u@example.test>").code, 250);
        EXPECT_EQ(peer.says("DATA").code, 354);
        EXPECT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
        EXPECT_EQ(peer.reply().code, 250) << gateway_->log();
    }

    next_hop last_;
    server exchanger_{exchanger_configuration()};
    std::uint16_t port_ = exchanger_.port();
    std::string hosts_ = "@ MX 10 mx\nmx A 127.0.0.1\n";
    std::unique_ptr<signed_name_server> zone_;
    std::unique_ptr<server> gateway_;
};

TEST_F(a_signed_domain, gets_its_mail_from_who_finds_the_key_that_its_record_names)
{
    given(record("3 1 1 " + key_digest_of(exchanger_.folder() / "cert.pem")));
    EXPECT_TRUE(gateway_->logs("delivered", {"next_hop=example.test"})) << gateway_->log();
    EXPECT_TRUE(arrives_by_tls()) << exchanger_.log();
}

// RFC 7672 2.2.2: no permission is needed for the name where that leads.
TEST_F(a_signed_domain, gets_its_mail_at_an_alias_by_the_records_where_that_leads)
{
    hosts_ = "@ MX 10 alias\nalias CNAME mx\nmx A 127.0.0.1\n";
    given(record("3 1 1 " + key_digest_of(exchanger_.folder() / "cert.pem")));
    EXPECT_TRUE(gateway_->logs("delivered", {"next_hop=example.test"})) << gateway_->log();
    EXPECT_TRUE(arrives_by_tls()) << exchanger_.log();
}

TEST_F(a_signed_domain, gets_its_mail_while_it_changes_keys) // RFC 7671 8
{
    given(record("3 1 1 " + std::string(64, '0')) + record("3 1 1 " + key_digest_of(exchanger_.folder() / "cert.pem")));
    EXPECT_TRUE(arrives_by_tls()) << gateway_->log();
}

TEST_F(a_signed_domain, gets_nothing_from_who_finds_another_key)
{
    given(record("3 1 1 " + std::string(64, '0')));
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS handshake failed"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
}

TEST_F(a_signed_domain, gets_nothing_in_clear)
{
    next_hop in_clear;
    port_ = in_clear.port();
    given(record("3 1 1 " + std::string(64, '0')));
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS is required"})) << gateway_->log();
    EXPECT_EQ(in_clear.count(), 0U);
}

TEST_F(a_signed_domain, with_no_record_of_use_gets_its_mail_encrypted_and_no_other_way) // RFC 7672 2.2
{
    given(record("1 1 1 " + std::string(64, '0')));
    EXPECT_TRUE(arrives_by_tls()) << gateway_->log();
    next_hop in_clear;
    port_ = in_clear.port();
    given(record("1 1 1 " + std::string(64, '0')));
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS is required"})) << gateway_->log();
    EXPECT_EQ(in_clear.count(), 0U);
}

TEST_F(a_signed_domain, without_records_gets_its_mail_by_any_way)
{
    next_hop in_clear;
    port_ = in_clear.port();
    given("");
    EXPECT_TRUE(in_clear.wait_for(1)) << gateway_->log();
}

TEST_F(a_signed_domain, whose_signatures_are_not_good_gets_nothing)
{
    given(record("3 1 1 " + key_digest_of(exchanger_.folder() / "cert.pem")), true);
    EXPECT_TRUE(gateway_->logs("deferred", {"cannot be looked up now"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
}

} // namespace
} // namespace postern::test
