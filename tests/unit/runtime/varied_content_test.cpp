#include "core/runtime/varied_content.hpp"

#include "tests/unit/runtime/content_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postern::runtime {
namespace {

using test::all_of;
using test::piecewise_source;
using test::wait_for;

TEST(the_head_of_a_content, ends_at_the_empty_line_whatever_pieces_it_comes_in)
{
    const std::string content = "A: 1\r\nB: 2\r\n 3\r\n\r\nbody\r\n\r\nmore\r\n";
    for (std::size_t size = 1; size <= content.size(); ++size) {
        piecewise_source from{content, size};
        const auto head = wait_for(head_of(from)).value();
        EXPECT_EQ(head.octets, "A: 1\r\nB: 2\r\n 3\r\n");
        EXPECT_EQ(content.substr(head.body_at), "body\r\n\r\nmore\r\n") << size;
        EXPECT_TRUE(head.has_empty_line);
        EXPECT_EQ(all_of(from), content) << "is at its beginning again";
    }
}

TEST(the_head_of_a_content, is_all_there_is_where_nothing_follows)
{
    for (const auto& [content, octets, body, has_line] : {std::tuple{"", "", "", false},
                                                          {"\r\nbody\r\n", "", "body\r\n", true},
                                                          {"A: 1\r\n", "A: 1\r\n", "", false},
                                                          {"A: 1\r\n\r\n", "A: 1\r\n", "", true},
                                                          {"A: 1\r\nno field\r\n", "A: 1\r\n", "no field\r\n", false}})
        for (const std::size_t size : {std::size_t{1}, std::size_t{1000}}) {
            const std::string_view whole = content;
            piecewise_source from{whole, size};
            const auto head = wait_for(head_of(from)).value();
            EXPECT_EQ(head.octets, octets);
            EXPECT_EQ(whole.substr(head.body_at), body);
            EXPECT_EQ(head.has_empty_line, has_line) << content;
        }
}

TEST(the_head_of_a_content, has_a_limit)
{
    std::string content = "A: ";
    content.append(largest_head - 5, 'x').append("\r\n");
    piecewise_source fits{content, 1U << 20U};
    EXPECT_EQ(wait_for(head_of(fits)).value().octets.size(), largest_head);
    content.insert(3, 1, 'x');
    piecewise_source does_not{content, 1U << 20U};
    EXPECT_TRUE(wait_for(head_of(does_not)).has_error());
}

TEST(the_head_of_a_content, is_not_told_when_the_source_fails)
{
    piecewise_source from{"A: 1\r\n\r\n", 3};
    from.fails_at = 3;
    EXPECT_TRUE(wait_for(head_of(from)).has_error());
}

TEST(the_width_of_a_content, is_that_behind_a_place)
{
    const std::string content = "\xc3\xa4 x";
    for (const std::size_t size : {std::size_t{1}, std::size_t{100}}) {
        piecewise_source from{content, size};
        EXPECT_EQ(wait_for(width_from(from, 0)).value(), octet_width::eight_bits);
        EXPECT_EQ(wait_for(width_from(from, 1)).value(), octet_width::eight_bits);
        EXPECT_EQ(wait_for(width_from(from, 2)).value(), octet_width::seven_bits);
        EXPECT_EQ(wait_for(width_from(from, 4)).value(), octet_width::seven_bits);
        EXPECT_EQ(all_of(from), content);
    }
}

TEST(a_varied_content, has_another_front_and_the_rest_as_it_is)
{
    const std::string content = "0123456789";
    for (const std::size_t front : {std::size_t{0}, std::size_t{5}, std::size_t{40'000}, std::size_t{200'000}})
        for (std::size_t at = 0; at <= content.size(); ++at)
            for (std::size_t size = 1; size <= content.size(); size += 3) {
                piecewise_source rest{content, size};
                varied_content varied{std::string(front, 'f'), rest, at};
                const auto wanted = std::string(front, 'f') + content.substr(at);
                EXPECT_EQ(all_of(varied), wanted);
                EXPECT_TRUE(varied.rewind());
                EXPECT_EQ(all_of(varied), wanted) << "once more";
            }
}

TEST(a_varied_content, comes_in_pieces_of_a_bounded_size)
{
    const std::string content(300'000, 'b');
    octets_source rest{content};
    varied_content varied{std::string(300'000, 'f'), rest, 10};
    std::size_t total = 0;
    while (!varied.is_at_end()) {
        const auto piece = wait_for(varied.next());
        EXPECT_LE(piece.value().size(), 100'000U);
        total += piece.value().size();
    }
    EXPECT_EQ(total, 599'990U);
}

TEST(a_varied_content, of_a_small_message_is_one_piece)
{
    const std::string content = "A: 1\r\n\r\nbody\r\n";
    octets_source rest{content};
    varied_content varied{"A: 2\r\n\r\n", rest, 8};
    EXPECT_EQ(wait_for(varied.next()).value(), "A: 2\r\n\r\nbody\r\n");
    EXPECT_TRUE(varied.is_at_end());
}

TEST(a_varied_content, fails_as_its_rest_does)
{
    piecewise_source rest{"0123456789", 2};
    rest.fails_at = 4;
    varied_content varied{"f", rest, 0};
    EXPECT_EQ(wait_for(varied.next()).value(), "f01");
    EXPECT_EQ(wait_for(varied.next()).value(), "23");
    EXPECT_TRUE(wait_for(varied.next()).has_error());
}

} // namespace
} // namespace postern::runtime
