#include "core/protocol/capabilities.hpp"

#include "tests/unit/protocol/times.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

using testing::ElementsAre;

std::string wire(const capabilities& offered)
{
    std::string out = "earlier\r\n";
    append_ehlo_reply(out, "mx.example", offered);
    return out.substr(9);
}

capabilities read(std::vector<std::string> lines)
{
    lines.insert(lines.begin(), "mx.example");
    return parse_capabilities(reply{250, "", std::move(lines)});
}

std::vector<std::string> texts(const std::vector<ehlo_line>& lines)
{
    std::vector<std::string> all;
    for (const auto& [keyword, parameters] : lines)
        all.push_back(parameters.empty() ? keyword : keyword + " " + parameters);
    return all;
}

TEST(capabilities, are_listed_line_by_line)
{
    EXPECT_THAT(texts(read({"size 1000", "PIPELINING", "XA  1 2", "AUTH PLAIN LOGIN", "LIMITS RCPTMAX=5"}).lines()),
                ElementsAre("PIPELINING", "AUTH PLAIN LOGIN", "SIZE 1000", "LIMITS RCPTMAX=5", "XA 1 2"));
    EXPECT_THAT(texts(capabilities{}.lines()), ElementsAre());
}

TEST(capabilities, can_be_forgotten_one_by_one)
{
    auto offered = read({"SIZE 1000", "PIPELINING", "8BITMIME", "XA 1", "XB", "AUTH PLAIN", "LIMITS RCPTMAX=5"});
    for (const auto* keyword : {"SIZE", "PIPELINING", "XA", "AUTH", "LIMITS", "NOTHING"})
        offered.forget(keyword);
    EXPECT_THAT(texts(offered.lines()), ElementsAre("8BITMIME", "XB"));
}

capabilities everything()
{
    capabilities all;
    all.pipelining = all.eight_bit_mime = all.enhanced_status_codes = all.chunking = true;
    all.binary_mime = all.smtputf8 = all.dsn = all.starttls = true;
    all.size = 52'428'800;
    all.auth = {"PLAIN", "SCRAM-SHA-256"};
    all.limits = {.rcpt_max = 1000, .mail_max = 7, .rcpt_domain_max = 1};
    all.others = {{"X-ONE", ""}, {"MT-PRIORITY", "MIXER A=B"}};
    return all;
}

TEST(capabilities, are_written_in_their_order)
{
    EXPECT_EQ(wire(everything()),
              "250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n250-STARTTLS\r\n"
              "250-SMTPUTF8\r\n250-BINARYMIME\r\n250-DSN\r\n250-AUTH PLAIN SCRAM-SHA-256\r\n250-SIZE 52428800\r\n"
              "250-LIMITS MAILMAX=7 RCPTMAX=1000 RCPTDOMAINMAX=1\r\n250-X-ONE\r\n250 MT-PRIORITY MIXER A=B\r\n");
}

TEST(capabilities, may_be_none)
{
    EXPECT_EQ(wire({}), "250 mx.example\r\n");
}

TEST(capabilities, have_a_size_without_a_limit)
{
    capabilities offered;
    offered.size = 0;
    EXPECT_EQ(wire(offered), "250-mx.example\r\n250 SIZE\r\n");
}

TEST(capabilities, leave_out_lines_that_are_none)
{
    capabilities offered;
    offered.others = {{"X\r\n250-EVIL", ""}, {"", "x"},   {"-X", ""},        {"X", "a\r\nb"}, {"X", "a  b"},
                      {"X", " a"},           {"X", "a "}, {"X", "\xc3\xa9"}, {"X Y", ""}};
    offered.auth = {"PLAIN\r\n250 EVIL", ""};
    EXPECT_EQ(wire(offered), "250 mx.example\r\n");
}

TEST(capabilities, fill_a_line_of_512_octets_but_not_of_513)
{
    capabilities offered;
    offered.others = {{"X", std::string(512 - 8, 'a')}};
    EXPECT_EQ(wire(offered), "250-mx.example\r\n250 X " + times(504, 'a') + "\r\n");
    offered.others = {{"X", std::string(512 - 7, 'a')}};
    EXPECT_EQ(wire(offered), "250 mx.example\r\n");
}

TEST(capabilities, leave_out_mechanisms_that_do_not_fit_into_the_line)
{
    capabilities offered;
    offered.auth = {"PLAIN", std::string(512 - 6 - 11, 'A')};
    EXPECT_EQ(wire(offered), "250-mx.example\r\n250 AUTH PLAIN " + offered.auth[1] + "\r\n");
    EXPECT_EQ(wire(offered).size(), 16 + 512U);
    offered.auth[1] += 'A';
    EXPECT_EQ(wire(offered), "250-mx.example\r\n250 AUTH PLAIN\r\n");
}

