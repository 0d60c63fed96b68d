#include "src/feedback.hpp"
#include "src/mime_walk.hpp"
#include "src/tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace spam_filter;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

/// "TYPE: text" of each part, in order.
class recorder final : public part_visitor {
public:
    void part(const part_facts& facts, std::string_view text) override
    {
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
            text.remove_suffix(1);
        parts.push_back(facts.type + ": " + std::string{text});
        deepest = std::max(deepest, facts.depth);
    }
    bool attached(const std::vector<field>& fields, std::string_view) override
    {
        parts.push_back("message " + std::string{find_field(fields, "subject")});
        return true;
    }
    std::vector<std::string> parts;
    std::size_t deepest = 0;
};

struct walked {
    std::vector<std::string> parts;
    walk_faults faults;
};

walked walk(const std::string& message, const walk_limits& limits = {})
{
    std::vector<field> fields;
    const std::size_t taken = split_fields(message, limits.fields, fields);
    recorder seen;
    const walk_faults faults = walk_parts(fields, std::string_view{message}.substr(taken), limits, seen);
    return {seen.parts, faults};
}

TEST(mime_walk, takes_a_message_without_mime_for_text)
{
    EXPECT_THAT(walk("Subject: x\r\n\r\nhello\r\n").parts, ElementsAre("text/plain: hello"));
    EXPECT_THAT(walk("\r\n").parts, ElementsAre("text/plain: "));
    EXPECT_THAT(walk("Content-Type: nonsense\r\n\r\nhello\r\n").parts, ElementsAre("text/plain: hello"));
}

TEST(mime_walk, reads_parts_in_order_and_decodes_text)
{
    const auto seen = walk("Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npreamble\r\n"
                           "--b\r\n\r\nfirst\r\n"
                           "--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\n"
                           "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
                           "--b--\r\nepilogue\r\n--b\r\nnot a part\r\n");
    EXPECT_THAT(seen.parts, ElementsAre("text/plain: first", "text/html: <b>", "image/png: AAAA"));
    EXPECT_FALSE(seen.faults.has_unclosed_part);
}

TEST(mime_walk, goes_into_multiparts_and_messages)
{
    const auto seen = walk("Content-Type: multipart/mixed; boundary=o\r\n\r\n"
                           "--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
                           "--i\r\n\r\none\r\n--i\r\nContent-Type: text/html\r\n\r\ntwo\r\n--i--\r\n"
                           "--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nthree\r\n"
                           "--o\r\n\r\nfour\r\n--o--\r\n");
    EXPECT_THAT(seen.parts,
                ElementsAre("text/plain: one", "text/html: two", "message inner", "text/plain: three", "text/plain: four"));
}

TEST(mime_walk, ends_a_part_that_was_not_closed_with_what_encloses_it)
{
    const auto seen = walk("Content-Type: multipart/mixed; boundary=o\r\n\r\n"
                           "--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
                           "--i\r\n\r\none\r\n"
                           "--o\r\n\r\ntwo\r\n");
    EXPECT_THAT(seen.parts, ElementsAre("text/plain: one", "text/plain: two"));
    EXPECT_TRUE(seen.faults.has_unclosed_part);
}

TEST(mime_walk, shows_a_multipart_without_any_boundary_as_text)
{
    const auto seen = walk("Content-Type: multipart/mixed; boundary=o\r\n\r\nhello\r\n");
    EXPECT_THAT(seen.parts, ElementsAre("text/plain: hello"));
    EXPECT_THAT(walk("Content-Type: multipart/mixed\r\n\r\nhello\r\n").parts, ElementsAre("text/plain: hello"));
}

TEST(mime_walk, goes_no_deeper_than_it_is_told)
{
    const auto nested = [](int levels) {
        std::string message;
        for (int i = 0; i < levels; ++i)
            message +=
                "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\r\n\r\n--b" + std::to_string(i) + "\r\n";
        return message + "\r\nhello\r\n";
    };
    walk_limits limits;
    limits.depth = 5;
    EXPECT_FALSE(walk(nested(5), limits).faults.is_too_deep);
    EXPECT_TRUE(walk(nested(6), limits).faults.is_too_deep);
    EXPECT_TRUE(walk(nested(5000)).faults.is_too_deep);
}

