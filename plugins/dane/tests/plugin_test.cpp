#include "certificates.hpp"

#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

using namespace postern::testing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

[[nodiscard]] std::string octets_of(char usage, char selector, char matching, const std::string& data)
{
    return std::string{usage, selector, matching} + data;
}

const std::string digest(32, '\x01'); // NOLINT(cert-err58-cpp)

class a_host : public testing::Test {
protected:
    a_host()
    {
        delivery_.next_hop = "example.org";
        delivery_.host_name = delivery_.tls_name = "mx.example.org";
        delivery_.is_by_mx = delivery_.is_mx_secure = delivery_.is_address_secure = true;
        delivery_.to = {"u@example.org"};
    }
    void SetUp() override { ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty()); }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    dns_reply& has_records(const std::string& name, const std::vector<std::string>& all)
    {
        std::vector<dns_row> rows;
        for (const auto& each : all)
            rows.push_back({"", each, 0});
        auto& reply = host_.dns.records(name, POSTERN_DNS_TLSA, rows);
        reply.flags = POSTERN_DNS_SECURE;
        return reply;
    }
    answer asked()
    {
        if (!std::exchange(is_created_, true)) {
            EXPECT_EQ(host_.create(), POSTERN_PASS);
        }
        return delivery_.finish(delivery_.tls_policy());
    }

    fake_host host_{postern_plugin_v1};
    fake_delivery delivery_{host_};
    bool is_created_ = false;
};

TEST_F(a_host, with_signed_records_gets_mail_over_tls_with_such_a_certificate_alone)
{
    has_records("_25._tcp.mx.example.org", {octets_of(3, 1, 1, digest), octets_of(1, 1, 1, digest)});
    const answer said = asked();
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_DANE);
    EXPECT_EQ(said.out.name, "mx.example.org");
    EXPECT_THAT(said.out.names, ElementsAre("example.org")) << "RFC 7672 3.2.3";
    EXPECT_THAT(said.out.records, ElementsAre(tlsa{3, 1, 1, digest})) << "what cannot be used is left out";
    EXPECT_EQ(said.out.policy_type, "tlsa");
    EXPECT_EQ(said.out.policy_domain, "mx.example.org") << "RFC 8460 1.1";
    EXPECT_THAT(said.out.policy_strings, ElementsAre(HasSubstr("3 1 1 0101"), HasSubstr("1 1 1 0101")));
}

