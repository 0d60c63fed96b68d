// Encodings, header fields and HTML: what is well formed is read, what is not is bounded.

#include "src/header_text.hpp"
#include "src/html_text.hpp"
#include "src/transfer_coding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

using namespace spam_filter;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

std::string base64(std::string_view coded, std::size_t most = 1000)
{
    std::string to;
    decode_base64(coded, most, to);
    return to;
}

std::string quoted(std::string_view coded, std::size_t most = 1000)
{
    std::string to;
    decode_quoted_printable(coded, most, to);
    return to;
}

std::string header(std::string_view value, std::size_t most = 1000)
{
    std::string to;
    decode_header(value, most, to);
    return to;
}

std::string shown(std::string_view html)
{
    std::string to;
    read_html(html, to);
    return to;
}

TEST(transfer_coding, undoes_base64_whatever_lies_between_its_letters)
{
    EXPECT_EQ(base64("aGVsbG8="), "hello");
    EXPECT_EQ(base64("aGVs\r\nbG8=\r\n"), "hello");
    EXPECT_EQ(base64("a G*V-s b\tG8"), "hello");
    EXPECT_EQ(base64("aGVsbG8=aGVsbG8="), "hellohello");
    EXPECT_EQ(base64("===="), "");
    EXPECT_EQ(base64("a"), "");
}

TEST(transfer_coding, stops_at_the_limit)
{
    EXPECT_EQ(base64("aGVsbG8=", 5), "hello");
    EXPECT_EQ(base64("aGVsbG8=", 4), "hell");
    EXPECT_EQ(quoted("h=65llo", 5), "hello");
    EXPECT_EQ(quoted("h=65llo", 4), "hell");
    EXPECT_EQ(base64("aGVsbG8=", 0), "");
}

TEST(transfer_coding, undoes_quoted_printable_and_leaves_what_is_none)
{
    EXPECT_EQ(quoted("a=3Db=\r\nc= \t\nd"), "a=bcd");
    EXPECT_EQ(quoted("1=2, =zz, ="), "1=2, =zz, =");
    EXPECT_EQ(quoted("=e4=E4"), "\xe4\xe4");
}

TEST(header_text, splits_fields_and_stops_at_what_is_none)
{
    std::vector<field> fields;
    const std::string message = "From x@y Mon\nA: 1\r\nB:2\r\n\tmore\r\nC: \r\n\r\nbody: no\r\n";
    const std::size_t taken = split_fields(message, 10, fields);
    EXPECT_EQ(message.substr(taken), "body: no\r\n");
    ASSERT_EQ(fields.size(), 3u);
    EXPECT_EQ(fields[1].name, "B");
    EXPECT_EQ(fields[1].value, "2\r\n\tmore");
    EXPECT_EQ(find_field(fields, "a"), "1");
    fields.clear();
    EXPECT_EQ(split_fields("A: 1\nno field\nB: 2\n", 10, fields), 5u);
    EXPECT_EQ(fields.size(), 1u);
}

TEST(header_text, takes_no_more_fields_than_it_is_told)
{
    std::vector<field> fields;
    std::string section;
    for (int i = 0; i < 11; ++i)
        section += "A: 1\r\n";
    EXPECT_EQ(split_fields(section + "\r\n", 10, fields), section.size() + 2);
    EXPECT_EQ(fields.size(), 10u);
}

TEST(header_text, decodes_encoded_words)
{
    EXPECT_EQ(header("=?UTF-8?B?aGVsbG8=?= =?utf-8?q?_w=6Frld?="), "hello world");
    EXPECT_EQ(header("a =?x?q?b?= c"), "a b c");
    EXPECT_EQ(header("folded\r\n text"), "folded text");
    for (const char* odd : {"=?", "=?x", "=?x?q", "=?x?q?abc", "=?x?z?abc?=",
                            "=?"
                            "?=",
                            "=?x?"})
        EXPECT_EQ(header(odd), odd);
    EXPECT_EQ(header("=?x?q?aaaaaaaa?=", 4), "aaaa");
}

TEST(header_text, finds_parameters_in_quotes_and_without)
{
    EXPECT_EQ(media_type(" Text/HTML ; charset=x"), "text/html");
    EXPECT_EQ(parameter("a/b; boundary=\"x;\\\"y\"; c = d", "boundary"), "x;\"y");
    EXPECT_EQ(parameter("a/b; boundary=\"x;y\"; c = d", "c"), "d");
    EXPECT_EQ(parameter("a/b; name; c=d", "c"), "d");
    EXPECT_EQ(parameter("a/b; boundary=\"never closed", "boundary"), "never closed");
    for (const char* none : {"", ";", "a/b", "a/b;", "a/b; boundary", "a/b;;;=;"})
        EXPECT_EQ(parameter(none, "boundary"), "") << none;
}

TEST(html, shows_words_without_tags)
{
    EXPECT_EQ(shown("<p>Hel<b>lo</b></p><br>World &amp; &#65;&#x42;&nosuch;"), " Hello  World & AB&nosuch;");
    EXPECT_EQ(shown("V<!-- x -->iag<i></i>ra"), "Viagra");
    EXPECT_THAT(shown("a<script>var x = '<b>'</script>b<style>p{}</style>c"), Not(HasSubstr("var")));
    EXPECT_EQ(shown("1 < 2 and 3 <3"), "1 < 2 and 3 <3");
}

TEST(html, tells_what_tags_do)
{
    std::string text;
    const html_facts found = read_html("<a href='http://x.example/?a=1&amp;b'>k</a><img src=i.png><form action=f><span "
                                       "style=\"display:none\">h</span>Vi<!--x-->ag",
                                       text);
    EXPECT_THAT(found.links, ElementsAre("http://x.example/?a=1&b", "i.png", "f"));
    EXPECT_EQ(found.images, 1u);
    EXPECT_EQ(found.forms, 1u);
    EXPECT_EQ(found.split_words, 1u);
    EXPECT_TRUE(found.hides_text);
}

TEST(html, ends_with_what_never_ends)
{
    for (const char* open :
         {"<", "<a", "<a href", "<a href=", "<a href=\"x", "<!--", "<script>", "<script>x</scr", "&", "&#", "&#x", "</"})
        shown(std::string{"text "} + open);
    EXPECT_EQ(shown("<a href=\"x>y"), "y"); // a quote that is never closed is none
}

TEST(html, takes_time_in_proportion_to_its_length)
{
    // Each of these looked for its end in all of the rest, if it were done naively: 300,000 times 300,000 steps.
    for (const char* piece : {"<script>", "<a =\"", "<a ='> ", "<!", "&#", "<style><"}) {
        std::string html;
        while (html.size() < 600'000)
            html += piece;
        shown(html);
    }
}

TEST(html, remembers_a_bounded_number_of_tags_and_links)
{
    std::string html;
    std::string text;
    for (int i = 0; i < 1000; ++i)
        html += "<a href=x>";
    const html_facts found = read_html(html, text);
    EXPECT_EQ(found.tags.size(), most_html_tags);
    EXPECT_EQ(found.links.size(), most_html_tags);
}

} // namespace
