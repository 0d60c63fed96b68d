#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

using std::chrono::seconds;

std::int64_t now()
{
    return std::chrono::floor<seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

class deliver_by : public testing::Test {
protected:
    void SetUp() override
    {
        host_.option("least", seconds{60});
        host_.option("most", std::chrono::hours{1});
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        ASSERT_THAT(session_.ehlo().offers, ElementsAre("DELIVERBY 60"));
    }
    answer asks(const char* by) { return session_.mail("a@client.example", {{"BY", by}}); }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(deliver_by, that_is_to_be_returned_ends_then_and_is_required_of_next_hops)
{
    const auto before = now();
    EXPECT_TRUE(asks("600;R").proceeds());
    ASSERT_EQ(session_.parameter_edits.size(), 1u);
    EXPECT_EQ(session_.parameter_edits[0].op, POSTERN_EDIT_EXPIRE_AT);
    EXPECT_GE(std::stoll(session_.parameter_edits[0].value), before + 600);
    EXPECT_LE(std::stoll(session_.parameter_edits[0].value), now() + 600);
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"BY", "600;R", POSTERN_RELAY_REQUIRED}));
}

TEST_F(deliver_by, that_is_to_be_told_is_warned_about_and_its_relay_to_the_unknowing_reported)
{
    EXPECT_TRUE(asks("600;N").proceeds());
    ASSERT_EQ(session_.parameter_edits.size(), 2u);
    EXPECT_EQ(session_.parameter_edits[0].op, POSTERN_EDIT_WARN_AT);
    EXPECT_EQ(session_.parameter_edits[1], (edit{POSTERN_EDIT_REPORT_RELAY, 0, "DELIVERBY", ""}));
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"BY", "600;N", POSTERN_RELAY_OPTIONAL}));
}

TEST_F(deliver_by, that_is_over_was_told_by_somebody_else)
{
    EXPECT_TRUE(asks("-5;N").proceeds());
    EXPECT_THAT(session_.parameter_edits, ElementsAre(edit{POSTERN_EDIT_REPORT_RELAY, 0, "DELIVERBY", ""}));
}

TEST_F(deliver_by, with_a_trace_has_each_relay_reported)
{
    EXPECT_TRUE(asks("-5;NT").proceeds());
    EXPECT_THAT(session_.parameter_edits, ElementsAre(edit{POSTERN_EDIT_REPORT_RELAY, 0, "", ""}));
}

TEST_F(deliver_by, longer_than_the_queue_keeps_a_message_ends_with_that)
{
    EXPECT_TRUE(asks("3601;R").proceeds());
    EXPECT_THAT(session_.parameter_edits, IsEmpty());
}

TEST_F(deliver_by, shorter_than_announced_is_555_where_it_would_be_returned) // RFC 2852 4
{
    EXPECT_EQ(asks("59;R").smtp_code, 555u);
    EXPECT_TRUE(asks("60;R").proceeds());
    EXPECT_TRUE(asks("59;N").proceeds());
}

TEST_F(deliver_by, that_is_none_is_a_syntax_error)
{
    for (const char* bad : {"", "60", "0;R", "x;N", "60;X"})
        EXPECT_EQ(asks(bad).smtp_code, 501u) << bad;
}

TEST_F(deliver_by, is_said_to_next_hops_as_what_is_left) // RFC 2852 4
{
    fake_delivery delivery{host_};
    delivery.offers = {{"DELIVERBY", "30"}};
    delivery.received_s = static_cast<std::uint64_t>(now()) - 1000;
    delivery.params = {{"BY", "1600;RT", std::nullopt, POSTERN_RELAY_REQUIRED}};
    EXPECT_TRUE(delivery.client_params().proceeds());
    const std::string said = delivery.params.at(0).value.value_or("");
    EXPECT_TRUE(said == "600;RT" || said == "599;RT" || said == "598;RT") << said;
    EXPECT_EQ(delivery.params.at(0).relay, POSTERN_RELAY_REQUIRED);
    delivery.params = {{"BY", "1000;N", std::nullopt, POSTERN_RELAY_OPTIONAL}};
    EXPECT_TRUE(delivery.client_params().proceeds());
    const std::string late = delivery.params.at(0).value.value_or("");
    EXPECT_TRUE(late == "0;N" || late == "-1;N" || late == "-2;N") << late;
}

TEST_F(deliver_by, fails_where_the_next_hop_would_not_take_what_is_left)
{
    fake_delivery delivery{host_};
    delivery.received_s = static_cast<std::uint64_t>(now()) - 1000;
    delivery.params = {{"BY", "1600;R", std::nullopt, POSTERN_RELAY_REQUIRED}};
    delivery.offers = {{"DELIVERBY", "700"}};
    const answer said = delivery.client_params();
    EXPECT_TRUE(said.rejects());
    EXPECT_EQ(said.enhanced, "5.4.7");
    delivery.params = {{"BY", "900;R", std::nullopt, POSTERN_RELAY_REQUIRED}};
    delivery.offers = {{"DELIVERBY", ""}};
    EXPECT_TRUE(delivery.client_params().rejects());
}

TEST(deliver_by_options, out_of_range_are_refused_at_start)
{
    fake_host host{postern_plugin_v1};
    host.option("most", seconds{0});
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("most", "is 1s to 999999999s")));
}

} // namespace
