#include "harness.hpp"

namespace postern_queue_journal::testing {
namespace {

class compaction : public ::testing::Test {
protected:
    void fill(std::uint64_t from, std::uint64_t to, std::size_t size = 500)
    {
        for (std::uint64_t id = from; id <= to; ++id)
            ASSERT_EQ(h.commit(id, text_of(id, size)), outcome::ok);
    }
    void expect_content(std::uint64_t id, std::size_t size = 500) { EXPECT_EQ(h.content(id), text_of(id, size)); }

    simulated_disk disk;
    harness h{disk};
};

TEST_F(compaction, deletes_a_segment_in_which_nothing_lives)
{
    fill(1, 30);
    const auto before = disk.segments();
    ASSERT_GE(before.size(), 4U);
    for (std::uint64_t id = 1; id <= 30; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    h.compact();
    EXPECT_EQ(disk.segments().size(), 1U); // the one in use
    h.start();
    EXPECT_TRUE(h.scan().empty());
    h.compact();
    EXPECT_EQ(disk.segments().size(), 1U);
}

TEST_F(compaction, empties_sparse_segments_and_leaves_dense_ones_alone)
{
    fill(1, 60);
    for (std::uint64_t id = 1; id <= 60; ++id)
        if (id <= 30 ? id % 5 != 0 : id % 5 == 0) {
            ASSERT_EQ(h.remove(id), outcome::ok);
        }
    const auto before = disk.segments();
    h.compact();
    const auto after = disk.segments();
    EXPECT_EQ(std::find(after.begin(), after.end(), before.front()), after.end());
    EXPECT_NE(std::find(after.begin(), after.end(), before[before.size() - 2]), after.end());
    for (int i = 0; i < 2; ++i, h.start())
        for (std::uint64_t id = 1; id <= 60; ++id)
            if (id <= 30 ? id % 5 == 0 : id % 5 != 0)
                expect_content(id);
}

TEST_F(compaction, keeps_files_within_twice_what_lives)
{
    std::mt19937_64 random{1};
    std::vector<std::uint64_t> alive;
    std::uint64_t id = 0;
    for (int round = 0; round < 600; ++round) {
        ++id;
        ASSERT_EQ(h.commit_in_pieces(id, text_of(id, random() % 3000)), outcome::ok);
        alive.push_back(id);
        if (alive.size() > 40) {
            const auto at = random() % alive.size();
            ASSERT_EQ(h.remove(alive[at]), outcome::ok);
            alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(at));
        }
        if (round % 10 == 0)
            h.compact();
    }
    h.compact();
    const auto now = h.store->measure();
    EXPECT_EQ(now.messages, 40U);
    EXPECT_LE(now.file_octets, 2 * now.live_octets + 3 * small_settings().segment_size);
    for (const auto number : alive)
        EXPECT_TRUE(h.content(number));
}

TEST_F(compaction, carries_the_newest_state_along)
{
    fill(1, 40);
    for (int round = 0; round < 20; ++round) // the states of two messages, spread over many segments
        for (const std::uint64_t id : {3U, 35U})
            ASSERT_EQ(h.update(id, std::string(300, 's') + std::to_string(round)), outcome::ok);
    for (std::uint64_t id = 1; id <= 40; ++id)
        if (id != 3 && id != 35) {
            ASSERT_EQ(h.remove(id), outcome::ok);
        }
    fill(100, 110); // seals what went before
    h.compact();
    for (int i = 0; i < 2; ++i, h.start()) {
        EXPECT_EQ(h.state(3), std::string(300, 's') + "19");
        EXPECT_EQ(h.state(35), std::string(300, 's') + "19");
        expect_content(3);
    }
}

TEST_F(compaction, moves_large_messages_that_lie_across_segments)
{
    const auto large = text_of(1, 20000);
    ASSERT_EQ(h.commit_in_pieces(1, large), outcome::ok);
    std::vector<std::uint64_t> between;
    std::string_view rest = large;
    for (std::uint64_t id = 10; !rest.empty(); ++id) { // a second one, its pieces far apart
        h.store->append(2, rest.substr(0, 700), [](outcome) {});
        rest.remove_prefix(std::min<std::size_t>(700, rest.size()));
        ASSERT_EQ(h.commit(id, text_of(id, 2000)), outcome::ok);
        between.push_back(id);
    }
    std::optional<outcome> answer;
    h.store->commit(2, "e", "s", {}, {}, [&](outcome r) { answer = r; });
    h.settle();
    ASSERT_EQ(answer, outcome::ok);
    for (const auto id : between)
        ASSERT_EQ(h.remove(id), outcome::ok);
    fill(100, 110);
    const auto before = disk.segments().size();
    h.compact();
    EXPECT_LE(disk.segments().size(), before / 2);
    for (int i = 0; i < 2; ++i, h.start()) {
        EXPECT_EQ(h.content(1), large);
        EXPECT_EQ(h.content(2), large);
    }
}

TEST_F(compaction, does_not_revive_a_message_whose_removal_lies_in_a_segment_that_goes)
{
    fill(1, 7); // one segment, dense to the end
    ASSERT_EQ(h.remove(1), outcome::ok);
    fill(20, 40);
    for (std::uint64_t id = 20; id <= 40; ++id) // the segment with the removal becomes empty, but for the removal
        ASSERT_EQ(h.remove(id), outcome::ok);
    const auto first = disk.segments().front();
    h.compact();
    ASSERT_EQ(disk.segments().front(), first) << "the dense segment should have stayed";
    EXPECT_LE(disk.segments().size(), 3U);
    h.start();
    EXPECT_FALSE(h.scan().contains(1));
    EXPECT_EQ(h.scan().size(), 6U);
}

TEST_F(compaction, syncs_removals_before_the_pieces_of_what_they_removed_go)
{
    h.store->append(1, text_of(1, 1800), [](outcome) {});
    fill(10, 40);
    h.store->commit(1, "e", "s", {}, {}, [](outcome) {});
    h.settle();
    for (std::uint64_t id = 10; id <= 40; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    ASSERT_EQ(h.commit(50, "syncs the removals so far"), outcome::ok);
    const auto first = disk.segments().front();
    ASSERT_EQ(h.remove(1), outcome::ok); // in memory only
    ASSERT_TRUE(h.store->compact_step());
    ASSERT_TRUE(disk.names(first).empty());
    disk.cut_power(power_cut::loses_all);
    h.store.reset();
    h.start();
    EXPECT_EQ(h.scan().size(), 1U);
    EXPECT_TRUE(h.log.empty()) << h.log.front();
}

TEST_F(compaction, keeps_those_pieces_while_the_removal_cannot_be_written_again)
{
    h.store->append(1, text_of(1, 1800), [](outcome) {});
    fill(10, 40);
    h.store->commit(1, "e", "s", {}, {}, [](outcome) {});
    h.settle();
    for (std::uint64_t id = 10; id <= 40; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    ASSERT_EQ(h.commit(50, "syncs the removals so far"), outcome::ok);
    const auto first = disk.segments().front();
    ASSERT_EQ(h.remove(1), outcome::ok);
    disk.fill();
    disk.fail_at = disk.operations; // its sync
    let_pass(std::chrono::seconds{1});
    h.settle();
    ASSERT_TRUE(h.logged("cannot sync"));
    h.compact();
    EXPECT_EQ(disk.names(first).size(), 1U);
    disk.capacity = UINT64_MAX;
    for (std::uint64_t id = 60; id <= 70; ++id) // until a segment is sealed, and compaction looks again
        ASSERT_EQ(h.commit(id, text_of(id, 500)), outcome::ok);
    h.compact();
    EXPECT_TRUE(disk.names(first).empty());
}

TEST_F(compaction, makes_each_deletion_durable_before_the_next)
{
    fill(1, 40);
    for (std::uint64_t id = 1; id <= 40; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    bool is_durable = true;
    int removed = 0;
    disk.trace = [&](const std::string& what) {
        if (what.starts_with("remove ")) {
            EXPECT_TRUE(is_durable) << what;
            is_durable = false;
            ++removed;
        }
        is_durable = is_durable || what == "sync folder ";
    };
    h.compact();
    disk.trace = nullptr;
    EXPECT_TRUE(is_durable);
    EXPECT_GE(removed, 4);
}

/// A message whose pieces had to move, while its old record stays behind in a segment that is full of others.
class a_moved_message : public compaction {
protected:
    a_moved_message()
    {
        h.store->append(1, text_of(1, 1200), [](outcome) {}); // in the first segment
        fill(10, 17);
        h.store->commit(1, "e", "s", {}, {}, [](outcome) {}); // its record in the second
        h.settle();
        fill(18, 40);
        stays = disk.segments()[1];
        EXPECT_TRUE(holds_record(stays, 1));
        for (std::uint64_t id = 10; id <= 13; ++id)
            EXPECT_EQ(h.remove(id), outcome::ok);
        h.compact();
        EXPECT_EQ(disk.segments().front(), stays) << "the first segment should be gone, and the second stay";
        expect_content(1, 1200);
    }
    bool holds_record(const std::string& name, std::uint64_t id)
    {
        std::shared_ptr<file> content;
        EXPECT_FALSE(disk.folder()->open(name, content));
        segment_walker walker{*content, parse_segment_name(name)->mark, 0, disk.content(name).size()};
        for (auto found = walker.next(); found != segment_walker::step::end; found = walker.next())
            if (walker.header().kind == record_kind::message && walker.header().id == id)
                return true;
        return false;
    }
    /// Everything behind the old record goes, removals too.
    void remove_it_and_all_later_segments()
    {
        EXPECT_EQ(h.remove(1), outcome::ok);
        fill(100, 130);
        for (std::uint64_t id = 100; id <= 130; ++id)
            ASSERT_EQ(h.remove(id), outcome::ok);
        for (std::uint64_t id = 23; id <= 40; ++id)
            ASSERT_EQ(h.remove(id), outcome::ok);
        fill(200, 208);
        h.compact();
        EXPECT_EQ(disk.segments().front(), stays);
        EXPECT_TRUE(holds_record(stays, 1)) << "the test is about what it still holds";
    }
    std::string stays;
};

TEST_F(a_moved_message, stays_removed)
{
    remove_it_and_all_later_segments();
    h.start();
    EXPECT_FALSE(h.scan().contains(1));
    EXPECT_TRUE(h.log.empty()) << h.log.front();
}

TEST_F(a_moved_message, stays_removed_when_the_journal_was_opened_anew_meanwhile)
{
    h.start();
    expect_content(1, 1200);
    remove_it_and_all_later_segments();
    h.start();
    EXPECT_FALSE(h.scan().contains(1));
    EXPECT_TRUE(h.log.empty()) << h.log.front();
}

TEST_F(compaction, of_a_segment_that_cannot_be_deleted_does_not_let_its_messages_come_back)
{
    for (const bool anew : {false, true}) {
        fill(1, 7);
        disk.unremovable = disk.segments().front();
        for (std::uint64_t id = 2; id <= 7; ++id)
            ASSERT_EQ(h.remove(id), outcome::ok);
        fill(10, 20);
        h.compact(); // message 1 has moved, and its old record is still there
        EXPECT_TRUE(h.logged("cannot remove"));
        if (anew)
            h.start();
        expect_content(1);
        ASSERT_EQ(h.remove(1), outcome::ok);
        for (std::uint64_t id = 10; id <= 20; ++id)
            ASSERT_EQ(h.remove(id), outcome::ok);
        fill(21, 30);
        for (std::uint64_t id = 21; id <= 30; ++id)
            ASSERT_EQ(h.remove(id), outcome::ok);
        fill(31, 40);
        h.compact();
        h.start();
        EXPECT_FALSE(h.scan().contains(1));
        EXPECT_EQ(h.scan().size(), 10U);
        disk.unremovable.clear();
        for (std::uint64_t id = 31; id <= 40; ++id)
            ASSERT_EQ(h.remove(id), outcome::ok);
        h.compact();
        h.start();
        h.compact();
        EXPECT_EQ(disk.segments().size(), 1U); // the one in use
    }
}

TEST_F(compaction, that_could_not_sync_its_copy_does_not_let_that_one_come_back)
{
    fill(1, 7);
    for (std::uint64_t id = 2; id <= 7; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    fill(10, 14);                                            // seals the first segment
    h.store->append(500, text_of(500, 700), [](outcome) {}); // an upload that keeps the next one from going
    h.settle();
    const auto taken_over = disk.segments().back();
    bool armed = true;
    disk.trace = [&](const std::string& what) {
        if (armed && what == "write " + taken_over) { // of the copy: the sync behind it fails
            armed = false;
            disk.fail_at = disk.operations;
        }
    };
    (void)h.store->compact_step(); // fails, or tries again elsewhere
    disk.trace = nullptr;
    EXPECT_FALSE(armed);
    expect_content(1);
    ASSERT_EQ(h.remove(1), outcome::ok);
    fill(20, 50);
    for (std::uint64_t id = 20; id <= 50; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    fill(60, 70);
    h.compact();
    EXPECT_EQ(disk.names(taken_over).size(), 1U) << "the test is about the copy in it";
    h.start();
    EXPECT_FALSE(h.scan().contains(1));
}

class an_update_during_compaction : public ::testing::TestWithParam<int> {};

TEST_P(an_update_during_compaction, is_not_overwritten_by_an_older_state)
{
    simulated_disk disk;
    harness h{disk};
    for (std::uint64_t id = 1; id <= 20; ++id)
        ASSERT_EQ(h.commit(id, text_of(id, 500)), outcome::ok);
    for (std::uint64_t id = 2; id <= 7; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    std::optional<outcome> answer;
    std::function<void(int)> after_reads = [&](int reads) { // walking the segment, then reading the message
        disk.during_read = [&, reads] {
            if (reads > 0)
                return after_reads(reads - 1);
            h.store->update(1, "newer", [&](outcome result) { answer = result; });
        };
    };
    after_reads(GetParam());
    h.compact();
    disk.during_read = nullptr;
    ASSERT_EQ(answer, outcome::ok);
    EXPECT_EQ(h.state(1), "newer");
    h.start();
    EXPECT_EQ(h.state(1), "newer");
    EXPECT_EQ(h.content(1), text_of(1, 500));
}

INSTANTIATE_TEST_SUITE_P(at, an_update_during_compaction, ::testing::Values(0, 1));

TEST_F(compaction, does_not_touch_a_segment_that_an_upload_still_needs)
{
    const auto text = text_of(1, 3000);
    h.store->append(1, text.substr(0, 2000), [](outcome) {});
    fill(10, 40);
    for (std::uint64_t id = 10; id <= 40; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    h.compact();
    octets found;
    ASSERT_EQ(h.store->peek(1, 0, 5000, found), outcome::ok);
    EXPECT_EQ(found.view, text.substr(0, 2000));
    h.store->append(1, text.substr(2000), [](outcome) {});
    h.store->commit(1, "e", "s", {}, {}, [](outcome) {});
    h.settle();
    EXPECT_EQ(h.content(1), text);
    h.compact();
    h.start();
    EXPECT_EQ(h.content(1), text);
}

TEST_F(compaction, frees_the_room_of_abandoned_uploads)
{
    for (std::uint64_t id = 1; id <= 20; ++id) {
        h.store->append(id, text_of(id, 3000), [](outcome) {});
        h.settle();
        h.store->abandon(id);
    }
    fill(100, 100);
    h.compact();
    EXPECT_LE(disk.segments().size(), 2U);
}

TEST_F(compaction, rests_while_messages_are_scanned)
{
    for (std::uint64_t id = 1; id <= 800; ++id)
        h.store->commit(id, "e", "s", text_of(id, 30), {}, [](outcome) {});
    h.settle();
    for (std::uint64_t id = 1; id <= 100; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    scan_page page;
    ASSERT_EQ(h.store->scan(0, page), outcome::ok);
    ASSERT_NE(page.next, 0U);
    EXPECT_FALSE(h.store->compact_step());
    while (page.next != 0)
        ASSERT_EQ(h.store->scan(page.next, page), outcome::ok);
    EXPECT_TRUE(h.store->compact_step());
}

TEST_F(compaction, that_fails_is_tried_again_later)
{
    fill(1, 30);
    for (std::uint64_t id = 1; id <= 30; ++id)
        if (id % 6 != 0) {
            ASSERT_EQ(h.remove(id), outcome::ok);
        }
    disk.fail_at = disk.operations + 3;
    disk.fail_with = std::errc::no_space_on_device;
    disk.fails_for_good = true;
    h.compact();
    const auto before = disk.segments().size();
    disk.fails_for_good = false;
    fill(100, 110);
    h.compact();
    EXPECT_LT(disk.segments().size(), before);
    for (std::uint64_t id = 6; id <= 30; id += 6)
        expect_content(id);
}

TEST_F(compaction, sets_aside_what_it_finds_damaged)
{
    fill(1, 7);
    const auto first = disk.segments().front();
    fill(8, 30);
    const auto at = disk.content(first).find(text_of(3, 500));
    ASSERT_NE(at, std::string::npos);
    disk.damage(first, at + 250, '#');
    for (const std::uint64_t id : {1U, 2U, 4U, 5U, 6U})
        ASSERT_EQ(h.remove(id), outcome::ok);
    h.compact();
    EXPECT_TRUE(h.logged(id_text(3)));
    EXPECT_EQ(disk.names("quarantine/" + id_text(3)).size(), 2U);
    EXPECT_EQ(disk.names(first).size(), 0U);
    h.start();
    EXPECT_FALSE(h.scan().contains(3));
    expect_content(7);
}

} // namespace
} // namespace postern_queue_journal::testing
