#include "src/bucket.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

using namespace rate_limit;
using postern::kit::most_amount;
using namespace std::chrono_literals;

namespace {

/// A store with one key, and a clock that a test moves.
class one_key {
public:
    nanoseconds now{0};

    [[nodiscard]] std::optional<stored> get() const
    {
        return until > now ? std::optional{stored{value, until - now}} : std::nullopt;
    }
    void put(const record& what)
    {
        value = what.value;
        until = now + what.ttl;
    }
    /// Whether `n` were there; they are taken.
    bool takes(const bucket& from, std::uint64_t n = 1)
    {
        const level at = from.read(get());
        if (from.wait(at, n) > 0ns) {
            if (at.is_adrift)
                put(written(at, ++tag));
            return false;
        }
        put(written(from.without(at, n), ++tag));
        return true;
    }

    std::string value;
    nanoseconds until{0};
    std::uint64_t tag = 0;
};

TEST(a_bucket, gives_its_burst_at_once_and_then_one_after_the_other)
{
    const bucket limit{{100, 1h}, 5};
    one_key store;
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(store.takes(limit)) << i;
    EXPECT_FALSE(store.takes(limit));
    store.now += 36s - 1ns;
    EXPECT_FALSE(store.takes(limit));
    store.now += 1ns;
    EXPECT_TRUE(store.takes(limit));
    EXPECT_FALSE(store.takes(limit));
    store.now += 180s;
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(store.takes(limit)) << i;
    EXPECT_FALSE(store.takes(limit));
}

TEST(a_bucket, whose_tokens_take_no_whole_nanoseconds_gives_all_of_them)
{
    for (const std::uint64_t amount : {3u, 7u, 11u, 997u}) {
        const bucket limit{{amount, 1h}, amount};
        one_key store;
        std::uint64_t taken = 0;
        while (taken <= amount && store.takes(limit))
            ++taken;
        EXPECT_EQ(taken, amount);
    }
}

TEST(a_bucket, says_how_long_to_wait)
{
    const bucket limit{{60, 1min}, 10};
    EXPECT_EQ(limit.refill(), 10s);
    EXPECT_EQ(limit.wait({}, 10), 0s);
    EXPECT_EQ(limit.wait({4s, false}, 6), 0s);
    EXPECT_EQ(limit.wait({4s, false}, 7), 1s);
    EXPECT_EQ(limit.wait({10s, false}, 10), 10s);
}

TEST(a_bucket, lives_in_the_store_until_it_is_full_again_and_no_longer)
{
    const bucket limit{{100, 1h}, 50};
    EXPECT_EQ(written(limit.without({}, 1), 7).ttl, 36s);
    EXPECT_EQ(written(limit.without({}, 50), 7).ttl, 30min);
    EXPECT_EQ(written(limit.without({}, 1), 7).value, "36000000000 7");
    EXPECT_EQ(written({}, 7).ttl, 1ms) << "no time to live would be for ever";
    EXPECT_EQ(written({1ns, false}, 7).ttl, 1ms) << "a store keeps whole milliseconds";
}

TEST(a_bucket, is_another_value_with_each_write_even_at_the_same_level)
{
    EXPECT_NE(written({1s, false}, 1).value, written({1s, false}, 2).value);
}

TEST(a_bucket, never_holds_more_than_its_burst)
{
    const bucket limit{{100, 1h}, 5};
    EXPECT_EQ(limit.with({10s, false}, 5).lacking, 0s);
    EXPECT_EQ(limit.with({72s, false}, 1).lacking, 36s);
}

TEST(a_bucket, that_cannot_be_read_is_full)
{
    const bucket limit{{100, 1h}, 5};
    for (const char* bad : {"", " ", "x", "-5 1", "12", "12x 1", "99999999999999999999999 1"})
        EXPECT_EQ(limit.read(stored{bad, 10s}).lacking, 0s) << bad;
}

TEST(a_clock_of_the_store, that_jumps_forwards_only_fills_a_bucket)
{
    const bucket limit{{10, 10s}, 10};
    one_key store;
    EXPECT_TRUE(store.takes(limit, 10));
    store.now += 1000h;
    EXPECT_TRUE(store.takes(limit, 10));
    EXPECT_FALSE(store.takes(limit));
}

TEST(a_clock_of_the_store, that_jumps_backwards_locks_nobody_out_for_longer_than_a_refill)
{
    for (const nanoseconds back : {nanoseconds{1ms}, nanoseconds{3s}, nanoseconds{9s}, nanoseconds{11s}, nanoseconds{20'000h}}) {
        const bucket limit{{10, 10s}, 10};
        one_key store;
        store.now = 30'000h;
        EXPECT_TRUE(store.takes(limit, 10));
        store.now += 5s;
        store.now -= back;
        (void)store.takes(limit, 10); // somebody who tries is enough
        store.now += 10s;
        EXPECT_TRUE(store.takes(limit, 10)) << back.count();
    }
}

TEST(a_key_without_an_end, is_given_one)
{
    const bucket limit{{10, 10s}, 10};
    const level at = limit.read(stored{"4000000000 1", 0s});
    EXPECT_TRUE(at.is_adrift);
    EXPECT_EQ(at.lacking, 4s);
    EXPECT_EQ(written(at, 2).ttl, 4s);
}

TEST(a_rule_that_becomes_smaller, locks_nobody_out_for_longer_than_its_own_refill)
{
    const bucket before{{1, 1h}, 10};
    const bucket after{{10, 10s}, 10};
    one_key store;
    EXPECT_TRUE(store.takes(before, 10));
    EXPECT_FALSE(store.takes(after));
    store.now += 10s;
    EXPECT_TRUE(store.takes(after, 10));
}

TEST(a_bucket, reckons_with_the_largest_numbers)
{
    const bucket limit{{most_amount, 31 * 24h}, most_amount};
    EXPECT_EQ(limit.refill(), 31 * 24h);
    EXPECT_EQ(limit.wait({}, most_amount), 0s);
    EXPECT_EQ(limit.wait(limit.without({}, most_amount), most_amount), 31 * 24h);
    EXPECT_GT((bucket{{1, 31 * 24h}, most_amount}.refill()), 366 * 24h) << "it does not wrap around";
}

TEST(a_bucket, lets_through_as_many_as_a_bucket_of_whole_tokens_does)
{
    std::mt19937_64 random{4711};
    for (int round = 0; round < 50; ++round) {
        const std::uint64_t amount = 1 + random() % 20;
        const std::uint64_t burst = 1 + random() % 20;
        const nanoseconds token = 1ms * static_cast<nanoseconds::rep>(1 + random() % 5000);
        const bucket limit{{amount, token * static_cast<nanoseconds::rep>(amount)}, burst};
        one_key store;
        nanoseconds missing{0}; // of the model: tokens times their time
        for (int step = 0; step < 300; ++step) {
            const nanoseconds passed{static_cast<nanoseconds::rep>(random() % static_cast<std::uint64_t>(3 * token.count()))};
            const nanoseconds whole = std::chrono::floor<std::chrono::milliseconds>(passed);
            store.now += whole;
            missing = std::max(missing - whole, nanoseconds{0});
            const std::uint64_t n = 1 + random() % 3;
            const nanoseconds wanted = token * static_cast<nanoseconds::rep>(n);
            const bool fits = n <= burst && missing + wanted <= token * static_cast<nanoseconds::rep>(burst);
            if (n > burst)
                continue;
            ASSERT_EQ(store.takes(limit, n), fits) << round << " " << step;
            if (fits)
                missing += wanted;
        }
    }
}

} // namespace
