#include "core/host/config_tls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Five lines, then `listener`, then [tls] with a certificate and `tls`.
std::string text_of(std::string_view listener, std::string_view tls)
{
    return "hostname = \"mx.example.org\"\ndata_dir = \"data\"\n[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\n" +
           std::string{listener} + "[tls]\ncert = \"c.pem\"\nkey = \"k.pem\"\n" + std::string{tls};
}

std::vector<std::string> complaints_about(std::string_view listener, std::string_view tls = {})
{
    problems found;
    const auto read = read_config_text(text_of(listener, tls), "/etc/p.toml", found);
    EXPECT_EQ(read.has_value(), found.empty());
    std::vector<std::string> out;
    for (const auto& each : found)
        out.push_back(each.text());
    return out;
}

config good(std::string_view listener, std::string_view tls = {})
{
    problems found;
    auto read = read_config_text(text_of(listener, tls), "/etc/p.toml", found);
    for (const auto& each : found)
        ADD_FAILURE() << each.text();
    return read ? std::move(*read) : config{};
}

TEST(tls, has_usual_rules)
{
    const auto read = good("").tls.value();
    EXPECT_EQ(read.standard.cert, "/etc/c.pem");
    EXPECT_EQ(read.standard.ocsp, "");
    EXPECT_THAT(read.named, IsEmpty());
    EXPECT_THAT(read.groups, ElementsAre("X25519MLKEM768", "X25519", "P-256"));
    EXPECT_EQ(read.lowest, io::tls_version::v1_2);
    EXPECT_EQ(read.clients, io::client_certificates::none);
}

TEST(tls, may_have_other_rules)
{
    const auto read = good("", "ocsp = \"o.der\"\ngroups = [\"P-384\", \"X448\"]\nciphers = \"ECDHE+AESGCM\"\n"
                               "minimum_version = \"1.3\"\nclient_ca = \"/ca.pem\"\nclient_certificates = \"request\"\n")
                          .tls.value();
    EXPECT_EQ(read.standard.ocsp, "/etc/o.der");
    EXPECT_THAT(read.groups, ElementsAre("P-384", "X448"));
    EXPECT_EQ(read.ciphers, "ECDHE+AESGCM");
    EXPECT_EQ(read.lowest, io::tls_version::v1_3);
    EXPECT_EQ(read.clients, io::client_certificates::request);
    EXPECT_EQ(read.client_ca, "/ca.pem");
}

TEST(tls, has_certificates_by_name)
{
    const auto read =
        good("", "[[tls.certificate]]\nnames = [\"A.example\", \"*.b.example\"]\ncert = \"a.pem\"\nkey = \"ak.pem\"\n"
                 "[[tls.certificate]]\nnames = [\"b.example\"]\ncert = \"b.pem\"\nkey = \"bk.pem\"\nocsp = \"b.der\"\n")
            .tls.value();
    ASSERT_EQ(read.named.size(), 2U);
    EXPECT_THAT(read.named[0].names, ElementsAre("a.example", "*.b.example"));
    EXPECT_EQ(read.named[0].key, "/etc/ak.pem");
    EXPECT_EQ(read.named[1].ocsp, "/etc/b.der");
    EXPECT_EQ(read.named[1].where.line, 13U);
}

TEST(tls, has_no_name_twice_and_no_certificate_without_one)
{
    constexpr std::string_view files = "cert = \"a.pem\"\nkey = \"ak.pem\"\n";
    const auto with = [&](std::string_view names) {
        return complaints_about("", "[[tls.certificate]]\n" + std::string{files} +
                                        "names = [\"a.example\"]\n[[tls.certificate]]\n" + std::string{files} +
                                        std::string{names});
    };
    EXPECT_THAT(with("names = [\"A.example\"]\n"),
                ElementsAre(HasSubstr(":16: tls.certificate.names: \"A.example\" has a certificate already")));
    EXPECT_THAT(with("names = []\n"), ElementsAre(HasSubstr(":16: tls.certificate.names: must have at least one")));
    EXPECT_THAT(with(""), ElementsAre(HasSubstr(":13: tls.certificate.names: must have at least one")));
    for (const std::string wrong : {"a.*.example", "*", "*.", "*a.example", "", "a b", "**.example"})
        EXPECT_THAT(with("names = [\"" + wrong + "\"]\n"),
                    ElementsAre(HasSubstr(":16: tls.certificate.names: \"" + wrong + "\" is neither")))
            << wrong;
    EXPECT_THAT(complaints_about("", "[[tls.certificate]]\nnames = [\"a.example\"]\n"),
                ElementsAre(HasSubstr(":9: tls.certificate.cert: is missing"), HasSubstr(":9: tls.certificate.key: is missing")));
}

