#include "src/header_rules.hpp"

#include <gtest/gtest.h>

using headers::header_rules;

namespace {

TEST(header_rules, remove_a_name_in_any_case_and_no_other)
{
    header_rules rules;
    ASSERT_EQ(rules.remove("X-Mailer"), nullptr);
    EXPECT_TRUE(rules.removes("X-Mailer"));
    EXPECT_TRUE(rules.removes("x-mAILER"));
    EXPECT_FALSE(rules.removes("X-Mailer2"));
    EXPECT_FALSE(rules.removes("X-Maile"));
    EXPECT_FALSE(rules.removes(""));
    EXPECT_FALSE(rules.removes("__proto__"));
}

TEST(header_rules, add_fields_in_their_order)
{
    header_rules rules;
    ASSERT_EQ(rules.add("X-B", "2"), nullptr);
    ASSERT_EQ(rules.add("X-A", ""), nullptr);
    ASSERT_EQ(rules.additions().size(), 2u);
    EXPECT_EQ(rules.additions()[0].name, "X-B");
    EXPECT_EQ(rules.additions()[1].value, "");
}

TEST(header_rules, refuse_names_that_are_none)
{
    header_rules rules;
    for (const char* name : {"", "X Y", "X:Y", "X\r\nBcc", "X\t", "\xc3\xa4", "\x7f"}) {
        EXPECT_NE(rules.add(name, "v"), nullptr) << name;
        EXPECT_NE(rules.remove(name), nullptr) << name;
    }
}

TEST(header_rules, refuse_values_that_would_make_another_line)
{
    header_rules rules;
    EXPECT_NE(rules.add("X", "a\r\nBcc: b@x"), nullptr);
    EXPECT_NE(rules.add("X", "a\n"), nullptr);
    EXPECT_NE(rules.add("X", "\r"), nullptr);
    EXPECT_NE(rules.add("X", std::string_view{"a\0b", 3}), nullptr);
    EXPECT_EQ(rules.add("X", "a\tb \xc3\xa4"), nullptr);
}

TEST(header_rules, take_a_line_of_998_octets_and_none_of_999)
{
    header_rules rules;
    EXPECT_EQ(rules.add("X", std::string(998 - 3, 'v')), nullptr);
    EXPECT_NE(rules.add("X", std::string(999 - 3, 'v')), nullptr);
}

} // namespace
