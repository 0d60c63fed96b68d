#include "simulated_disk.hpp"
#include "src/crc32c.hpp"
#include "src/segment_walker.hpp"

#include <gtest/gtest.h>

namespace postern_queue_journal {
namespace {

using step = segment_walker::step;
constexpr std::uint64_t mark = 0x0102030405060708U;

class the_segment_walker : public ::testing::Test {
protected:
    std::uint64_t add(std::uint64_t id, const std::string& metadata, const std::string& content, std::uint64_t with = mark)
    {
        const auto offset = octets_.size();
        record_header header{.kind = record_kind::state,
                             .metadata_size = static_cast<std::uint32_t>(metadata.size()),
                             .metadata_crc = crc32c(metadata),
                             .content_size = static_cast<std::uint32_t>(content.size()),
                             .content_crc = crc32c(content),
                             .id = id,
                             .offset = offset};
        const auto first = encode(header, with);
        octets_.append(first.data(), first.size());
        octets_ += metadata + content;
        octets_.resize(offset + header.size());
        return offset;
    }
    segment_walker walk()
    {
        EXPECT_FALSE(folder_->create("segment", file_));
        const std::string_view all = octets_;
        EXPECT_FALSE(file_->write_at(0, {&all, 1}));
        return {*file_, mark, 0, octets_.size()};
    }

    testing::simulated_disk disk_;
    std::unique_ptr<file_system> folder_ = disk_.folder();
    std::shared_ptr<file> file_;
    std::string octets_;
};

TEST_F(the_segment_walker, gives_out_records_in_order_however_far_apart_they_lie)
{
    for (std::uint64_t id = 1; id <= 60; ++id)
        add(id, std::string(id * 11, 'm'),
            std::string(id * id * 997, 'c')); // from 1 KB to 3.6 MB: within, across, behind a window
    auto walker = walk();
    for (std::uint64_t id = 1; id <= 60; ++id) {
        ASSERT_EQ(walker.next(), step::record);
        EXPECT_EQ(walker.header().id, id);
        EXPECT_EQ(walker.metadata(), std::string(id * 11, 'm'));
    }
    EXPECT_EQ(walker.next(), step::end);
    EXPECT_EQ(walker.damage_begin(), octets_.size());
}

TEST_F(the_segment_walker, goes_on_behind_a_bad_sector_if_it_is_told_to)
{
    for (std::uint64_t id = 1; id <= 30; ++id)
        add(id, std::string(500, 'm'), "");
    disk_.bad_ranges = {{"segment", 5000, 5001}};
    auto walker = walk();
    EXPECT_EQ(walker.next(), step::failed) << "the window is read as a whole";

    segment_walker patient{*file_, mark, 0, octets_.size(), segment_walker::bad_sectors::are_as_damage};
    for (std::uint64_t id = 1; id <= 7; ++id) { // 568 octets each
        ASSERT_EQ(patient.next(), step::record);
        EXPECT_EQ(patient.header().id, id);
    }
    ASSERT_EQ(patient.next(), step::damaged);
    EXPECT_EQ(patient.damage_begin(), 7 * 568U);
    EXPECT_EQ(patient.damage_end(), 15 * 568U);
    EXPECT_EQ(patient.damaged_id(), 8U) << "its header was read";
    for (std::uint64_t id = 16; id <= 30; ++id) {
        ASSERT_EQ(patient.next(), step::record);
        EXPECT_EQ(patient.header().id, id);
    }
    EXPECT_EQ(patient.next(), step::end);
    EXPECT_EQ(patient.unreadable(), 4096U);
}

TEST_F(the_segment_walker, reads_little_of_large_content)
{
    for (std::uint64_t id = 1; id <= 100; ++id)
        add(id, "m", std::string(100000, 'c'));
    auto walker = walk();
    const auto before = disk_.operations;
    while (walker.next() == step::record) {
    }
    EXPECT_LE(disk_.operations - before, 102U); // one read a record
}

TEST_F(the_segment_walker, resumes_behind_damage)
{
    add(1, "one", "1");
    const auto second = add(2, "two", std::string(500000, '2'));
    const auto third = add(3, "three", "3");
    octets_[second + 20] ^= 1;
    auto walker = walk();
    EXPECT_EQ(walker.next(), step::record);
    EXPECT_EQ(walker.next(), step::damaged);
    EXPECT_EQ(walker.damage_begin(), second);
    EXPECT_EQ(walker.damage_end(), third);
    EXPECT_EQ(walker.damaged_id(), 0U);
    EXPECT_EQ(walker.next(), step::record);
    EXPECT_EQ(walker.header().id, 3U);
    EXPECT_EQ(walker.next(), step::end);
}

TEST_F(the_segment_walker, tells_the_id_when_only_the_metadata_is_damaged)
{
    const auto first = add(7, "metadata", "content");
    add(8, "metadata", "content");
    octets_[first + header_size] ^= 1;
    auto walker = walk();
    EXPECT_EQ(walker.next(), step::damaged);
    EXPECT_EQ(walker.damaged_id(), 7U);
    EXPECT_EQ(walker.next(), step::record);
    EXPECT_EQ(walker.header().id, 8U);
}

TEST_F(the_segment_walker, never_takes_content_for_a_record)
{
    const auto first = add(1, "one", "");
    const std::string genuine = octets_;
    add(666, "forged", "", mark + 1); // what a stranger can make: all right but for the mark
    std::string forged = octets_.substr(genuine.size());
    octets_.clear();
    add(1, "one", genuine + forged + std::string(8, 'x') + forged); // and a copy of a real record, at another place
    octets_[first + 30] ^= 1;
    add(2, "two", "");
    auto walker = walk();
    EXPECT_EQ(walker.next(), step::damaged);
    EXPECT_EQ(walker.next(), step::record);
    EXPECT_EQ(walker.header().id, 2U);
    EXPECT_EQ(walker.next(), step::end);
}

TEST_F(the_segment_walker, says_where_a_torn_tail_begins)
{
    add(1, "one", "1");
    const auto second = add(2, "two", std::string(100, '2'));
    for (const std::uint64_t cut : {octets_.size() - 8, second + 70, second + 64, second + 63, second + 1}) {
        folder_ = disk_.folder();
        (void)folder_->remove("segment");
        octets_.resize(cut);
        auto walker = walk();
        EXPECT_EQ(walker.next(), step::record);
        EXPECT_EQ(walker.next(), step::end) << cut;
        EXPECT_EQ(walker.damage_begin(), second);
    }
}

TEST_F(the_segment_walker, reports_a_file_that_cannot_be_read)
{
    add(1, "one", "1");
    auto walker = walk();
    disk_.fail_at = disk_.operations;
    EXPECT_EQ(walker.next(), step::failed);
    EXPECT_EQ(walker.error(), std::errc::io_error);
}

} // namespace
} // namespace postern_queue_journal
