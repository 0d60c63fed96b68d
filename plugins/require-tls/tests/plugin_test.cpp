#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

class require_tls_plugin : public testing::Test {
protected:
    void begin(bool has_tls)
    {
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        host_.may({"tls"});
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        session_.who.has_tls = has_tls;
        greeted_ = session_.ehlo();
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
    answer greeted_;
};

// RFC 8689 2
TEST_F(require_tls_plugin, offers_its_keyword_inside_tls_only)
{
    begin(false);
    EXPECT_THAT(greeted_.offers, IsEmpty());
    session_.who.has_tls = true;
    EXPECT_THAT(session_.ehlo().offers, ElementsAre("REQUIRETLS"));
}

TEST_F(require_tls_plugin, keeps_the_wish_for_next_hops_that_have_to_know_it)
{
    begin(true);
    EXPECT_TRUE(session_.mail("a@client.example", {{"REQUIRETLS", std::nullopt}}).proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"REQUIRETLS", std::nullopt, POSTERN_RELAY_REQUIRED}));
    EXPECT_EQ(session_.mail("a@client.example", {{"REQUIRETLS", "1"}}).smtp_code, 501u);
}

TEST_F(require_tls_plugin, demands_a_certificate_for_such_a_message)
{
    begin(true);
    fake_delivery delivery{host_};
    delivery.params = {{"REQUIRETLS", std::nullopt, std::nullopt, POSTERN_RELAY_REQUIRED}};
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(delivery.tls_name, "mx.example.com") << "whoever knew a better name keeps it";
}

TEST_F(require_tls_plugin, leaves_other_messages_alone)
{
    begin(true);
    EXPECT_THAT(session_.headers({{"Subject", "hi"}, {"TLS-Required", "Yes"}}).edits, IsEmpty());
    fake_delivery delivery{host_};
    delivery.tls = POSTERN_TLS_REQUIRED;
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_REQUIRED);
}

// RFC 8689 3
TEST_F(require_tls_plugin, lets_the_header_field_waive_what_domains_ask_for)
{
    begin(false);
    EXPECT_THAT(session_.headers({{"Subject", "hi"}, {"tls-required", " no"}}).edits,
                ElementsAre(edit{POSTERN_EDIT_PARAM_SET, POSTERN_OF_MAIL, "XTLSWAIVED", ""}));
    fake_delivery delivery{host_};
    delivery.params = {{"XTLSWAIVED", std::nullopt, std::nullopt, POSTERN_RELAY_NEVER}};
    delivery.tls = POSTERN_TLS_VERIFIED;
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_OPPORTUNISTIC);
    delivery.configured = POSTERN_TLS_REQUIRED;
    delivery.tls = POSTERN_TLS_VERIFIED;
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_REQUIRED) << "what the operator wants of all";
}

// RFC 8689 4.1
TEST_F(require_tls_plugin, believes_the_parameter_rather_than_the_header_field)
{
    begin(true);
    fake_delivery delivery{host_};
    delivery.params = {{"XTLSWAIVED", std::nullopt, std::nullopt, POSTERN_RELAY_NEVER},
                       {"REQUIRETLS", std::nullopt, std::nullopt, POSTERN_RELAY_REQUIRED}};
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_VERIFIED);
}

TEST_F(require_tls_plugin, need_not_read_the_header_section)
{
    host_.option("header_field", false);
    begin(false);
    EXPECT_THAT(session_.headers({{"TLS-Required", "No"}}).edits, IsEmpty());
}

} // namespace
