#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

class etrn : public testing::Test {
protected:
    void SetUp() override
    {
        host_.list("domains", {"example.com", "*.example.com"});
        host_.table("queues", {{"all", "example.com *.example.com"}});
        host_.list("networks", {"192.0.2.0/24"});
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        ASSERT_THAT(session_.ehlo().offers, ElementsAre("ETRN"));
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(etrn, starts_the_queue_for_what_it_names)
{
    const answer said = session_.verb("ETRN", "Example.COM");
    EXPECT_EQ(said.smtp_code, 250u);
    EXPECT_THAT(said.lines(), ElementsAre("OK, queuing for node Example.COM started"));
    EXPECT_EQ(session_.verb("ETRN", "@example.com").smtp_code, 250u);
    EXPECT_EQ(session_.verb("ETRN", "#all").smtp_code, 250u);
    EXPECT_THAT(host_.started(), ElementsAre("example.com", ".example.com", "example.com", ".example.com"));
}

TEST_F(etrn, of_what_is_not_listed_is_459)
{
    const answer said = session_.verb("ETRN", "example.net");
    EXPECT_EQ(said.smtp_code, 459u);
    EXPECT_EQ(said.enhanced, "4.7.1");
    EXPECT_THAT(host_.started(), IsEmpty());
}

TEST_F(etrn, without_a_name_is_501)
{
    EXPECT_EQ(session_.verb("ETRN").smtp_code, 501u);
    EXPECT_EQ(session_.verb("ETRN", "two words").smtp_code, 501u);
}

TEST_F(etrn, of_a_stranger_is_530)
{
    session_.who.address = "203.0.113.1";
    EXPECT_EQ(session_.verb("ETRN", "example.com").smtp_code, 530u);
    session_.who.identity = "alice";
    EXPECT_EQ(session_.verb("ETRN", "example.com").smtp_code, 250u);
}

TEST_F(etrn, is_458_while_the_queue_takes_no_wishes)
{
    for (const postern_status no : {POSTERN_E_AGAIN, POSTERN_E_DENIED}) {
        host_.spool_says = no;
        const answer said = session_.verb("ETRN", "example.com");
        EXPECT_EQ(said.smtp_code, 458u);
        EXPECT_TRUE(said.defers());
    }
}

TEST(etrn_of_a_server_without_a_queue, cannot_be_made)
{
    fake_host host{postern_plugin_v1};
    host.list("domains", {"example.com"});
    host.missing.insert("postern.spool/1");
    EXPECT_LT(host.create(), 0);
}

TEST(etrn_for_nothing, is_refused_at_start)
{
    fake_host host{postern_plugin_v1};
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("domains", "is empty, as is queues: nothing could be asked for")));
}

} // namespace
