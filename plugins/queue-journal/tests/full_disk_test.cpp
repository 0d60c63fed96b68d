// No room: what is refused, what goes on, and what waits until there is room again.

#include "workload.hpp"

#include <cerrno>

namespace postern_queue_journal::testing {
namespace {

constexpr std::uint64_t removal_size = 72; // of a message with one record

class a_full_disk : public ::testing::Test {
protected:
    void fill(std::uint64_t from, std::uint64_t to, std::size_t size = 500)
    {
        for (std::uint64_t id = from; id <= to; ++id)
            ASSERT_EQ(h.commit(id, text_of(id, size)), outcome::ok);
    }
    std::uint64_t fill_until_refused(std::uint64_t id, std::size_t size)
    {
        outcome last = outcome::ok;
        for (; last == outcome::ok && id < 1000; ++id)
            last = h.commit(id, text_of(id, size));
        EXPECT_EQ(last, outcome::full);
        return id - 1; // the one that was refused
    }
    /// In the segment in use.
    std::uint64_t room_left()
    {
        const auto name = disk.segments().back();
        return disk.content(name).size() - tail(name);
    }
    /// Where the octets of a segment end, and its reserved room begins.
    std::uint64_t tail(const std::string& name) { return tail_of(disk.content(name)); }
    static std::uint64_t tail_of(const std::string& octets)
    {
        return (octets.find_last_not_of('\0') + alignment) / alignment * alignment;
    }
    /// The process that ended had no room reserved; and then somebody took the rest of the disk.
    static void restart_without_room(simulated_disk& on, harness& what, std::uint64_t but = 0)
    {
        what.stop();
        for (const auto& name : on.segments()) {
            std::shared_ptr<file> content;
            ASSERT_FALSE(on.folder()->open(name, content));
            ASSERT_FALSE(content->resize(tail_of(on.content(name))));
        }
        on.fill();
        on.capacity += but;
        ASSERT_TRUE(what.start()) << what.error;
    }
    std::size_t times_logged(std::string_view part) const
    {
        return static_cast<std::size_t>(std::count_if(
            h.log.begin(), h.log.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; }));
    }

    simulated_disk disk;
    harness h{disk};
};

TEST_F(a_full_disk, lets_a_fresh_start_remove_what_it_delivers)
{
    for (std::uint64_t id = 1; id <= 5; ++id)
        ASSERT_EQ(h.commit(id, text_of(id, 100)), outcome::ok);
    h.stop();
    disk.fill();
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.commit(6, text_of(6, 5000)), outcome::full);
    EXPECT_EQ(h.update(5, "tried"), outcome::ok);
    for (std::uint64_t id = 1; id <= 4; ++id)
        EXPECT_EQ(h.remove(id), outcome::ok);
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{5, "tried"}}));
}

TEST_F(a_full_disk, finds_the_room_of_the_last_process_reserved)
{
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    for (int starts = 0; starts < 5; ++starts) {
        h.stop();
        ASSERT_EQ(disk.segments().size(), 1U);
        EXPECT_EQ(disk.content(disk.segments().front()).size(), small_segment);
        disk.fill();
        ASSERT_TRUE(h.start()) << h.error;
        EXPECT_EQ(h.update(1, "start " + std::to_string(starts)), outcome::ok);
    }
    EXPECT_TRUE(h.log.empty()) << h.log.front();
}

TEST_F(a_full_disk, finds_it_though_a_crash_tore_the_last_record)
{
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    ASSERT_EQ(h.commit(2, "two"), outcome::ok);
    h.stop();
    const auto name = disk.segments().front();
    disk.damage(name, tail(name) + 100, '#');
    disk.fill();
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(disk.names("quarantine/").size(), 1U) << "there was room for the copy";
    EXPECT_EQ(h.remove(1), outcome::ok);
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{2, "new"}}));
}

