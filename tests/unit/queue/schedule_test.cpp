#include "core/queue/schedule.hpp"

namespace postern::queue {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// Chance that always says the same.
class fixed_random final : public base::random_source {
public:
    explicit fixed_random(std::uint64_t value) : value_{value} {}
    [[nodiscard]] std::uint64_t next() noexcept override { return value_; }

private:
    std::uint64_t value_;
};

const base::wall_time arrival{milliseconds{1'700'000'000'000}};

retry_policy steady()
{
    return {.retry = {1min, 5min, 15min}, .expire = 1h, .warn = 10min, .jitter = 0.0};
}

TEST(retry_schedule, waits_the_nth_time_after_the_nth_attempt_and_repeats_the_last)
{
    fixed_random random{0};
    EXPECT_EQ(retry_delay(steady(), 1, random), 1min);
    EXPECT_EQ(retry_delay(steady(), 2, random), 5min);
    EXPECT_EQ(retry_delay(steady(), 3, random), 15min);
    EXPECT_EQ(retry_delay(steady(), 4, random), 15min);
    EXPECT_EQ(retry_delay(steady(), 4'000'000'000U, random), 15min);
}

TEST(retry_schedule, draws_within_the_jitter_and_reaches_both_ends)
{
    auto policy = steady();
    policy.jitter = 0.1;
    fixed_random lowest{0};
    fixed_random highest{~std::uint64_t{0}};
    EXPECT_EQ(retry_delay(policy, 2, lowest), 270s);
    EXPECT_GE(retry_delay(policy, 2, highest), 330s - 1ms);
    EXPECT_LE(retry_delay(policy, 2, highest), 330s);
    base::seeded_random random{7};
    bool below = false;
    bool above = false;
    for (int i = 0; i < 1000; ++i) {
        const auto delay = retry_delay(policy, 2, random);
        EXPECT_TRUE(delay >= 270s && delay <= 330s);
        below = below || delay < 280s;
        above = above || delay > 320s;
    }
    EXPECT_TRUE(below && above);
}

TEST(retry_schedule, knows_its_longest_time)
{
    fixed_random highest{~std::uint64_t{0}};
    const retry_policy policy{.retry = {1min, 15min, 5min}, .jitter = 0.1};
    EXPECT_EQ(longest_delay(policy), 990s);
    EXPECT_GE(longest_delay(policy), retry_delay(policy, 2, highest));
    EXPECT_EQ(longest_delay({.retry = {0ms}}), 1s);
    EXPECT_EQ(longest_delay({.retry = {}}), retry_delay({.retry = {}}, 1, highest));
}

TEST(retry_schedule, never_waits_less_than_a_second)
{
    fixed_random random{0};
    EXPECT_EQ(retry_delay({.retry = {0ms}}, 1, random), 1s);
    EXPECT_EQ(retry_delay({.retry = {2s}, .jitter = 1.0}, 1, random), 1s);
    EXPECT_GE(retry_delay({.retry = {}}, 1, random), 1s);
}

TEST(retry_schedule, expires_at_the_very_moment_and_not_before)
{
    EXPECT_FALSE(is_expired(steady(), arrival, arrival + 1h - 1ms));
    EXPECT_TRUE(is_expired(steady(), arrival, arrival + 1h));
}

TEST(retry_schedule, makes_the_last_attempt_at_the_expiry)
{
    fixed_random random{0};
    EXPECT_EQ(next_attempt(steady(), arrival, 1, arrival, random), arrival + 1min);
    EXPECT_EQ(next_attempt(steady(), arrival, 9, arrival + 50min, random), arrival + 1h);
    EXPECT_EQ(next_attempt(steady(), arrival, 9, arrival + 1h, random), std::nullopt);
}

TEST(retry_schedule, is_the_messages_own_where_it_brought_one)
{
    stored_envelope of;
    of.received = arrival;
    auto own = own_policy(steady(), of);
    EXPECT_EQ(own.expire, steady().expire);
    EXPECT_EQ(own.warn, steady().warn);
    of.expire_at = arrival + 5min;
    of.warn_at = arrival + 1min;
    own = own_policy(steady(), of);
    EXPECT_EQ(own.expire, 5min);
    EXPECT_EQ(own.warn, 1min);
    EXPECT_EQ(own.retry, steady().retry);
    of.expire_at = arrival - 1s; // over before it came
    of.warn_at = arrival - 1s;
    own = own_policy(steady(), of);
    EXPECT_TRUE(is_expired(own, arrival, arrival));
    EXPECT_TRUE(is_warning_due(own, arrival, false, arrival + 1ms));
}

TEST(retry_schedule, warns_once_when_the_message_is_late)
{
    EXPECT_FALSE(is_warning_due(steady(), arrival, false, arrival + 10min - 1ms));
    EXPECT_TRUE(is_warning_due(steady(), arrival, false, arrival + 10min));
    EXPECT_FALSE(is_warning_due(steady(), arrival, true, arrival + 10min));
    auto silent = steady();
    silent.warn = 0ms;
    EXPECT_FALSE(is_warning_due(silent, arrival, false, arrival + 10min));
}

} // namespace
} // namespace postern::queue
