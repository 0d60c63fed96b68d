// Name servers of domains that lie about what policies and reports stand on: records of MTA-STS and TLS reports, addresses of web
// servers, TLSA records; and about mail exchangers. Mail goes its way, a policy that is known stays in force, and the server goes
// on. STANDARDS: RFC 1035 4.1, 4.2, RFC 8460 3, RFC 8461 3.1, 3.3, RFC 7672 2.1.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/policy_host.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/test_authority.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::HasSubstr;

constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_mx = 15;
constexpr std::uint16_t type_txt = 16;

[[nodiscard]] std::string txt_of(std::string_view text)
{
    return static_cast<char>(text.size()) + std::string{text};
}

/// How it lies, to a question about that name.
struct lie {
    std::string_view name;
    dns_said (*answer)(const std::string& name, std::uint16_t type);
};

constexpr lie lies[] = {
    {"silence",
     [](const std::string&, std::uint16_t) {
         return dns_said{0, {}, true};
     }},
    {"a_failure", [](const std::string&, std::uint16_t) { return dns_said{2}; }},
    {"noise",
     [](const std::string&, std::uint16_t) {
         return dns_said{0, {}, false, "\xff\xff\xff\xff and no word of it"};
     }},
    {"a_loop",
     [](const std::string& name, std::uint16_t) {
         const auto other = name.starts_with("loop.") ? name.substr(5) : "loop." + name;
         return dns_said{0, {{name, type_cname, dns_peer::wire(other)}}};
     }},
    {"an_endless_alias", // each name leads to another one
     [](const std::string& name, std::uint16_t) {
         static std::atomic<unsigned> last{0};
         return dns_said{0, {{name, type_cname, dns_peer::wire(fmt::format("x{}.example.test", last++))}}};
     }},
    {"a_compression_that_points_at_itself", // RFC 1035 4.1.4: header of one answer, and a name that is its own end
     [](const std::string&, std::uint16_t) {
         return dns_said{
             0,
             {},
             false,
             std::string{"\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x01\x00\x00", 22}};
     }},
    {"an_end_too_early", // one answer is announced, and none there
     [](const std::string&, std::uint16_t) {
         return dns_said{0, {}, false, std::string{"\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00", 10}};
     }},
    {"always_truncated", // RFC 1035 4.2.1, by TCP too
     [](const std::string&, std::uint16_t) {
         return dns_said{0, {}, false, std::string{"\x86\x00\x00\x00\x00\x00\x00\x00\x00\x00", 10}};
     }},
    {"octets_of_no_such_record",
     [](const std::string& name, std::uint16_t type) {
         return dns_said{0, {{name, type, "\xff"}}};
     }},
    {"records_of_another_type",
     [](const std::string& name, std::uint16_t type) {
         return dns_said{
             0, {{name, type == type_txt ? type_a : type_txt, type == type_txt ? "\x7f\1\1\1" : txt_of("v=STSv1; id=9;")}}};
     }},
    {"records_of_another_name",
     [](const std::string&, std::uint16_t type) {
         return dns_said{
             0, {{"elsewhere.example", type, type == type_txt ? txt_of("v=STSv1; id=9;") : std::string{"\x7f\0\0\1", 4}}}};
     }},
    {"a_huge_record",
     [](const std::string& name, std::uint16_t type) {
         std::string octets;
         for (int i = 0; i < 240; ++i)
             octets += txt_of(std::string(255, 'x'));
         return dns_said{0, {{name, type, octets}}};
     }},
    {"thousands_of_records",
     [](const std::string& name, std::uint16_t type) {
         dns_said all;
         for (unsigned i = 0; i < 2'000; ++i)
             all.records.push_back({name, type,
                                    type == type_txt ? txt_of("v=STSv1; id=" + std::to_string(i) + ";")
                                                     : std::string{"\x7f\1", 2} + dns_peer::two(i)});
         return all;
     }},
};

/// example.test, whose exchanger is on loopback and takes everything in clear, with a policy of MTA-STS and a wish for reports;
/// a gateway that keeps to policies, and reports.
class a_name_server : public ::testing::TestWithParam<lie> {
protected:
    [[nodiscard]] dns_said honest(const std::string& name, std::uint16_t type) const
    {
        if (type == type_a && (name == "mx.example.test" || name == "mta-sts.example.test" || name == "reports.example.test"))
            return {0, {{name, type, {"\x7f\0\0\1", 4}, 0}}};
        if (type == type_mx && name == "example.test")
            return {0, {{name, type, dns_peer::two(10) + dns_peer::wire("mx.example.test"), 0}}};
        if (type == type_txt && name == "_mta-sts.example.test")
            return {0, {{name, type, txt_of("v=STSv1; id=1;"), 0}}};
        if (type == type_txt && name == "_smtp._tls.example.test")
            return {0, {{name, type, txt_of("v=TLSRPTv1; rua=https://reports.example.test/"), 0}}};
        return {};
    }
    void starts()
    {
        configuration what;
        what.listener("in", {"relay-domains", "reports", "dane", "mta-sts"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.test\"]")
            .plugin("reports", "tls-report",
                    fmt::format("from = \"tlsrpt@gateway.test\"\nca_file = \"{}\"\nprivate_addresses = true\ntimeout = \"1s\"",
                                authority_.file()),
                    "may = [\"submit\", \"accept\"]")
            .plugin("dane", "dane")
            .plugin("mta-sts", "mta-sts",
                    fmt::format("ca_file = \"{}\"\nport = {}\nprivate_addresses = true\ntimeout = \"2s\"\nwait = \"20s\"",
                                authority_.file(), web_.port()),
                    "deadline = \"40s\"")
            .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true", last_.port()))
            .section("delivery.dns", fmt::format("servers = [\"{}\"]\ntimeout = \"1s\"", names_.address()));
        gateway_ = std::make_unique<server>(what);
    }
    void given()
    {
        smtp_peer peer{gateway_->port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.delivers("", {"u@example.test"}, "Subject: hi\r\n\r\nhello\r\n").code, 250) << gateway_->log();
    }
    [[nodiscard]] std::string tells(std::vector<std::string> words) const
    {
        words.insert(words.begin(), {"plugin", "tell"});
        const auto done = gateway_->command(std::move(words));
        return done.output + done.errors;
    }

    std::atomic<bool> lies_{false};
    dns_peer names_{[this](const std::string& name, std::uint16_t type) {
        const bool is_about_mail = type == type_mx || name == "mx.example.test";
        return lies_ && !is_about_mail ? GetParam().answer(name, type) : honest(name, type);
    }};
    test_authority authority_;
    policy_host web_{authority_, "mta-sts.example.test"};
    next_hop last_;
    std::unique_ptr<server> gateway_;
};

TEST_P(a_name_server, that_lies_about_policies_gives_none)
{
    lies_ = true;
    starts();
    given();
    EXPECT_TRUE(last_.wait_for(1)) << "RFC 8461 3.3: as if there were none: " << gateway_->log();
    EXPECT_THAT(tells({"reports", "send"}), HasSubstr("sent 0,")) << "and who wants reports cannot be told";
    EXPECT_EQ(gateway_->stop().code, 0);
}

TEST_P(a_name_server, that_lies_later_on_ends_no_policy) // RFC 8461 5.1
{
    starts();
    web_.publishes(sts_policy("enforce"));
    EXPECT_THAT(tells({"mta-sts", "refresh", "example.test"}), HasSubstr("mode=enforce id=1"));
    lies_ = true;
    EXPECT_THAT(tells({"mta-sts", "refresh", "example.test"}), HasSubstr("mode=enforce id=1")) << gateway_->log();
    given();
    EXPECT_TRUE(gateway_->logs("deferred", {"TLS is required"})) << gateway_->log();
    EXPECT_EQ(last_.count(), 0U);
    EXPECT_EQ(gateway_->stop().code, 0);
}

INSTANTIATE_TEST_SUITE_P(with, a_name_server, ::testing::ValuesIn(lies),
                         [](const auto& one) { return std::string{one.param.name}; });

} // namespace
} // namespace postern::test