TEST_F(a_full_disk, finds_the_little_that_is_left_of_it)
{
    fill(1, 6);
    while (room_left() >= small_change_room / 2 + 100)
        ASSERT_EQ(h.update(1, "tried"), outcome::ok);
    ASSERT_EQ(disk.segments().size(), 1U) << "the test is about its end";
    h.stop();
    disk.fill();
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.remove(1), outcome::ok);
    EXPECT_EQ(h.remove(2), outcome::ok);
    EXPECT_EQ(disk.segments().size(), 1U);
    EXPECT_TRUE(h.log.empty()) << h.log.front();
}

TEST_F(a_full_disk, by_a_quota_that_nobody_told_of_uses_up_no_segment_numbers)
{
    disk.hides_quota = true;
    disk.no_room = static_cast<std::errc>(EDQUOT);
    disk.fill();
    const auto refused = fill_until_refused(1, 500);
    for (int i = 0; i < 10; ++i)
        ASSERT_EQ(h.commit(refused, text_of(refused, 500)), outcome::full);
    disk.capacity = UINT64_MAX;
    ASSERT_EQ(h.commit(refused, text_of(refused, 500)), outcome::ok);
    EXPECT_EQ(parse_segment_name(disk.segments().back())->number, 2U);
}

TEST_F(a_full_disk, is_no_full_disk_for_changes_while_there_is_a_reserve)
{
    auto options = small_settings();
    options.reserve = 20000;
    simulated_disk other;
    harness one{other, options};
    for (std::uint64_t id = 1; id <= 5; ++id)
        ASSERT_EQ(one.commit(id, "content"), outcome::ok);
    restart_without_room(other, one, 1000);
    other.fill(); // what it has, it has
    EXPECT_EQ(one.commit(6, "six"), outcome::full);
    for (std::uint64_t id = 1; id <= 5; ++id)
        EXPECT_EQ(one.remove(id), outcome::ok);
}

TEST_F(a_full_disk, without_room_for_changes_still_writes_them_when_there_is_some)
{
    fill(1, 3);
    restart_without_room(disk, h);
    EXPECT_TRUE(h.logged("there is no segment to write to"));
    EXPECT_EQ(h.commit(4, "four"), outcome::full);
    EXPECT_EQ(h.update(1, "tried"), outcome::full);
    EXPECT_EQ(h.remove(2), outcome::full);
    EXPECT_EQ(h.state(1), "new") << "what is not written does not count";
    EXPECT_EQ(h.content(2), std::nullopt) << "and what is delivered is not given out again";
    for (int seconds = 0; seconds < 3; ++seconds) {
        let_pass(std::chrono::seconds{1});
        h.settle();
    }
    EXPECT_EQ(times_logged("cannot write down"), 1U);
    disk.capacity = UINT64_MAX;
    let_pass(std::chrono::milliseconds{999});
    h.settle();
    EXPECT_EQ(h.state(1), "new");
    let_pass(std::chrono::milliseconds{1});
    h.settle();
    EXPECT_EQ(h.state(1), "tried");
    EXPECT_EQ(times_logged("is written down"), 1U);
    EXPECT_EQ(h.commit(4, "four"), outcome::ok);
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "tried"}, {3, "new"}, {4, "new"}}));
}

TEST_F(a_full_disk, writes_what_waits_when_it_is_closed_or_says_that_it_cannot)
{
    for (const bool is_room : {true, false}) {
        simulated_disk other;
        harness one{other};
        ASSERT_EQ(one.commit(1, "one"), outcome::ok);
        ASSERT_EQ(one.commit(2, "two"), outcome::ok);
        restart_without_room(other, one);
        EXPECT_EQ(one.remove(1), outcome::full);
        if (is_room)
            other.capacity = UINT64_MAX;
        one.stop();
        EXPECT_EQ(one.logged("may be delivered again"), !is_room);
        other.capacity = UINT64_MAX;
        ASSERT_TRUE(one.start()) << one.error;
        EXPECT_EQ(one.scan().size(), is_room ? 1U : 2U);
    }
}

