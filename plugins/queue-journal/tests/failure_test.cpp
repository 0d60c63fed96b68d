// Each operation of the file system fails in turn; the process goes on.

#include "workload.hpp"

namespace postern_queue_journal::testing {
namespace {

constexpr int steps = 80;

struct fault {
    std::errc why;
    bool for_good;
    std::size_t count;
    const char* name;
};

class a_failing_operation : public ::testing::TestWithParam<fault> {};

TEST_P(a_failing_operation, loses_and_revives_nothing)
{
    const auto [why, for_good, count, name] = GetParam();
    bool reached = true;
    for (std::size_t n = 0; reached; ++n) {
        SCOPED_TRACE("operation " + std::to_string(n) + " fails");
        simulated_disk disk;
        disk.fail_at = n;
        disk.fail_with = why;
        disk.fail_count = count;
        disk.fails_for_good = for_good;
        harness h{disk};
        if (!h.store) { // at start it may give up, with a reason
            ASSERT_FALSE(h.error.empty());
            disk.fails_for_good = false;
            disk.fail_count = 0;
            ASSERT_TRUE(h.start()) << h.error;
        }
        workload work{7};
        work.run(h, steps);
        reached = disk.was_reached();
        disk.fails_for_good = false; // room again
        disk.fail_at = simulated_disk::never;
        ASSERT_NO_FATAL_FAILURE(work.check(h, false, "at work"));
        work.run(h, 20);
        h.compact();
        ASSERT_NO_FATAL_FAILURE(work.check(h, false, "at work again"));
        ASSERT_TRUE(h.start());
        ASSERT_NO_FATAL_FAILURE(work.check(h, false, "after a restart"));
        const auto found = h.scan();
        for (const auto id : work.refused())
            ASSERT_FALSE(found.contains(id)) << "the client was told that " << id << " failed";
    }
}

TEST_P(a_failing_operation, and_then_a_power_cut_lose_and_revive_nothing)
{
    const auto [why, for_good, count, name] = GetParam();
    bool reached = true;
    for (std::size_t n = 8; reached; ++n) {
        SCOPED_TRACE("operation " + std::to_string(n) + " fails");
        simulated_disk disk;
        disk.fail_at = n;
        disk.fail_with = why;
        disk.fail_count = count;
        disk.fails_for_good = for_good;
        harness h{disk};
        workload work{n};
        if (h.store)
            work.run(h, steps / 2);
        reached = disk.was_reached();
        disk.die_at = disk.operations;
        h.stop();
        disk.cut_power(n % 2 == 0 ? power_cut::loses_all : power_cut::loses_some, n);
        ASSERT_TRUE(h.start()) << h.error;
        ASSERT_NO_FATAL_FAILURE(work.check(h, true, "after the power cut"));
        h.compact();
        ASSERT_NO_FATAL_FAILURE(work.check(h, true, "after compaction"));
    }
}

INSTANTIATE_TEST_SUITE_P(with, a_failing_operation,
                         ::testing::Values(fault{std::errc::io_error, false, 1, "an_input_output_error"},
                                           fault{std::errc::io_error, false, 2, "two_input_output_errors"},
                                           fault{std::errc::io_error, false, 3, "three_input_output_errors"},
                                           fault{std::errc::io_error, false, 20, "many_input_output_errors"},
                                           fault{std::errc::no_space_on_device, false, 1, "no_space_once"},
                                           fault{std::errc::no_space_on_device, true, 1, "no_space_until_there_is_room"}),
                         [](const auto& one) { return std::string{one.param.name}; });

class failures : public ::testing::Test {
protected:
    simulated_disk disk;
    harness h{disk};
};

TEST_F(failures, of_a_write_fail_the_batch_and_leave_nothing_of_it)
{
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    disk.fail_at = disk.operations; // the write
    EXPECT_EQ(h.commit(2, text_of(2, 300)), outcome::failed);
    EXPECT_EQ(h.commit(3, "three"), outcome::ok);
    h.start();
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "new"}, {3, "new"}}));
    EXPECT_TRUE(disk.names("quarantine/").empty());
}

TEST_F(failures, of_a_write_leave_no_whole_record_behind_a_later_one)
{
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    for (std::uint64_t id = 2; id <= 5; ++id)
        h.store->commit(id, "envelope", "new", text_of(id, 100), {}, [](outcome r) { EXPECT_EQ(r, outcome::failed); });
    disk.fail_at = disk.operations; // half of the batch is written, so two records
    h.settle();
    EXPECT_EQ(h.commit(6, text_of(6, 100)), outcome::ok); // just as long as one of them
    disk.die_at = disk.operations;                        // a clean end would cut the segment here
    h.stop();
    disk.kill_process();
    h.start();
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "new"}, {6, "new"}}));
}

