// When a message may go, and when it comes again, by what plugins say (queue.admit, queue.retry): days in milliseconds.

#include "core/hooks/shaping.hpp"

#include "tests/support/lambda_plugin.hpp"
#include "tests/support/socket.hpp"
#include "tests/unit/runtime/an_engine.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using hooks::hook_point;
using hooks::verdict_kind;

hooks::call_result say(const test::asked& about, verdict_kind verdict, std::chrono::milliseconds wait = 0ms,
                       std::string text = {})
{
    about.answer.verdict = verdict;
    about.answer.text = std::move(text);
    if (wait != 0ms) {
        const auto said = std::make_shared<hooks::shaping_reply>();
        said->wait = wait;
        about.answer.shape = said;
    }
    return {hooks::call_status::answered};
}

class an_engine_with_a_plugin : public an_engine {
protected:
    /// What it was told, one after the other.
    [[nodiscard]] std::vector<hooks::shaping> told()
    {
        const std::lock_guard lock{guard_};
        return told_;
    }
    void ask_at(hook_point hook, test::lambda_plugin::function on)
    {
        plugin_ = std::make_shared<test::lambda_plugin>("shaper", std::set{hook}, [this, on](const test::asked& about) {
            if (about.what.shape != nullptr) {
                const std::lock_guard lock{guard_};
                told_.push_back(*about.what.shape);
            }
            return on(about);
        });
        start();
    }
    void until_it_waits(base::message_id id, std::uint32_t attempts, base::wall_time next)
    {
        until([&] {
            const auto item = engine_->show(id);
            return item && item->attempts == attempts && item->next_attempt == next;
        });
    }

    std::mutex guard_;
    std::vector<hooks::shaping> told_;
    std::atomic<bool> admits_{false};
};

class queue_admit : public an_engine_with_a_plugin {};

TEST_F(queue_admit, is_told_where_the_message_goes_and_who_is_there)
{
    ask_at(hook_point::queue_admit, [](const test::asked& about) { return say(about, verdict_kind::proceed); });
    (void)accept("b@example.com");
    ASSERT_TRUE(hop_.wait_for(1));
    const auto all = told();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].next_hop, hop_.address());
    EXPECT_THAT(all[0].recipients, testing::ElementsAre("b@example.com"));
    EXPECT_EQ(all[0].received, clock_.wall());
    EXPECT_EQ(all[0].active, 0U);
    EXPECT_EQ(all[0].waiting, 0U);
}

TEST_F(queue_admit, puts_a_message_off_for_as_long_as_it_says_and_that_is_no_attempt)
{
    ask_at(hook_point::queue_admit, [this](const test::asked& about) {
        return admits_ ? say(about, verdict_kind::proceed) : say(about, verdict_kind::tempfail, 10min);
    });
    const auto id = accept("b@example.com");
    until_it_waits(id, 0, clock_.wall() + 10min);
    EXPECT_EQ(asked_, 0) << "nobody went there";
    clock_.pass(10min - 1ms);
    look_at_the_clock();
    EXPECT_EQ(told().size(), 1U) << "not before";
    clock_.pass(1ms);
    engine_->refresh();
    until_it_waits(id, 0, clock_.wall() + 10min);
    admits_ = true;
    clock_.pass(10min);
    engine_->refresh();
    ASSERT_TRUE(hop_.wait_for(1));
    until([&] { return engine_->list({}, 1).empty(); });
}

TEST_F(queue_admit, without_a_time_is_asked_again_in_a_minute)
{
    ask_at(hook_point::queue_admit, [](const test::asked& about) { return say(about, verdict_kind::tempfail); });
    const auto id = accept("b@example.com");
    until_it_waits(id, 0, clock_.wall() + 1min);
}

TEST_F(queue_admit, lets_a_sender_hear_in_the_end_that_nothing_went)
{
    ask_at(hook_point::queue_admit, [](const test::asked& about) {
        const bool is_report = about.what.message->envelope.from.address.empty();
        return is_report ? say(about, verdict_kind::proceed)
                         : say(about, verdict_kind::tempfail, 24h, "over the budget of this tenant");
    });
    const auto id = accept("b@example.com");
    until_it_waits(id, 0, clock_.wall() + 24h);
    clock_.pass(policy_.expire);
    engine_->refresh();
    ASSERT_TRUE(hop_.wait_for(1));
    const auto reports = hop_.arrived();
    EXPECT_EQ(reports[0].sender, "");
    EXPECT_THAT(reports[0].content, testing::HasSubstr("Action: failed\r\n"));
    EXPECT_THAT(reports[0].content, testing::HasSubstr("over the budget of this tenant"));
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_TRUE(store_.messages().empty());
}