TEST_F(a_full_disk, of_changes_that_wait_only_the_newest_of_each_message_is_written)
{
    fill(1, 4);
    restart_without_room(disk, h);
    EXPECT_EQ(h.update(1, "first"), outcome::full);
    EXPECT_EQ(h.update(2, "first"), outcome::full);
    EXPECT_EQ(h.update(3, "first"), outcome::full);
    h.store->update(4, "both in one batch", [](outcome r) { EXPECT_EQ(r, outcome::full); });
    EXPECT_EQ(h.update(4, "second"), outcome::full);
    EXPECT_EQ(h.update(1, "second"), outcome::full);
    EXPECT_EQ(h.remove(2), outcome::full);
    disk.capacity = UINT64_MAX;
    EXPECT_EQ(h.update(3, "second"), outcome::ok) << "it need not wait for the older one";
    for (int starts = 0; starts < 2; ++starts) {
        let_pass(std::chrono::seconds{1});
        h.settle();
        EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "second"}, {3, "second"}, {4, "second"}}));
        ASSERT_TRUE(h.start()) << h.error;
    }
}

TEST_F(a_full_disk, does_not_write_a_change_that_had_no_room_behind_a_newer_one_that_had)
{
    disk.capacity = 3 * small_segment;
    (void)fill_until_refused(1, 300);
    disk.fill();
    std::vector<outcome> answers;
    h.store->update(1, std::string(small_change_room, 'l'), [&](outcome result) { answers.push_back(result); });
    h.store->update(1, "newer", [&](outcome result) { answers.push_back(result); });
    h.settle();
    EXPECT_THAT(answers, ::testing::UnorderedElementsAre(outcome::ok, outcome::full));
    disk.capacity = UINT64_MAX;
    let_pass(std::chrono::seconds{1});
    h.settle();
    EXPECT_EQ(h.state(1), "newer");
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.state(1), "newer");
}

TEST_F(a_full_disk, keeps_so_many_changes_in_memory_and_no_more)
{
    auto options = small_settings();
    options.most_kept_changes = 2;
    simulated_disk other;
    harness small{other, options};
    for (std::uint64_t id = 1; id <= 4; ++id)
        ASSERT_EQ(small.commit(id, "content"), outcome::ok);
    restart_without_room(other, small);
    for (std::uint64_t id = 1; id <= 4; ++id)
        EXPECT_EQ(id == 4 ? small.update(id, "tried") : small.remove(id), outcome::full);
    EXPECT_EQ(small.content(2), std::nullopt);
    EXPECT_EQ(small.content(3), "content") << "this one was not kept, so the message is still there";
    other.capacity = UINT64_MAX;
    let_pass(std::chrono::seconds{1});
    small.settle();
    EXPECT_EQ(small.scan(), (std::map<std::uint64_t, std::string>{{3, "new"}, {4, "new"}}));
    EXPECT_EQ(small.update(4, "tried"), outcome::ok);
    EXPECT_EQ(small.remove(3), outcome::ok);
}

