#include "src/record.hpp"

#include <gtest/gtest.h>

namespace postern_queue_journal {
namespace {

constexpr std::uint64_t mark = 0x1122334455667788U;
constexpr record_header example{record_kind::message, 100, 1, 2000, 2, 30, 99, 4096, 4000};

std::string_view view(const header_octets& octets)
{
    return {octets.data(), octets.size()};
}

TEST(record, header_comes_back_as_it_was)
{
    const auto octets = encode(example, mark);
    const auto header = decode(view(octets), mark, 4096);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->kind, record_kind::message);
    EXPECT_EQ(header->metadata_size, 100U);
    EXPECT_EQ(header->metadata_crc, 1U);
    EXPECT_EQ(header->content_size, 2000U);
    EXPECT_EQ(header->content_crc, 2U);
    EXPECT_EQ(header->head_size, 30U);
    EXPECT_EQ(header->id, 99U);
    EXPECT_EQ(header->offset, 4096U);
    EXPECT_EQ(header->synced, 4000U);
    EXPECT_EQ(header->size(), 2168U); // 64 + 100 + 2000, up to the next multiple of 8
}

TEST(record, header_with_any_bit_changed_is_none)
{
    const auto good = encode(example, mark);
    for (std::size_t at = 0; at < good.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            auto bad = good;
            bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
            ASSERT_FALSE(decode(view(bad), mark, 4096)) << at;
        }
}

TEST(record, header_counts_only_in_its_segment_and_at_its_place)
{
    const auto octets = encode(example, mark);
    EXPECT_FALSE(decode(view(octets), mark + 1, 4096));
    EXPECT_FALSE(decode(view(octets), mark, 4104));
    EXPECT_FALSE(decode(view(octets).substr(0, 63), mark, 4096));
}

TEST(record, sizes_end_at_their_limits)
{
    auto header = example;
    header.metadata_size = largest_metadata;
    header.content_size = largest_content;
    EXPECT_TRUE(decode(view(encode(header, mark)), mark, 4096));
    ++header.metadata_size;
    EXPECT_FALSE(decode(view(encode(header, mark)), mark, 4096));
    header = example;
    header.content_size = largest_content + 1;
    EXPECT_FALSE(decode(view(encode(header, mark)), mark, 4096));
    header = example;
    header.head_size = header.content_size;
    EXPECT_TRUE(decode(view(encode(header, mark)), mark, 4096));
    ++header.head_size;
    EXPECT_FALSE(decode(view(encode(header, mark)), mark, 4096));
}

TEST(record, layout_comes_back_as_it_was)
{
    auto metadata = encode_layout("envelope", "state", 12345, 2, 0);
    put_extent(metadata, 24 + 8 + 5, 0, {1, 2, 3, 4});
    put_extent(metadata, 24 + 8 + 5, 1, {5, 6, 7, 8});
    const auto layout = parse_layout(metadata);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->envelope, "envelope");
    EXPECT_EQ(layout->state, "state");
    EXPECT_EQ(layout->content_size, 12345U);
    ASSERT_EQ(layout->extents.size(), 2U);
    EXPECT_EQ(layout->extents[1].segment, 5U);
    EXPECT_EQ(layout->extents[1].offset, 6U);
    EXPECT_EQ(layout->extents[1].size, 7U);
    EXPECT_EQ(layout->extents[1].crc, 8U);
}

TEST(record, layout_of_another_length_is_none)
{
    const auto metadata = encode_layout("envelope", "state", 1, 1, 0);
    for (std::size_t length = 0; length < metadata.size(); ++length)
        ASSERT_FALSE(parse_layout(std::string_view{metadata}.substr(0, length))) << length;
    EXPECT_TRUE(parse_layout(metadata));
    EXPECT_FALSE(parse_layout(metadata + "x"));
}

TEST(record, numbers_come_back_and_a_broken_list_is_none)
{
    const std::vector<std::uint64_t> numbers{1, UINT64_MAX, 42};
    EXPECT_EQ(parse_numbers(encode_numbers(numbers)), numbers);
    EXPECT_EQ(parse_numbers(""), std::vector<std::uint64_t>{});
    EXPECT_FALSE(parse_numbers("1234567"));
}

TEST(record, segment_names_hold_number_and_mark)
{
    const auto text = to_text({42, 0x9f86d081884c7d65U});
    EXPECT_EQ(text, "000000000000002a-9f86d081884c7d65.journal");
    const auto name = parse_segment_name(text);
    ASSERT_TRUE(name);
    EXPECT_EQ(name->number, 42U);
    EXPECT_EQ(name->mark, 0x9f86d081884c7d65U);
    for (const auto* other : {"", "lock", "000000000000002a-9f86d081884c7d65.journa", "000000000000002a-9f86d081884c7d6g.journal",
                              "0000000000000000-9f86d081884c7d65.journal", "000000000000002a_9f86d081884c7d65.journal",
                              "+00000000000002a-9f86d081884c7d65.journal", "000000010000002a-9f86d081884c7d65.journal"})
        EXPECT_FALSE(parse_segment_name(other)) << other;
}

TEST(record, ids_are_written_in_thirteen_digits)
{
    EXPECT_EQ(id_text(0), "0000000000000");
    EXPECT_EQ(id_text(31), "000000000000Z");
    EXPECT_EQ(id_text(UINT64_MAX), "FZZZZZZZZZZZZ");
}

} // namespace
} // namespace postern_queue_journal
