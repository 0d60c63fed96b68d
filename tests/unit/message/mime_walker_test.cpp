#include "core/message/mime_walker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace postern::message {
namespace {

using testing::ElementsAre;

/// What a walker tells, with the octets of one kind in one piece.
class diary final : public mime_listener {
public:
    std::vector<std::string> entries;
    std::string all;

private:
    void header(const mime_entity& of, header_block& fields) override
    {
        constexpr std::string_view kinds[] = {"leaf", "multipart", "message", "opaque"};
        entries.push_back(std::to_string(of.number) + " " + std::string{kinds[static_cast<std::size_t>(of.what)]} +
                          (of.is_text ? " text" : "") + (of.begins_message ? " of a message" : ""));
        all += fields.octets() + "\r\n";
        last_ = 0;
    }
    void body(std::string_view octets) override { add('b', "body ", octets); }
    void body_ends(bool before_delimiter) override
    {
        entries.emplace_back(before_delimiter ? "end" : "end of all");
        last_ = 0;
    }
    void frame(std::string_view octets) override { add(0, "frame ", octets); }
    void filling(std::string_view octets) override { add('f', "filling ", octets); }
    void no_part() override { entries.emplace_back("no part"); }
    void add(char kind, std::string_view name, std::string_view octets)
    {
        all += octets;
        if (kind == 0 || last_ != kind)
            entries.emplace_back(name);
        last_ = kind;
        for (const char c : octets)
            entries.back() += c == '\r' ? "" : c == '\n' ? "|" : std::string(1, c);
    }
    char last_ = 0;
};

std::vector<std::string> told(std::string_view content)
{
    std::vector<std::string> first;
    for (const std::size_t portion : {content.size() + 1, std::size_t{1}, std::size_t{3}}) {
        diary listener;
        mime_walker walker{listener};
        for (std::size_t at = 0; at < content.size(); at += portion)
            walker.take(content.substr(at, portion));
        walker.finish();
        EXPECT_EQ(walker.fault(), "");
        EXPECT_EQ(listener.all, content);
        if (first.empty())
            first = listener.entries;
        EXPECT_EQ(listener.entries, first) << portion;
    }
    return first;
}

TEST(a_mime_walker, tells_a_plain_message_as_one_leaf)
{
    EXPECT_THAT(told("Subject: x\r\n\r\n--b\r\nhello\r\n"),
                ElementsAre("0 leaf text of a message", "body --b|hello|", "end of all"));
    EXPECT_THAT(told("Subject: x\r\n"), ElementsAre("frame Subject: x|"));
    EXPECT_THAT(told("\r\n"), ElementsAre("0 leaf text of a message", "end of all"));
}

TEST(a_mime_walker, gives_a_delimiter_the_line_end_before_it)
{
    EXPECT_THAT(told("Content-Type: multipart/x; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n\r\n--b\r\nContent-Type: "
                     "a/b\r\n--b\r\n\r\n--b--\r\npost"),
                ElementsAre("0 multipart of a message", "filling pre", "frame |--b|", "1 leaf text", "body one|", "end",
                            "frame |--b|", "frame Content-Type: a/b|--b|", "2 leaf text", "end", "frame --b--|", "filling post"));
}

TEST(a_mime_walker, ends_inner_parts_with_the_outer_ones)
{
    EXPECT_THAT(
        told("Content-Type: multipart/x; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/x; boundary=i\r\n\r\n--i\r\n"
             "Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\ntext\r\n--o\r\nContent-Type: multipart/x; boundary=j\r\n\r\n--o--"),
        ElementsAre("0 multipart of a message", "frame --o|", "1 multipart", "frame --i|", "2 message",
                    "3 leaf text of a message", "body text", "end", "frame |--o|", "4 multipart", "frame --o--", "no part"));
}

TEST(a_mime_walker, takes_a_line_for_a_delimiter_only_as_a_whole)
{
    EXPECT_THAT(
        told("Content-Type: multipart/x; boundary=bb\r\n\r\n--bb \t\r\n\r\n-\r\n--\r\n--b\r\n x--bb\r\n--\rx\r\n--\r\r\n--bb--"),
        ElementsAre("0 multipart of a message", "frame --bb \t|", "1 leaf text", "body -|--|--b| x--bb|--x|--", "end",
                    "frame |--bb--"));
}

TEST(a_mime_walker, tells_every_octet_of_anything_once)
{
    std::mt19937 random{3};
    constexpr std::string_view words[] = {"Content-Type: multipart/x; boundary=b\r\n",
                                          "Content-Type: message/rfc822\r\n",
                                          "\r\n",
                                          "\r\n",
                                          "--b",
                                          "--b--",
                                          "x",
                                          "\r",
                                          "\n",
                                          "-",
                                          "--",
                                          " "};
    int whole = 0;
    for (int round = 0; round < 5000; ++round) {
        std::string content = "A: b\r\n";
        for (auto size = random() % 20; size > 0; --size)
            content += words[random() % std::size(words)];
        diary listener;
        mime_walker walker{listener};
        walker.take(content);
        walker.finish();
        if (walker.fault().empty()) {
            ASSERT_EQ(listener.all, content);
            ++whole;
        }
    }
    EXPECT_GT(whole, 1000);
}

} // namespace
} // namespace postern::message
