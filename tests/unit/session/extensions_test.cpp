#include "core/session/extensions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::session {
namespace {

using testing::HasSubstr;
using testing::Optional;

extension_keyword keyword(std::string name, std::string owner = "one", std::string parameters = {})
{
    return {.owner = std::move(owner), .keyword = std::move(name), .parameters = std::move(parameters)};
}

extension_verb verb(std::string name, std::string of = {}, std::string owner = "one")
{
    return {.owner = std::move(owner), .name = std::move(name), .keyword = std::move(of)};
}

extension_parameter parameter(std::string name, std::string of, std::string owner = "one")
{
    return {.owner = std::move(owner), .name = std::move(name), .keyword = std::move(of), .of_mail = true};
}

TEST(extensions, take_names_as_the_rfc_writes_them)
{
    extensions all;
    EXPECT_FALSE(all.add(keyword("X-TRACE2", "one", "1 second:third")));
    EXPECT_FALSE(all.add(keyword("8X")));
    for (const auto* bad : {"", "-X", "xtrace", "X TRACE", "X=1", "X\r\n250-Y", "X\xc3\xa4"})
        EXPECT_THAT(all.add(keyword(bad)), Optional(HasSubstr("RFC 5321 4.1.1.1"))) << bad;
    for (const auto* bad : {" 1", "1 ", "1  2", "a\r\nb", "\t"})
        EXPECT_TRUE(all.add(keyword("XP", "one", bad))) << bad;
    EXPECT_FALSE(all.add(keyword("XLONG", "one", std::string(494, 'x'))));
    EXPECT_TRUE(all.add(keyword("XLONGER", "one", std::string(493, 'x')))) << "with its keyword more than a line";
    EXPECT_FALSE(all.add(verb("XTRACE2", "X-TRACE2")));
    for (const auto* bad : {"", "XY", "xtrace", "X-TRACE", "2TRACE", "XTRACE ", "X\r\n"})
        EXPECT_TRUE(all.add(verb(bad))) << bad;
    EXPECT_FALSE(all.add(verb(std::string(32, 'X'))));
    EXPECT_TRUE(all.add(verb(std::string(33, 'X'))));
    EXPECT_FALSE(all.add(parameter("XTRACE-ID", "X-TRACE2")));
    for (const auto* bad : {"", "xid", "X=", "X ID"})
        EXPECT_TRUE(all.add(parameter(bad, "X-TRACE2"))) << bad;
}

TEST(extensions, leave_the_servers_own_alone)
{
    extensions all;
    ASSERT_FALSE(all.add(keyword("XTRACE")));
    for (const auto* own : {"SIZE", "PIPELINING", "STARTTLS", "AUTH", "DSN", "CHUNKING"})
        EXPECT_THAT(all.add(keyword(own)), Optional(HasSubstr("the server's own"))) << own;
    for (const auto* own : {"EHLO", "MAIL", "RCPT", "DATA", "BDAT", "QUIT", "AUTH", "STARTTLS", "VRFY", "BDATX"})
        EXPECT_THAT(all.add(verb(own)), Optional(HasSubstr("the server's own"))) << own;
    for (const auto* own : {"SIZE", "BODY", "AUTH", "NOTIFY", "ORCPT", "RET", "ENVID", "SMTPUTF8"})
        EXPECT_THAT(all.add(parameter(own, "XTRACE")), Optional(HasSubstr("the server's own"))) << own;
}

TEST(extensions, have_one_owner_who_is_named_to_the_next)
{
    extensions all;
    ASSERT_FALSE(all.add(keyword("XTRACE")));
    ASSERT_FALSE(all.add(verb("XTRACE", "XTRACE")));
    ASSERT_FALSE(all.add(parameter("XID", "XTRACE")));
    EXPECT_THAT(all.add(keyword("XTRACE", "two")), Optional(HasSubstr("\"one\"")));
    EXPECT_THAT(all.add(verb("XTRACE", "", "two")), Optional(HasSubstr("\"one\"")));
    ASSERT_FALSE(all.add(keyword("YTRACE", "two")));
    EXPECT_THAT(all.add(parameter("XID", "YTRACE", "two")), Optional(HasSubstr("\"one\"")));
    EXPECT_THAT(all.add(verb("YVERB", "XTRACE", "two")), Optional(HasSubstr("not one that it declared")));
    EXPECT_THAT(all.add(parameter("YID", "XTRACE", "two")), Optional(HasSubstr("not one that it declared")));
    EXPECT_THAT(all.add(parameter("YID", "ZTRACE", "two")), Optional(HasSubstr("not one that it declared")));
}

TEST(extensions, are_found_whatever_the_case)
{
    extensions all;
    ASSERT_FALSE(all.add(keyword("XTRACE")));
    ASSERT_FALSE(all.add(verb("XTRACE", "XTRACE")));
    ASSERT_FALSE(all.add(parameter("XID", "XTRACE")));
    ASSERT_NE(all.verb("xTrAcE"), nullptr);
    EXPECT_EQ(all.verb("xTrAcE")->owner, "one");
    EXPECT_EQ(all.verb("XTRAC"), nullptr);
    ASSERT_NE(all.parameter("xid"), nullptr);
    EXPECT_EQ(all.parameter("xid")->lacking, "5.7.0") << "unless another was declared";
    EXPECT_EQ(all.place_of("XTRACE"), 0U);
    EXPECT_EQ(all.place_of("YTRACE"), 1U) << "none";
}

TEST(extensions, have_as_many_keywords_as_a_session_has_bits)
{
    extensions all;
    for (std::size_t i = 0; i < most_extension_keywords; ++i)
        EXPECT_FALSE(all.add(keyword("X" + std::to_string(i))));
    EXPECT_THAT(all.add(keyword("ONEMORE")), Optional(HasSubstr("more than 64")));
}

TEST(extensions, are_declared_without_contradiction)
{
    extensions all;
    ASSERT_FALSE(all.add(keyword("XTRACE")));
    auto early = verb("XEARLY", "XTRACE");
    early.before_ehlo = true;
    EXPECT_THAT(all.add(early), Optional(HasSubstr("before EHLO")));
    auto nowhere = parameter("XID", "XTRACE");
    nowhere.of_mail = false;
    EXPECT_THAT(all.add(nowhere), Optional(HasSubstr("neither of MAIL nor of RCPT")));
    auto odd = parameter("XID", "XTRACE");
    for (const auto* bad : {"4.7.0", "5.7", "no"}) {
        odd.lacking = bad;
        EXPECT_TRUE(all.add(odd)) << bad;
    }
    odd.lacking = "5.7.15";
    EXPECT_FALSE(all.add(odd));
}

} // namespace
} // namespace postern::session
