// Octets on the disk change by themselves.

#include "harness.hpp"

namespace postern_queue_journal::testing {
namespace {

class damage : public ::testing::Test {
protected:
    damage()
    {
        for (std::uint64_t id = 1; id <= 5; ++id)
            EXPECT_EQ(h.commit(id, content(id), "envelope " + std::to_string(id)), outcome::ok);
        EXPECT_EQ(h.update(2, "changed"), outcome::ok);
        EXPECT_EQ(h.commit_in_pieces(6, text_of(6, 1500)), outcome::ok);
        EXPECT_EQ(h.commit(7, content(7)), outcome::ok);
        name = disk.segments().front();
    }
    static std::string content(std::uint64_t id) { return text_of(id, 100); }
    static std::string whole(std::uint64_t id) { return text_of(id, id == 6 ? 1500 : 100); }
    std::size_t find(const std::string& what) const
    {
        const auto at = disk_content().find(what);
        EXPECT_NE(at, std::string::npos);
        return at;
    }
    const std::string& disk_content() const { return const_cast<simulated_disk&>(disk).content(name); }

    simulated_disk disk;
    harness h{disk};
    std::string name;
};

TEST_F(damage, at_any_octet_costs_at_most_the_message_that_it_hits)
{
    const std::string good = disk_content();
    h.stop();
    const std::string used = disk_content();
    for (std::size_t at = 0; at < used.size(); ++at) {
        simulated_disk copy;
        std::shared_ptr<file> to;
        {
            const auto folder = copy.folder();
            auto octets = used;
            octets[at] = static_cast<char>(octets[at] ^ 0x40);
            const std::string_view all = octets;
            ASSERT_FALSE(folder->create(name, to));
            ASSERT_FALSE(to->write_at(0, {&all, 1}));
            ASSERT_FALSE(to->sync());
            ASSERT_FALSE(folder->sync_folder(""));
        }
        SCOPED_TRACE("octet " + std::to_string(at));
        harness again{copy};
        ASSERT_TRUE(again.store) << again.error;
        const auto scanned = again.scan();
        std::size_t lost = 0;
        for (std::uint64_t id = 1; id <= 7; ++id) {
            octets found;
            const auto result = again.store->read(id, 0, UINT64_MAX, found);
            if (result == outcome::ok) {
                ASSERT_EQ(found.view, whole(id));
                continue;
            }
            ++lost;
            ASSERT_TRUE(result == outcome::missing || result == outcome::corrupt);
        }
        ASSERT_LE(lost, 1U);
        ASSERT_GE(scanned.size(), 6U);
        if (lost != 0) {
            ASSERT_FALSE(copy.names("quarantine/").empty());
            ASSERT_FALSE(again.log.empty());
        }
        // It is said once, and the next start is as good as this one.
        again.settle();
        again.log.clear();
        ASSERT_TRUE(again.start()) << again.error;
        ASSERT_TRUE(again.log.empty()) << again.log.front();
        again.compact();
        ASSERT_EQ(again.scan().size(), 7U - lost);
        for (const auto& [id, state] : again.scan())
            ASSERT_EQ(again.content(id), whole(id));
    }
}

TEST_F(damage, of_content_is_reported_once_and_the_octets_are_kept_for_the_operator)
{
    disk.damage(name, find(content(3)) + 50, '#');
    octets found;
    EXPECT_EQ(h.store->read(3, 0, 10, found), outcome::corrupt) << "the whole record is checked, not the range";
    EXPECT_EQ(h.store->read(3, 0, 10, found), outcome::missing);
    h.settle();
    auto kept = content(3);
    kept[50] = '#';
    EXPECT_EQ(disk.content("quarantine/" + id_text(3)), kept);
    EXPECT_THAT(disk.content("quarantine/" + id_text(3) + ".record"), ::testing::HasSubstr("envelope 3"));
    EXPECT_EQ(h.log.size(), 1U);
    EXPECT_TRUE(h.logged("quarantine/" + id_text(3)));
    h.start();
    EXPECT_FALSE(h.scan().contains(3));
    EXPECT_EQ(h.log.size(), 1U);
}

TEST_F(damage, of_a_piece_of_a_large_message_is_found_when_that_piece_is_read)
{
    const auto second = text_of(6, 1500).substr(600, 600);
    disk.damage(name, find(second) + 10, '#');
    octets found;
    EXPECT_EQ(h.store->read(6, 0, 600, found), outcome::ok);
    EXPECT_EQ(h.store->read(6, 1200, 300, found), outcome::ok);
    EXPECT_EQ(h.store->read(6, 599, 2, found), outcome::corrupt);
    h.settle();
    EXPECT_EQ(disk.content("quarantine/" + id_text(6)).size(), 1500U);
    EXPECT_EQ(h.store->read(6, 0, 600, found), outcome::missing);
}

TEST_F(damage, of_a_state_sets_the_message_aside)
{
    disk.damage(name, find("changed"), '#');
    message_info info;
    EXPECT_EQ(h.store->fetch(2, info), outcome::corrupt);
    EXPECT_EQ(h.store->fetch(2, info), outcome::missing);
    EXPECT_EQ(disk.names("quarantine/").size(), 2U);
}

TEST_F(damage, that_cannot_be_copied_stays_where_it_is)
{
    disk.damage(name, find(content(3)) + 50, '#');
    disk.fail_at = disk.operations + 1; // behind the read
    disk.fail_with = std::errc::no_space_on_device;
    disk.fails_for_good = true;
    octets found;
    EXPECT_EQ(h.store->read(3, 0, 10, found), outcome::corrupt);
    EXPECT_TRUE(h.logged("left in place"));
    disk.fails_for_good = false;
    for (const std::uint64_t id : {1U, 2U, 4U, 5U, 6U, 7U})
        ASSERT_EQ(h.remove(id), outcome::ok);
    for (std::uint64_t id = 10; id < 30; ++id)
        ASSERT_EQ(h.commit(id, text_of(id, 500)), outcome::ok);
    h.compact();
    EXPECT_EQ(disk.names(name).size(), 1U);
    h.start();
    EXPECT_EQ(h.store->read(3, 0, 10, found), outcome::corrupt); // and now it can be copied
    EXPECT_EQ(disk.names("quarantine/" + id_text(3)).size(), 2U);
}

TEST_F(damage, by_a_read_error_is_a_failure_and_nothing_is_set_aside)
{
    disk.fail_at = disk.operations;
    octets found;
    EXPECT_EQ(h.store->read(3, 0, 10, found), outcome::failed);
    EXPECT_EQ(h.content(3), content(3));
    EXPECT_TRUE(disk.names("quarantine/").empty());
}

TEST_F(damage, a_segment_of_garbage_is_set_aside_and_no_obstacle)
{
    h.stop();
    std::mt19937_64 random{3};
    for (auto& octet : disk.content(name))
        octet = static_cast<char>(random());
    for (int starts = 0; starts < 3; ++starts) {
        ASSERT_TRUE(h.start()) << h.error;
        EXPECT_EQ(h.scan().size(), static_cast<std::size_t>(starts)); // those of this loop
        ASSERT_EQ(h.commit(100 + static_cast<std::uint64_t>(starts), "works"), outcome::ok);
        EXPECT_EQ(disk.names("quarantine/").size(), 1U);
    }
    EXPECT_EQ(h.log.size(), 1U);
}

TEST_F(damage, foreign_files_in_the_folder_are_left_alone)
{
    h.stop();
    std::shared_ptr<file> to;
    ASSERT_FALSE(disk.folder()->create("0000000000000001-zz.journal", to));
    ASSERT_FALSE(disk.folder()->create("README", to));
    ASSERT_TRUE(h.start());
    h.compact();
    EXPECT_EQ(h.scan().size(), 7U);
    EXPECT_EQ(disk.names("README").size() + disk.names("0000000000000001-zz").size(), 2U);
}

TEST_F(damage, a_missing_segment_costs_only_what_was_in_it)
{
    for (std::uint64_t id = 10; id < 40; ++id)
        ASSERT_EQ(h.commit_in_pieces(id, text_of(id, 1500)), outcome::ok);
    h.stop();
    const auto all = disk.segments();
    ASSERT_GE(all.size(), 5U);
    ASSERT_FALSE(disk.folder()->remove(all[2]));
    ASSERT_TRUE(h.start()) << h.error;
    const auto left = h.scan();
    EXPECT_GE(left.size(), 30U);
    for (const auto& [id, state] : left)
        EXPECT_TRUE(h.content(id)) << id;
}

} // namespace
} // namespace postern_queue_journal::testing
