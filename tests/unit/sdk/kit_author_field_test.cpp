#include <postern/kit/author_field.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

using postern::kit::addresses_in;
using testing::ElementsAre;
using testing::Optional;

namespace {

// RFC 5322 3.4
TEST(a_from_field, names_its_authors)
{
    EXPECT_THAT(addresses_in("a@example.com"), Optional(ElementsAre("a@example.com")));
    EXPECT_THAT(addresses_in(" Alice Example <a@example.com>"), Optional(ElementsAre("a@example.com")));
    EXPECT_THAT(addresses_in("\"Example, Alice\" <a@example.com>,\r\n\tBob (the (other) one) <b@example.com>"),
                Optional(ElementsAre("a@example.com", "b@example.com")));
    EXPECT_THAT(addresses_in("=?utf-8?q?Alic=C3=A9?= <a@example.com> (work)"), Optional(ElementsAre("a@example.com")));
    EXPECT_THAT(addresses_in("a@example.com (Alice)"), Optional(ElementsAre("a@example.com")));
    EXPECT_THAT(addresses_in("\"a b\"@example.com, <\"c>d\"@example.com>"),
                Optional(ElementsAre("\"a b\"@example.com", "\"c>d\"@example.com")));
    EXPECT_THAT(addresses_in("us: a@example.com, B <b@example.com>;"), Optional(ElementsAre("a@example.com", "b@example.com")));
    EXPECT_THAT(addresses_in(",a@example.com,,"), Optional(ElementsAre("a@example.com")));
    EXPECT_THAT(addresses_in("b@else.example <a@example.com>"), Optional(ElementsAre("a@example.com")));
}

TEST(a_from_field, that_readers_may_take_for_different_addresses_names_nobody)
{
    for (const char* bad : {"",
                            "Alice",
                            "<>",
                            "Alice <>",
                            "<a@example.com> <b@example.com>",
                            "<a@example.com> b@example.com",
                            "a@example.com b@example.com",
                            "a@example.com@b.example",
                            "<a@example.com",
                            "a@example.com>",
                            "\"a@example.com",
                            "(a@example.com",
                            "a)@example.com",
                            "<@relay.example:a@example.com>",
                            "<a@ex ample.com>",
                            "<a@example.com,b@example.com>",
                            "us: a@example.com",
                            "us: them: a@example.com;",
                            "us:;",
                            "a@example.com;",
                            "us: a@example.com; b@example.com",
                            "@example.com",
                            "a@",
                            "<a@x<b@example.com>>",
                            "\"a\\"})
        EXPECT_EQ(addresses_in(bad), std::nullopt) << bad;
    EXPECT_EQ(addresses_in(std::string("a\0@example.com", 14)), std::nullopt);
}

TEST(a_from_field, that_is_long_costs_no_more_than_its_length)
{
    EXPECT_EQ(addresses_in(std::string(1'000'000, '(')), std::nullopt);
    EXPECT_EQ(addresses_in(std::string(1'000'000, '<')), std::nullopt);
    EXPECT_EQ(addresses_in(std::string(1'000'000, '"')), std::nullopt);
}

} // namespace
