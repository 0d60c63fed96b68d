#include "core/runtime/content_source.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace postern::runtime {
namespace {

namespace asio = boost::asio;

/// The next piece, in a string of its own.
base::result<std::string> next_of(content_source& source)
{
    asio::io_context context;
    std::optional<base::result<std::string>> piece;
    asio::co_spawn(context, source.next(), [&](std::exception_ptr, const base::result<std::string_view>& got) {
        if (got)
            piece = std::string{*got};
        else
            piece = got.error();
    });
    context.run();
    return piece.value();
}

std::vector<std::size_t> sizes_of_pieces(content_source& source)
{
    std::vector<std::size_t> sizes;
    while (!source.is_at_end())
        sizes.push_back(next_of(source).value().size());
    return sizes;
}

constexpr std::size_t piece = 65536;

TEST(facts_of_content, are_its_size_and_whether_it_fits_into_7_bits)
{
    const auto plain = facts_of("Subject: hi\r\n\r\n\x7f\r\n");
    EXPECT_EQ(plain.size, 18U);
    EXPECT_FALSE(plain.has_8bit);
    EXPECT_FALSE(plain.may_have_8bit);
    const auto high = facts_of("\x80");
    EXPECT_EQ(high.size, 1U);
    EXPECT_TRUE(high.has_8bit);
    EXPECT_TRUE(high.may_have_8bit);
    EXPECT_EQ(facts_of("").size, 0U);
}

TEST(a_content_source, gives_what_is_in_memory_in_pieces)
{
    for (const auto& [size, pieces] :
         {std::pair{piece, std::vector{piece}}, {piece + 1, {piece, std::size_t{1}}}, {2 * piece, {piece, piece}}}) {
        const std::string octets(size, 'x');
        octets_source lent{octets};
        EXPECT_EQ(sizes_of_pieces(lent), pieces);
        EXPECT_EQ(next_of(lent).value(), "") << "at the end, again and again";
        EXPECT_EQ(sizes_of_pieces(*content_of(octets)), pieces);
    }
}

TEST(a_content_source, in_memory_begins_again_when_it_is_told_to)
{
    const std::string octets(piece + 1, 'x');
    octets_source lent{octets};
    const auto own = content_of("Subject: hi\r\n");
    for (content_source* const each : {static_cast<content_source*>(&lent), own.get()}) {
        const auto first = sizes_of_pieces(*each);
        EXPECT_TRUE(each->is_at_end());
        EXPECT_TRUE(each->rewind());
        EXPECT_FALSE(each->is_at_end());
        EXPECT_EQ(sizes_of_pieces(*each), first);
    }
}

TEST(a_content_source, that_is_a_function_ends_with_an_empty_piece_and_cannot_begin_again)
{
    std::vector<std::string> pieces{"", "two", "one"};
    std::string current;
    const auto source = content_from([&]() -> base::result<std::string_view> {
        current = pieces.back();
        pieces.pop_back();
        return std::string_view{current};
    });
    EXPECT_EQ(next_of(*source).value(), "one");
    EXPECT_EQ(next_of(*source).value(), "two");
    EXPECT_FALSE(source->is_at_end());
    EXPECT_EQ(next_of(*source).value(), "");
    EXPECT_TRUE(source->is_at_end());
    EXPECT_FALSE(source->rewind());
}

TEST(a_content_source, that_is_a_function_passes_its_error_on)
{
    const auto source = content_from([]() -> base::result<std::string_view> { return base::error_code{asio::error::eof}; });
    EXPECT_EQ(next_of(*source).error(), base::error_code{asio::error::eof});
    EXPECT_FALSE(source->is_at_end());
}

} // namespace
} // namespace postern::runtime
