#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

class mt_priority : public testing::Test {
protected:
    void begin()
    {
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        greeted_ = session_.ehlo();
    }
    answer asks_for(const char* priority) { return session_.mail("a@client.example", {{"MT-PRIORITY", priority}}); }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
    answer greeted_;
};

TEST_F(mt_priority, is_offered_alone_or_with_its_profile)
{
    begin();
    EXPECT_THAT(greeted_.offers, ElementsAre("MT-PRIORITY"));
    fake_host other{postern_plugin_v1};
    other.option("profile", "STANAG4406");
    ASSERT_EQ(other.create(), POSTERN_PASS);
    EXPECT_THAT(fake_session{other}.ehlo().offers, ElementsAre("MT-PRIORITY STANAG4406"));
}

TEST_F(mt_priority, sets_the_messages_priority_and_keeps_it_for_next_hops)
{
    begin();
    EXPECT_TRUE(asks_for("-3").proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"MT-PRIORITY", "-3", POSTERN_RELAY_OPTIONAL}));
}

TEST_F(mt_priority, of_somebody_else_is_lowered_and_told)
{
    host_.option("most", 2);
    begin();
    EXPECT_TRUE(asks_for("7").proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"MT-PRIORITY", "2", POSTERN_RELAY_OPTIONAL}));
    EXPECT_THAT(session_.parameter_edits,
                ElementsAre(edit{POSTERN_EDIT_PRIORITY_SET, 0, "", "2"},
                            edit{POSTERN_EDIT_ACCEPTED_SET, 0, "2.3.6", "2 is the new priority assigned to the message"}));
}

TEST_F(mt_priority, between_two_levels_is_treated_as_the_higher_and_told_as_it_is) // RFC 6710 4.2, 5
{
    host_.option("profile", "STANAG4406");
    host_.option("most", 9);
    begin();
    EXPECT_TRUE(asks_for("3").proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"MT-PRIORITY", "3", POSTERN_RELAY_OPTIONAL}));
    EXPECT_THAT(session_.parameter_edits, ElementsAre(edit{POSTERN_EDIT_PRIORITY_SET, 0, "", "4"}));
    EXPECT_TRUE(asks_for("-9").proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"MT-PRIORITY", "-9", POSTERN_RELAY_OPTIONAL}));
    EXPECT_THAT(session_.parameter_edits, ElementsAre(edit{POSTERN_EDIT_PRIORITY_SET, 0, "", "-4"}));
}

TEST_F(mt_priority, of_a_trusted_network_or_a_user_is_kept_and_nothing_is_told)
{
    host_.list("networks", {"192.0.2.0/24"});
    begin();
    session_.who.address = "192.0.2.9";
    EXPECT_TRUE(asks_for("9").proceeds());
    EXPECT_THAT(session_.parameter_edits, ElementsAre(edit{POSTERN_EDIT_PRIORITY_SET, 0, "", "9"}));
    session_.who.address = "198.51.100.9";
    session_.who.identity = "alice";
    EXPECT_TRUE(asks_for("8").proceeds());
    EXPECT_THAT(session_.parameter_edits, ElementsAre(edit{POSTERN_EDIT_PRIORITY_SET, 0, "", "8"}));
}

TEST_F(mt_priority, that_is_none_is_a_syntax_error)
{
    begin();
    for (const char* bad : {"10", "+1", "x", "-0"}) {
        const answer said = asks_for(bad);
        EXPECT_EQ(said.smtp_code, 501u) << bad;
        EXPECT_EQ(said.enhanced, "5.5.2") << bad;
    }
    EXPECT_EQ(session_.mail("a@client.example", {{"MT-PRIORITY", std::nullopt}}).smtp_code, 501u);
}

TEST_F(mt_priority, below_the_least_is_put_off) // RFC 6710 4.1
{
    host_.option("least", 1);
    host_.option("most", 9);
    begin();
    EXPECT_TRUE(asks_for("1").proceeds());
    for (const answer& said : {asks_for("0"), session_.mail("a@client.example")}) {
        EXPECT_TRUE(said.defers());
        EXPECT_EQ(said.smtp_code, 450u);
        EXPECT_EQ(said.enhanced, "4.7.15");
    }
}

TEST(mt_priority_with_a_wrong_option, is_refused_at_start)
{
    fake_host host{postern_plugin_v1};
    host.option("profile", "NATO");
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("profile", "\"NATO\" is \"MIXER\", \"STANAG4406\", \"NSEP\" or empty")));
}

} // namespace
