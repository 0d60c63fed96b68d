// What `postern check` wants to have in the domain name system: lines that a reader of zone files takes, by ldns.
// STANDARDS: RFC 1035 5.1, RFC 7672 3.1.1, RFC 8460 3, RFC 8461 3.1, RFC 6376 3.6.1.

#include "tests/support/server.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/test_authority.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr std::string_view heading = "\nrecords to publish:\n\n";

class records_to_publish : public ::testing::Test {
protected:
    void SetUp() override { make_certificate(place_.path()); }
    [[nodiscard]] outcome check(const configuration& what) const
    {
        const auto file = place_.write("postern.toml", what.text());
        return run({postern_program().string(), "check", "--config", file.string()});
    }
    /// What is behind the heading; empty: there is none.
    [[nodiscard]] std::string records_of(const configuration& what) const
    {
        const auto done = check(what);
        EXPECT_EQ(done.status, success) << done.errors;
        const auto at = done.output.find(heading);
        return at == done.output.npos ? std::string{} : done.output.substr(at + heading.size());
    }
    /// As another program reads them, in that zone.
    [[nodiscard]] std::string as_read(const std::string& records, std::string_view zone = "example.test") const
    {
        place_.write("zone",
                     fmt::format("$TTL 300\n{0}. IN SOA ns.{0}. hostmaster.{0}. 1 3600 600 86400 300\n{1}", zone, records));
        const auto done = run({"ldns-read-zone", (place_ / "zone").string()});
        EXPECT_EQ(done.status, success) << done.errors << records;
        return done.output;
    }
    [[nodiscard]] static configuration plain() { return configuration::relay("127.0.0.1:25"); }

    temporary_folder place_;
};

TEST_F(records_to_publish, are_not_spoken_of_where_there_are_none)
{
    const auto done = check(plain());
    EXPECT_EQ(done.status, success) << done.errors;
    EXPECT_THAT(done.output, EndsWith("postern.toml: good\n"));
    EXPECT_THAT(done.output, Not(HasSubstr("records")));
    // Plugins that only look at others' records want none of ours.
    auto what = plain();
    what.plugin("dane", "dane").plugin("mta-sts", "mta-sts").section("delivery.dns", "servers = [\"127.0.0.1:5353\"]");
    EXPECT_THAT(records_of(what), IsEmpty());
}

TEST_F(records_to_publish, are_what_plugins_say_and_a_zone_takes_them)
{
    const auto key = (place_ / "dkim.pem").string();
    const auto made = run({"openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key});
    ASSERT_EQ(made.status, success) << made.errors;
    auto what = plain();
    what.plugin("reports", "tls-report",
                fmt::format("from = \"tlsrpt@example.test\"\ndkim_key = \"{}\"\ndkim_selector = \"s1\"\n"
                            "receive = [\"tlsrpt@example.test\"]",
                            key),
                "may = [\"submit\", \"accept\"]")
        .plugin("mta-sts", "mta-sts",
                "own_domains = [\"example.test\"]\nown_mx = [\"mx.example.test\"]\nown_web_host = \"www.example.test\"");
    const auto records = records_of(what);
    EXPECT_THAT(records, AllOf(HasSubstr("; plugin reports\n"), HasSubstr("; plugin mta-sts\n")));
    EXPECT_THAT(as_read(records),
                AllOf(HasSubstr("_smtp._tls.example.test.\t300\tIN\tTXT\t\"v=TLSRPTv1; rua=mailto:tlsrpt@example.test\"\n"),
                      HasSubstr("s1._domainkey.example.test.\t300\tIN\tTXT\t\"v=DKIM1; k=rsa; s=tlsrpt; p="),
                      HasSubstr("_mta-sts.example.test.\t300\tIN\tTXT\t\"v=STSv1; id="),
                      HasSubstr("mta-sts.example.test.\t300\tIN\tCNAME\twww.example.test.\n")));
}

TEST_F(records_to_publish, have_another_id_for_another_policy) // RFC 8461 3.1
{
    const auto id_of = [this](const std::string& mx) {
        auto what = plain();
        what.plugin("mta-sts", "mta-sts", "own_domains = [\"example.test\"]\nown_mx = [\"" + mx + "\"]");
        const auto records = records_of(what);
        const auto at = records.find("; id=");
        return at == records.npos ? std::string{} : records.substr(at, records.find('"', at) - at);
    };
    const auto one = id_of("mx.example.test");
    EXPECT_FALSE(one.empty());
    EXPECT_EQ(one, id_of("mx.example.test"));
    EXPECT_NE(one, id_of("mx2.example.test"));
}

TEST_F(records_to_publish, are_those_of_the_keys_of_certificates_where_starttls_is_offered) // RFC 7672 3.1.1
{
    const test_authority authority;
    temporary_folder other;
    authority.issue("mx.example.org", place_.path());
    authority.issue("mx2.example.org", other.path());
    const auto port = unused_port();
    configuration what;
    what.listener("in", {"relay-domains"}, "starttls")
        .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
        .section("delivery", "relay = \"127.0.0.1:25\"");
    auto text = what.text();
    EXPECT_THAT(records_of(configuration::of_text(text)), IsEmpty()) << "a port that the system chooses has no record";
    const auto at = text.find("127.0.0.1:0");
    ASSERT_NE(at, text.npos) << text;
    text.replace(at, std::string_view{"127.0.0.1:0"}.size(), fmt::format("127.0.0.1:{}", port));
    text += fmt::format("\n[[tls.certificate]]\ncert = \"{0}/cert.pem\"\nkey = \"{0}/key.pem\"\nnames = [\"mx2.example.org\"]\n",
                        other.path().string());
    const auto read = as_read(records_of(configuration::of_text(text)), "example.org");
    EXPECT_THAT(read, HasSubstr(fmt::format("_{}._tcp.mx.example.org.\t300\tIN\tTLSA\t3 1 1 {}", port,
                                            key_digest_of(place_ / "cert.pem"))));
    EXPECT_THAT(read, HasSubstr(fmt::format("_{}._tcp.mx2.example.org.\t300\tIN\tTLSA\t3 1 1 {}", port,
                                            key_digest_of(other / "cert.pem"))));
}

TEST_F(records_to_publish, are_none_of_a_configuration_with_a_mistake)
{
    auto what = plain();
    what.plugin("mta-sts", "mta-sts", "own_domains = [\"example.test\"]");
    const auto done = check(what);
    EXPECT_EQ(done.status, (exit_status{1, 0}));
    EXPECT_THAT(done.errors, AllOf(HasSubstr("postern.toml:"), HasSubstr("own_mx")));
    EXPECT_THAT(done.output, IsEmpty());
}

} // namespace
} // namespace postern::test