TEST_F(a_full_disk, is_relieved_at_start_of_segments_in_which_nothing_lives)
{
    fill(1, 30);
    for (std::uint64_t id = 1; id <= 29; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    const auto before = disk.segments().size();
    ASSERT_GE(before, 5U);
    restart_without_room(disk, h);
    EXPECT_LT(disk.segments().size(), before);
    EXPECT_EQ(h.remove(30), outcome::ok);
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_TRUE(h.scan().empty());
}

TEST_F(a_full_disk, refuses_messages_long_before_removals)
{
    disk.capacity = 5 * small_segment;
    const auto refused = fill_until_refused(1, 1000);
    disk.fill();
    const auto there = room_left() / removal_size;
    ASSERT_GE(there, small_change_room / removal_size);
    ASSERT_GT(refused - 1, there + 1);
    for (std::uint64_t id = 1; id <= there; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok) << id;
    EXPECT_EQ(h.remove(there + 1), outcome::full);
    h.compact(); // what is empty by now goes
    let_pass(std::chrono::seconds{1});
    h.settle();
    EXPECT_EQ(h.scan().size(), refused - 1 - there - 1) << "the one that had to wait is removed, too";
    EXPECT_EQ(h.commit(1000, text_of(1000, 300)), outcome::ok);
}

TEST_F(a_full_disk, is_emptied_to_the_last_message_by_removals_and_compaction)
{
    disk.capacity = 6 * small_segment;
    const auto refused = fill_until_refused(1, 200);
    for (std::uint64_t id = 1; id < refused; ++id) {
        ASSERT_EQ(h.remove(id), outcome::ok) << id;
        h.compact();
    }
    EXPECT_EQ(h.store->measure().messages, 0U);
    EXPECT_EQ(h.commit(1000, text_of(1000, 300)), outcome::ok);
}

TEST_F(a_full_disk, leaves_room_for_removals_however_often_states_change)
{
    disk.capacity = 3 * small_segment;
    (void)fill_until_refused(1, 300);
    outcome last = outcome::ok;
    int updates = 0;
    while (last == outcome::ok && updates < 100)
        last = h.update(1, std::string(20, 's') + std::to_string(updates++));
    EXPECT_EQ(last, outcome::full);
    EXPECT_GE(updates, 2);
    h.store->update(1, "in one batch with removals", [](outcome result) { EXPECT_EQ(result, outcome::full); });
    for (std::uint64_t id = 2; id <= 1 + small_change_room / 2 / removal_size; ++id)
        h.store->remove(id, [](outcome result) { EXPECT_EQ(result, outcome::ok); });
    h.settle();
}

TEST_F(a_full_disk, writes_as_many_changes_of_a_batch_as_fit)
{
    disk.capacity = 3 * small_segment;
    (void)fill_until_refused(1, 300);
    const auto room = room_left();
    std::map<outcome, std::uint64_t> answers;
    for (std::uint64_t id = 1; id <= 20; ++id)
        h.store->remove(id, [&](outcome result) { ++answers[result]; });
    h.settle();
    EXPECT_EQ(answers,
              (std::map<outcome, std::uint64_t>{{outcome::ok, room / removal_size}, {outcome::full, 20 - room / removal_size}}));
}

TEST_F(a_full_disk, lets_a_segment_go_that_compaction_had_given_up)
{
    disk.capacity = 4 * small_segment;
    (void)fill_until_refused(1, 500);
    const auto first = disk.segments().front();
    for (std::uint64_t id = 1; id <= 4; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    h.compact();
    ASSERT_EQ(disk.segments().front(), first) << "there is no room to move the last message";
    ASSERT_EQ(h.remove(5), outcome::ok);
    ASSERT_EQ(h.remove(6), outcome::ok);
    h.compact();
    EXPECT_NE(disk.segments().front(), first);
}

TEST_F(a_full_disk, keeps_compaction_out_of_the_room_for_changes)
{
    disk.capacity = 4 * small_segment;
    ASSERT_EQ(h.commit(1, "small enough to be moved there"), outcome::ok);
    (void)fill_until_refused(2, 700);
    for (std::uint64_t id = 2; id <= 5; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    disk.fill();
    const auto before = room_left();
    ASSERT_GT(before, 200U);
    h.compact();
    EXPECT_EQ(room_left(), before);
}

TEST_F(a_full_disk, does_not_let_compaction_write_an_old_state_behind_a_change_that_waits)
{
    fill(1, 12);
    const auto first = disk.segments().front();
    for (std::uint64_t id = 2; id <= 6; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    restart_without_room(disk, h);
    EXPECT_EQ(h.update(1, "newer"), outcome::full);
    disk.capacity = UINT64_MAX;
    ASSERT_EQ(h.commit(50, "room again"), outcome::ok);
    h.compact();
    EXPECT_EQ(disk.segments().front(), first);
    let_pass(std::chrono::seconds{1});
    h.settle();
    for (std::uint64_t id = 100; id < 110; ++id) // until a segment is sealed, and compaction looks again
        ASSERT_EQ(h.commit(id, text_of(id, 500)), outcome::ok);
    h.compact();
    EXPECT_NE(disk.segments().front(), first) << "nothing waits any more";
    for (int starts = 0; starts < 2; ++starts) {
        EXPECT_EQ(h.state(1), "newer");
        ASSERT_TRUE(h.start()) << h.error;
    }
}

TEST(a_disk_that_is_full_now_and_then, loses_and_revives_nothing)
{
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        simulated_disk disk;
        disk.no_room = static_cast<std::errc>(seed % 2 == 0 ? ENOSPC : EDQUOT);
        harness h{disk};
        workload work{seed};
        for (int round = 0; round < 16; ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            disk.fill();
            if (const auto more = random() % 4; more != 0)
                disk.capacity = more == 3 ? UINT64_MAX : disk.capacity + random() % (3 * small_segment);
            work.run(h, 12);
            if (random() % 2 == 0)
                h.compact();
            ASSERT_NO_FATAL_FAILURE(work.check(h, false, "at work"));
            const auto end = random() % 6;
            if (end > 2)
                continue;
            if (end != 0)
                disk.die_at = disk.operations;
            h.stop();
            if (end == 2)
                disk.cut_power(power_cut::loses_some, random());
            else
                disk.kill_process();
            if (random() % 2 == 0)
                disk.fill();
            ASSERT_TRUE(h.start()) << h.error;
            ASSERT_NO_FATAL_FAILURE(work.check(h, end == 2, "after a restart"));
            work.accept_losses(h);
        }
        disk.capacity = UINT64_MAX;
        let_pass(std::chrono::seconds{1});
        h.settle();
        ASSERT_TRUE(h.start()) << h.error; // what was damaged can be set aside now
        ASSERT_NO_FATAL_FAILURE(work.check(h, false, "at last"));
        for (const auto& [id, state] : h.scan())
            ASSERT_EQ(h.remove(id), outcome::ok);
        h.compact();
        EXPECT_EQ(disk.segments().size(), 1U) << "the one in use";
        EXPECT_FALSE(h.logged("(Success)")) << "a failure without a cause";
    }
}

class no_room_as_the_system_says_it : public ::testing::TestWithParam<int> {};

TEST_P(no_room_as_the_system_says_it, refuses_messages_and_not_the_changes_that_came_with_them)
{
    simulated_disk disk;
    harness h{disk};
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    ASSERT_EQ(h.commit(2, "two"), outcome::ok);
    std::vector<outcome> answers;
    const auto note = [&](outcome result) { answers.push_back(result); };
    h.store->commit(3, "e", "s", text_of(3, 300), {}, note);
    h.store->update(1, "changed", note);
    h.store->remove(2, note);
    disk.fail_at = disk.operations; // the write, on a file system where nothing can be reserved
    disk.fail_with = static_cast<std::errc>(GetParam());
    h.settle();
    EXPECT_THAT(answers, ::testing::UnorderedElementsAre(outcome::full, outcome::ok, outcome::ok));
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "changed"}}));
    const auto large = text_of(4, 3000);
    h.store->append(4, large.substr(0, 1000), note);
    disk.fail_at = disk.operations;
    h.settle();
    answers.clear();
    h.store->append(4, large.substr(1000), note);
    EXPECT_THAT(answers, ::testing::ElementsAre(outcome::full));
}

INSTANTIATE_TEST_SUITE_P(with, no_room_as_the_system_says_it, ::testing::Values(ENOSPC, EDQUOT, EFBIG), [](const auto& one) {
    return std::string{one.param == ENOSPC ? "ENOSPC" : one.param == EDQUOT ? "EDQUOT" : "EFBIG"};
});

} // namespace
} // namespace postern_queue_journal::testing
