#include "../src/rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace replies {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using outcome = rule::outcome;

constexpr times usual_times{15min, 24h};

rule made_of(std::string_view text)
{
    return rule::read(text, usual_times);
}

std::string problem_with(std::string_view text)
{
    try {
        (void)made_of(text);
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return {};
}

heard said(std::uint32_t code, std::string_view enhanced, std::string_view text, stage at = stage::rcpt)
{
    return {"mx.example.net:25", at, code, enhanced, text, code >= 500, 0};
}

TEST(a_rule, fits_by_all_that_it_names_and_by_nothing_else)
{
    const auto all =
        made_of("next-hop=*.example.net:25 code=550 enhanced=5.7.* stage=mail,rcpt text=/block(ed|list)/ then=defer");
    EXPECT_TRUE(all.fits(said(550, "5.7.1", "You are BLOCKED today")));
    EXPECT_FALSE(all.fits(said(551, "5.7.1", "You are blocked")));
    EXPECT_FALSE(all.fits(said(550, "5.1.1", "You are blocked")));
    EXPECT_FALSE(all.fits(said(550, "", "You are blocked")));
    EXPECT_FALSE(all.fits(said(550, "5.7.1", "You are blocked", stage::end)));
    EXPECT_FALSE(all.fits(said(550, "5.7.1", "You are bloc")));
    auto elsewhere = said(550, "5.7.1", "blocked");
    elsewhere.next_hop = "mx.example.org:25";
    EXPECT_FALSE(all.fits(elsewhere));
    EXPECT_TRUE(made_of("then=stay").fits(said(0, "", "", stage::route))) << "what names nothing fits all";
}

TEST(a_rule, knows_families_of_codes)
{
    EXPECT_TRUE(made_of("code=5yz then=defer").fits(said(554, "", "")));
    EXPECT_FALSE(made_of("code=5yz then=defer").fits(said(450, "", "")));
    EXPECT_TRUE(made_of("code=45z then=fail").fits(said(452, "", "")));
    EXPECT_FALSE(made_of("code=45z then=fail").fits(said(421, "", "")));
    EXPECT_FALSE(made_of("code=4yz then=fail").fits(said(0, "", "")));
    EXPECT_TRUE(made_of("code=none then=fail").fits(said(0, "", "")));
    EXPECT_FALSE(made_of("code=none then=fail").fits(said(450, "", "")));
}

TEST(a_rule, waits_for_the_nth_attempt_and_for_a_result)
{
    const auto third = made_of("attempts=3 result=deferred then=fail");
    auto what = said(452, "4.2.2", "full");
    what.attempt = 1;
    EXPECT_FALSE(third.fits(what));
    what.attempt = 2;
    EXPECT_TRUE(third.fits(what));
    what.is_failure = true;
    EXPECT_FALSE(third.fits(what));
}

TEST(a_rule, says_what_a_reply_means)
{
    EXPECT_EQ(made_of("then=defer").then(), outcome::defer);
    EXPECT_EQ(made_of("then=fail").then(), outcome::fail);
    EXPECT_EQ(made_of("then=stay").then(), outcome::as_it_is);
    EXPECT_EQ(made_of("rest").then(), outcome::as_it_is);
    EXPECT_EQ(made_of("rest").rest(), 15min);
    EXPECT_EQ(made_of("suspend").rest(), 24h);
    EXPECT_EQ(made_of("then=defer rest=90s").rest(), 90s);
    EXPECT_EQ(made_of("suspend=30d").rest(), 30 * 24h);
    EXPECT_EQ(made_of("then=defer").rest(), 0s);
}

TEST(an_expression, may_hold_spaces_slashes_and_words_of_rules)
{
    const auto made = made_of("then=defer text=/see https?:\\/\\/x then=fail code=1/");
    EXPECT_EQ(made.then(), outcome::defer);
    EXPECT_TRUE(made.fits(said(550, "", "see http://x then=fail code=1")));
    EXPECT_TRUE(made_of("text=/a b/ then=defer").fits(said(550, "", "A B"))) << "words may follow it";
}

TEST(an_expression, takes_time_that_grows_with_the_text_alone)
{
    // What takes a backtracking matcher longer than the world will be.
    const auto made = made_of("text=/(a|aa|a+)*b$/ then=defer");
    EXPECT_FALSE(made.fits(said(550, "", std::string(100'000, 'a'))));
    EXPECT_TRUE(made_of("text=/gr.{1,2}n/ then=defer").fits(said(550, "", "gr\xfcn"))) << "octets that are no UTF-8";
}

TEST(a_rule, that_is_none_says_why)
{
    EXPECT_THAT(problem_with(""), HasSubstr("says neither"));
    EXPECT_THAT(problem_with("code=550"), HasSubstr("says neither"));
    EXPECT_THAT(problem_with("then=later"), HasSubstr("is no end"));
    EXPECT_THAT(problem_with("then"), HasSubstr("is no end"));
    EXPECT_THAT(problem_with("defer"), HasSubstr("\"defer\" is none of"));
    EXPECT_THAT(problem_with("colour=red then=defer"), HasSubstr("\"colour\" is none of"));
    EXPECT_THAT(problem_with("stage=helo then=defer"), HasSubstr("\"helo\" is no stage"));
    EXPECT_THAT(problem_with("result=fine then=defer"), HasSubstr("is no result"));
    EXPECT_THAT(problem_with("attempts=x then=defer"), HasSubstr("no number"));
    EXPECT_THAT(problem_with("then=defer text=blocked"), HasSubstr("is no expression"));
    EXPECT_THAT(problem_with("then=defer text=/"), HasSubstr("is no expression"));
    EXPECT_THAT(problem_with("then=defer text=/(/"), HasSubstr("is no regular expression: "));
    EXPECT_THAT(problem_with("then=defer text=/((a{1,1000}){1,1000}){1,1000}/"), HasSubstr("is no regular expression: "));
    for (const auto* code : {"250", "354", "600", "5", "55", "5500", "5y0", "56z", "yyz"})
        EXPECT_THAT(problem_with("then=defer code=" + std::string{code}), HasSubstr("is no code")) << code;
    for (const auto* time : {"5", "m", "0m", "31d", "1w", "99999999999h", "-1m"})
        EXPECT_NE(problem_with("rest=" + std::string{time}), "") << time;
}

} // namespace
} // namespace replies
