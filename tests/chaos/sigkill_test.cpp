// The first promise of docs/architecture.md: a message that was answered with 250 arrives, whatever happens to the server.
// SIGKILL at random moments under load, with a next hop that misbehaves at random; then it recovers.
// The seed is printed; POSTERN_CHAOS_SEED repeats a run's decisions, POSTERN_CHAOS_ROUNDS asks for more rounds than usual.

#include "tests/chaos/acknowledged_mail.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace postern::test {
namespace {

using ::testing::IsEmpty;

constexpr std::size_t sessions = 8;

[[nodiscard]] unsigned from_environment(const char* name, unsigned otherwise)
{
    const char* value = std::getenv(name);
    return value != nullptr ? static_cast<unsigned>(std::stoul(value)) : otherwise;
}

/// A next hop that refuses, hangs up, or takes a message and loses its reply, now and then; kind when told.
class moody_next_hop {
public:
    moody_next_hop(unsigned seed, acknowledged_mail& books)
        : random_{seed}, hop_{[this](hop_stage stage, std::string_view) { return mood(stage); }}
    {
        hop_.keep_messages(false);
        hop_.on_arrival([&books](const arrived_message& message) { books.arrived(message); });
    }
    [[nodiscard]] std::string address() const { return hop_.address(); }
    void be_kind() { kind_ = true; }

private:
    [[nodiscard]] hop_answer mood(hop_stage stage)
    {
        // content_begun: it cannot take a message, nor tell that it did not.
        if (kind_ || stage == hop_stage::content_begun || random_() % 12 != 0)
            return {};
        switch (random_() % 3) {
        case 0:
            return {.reply = stage == hop_stage::greeting ? "421 4.3.2 not now" : "451 4.3.0 later"};
        case 1:
            return {.drop = true, .record = false};
        default:
            return {.drop = true, .record = true}; // RFC 1047: taken, and the reply lost
        }
    }

    std::mt19937 random_; // the script is called one at a time
    std::atomic<bool> kind_ = false;
    next_hop hop_;
};

/// Clients that send message after message until they are told to stop; a lost connection is begun anew.
class load {
public:
    load(std::uint16_t port, acknowledged_mail& books) : port_{port}, books_{books}
    {
        for (std::size_t i = 0; i < sessions; ++i)
            threads_.emplace_back([this] { send_all(); });
    }
    ~load()
    {
        stopping_ = true;
        for (auto& thread : threads_)
            thread.join();
    }

private:
    void send_all()
    {
        while (!stopping_) {
            try {
                smtp_peer peer{port_, std::chrono::seconds{30}};
                if (peer.greets().code != 250)
                    continue;
                while (!stopping_ && send_one(peer)) {
                }
            } catch (const std::exception&) {
                return; // nobody listens any more: the server is dead, as it was to be
            }
        }
    }
    [[nodiscard]] bool send_one(smtp_peer& peer)
    {
        const auto number = books_.next_number();
        const auto reply = peer.delivers("a@client.example", {"user@example.com"}, content_of(number));
        if (reply.code == 250)
            books_.acknowledged(number);
        return reply.code != 0;
    }

    std::uint16_t port_;
    acknowledged_mail& books_;
    std::atomic<bool> stopping_ = false;
    std::vector<std::thread> threads_;
};

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
        ASSERT_THAT(books.wrong(), IsEmpty()) << "round " << round << ", seed " << seed;
    }

    next.be_kind();
    server gateway{what, place.path()};
    EXPECT_TRUE(books.wait_for_all(patience)) << gateway.log();
    EXPECT_THAT(books.missing(), IsEmpty()) << "seed " << seed << "\n" << gateway.log();
    EXPECT_THAT(books.wrong(), IsEmpty()) << "seed " << seed;
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
