#include "src/turn_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using etrn::destination;
using etrn::turn;
using testing::ElementsAre;

namespace {

class turns : public testing::Test {
protected:
    turns()
    {
        for (const char* domain : {"Example.com", "*.tree.example"})
            EXPECT_EQ(policy_.add_domain(domain), nullptr) << domain;
        EXPECT_EQ(policy_.add_queue("branch", " branch.example  *.branch.example"), nullptr);
    }
    etrn::turn_policy policy_;
};

TEST_F(turns, are_granted_for_a_listed_domain_in_any_case)
{
    const turn got = policy_.read("EXAMPLE.COM");
    EXPECT_EQ(got.what, turn::kind::granted);
    EXPECT_THAT(got.where, ElementsAre(destination{"example.com", false}));
    EXPECT_EQ(policy_.read("a.tree.example").what, turn::kind::granted);
}

TEST_F(turns, are_granted_for_a_tree_where_all_below_is_listed) // RFC 1985 5.2
{
    EXPECT_THAT(policy_.read("@tree.example").where, ElementsAre(destination{"tree.example", true}));
    EXPECT_THAT(policy_.read("@a.tree.example").where, ElementsAre(destination{"a.tree.example", true}));
    EXPECT_EQ(policy_.read("@example.com").what, turn::kind::not_allowed);
    EXPECT_EQ(policy_.read("@example").what, turn::kind::not_allowed);
}

TEST_F(turns, are_granted_for_a_queue_by_its_name) // RFC 1985 5.3
{
    EXPECT_THAT(policy_.read("#branch").where,
                ElementsAre(destination{"branch.example", false}, destination{"branch.example", true}));
    EXPECT_EQ(policy_.read("#other").what, turn::kind::not_allowed);
    EXPECT_EQ(policy_.read("#").what, turn::kind::not_allowed);
    EXPECT_EQ(policy_.read("branch.example").what, turn::kind::not_allowed) << "by its queue only";
}

TEST_F(turns, are_not_granted_for_what_is_not_listed)
{
    for (const char* other : {"example.net", "mail.example.com", "tree.example", "xtree.example", "com"})
        EXPECT_EQ(policy_.read(other).what, turn::kind::not_allowed) << other;
}

TEST_F(turns, need_a_name)
{
    for (const char* bad : {"", "@", "two words", "a..b", ".example.com", "example.com.", "ex_ample.com", "[192.0.2.1]", "@#x",
                            "user@example.com", "*.tree.example"})
        EXPECT_EQ(policy_.read(bad).what, turn::kind::unreadable) << bad;
    EXPECT_EQ(policy_.read(std::string(255, 'a')).what, turn::kind::not_allowed);
    EXPECT_EQ(policy_.read(std::string(256, 'a')).what, turn::kind::unreadable);
}

TEST_F(turns, are_asked_for_by_anybody_unless_networks_are_named)
{
    EXPECT_TRUE(policy_.may_ask("203.0.113.1", ""));
    ASSERT_EQ(policy_.add_network("192.0.2.0/24"), nullptr);
    EXPECT_FALSE(policy_.may_ask("203.0.113.1", ""));
    EXPECT_TRUE(policy_.may_ask("203.0.113.1", "alice"));
    EXPECT_TRUE(policy_.may_ask("192.0.2.1", ""));
}

TEST(turn_options, that_mean_nothing_are_refused)
{
    etrn::turn_policy policy;
    for (const char* bad : {"", "*", "*.", "a@b.example", "a b"})
        EXPECT_NE(policy.add_domain(bad), nullptr) << bad;
    for (const char* bad : {"", "  ", "a@b.example", "example.com *"})
        EXPECT_NE(policy.add_queue("q", bad), nullptr) << bad;
    EXPECT_NE(policy.add_network("x"), nullptr);
    EXPECT_TRUE(policy.is_empty());
}

} // namespace