TEST_F(a_host, without_records_is_left_alone)
{
    EXPECT_TRUE(asked().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
}

TEST_F(a_host, whose_records_nobody_signed_is_left_alone)
{
    has_records("_25._tcp.mx.example.org", {octets_of(3, 1, 1, digest)}).flags = 0;
    EXPECT_TRUE(asked().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
}

TEST_F(a_host, that_is_a_unix_socket_is_not_asked_about)
{
    delivery_.next_hop = "lmtp:unix:/run/lmtp";
    delivery_.host_name = delivery_.tls_name = "/run/lmtp";
    delivery_.is_by_mx = delivery_.is_mx_secure = delivery_.is_address_secure = false;
    EXPECT_TRUE(asked().proceeds());
    EXPECT_THAT(host_.dns.asked(), IsEmpty());
}

// RFC 7672 2.2.1: an address has no zone that could be signed, and no name below which records could stand.
TEST_F(a_host, that_is_given_by_address_is_not_asked_about)
{
    for (const auto* address : {"127.0.0.1", "2001:db8::1"}) {
        delivery_.next_hop = std::string{"["} + address + "]:2525";
        delivery_.host_name = delivery_.tls_name = address;
        delivery_.is_by_mx = delivery_.is_mx_secure = delivery_.is_address_secure = false;
        EXPECT_TRUE(asked().proceeds()) << address;
        EXPECT_THAT(host_.dns.asked(), IsEmpty()) << address;
    }
}

// RFC 7672 2.2.1, 2.2.2
TEST_F(a_host, that_was_found_without_dnssec_is_not_even_asked_about)
{
    has_records("_25._tcp.mx.example.org", {octets_of(3, 1, 1, digest)});
    delivery_.is_mx_secure = false;
    EXPECT_TRUE(asked().proceeds());
    delivery_.is_mx_secure = true;
    delivery_.is_address_secure = false;
    EXPECT_TRUE(asked().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    EXPECT_THAT(host_.dns.asked(), IsEmpty());
}

// RFC 7672 2.2
TEST_F(a_host, none_of_whose_records_can_be_used_gets_mail_over_tls_whoever_is_there)
{
    has_records("_25._tcp.mx.example.org", {octets_of(1, 1, 1, digest), octets_of(3, 1, 1, "short"), "x"});
    const answer said = asked();
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_REQUIRED);
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_TLSA_INVALID);
    delivery_.tls = POSTERN_TLS_VERIFIED;
    EXPECT_TRUE(asked().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED) << "no less than held before";
}

TEST_F(a_host, with_a_certificate_that_is_none_or_too_long_has_no_records_of_use)
{
    has_records("_25._tcp.mx.example.org",
                {octets_of(3, 0, 0, "\xde\xad\xbe\xef"), octets_of(3, 0, 0, dane::test::certificate(8193)),
                 octets_of(3, 0, 0, std::string(60'000, 'x'))});
    EXPECT_TRUE(asked().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_REQUIRED);
    has_records("_25._tcp.mx.example.org", {octets_of(3, 0, 0, std::string(8193, 'x')), octets_of(3, 1, 1, digest),
                                            octets_of(3, 0, 0, dane::test::certificate())});
    const answer said = asked();
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_DANE);
    EXPECT_THAT(said.out.records, ElementsAre(tlsa{3, 1, 1, digest}, tlsa{3, 0, 0, dane::test::certificate()}));
}

TEST_F(a_host, of_a_domain_that_wants_dane_gets_nothing_by_a_certificate_that_is_none)
{
    host_.list("required", {"example.org"});
    has_records("_25._tcp.mx.example.org", {octets_of(3, 0, 0, "\xde\xad\xbe\xef")});
    EXPECT_TRUE(asked().defers());
}

// RFC 7672 2.1.1: whoever can suppress the answer must not get the mail for it.
TEST_F(a_host, whose_records_cannot_be_looked_up_is_left_out)
{
    for (const auto status : {POSTERN_DNS_SERVFAIL, POSTERN_DNS_TIMEOUT, POSTERN_DNS_REFUSED}) {
        host_.dns.fails("_25._tcp.mx.example.org", POSTERN_DNS_TLSA, status).flags =
            status == POSTERN_DNS_SERVFAIL ? POSTERN_DNS_BOGUS : 0;
        const answer said = asked();
        EXPECT_TRUE(said.defers());
        EXPECT_TRUE(said.out.next_host);
        EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_DNSSEC_INVALID);
        EXPECT_THAT(said.text, HasSubstr("TLSA records of mx.example.org"));
    }
}

// RFC 7671 7
TEST_F(a_host, with_an_alias_has_its_records_looked_up_where_that_leads_first)
{
    delivery_.canonical = "real.example.net";
    has_records("_25._tcp.real.example.net", {octets_of(3, 1, 1, digest)});
    has_records("_25._tcp.mx.example.org", {octets_of(3, 0, 1, digest)});
    EXPECT_EQ(asked().out.name, "real.example.net");
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_DANE);
}

// RFC 7672 2.2.2
TEST_F(a_host, whose_alias_is_signed_and_its_addresses_are_not_has_the_records_of_its_own_name)
{
    delivery_.canonical = "real.example.net";
    delivery_.is_address_secure = false;
    has_records("_25._tcp.real.example.net", {octets_of(3, 1, 1, digest)});
    has_records("_25._tcp.mx.example.org", {octets_of(3, 0, 1, digest)});
    EXPECT_TRUE(asked().proceeds()) << "nobody signed the alias";
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    host_.dns.records("mx.example.org", POSTERN_DNS_CNAME, {{"real.example.net", "", 0}}).flags = POSTERN_DNS_SECURE;
    const answer said = asked();
    EXPECT_EQ(said.out.name, "mx.example.org");
    EXPECT_THAT(said.out.records, ElementsAre(tlsa{3, 0, 1, digest}));
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_DANE);
    host_.dns.fails("mx.example.org", POSTERN_DNS_CNAME, POSTERN_DNS_SERVFAIL);
    EXPECT_TRUE(asked().defers());
    delivery_.is_mx_secure = false;
    EXPECT_TRUE(asked().proceeds()) << "who names the alias has to be vouched for too";
}

TEST_F(a_host, with_an_alias_that_leads_to_no_records_has_those_of_its_own_name)
{
    delivery_.canonical = "real.example.net";
    has_records("_25._tcp.mx.example.org", {octets_of(2, 0, 1, digest)});
    const answer said = asked();
    EXPECT_EQ(said.out.name, "mx.example.org");
    EXPECT_THAT(said.out.records, ElementsAre(tlsa{2, 0, 1, digest}));
}

TEST_F(a_host, that_the_configuration_names_is_asked_about_when_its_addresses_are_signed)
{
    delivery_.is_by_mx = delivery_.is_mx_secure = delivery_.is_address_secure = false;
    delivery_.next_hop = "mx.example.org:2525";
    delivery_.port = 2525;
    has_records("_2525._tcp.mx.example.org", {octets_of(3, 1, 1, digest)});
    host_.dns.a("mx.example.org", {"192.0.2.1"});
    EXPECT_TRUE(asked().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    host_.dns.a("mx.example.org", {"192.0.2.1"}).flags = POSTERN_DNS_SECURE;
    EXPECT_EQ(asked().out.policy_domain, "mx.example.org");
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_DANE);
}

// RFC 8460 1.1, RFC 7672 2.2.3
TEST_F(a_host, is_reported_by_the_name_that_its_records_were_found_under)
{
    delivery_.canonical = "mx.example.net";
    has_records("_25._tcp.mx.example.net", {octets_of(1, 1, 1, digest)});
    const answer said = asked();
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_TLSA_INVALID);
    EXPECT_EQ(said.out.policy_domain, "mx.example.net");
    EXPECT_EQ(said.text, "none of the TLSA records of mx.example.net can be used");
}

