#include "core/base/rare.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace postern::base {
namespace {

struct big {
    std::string text;
    char more[200] = {};
};

TEST(a_rare_value, costs_a_pointer_while_it_is_absent)
{
    const rare<big> none;
    EXPECT_EQ(sizeof none, sizeof(void*));
    EXPECT_FALSE(none);
    EXPECT_FALSE(none.has_value());
}

TEST(a_rare_value, is_there_once_it_was_set_and_gone_when_it_is_reset)
{
    rare<big> one;
    one = big{"here"};
    ASSERT_TRUE(one);
    EXPECT_EQ(one->text, "here");
    one->text = "there";
    EXPECT_EQ((*one).text, "there");
    one.reset();
    EXPECT_FALSE(one);
}

TEST(a_rare_value, is_copied_with_what_it_holds)
{
    const rare<big> first{big{"first"}};
    rare<big> second{first};
    second->text = "second";
    EXPECT_EQ(first->text, "first");
    second = first;
    EXPECT_EQ(second->text, "first");
    const auto& same = second;
    second = same;
    EXPECT_EQ(second->text, "first");
    second = rare<big>{};
    EXPECT_FALSE(second);
    const rare<big> none{second};
    EXPECT_FALSE(none);
}

TEST(a_rare_value, moves_and_leaves_nothing)
{
    rare<big> from{big{"moved"}};
    const auto* const where = &*from;
    const rare<big> to{std::move(from)};
    EXPECT_EQ(&*to, where);
    EXPECT_FALSE(from); // NOLINT(bugprone-use-after-move): what is promised
}

} // namespace
} // namespace postern::base
