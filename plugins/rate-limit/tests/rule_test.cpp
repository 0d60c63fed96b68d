#include "src/rule.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

using namespace rate_limit;
using namespace std::chrono_literals;

namespace {

rule rule_of(std::string_view text)
{
    rule made;
    EXPECT_EQ(parse_rule("a", text, made), "") << text;
    return made;
}
std::string problem_of(std::string_view text)
{
    rule made;
    return parse_rule("a", text, made);
}

TEST(a_rule, needs_three_words_and_has_defaults_for_the_others)
{
    const rule made = rule_of("counts=messages key=client rate=100/1h");
    EXPECT_EQ(made.name, "a");
    EXPECT_EQ(made.counts, counted::messages);
    EXPECT_EQ(made.key, keyed::client);
    EXPECT_EQ(made.limit.burst(), 100u);
    EXPECT_EQ(made.limit.refill(), 1h);
    EXPECT_EQ(made.then, action::tempfail);
    EXPECT_TRUE(made.refuses());
    EXPECT_TRUE(made.exempts.networks);
    EXPECT_FALSE(made.exempts.users);
}

TEST(a_rule, is_read_in_any_order_and_with_any_blanks)
{
    const rule made =
        rule_of("  burst=20\trate=10/m  shadow\nkey=recipient-domain exempt=both\n counts=recipients action=reject ");
    EXPECT_EQ(made.counts, counted::recipients);
    EXPECT_EQ(made.key, keyed::recipient_domain);
    EXPECT_EQ(made.limit.burst(), 20u);
    EXPECT_EQ(made.then, action::reject);
    EXPECT_TRUE(made.is_shadow);
    EXPECT_FALSE(made.refuses());
    EXPECT_TRUE(made.exempts.networks);
    EXPECT_TRUE(made.exempts.users);
}

TEST(a_rule, that_scores_refuses_nothing)
{
    const rule made = rule_of("counts=recipients key=client rate=1/1s action=score points=2.5");
    EXPECT_FALSE(made.refuses());
    EXPECT_EQ(made.points, 2.5);
}

TEST(a_rule, says_what_is_wrong_with_it)
{
    for (const auto& [text, problem] : std::initializer_list<std::pair<const char*, const char*>>{
             {"", "counts is missing"},
             {"counts=messages", "key is missing"},
             {"counts=messages key=client", "rate is missing"},
             {"counts=mails key=client rate=1/1s", "counts is one of connections, messages, recipients, octets, failed-logins"},
             {"counts=messages key=ip rate=1/1s",
              "key is one of client, network, sender, sender-domain, user, recipient, recipient-domain"},
             {"counts=messages key=client rate=1", "rate is such as 100/1h or 10MiB/5m, of 1s to 31d"},
             {"counts=messages key=client rate=1/1s burst=0", "burst is a number from 1, or such as 10MiB"},
             {"counts=messages key=client rate=1/1s action=drop", "action is one of tempfail, reject, score, disconnect"},
             {"counts=messages key=client rate=1/1s action=score points=0", "points is 0.001 to 1000"},
             {"counts=messages key=client rate=1/1s action=score points=nan", "points is 0.001 to 1000"},
             {"counts=messages key=client rate=1/1s points=1", "points are for action=score alone"},
             {"counts=messages key=client rate=1/1s exempt=me", "exempt is one of networks, users, both, none"},
             {"counts=messages key=client rate=1/1s shadow=yes", "shadow stands alone"},
             {"counts=messages key=client rate=1/1s rate=2/1s", "\"rate\" is said twice"},
             {"counts=messages key=client rate=1/1s limit=2", "there is no \"limit\""},
             {"counts=messages key=client rate=", "\"rate=\" is no NAME=VALUE"},
             {"counts=messages, key=client rate=1/1s",
              "counts is one of connections, messages, recipients, octets, failed-logins"},
             {"100 messages by client", "\"100\" is no NAME=VALUE"},
             {"counts=messages key=client rate=1000000001/1000s", "rate is more than a million a second"},
             {"counts=octets key=client rate=10GiB/1s burst=10MiB", "burst is back in less than a millisecond: that is no limit"},
             {"counts=messages key=client rate=1/31d burst=12", "burst takes more than 366 days to be back"},
             {"counts=messages key=user rate=1/1s exempt=users", "a rule by user that exempts users would do nothing"},
             {"counts=connections key=client rate=1/1s exempt=both",
              "connections are counted before anybody is logged in: users cannot be exempt"},
             {"counts=failed-logins key=user rate=1/1s exempt=users",
              "failed-logins are counted before anybody is logged in: users cannot be exempt"},
             {"counts=failed-logins key=client rate=1/1s action=reject",
              "too many failed logins can only be answered with action=disconnect"},
             {"counts=connections key=sender rate=1/1s", "connections cannot be counted by sender"},
             {"counts=messages key=recipient rate=1/1s", "messages cannot be counted by recipient"},
             {"counts=octets key=recipient-domain rate=1/1s", "octets cannot be counted by recipient-domain"},
             {"counts=failed-logins key=sender rate=1/1s", "failed-logins cannot be counted by sender"},
         })
        EXPECT_EQ(problem_of(text), problem) << text;
}

TEST(a_rule, is_as_quick_and_as_slow_as_its_bounds)
{
    EXPECT_EQ(problem_of("counts=messages key=client rate=1000000/1s"), "");
    EXPECT_EQ(problem_of("counts=messages key=client rate=1/31d burst=11"), "");
}

TEST(a_rule, of_failed_logins_disconnects)
{
    EXPECT_EQ(rule_of("counts=failed-logins key=user rate=10/1h").then, action::disconnect);
    EXPECT_TRUE(rule_of("counts=failed-logins key=user rate=10/1h action=disconnect").refuses());
    EXPECT_FALSE(rule_of("counts=failed-logins key=user rate=10/1h shadow").refuses());
}

TEST(a_rule, has_a_name_that_a_metric_and_a_key_can_carry)
{
    rule made;
    const std::string text = "counts=messages key=client rate=1/1s";
    EXPECT_EQ(parse_rule("a-b_9", text, made), "");
    EXPECT_EQ(parse_rule(std::string(40, 'a'), text, made), "");
    for (const std::string& bad : {std::string{}, std::string{"A"}, std::string{"a b"}, std::string{"a="}, std::string{"a#"},
                                   std::string{"\xc3\xa4"}, std::string(41, 'a')})
        EXPECT_NE(parse_rule(bad, text, made), "") << bad;
}

} // namespace
