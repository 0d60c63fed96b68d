#include "core/message/dsn_wording.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::message {
namespace {

bool is_good(const dsn_wording& what, utf8 octets = utf8::refused)
{
    return fault_of(what, octets).empty();
}

TEST(dsn_wording, that_says_nothing_has_no_fault)
{
    EXPECT_TRUE(is_good({}));
}

TEST(dsn_wording, names_an_address_that_its_sender_could_have)
{
    EXPECT_TRUE(is_good({.recipient = "bounces+7@example.net"}));
    EXPECT_FALSE(is_good({.recipient = "nobody"}));
    EXPECT_FALSE(is_good({.recipient = "a@example.net>\r\nRCPT TO:<b@example.net"}));
    EXPECT_FALSE(is_good({.recipient = "\xc3\xa9@example.net"}));
    EXPECT_TRUE(is_good({.recipient = "\xc3\xa9@example.net"}, utf8::allowed));
}

TEST(dsn_wording, is_text_of_lines_and_nothing_else)
{
    EXPECT_TRUE(is_good({.text = "one\n\ttwo \xc3\xa9"}));
    EXPECT_TRUE(is_good({.text = std::string(longest_dsn_text, 'x')}));
    EXPECT_FALSE(is_good({.text = std::string(longest_dsn_text + 1, 'x')}));
    EXPECT_FALSE(is_good({.text = "one\r\ntwo"}));
    EXPECT_FALSE(is_good({.text = std::string{"a\0b", 3}}));
    EXPECT_FALSE(is_good({.text = "caf\xe9"}));
    EXPECT_FALSE(is_good({.text = "a\xc2\x85z"})) << "a line end somewhere (RFC 5198 2)";
}

TEST(dsn_wording, has_a_name_of_one_line)
{
    EXPECT_TRUE(is_good({.from_name = std::string(longest_dsn_name, 'x')}));
    EXPECT_FALSE(is_good({.from_name = std::string(longest_dsn_name + 1, 'x')}));
    EXPECT_FALSE(is_good({.from_name = "a\nBcc: b@example.net"}));
    EXPECT_FALSE(is_good({.from_name = "a\tb"}));
}

TEST(dsn_wording, adds_no_field_that_begins_a_line_or_that_a_report_has_itself)
{
    const auto with = [](std::string name, std::string value) {
        return is_good({.fields = {{std::move(name), std::move(value)}}});
    };
    EXPECT_TRUE(with("X-Bounce", "7"));
    EXPECT_TRUE(with("List-Id", ""));
    EXPECT_FALSE(with("X-Bounce", "7\r\nBcc: b@example.net"));
    EXPECT_FALSE(with("X-Bounce", "7\r\n folded"));
    EXPECT_FALSE(with("X-Bounce: 7\r\nBcc", "b@example.net"));
    EXPECT_FALSE(with("", "7"));
    EXPECT_FALSE(with("X Bounce", "7"));
    EXPECT_FALSE(with("X-Bounce", "caf\xc3\xa9"));
    EXPECT_TRUE(with("X", std::string(longest_dsn_field - 1, 'x')));
    EXPECT_FALSE(with("X", std::string(longest_dsn_field, 'x')));
    for (const auto* own : {"from", "TO", "Bcc", "Auto-Submitted", "Content-Type", "content-anything", "Resent-To", "Return-Path",
                            "Received", "MIME-Version", "Subject", "Message-ID", "In-Reply-To", "References", "Sender"})
        EXPECT_FALSE(with(own, "x")) << own;
    EXPECT_TRUE(is_good({.fields = std::vector<extra_field>(most_dsn_fields, {"X", "y"})}));
    EXPECT_FALSE(is_good({.fields = std::vector<extra_field>(most_dsn_fields + 1, {"X", "y"})}));
}

TEST(dsn_wording, writes_a_name_as_a_mailbox_has_it)
{
    EXPECT_EQ(to_display_name("Mail Delivery System"), "Mail Delivery System");
    EXPECT_EQ(to_display_name("a, \"b\" \\ <c>"), "\"a, \\\"b\\\" \\\\ <c>\"");
    EXPECT_EQ(to_display_name(" a"), "\" a\"");
    EXPECT_EQ(to_display_name("caf\xc3\xa9"), "=?utf-8?B?Y2Fmw6k=?=");
    std::string much;
    for (int i = 0; i < 50; ++i)
        much += "\xc3\xa9";
    const auto words = to_display_name(much); // 44, 44 and 12 octets: no code point is cut (RFC 2047 5 (3))
    EXPECT_EQ(std::count(words.begin(), words.end(), ' '), 2);
    for (std::size_t at = 0; at < words.size(); at = std::min(words.find(' ', at), words.size() - 1) + 1)
        EXPECT_LE(std::min(words.find(' ', at), words.size()) - at, 75U); // RFC 2047 2
}

} // namespace
} // namespace postern::message
