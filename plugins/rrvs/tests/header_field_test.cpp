#include "src/header_field.hpp"

#include <gtest/gtest.h>

using rrvs::parse_field;

namespace {

long long seconds_of(std::string_view value)
{
    const auto field = parse_field(value);
    return field ? field->since.time_since_epoch().count() : -1;
}

TEST(condition_field, is_an_address_and_a_date) // RFC 7293 3.2
{
    const auto field = parse_field("user@example.com; Sat, 1 Jun 2013 09:23:01 -0700");
    ASSERT_TRUE(field);
    EXPECT_EQ(field->recipient, "user@example.com");
    EXPECT_EQ(field->since.time_since_epoch().count(), 1370103781);
    EXPECT_EQ(seconds_of(" user@example.com ;\r\n Sat,\r\n\t01 jun 2013 16:23:01 +0000 "), 1370103781);
    EXPECT_EQ(seconds_of("a@b.example; 1 Jun 2013 16:23 +0000"), 1370103780);
    EXPECT_EQ(seconds_of("\"a;b\"@c.example; 1 Jun 2013 16:23 +0000"), 1370103780);
}

TEST(condition_field, of_another_form_is_none)
{
    for (const char* bad :
         {"", "user@example.com", "; Sat, 1 Jun 2013 09:23:01 -0700", "a@b.example; yesterday",
          "a@b.example; Sat, 1 Jun 13 09:23:01 -0700", "a@b.example; 31 Feb 2013 09:23:01 -0700",
          "a@b.example; 1 Foo 2013 09:23:01 -0700", "a@b.example; 1 Jun 2013 09:23:01 GMT", "a@b.example; 1 Jun 2013 09:23:01",
          "a@b.example; 1 Jun 2013 9:23:01 -0700", "a@b.example; 1 Jun 2013 09:23:01 -0700 x"})
        EXPECT_FALSE(parse_field(bad)) << bad;
}

TEST(condition_field, has_a_name_in_any_case)
{
    EXPECT_TRUE(rrvs::is_condition_field("require-recipient-VALID-since"));
    EXPECT_FALSE(rrvs::is_condition_field("Require-Recipient-Valid"));
}

} // namespace
