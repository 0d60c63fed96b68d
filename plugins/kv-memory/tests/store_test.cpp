// The promises to the disk: what survives, what a damaged file costs, what a failing disk means.

#include "harness.hpp"

#include <gmock/gmock.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace postern_kv_memory::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

settings quick()
{
    settings how;
    how.pause = std::chrono::milliseconds{1};
    how.write_after = std::chrono::milliseconds{0};
    return how;
}

/// Waits for what the store's own thread does.
template <class Condition>
void wait_until(Condition condition)
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition() && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    EXPECT_TRUE(condition());
}

TEST(store, has_after_a_restart_what_it_had_before)
{
    const temporary_folder place;
    {
        opened one{place.kv()};
        one.put("a", "1");
        one.put("b", "2", true);
        one.put("gone", "x");
        one.run({POSTERN_KV_REMOVE, 0, "gone", {}, {}, 0, 0});
        one.run({POSTERN_KV_ADD, 0, "n", {}, {}, 41, 0});
        one.run({POSTERN_KV_ADD, 0, "n", {}, {}, 1, 0});
        one.put("short", "x", false, 5'000'000'000);
    }
    opened again{place.kv()};
    EXPECT_EQ(again.get("a"), "1");
    EXPECT_EQ(again.get("b"), "2");
    EXPECT_EQ(again.get("gone"), std::nullopt);
    EXPECT_EQ(again.get("n"), "42");
    EXPECT_EQ(again.get("short"), "x");
    again.clock += 5000;
    EXPECT_EQ(again.get("short"), std::nullopt);
    EXPECT_THAT(again.lines(), IsEmpty());
}

TEST(store, of_one_folder_is_one_process_s)
{
    const temporary_folder place;
    const opened one{place.kv()};
    std::string error;
    EXPECT_EQ(store::open(
                  place.kv(), {}, [](severity, const std::string&) {}, error),
              nullptr);
    EXPECT_EQ(error, "another process uses it");
}

TEST(store, loses_nothing_durable_to_kill_9_and_the_rest_a_second_later)
{
    const temporary_folder place;
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const auto child = ::fork();
    if (child == 0) {
        settings how;
        std::string error;
        const auto kept = store::open(
            place.kv(), how, [](severity, const std::string&) {}, error);
        if (kept == nullptr)
            ::_exit(1);
        const auto say = [&](char what) { (void)!::write(told[1], &what, 1); };
        const std::string value(100, 'v');
        for (int i = 0; i < 100; ++i) {
            const auto key = "durable" + std::to_string(i);
            kept->request("s", {{POSTERN_KV_PUT, 0, key, value, {}, 0, 0}}, true,
                          [&](const auto* results) { say(results != nullptr ? 'k' : 'f'); });
        }
        kept->request("s", {{POSTERN_KV_PUT, 0, "soon", value, {}, 0, 0}}, false, [](const auto*) {});
        ::pause();
        ::_exit(2);
    }
    for (int i = 0; i < 100; ++i) {
        char what = 0;
        ASSERT_EQ(::read(told[0], &what, 1), 1);
        EXPECT_EQ(what, 'k');
    }
    const auto before = std::chrono::steady_clock::now();
    wait_until([&] { return octets_of(place.log()).find("soon") != std::string::npos; });
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{10}); // a second, on a machine that has time
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ::close(told[0]);
    ::close(told[1]);

    opened again{place.kv()};
    EXPECT_NE(again.get("soon"), std::nullopt);
    for (int i = 0; i < 100; ++i)
        EXPECT_NE(again.get("durable" + std::to_string(i)), std::nullopt) << i;
}

TEST(store, cuts_off_a_torn_tail_wherever_it_is_torn)
{
    const temporary_folder place;
    std::string whole;
    std::size_t first = 0;
    {
        opened one{place.kv()};
        one.put("a", "1", true);
        first = octets_of(place.log()).size();
        one.run_all({{POSTERN_KV_PUT, 0, "b", "2", {}, 0, 0}, {POSTERN_KV_PUT, 0, "c", "3", {}, 0, 0}}, true);
    }
    whole = octets_of(place.log());
    const auto name = place.log();
    for (auto size = first; size < whole.size(); ++size) {
        for (const bool has_zeros : {false, true}) { // as some file systems leave behind
            write_octets(name, whole.substr(0, size) + std::string(has_zeros ? whole.size() - size : 0, '\0'));
            opened again{place.kv()};
            EXPECT_EQ(again.get("a"), "1");
            EXPECT_EQ(again.get("b"), std::nullopt); // a request is there whole or not at all
            EXPECT_EQ(again.get("c"), std::nullopt);
            EXPECT_EQ(again.put("d", "4", true).code, POSTERN_KV_OK);
            again.kept.reset();
            opened third{place.kv()};
            EXPECT_EQ(third.get("d"), "4");
            EXPECT_THAT(third.lines(), IsEmpty());
        }
    }
    EXPECT_FALSE(place.has_damaged());
}

TEST(store, keeps_what_lies_around_a_damage_and_sets_the_file_aside)
{
    const temporary_folder place;
    {
        opened one{place.kv()};
        for (int i = 0; i < 10; ++i)
            one.put("k" + std::to_string(i), "value", true);
    }
    auto octets = octets_of(place.log());
    const auto at = octets.find("k5");
    octets[at] ^= 1;
    write_octets(place.log(), octets);
    {
        opened again{place.kv()};
        EXPECT_EQ(again.get("k4"), "value");
        EXPECT_EQ(again.get("k5"), std::nullopt);
        EXPECT_EQ(again.get("k9"), "value");
        EXPECT_THAT(again.lines(), Contains(HasSubstr("is damaged")));
    }
    EXPECT_TRUE(place.has_damaged());
    opened third{place.kv()};
    EXPECT_EQ(third.get("k9"), "value");
    EXPECT_THAT(third.lines(), IsEmpty());
}

