#include "core/hooks/shaping.hpp"

#include "core/hooks/reply_rules.hpp"
#include "tests/unit/hooks/chain_walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::hooks {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr hook_point of_waits[] = {hook_point::queue_admit, hook_point::queue_retry, hook_point::delivery_reply};

shaping_reply waits(std::chrono::milliseconds time)
{
    shaping_reply said;
    said.wait = time;
    return said;
}

shaping_reply with(shaping_policy policy)
{
    shaping_reply said;
    said.policy = std::move(policy);
    return said;
}

bool is_fine(hook_point hook, const shaping_reply& said, verdict_kind verdict = verdict_kind::proceed)
{
    return broken_rule_of(hook, verdict, said).empty();
}

TEST(shaping_reply, has_rules_at_queue_policy_and_a_time_everywhere_else)
{
    const shaping_policy rules{2, 60, 1min, "bulk", 10s};
    EXPECT_TRUE(is_fine(hook_point::queue_policy, with(rules)));
    EXPECT_FALSE(is_fine(hook_point::queue_policy, waits(1s)));
    for (const auto hook : of_waits) {
        EXPECT_TRUE(is_fine(hook, waits(1s), hook == hook_point::queue_admit ? verdict_kind::tempfail : verdict_kind::proceed))
            << name_of(hook);
        EXPECT_FALSE(is_fine(hook, with(rules))) << name_of(hook);
        EXPECT_FALSE(is_fine(hook, with({0, 0, 0ms, "", 1s}))) << name_of(hook);
        EXPECT_FALSE(is_fine(hook, with({0, 0, 0ms, "bulk", 0s}))) << name_of(hook);
    }
}

TEST(shaping_reply, makes_nobody_wait_who_may_go)
{
    for (const auto verdict : {verdict_kind::proceed, verdict_kind::accept}) {
        EXPECT_FALSE(is_fine(hook_point::queue_admit, waits(1s), verdict)) << name_of(verdict);
        EXPECT_TRUE(is_fine(hook_point::queue_admit, waits(0s), verdict)) << name_of(verdict);
        EXPECT_TRUE(is_fine(hook_point::queue_retry, waits(1s), verdict)) << name_of(verdict);
    }
}

TEST(shaping_reply, has_limits)
{
    EXPECT_TRUE(is_fine(hook_point::queue_policy, with({most_concurrency, 0, 0ms, "", 0s})));
    EXPECT_FALSE(is_fine(hook_point::queue_policy, with({most_concurrency + 1, 0, 0ms, "", 0s})));
    EXPECT_TRUE(is_fine(hook_point::queue_policy, with({0, 1, longest_wait, "", longest_policy})));
    EXPECT_FALSE(is_fine(hook_point::queue_policy, with({0, 1, longest_wait + 1ms, "", 0s})));
    EXPECT_FALSE(is_fine(hook_point::queue_policy, with({0, 0, 0ms, "", longest_policy + 1s})));
    EXPECT_FALSE(is_fine(hook_point::queue_policy, with({0, 1, 0ms, "", 0s}))) << "a rate without its time";
    EXPECT_FALSE(is_fine(hook_point::queue_policy, with({0, 0, 1s, "", 0s}))) << "a time without its rate";
    EXPECT_FALSE(is_fine(hook_point::queue_policy, with({0, 0, 0ms, "two words", 0s})));
    EXPECT_TRUE(is_fine(hook_point::delivery_reply, waits(longest_wait)));
    EXPECT_FALSE(is_fine(hook_point::delivery_reply, waits(longest_wait + 1ms)));
    EXPECT_FALSE(is_fine(hook_point::delivery_reply, waits(-1ms)));
}

TEST(shaping_reply, changes_of_rules_what_it_says_and_the_shortest_time_holds)
{
    shaping now;
    now.policy = {20, 0, 0ms, "usual", 0s};
    take_shaping(with({0, 60, 1min, "", 100s}), now);
    EXPECT_EQ(now.policy.concurrency, 20U);
    EXPECT_EQ(now.policy.rate_count, 60U);
    EXPECT_EQ(now.policy.pool, "usual");
    EXPECT_EQ(now.policy.valid, 100s);
    take_shaping(with({2, 0, 0ms, "bulk", 10s}), now);
    take_shaping(with({0, 0, 0ms, "", 50s}), now);
    EXPECT_EQ(now.policy.concurrency, 2U);
    EXPECT_EQ(now.policy.rate_per, 1min);
    EXPECT_EQ(now.policy.pool, "bulk");
    EXPECT_EQ(now.policy.valid, 10s);
}

