// The delivery engine on a clock that the test moves, with a next hop that puts off whom it is told to: days of retries in
// milliseconds, and dates that jump. Timers of the system are not waited for: refresh() is what they would do.

#include "core/runtime/delivery_engine.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/next_hop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto years = std::chrono::hours{24 * 365 * 4};

class an_engine : public testing::Test {
protected:
    void start()
    {
        const auto current = std::make_shared<generation>();
        current->delivery.hostname = "mx.example";
        current->delivery.relay = hop_.address();
        current->delivery_chain = std::make_shared<hooks::chain>();
        current->retry = policy_;
        engine_.reset();
        current_.store(current);
        metrics_ = std::make_unique<base::metrics>();
        engine_ = std::make_unique<delivery_engine>(current_, store_, base::log{lines_}, *metrics_, notices_, clock_, 1,
                                                    trace_home{live_, nullptr, clock_});
        ASSERT_TRUE(engine_->load());
        engine_->start({});
    }
    /// What a session does with a message.
    base::message_id accept(std::string recipient, std::optional<base::wall_time> release_at = {})
    {
        const std::string head = "Subject: hi\r\n\r\n";
        queue::record what;
        what.envelope.envelope.from.address = "a@client.example";
        what.envelope.envelope.to.push_back({std::move(recipient), {}, {}, {}});
        what.envelope.received = clock_.wall();
        what.envelope.size = head.size();
        what.state = queue::fresh_state(1);
        what.state.next_attempt = release_at;
        const base::message_id id{++last_};
        store_.commit(id, queue::encode(what.envelope), queue::encode(what.state), head, {},
                      [](const base::result<void>& done) { EXPECT_TRUE(done); });
        engine_->enqueue(id, std::move(what));
        return id;
    }
    void until(const std::function<bool()>& holds)
    {
        const auto limit = std::chrono::steady_clock::now() + 30s;
        while (!holds()) {
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it did not happen";
            round_trip();
        }
    }
    /// What was posted to the engine's thread before has begun.
    void round_trip() { (void)engine_->list({}, 0); }
    /// All that is in the queue waits, having been tried `attempts` times, or has left it.
    void until_all_wait(std::uint32_t attempts)
    {
        until([&] {
            const auto all = engine_->list({}, 1000);
            return std::ranges::all_of(all,
                                       [&](const auto& each) { return each.state == "deferred" && each.attempts == attempts; });
        });
    }
    void look_at_the_clock()
    {
        engine_->refresh();
        round_trip();
    }
    [[nodiscard]] milliseconds longest() const
    {
        return std::chrono::duration_cast<milliseconds>(policy_.retry.back() * (1 + policy_.jitter));
    }

    test::manual_clock clock_;
    test::memory_log lines_;
    test::memory_store store_;
    queue::retry_policy policy_; // the usual one
    std::atomic<int> asked_{0};  // RCPT commands at the next hop
    std::atomic<bool> takes_all_{false};
    test::next_hop hop_{[this](test::hop_stage at, std::string_view line) {
        if (at != test::hop_stage::rcpt)
            return test::hop_answer{};
        ++asked_;
        return line.find("<busy") != line.npos && !takes_all_ ? test::hop_answer{.reply = "451 4.2.1 busy, come later"}
                                                              : test::hop_answer{};
    }};
    published current_{nullptr};
    std::unique_ptr<base::metrics> metrics_;
    notice_board notices_{clock_};
    tracer live_{clock_};
    std::uint64_t last_ = 0;
    std::unique_ptr<delivery_engine> engine_;
};

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