TEST(store, begins_anew_beside_a_file_that_is_none_of_its_own)
{
    const temporary_folder place;
    {
        opened one{place.kv()};
        one.put("a", "1", true);
    }
    write_octets(place.log(), "something else altogether");
    opened again{place.kv()};
    EXPECT_EQ(again.get("a"), std::nullopt);
    EXPECT_EQ(again.put("a", "2", true).code, POSTERN_KV_OK);
    EXPECT_THAT(again.lines(), Contains(HasSubstr("nothing of it is used")));
    EXPECT_TRUE(place.has_damaged());
}

TEST(store, takes_no_value_for_a_record)
{
    const temporary_folder place;
    std::string forged;
    {
        opened one{place.kv()};
        one.put("a", "1", true);
        const auto octets = octets_of(place.log());
        record_writer changes;
        changes.put(full_key("s", "forged"), {"x", never});
        append_record(forged, 12345, changes.take()); // whoever writes values does not know the file's mark
        one.put("b", forged, true);
        one.put("c", "3", true);
    }
    auto octets = octets_of(place.log());
    const auto at = octets.find(forged) - 5; // damages the record around it
    octets[at] ^= 1;
    write_octets(place.log(), octets);
    opened again{place.kv()};
    EXPECT_EQ(again.get("forged"), std::nullopt);
    EXPECT_EQ(again.get("c"), "3");
}

TEST(store, is_written_anew_when_most_of_it_is_of_the_past)
{
    const temporary_folder place;
    auto how = quick();
    how.smallest_compaction = 20'000;
    {
        opened one{place.kv(), how};
        const std::string value(1000, 'x');
        for (int i = 0; i < 300; ++i)
            one.put("k" + std::to_string(i % 3), value + std::to_string(i));
        one.put("last", "1", true);
        wait_until([&] { return one.kept->measured().file_octets < 30'000; });
        one.put("afterwards", "2", true);
    }
    EXPECT_LT(octets_of(place.log()).size(), 30'000U);
    opened again{place.kv()};
    EXPECT_EQ(again.get("k2"), std::string(1000, 'x') + "299");
    EXPECT_EQ(again.get("afterwards"), "2");
}

TEST(store, loses_no_change_that_comes_while_it_is_written_anew)
{
    const temporary_folder place;
    auto how = quick();
    how.smallest_compaction = 1000; // again and again
    how.memory = std::size_t{64} << 20U;
    {
        opened one{place.kv(), how};
        std::vector<std::jthread> writers;
        for (int t = 0; t < 4; ++t)
            writers.emplace_back([&, t] {
                for (int i = 0; i < 500; ++i)
                    (void)one.run({POSTERN_KV_ADD, 0, "n" + std::to_string(t * 100 + i % 100), {}, {}, 1, 0}, i % 50 == 0);
            });
    }
    opened again{place.kv()};
    for (int t = 0; t < 4; ++t)
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(again.get("n" + std::to_string(t * 100 + i)), "5");
}

TEST(store, refuses_changes_when_the_disk_does_reads_on_and_recovers)
{
    for (const bool at_sync : {false, true}) {
        const temporary_folder place;
        const auto bad = std::make_shared<failing_disk>();
        auto how = quick();
        how.on = bad;
        opened one{place.kv(), how};
        EXPECT_EQ(one.put("before", "1", true).code, POSTERN_KV_OK);
        (at_sync ? bad->sync_error : bad->write_error) = EIO;
        EXPECT_EQ(one.put("lost", "2", true).code, POSTERN_KV_FAILED);
        EXPECT_EQ(one.put("refused", "3").code, POSTERN_KV_FAILED);
        EXPECT_EQ(one.get("before"), "1");
        bad->sync_error = 0;
        bad->write_error = 0;
        wait_until([&] { return one.put("after", "4", true).code == POSTERN_KV_OK; });
        one.kept.reset();
        opened again{place.kv()};
        EXPECT_EQ(again.get("before"), "1");
        EXPECT_EQ(again.get("after"), "4");
        EXPECT_THAT(again.lines(), IsEmpty());
    }
}

TEST(store, says_full_when_the_disk_is)
{
    const temporary_folder place;
    const auto bad = std::make_shared<failing_disk>();
    auto how = quick();
    how.on = bad;
    opened one{place.kv(), how};
    bad->write_error = ENOSPC;
    EXPECT_EQ(one.put("a", "1", true).code, POSTERN_KV_FAILED);
    EXPECT_EQ(one.put("b", "2").code, POSTERN_KV_FULL);
    bad->write_error = 0;
    wait_until([&] { return one.put("c", "3", true).code == POSTERN_KV_OK; });
}

TEST(store, shares_a_sync_among_all_that_wait_for_one)
{
    const temporary_folder place;
    const auto counted = std::make_shared<failing_disk>();
    settings how;
    how.on = counted;
    opened one{place.kv(), how};
    const auto before = counted->syncs.load();
    std::atomic<int> done{0};
    for (int i = 0; i < 1000; ++i)
        one.kept->request("s", {{POSTERN_KV_PUT, 0, "k", "v", {}, 0, 0}}, true,
                          [&](const auto* results) { done += results != nullptr; });
    wait_until([&] { return done == 1000; });
    EXPECT_LT(counted->syncs - before, 500U);
}

} // namespace
} // namespace postern_kv_memory::testing