TEST(mime_walk, counts_no_more_parts_than_it_is_told)
{
    std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 9; ++i)
        message += "--b\r\n\r\nx\r\n";
    walk_limits limits;
    limits.parts = 10; // the multipart is one
    EXPECT_FALSE(walk(message + "--b--\r\n", limits).faults.has_too_many_parts);
    const auto more = walk(message + "--b\r\n\r\nx\r\n--b--\r\n", limits);
    EXPECT_TRUE(more.faults.has_too_many_parts);
    EXPECT_THAT(more.parts, SizeIs(9));
}

TEST(mime_walk, decodes_no_more_than_it_is_told)
{
    walk_limits limits;
    limits.decoded = 5;
    EXPECT_THAT(walk("\r\nhello", limits).parts, ElementsAre("text/plain: hello"));
    const auto cut = walk("\r\nhello!", limits);
    EXPECT_THAT(cut.parts, ElementsAre("text/plain: hello"));
    EXPECT_TRUE(cut.faults.is_cut);
}

TEST(feedback, finds_attached_messages_and_not_those_within_them)
{
    const std::string message = "Content-Type: multipart/mixed; boundary=o\n\n"
                                "--o\n\nsee below\n"
                                "--o\nContent-Type: message/rfc822\n\nSubject: one\nContent-Type: multipart/mixed; boundary=i\n\n"
                                "--i\nContent-Type: message/rfc822\n\nSubject: inner\n\nx\n--i--\n"
                                "--o\nContent-Type: message/rfc822\n\nSubject: two\n\ny\n--o--\n";
    std::vector<field> fields;
    const std::size_t taken = split_fields(message, 100, fields);
    const auto found = attached_messages(fields, std::string_view{message}.substr(taken));
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_TRUE(found[0].starts_with("Subject: one\n"));
    EXPECT_EQ(found[1], "Subject: two\n\ny\n");
    EXPECT_THAT(attached_messages({}, "nothing here\n"), IsEmpty());
}

TEST(tokenizer, makes_the_same_features_of_the_same_message)
{
    const std::string body = "Dear friend, buy now at http://shop.example/deal?id=7 for $99\r\n";
    tokenizer one{{}};
    tokenizer two{{}};
    const std::vector<field> fields{{"Subject", " =?utf-8?q?Hello?="}, {"From", " \"A B\" <a@b.example>"}};
    one.scan(fields, body);
    two.scan({}, "something else before\r\n");
    two.scan(fields, body);
    EXPECT_EQ(one.features(), two.features());
    EXPECT_EQ(one.facts().links, 1u);
    EXPECT_THAT(one.facts().hosts, ElementsAre("shop.example"));
}

TEST(tokenizer, knows_words_wherever_they_are_encoded)
{
    tokenizer plain{{}};
    tokenizer coded{{}};
    plain.scan({{"Subject", " hi"}}, "hello world\r\n");
    coded.scan({{"Subject", " =?utf-8?b?aGk=?="}}, "hello world\r\n");
    EXPECT_EQ(plain.features(), coded.features());
}

TEST(tokenizer, holds_no_more_features_than_it_is_told)
{
    scan_limits limits;
    limits.features = 100;
    std::string body;
    for (int i = 0; i < 5000; ++i)
        body += "w" + std::to_string(i) + " ";
    tokenizer words{limits};
    words.scan({}, body);
    EXPECT_THAT(words.features(), SizeIs(100));
}

TEST(tokenizer, says_what_is_known_of_a_program_and_of_numbers_in_links)
{
    tokenizer words{{}};
    words.scan({{"Content-Type", " application/octet-stream; name=\"invoice.pdf.EXE\""}}, "x");
    EXPECT_TRUE(words.facts().has_program);
    words.scan({}, "http://192.0.2.1/x http://user@evil.example:80/");
    EXPECT_EQ(words.facts().numeric_links, 1u);
    EXPECT_THAT(words.facts().hosts, ElementsAre("evil.example"));
}

} // namespace
