#include "core/message/content_encoder.hpp"

#include "tests/support/mime_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace postern::message {
namespace {

using namespace std::string_literals;

template <class Encoder>
std::string encoded(std::string_view octets, std::size_t portion = 1U << 20U)
{
    Encoder encoder;
    std::string out;
    for (std::size_t at = 0; at < octets.size(); at += portion)
        encoder.take(octets.substr(at, portion), out);
    encoder.finish(out);
    return out;
}

// RFC 2045 6.7
TEST(quoted_printable, encodes_what_is_not_printable_and_the_equals_sign)
{
    using encoder = quoted_printable_encoder;
    EXPECT_EQ(encoded<encoder>("a=b\xff\x7f\t.\r\n"), "a=3Db=FF=7F\t.\r\n");
    EXPECT_EQ(encoded<encoder>("blank \r\ntab\t\r\n in \t the midst\r\nend "),
              "blank=20\r\ntab=09\r\n in \t the midst\r\nend=20");
    EXPECT_EQ(encoded<encoder>("a\rb\nc\r"), "a=0Db=0Ac=0D");
    EXPECT_EQ(encoded<encoder>("-- \r\n-"), "=2D-=20\r\n=2D");
}

TEST(quoted_printable, breaks_lines_at_76_octets)
{
    using encoder = quoted_printable_encoder;
    EXPECT_EQ(encoded<encoder>(std::string(75, 'x') + "\r\n"), std::string(75, 'x') + "\r\n");
    EXPECT_EQ(encoded<encoder>(std::string(76, 'x')), std::string(75, 'x') + "=\r\nx");
    EXPECT_EQ(encoded<encoder>(std::string(73, 'x') + "\xff"), std::string(73, 'x') + "=\r\n=FF");
    EXPECT_EQ(encoded<encoder>(std::string(75, 'x') + "--b"), std::string(75, 'x') + "=\r\n=2D-b");
}

// RFC 4648 10
TEST(base64, encodes_the_known_examples)
{
    const std::pair<std::string, std::string> examples[] = {{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"}};
    for (const auto& [octets, text] : examples)
        EXPECT_EQ(encoded<base64_encoder>(octets), text);
}

TEST(base64, breaks_lines_at_76_octets_and_ends_without)
{
    EXPECT_EQ(encoded<base64_encoder>(std::string(57, '\0')), std::string(76, 'A'));
    EXPECT_EQ(encoded<base64_encoder>(std::string(58, '\0')), std::string(76, 'A') + "\r\nAA==");
}

TEST(both_encoders, give_octets_that_decode_to_the_same_whatever_the_portions)
{
    std::mt19937 random{7};
    for (int round = 0; round < 300; ++round) {
        std::string octets(random() % 300, '\0');
        for (char& c : octets)
            c = "\r\n =-.\xff"s[random() % 7];
        const auto text = encoded<quoted_printable_encoder>(octets);
        ASSERT_EQ(test::decode_quoted_printable(text), octets);
        ASSERT_EQ(test::decode_base64(encoded<base64_encoder>(octets)), octets);
        for (const std::size_t portion : {1U, 2U, 5U}) {
            ASSERT_EQ(encoded<quoted_printable_encoder>(octets, portion), text);
            ASSERT_EQ(encoded<base64_encoder>(octets, portion), encoded<base64_encoder>(octets));
        }
    }
}

} // namespace
} // namespace postern::message
