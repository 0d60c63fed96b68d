// Days of retries in milliseconds, and dates that jump.

#include "tests/unit/runtime/an_engine.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto years = std::chrono::hours{24 * 365 * 4};

// RFC 5321 4.5.4.1; RFC 3461 6.3, 6.4
TEST_F(an_engine, tries_by_the_schedule_tells_the_sender_once_that_it_is_late_and_once_that_it_is_over)
{
    start();
    const auto received = clock_.wall();
    const auto id = accept("busy@example.com");
    auto attempted = received;
    std::uint32_t attempts = 1;
    bool has_early = false;
    bool has_late = false;
    for (;; ++attempts) {
        until([&] {
            const auto item = engine_->show(id);
            return !item || (item->state == "deferred" && item->attempts == attempts);
        });
        const std::size_t reports = attempted - received >= policy_.warn ? 1 : 0;
        if (attempted < received + policy_.expire) {
            EXPECT_TRUE(hop_.wait_for(reports)) << "attempt " << attempts;
            EXPECT_EQ(hop_.count(), reports) << "attempt " << attempts;
        }
        const auto item = engine_->show(id);
        if (!item)
            break;
        ASSERT_TRUE(item->next_attempt);
        const auto next = *item->next_attempt;
        const milliseconds usual = policy_.retry[std::min<std::size_t>(attempts - 1, policy_.retry.size() - 1)];
        const auto wait = next - attempted;
        EXPECT_LE(wait, usual * 11 / 10) << "behind attempt " << attempts;
        if (next != received + policy_.expire) {
            EXPECT_GE(wait, usual * 9 / 10) << "behind attempt " << attempts;
        }
        has_early = has_early || wait < usual;
        has_late = has_late || wait > usual;

        clock_.pass_until(next - 1ms);
        look_at_the_clock();
        EXPECT_EQ(engine_->show(id)->state, "deferred") << "a moment too early";
        clock_.pass_until(next);
        engine_->refresh();
        attempted = next;
    }
    EXPECT_EQ(attempted, received + policy_.expire) << "the last attempt is at the end, not before and not behind it";
    EXPECT_TRUE(has_early && has_late) << "no two servers are to come at the same time";
    EXPECT_GE(attempts, 33U);
    EXPECT_LE(attempts, 40U) << "6 growing times, then 4 hours again and again until the 5 days are over";

    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(static_cast<std::uint32_t>(asked_), attempts + 2) << "and the reports";
    EXPECT_TRUE(store_.messages().empty());
    const auto reports = hop_.arrived();
    ASSERT_EQ(reports.size(), 2U);
    for (const auto& each : reports) {
        EXPECT_EQ(each.sender, "");
        EXPECT_THAT(each.recipients, testing::ElementsAre("a@client.example"));
        EXPECT_THAT(each.content, testing::HasSubstr("Final-Recipient: rfc822; busy@example.com\r\n"));
        EXPECT_THAT(each.content, testing::HasSubstr("451 4.2.1 busy, come later"));
    }
    EXPECT_THAT(reports[0].content, testing::HasSubstr("Action: delayed\r\n"));
    EXPECT_THAT(reports[0].content, testing::HasSubstr("Will-Retry-Until: Sun, 19 Nov 2023 22:13:20 +0000\r\n"));
    EXPECT_THAT(reports[1].content, testing::HasSubstr("Action: failed\r\nStatus: 4.4.7\r\n"));
}

TEST_F(an_engine, goes_on_behind_a_restart_where_it_was)
{
    start();
    const auto received = clock_.wall();
    const auto id = accept("busy@example.com");
    for (std::uint32_t attempts = 1; attempts < 12; ++attempts) { // a process for each
        until_all_wait(attempts);
        const auto next = engine_->show(id)->next_attempt;
        ASSERT_TRUE(next);
        start();
        EXPECT_EQ(engine_->show(id)->attempts, attempts);
        EXPECT_EQ(engine_->show(id)->next_attempt, next);
        EXPECT_EQ(engine_->show(id)->state, "deferred");
        clock_.pass_until(*next);
        engine_->refresh();
    }
    until_all_wait(12);
    EXPECT_GT(clock_.wall() - received, policy_.warn);
    EXPECT_EQ(hop_.count(), 1U) << "its sender heard once that it is late, whoever told that";
}

