#include "core/message/parameters.hpp"

#include <gtest/gtest.h>

namespace postern::message {
namespace {

constexpr parameter_offers everything = {
    .size = true, .eight_bit_mime = true, .binary_mime = true, .smtputf8 = true, .dsn = true};
constexpr parameter_offers nothing = {
    .size = false, .eight_bit_mime = false, .binary_mime = false, .smtputf8 = false, .dsn = false};

/// 0: taken; else the code of the reply.
int mail_code(std::string_view text, const parameter_offers& offers = everything)
{
    sender from;
    const auto wrong = parse_mail_parameters(text, offers, from);
    if (!wrong)
        return 0;
    EXPECT_EQ(wrong->enhanced, "5.5.4");
    return wrong->code;
}

int rcpt_code(std::string_view text, const parameter_offers& offers = everything, bool smtputf8 = false)
{
    recipient to;
    const auto wrong = parse_rcpt_parameters(text, offers, smtputf8, to);
    if (!wrong)
        return 0;
    EXPECT_EQ(wrong->enhanced, "5.5.4");
    return wrong->code;
}

sender mail(std::string_view text)
{
    sender from;
    EXPECT_FALSE(parse_mail_parameters(text, everything, from)) << text;
    return from;
}

recipient rcpt(std::string_view text, bool smtputf8 = false)
{
    recipient to;
    EXPECT_FALSE(parse_rcpt_parameters(text, everything, smtputf8, to)) << text;
    return to;
}

TEST(mail_parameters, may_be_absent)
{
    EXPECT_EQ(mail(""), sender{});
    EXPECT_EQ(mail("  "), sender{});
}

TEST(mail_parameters, are_typed_and_kept_raw)
{
    const auto from = mail(" size=50000 BODY=8bitmime SMTPUTF8 Ret=hdrs ENVID=QQ314159+2B");
    EXPECT_EQ(from.declared_size, 50'000U);
    EXPECT_EQ(from.body, body_type::eight_bit_mime);
    EXPECT_TRUE(from.smtputf8);
    EXPECT_EQ(from.ret, dsn_return::headers);
    EXPECT_EQ(from.envid, "QQ314159+2B");
    const std::vector<parameter> raw = {
        {"SIZE", "50000"}, {"BODY", "8bitmime"}, {"SMTPUTF8", std::nullopt}, {"RET", "hdrs"}, {"ENVID", "QQ314159+2B"}};
    EXPECT_EQ(from.parameters, raw);
}

TEST(mail_parameters, may_be_set_apart_by_more_than_one_space)
{
    EXPECT_EQ(mail("   SIZE=1   BODY=7BIT ").declared_size, 1U);
}

TEST(mail_parameters, must_be_set_apart_from_the_path)
{
    EXPECT_EQ(mail_code("SIZE=1"), 501);
    EXPECT_EQ(mail_code(",SIZE=1"), 501);
    EXPECT_EQ(mail_code("\tSIZE=1"), 501);
}

TEST(mail_parameters, that_are_not_known_or_not_offered_get_555)
{
    EXPECT_EQ(mail_code(" FOO"), 555);
    EXPECT_EQ(mail_code(" FOO=bar"), 555);
    EXPECT_EQ(mail_code(" NOTIFY=NEVER"), 555) << "belongs to RCPT";
    EXPECT_EQ(mail_code(" AUTH=<>"), 555);
    for (const auto text : {" SIZE=1", " BODY=8BITMIME", " SMTPUTF8", " RET=FULL", " ENVID=x"})
        EXPECT_EQ(mail_code(text, nothing), 555) << text;
}

TEST(mail_parameters, of_plugins_are_kept_raw)
{
    constexpr std::string_view keywords[] = {"MT-PRIORITY", "BY"};
    parameter_offers offers = nothing;
    offers.mail_keywords = keywords;
    sender from;
    ASSERT_FALSE(parse_mail_parameters(" mt-priority=3 by", offers, from));
    EXPECT_EQ(from.parameters, (std::vector<parameter>{{"MT-PRIORITY", "3"}, {"BY", std::nullopt}}));
    EXPECT_EQ(mail_code(" BY=\xc3\xa9", offers), 501);
    EXPECT_EQ(rcpt_code(" BY=1", offers), 555);
}

TEST(mail_parameters, are_refused_when_repeated)
{
    EXPECT_EQ(mail_code(" SIZE=1 SIZE=1"), 501);
    EXPECT_EQ(mail_code(" BODY=7BIT body=7BIT"), 501);
    EXPECT_EQ(mail_code(" SMTPUTF8 SMTPUTF8"), 501);
}

TEST(mail_parameters, are_refused_when_malformed)
{
    for (const auto text : {" =1", " SIZE=", " SIZE==1", " SIZE=1=2", " -X=1", " SI ZE=1=", " SIZE\xc3\xa9=1", " S_ZE=1",
                            " SIZE=1\t", " SIZE=\x01", " SIZE=\x7f", " SIZE=1 =", " \"SIZE\"=1"})
        EXPECT_EQ(mail_code(text), text == std::string_view{" SI ZE=1="} ? 555 : 501) << text;
}

TEST(size_parameter, holds_64_bits_and_no_more)
{
    EXPECT_EQ(mail(" SIZE=0").declared_size, 0U);
    EXPECT_EQ(mail(" SIZE=2147483648").declared_size, std::uint64_t{1} << 31U);
    EXPECT_EQ(mail(" SIZE=4294967296").declared_size, std::uint64_t{1} << 32U);
    EXPECT_EQ(mail(" SIZE=18446744073709551615").declared_size, ~std::uint64_t{0});
    EXPECT_EQ(mail_code(" SIZE=18446744073709551616"), 501);
    EXPECT_EQ(mail_code(" SIZE=99999999999999999999"), 501);
}

TEST(size_parameter, has_at_most_20_digits)
{
    EXPECT_EQ(mail(" SIZE=00000000000000000007").declared_size, 7U);
    EXPECT_EQ(mail_code(" SIZE=000000000000000000007"), 501);
}

TEST(size_parameter, is_digits_only)
{
    for (const auto text :
         {" SIZE", " SIZE=-1", " SIZE=+1", " SIZE=0x10", " SIZE=1k", " SIZE=1.5", " SIZE=1,000", " SIZE=\xd9\xa1"})
        EXPECT_EQ(mail_code(text), 501) << text;
}

TEST(body_parameter, takes_what_is_offered)
{
    EXPECT_EQ(mail(" BODY=7BIT").body, body_type::seven_bit);
    EXPECT_EQ(mail(" BODY=8BITMIME").body, body_type::eight_bit_mime);
    EXPECT_EQ(mail(" BODY=BinaryMime").body, body_type::binary_mime);
    parameter_offers offers = everything;
    offers.binary_mime = false;
    EXPECT_EQ(mail_code(" BODY=BINARYMIME", offers), 501);
    EXPECT_EQ(mail_code(" BODY=9BIT"), 501);
    EXPECT_EQ(mail_code(" BODY"), 501);
}

TEST(smtputf8_parameter, has_no_value) // RFC 6531 3.4
{
    EXPECT_EQ(mail_code(" SMTPUTF8=YES"), 501);
    EXPECT_EQ(mail_code(" SMTPUTF8="), 501);
}

TEST(ret_parameter, is_full_or_hdrs)
{
    EXPECT_EQ(mail(" RET=FULL").ret, dsn_return::full);
    EXPECT_EQ(mail(" RET=HDRS").ret, dsn_return::headers);
    for (const auto text : {" RET", " RET=", " RET=HEADERS", " RET=FULL,HDRS"})
        EXPECT_EQ(mail_code(text), 501) << text;
}

TEST(envid_parameter, is_printable_xtext)
{
    EXPECT_EQ(mail(" ENVID=a+20b").envid, "a+20b");
    for (const auto text : {" ENVID", " ENVID=a+0Db", " ENVID=a+0A", " ENVID=+00", " ENVID=a+", " ENVID=a+2", " ENVID=a+2g",
                            " ENVID=+FF", " ENVID=\xc3\xa9"})
        EXPECT_EQ(mail_code(text), 501) << text;
}

TEST(envid_parameter, has_at_most_100_octets) // RFC 3461 4.4
{
    EXPECT_EQ(mail_code(" ENVID=" + std::string(100, 'x')), 0);
    EXPECT_EQ(mail_code(" ENVID=" + std::string(101, 'x')), 501);
}

TEST(rcpt_parameters, are_typed_and_kept_raw)
{
    const auto to = rcpt(" notify=success,DELAY ORCPT=rfc822;Bob@Example.com");
    EXPECT_EQ(to.notify, (dsn_notify{.success = true, .delay = true}));
    EXPECT_EQ(to.orcpt, "rfc822;Bob@Example.com");
    EXPECT_EQ(to.parameters, (std::vector<parameter>{{"NOTIFY", "success,DELAY"}, {"ORCPT", "rfc822;Bob@Example.com"}}));
    EXPECT_EQ(rcpt(""), recipient{});
}

TEST(rcpt_parameters, that_are_not_known_or_not_offered_get_555)
{
    EXPECT_EQ(rcpt_code(" SIZE=1"), 555);
    EXPECT_EQ(rcpt_code(" NOTIFY=NEVER", nothing), 555);
    EXPECT_EQ(rcpt_code(" ORCPT=rfc822;a@b", nothing), 555);
}

TEST(rcpt_parameters, of_plugins_are_kept_raw)
{
    constexpr std::string_view keywords[] = {"RRVS"};
    parameter_offers offers = nothing;
    offers.rcpt_keywords = keywords;
    EXPECT_EQ(rcpt_code(" RRVS=2014-04-03T23:01:00Z", offers), 0);
    EXPECT_EQ(rcpt_code(" RRVS=1 RRVS=1", offers), 501);
}

TEST(notify_parameter, is_never_or_a_set_of_the_others) // RFC 3461 4.1
{
    EXPECT_EQ(rcpt(" NOTIFY=NEVER").notify, (dsn_notify{.never = true}));
    EXPECT_EQ(rcpt(" NOTIFY=SUCCESS,FAILURE,DELAY").notify, (dsn_notify{.success = true, .failure = true, .delay = true}));
    for (const auto text :
         {" NOTIFY", " NOTIFY=", " NOTIFY=,", " NOTIFY=SUCCESS,", " NOTIFY=,SUCCESS", " NOTIFY=SUCCESS,SUCCESS",
          " NOTIFY=NEVER,DELAY", " NOTIFY=DELAY,NEVER", " NOTIFY=NEVER,NEVER", " NOTIFY=ALWAYS", " NOTIFY=SUCCESS;DELAY"})
        EXPECT_EQ(rcpt_code(text), 501) << text;
}

TEST(orcpt_parameter, is_a_type_and_printable_xtext) // RFC 3461 4.2
{
    EXPECT_EQ(rcpt(" ORCPT=x-any;a+20b").orcpt, "x-any;a+20b");
    for (const auto text : {" ORCPT", " ORCPT=a@b", " ORCPT=;a@b", " ORCPT=rfc822;", " ORCPT=rfc822;a+0D+0Ab", " ORCPT=rfc822;a+",
                            " ORCPT=rfc822;a+2b", " ORCPT=rf@c;a", " ORCPT=rfc822;\xc3\xa9@b"})
        EXPECT_EQ(rcpt_code(text, everything, true), 501) << text;
}

TEST(orcpt_parameter, has_at_most_500_octets)
{
    EXPECT_EQ(rcpt_code(" ORCPT=rfc822;" + std::string(493, 'x')), 0);
    EXPECT_EQ(rcpt_code(" ORCPT=rfc822;" + std::string(494, 'x')), 501);
}

TEST(orcpt_parameter, embeds_characters_beyond_ascii) // RFC 6533 3
{
    EXPECT_EQ(rcpt(R"( ORCPT=utf-8;b\x{F6}b@example.com)").orcpt, R"(utf-8;b\x{F6}b@example.com)");
    for (const auto text : {R"( ORCPT=UTF-8;\x{20}\x{2B}\x{3D}\x{5C})", R"( ORCPT=utf-8;\x{80a})", R"( ORCPT=utf-8;\x{4E2D})",
                            R"( ORCPT=utf-8;\x{1F600})", R"( ORCPT=utf-8;\x{10FFFF})", R"( ORCPT=utf-8;\x{A0})"})
        EXPECT_EQ(rcpt_code(text), 0) << text;
    for (const auto text : {R"( ORCPT=utf-8;)",         R"( ORCPT=utf-8;\x{})",       R"( ORCPT=utf-8;\x{A})",
                            R"( ORCPT=utf-8;\x{0A})",   R"( ORCPT=utf-8;\x{0F6})",    R"( ORCPT=utf-8;\x{D800})",
                            R"( ORCPT=utf-8;\x{DFFF})", R"( ORCPT=utf-8;\x{110000})", R"( ORCPT=utf-8;\x{1000000})",
                            R"( ORCPT=utf-8;\x{41})",   R"( ORCPT=utf-8;\x{85})",     R"( ORCPT=utf-8;\x{10})",
                            R"( ORCPT=utf-8;\x{7F})",   R"( ORCPT=utf-8;\x{2028})",   R"( ORCPT=utf-8;\x{F6)",
                            R"( ORCPT=utf-8;\x)",       R"( ORCPT=utf-8;\)",          R"( ORCPT=utf-8;a\b)",
                            R"( ORCPT=utf-8;a+20)",     R"( ORCPT=utf-8;\x{-F6})",    R"( ORCPT=utf-8;\x{+F6})"})
        EXPECT_EQ(rcpt_code(text), 501) << text;
}

TEST(orcpt_parameter, holds_raw_utf8_only_in_an_smtputf8_transaction)
{
    constexpr std::string_view text = " ORCPT=utf-8;b\xc3\xb6"
                                      "b@example.com";
    EXPECT_EQ(rcpt_code(text, everything, true), 0);
    EXPECT_EQ(rcpt_code(text, everything, false), 501);
    EXPECT_EQ(rcpt_code(" ORCPT=utf-8;\xc3", everything, true), 501);
    EXPECT_EQ(rcpt_code(" ORCPT=utf-8;\xc2\x85", everything, true), 501);
    EXPECT_EQ(rcpt_code(" NOTIFY=\xc3\xb6", everything, true), 501);
}

} // namespace
} // namespace postern::message