TEST_F(failures, of_a_sync_are_never_trusted_again)
{
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    ASSERT_EQ(h.update(1, "answered, not yet synced"), outcome::ok);
    disk.fail_at = disk.operations + 1; // behind the write
    EXPECT_EQ(h.commit(2, "two"), outcome::failed);
    const auto segments = disk.segments();
    ASSERT_EQ(segments.size(), 2U) << "a new segment takes over";
    const auto before = disk.content(segments.front());
    EXPECT_EQ(h.commit(3, "three"), outcome::ok);
    EXPECT_EQ(disk.content(segments.front()), before);
    disk.cut_power(power_cut::loses_all);
    h.start();
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "answered, not yet synced"}, {3, "new"}}));
}

TEST_F(failures, of_a_sync_do_not_let_a_refused_message_come_back)
{
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    disk.fail_at = disk.operations + 1;
    EXPECT_EQ(h.commit(2, "two"), outcome::failed);
    EXPECT_EQ(h.commit(3, "three"), outcome::ok);
    h.start(); // the page cache still has the refused record
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "new"}, {3, "new"}}));
    h.compact();
    h.start();
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "new"}, {3, "new"}}));
}

TEST_F(failures, of_a_sync_fail_uploads_whose_pieces_it_took)
{
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    const auto text = text_of(2, 1500);
    h.store->append(2, text.substr(0, 1200), [](outcome) {});
    h.settle(); // two pieces are written
    disk.fail_at = disk.operations + 1;
    EXPECT_EQ(h.commit(3, "three"), outcome::failed);
    h.store->append(2, text.substr(1200), [](outcome) {});
    std::optional<outcome> answer;
    h.store->commit(2, "e", "s", {}, {}, [&](outcome r) { answer = r; });
    h.settle();
    EXPECT_EQ(answer, outcome::failed);
    EXPECT_EQ(h.commit_in_pieces(4, text), outcome::ok);
    EXPECT_EQ(h.content(4), text);
}

TEST_F(failures, keep_changes_that_were_answered_until_they_can_be_written_again)
{
    ASSERT_EQ(h.commit(1, "one"), outcome::ok);
    ASSERT_EQ(h.commit(2, "two"), outcome::ok);
    ASSERT_EQ(h.update(1, "changed"), outcome::ok);
    ASSERT_EQ(h.remove(2), outcome::ok);
    disk.fail_at = disk.operations + 1; // the sync; and then there is no room for a new segment
    disk.fails_for_good = true;
    EXPECT_EQ(h.commit(3, "three"), outcome::failed);
    EXPECT_EQ(h.commit(4, "four"), outcome::full);
    disk.fails_for_good = false;
    EXPECT_EQ(h.commit(5, "five"), outcome::ok);
    disk.cut_power(power_cut::loses_all);
    h.start();
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "changed"}, {5, "new"}}));
}

TEST_F(failures, of_room_refuse_messages_but_not_changes)
{
    h.stop();
    simulated_disk small;
    auto options = small_settings();
    options.reserve = 20000;
    small.capacity = 60000;
    harness s{small, options};
    std::vector<std::uint64_t> there;
    std::uint64_t id = 1;
    for (;; ++id) {
        const auto result = s.commit(id, text_of(id, 700));
        if (result != outcome::ok) {
            EXPECT_EQ(result, outcome::full);
            break;
        }
        there.push_back(id);
        ASSERT_LT(id, 100U);
    }
    ASSERT_GT(there.size(), 30U); // 40,000 octets may be filled
    EXPECT_EQ(s.commit_in_pieces(id + 1, text_of(id, 2000)), outcome::full);
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ(s.update(there[0], "still tried " + std::to_string(i)), outcome::ok);
    for (std::size_t i = 1; i < there.size(); i += 2)
        ASSERT_EQ(s.remove(there[i]), outcome::ok);
    s.compact(); // works within the reserve
    ASSERT_EQ(s.commit(1000, text_of(1000, 700)), outcome::ok) << "room again";
    s.start();
    EXPECT_EQ(s.scan().size(), (there.size() + 1) / 2 + 1);
    EXPECT_EQ(s.state(there[0]), "still tried 19");
}

TEST_F(failures, the_reserve_is_kept_to_the_octet)
{
    h.stop();
    for (const std::uint64_t missing : {0U, 1U}) {
        simulated_disk small;
        auto options = small_settings();
        options.reserve = 20000;
        small.capacity = options.reserve + options.segment_size - missing;
        harness s{small, options};
        // A segment's octets are to be had for the first one, or one fewer, so that a smaller one is made.
        EXPECT_EQ(s.commit(1, "one"), outcome::ok);
        std::uint64_t left = 0;
        EXPECT_FALSE(small.folder()->free_octets(left));
        EXPECT_GE(left, options.reserve);
        small.capacity -= left - options.reserve;
        EXPECT_EQ(s.commit(2, ""), outcome::ok); // in the same segment
        small.capacity -= 1;
        EXPECT_EQ(s.commit(3, ""), outcome::full);
        EXPECT_EQ(s.update(1, "x"), outcome::ok);
    }
}

} // namespace
} // namespace postern_queue_journal::testing