TEST_F(an_engine, tries_each_message_once_when_the_date_is_set_forward)
{
    constexpr int messages = 100;
    start();
    for (int i = 0; i < messages; ++i)
        (void)accept(fmt::format("busy{}@example.com", i));
    until_all_wait(1);
    asked_ = 0;
    takes_all_ = true;
    clock_.step(years); // all of them are too old to be tried again after that
    engine_->refresh();
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(asked_, messages) << "one last attempt each";
    EXPECT_EQ(hop_.count(), static_cast<std::size_t>(messages)) << "and it counts";
    EXPECT_TRUE(store_.messages().empty());
}

TEST_F(an_engine, tells_the_senders_of_what_is_too_old_by_a_date_that_is_set_forward)
{
    constexpr int messages = 20;
    start();
    for (int i = 0; i < messages; ++i)
        (void)accept(fmt::format("busy{}@example.com", i));
    until_all_wait(1);
    asked_ = 0;
    clock_.step(years);
    engine_->refresh();
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(asked_, messages * 2) << "one last attempt each, and a report";
    for (const auto& each : hop_.arrived())
        EXPECT_THAT(each.content, testing::HasSubstr("Action: failed\r\nStatus: 4.4.7\r\n"));
    EXPECT_EQ(hop_.count(), static_cast<std::size_t>(messages));
}

TEST_F(an_engine, waits_a_little_longer_when_the_date_is_set_back_a_little)
{
    start();
    const auto id = accept("busy@example.com");
    until_all_wait(1);
    const auto next = engine_->show(id)->next_attempt;
    asked_ = 0;
    clock_.step(-1h);
    for (int i = 0; i < 10; ++i)
        look_at_the_clock();
    EXPECT_EQ(asked_, 0) << "no storm";
    EXPECT_EQ(engine_->show(id)->next_attempt, next);
    clock_.pass(1h + 1min + 6s);
    engine_->refresh();
    until_all_wait(2);
    EXPECT_EQ(asked_, 1);
}

/// A machine that began with a wrong date, which is then set right: what was put off meanwhile must not wait for years.
TEST_F(an_engine, does_not_wait_for_a_date_of_before_the_clock_was_set_back)
{
    constexpr int messages = 100;
    start();
    for (int i = 0; i < messages; ++i)
        (void)accept(fmt::format("busy{}@example.com", i));
    until_all_wait(1);
    asked_ = 0;
    clock_.step(-years);
    engine_->refresh();
    until_all_wait(2);
    for (int i = 0; i < 10; ++i)
        look_at_the_clock();
    until_all_wait(2);
    EXPECT_EQ(asked_, messages) << "once, and no storm";
    for (const auto& each : engine_->list({}, messages))
        EXPECT_LE(*each.next_attempt, clock_.wall() + longest());

    takes_all_ = true;
    clock_.pass(longest());
    engine_->refresh();
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(hop_.count(), static_cast<std::size_t>(messages)) << "none is lost, none comes twice";
}

TEST_F(an_engine, does_not_wait_for_such_a_date_behind_a_restart_either)
{
    start();
    (void)accept("busy@example.com");
    until_all_wait(1);
    engine_.reset();
    clock_.step(-years);
    takes_all_ = true;
    start();
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(hop_.count(), 1U);
}

TEST_F(an_engine, keeps_what_is_to_be_released_later_until_then_whatever_is_done_to_the_date)
{
    start();
    const auto release = clock_.wall() + 240h;
    const auto id = accept("b@example.com", release);
    clock_.step(-years);
    look_at_the_clock();
    start();
    look_at_the_clock();
    EXPECT_EQ(engine_->show(id)->state, "queued");
    EXPECT_EQ(engine_->show(id)->next_attempt, release);
    EXPECT_EQ(asked_, 0);
}

} // namespace
} // namespace postern::runtime