// RFC 7672 2.1.1: opportunistic TLS to an address that nobody vouches for would be what a forger wants.
TEST_F(a_host, that_the_configuration_names_is_left_out_while_its_addresses_cannot_be_told)
{
    delivery_.is_by_mx = delivery_.is_mx_secure = delivery_.is_address_secure = false;
    delivery_.next_hop = "mx.example.org:25";
    has_records("_25._tcp.mx.example.org", {octets_of(3, 1, 1, digest)});
    const auto is_left_out = [this](const char* text) {
        const answer said = asked();
        return said.defers() && said.out.next_host && said.out.finding == POSTERN_TLS_RESULT_DNSSEC_INVALID &&
               said.text.find(text) != std::string::npos;
    };
    host_.dns.fails("mx.example.org", POSTERN_DNS_A, POSTERN_DNS_SERVFAIL).flags = POSTERN_DNS_BOGUS;
    host_.dns.fails("mx.example.org", POSTERN_DNS_AAAA, POSTERN_DNS_TIMEOUT);
    EXPECT_TRUE(is_left_out("the addresses of mx.example.org cannot be looked up: scripted"));
    host_.dns.aaaa("mx.example.org", {});
    EXPECT_TRUE(is_left_out("DNSSEC contradicts the addresses of mx.example.org")) << "NODATA for the other";
    host_.dns.a("mx.example.org", {});
    host_.dns.fails("mx.example.org", POSTERN_DNS_AAAA, POSTERN_DNS_REFUSED);
    EXPECT_TRUE(is_left_out("the addresses of mx.example.org cannot be looked up"));
    host_.dns.a("mx.example.org", {"192.0.2.1"}).flags = POSTERN_DNS_SECURE;
    EXPECT_TRUE(is_left_out("the addresses of mx.example.org cannot be looked up"));
    host_.dns.a("mx.example.org", {"192.0.2.1"});
    EXPECT_TRUE(asked().proceeds()) << "a zone that nobody signs has no DANE, whatever else is wrong with it";
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
}

TEST_F(a_host, that_the_configuration_names_may_be_an_alias)
{
    delivery_.is_by_mx = delivery_.is_mx_secure = delivery_.is_address_secure = false;
    delivery_.next_hop = "mx.example.org:25";
    auto& addresses = host_.dns.a("mx.example.org", {"192.0.2.1"});
    addresses.flags = POSTERN_DNS_SECURE;
    addresses.canonical = "real.example.net";
    has_records("_25._tcp.real.example.net", {octets_of(3, 1, 1, digest)});
    EXPECT_TRUE(asked().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_DANE);
    EXPECT_EQ(delivery_.tls_name, "real.example.net");
}

TEST_F(a_host, that_the_configuration_names_can_be_left_alone)
{
    host_.option("relays", false);
    delivery_.is_by_mx = false;
    EXPECT_TRUE(asked().proceeds());
    EXPECT_THAT(host_.dns.asked(), IsEmpty());
}

TEST_F(a_host, of_a_domain_that_wants_dane_gets_nothing_without_it)
{
    host_.list("required", {"Example.org"});
    const answer said = asked();
    EXPECT_TRUE(said.defers());
    EXPECT_TRUE(said.out.next_host);
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_DANE_REQUIRED);
    has_records("_25._tcp.mx.example.org", {octets_of(3, 1, 1, "short")});
    EXPECT_TRUE(asked().defers()) << "records that cannot be used are none";
    has_records("_25._tcp.mx.example.org", {octets_of(3, 1, 1, digest)});
    EXPECT_TRUE(asked().proceeds());
}

TEST_F(a_host, with_more_records_than_a_policy_holds_has_the_first_of_them)
{
    has_records("_25._tcp.mx.example.org", std::vector<std::string>(1000, octets_of(3, 1, 1, digest)));
    const answer said = asked();
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(said.out.records.size(), 100u);
}

} // namespace
