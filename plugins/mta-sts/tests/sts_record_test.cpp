#include "../src/sts_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

using namespace mta_sts;
using testing::Eq;
using testing::Optional;

namespace {

// RFC 8461 3.1
TEST(a_record, has_a_version_and_an_id)
{
    EXPECT_THAT(parse_record("v=STSv1; id=20160831085700Z;"), Optional(Eq("20160831085700Z")));
    EXPECT_THAT(parse_record("v=STSv1;id=1"), Optional(Eq("1")));
    EXPECT_THAT(parse_record("v=STSv1 \t;\t id=1 \t; "), Optional(Eq("1")));
    EXPECT_FALSE(parse_record("v=STSv1"));
    EXPECT_FALSE(parse_record("v=STSv1;"));
    EXPECT_FALSE(parse_record("v=STSv1; "));
    EXPECT_FALSE(parse_record(""));
}

TEST(a_record, begins_with_its_version_in_this_case)
{
    for (const auto* const each : {"id=1; v=STSv1;", " v=STSv1; id=1", "V=STSv1; id=1", "v=stsv1; id=1", "v=STSv2; id=1",
                                   "v=STSv10; id=1", "v=STSv1 id=1", "v = STSv1; id=1", "v=TLSRPTv1; id=1"})
        EXPECT_FALSE(parse_record(each)) << each;
}

TEST(a_record, has_an_id_of_1_to_32_letters_and_digits)
{
    const std::string longest(32, 'z');
    EXPECT_THAT(parse_record("v=STSv1; id=" + longest), Optional(Eq(longest)));
    EXPECT_FALSE(parse_record("v=STSv1; id=" + longest + 'z'));
    for (const auto* const each : {"", " ", "2026-01-01", "a b", "a=b", "\xc3\xbc", "\"1\""})
        EXPECT_FALSE(parse_record(std::string{"v=STSv1; id="} + each)) << each;
    EXPECT_FALSE(parse_record("v=STSv1; ID=1"));
    EXPECT_FALSE(parse_record("v=STSv1; id =1"));
}

TEST(a_record, may_have_extensions_before_and_behind)
{
    EXPECT_THAT(parse_record("v=STSv1; a.b-c_d=x:y/z; id=7; other=!~"), Optional(Eq("7")));
    EXPECT_THAT(parse_record("v=STSv1; id=7; " + std::string(32, 'k') + "=v"), Optional(Eq("7")));
    EXPECT_FALSE(parse_record("v=STSv1; id=7; " + std::string(33, 'k') + "=v"));
    for (const auto* const each : {"a", "a=", "=b", "_a=b", "a=b=c", "a=b c", "a b=c", ";b=c", "a=\x01"})
        EXPECT_FALSE(parse_record(std::string{"v=STSv1; id=7; "} + each)) << each;
    EXPECT_FALSE(parse_record("v=STSv1; id=7;;")) << "one delimiter may stand at the end";
}

TEST(a_record, counts_the_first_of_several_ids) // RFC 8461 3.2
{
    EXPECT_THAT(parse_record("v=STSv1; id=1; id=2; id=-"), Optional(Eq("1")));
}

// RFC 8461 3.1
TEST(a_name, has_a_policy_where_just_one_of_its_records_is_one)
{
    EXPECT_FALSE(id_in({}));
    EXPECT_THAT(id_in({"v=STSv1; id=1"}), Optional(Eq("1")));
    EXPECT_THAT(id_in({"v=spf1 -all", "v=STSv1; id=1", "", "v=STSv2; id=2"}), Optional(Eq("1"))) << "others are discarded";
    EXPECT_FALSE(id_in({"v=STSv1; id=1", "v=STSv1; id=1"}));
    EXPECT_FALSE(id_in({"v=STSv1; id=1", "v=STSv1; broken"})) << "a broken one is one of two";
    EXPECT_FALSE(id_in({"v=STSv1; broken"}));
}

TEST(an_id, is_another_one_for_another_policy)
{
    EXPECT_EQ(id_for("a"), id_for("a"));
    EXPECT_NE(id_for("a"), id_for("b"));
    EXPECT_THAT(parse_record("v=STSv1; id=" + id_for("")), Optional(Eq(id_for(""))));
    EXPECT_EQ(id_for("").size(), 16U);
}

} // namespace