/// A chain at one of these hooks.
class a_shaped_delivery : public ::testing::Test {
protected:
    /// As runtime/ walks it.
    outcome walk_it(hook_point hook)
    {
        const chain all{order.take()};
        chain_run run{all, hook, &message};
        run.shape(now);
        event what{};
        what.hook = hook;
        while (const auto* next = run.next()) {
            plugin_reply reply;
            if (cut_at == next->who->name())
                run.cut_short();
            else if (next->who->call(what, {}, nullptr, reply).status == call_status::failed)
                run.failed("it threw");
            else
                run.answered(std::move(reply));
            if (!run.failure().empty())
                failures.push_back(run.failure());
        }
        return run.take_result();
    }
    static plugin_reply says_wait(std::chrono::milliseconds time, verdict_kind verdict = verdict_kind::proceed,
                                  std::string text = {})
    {
        auto reply = says(verdict, std::move(text));
        reply.shape = std::make_shared<const shaping_reply>(waits(time));
        return reply;
    }

    links order;
    draft message;
    shaping now;
    std::vector<std::string> failures;
    std::string cut_at;
};

TEST_F(a_shaped_delivery, waits_as_long_as_the_longest_says_and_knows_who_that_was)
{
    order.add("one", says_wait(1min, verdict_kind::proceed, "a minute"), permissions{});
    order.add("two", says_wait(1h, verdict_kind::proceed, "an hour"), permissions{});
    order.add("three", says_wait(1s, verdict_kind::proceed, "a second"), permissions{});
    const auto came = walk_it(hook_point::delivery_reply);
    EXPECT_THAT(failures, IsEmpty());
    EXPECT_TRUE(came.lets_pass());
    EXPECT_EQ(now.wait, 1h);
    EXPECT_EQ(now.wait_by, "two");
    EXPECT_EQ(now.wait_why, "an hour");
}

TEST_F(a_shaped_delivery, is_as_without_a_plugin_that_fails_whatever_on_error_says)
{
    for (const auto hook :
         {hook_point::queue_policy, hook_point::queue_admit, hook_point::queue_retry, hook_point::delivery_reply})
        for (const auto on_error : {failure_policy::tempfail, failure_policy::reject, failure_policy::disconnect,
                                    failure_policy::hold, failure_policy::proceed}) {
            order.add("broken", std::nullopt, permissions{}, on_error);
            const auto came = walk_it(hook);
            EXPECT_TRUE(came.lets_pass()) << name_of(hook);
            EXPECT_TRUE(came.has_failed) << name_of(hook);
            EXPECT_FALSE(message.held) << name_of(hook);
        }
}

TEST_F(a_shaped_delivery, goes_on_to_the_next_plugin_behind_one_that_failed)
{
    order.add("broken", std::nullopt);
    order.add("nonsense", says_wait(longest_wait + 1ms));
    order.add("well", says_wait(1s));
    (void)walk_it(hook_point::delivery_reply);
    EXPECT_THAT(failures, ElementsAre("it threw", "a time that is too long"));
    EXPECT_EQ(now.wait, 1s);
}

TEST_F(a_shaped_delivery, is_as_without_a_plugin_that_nobody_waits_for_any_more)
{
    order.add("slow", says(verdict_kind::proceed));
    cut_at = "slow";
    EXPECT_TRUE(walk_it(hook_point::delivery_reply).lets_pass()) << "a failure for good stays one";
}

TEST_F(a_shaped_delivery, knows_only_the_verdicts_that_mean_something)
{
    const std::vector<std::pair<hook_point, std::vector<verdict_kind>>> refused{
        {hook_point::queue_policy,
         {verdict_kind::reject, verdict_kind::disconnect, verdict_kind::discard, verdict_kind::hold, verdict_kind::score}},
        {hook_point::queue_admit,
         {verdict_kind::reject, verdict_kind::disconnect, verdict_kind::discard, verdict_kind::hold, verdict_kind::score}},
        {hook_point::queue_retry, {verdict_kind::tempfail, verdict_kind::disconnect, verdict_kind::discard, verdict_kind::score}},
        {hook_point::delivery_reply, {verdict_kind::disconnect, verdict_kind::discard, verdict_kind::hold, verdict_kind::score}}};
    for (const auto& [hook, all] : refused)
        for (const auto verdict : all)
            EXPECT_FALSE(is_allowed_at(hook, verdict)) << name_of(hook) << " " << name_of(verdict);
    EXPECT_TRUE(is_allowed_at(hook_point::delivery_reply, verdict_kind::reject));
    EXPECT_TRUE(is_allowed_at(hook_point::delivery_reply, verdict_kind::tempfail));
    EXPECT_TRUE(is_allowed_at(hook_point::queue_retry, verdict_kind::hold));
    EXPECT_TRUE(is_allowed_at(hook_point::queue_policy, verdict_kind::tempfail));
}

TEST_F(a_shaped_delivery, has_a_verdict_that_does_not_fit_named_in_the_log)
{
    order.add("refuser", says(verdict_kind::reject), permissions{});
    EXPECT_TRUE(walk_it(hook_point::queue_admit).lets_pass());
    EXPECT_THAT(failures, ElementsAre("REJECT: not at queue.admit"));
}

