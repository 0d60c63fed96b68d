#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

using namespace postern::testing;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class rules_for_replies : public testing::Test {
protected:
    void start(const std::vector<std::pair<std::string, std::string>>& rules)
    {
        host_.table("rules", rules);
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS) << (host_.refusals().empty() ? "" : host_.refusals()[0].second);
    }
    std::string refusal(const std::vector<std::pair<std::string, std::string>>& rules)
    {
        host_.table("rules", rules);
        EXPECT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        EXPECT_EQ(host_.create(), POSTERN_E_INVALID);
        return host_.refusals().empty() ? "" : host_.refusals()[0].second;
    }
    answer hears(std::uint32_t code, std::string_view text, std::string_view enhanced = {})
    {
        fake_delivery delivery{host_};
        delivery.next_hop = "mx.example.net:25";
        return delivery.delivery_reply(code, enhanced, text);
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
};

TEST_F(rules_for_replies, defer_what_was_refused_and_let_the_next_hop_alone)
{
    start({{"blocked", "code=550 then=defer rest=1h text=/blocked/"}});
    const answer said = hears(550, "you are blocked");
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.shape.wait_ms, 3'600'000u);
    EXPECT_THAT(said.text, HasSubstr("blocked"));
    EXPECT_EQ(hears(550, "no such user").came, answer::how::passed);
}

TEST_F(rules_for_replies, fail_what_was_deferred)
{
    start({{"never", "code=450 then=fail"}});
    EXPECT_TRUE(hears(450, "for ever").rejects());
}

TEST_F(rules_for_replies, let_the_next_hop_alone_without_another_word)
{
    start({{"tired", "code=421 rest"}, {"worse", "code=422 suspend"}});
    const answer rests = hears(421, "too much");
    EXPECT_TRUE(rests.proceeds());
    EXPECT_EQ(rests.shape.wait_ms, 900'000u);
    EXPECT_EQ(rests.text, "by the rule \"tired\"");
    EXPECT_EQ(hears(422, "too much").shape.wait_ms, 86'400'000u);
}

TEST_F(rules_for_replies, count_in_the_order_of_their_names_and_the_first_that_fits)
{
    start({{"1", "code=550 enhanced=5.1.1 then=stay"}, {"2", "code=5yz then=defer"}});
    EXPECT_EQ(hears(550, "nobody", "5.1.1").came, answer::how::passed);
    EXPECT_TRUE(hears(550, "blocked", "5.7.1").defers());
}

TEST_F(rules_for_replies, are_the_operators_before_the_usual_ones)
{
    host_.option("usual", true);
    start({{"mine", "text=/spamhaus/ then=stay"}});
    EXPECT_EQ(hears(550, "listed at spamhaus").came, answer::how::passed);
    EXPECT_TRUE(hears(550, "listed at spamcop").defers());
}

TEST_F(rules_for_replies, are_read_or_the_plugin_is_not_begun)
{
    EXPECT_THAT(refusal({{"bad", "then=later"}}), HasSubstr("\"bad\": \"later\" is no end"));
}

TEST_F(rules_for_replies, are_one_at_least)
{
    EXPECT_THAT(refusal({}), HasSubstr("has no rule"));
}

} // namespace
