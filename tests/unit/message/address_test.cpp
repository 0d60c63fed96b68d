#include "core/message/address.hpp"

#include <gtest/gtest.h>

namespace postern::message {
namespace {

using namespace std::string_literals;

/// The canonical address, or the error's text.
std::string forward(std::string_view text, utf8 octets = utf8::refused)
{
    const auto path = parse_forward_path(text, octets);
    return path ? path->address : "(" + path.error().message() + ")";
}

const std::string bad = "(not a mail address)";
const std::string too_long = "(the address is too long)";
const std::string needs_smtputf8 = "(the address needs SMTPUTF8)";
const std::string bad_utf8 = "(the address holds octets that are not UTF-8, or characters that no address may hold)";

TEST(address, is_taken_as_it_is)
{
    EXPECT_EQ(forward("<bob@example.com>"), "bob@example.com");
    EXPECT_EQ(forward("<Bob.Smith+tag@Mail.Example.COM>"), "Bob.Smith+tag@Mail.Example.COM");
    EXPECT_EQ(forward("<!#$%&'*+-/=?^_`{|}~@x>"), "!#$%&'*+-/=?^_`{|}~@x");
    EXPECT_EQ(forward("<1@2>"), "1@2");
    EXPECT_EQ(forward("<a@xn--bcher-kva.example>"), "a@xn--bcher-kva.example");
}

TEST(address, tells_where_it_ends)
{
    EXPECT_EQ(parse_forward_path("<a@b> SIZE=1", utf8::refused)->consumed, 5U);
    EXPECT_EQ(parse_forward_path("<a@b>x", utf8::refused)->consumed, 5U);
    EXPECT_EQ(parse_reverse_path("<> BODY=7BIT", utf8::refused)->consumed, 2U);
    EXPECT_EQ(parse_reverse_path(R"(<"a> b"@c> X)", utf8::refused)->consumed, 10U);
    EXPECT_EQ(parse_forward_path("<Postmaster> X", utf8::refused)->consumed, 12U);
}

TEST(address, may_be_null_only_as_a_reverse_path)
{
    EXPECT_EQ(parse_reverse_path("<>", utf8::refused)->address, "");
    EXPECT_EQ(forward("<>"), bad);
    EXPECT_FALSE(parse_reverse_path("< >", utf8::refused));
    EXPECT_FALSE(parse_reverse_path("<@a:>", utf8::refused));
}

TEST(address, may_be_postmaster_alone_only_as_a_forward_path) // RFC 5321 4.5.1
{
    EXPECT_EQ(forward("<postmaster>"), "postmaster");
    EXPECT_EQ(forward("<PostMaster>"), "PostMaster");
    EXPECT_EQ(forward("<postmaster@example.com>"), "postmaster@example.com");
    EXPECT_FALSE(parse_reverse_path("<postmaster>", utf8::refused));
    EXPECT_EQ(forward("<postmasters>"), bad);
    EXPECT_EQ(forward("<postmaste>"), bad);
    EXPECT_EQ(forward("<postmaster"), bad);
    EXPECT_EQ(forward("<webmaster>"), bad);
    EXPECT_EQ(forward("<@a.example:postmaster>"), bad);
    EXPECT_TRUE(is_postmaster_alone("POSTMASTER"));
    EXPECT_FALSE(is_postmaster_alone("postmaster@example.com"));
    EXPECT_FALSE(is_postmaster_alone(""));
}

TEST(address, loses_quotes_that_it_does_not_need)
{
    EXPECT_EQ(forward(R"(<"bob"@example.com>)"), "bob@example.com");
    EXPECT_EQ(forward(R"(<"b\ob.s\mith"@example.com>)"), "bob.smith@example.com");
}

TEST(address, keeps_quotes_that_it_needs)
{
    EXPECT_EQ(forward(R"(<"a b"@example.com>)"), R"("a b"@example.com)");
    EXPECT_EQ(forward(R"(<"a\@b"@example.com>)"), R"("a@b"@example.com)");
    EXPECT_EQ(forward(R"(<"a\"\\b"@example.com>)"), R"("a\"\\b"@example.com)");
    EXPECT_EQ(forward(R"(<"a..b"@example.com>)"), R"("a..b"@example.com)");
    EXPECT_EQ(forward(R"(<".a"@example.com>)"), R"(".a"@example.com)");
    EXPECT_EQ(forward(R"(<"a>"@example.com>)"), R"("a>"@example.com)");
    EXPECT_EQ(forward(R"(<""@example.com>)"), R"(""@example.com)");
    EXPECT_EQ(forward(R"(<"@evil.example"@example.com>)"), R"("@evil.example"@example.com)");
}

TEST(address, ignores_a_source_route) // RFC 5321 4.1.1.3
{
    EXPECT_EQ(forward("<@a.example,@b.example:bob@example.com>"), "bob@example.com");
    EXPECT_EQ(forward("<@a.example:bob@example.com>"), "bob@example.com");
    for (const auto text : {"<@a.example:>", "<@a.example>", "<@:a@b>", "<@a,b:a@b>", "<@a,:a@b>", "<@a;@b:c@d>", "<@a@b:c@d>",
                            "<@[127.0.0.1]:a@b>", "<@a.:c@d>", "<@a", "<@", "<@a:", "<@a,@b"})
        EXPECT_EQ(forward(text), bad) << text;
}

TEST(address, takes_literals_in_one_form)
{
    EXPECT_EQ(forward("<a@[192.0.2.1]>"), "a@[192.0.2.1]");
    EXPECT_EQ(forward("<a@[IPv6:2001:DB8:0::1]>"), "a@[IPv6:2001:db8::1]");
    EXPECT_EQ(forward("<a@[ipv6:::1]>"), "a@[IPv6:::1]");
    EXPECT_EQ(forward("<a@[IPv6:::ffff:192.0.2.1]>"), "a@[192.0.2.1]");
    EXPECT_EQ(forward("<a@[x-tag:some@content]>"), "a@[x-tag:some@content]");
}

TEST(address, refuses_broken_literals)
{
    for (const auto text : {"<a@[127.0.0.1>",
                            "<a@127.0.0.1]>",
                            "<a@[]>",
                            "<a@[127.0.0.256]>",
                            "<a@[127.0.0]>",
                            "<a@[::1]>",
                            "<a@[IPv6:]>",
                            "<a@[IPv6:127.0.0.1]>",
                            "<a@[IPv6:1::2::3]>",
                            "<a@[tag:]>",
                            "<a@[:x]>",
                            "<a@[tag-:x]>",
                            "<a@[tag:a b]>",
                            "<a@[tag:a[b]>",
                            "<a@[tag:a\\b]>",
                            "<a@[example.com]>",
                            "<a@[127.0.0.1]x>",
                            "<a@[127.0.0.1].example>",
                            "<a@x[127.0.0.1]>",
                            "<a@[[127.0.0.1]]>",
                            "<a@["})
        EXPECT_EQ(forward(text), bad) << text;
    EXPECT_EQ(forward("<a@[127.0.0.1\0]>"s), bad);
    EXPECT_EQ(forward("<a@[IPv6:::1\0x]>"s), bad);
}

TEST(address, refuses_what_is_no_path)
{
    for (const auto text : {"",
                            "<",
                            ">",
                            "a@b",
                            "a@b>",
                            "<a@b",
                            "<<a@b>",
                            " <a@b>",
                            "< a@b>",
                            "<a@b >",
                            "<a @b>",
                            "<a@ b>",
                            "<a>",
                            "<@b>",
                            "<a@>",
                            "<a@@b>",
                            "<a@b@c>",
                            "<a..b@c>",
                            "<.a@b>",
                            "<a.@b>",
                            "<a@.b>",
                            "<a@b.>",
                            "<a@b..c>",
                            "<a@.>",
                            "<a@-b>",
                            "<a@b->",
                            "<a@b-.c>",
                            "<a@b.-c>",
                            "<a@b_c>",
                            "<a@b!c>",
                            "<a@b/c>",
                            "<a b@c>",
                            "<(x)a@b>",
                            "<a(x)@b>",
                            "<a@b,c@d>",
                            "<a;b@c>",
                            "<a:b@c>",
                            "<a\\b@c>",
                            "<\"a\"b@c>",
                            "<a\"b\"@c>",
                            "<\"a@b>",
                            "<\"a\\",
                            "<\"a\\\"@b>",
                            "<\"a\"@>",
                            "<\"a\"",
                            "<\"a\">",
                            "<a@b\r\n>",
                            "<a\r\n@b>",
                            "<a\t@b>",
                            "<\"a\r\n\"@b>",
                            "<\"a\tb\"@c>",
                            "<\"a\\\x01\"@b>",
                            "<a\x7f@b>",
                            "<\"\x7f\"@b>",
                            "<a@b%c@d>"})
        EXPECT_EQ(forward(text), bad) << text;
    EXPECT_EQ(forward("<a\0@b>"s), bad);
    EXPECT_EQ(forward("<a@b\0>"s), bad);
    EXPECT_EQ(forward("<\"a\0\"@b>"s), bad);
    EXPECT_EQ(forward("<a@\0>"s), bad);
}

TEST(address, leaves_percent_hacks_and_bang_paths_to_the_local_part_alone)
{
    EXPECT_EQ(split_address(forward("<user%evil.example@example.com>")).domain, "example.com");
    EXPECT_EQ(split_address(forward("<evil.example!user@example.com>")).domain, "example.com");
    EXPECT_EQ(split_address(forward(R"(<"user@evil.example"@example.com>)")).domain, "example.com");
    EXPECT_EQ(split_address(forward(R"(<"a\"@evil.example"@example.com>)")).domain, "example.com");
}

TEST(address, holds_a_local_part_of_64_octets_but_not_of_65) // RFC 5321 4.5.3.1.1
{
    const std::string local(64, 'a');
    EXPECT_EQ(forward("<" + local + "@b>"), local + "@b");
    EXPECT_EQ(forward("<a" + local + "@b>"), too_long);
    EXPECT_EQ(forward("<\"" + local + "\"@b>"), local + "@b") << "counted as it goes on";
    EXPECT_EQ(forward("<\" " + local.substr(3) + "\"@b>"), "\" " + local.substr(3) + "\"@b");
    EXPECT_EQ(forward("<\" " + local.substr(2) + "\"@b>"), too_long);
}

TEST(address, holds_labels_of_63_octets_but_not_of_64)
{
    const std::string label(63, 'b');
    EXPECT_EQ(forward("<a@" + label + ".c>"), "a@" + label + ".c");
    EXPECT_EQ(forward("<a@" + label + "b.c>"), too_long);
}

std::string domain_of(std::size_t size)
{
    std::string domain(size, 'd');
    for (std::size_t i = 1; i + 1 < size; i += 2)
        domain[i] = '.';
    return domain;
}

TEST(address, holds_a_domain_of_255_octets_but_not_of_256) // RFC 5321 4.5.3.1.2
{
    EXPECT_TRUE(is_domain(domain_of(255)));
    EXPECT_FALSE(is_domain(domain_of(256)));
    EXPECT_EQ(forward("<a@" + domain_of(256) + ">"), too_long);
}

TEST(address, holds_a_path_of_256_octets_but_not_of_257) // RFC 5321 4.5.3.1.3
{
    const auto path = "<a@" + domain_of(252) + ">";
    ASSERT_EQ(path.size(), 256U);
    EXPECT_EQ(forward(path), "a@" + domain_of(252));
    EXPECT_EQ(forward("<aa@" + domain_of(252) + ">"), too_long);
    EXPECT_EQ(forward("<@r:a@" + domain_of(249) + ">"), "a@" + domain_of(249));
    EXPECT_EQ(forward("<@r:a@" + domain_of(250) + ">"), too_long) << "the route counts";
    EXPECT_TRUE(parse_mailbox("a@" + domain_of(252), utf8::refused));
    EXPECT_FALSE(parse_mailbox("aa@" + domain_of(252), utf8::refused));
}

TEST(address, beyond_ascii_needs_smtputf8)
{
    const auto local = "<b\xc3\xb6"
                       "b@example.com>";
    const auto domain = "<bob@b\xc3\xbc"
                        "cher.example>";
    const auto quoted = "<\"b\xc3\xb6 b\"@example.com>";
    for (const auto text : {local, domain, quoted})
        EXPECT_EQ(forward(text), needs_smtputf8);
    EXPECT_EQ(forward(local, utf8::allowed), "b\xc3\xb6"
                                             "b@example.com");
    EXPECT_EQ(forward(domain, utf8::allowed), "bob@b\xc3\xbc"
                                              "cher.example");
    EXPECT_EQ(forward(quoted, utf8::allowed), "\"b\xc3\xb6 b\"@example.com");
    EXPECT_FALSE(is_ascii(forward(local, utf8::allowed)));
    EXPECT_TRUE(is_ascii("bob@example.com"));
}

TEST(address, must_be_well_formed_utf8_without_controls)
{
    for (const auto text : {"<\xff@b>", "<\xc3@b>", "<a\xc0\x80@b>", "<a@\xc3>", "<a@b\xed\xa0\x80>", "<a\xc2\x85@b>",
                            "<\"\xe2\x80\xa8\"@b>", "<a@\xc2\x9f>", "<\"\\\xc3\"@b>"})
        EXPECT_NE(parse_forward_path(text, utf8::allowed).has_value(), true) << text;
    EXPECT_EQ(forward("<a\xc2\x85@b>", utf8::allowed), bad_utf8);
    EXPECT_EQ(forward("<\xff@b>", utf8::allowed), bad_utf8);
    EXPECT_EQ(forward("<\"a\\\xc3\xa9\"@b>", utf8::allowed), bad) << "a quoted pair is ASCII";
}

TEST(address, refuses_domains_that_a_mapping_would_read_as_others)
{
    for (const auto domain : {"example\xe3\x80\x82"
                              "com",
                              "example\xef\xbc\x8e"
                              "com",
                              "example\xef\xbd\xa1"
                              "com",
                              "ex\xe2\x80\x8b"
                              "ample.com",
                              "\xef\xbd\x85xample.com",
                              "a\xef\xbc\xa0"
                              "b.com",
                              "\xe2\x80\xae"
                              "a.com",
                              "ex\xc2\xad"
                              "ample.com"})
        EXPECT_EQ(forward("<a@"s + domain + ">", utf8::allowed), bad_utf8) << domain;
}

TEST(address, is_read_without_brackets_as_a_whole_mailbox)
{
    EXPECT_EQ(*parse_mailbox("bob@example.com", utf8::refused), "bob@example.com");
    EXPECT_EQ(*parse_mailbox(R"("bob"@[127.0.0.1])", utf8::refused), "bob@[127.0.0.1]");
    for (const auto text : {"", "bob", "<bob@example.com>", "bob@example.com>", "bob@example.com x", "bob@[127.0.0.1]x",
                            "@a:bob@example.com", "bob@example.com\r\n", "postmaster", "a@b@c"})
        EXPECT_FALSE(parse_mailbox(text, utf8::allowed)) << text;
}

TEST(address, splits_at_the_at_sign_that_counts)
{
    EXPECT_EQ(split_address("bob@example.com").local, "bob");
    EXPECT_EQ(split_address("bob@example.com").domain, "example.com");
    EXPECT_EQ(split_address(R"("a@b\"@c"@d)").local, R"("a@b\"@c")");
    EXPECT_EQ(split_address(R"("a@b\"@c"@d)").domain, "d");
    EXPECT_EQ(split_address("a@[tag:x@y]").domain, "[tag:x@y]");
    EXPECT_EQ(split_address("").local, "");
    EXPECT_EQ(split_address("").domain, "");
    EXPECT_EQ(split_address("Postmaster").local, "Postmaster");
    EXPECT_EQ(split_address("Postmaster").domain, "");
    EXPECT_EQ(split_address("\"unclosed@x").domain, "");
    EXPECT_EQ(split_address("\"\\").domain, "");
}

TEST(address, is_written_back_as_a_path)
{
    EXPECT_EQ(to_path("bob@example.com"), "<bob@example.com>");
    EXPECT_EQ(to_path(""), "<>");
}

TEST(address, has_a_domain_without_case_but_not_a_local_part)
{
    EXPECT_EQ(with_lower_domain("Bob@Example.COM"), "Bob@example.com");
    EXPECT_EQ(with_lower_domain("\"B@C\"@Example.COM"), "\"B@C\"@example.com");
    EXPECT_EQ(with_lower_domain("Postmaster"), "Postmaster");
    EXPECT_EQ(with_lower_domain(""), "");
    EXPECT_EQ(with_lower_domain("a@[IPv6:::1]"), "a@[IPv6:::1]");
    EXPECT_EQ(with_lower_domain("a@B\xc3\x9c.Example"), "a@b\xc3\x9c.example") << "beyond ASCII nothing is folded";
    EXPECT_EQ(lower_ascii("AZaz09@[`{"), "azaz09@[`{");
}

TEST(domain, is_labels_of_letters_digits_and_inner_hyphens)
{
    for (const auto text : {"a", "a.b", "1.2.3.4", "a-b.c--d", "EXAMPLE", "localhost"})
        EXPECT_TRUE(is_domain(text)) << text;
    for (const auto text : {"", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "a@b", "[1.2.3.4]",
                            "b\xc3\xbc"
                            "cher"})
        EXPECT_FALSE(is_domain(text)) << text;
    EXPECT_TRUE(is_domain("b\xc3\xbc"
                          "cher",
                          utf8::allowed));
}

TEST(address_literal, is_known_with_its_brackets_only)
{
    EXPECT_TRUE(is_address_literal("[127.0.0.1]"));
    EXPECT_TRUE(is_address_literal("[IPv6:2001:db8::1]"));
    for (const auto text : {"", "[", "]", "[]", "127.0.0.1", "[127.0.0.1", "127.0.0.1]", "[::1]", "[a]"})
        EXPECT_FALSE(is_address_literal(text)) << text;
}

/// Whatever is let through is canonical: written as a path, it is read as itself.
TEST(address, in_canonical_form_stays_as_it_is)
{
    const std::string_view pieces[] = {"a", ".", "@",         "\"",       "\\",       "[", "]", ":", "<",
                                       ">", " ", "127.0.0.1", "IPv6:::1", "\xc3\xa9", ",", "-", "b"};
    unsigned accepted = 0;
    for (std::uint32_t seed = 0; seed < 300'000; ++seed) {
        std::string text = "<";
        std::uint32_t random = seed * 2654435761U;
        for (unsigned i = 0; i < 3 + seed % 7; ++i) {
            text += pieces[(random >> 8U) % std::size(pieces)];
            random = random * 1664525U + 1013904223U;
        }
        text += "@b>";
        const auto path = parse_forward_path(text, utf8::allowed);
        if (!path)
            continue;
        ++accepted;
        const auto again = parse_forward_path(to_path(path->address), utf8::allowed);
        ASSERT_TRUE(again) << text;
        EXPECT_EQ(again->address, path->address) << text;
        EXPECT_EQ(*parse_mailbox(path->address, utf8::allowed), path->address) << text;
        const auto parts = split_address(path->address);
        EXPECT_EQ(std::string{parts.local} + "@" + std::string{parts.domain}, path->address);
        EXPECT_TRUE(is_domain(parts.domain, utf8::allowed) || is_address_literal(parts.domain)) << text;
    }
    EXPECT_GT(accepted, 1000U);
}

} // namespace
} // namespace postern::message