TEST(capabilities, are_read_as_they_were_written)
{
    std::string octets = wire(everything());
    reply ehlo{250, "", {}};
    for (std::size_t at = 0; at < octets.size(); at = octets.find("\r\n", at) + 2)
        ehlo.lines.push_back(octets.substr(at + 4, octets.find("\r\n", at) - at - 4));
    EXPECT_EQ(parse_capabilities(ehlo), everything());
}

TEST(capabilities, are_read_in_any_case)
{
    const auto found = read({"Pipelining", "8bitmime", "size 1000", "Auth plain LOGIN", "x-foo Bar"});
    EXPECT_TRUE(found.pipelining);
    EXPECT_TRUE(found.eight_bit_mime);
    EXPECT_EQ(found.size, 1000U);
    EXPECT_THAT(found.auth, ElementsAre("PLAIN", "LOGIN"));
    ASSERT_NE(found.find("X-FOO"), nullptr);
    EXPECT_EQ(found.find("X-FOO")->parameters, "Bar");
    EXPECT_EQ(found.find("X-BAR"), nullptr);
}

TEST(capabilities, do_not_include_the_greeting)
{
    EXPECT_EQ(parse_capabilities(reply{250, "", {"PIPELINING"}}), capabilities{});
    EXPECT_EQ(parse_capabilities(reply{250, "", {}}), capabilities{});
}

TEST(capabilities, have_no_size_limit_when_none_can_be_read)
{
    EXPECT_EQ(read({"SIZE"}).size, 0U);
    EXPECT_EQ(read({"SIZE 0"}).size, 0U);
    for (const auto text : {"SIZE -1", "SIZE +5", "SIZE 5x", "SIZE 5 6", "SIZE 18446744073709551616", "SIZE 0x10"})
        EXPECT_EQ(read({text}).size, 0U) << text;
    EXPECT_EQ(read({"SIZE 18446744073709551615"}).size, ~std::uint64_t{0});
    EXPECT_FALSE(read({}).size);
}

TEST(capabilities, take_the_old_form_of_auth_and_add_repeated_lines_up)
{
    EXPECT_THAT(read({"AUTH=LOGIN PLAIN", "AUTH PLAIN CRAM-MD5"}).auth, ElementsAre("LOGIN", "PLAIN", "CRAM-MD5"));
}

TEST(capabilities, read_64_mechanisms_but_not_the_65th)
{
    std::string line = "AUTH";
    for (int i = 0; i < 64; ++i)
        line += " M" + std::to_string(i);
    EXPECT_EQ(read({line}).auth.back(), "M63");
    EXPECT_EQ(read({line, "AUTH M64 M65"}).auth.back(), "M63");
    EXPECT_EQ(read({line}).auth.size(), 64U);
}

TEST(capabilities, ignore_limits_that_make_no_sense) // RFC 9422 3
{
    const auto found = read({"LIMITS RCPTMAX=20 FOO=1 MAILMAX=x MAILMAX RCPTDOMAINMAX=4294967296 ="});
    EXPECT_EQ(found.limits, (session_limits{.rcpt_max = 20}));
    EXPECT_EQ(read({"LIMITS RCPTMAX=0 MAILMAX=07 RCPTDOMAINMAX=1000000"}).limits, session_limits{}); // RFC 9422 4
    EXPECT_EQ(read({"LIMITS RCPTDOMAINMAX=999999"}).limits, (session_limits{.rcpt_domain_max = 999'999}));
}

TEST(capabilities, ignore_lines_that_make_no_sense)
{
    EXPECT_EQ(read({"", " ", "???", "-X", "\xc3\xa9", "PIPELINING?", "STARTTLSX?"}), capabilities{});
    EXPECT_EQ(read({"X-A one", "X-A two"}).others, (std::vector<ehlo_line>{{"X-A", "one"}}));
}

TEST(ehlo_line, is_a_keyword_and_printable_words) // RFC 5321 4.1.1.1
{
    EXPECT_TRUE(is_ehlo_line("X-1", ""));
    EXPECT_TRUE(is_ehlo_line("8BITMIME", "a b=c"));
    EXPECT_FALSE(is_ehlo_line("", ""));
    EXPECT_FALSE(is_ehlo_line("X=1", ""));
    EXPECT_FALSE(is_ehlo_line("X", "\t"));
    EXPECT_FALSE(is_ehlo_line("X", " "));
}

} // namespace
} // namespace postern::protocol
