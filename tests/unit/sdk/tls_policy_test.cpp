// TLS policies of hosts, as a plugin in C++ says them and hears what came of them, on the fake host.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

using namespace postern::testing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class scripted {
public:
    explicit scripted(const postern::host&) {}
    postern::tls_reply on(const postern::tls_policy& event) { return policy(event); }
    void on(const postern::tls_result& event) { result(event); }

    static inline std::function<postern::tls_reply(const postern::tls_policy&)> policy;
    static inline std::function<void(const postern::tls_result&)> result;
};

constexpr postern_plugin table = postern::sdk::describe<scripted>("org.example.scripted", "1", "test");

class a_tls_policy : public ::testing::Test {
protected:
    a_tls_policy()
    {
        scripted::result = [](const auto&) {};
        EXPECT_EQ(host.create(), POSTERN_PASS);
    }

    fake_host host{table};
    fake_delivery delivery{host};
};

const postern::tlsa_record good{3, 1, 1, std::string(32, 'x')}; // NOLINT(cert-err58-cpp)

TEST_F(a_tls_policy, hears_how_the_host_was_found)
{
    delivery.canonical = "real.example.com";
    delivery.is_by_mx = delivery.is_mx_secure = true;
    scripted::policy = [](const postern::tls_policy& event) {
        EXPECT_EQ(event.host(), "mx.example.com");
        EXPECT_EQ(event.canonical(), "real.example.com");
        EXPECT_EQ(event.port(), 25u);
        EXPECT_TRUE(event.is_by_mx());
        EXPECT_TRUE(event.is_mx_secure());
        EXPECT_FALSE(event.is_address_secure());
        return postern::proceed();
    };
    EXPECT_EQ(delivery.tls_policy().came, answer::how::passed);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_tls_policy, demands_records_for_one_of_several_names)
{
    delivery.canonical = "real.example.com";
    delivery.is_by_mx = true;
    scripted::policy = [](const auto&) {
        return postern::use_dane({good}, "real.example.com").or_name("mx.example.com").by({"tlsa", "example.com", {"3 1 1"}, {}});
    };
    const answer said = delivery.tls_policy();
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_DANE);
    EXPECT_EQ(delivery.tls_name, "real.example.com");
    EXPECT_THAT(said.out.names, ElementsAre("mx.example.com"));
    EXPECT_THAT(said.out.records, ElementsAre(tlsa{3, 1, 1, good.data}));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_tls_policy, on_trial_counts_for_nothing_and_is_told)
{
    scripted::policy = [](const auto&) {
        return postern::tls_reply{postern::proceed()}
            .test()
            .by({"sts", "example.com", {"mode: testing"}, {"*.example.com"}})
            .found(postern::tls_finding::validation_failure);
    };
    const answer said = delivery.tls_policy();
    EXPECT_EQ(said.came, answer::how::answered);
    EXPECT_TRUE(said.proceeds());
    EXPECT_TRUE(said.out.is_tested);
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_VALIDATION_FAILURE);
    EXPECT_EQ(delivery.tls, POSTERN_TLS_OPPORTUNISTIC);
    bool is_told = false;
    scripted::result = [&](const postern::tls_result& event) {
        is_told = true;
        EXPECT_EQ(event.host(), "mx.example.com");
        EXPECT_EQ(event.address(), "192.0.2.25");
        EXPECT_EQ(event.source(), "198.51.100.1");
        EXPECT_EQ(event.policy_type(), "sts");
        EXPECT_EQ(event.policy_domain(), "example.com");
        EXPECT_EQ(event.policy_strings().size(), 1u);
        EXPECT_EQ(event.policy_hosts().size(), 1u);
        EXPECT_EQ(event.finding(), postern::tls_finding::certificate_expired);
        EXPECT_EQ(event.text(), "certificate has expired");
        EXPECT_FALSE(event.is_refused());
    };
    static_cast<void>(delivery.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED, "certificate has expired"));
    EXPECT_TRUE(is_told);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_tls_policy, leaves_a_host_out)
{
    scripted::policy = [](const auto&) {
        return postern::tls_reply{postern::defer(451, "4.7.5", "not this one")}.try_next_host();
    };
    const answer said = delivery.tls_policy();
    EXPECT_TRUE(said.defers());
    EXPECT_TRUE(said.out.next_host);
    EXPECT_THROW((void)postern::tls_reply{postern::proceed()}.try_next_host(), std::invalid_argument);
}

TEST_F(a_tls_policy, throws_what_no_host_would_take)
{
    EXPECT_THROW((void)postern::use_dane({}), std::invalid_argument);
    auto verified = postern::use_tls(postern::tls_need::verified);
    EXPECT_THROW(verified.or_record(good), std::invalid_argument);
    EXPECT_THROW((void)postern::use_dane({{3, 0, 0, std::string(8193, 'x')}}), std::invalid_argument);
    EXPECT_THROW((void)postern::use_dane(std::vector<postern::tlsa_record>(101, good)), std::invalid_argument);
    EXPECT_THROW((void)postern::use_dane({good}).or_name("no name"), std::invalid_argument);
    auto many = postern::use_dane({good});
    for (int i = 0; i < 10; ++i)
        many.or_name("mx.example.com");
    EXPECT_THROW(many.or_name("mx.example.com"), std::invalid_argument);
}

TEST_F(a_tls_policy, for_less_than_holds_takes_a_grant)
{
    delivery.tls = POSTERN_TLS_DANE;
    scripted::policy = [](const auto&) { return postern::use_dane({good}); };
    EXPECT_EQ(delivery.tls_policy().came, answer::how::failed) << "also where the test grants nothing in particular";
    host.may({});
    EXPECT_EQ(delivery.tls_policy().came, answer::how::failed);
    EXPECT_THAT(host.complaints(), ElementsAre(HasSubstr("a weaker TLS policy is not granted"), HasSubstr("is not granted")));
    host.may({"tls"});
    EXPECT_TRUE(delivery.tls_policy().proceeds());
}

// As a server has it: an_outgoing_transaction of core's tests.
TEST_F(a_tls_policy, with_records_is_for_names_of_the_host_alone)
{
    delivery.canonical = "real.example.com";
    delivery.next_hop = "example.com";
    delivery.is_by_mx = true;
    delivery.tls = POSTERN_TLS_VERIFIED;
    scripted::policy = [](const auto&) { return postern::use_dane({good}, "real.example.com").or_name("example.com"); };
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    for (const auto before : {POSTERN_TLS_OPPORTUNISTIC, POSTERN_TLS_VERIFIED}) {
        delivery.tls = before;
        delivery.tls_name = "mx.example.com";
        scripted::policy = [](const auto&) { return postern::use_dane({good}, "evil.example"); };
        EXPECT_TRUE(delivery.tls_policy().is_failed());
        scripted::policy = [](const auto&) { return postern::use_tls(postern::tls_need::verified, "real.example.com"); };
        EXPECT_TRUE(delivery.tls_policy().is_failed()) << "no record vouches for it";
    }
    scripted::policy = [](const auto&) { return postern::use_dane({good}).or_name("evil.example"); };
    EXPECT_TRUE(delivery.tls_policy().is_failed());
    EXPECT_EQ(host.complaints().size(), 5u);
    delivery.is_by_mx = false;
    delivery.tls = POSTERN_TLS_OPPORTUNISTIC;
    scripted::policy = [](const auto&) { return postern::use_dane({good}, "elsewhere.example.com"); };
    EXPECT_TRUE(delivery.tls_policy().proceeds()) << "where it leads only the plugin knows";
}

} // namespace