TEST_F(queue_admit, that_fails_has_said_nothing)
{
    ask_at(hook_point::queue_admit, [](const test::asked&) { return hooks::call_result{hooks::call_status::failed}; });
    (void)accept("b@example.com");
    EXPECT_TRUE(hop_.wait_for(1));
}

/// Many are asked before any of them stands in line, and there is room for one: who looks for the way.
class queue_admit_of_many : public an_engine_with_a_plugin {
protected:
    void change(generation& what) override
    {
        if (is_dead_)
            what.delivery.relay = "127.0.0.1:" + std::to_string(nobodys_);
    }
    void ask_all(int messages)
    {
        plugin_ = std::make_shared<test::lambda_plugin>(
            "shaper", std::set{hook_point::queue_admit, hook_point::queue_route}, // who routes has other next hops
            [this, messages](const test::asked& about) {
                if (about.what.hook == hook_point::queue_route)
                    return hooks::call_result{hooks::call_status::passed};
                const std::lock_guard lock{guard_};
                told_.push_back(*about.what.shape);
                if (told_.size() > static_cast<std::size_t>(messages))
                    return say(about, verdict_kind::proceed);
                waiting_.push_back(about.port);
                return hooks::call_result{hooks::call_status::pending, waiting_.size()};
            });
        start();
        for (int i = 0; i < messages; ++i)
            (void)accept("b@example.com");
        until([&] { return told().size() == static_cast<std::size_t>(messages); });
        const std::lock_guard lock{guard_};
        for (std::size_t i = 0; i < waiting_.size(); ++i)
            waiting_[i]->answer(i + 1, {});
    }
    [[nodiscard]] std::size_t outside()
    {
        const auto all = engine_->list({}, 1000);
        return static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& each) { return !each.waits_for.empty(); }));
    }
    /// One was tried at a next hop where nobody is, and the other one waits outside.
    void until_one_waits_outside()
    {
        until([&] {
            const auto all = engine_->list({}, 1000);
            return outside() == 1 && std::ranges::all_of(all, [](const auto& each) { return each.state == "deferred"; });
        });
    }

    bool is_dead_ = false;
    std::uint16_t nobodys_ = test::unused_port();
    std::vector<std::shared_ptr<hooks::session_port>> waiting_;
};

TEST_F(queue_admit_of_many, is_asked_once_of_each_though_the_line_filled_meanwhile)
{
    constexpr int messages = 50;
    ask_all(messages);
    ASSERT_TRUE(hop_.wait_for(messages));
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(told().size(), static_cast<std::size_t>(messages));
}

TEST_F(queue_admit_of_many, is_asked_again_of_who_was_tried)
{
    ask_at(hook_point::queue_admit, [](const test::asked& about) { return say(about, verdict_kind::proceed); });
    (void)accept("busy@example.com");
    until_all_wait(1);
    clock_.pass(1h);
    engine_->refresh();
    until_all_wait(2);
    EXPECT_EQ(told().size(), 2U);
}

TEST_F(queue_admit_of_many, is_asked_again_by_another_configuration)
{
    is_dead_ = true;
    ask_all(2);
    until_one_waits_outside();
    EXPECT_EQ(told().size(), 2U);
    test::next_hop alive{1, nobodys_};
    clock_.pass(1h); // its rest is over
    engine_->refresh();
    ASSERT_TRUE(alive.wait_for(2));
    EXPECT_EQ(told().size(), 4U);
    engine_.reset();
}

TEST_F(queue_admit_of_many, is_asked_again_when_an_operator_has_kept_everybody_away_meanwhile)
{
    is_dead_ = true;
    ask_all(2);
    until_one_waits_outside();
    const auto all = engine_->list({}, 2);
    const auto where = std::ranges::max(all, {}, [](const auto& each) { return each.waits_for.size(); }).waits_for;
    engine_->suspend({{where, {.why = "they mend it"}}});
    test::next_hop alive{1, nobodys_};
    (void)engine_->flush();
    engine_->suspend({});
    ASSERT_TRUE(alive.wait_for(2));
    EXPECT_EQ(told().size(), 4U);
    engine_.reset();
}

TEST_F(queue_admit_of_many, is_not_asked_again_of_who_waited_for_the_rest_of_a_next_hop)
{
    is_dead_ = true;
    ask_all(2);
    until_one_waits_outside();
    test::next_hop alive{1, nobodys_};
    (void)engine_->flush(); // which ends the rest
    ASSERT_TRUE(alive.wait_for(2));
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(told().size(), 3U) << "of the one that was tried before, and not of the other one";
    engine_.reset();
}

class queue_retry : public an_engine_with_a_plugin {};

