#include "core/protocol/dot_codec.hpp"

#include "tests/unit/protocol/portions.hpp"
#include "tests/unit/protocol/times.hpp"

#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

using testing_content::decode_at;
using testing_content::every;
using testing_content::for_all_strings;

std::string encode(std::string_view content)
{
    const auto whole = testing_content::encode(content, {});
    for (std::size_t size = 1; size < content.size(); ++size)
        EXPECT_EQ(testing_content::encode(content, every(size, content.size())), whole) << "portions of " << size;
    return whole;
}

TEST(dot_encoder, ends_content_with_a_lone_dot)
{
    EXPECT_EQ(encode("Subject: hi\r\n\r\nhello\r\n"), "Subject: hi\r\n\r\nhello\r\n.\r\n");
    EXPECT_EQ(encode(""), ".\r\n");
}

TEST(dot_encoder, adds_a_crlf_that_the_content_lacks) // RFC 5321 4.1.1.4
{
    EXPECT_EQ(encode("no end"), "no end\r\n.\r\n");
    EXPECT_EQ(encode("."), "..\r\n.\r\n");
}

TEST(dot_encoder, stuffs_a_dot_that_begins_a_line_and_no_other) // RFC 5321 4.5.2
{
    EXPECT_EQ(encode(".\r\n..\r\na.b\r\n.c\r\n"), "..\r\n...\r\na.b\r\n..c\r\n.\r\n");
    EXPECT_EQ(encode(".\r\nMAIL FROM:<smuggled@evil.example>\r\n"), "..\r\nMAIL FROM:<smuggled@evil.example>\r\n.\r\n");
}

TEST(dot_encoder, gives_a_portion_without_leading_dots_as_one_view)
{
    std::string content;
    while (content.size() < 65'536)
        content += "a line with a dot. and another one .\r\n";
    dot_encoder encoder;
    std::string_view octets = content;
    const auto run = encoder.next(octets);
    EXPECT_EQ(static_cast<const void*>(run.data()), content.data());
    EXPECT_EQ(run.size(), content.size());
    EXPECT_TRUE(encoder.next(octets).empty());
}

TEST(dot_encoder, tells_of_content_that_is_not_canonical)
{
    for (const std::string_view content : {"a\nb\r\n", "a\rb\r\n", "a\r"}) {
        dot_encoder encoder;
        auto octets = content;
        while (!encoder.next(octets).empty()) {
        }
        EXPECT_EQ(encoder.finish().substr(encoder.finish().size() - 3), ".\r\n");
        EXPECT_TRUE(encoder.facts().has_defect());
    }
}

TEST(dot_encoder, writes_what_the_decoder_reads_for_every_short_content)
{
    for_all_strings("\r\n.a", 6, [](const std::string& text) {
        const auto content = text + "\r\n";
        const auto wire = testing_content::encode(content, {});
        ASSERT_EQ(testing_content::encode(content, every(1, content.size())), wire);
        const auto read = decode_at(wire + "NEXT", {});
        ASSERT_TRUE(read.done);
        ASSERT_EQ(read.content, content) << testing::PrintToString(text);
        ASSERT_EQ(read.rest, "NEXT");
    });
}

TEST(dot_encoder, writes_what_the_decoder_reads_wherever_a_block_ends)
{
    for_all_strings("\r\n.", 4, [](const std::string& text) {
        for (std::size_t before = 60; before <= 66; ++before) {
            const auto content = times(before, 'x') + text + times(70, 'y') + "\r\n";
            ASSERT_EQ(decode_at(testing_content::encode(content, {}), {}).content, content);
        }
    });
}

} // namespace
} // namespace postern::protocol
