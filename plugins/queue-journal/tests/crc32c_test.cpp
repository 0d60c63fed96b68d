#include "src/crc32c.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern_queue_journal {
namespace {

std::string ascending(std::size_t size)
{
    std::string octets(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        octets[i] = static_cast<char>(i * 7 + (i >> 8U));
    return octets;
}

TEST(crc32c, gives_the_values_of_rfc_3720) // RFC 3720 B.4, as numbers rather than octets on the wire
{
    std::string up(32, '\0');
    std::string down(32, '\0');
    for (int i = 0; i < 32; ++i) {
        up[static_cast<std::size_t>(i)] = static_cast<char>(i);
        down[static_cast<std::size_t>(i)] = static_cast<char>(31 - i);
    }
    const std::string_view read_command{"\x01\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                                        "\x14\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x14\x00\x00\x00\x18"
                                        "\x28\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00",
                                        48};
    for (const auto function : {&detail::crc32c_table, &detail::crc32c_instruction}) {
        if (function == &detail::crc32c_instruction && !detail::has_crc_instruction())
            continue;
        EXPECT_EQ(function(0, std::string(32, '\0')), 0x8a9136aaU);
        EXPECT_EQ(function(0, std::string(32, '\xff')), 0x62a8ab43U);
        EXPECT_EQ(function(0, up), 0x46dd794eU);
        EXPECT_EQ(function(0, down), 0x113fdb5cU);
        EXPECT_EQ(function(0, read_command), 0xd9963a56U);
        EXPECT_EQ(function(0, "123456789"), 0xe3069283U);
        EXPECT_EQ(function(0, ""), 0U);
    }
}

TEST(crc32c, is_the_same_by_table_and_by_instruction_at_every_length_and_alignment)
{
    if (!detail::has_crc_instruction())
        GTEST_SKIP() << "this processor has no crc32 instruction";
    const auto octets = ascending(10000);
    for (std::size_t length = 0; length < 9000; length = length < 64 ? length + 1 : length * 5 / 4 + 1)
        for (std::size_t from = 0; from < 9; ++from) {
            const auto part = std::string_view{octets}.substr(from, length);
            ASSERT_EQ(detail::crc32c_table(17, part), detail::crc32c_instruction(17, part)) << from << " " << length;
        }
}

TEST(crc32c, continues_where_it_stopped)
{
    const auto octets = ascending(7000);
    const auto whole = crc32c(octets);
    for (std::size_t cut = 0; cut <= octets.size(); cut += 37)
        ASSERT_EQ(crc32c(crc32c(std::string_view{octets}.substr(0, cut)), std::string_view{octets}.substr(cut)), whole) << cut;
}

} // namespace
} // namespace postern_queue_journal