TEST_F(queue_retry, is_told_what_was_said_and_what_would_be_done)
{
    ask_at(hook_point::queue_retry, [](const test::asked& about) { return say(about, verdict_kind::proceed); });
    const auto received = clock_.wall();
    (void)accept("busy@example.com");
    until_all_wait(1);
    const auto all = told();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].attempts, 1U);
    EXPECT_EQ(all[0].expires, received + policy_.expire);
    EXPECT_GE(all[0].next, received + policy_.retry[0] * 9 / 10);
    EXPECT_LE(all[0].next, received + policy_.retry[0] * 11 / 10);
    ASSERT_EQ(all[0].tried.size(), 1U);
    EXPECT_EQ(all[0].tried[0].recipient, "busy@example.com");
    EXPECT_EQ(all[0].tried[0].next_hop, hop_.address());
    EXPECT_EQ(all[0].tried[0].smtp_code, 451);
    EXPECT_EQ(all[0].tried[0].enhanced, "4.2.1");
}

TEST_F(queue_retry, is_not_asked_of_who_has_got_it)
{
    ask_at(hook_point::queue_retry, [](const test::asked& about) { return say(about, verdict_kind::proceed); });
    (void)accept("b@example.com");
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_TRUE(told().empty());
}

TEST_F(queue_retry, says_when_the_next_attempt_is_and_that_outlives_a_restart)
{
    ask_at(hook_point::queue_retry, [](const test::asked& about) { return say(about, verdict_kind::proceed, 17min); });
    const auto id = accept("busy@example.com");
    const auto next = clock_.wall() + 17min;
    until_it_waits(id, 1, next);
    start();
    EXPECT_EQ(engine_->show(id)->next_attempt, next);
    takes_all_ = true;
    clock_.pass(17min);
    engine_->refresh();
    EXPECT_TRUE(hop_.wait_for(1));
}

TEST_F(queue_retry, may_say_a_later_time_than_the_schedule_ever_would)
{
    ask_at(hook_point::queue_retry, [](const test::asked& about) { return say(about, verdict_kind::proceed, 48h); });
    const auto id = accept("busy@example.com");
    const auto next = clock_.wall() + 48h;
    until_it_waits(id, 1, next);
    start();
    EXPECT_EQ(engine_->show(id)->next_attempt, next) << "no clock was set back";
}

TEST_F(queue_retry, makes_no_storm)
{
    ask_at(hook_point::queue_retry, [](const test::asked& about) { return say(about, verdict_kind::proceed, 1ms); });
    const auto id = accept("busy@example.com");
    until_it_waits(id, 1, clock_.wall() + 1s);
}

TEST_F(queue_retry, puts_nothing_off_beyond_its_end)
{
    ask_at(hook_point::queue_retry, [](const test::asked& about) { return say(about, verdict_kind::proceed, 24h * 30); });
    const auto id = accept("busy@example.com");
    until_it_waits(id, 1, clock_.wall() + policy_.expire);
    clock_.pass(policy_.expire);
    engine_->refresh();
    ASSERT_TRUE(hop_.wait_for(1));
    EXPECT_THAT(hop_.arrived()[0].content, testing::HasSubstr("Action: failed\r\nStatus: 4.4.7\r\n"));
}

TEST_F(queue_retry, gives_a_message_up_and_its_sender_hears_why)
{
    ask_at(hook_point::queue_retry, [](const test::asked& about) {
        about.answer.smtp_code = 554;
        about.answer.enhanced = "5.7.1";
        return say(about, verdict_kind::reject, 0ms, "one attempt is enough");
    });
    (void)accept("busy@example.com");
    ASSERT_TRUE(hop_.wait_for(1));
    const auto report = hop_.arrived()[0].content;
    EXPECT_THAT(report, testing::HasSubstr("Action: failed\r\nStatus: 5.7.1\r\n"));
    EXPECT_THAT(report, testing::HasSubstr("one attempt is enough"));
    until([&] { return engine_->list({}, 1).empty(); });
}

TEST_F(queue_retry, keeps_a_message_for_an_operator)
{
    ask_at(hook_point::queue_retry,
           [](const test::asked& about) { return say(about, verdict_kind::hold, 0ms, "somebody has to look at that"); });
    const auto id = accept("busy@example.com");
    until([&] {
        const auto item = engine_->show(id);
        return item && item->state == "held";
    });
    EXPECT_EQ(engine_->show(id)->attempts, 1U);
}

TEST_F(queue_retry, that_fails_has_said_nothing)
{
    ask_at(hook_point::queue_retry, [](const test::asked&) { return hooks::call_result{hooks::call_status::failed}; });
    const auto id = accept("busy@example.com");
    until_all_wait(1);
    EXPECT_LE(*engine_->show(id)->next_attempt, clock_.wall() + policy_.retry[0] * 11 / 10);
}

} // namespace
} // namespace postern::runtime
