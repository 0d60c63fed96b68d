#include "../src/rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>

namespace routes {
namespace {

using ::testing::HasSubstr;

std::string problem_with(const char* text)
{
    try {
        (void)read_rule(text);
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return {};
}

TEST(a_rule, has_groups_of_targets_and_a_wish_for_tls)
{
    const auto made = read_rule("  a.example:25*3 b.example else\tc.example  tls=verified:MX.c.example ");
    EXPECT_EQ(made.what, rule::kind::targets);
    ASSERT_EQ(made.groups.size(), 2u);
    EXPECT_EQ(made.groups[0].size(), 2u);
    EXPECT_EQ(made.groups[0][0].weight, 3u);
    EXPECT_EQ(made.groups[1][0].name, "c.example:25");
    EXPECT_EQ(made.tls, (tls_wish{tls_wish::need::verified, "mx.c.example"}));
}

TEST(a_rule, may_be_the_end_of_the_way)
{
    EXPECT_EQ(read_rule("usual").what, rule::kind::usual);
    EXPECT_EQ(read_rule("usual tls=required").tls.what, tls_wish::need::required);
    const auto fail = read_rule("fail 5.1.6 has moved to new@example.net");
    EXPECT_EQ(fail.what, rule::kind::fail);
    EXPECT_EQ(fail.enhanced, "5.1.6");
    EXPECT_EQ(fail.text, "has moved to new@example.net");
    EXPECT_EQ(read_rule("fail").enhanced, "5.1.2");
    EXPECT_EQ(read_rule("fail nobody there").text, "nobody there");
    EXPECT_EQ(read_rule("defer").enhanced, "4.3.2");
    EXPECT_EQ(read_rule("defer 4.4.5 too much").text, "too much");
    EXPECT_EQ(read_rule("hold until tomorrow").text, "until tomorrow");
    EXPECT_EQ(read_rule("hold").text, "held by a route");
}

TEST(a_rule, that_is_none_says_why)
{
    EXPECT_THAT(problem_with(""), HasSubstr("is empty"));
    EXPECT_THAT(problem_with("else a"), HasSubstr("between targets"));
    EXPECT_THAT(problem_with("a else"), HasSubstr("between targets"));
    EXPECT_THAT(problem_with("a else else b"), HasSubstr("between targets"));
    EXPECT_THAT(problem_with("tls=required"), HasSubstr("between targets"));
    EXPECT_THAT(problem_with("usual a"), HasSubstr("stands alone"));
    EXPECT_THAT(problem_with("a tls=dane"), HasSubstr("none of tls=required"));
    EXPECT_THAT(problem_with("a tls=verified:"), HasSubstr("none of tls=required"));
    EXPECT_THAT(problem_with("a tls=required tls=required"), HasSubstr("twice"));
    EXPECT_THAT(problem_with("a b else A.:25"), HasSubstr("names \"A.:25\" twice"));
    EXPECT_THAT(problem_with("a a"), HasSubstr("a weight is \"a*2\""));
    EXPECT_THAT(problem_with("transport:box tls=required"), HasSubstr("no TLS to ask for"));
    EXPECT_THAT(problem_with("lmtp:unix:/run/x tls=required"), HasSubstr("no TLS to ask for"));
    EXPECT_THAT(problem_with("fail 4.1.2 x"), HasSubstr("no status such as 5.1.2"));
    EXPECT_THAT(problem_with("fail 5.1 x"), HasSubstr("no status"));
    EXPECT_THAT(problem_with("fail a\tb"), HasSubstr("printable"));
    EXPECT_THAT(problem_with(("defer " + std::string(201, 'x')).c_str()), HasSubstr("at most 200"));
    EXPECT_EQ(problem_with(("defer " + std::string(200, 'x')).c_str()), "");
}

TEST(a_message, finds_its_targets_in_the_same_order_again)
{
    const auto made = read_rule("a b c else d e");
    const auto once = in_turn(made, "4F1A");
    EXPECT_EQ(once, in_turn(made, "4F1A"));
    ASSERT_EQ(once.size(), 5u);
    EXPECT_GT(once[3]->name, "c") << "the second group is behind the first";
    EXPECT_GT(once[4]->name, "c");
}

TEST(targets, are_first_as_often_as_their_weights_say)
{
    const auto made = read_rule("a*6 b*3 c");
    std::map<std::string, int> first;
    std::map<std::string, int> second_behind_a;
    for (int i = 0; i < 10'000; ++i) {
        const auto order = in_turn(made, std::to_string(i));
        ++first[order[0]->name];
        if (order[0]->name == "a:25")
            ++second_behind_a[order[1]->name];
    }
    EXPECT_NEAR(first["a:25"], 6000, 300);
    EXPECT_NEAR(first["b:25"], 3000, 300);
    EXPECT_NEAR(first["c:25"], 1000, 300);
    EXPECT_NEAR(second_behind_a["b:25"], 4500, 300) << "those who are left share by their weights";
}

} // namespace
} // namespace routes
