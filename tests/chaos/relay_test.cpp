// What the queue holds arrives though the server is killed again and again while it sends, and its next hop does whatever next
// hops do: put off at every stage, hang up before and behind the final dot, say 421, speak nonsense. A message comes twice only
// where its reply was lost, or where the server was killed between a reply and the moment when that is on disk.
// POSTERN_CHAOS_SEED repeats a run's decisions, POSTERN_CHAOS_ROUNDS asks for more rounds than usual.

#include "tests/chaos/acknowledged_mail.hpp"
#include "tests/chaos/load.hpp"
#include "tests/chaos/moody_next_hop.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <numeric>
#include <random>
#include <string>

namespace postern::test {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::Le;

constexpr std::size_t transactions = 4; // at the same time
/// Attempts that have their reply and are being written down: four for each transaction at work, and as many again that came back
/// from looking for a way.
constexpr std::size_t in_flight = transactions * 8;

TEST(a_message_of_the_queue, arrives_though_the_server_is_killed_while_it_sends_and_twice_only_for_a_cause)
{
    const unsigned seed = from_environment("POSTERN_CHAOS_SEED", std::random_device{}());
    const unsigned rounds = from_environment("POSTERN_CHAOS_ROUNDS", 20);
    std::cout << "POSTERN_CHAOS_SEED=" << seed << '\n';
    std::mt19937 random{seed};

    acknowledged_mail books;
    moody_next_hop next{seed, books};
    auto what = configuration::relay(next.address());
    what.section("queue", "retry = [\"20ms\", \"50ms\"]\njitter = 0.5")
        .section("limits", "connections_per_ip = 0")
        .section("delivery", fmt::format("concurrency = {0}\nper_destination = {0}", transactions));
    const temporary_folder place;

    for (unsigned round = 0; round < rounds; ++round) {
        server gateway{what, place.path()};
        {
            const load clients{gateway.port(), books};
            books.wait_for_acknowledgements(20 + random() % 40, std::chrono::seconds{30});
        }
        // All are at rest but the deliveries: some of them, and then at the moment of one of them or a little behind it.
        books.wait_for_arrivals(1 + random() % 20, std::chrono::seconds{2});
        (void)gateway.child().wait(std::chrono::milliseconds{random() % 3});
        gateway.child().kill();
        ASSERT_TRUE(next.wait_until_alone());
        books.killed();
        ASSERT_THAT(books.wrong(), IsEmpty()) << "round " << round << ", seed " << seed;
    }

    next.be_kind();
    server gateway{what, place.path()};
    EXPECT_TRUE(books.wait_for_all(patience)) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(gateway.stop(), (exit_status{0, 0}));
    EXPECT_THAT(books.missing(), IsEmpty()) << "seed " << seed << "\n" << gateway.log();
    EXPECT_THAT(books.wrong(), IsEmpty()) << "seed " << seed;
    EXPECT_THAT(books.without_cause(), IsEmpty()) << "seed " << seed;
    EXPECT_THAT(books.after_kills(), Each(Le(in_flight))) << "seed " << seed;
    EXPECT_GT(books.acknowledgements(), rounds * 20) << "there was hardly any load";

    const auto by_kill = books.after_kills();
    const auto of_all_kills = std::accumulate(by_kill.begin(), by_kill.end(), std::size_t{0});
    EXPECT_EQ(books.duplicates(), books.after_lost_replies() + of_all_kills);
    std::cout << fmt::format(
        "{} rounds, {} messages, {} lost, {} came twice behind a lost reply and {} behind a kill, at most {} "
        "behind one\n",
        rounds, books.acknowledgements(), books.missing().size(), books.after_lost_replies(), of_all_kills,
        *std::max_element(by_kill.begin(), by_kill.end()));
}

} // namespace
} // namespace postern::test