TEST_F(a_shaped_delivery, leaves_from_no_pool_that_the_configuration_does_not_have)
{
    now.policy.pool = "usual";
    now.pools = {"bulk", "usual"};
    const auto from = [](std::string pool) {
        auto reply = says(verdict_kind::proceed);
        reply.shape = std::make_shared<const shaping_reply>(with({0, 0, 0ms, std::move(pool), 0s}));
        return reply;
    };
    order.add("one", from("bulk"));
    order.add("two", from("nowhere"));
    EXPECT_TRUE(walk_it(hook_point::queue_policy).lets_pass());
    EXPECT_THAT(failures,
                ElementsAre("the source pool \"nowhere\", which the configuration does not have ([[delivery.source_pool]])"));
    EXPECT_EQ(now.policy.pool, "bulk");
}

TEST(a_source, is_a_pool_that_the_configuration_has)
{
    const auto named = [](std::string pool) {
        outgoing_reply more;
        more.pool = std::move(pool);
        plugin_reply reply;
        reply.out = std::make_shared<const outgoing_reply>(std::move(more));
        return reply;
    };
    draft message;
    outgoing out;
    out.pool = "usual";
    out.pools = {"bulk", "usual"};
    links good;
    good.add("chooser", named("bulk"), permissions{});
    EXPECT_TRUE(walk(good, hook_point::delivery_source, &message, nullptr, {}, &out).result.lets_pass());
    EXPECT_EQ(out.pool, "bulk");

    links bad;
    bad.add("chooser", named("none"), permissions{});
    const auto came = walk(bad, hook_point::delivery_source, &message, nullptr, {}, &out);
    EXPECT_THAT(came.failures, ElementsAre(HasSubstr("\"none\"")));
    EXPECT_EQ(came.result.verdict, verdict_kind::tempfail) << "a deferral";
    EXPECT_EQ(out.pool, "bulk");
    EXPECT_FALSE(broken_rule_of(hook_point::delivery_begin, verdict_kind::proceed, *named("bulk").out).empty());
    EXPECT_FALSE(broken_rule_of(hook_point::delivery_source, verdict_kind::proceed, *named("two words").out).empty());
    EXPECT_FALSE(broken_rule_of(hook_point::delivery_source, verdict_kind::proceed, *named(std::string(256, 'x')).out).empty());
    EXPECT_TRUE(broken_rule_of(hook_point::delivery_source, verdict_kind::proceed, *named(std::string(255, 'x')).out).empty());
}

/// What a plugin does that has connected.
class a_socket : public ::testing::Test {
protected:
    static plugin_reply given(const std::shared_ptr<base::descriptor>& socket, verdict_kind verdict = verdict_kind::proceed)
    {
        outgoing_reply more;
        more.socket = socket;
        plugin_reply reply;
        reply.verdict = verdict;
        reply.out = std::make_shared<const outgoing_reply>(std::move(more));
        return reply;
    }
    walked walk_it() { return walk(order, hook_point::delivery_connect, &message, nullptr, {}, &out); }

    std::shared_ptr<base::descriptor> first = std::make_shared<base::descriptor>(-1);
    std::shared_ptr<base::descriptor> second = std::make_shared<base::descriptor>(-1);
    links order;
    draft message;
    outgoing out;
};

TEST_F(a_socket, takes_the_grant_to_route)
{
    permissions may;
    order.add("proxy", given(first), may);
    EXPECT_THAT(walk_it().failures, ElementsAre(HasSubstr("not granted")));
    EXPECT_EQ(out.socket, nullptr);
    may.route = true;
    order.add("proxy", given(first), may);
    EXPECT_THAT(walk_it().failures, IsEmpty());
    EXPECT_EQ(out.socket, first);
    EXPECT_EQ(out.socket_by, "proxy");
}

TEST_F(a_socket, of_the_last_who_has_one_is_used)
{
    order.add("one", given(first));
    order.add("two", given(second));
    order.add("three", says(verdict_kind::proceed));
    EXPECT_TRUE(walk_it().result.lets_pass());
    EXPECT_EQ(out.socket, second);
    EXPECT_EQ(out.socket_by, "two");
}

TEST_F(a_socket, goes_with_no_refusal_and_with_no_other_hook)
{
    EXPECT_TRUE(broken_rule_of(hook_point::delivery_connect, verdict_kind::proceed, *given(first).out).empty());
    for (const auto verdict : {verdict_kind::reject, verdict_kind::tempfail})
        EXPECT_FALSE(broken_rule_of(hook_point::delivery_connect, verdict, *given(first).out).empty());
    for (const auto hook : {hook_point::delivery_begin, hook_point::delivery_tls_policy, hook_point::delivery_peer})
        EXPECT_FALSE(broken_rule_of(hook, verdict_kind::proceed, *given(first).out).empty()) << name_of(hook);
}

} // namespace
} // namespace postern::hooks
