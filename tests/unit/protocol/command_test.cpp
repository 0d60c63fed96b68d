#include "core/protocol/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

using namespace std::string_view_literals;

/// "VERB|argument", or the reply code of what is wrong.
std::string read(std::string_view line, command_rules rules = {})
{
    const auto found = parse_command(line, rules);
    if (found.error == command_error::none)
        return std::string{name_of(found.what)} + "|" + std::string{found.argument};
    const auto refusal = refusal_of(found);
    return std::to_string(refusal.code) + " " + std::string{refusal.enhanced};
}

TEST(command, is_known_in_any_case)
{
    for (const auto verb : {"RSET", "rset", "RsEt"})
        EXPECT_EQ(read(verb), "RSET|");
    EXPECT_EQ(read("starttls"), "STARTTLS|");
    EXPECT_EQ(read("quit"), "QUIT|");
    EXPECT_EQ(read("data"), "DATA|");
    EXPECT_EQ(parse_command("qUiT").name, "qUiT");
}

TEST(command, has_its_argument_without_white_space_around)
{
    EXPECT_EQ(read("EHLO client.example"), "EHLO|client.example");
    EXPECT_EQ(read("HELO   [127.0.0.1] \t "), "HELO|[127.0.0.1]");
    EXPECT_EQ(read("BDAT 86 LAST"), "BDAT|86 LAST");
    EXPECT_EQ(read("NOOP some words"), "NOOP|some words");
    EXPECT_EQ(read("HELP"), "HELP|");
    EXPECT_EQ(read("HELP mail"), "HELP|mail");
    EXPECT_EQ(read("VRFY bob"), "VRFY|bob");
    EXPECT_EQ(read("EXPN list"), "EXPN|list");
    EXPECT_EQ(read("AUTH PLAIN AGEAYg=="), "AUTH|PLAIN AGEAYg==");
}

TEST(command, begins_its_path_at_the_bracket)
{
    EXPECT_EQ(read("MAIL FROM:<a@b> SIZE=1"), "MAIL|<a@b> SIZE=1");
    EXPECT_EQ(read("mail from:<>"), "MAIL|<>");
    EXPECT_EQ(read("RCPT TO:<Postmaster>"), "RCPT|<Postmaster>");
    EXPECT_EQ(read("RCPT tO:<a@b>  "), "RCPT|<a@b>");
}

TEST(command, may_have_white_space_at_its_end) // RFC 5321 4.1.1
{
    for (const auto line : {"DATA ", "RSET  ", "QUIT\t", "STARTTLS \t ", "NOOP "})
        EXPECT_EQ(parse_command(line).error, command_error::none) << line;
}

TEST(command, with_spaces_around_the_colon_is_refused) // RFC 5321 3.3
{
    for (const auto line : {"MAIL FROM: <a@b>", "MAIL FROM :<a@b>", "MAIL FROM : <a@b>", "RCPT TO: <a@b>", "RCPT TO :<a@b>"})
        EXPECT_EQ(read(line), "501 5.5.4") << line;
}

TEST(command, with_a_space_before_the_path_is_taken_where_the_rules_say_so)
{
    const command_rules lenient{.space_before_path = true};
    EXPECT_EQ(read("MAIL FROM: <a@b>", lenient), "MAIL|<a@b>");
    EXPECT_EQ(read("RCPT TO:  <a@b>", lenient), "RCPT|<a@b>");
    EXPECT_EQ(read("MAIL FROM :<a@b>", lenient), "501 5.5.4");
    EXPECT_EQ(read("MAIL FROM: a@b", lenient), "501 5.5.4");
    EXPECT_EQ(read("MAIL FROM:  ", lenient), "501 5.5.4");
}

TEST(command, without_a_right_path_is_refused)
{
    for (const auto line : {"MAIL", "MAIL ", "MAIL FROM", "MAIL FROM:", "MAIL FROM:a@b", "MAIL <a@b>", "MAIL TO:<a@b>",
                            "MAIL FROMX:<a@b>", "MAIL FRO", "RCPT", "RCPT FROM:<a@b>", "RCPT TO:", "RCPT TO:a@b", "RCPT T"})
        EXPECT_EQ(read(line), "501 5.5.4") << line;
    EXPECT_EQ(read("MAIL FROM:<"), "MAIL|<") << "the path is judged by who reads paths";
}

TEST(command, that_takes_no_argument_is_refused_with_one)
{
    for (const auto line : {"DATA now", "RSET now", "QUIT now", "STARTTLS tls"})
        EXPECT_EQ(read(line), "501 5.5.4") << line;
}

TEST(command, that_needs_an_argument_is_refused_without)
{
    for (const auto line : {"EHLO", "HELO ", "LHLO", "BDAT", "VRFY", "EXPN ", "AUTH"})
        EXPECT_EQ(read(line), "501 5.5.4") << line;
}

TEST(command, of_greeting_has_one_word_of_ascii)
{
    for (const auto line : {"EHLO a b", "HELO a b", "LHLO a b",
                            "EHLO b\xc3\xbc"
                            "cher.example"})
        EXPECT_EQ(read(line), "501 5.5.4") << line;
}

TEST(command, that_is_unknown_gets_500)
{
    for (const auto line : {"", " ", "FOO", "STARTTLSX", "STARTTL", "MAILX", "MAI", "EHLOclient", " NOOP", "QUIT;",
                            "SEND FROM:<a@b>", "GET / HTTP/1.1", "N\xc3\x96OP", "LHLOX a"})
        EXPECT_EQ(read(line), "500 5.5.1") << line;
}

TEST(command, with_control_characters_gets_500)
{
    for (const auto line : {"NOOP \x01"sv, "EHLO\ta"sv, "NOOP a\tb"sv, "MAIL FROM:<a\x7f@b>"sv, "\x1b[A"sv, "NOOP \0"sv,
                            "NOOP\r"sv, "NOOP\nRSET"sv})
        EXPECT_EQ(read(line), "500 5.5.2") << line;
}

TEST(command, is_told_how_it_is_written)
{
    EXPECT_EQ(refusal_of(parse_command("MAIL bob")).text, "Syntax: MAIL FROM:<address>");
    EXPECT_EQ(refusal_of(parse_command("RCPT bob")).text, "Syntax: RCPT TO:<address>");
    EXPECT_EQ(refusal_of(parse_command("BDAT")).text, "Syntax: BDAT size [LAST]");
    EXPECT_EQ(refusal_of(parse_command("RSET x")).text, "RSET takes no argument");
}

TEST(command, has_a_name_for_each_verb)
{
    for (int i = 0; i < static_cast<int>(verb::unknown); ++i) {
        const auto what = static_cast<verb>(i);
        EXPECT_FALSE(name_of(what).empty());
        EXPECT_EQ(parse_command(name_of(what)).what, what);
    }
    EXPECT_EQ(name_of(verb::unknown), "");
}

} // namespace
} // namespace postern::protocol
