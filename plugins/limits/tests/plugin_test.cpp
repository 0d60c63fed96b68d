#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

TEST(limits, are_said_and_kept)
{
    fake_host host{postern_plugin_v1};
    host.option("mail_max", 2);
    host.option("rcpt_max", 100);
    host.option("rcpt_domain_max", 1);
    ASSERT_THAT(use_manifest(host, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_THAT(session.ehlo().offers, ElementsAre("LIMITS MAILMAX=2 RCPTMAX=100 RCPTDOMAINMAX=1"));

    EXPECT_TRUE(session.mail("a@client.example").proceeds());
    EXPECT_TRUE(session.rcpt("b@mx.example").proceeds());
    EXPECT_EQ(session.rcpt("b@other.example").smtp_code, 452u);
    session.to.assign(100, "b@mx.example"); // so many were vouched for
    EXPECT_EQ(session.rcpt("c@mx.example").enhanced, "4.5.3");
    session.to.pop_back();
    EXPECT_TRUE(session.rcpt("c@mx.example").proceeds());

    EXPECT_TRUE(session.mail("a@client.example").proceeds());
    const answer third = session.mail("a@client.example");
    EXPECT_EQ(third.verdict, POSTERN_DISCONNECT);
    EXPECT_EQ(third.smtp_code, 421u);

    fake_session other{host, 2};
    EXPECT_TRUE(other.mail("a@client.example").proceeds());
    EXPECT_TRUE(other.rcpt("b@other.example").proceeds());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(limits, that_are_none_or_out_of_range_are_refused_at_start)
{
    fake_host none{postern_plugin_v1};
    ASSERT_THAT(use_manifest(none, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    EXPECT_EQ(none.create(), POSTERN_E_INVALID);
    EXPECT_THAT(none.refusals(),
                ElementsAre(Pair("mail_max", "is 0, as are rcpt_max and rcpt_domain_max: there is no limit to say")));

    for (const auto& [key, number, text] :
         {std::tuple{"rcpt_max", 99, "is 0, or 100 to 999999"}, std::tuple{"mail_max", 1'000'000, "is 0, or 1 to 999999"}}) {
        fake_host host{postern_plugin_v1};
        host.option(key, number);
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        EXPECT_THAT(host.refusals(), ElementsAre(Pair(key, text)));
    }
}

} // namespace
