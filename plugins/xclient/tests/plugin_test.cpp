#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

class xclient : public testing::Test {
protected:
    void SetUp() override
    {
        host_.list("networks", {"192.0.2.0/28"});
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(xclient, is_offered_to_proxies_and_believed_of_them)
{
    EXPECT_THAT(session_.ehlo().offers, ElementsAre("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"));
    const answer said = session_.verb("XCLIENT", "ADDR=203.0.113.9 PORT=4711 HELO=real.example LOGIN=alice");
    EXPECT_EQ(said.then(), POSTERN_THEN_RESTART);
    EXPECT_EQ(session_.who.address, "203.0.113.9");
    EXPECT_EQ(session_.who.port, 4711u);
    EXPECT_EQ(session_.who.identity, "alice");
    EXPECT_THAT(session_.ehlo().offers, IsEmpty()) << "the client is no proxy";
}

TEST_F(xclient, is_taken_before_ehlo)
{
    EXPECT_EQ(session_.verb("XCLIENT", "ADDR=203.0.113.9").then(), POSTERN_THEN_RESTART);
}

TEST_F(xclient, of_anybody_else_is_550_and_changes_nothing)
{
    session_.who.address = "192.0.2.16";
    EXPECT_THAT(session_.ehlo().offers, IsEmpty());
    EXPECT_EQ(session_.verb("XCLIENT", "ADDR=203.0.113.9").smtp_code, 550u);
    EXPECT_EQ(session_.verb("XCLIENT", "nonsense").smtp_code, 550u);
    EXPECT_EQ(session_.who.address, "192.0.2.16");
}

TEST_F(xclient, is_believed_once)
{
    static_cast<void>(session_.verb("XCLIENT", "ADDR=203.0.113.9"));
    EXPECT_EQ(session_.verb("XCLIENT", "ADDR=192.0.2.1").smtp_code, 550u);
    EXPECT_EQ(session_.who.address, "203.0.113.9");
}

TEST_F(xclient, that_cannot_be_read_is_501_and_changes_nothing)
{
    const answer said = session_.verb("XCLIENT", "ADDR=203.0.113.9 SHOE=43");
    EXPECT_EQ(said.smtp_code, 501u);
    EXPECT_EQ(said.enhanced, "5.5.4");
    EXPECT_EQ(session_.who.address, "192.0.2.1");
}

TEST_F(xclient, is_out_of_sequence_in_a_transaction)
{
    static_cast<void>(session_.ehlo());
    static_cast<void>(session_.mail("a@client.example"));
    EXPECT_EQ(session_.verb("XCLIENT", "ADDR=203.0.113.9").smtp_code, 503u);
}

TEST(xclient_options, that_believe_nobody_or_everybody_are_refused)
{
    for (const auto& [network, text] : {std::pair{"0.0.0.0/0", "holds all of IPv4 or all of IPv6: anybody could be anybody"},
                                        std::pair{"proxy.example", "\"proxy.example\" is no IP address or network"}}) {
        fake_host host{postern_plugin_v1};
        host.list("networks", {network});
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        EXPECT_THAT(host.refusals(), ElementsAre(Pair("networks", text)));
    }
    fake_host host{postern_plugin_v1};
    host.list("networks", {});
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
}

} // namespace
