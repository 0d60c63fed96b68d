#include "src/attributes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace xforward;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

attributes read(std::string_view argument)
{
    attributes made;
    EXPECT_TRUE(take_command(argument, made)) << argument;
    return made;
}

TEST(attributes, are_read_in_any_case_and_decoded)
{
    const auto facts = read("name=spike.example ADDR=192.168.1.2 Helo=a+2Bb+20c");
    EXPECT_EQ(facts.get("NAME"), "spike.example");
    EXPECT_EQ(facts.get("ADDR"), "192.168.1.2");
    EXPECT_EQ(facts.get("HELO"), "a+b c");
    EXPECT_EQ(facts.get("PORT"), "");
}

TEST(attributes, of_several_commands_add_up)
{
    auto facts = read("NAME=a HELO=b");
    EXPECT_TRUE(take_command("HELO=c PROTO=ESMTP", facts));
    EXPECT_EQ(facts.get("NAME"), "a");
    EXPECT_EQ(facts.get("HELO"), "c");
    EXPECT_EQ(facts.get("PROTO"), "ESMTP");
}

TEST(attributes, are_taken_all_or_none)
{
    auto facts = read("NAME=a");
    for (const auto* bad : {"", " ", "NAME", "NAME=", "=a", "WHO=me", "HELO=b WHO=me", "HELO=+0d+0a", "HELO=+0D+0A", "HELO=+1",
                            "HELO=+", "HELO=a=b", "HELO=\x7f", "HELO=gr\xc3\xbc", "HELO=+2b"}) {
        EXPECT_FALSE(take_command(bad, facts)) << bad;
        EXPECT_EQ(facts, read("NAME=a")) << bad;
    }
}

TEST(attributes, that_have_a_form_are_taken_in_no_other)
{
    for (const auto* good : {"ADDR=192.0.2.1", "ADDR=ipv6:2001:db8::1", "ADDR=[UNAVAILABLE]", "PORT=0", "PORT=65535",
                             "PORT=[UNAVAILABLE]", "SOURCE=LOCAL", "SOURCE=remote", "SOURCE=[unavailable]"}) {
        attributes facts;
        EXPECT_TRUE(take_command(good, facts)) << good;
    }
    for (const auto* bad :
         {"ADDR=client.example", "ADDR=[192.0.2.1]", "ADDR=2001:db8::1", "ADDR=IPV6:192.0.2.1", "ADDR=IPV6:", "ADDR=192.0.2.300",
          "PORT=65536", "PORT=99999", "PORT=-1", "PORT=smtp", "PORT=123456", "SOURCE=MOON"}) {
        attributes facts;
        EXPECT_FALSE(take_command(bad, facts)) << bad;
        EXPECT_TRUE(facts.empty()) << bad;
    }
}

TEST(attributes, have_values_of_255_octets_at_most)
{
    attributes facts;
    EXPECT_TRUE(take_command("HELO=" + std::string(255, 'x'), facts));
    EXPECT_FALSE(take_command("HELO=" + std::string(256, 'x'), facts));
}

TEST(attributes, come_back_as_they_were_stored)
{
    const auto facts = read("NAME=a,b+3D ADDR=IPV6:2001:db8::1 IDENT=x+20y SOURCE=[UNAVAILABLE]");
    const auto word = to_stored(facts);
    EXPECT_EQ(word.find_first_of(" =\r\n"), std::string::npos) << word;
    EXPECT_EQ(from_stored(word), facts);
    EXPECT_EQ(to_stored(attributes{}), "");
    EXPECT_EQ(from_stored("NAME=a"), std::nullopt);
    EXPECT_EQ(from_stored("WHO:a"), std::nullopt);
}

TEST(attributes, that_do_not_fit_are_not_stored)
{
    attributes facts;
    for (const auto* name : {"NAME", "HELO", "IDENT"})
        ASSERT_TRUE(facts.set(name, std::string(255, '=')));
    const auto word = to_stored(facts);
    EXPECT_LE(word.size(), longest_stored);
    ASSERT_TRUE(from_stored(word));
    EXPECT_EQ(from_stored(word)->get("NAME"), facts.get("NAME"));
    EXPECT_EQ(from_stored(word)->get("HELO"), "");
}

TEST(attributes, are_told_as_far_as_they_are_offered)
{
    const auto facts = read("NAME=spike.example ADDR=192.168.1.2 HELO=a+2Bb");
    EXPECT_THAT(commands(facts, "NAME ADDR PROTO HELO"),
                ElementsAre("XFORWARD NAME=spike.example ADDR=192.168.1.2 PROTO=[UNAVAILABLE] HELO=a+2Bb"));
    EXPECT_THAT(commands(facts, "name WHO"), ElementsAre("XFORWARD NAME=spike.example"));
    EXPECT_THAT(commands(facts, ""), IsEmpty());
}

TEST(attributes, are_told_in_as_many_lines_as_they_need)
{
    attributes facts;
    for (const auto name : names)
        ASSERT_TRUE(facts.set(name, std::string(200, 'x')));
    const auto all = commands(facts, all_names);
    EXPECT_EQ(all.size(), 4u);
    for (const auto& line : all)
        EXPECT_LE(line.size(), longest_line);
    ASSERT_TRUE(facts.set("HELO", std::string(255, '+'))); // 765 octets as xtext
    EXPECT_THAT(commands(facts, "HELO"), ElementsAre("XFORWARD HELO=[UNAVAILABLE]"));
}

} // namespace
