#include <postern/kit/date_time.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

namespace {

using std::chrono::seconds;

std::int64_t now()
{
    return std::chrono::floor<seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

class future_release : public testing::Test {
protected:
    void SetUp() override
    {
        host_.list("networks", {"192.0.2.0/24"});
        host_.option("most", std::chrono::hours{1});
        host_.option("expire", std::chrono::hours{10});
        host_.option("warn", std::chrono::hours{2});
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        ASSERT_THAT(session_.ehlo().offers, ElementsAre(StartsWith("FUTURERELEASE 3600 2")));
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(future_release, is_offered_to_those_who_submit_and_unknown_to_others)
{
    fake_session stranger{host_, 2};
    stranger.who.address = "198.51.100.1";
    EXPECT_THAT(stranger.ehlo().offers, IsEmpty());
    EXPECT_EQ(stranger.mail("a@client.example", {{"HOLDFOR", "60"}}).smtp_code, 555u);
    stranger.who.identity = "alice";
    EXPECT_THAT(stranger.ehlo().offers, ElementsAre(StartsWith("FUTURERELEASE 3600 ")));
    EXPECT_TRUE(stranger.mail("a@client.example", {{"HOLDFOR", "60"}}).proceeds());
}

TEST_F(future_release, holds_a_message_for_an_interval_and_gives_it_its_time_afterwards)
{
    const auto before = now();
    const answer said = session_.mail("a@client.example", {{"HOLDFOR", "600"}});
    const auto after = now();
    ASSERT_EQ(said.edits.size(), 3u);
    const auto release = std::stoll(said.edits[0].value);
    EXPECT_EQ(said.edits[0].op, POSTERN_EDIT_RELEASE_AT);
    EXPECT_GE(release, before + 600);
    EXPECT_LE(release, after + 600);
    EXPECT_EQ(said.edits[1], (edit{POSTERN_EDIT_EXPIRE_AT, 0, "", std::to_string(release + 36'000)}));
    EXPECT_EQ(said.edits[2], (edit{POSTERN_EDIT_WARN_AT, 0, "", std::to_string(release + 7'200)}));
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"HOLDFOR", "600", POSTERN_RELAY_NEVER}));
}

TEST_F(future_release, holds_a_message_until_a_time_and_leaves_an_end_of_its_own_alone)
{
    const postern::kit::seconds_since_1970 until{seconds{now() + 1800}};
    const answer said = session_.mail("a@client.example", {{"HOLDUNTIL", postern::kit::to_date_time(until)}, {"BY", "7200;R"}});
    EXPECT_THAT(said.edits, ElementsAre(edit{POSTERN_EDIT_RELEASE_AT, 0, "", std::to_string(until.time_since_epoch().count())}));
}

TEST_F(future_release, refuses_what_is_wrong_or_too_far_ahead)
{
    for (const parameters& bad :
         {parameters{{"HOLDFOR", "3601"}}, parameters{{"HOLDFOR", "soon"}}, parameters{{"HOLDUNTIL", "2999-01-01T00:00:00Z"}},
          parameters{{"HOLDUNTIL", "60"}}, parameters{{"HOLDFOR", "0"}}, parameters{{"HOLDFOR", "61"}, {"BY", "60;R"}},
          parameters{{"HOLDFOR", "60"}, {"HOLDUNTIL", "2999-01-01T00:00:00Z"}}}) {
        const answer said = session_.mail("a@client.example", bad);
        EXPECT_EQ(said.smtp_code, 501u) << bad.front().first << *bad.front().second;
        EXPECT_EQ(said.enhanced, "5.5.4");
    }
}

TEST_F(future_release, says_nothing_of_other_mail)
{
    EXPECT_EQ(session_.mail("a@client.example").came, answer::how::passed);
}

TEST(future_release_with_a_wrong_option, is_refused_at_start)
{
    fake_host host{postern_plugin_v1};
    host.option("most", seconds{0});
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("most", "is 1s to 999999999s")));
}

} // namespace
