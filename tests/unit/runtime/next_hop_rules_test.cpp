// Rules for next hops by what plugins say (queue.policy): asked once, in force, and forgotten.

#include "core/hooks/shaping.hpp"
#include "core/runtime/next_hop_rules.hpp"

#include "tests/support/lambda_plugin.hpp"
#include "tests/unit/runtime/an_engine.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using hooks::hook_point;
using hooks::verdict_kind;

class queue_policy : public an_engine {
protected:
    void say(hooks::shaping_policy policy, verdict_kind verdict = verdict_kind::proceed, std::string text = {})
    {
        const std::lock_guard lock{guard_};
        policy_said_ = std::move(policy);
        verdict_ = verdict;
        text_ = std::move(text);
    }
    void begin()
    {
        plugin_ = shaper_ =
            std::make_shared<test::lambda_plugin>("shaper", std::set{hook_point::queue_policy}, [this](const test::asked& about) {
                const std::lock_guard lock{guard_};
                told_ = *about.what.shape;
                const auto said = std::make_shared<hooks::shaping_reply>();
                said->policy = policy_said_;
                about.answer.shape = said;
                about.answer.verdict = verdict_;
                about.answer.text = text_;
                return hooks::call_result{fails_ ? hooks::call_status::failed : hooks::call_status::answered};
            });
        start();
    }
    [[nodiscard]] int asks() const { return shaper_->calls; }
    [[nodiscard]] hooks::shaping told()
    {
        const std::lock_guard lock{guard_};
        return told_;
    }

    std::mutex guard_;
    hooks::shaping_policy policy_said_;
    verdict_kind verdict_ = verdict_kind::proceed;
    std::string text_;
    hooks::shaping told_;
    std::atomic<bool> fails_{false};
    std::shared_ptr<test::lambda_plugin> shaper_;
};

TEST_F(queue_policy, is_asked_once_for_all_messages_while_it_is_valid)
{
    constexpr int messages = 50;
    say({.valid = 600s});
    begin();
    for (int i = 0; i < messages; ++i)
        (void)accept(fmt::format("b{}@example.com", i));
    ASSERT_TRUE(hop_.wait_for(messages));
    EXPECT_EQ(asks(), 1);
    EXPECT_EQ(told().next_hop, hop_.address());
    EXPECT_EQ(told().policy.concurrency, 20U) << "what the configuration says";

    clock_.pass(599s);
    (void)accept("c@example.com");
    ASSERT_TRUE(hop_.wait_for(messages + 1));
    EXPECT_EQ(asks(), 1);
    clock_.pass(1s);
    (void)accept("d@example.com");
    ASSERT_TRUE(hop_.wait_for(messages + 2));
    EXPECT_EQ(asks(), 2);
}

TEST_F(queue_policy, is_asked_again_by_another_configuration)
{
    say({.valid = 600s});
    begin();
    (void)accept("b@example.com");
    ASSERT_TRUE(hop_.wait_for(1));
    engine_->refresh();
    (void)accept("c@example.com");
    ASSERT_TRUE(hop_.wait_for(2));
    EXPECT_EQ(asks(), 2);
}

TEST_F(queue_policy, suspends_a_next_hop_and_what_waits_was_not_tried)
{
    say({.valid = 600s}, verdict_kind::tempfail, "it asked for peace");
    begin();
    const auto id = accept("b@example.com");
    until([&] { return asks() == 1 && engine_->show(id)->state != "attempting"; });
    EXPECT_EQ(asked_, 0);
    EXPECT_EQ(engine_->show(id)->attempts, 0U);
    EXPECT_TRUE(lines_.contains("suspended"));
    EXPECT_TRUE(lines_.contains("it asked for peace"));

    (void)engine_->flush(); // an operator's: that does not lift what a plugin says
    (void)accept("c@example.com");
    for (int i = 0; i < 10; ++i)
        look_at_the_clock();
    EXPECT_EQ(asked_, 0);

    say({});
    clock_.pass(1h);
    engine_->refresh();
    EXPECT_TRUE(hop_.wait_for(2));
}

TEST_F(queue_policy, suspends_nothing_beyond_the_configuration_by_which_it_did)
{
    say({.valid = 86'400s}, verdict_kind::tempfail, "it asked for peace");
    begin();
    const auto id = accept("b@example.com");
    until([&] { return asks() == 1 && engine_->show(id)->state != "attempting"; });
    say({});
    engine_->refresh();
    EXPECT_TRUE(hop_.wait_for(1));
}

TEST_F(queue_policy, names_the_source_pool)
{
    pools_.emplace("bulk", delivery::source_pool{{}, "bulk.example"});
    say({.pool = "bulk"});
    begin();
    (void)accept("b@example.com");
    ASSERT_TRUE(hop_.wait_for(1));
    EXPECT_THAT(introduced(), testing::HasSubstr("bulk.example"));
}

TEST_F(queue_policy, of_a_pace_holds_for_that_next_hop)
{
    say({.rate_count = 1, .rate_per = 1h, .valid = 86'400s});
    begin();
    for (int i = 0; i < 3; ++i)
        (void)accept(fmt::format("b{}@example.com", i));
    ASSERT_TRUE(hop_.wait_for(1));
    for (int i = 0; i < 100; ++i)
        round_trip();
    EXPECT_EQ(hop_.count(), 1U) << "one an hour";
}

TEST_F(queue_policy, that_fails_has_said_nothing)
{
    fails_ = true;
    begin();
    (void)accept("b@example.com");
    (void)accept("c@example.com");
    EXPECT_TRUE(hop_.wait_for(2));
    EXPECT_EQ(asks(), 1) << "and is not asked for each message";
}

TEST_F(queue_policy, that_answers_never_is_not_waited_for_at_the_end)
{
    plugin_ = std::make_shared<test::lambda_plugin>("shaper", std::set{hook_point::queue_policy}, [](const test::asked&) {
        return hooks::call_result{hooks::call_status::pending, 7};
    });
    start();
    const auto id = accept("b@example.com");
    until([&] { return engine_->show(id)->state == "attempting"; });
    engine_->shut_down(0ms);
    EXPECT_EQ(asked_, 0);
    EXPECT_EQ(store_.messages().size(), 1U);
}

} // namespace
} // namespace postern::runtime
