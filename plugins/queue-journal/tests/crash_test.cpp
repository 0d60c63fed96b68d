// The machine, or the process, dies before each operation in turn.

#include "workload.hpp"

namespace postern_queue_journal::testing {
namespace {

constexpr int steps = 80;

struct fate {
    power_cut how;
    std::uint64_t seed;
    const char* name;
};

class a_crash_at_any_operation : public ::testing::TestWithParam<fate> {};

TEST_P(a_crash_at_any_operation, loses_and_revives_nothing)
{
    const auto [how, seed, name] = GetParam();
    bool reached = true;
    for (std::size_t n = 0; reached; ++n) {
        SCOPED_TRACE("dies at operation " + std::to_string(n));
        simulated_disk disk;
        disk.die_at = n;
        harness h{disk};
        workload work{seed};
        if (h.store)
            work.run(h, steps);
        reached = disk.was_reached();
        h.stop();
        const auto said_before = h.log.size();
        disk.cut_power(how, seed + n);
        ASSERT_TRUE(h.start()) << h.error;
        ASSERT_NO_FATAL_FAILURE(work.check(h, how != power_cut::keeps_all, "after the crash"));
        if (how == power_cut::keeps_all) {
            ASSERT_TRUE(said_before == h.log.size()) << "nothing is damaged: " << h.log.back();
        }
        work.accept_losses(h);
        h.compact();
        ASSERT_NO_FATAL_FAILURE(work.check(h, false, "after compaction"));
        work.run(h, 10);
        ASSERT_NO_FATAL_FAILURE(work.check(h, false, "at work again"));
        h.start();
        ASSERT_NO_FATAL_FAILURE(work.check(h, false, "after a clean restart"));
    }
}

INSTANTIATE_TEST_SUITE_P(with, a_crash_at_any_operation,
                         ::testing::Values(fate{power_cut::keeps_all, 1, "the_process_dead"},
                                           fate{power_cut::loses_all, 2, "unsynced_writes_lost"},
                                           fate{power_cut::loses_some, 3, "unsynced_writes_torn"},
                                           fate{power_cut::loses_some, 4, "unsynced_writes_torn_otherwise"},
                                           fate{power_cut::loses_some, 5, "unsynced_writes_torn_a_third_way"}),
                         [](const auto& one) { return std::string{one.param.name}; });

TEST(a_crash_of_the_process_and_later_of_the_machine, loses_and_revives_nothing)
{
    // What the first process wrote and did not sync must not be what the second one relies on.
    bool reached = true;
    for (std::size_t n = 0; reached; ++n) {
        SCOPED_TRACE("dies at operation " + std::to_string(n));
        simulated_disk disk;
        disk.die_at = n;
        harness h{disk};
        workload work{6};
        if (h.store)
            work.run(h, steps);
        reached = disk.was_reached();
        h.stop();
        disk.kill_process();
        ASSERT_TRUE(h.start()) << h.error;
        ASSERT_NO_FATAL_FAILURE(work.check(h, false, "after the process died"));
        h.compact();
        disk.die_at = disk.operations;
        h.stop();
        disk.cut_power(n % 2 == 0 ? power_cut::loses_all : power_cut::loses_some, n);
        ASSERT_TRUE(h.start()) << h.error;
        ASSERT_NO_FATAL_FAILURE(work.check(h, true, "after the machine died"));
    }
}

TEST(a_crash_while_recovering, loses_and_revives_nothing)
{
    // Two disks in a row: the first crash leaves something to repair, the second hits the repair.
    for (const std::size_t first : {40U, 95U, 170U, 260U}) {
        bool reached = true;
        for (std::size_t n = 0; reached; ++n) {
            SCOPED_TRACE("dies at operation " + std::to_string(first) + ", then " + std::to_string(n) + " later");
            simulated_disk disk;
            disk.die_at = first;
            harness h{disk};
            workload work{first};
            work.run(h, steps);
            h.stop();
            disk.cut_power(power_cut::loses_some, n);
            disk.die_at = disk.operations + n;
            if (h.start())
                h.compact();
            reached = disk.was_reached();
            h.stop();
            disk.cut_power(power_cut::loses_some, n + 1);
            ASSERT_TRUE(h.start()) << h.error;
            ASSERT_NO_FATAL_FAILURE(work.check(h, true, "after the second crash"));
            h.compact();
            ASSERT_NO_FATAL_FAILURE(work.check(h, true, "after compaction"));
        }
    }
}

TEST(a_crash, after_very_much_work_loses_and_revives_nothing)
{
    for (std::uint64_t seed = 100; seed < 130; ++seed) {
        SCOPED_TRACE(seed);
        simulated_disk disk;
        harness h{disk};
        workload work{seed};
        for (int round = 0; round < 6; ++round) {
            disk.die_at = disk.operations + 50 + seed * 37 % 400;
            if (h.store)
                work.run(h, 100);
            h.stop();
            disk.cut_power(power_cut::loses_some, seed + static_cast<std::uint64_t>(round));
            ASSERT_TRUE(h.start()) << h.error;
            ASSERT_NO_FATAL_FAILURE(work.check(h, true, "after crash " + std::to_string(round)));
            work.accept_losses(h);
        }
    }
}

TEST(a_crash, leaves_no_work_undone_for_good)
{
    // Whatever was going on: when all messages are removed, all segments go but the one in use.
    for (std::size_t n = 10; n < 300; n += 7) {
        simulated_disk disk;
        disk.die_at = n;
        harness h{disk};
        workload work{n};
        work.run(h, steps);
        h.stop();
        disk.cut_power(power_cut::loses_some, n);
        ASSERT_TRUE(h.start());
        for (const auto& [id, state] : h.scan())
            ASSERT_EQ(h.remove(id), outcome::ok);
        h.start();
        h.compact();
        EXPECT_EQ(disk.segments().size(), 1U) << n;
        EXPECT_EQ(h.store->measure().live_octets, 0U);
    }
}

} // namespace
} // namespace postern_queue_journal::testing
