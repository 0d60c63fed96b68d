// The first promise of docs/architecture.md: a message that was answered with 250 arrives, whatever happens to the server.
// SIGKILL at random moments under load, with a next hop that misbehaves at random; then it recovers.
// The seed is printed; POSTERN_CHAOS_SEED repeats a run's decisions, POSTERN_CHAOS_ROUNDS asks for more rounds than usual.

#include "tests/chaos/acknowledged_mail.hpp"
#include "tests/chaos/load.hpp"
#include "tests/chaos/moody_next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <string>

namespace postern::test {
namespace {

using ::testing::IsEmpty;

TEST(an_acknowledged_message, arrives_though_the_server_is_killed_at_random_moments)
{
    const unsigned seed = from_environment("POSTERN_CHAOS_SEED", std::random_device{}());
    const unsigned rounds = from_environment("POSTERN_CHAOS_ROUNDS", 20);
    std::cout << "POSTERN_CHAOS_SEED=" << seed << '\n';
    std::mt19937 random{seed};

    acknowledged_mail books;
    moody_next_hop next{seed, books};
    auto what = configuration::relay(next.address());
    what.section("queue", "retry = [\"20ms\", \"50ms\"]\njitter = 0.5").section("limits", "connections_per_ip = 0");
    const temporary_folder place;

    for (unsigned round = 0; round < rounds; ++round) {
        server gateway{what, place.path()};
        load clients{gateway.port(), books};
        // Some way into the load, and then not at the moment of a reply but a little behind it.
        books.wait_for_acknowledgements(random() % 60, std::chrono::seconds{30});
        (void)gateway.child().wait(std::chrono::milliseconds{random() % 15});
        gateway.child().kill();
        ASSERT_TRUE(next.wait_until_alone());
        books.killed();
        ASSERT_THAT(books.wrong(), IsEmpty()) << "round " << round << ", seed " << seed;
    }

    next.be_kind();
    server gateway{what, place.path()};
    EXPECT_TRUE(books.wait_for_all(patience)) << gateway.log();
    EXPECT_THAT(books.missing(), IsEmpty()) << "seed " << seed << "\n" << gateway.log();
    EXPECT_THAT(books.wrong(), IsEmpty()) << "seed " << seed;
    EXPECT_THAT(books.without_cause(), IsEmpty()) << "seed " << seed;
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_GT(books.acknowledgements(), rounds) << "there was hardly any load";

    // And then it recovers: a clean session is served, a clean end is possible.
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    const auto number = books.next_number();
    ASSERT_EQ(peer.delivers("a@client.example", {"user@example.com"}, content_of(number)).code, 250);
    books.acknowledged(number);
    EXPECT_TRUE(books.wait_for_all(patience));
    EXPECT_EQ(gateway.stop(), (exit_status{0, 0}));
    std::cout << fmt::format(
        "{} rounds, {} messages acknowledged, {} lost, {} duplicates, {} arrived without their 250 being read\n", rounds,
        books.acknowledgements(), books.missing().size(), books.duplicates(), books.unacknowledged_arrivals());
}

TEST(a_content_of_the_chaos_test, can_be_told_by_its_number)
{
    for (const std::uint64_t number : {1U, 2U, 17U, 12345U}) {
        EXPECT_EQ(number_of("Received: x\r\n" + content_of(number)), number);
        EXPECT_EQ(content_of(number), content_of(number));
        EXPECT_NE(content_of(number), content_of(number + 1));
    }
}

} // namespace
} // namespace postern::test