TEST(tls, has_rules_that_are_known)
{
    EXPECT_THAT(complaints_about("", "groups = [\"X25519\", \"x25519\"]\n"),
                ElementsAre(HasSubstr(":9: tls.groups: \"x25519\" is not one of \"X25519MLKEM768\"")));
    EXPECT_THAT(complaints_about("", "groups = []\n"), ElementsAre(HasSubstr(":9: tls.groups: must have at least one")));
    EXPECT_THAT(complaints_about("", "minimum_version = \"1.1\"\n"),
                ElementsAre(HasSubstr("\"1.1\" is not one of \"1.2\" or \"1.3\"")));
    EXPECT_THAT(complaints_about("", "client_certificates = \"require\"\n"),
                ElementsAre(HasSubstr(":9: tls.client_certificates: needs client_ca")));
}

TEST(a_listener, may_have_a_rule_of_its_own_for_client_certificates)
{
    constexpr std::string_view ca = "client_ca = \"ca.pem\"\n";
    EXPECT_EQ(good("tls = \"starttls\"\n").listeners[0].clients, std::nullopt);
    EXPECT_EQ(good("tls = \"implicit\"\nclient_certificates = \"require\"\n", ca).listeners[0].clients,
              io::client_certificates::require);
    EXPECT_EQ(good("client_certificates = \"none\"\n").listeners[0].clients, io::client_certificates::none);
    EXPECT_THAT(complaints_about("tls = \"starttls\"\nclient_certificates = \"request\"\n"),
                ElementsAre(HasSubstr(":7: listener.client_certificates: needs client_ca in [tls]")));
    EXPECT_THAT(complaints_about("client_certificates = \"request\"\n", ca),
                ElementsAre(HasSubstr(":6: listener.client_certificates: needs TLS")));
}

TEST(a_listener, believes_proxies_of_networks_that_are_named)
{
    EXPECT_FALSE(good("").listeners[0].proxy_protocol);
    const auto read = good("proxy_protocol = true\nproxy_networks = [\"127.0.0.1/32\", \"2001:db8::/32\"]\n").listeners[0];
    EXPECT_TRUE(read.proxy_protocol);
    ASSERT_EQ(read.proxies.size(), 2U);
    EXPECT_TRUE(read.proxies[0].contains(*base::ip_address::from_text("127.0.0.1")));
    EXPECT_THAT(complaints_about("proxy_protocol = true\n"),
                ElementsAre(HasSubstr(":6: listener.proxy_protocol: needs proxy_networks")));
    EXPECT_THAT(complaints_about("proxy_protocol = true\nproxy_networks = []\n"),
                ElementsAre(HasSubstr("listener.proxy_networks: needs proxy_networks")));
    EXPECT_THAT(complaints_about("proxy_protocol = true\nproxy_networks = [\"10.0.0.1/8\", \"localhost\"]\n"),
                ElementsAre(HasSubstr(":7: listener.proxy_networks: \"10.0.0.1/8\" has bits set behind its prefix"),
                            HasSubstr(":7: listener.proxy_networks: \"localhost\" is no IP address")));
    EXPECT_THAT(complaints_about("proxy_networks = [\"10.0.0.0/8\"]\n"),
                ElementsAre(HasSubstr(":6: listener.proxy_networks: means nothing without")));
}

TEST(a_listener, at_a_unix_socket_believes_whoever_may_open_it)
{
    constexpr std::string_view local = "[[listener]]\nname = \"b\"\naddress = \"unix:s\"\nproxy_protocol = true\n";
    EXPECT_TRUE(good(local).listeners[1].proxy_protocol);
    EXPECT_THAT(complaints_about(std::string{local} + "proxy_networks = [\"10.0.0.0/8\"]\n"),
                ElementsAre(HasSubstr(":10: listener.proxy_networks: means nothing at a Unix socket")));
}

} // namespace
} // namespace postern::daemon
