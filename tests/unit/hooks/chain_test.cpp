#include "core/hooks/chain.hpp"

#include "tests/unit/hooks/chain_walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace postern::hooks {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(chain, lists_subscribers_in_order)
{
    links order;
    const auto one = order.add("one", plugin_reply{});
    const auto two = order.add("two", plugin_reply{});
    const auto three = order.add("three", plugin_reply{});
    two->only = hook_point::cmd_mail;
    const chain all{order.take()};
    ASSERT_EQ(all.links(hook_point::cmd_mail).size(), 3U);
    ASSERT_EQ(all.links(hook_point::cmd_rcpt).size(), 2U);
    EXPECT_EQ(all.links(hook_point::cmd_rcpt)[0]->who, one);
    EXPECT_EQ(all.links(hook_point::cmd_rcpt)[1]->who, three);
    EXPECT_TRUE(all.has(hook_point::cmd_mail));
    EXPECT_FALSE(chain{}.has(hook_point::cmd_mail));
}

TEST(chain, knows_who_of_a_group_may_be_asked_already)
{
    links order;
    for (const auto* name : {"alone", "one", "elsewhere", "two", "three", "behind"})
        order.add(name, plugin_reply{});
    auto members = order.take();
    const auto elsewhere = std::static_pointer_cast<answering>(members[2].who);
    elsewhere->only = hook_point::cmd_rcpt;
    for (std::size_t i = 1; i <= 4; ++i)
        members[i].group = 1;
    members[5].group = 2;
    const chain all{std::move(members)};
    chain_run run{all, hook_point::cmd_mail, nullptr};
    ASSERT_EQ(run.next()->who->name(), "alone");
    EXPECT_EQ(run.ahead(0), nullptr);
    ASSERT_EQ(run.next()->who->name(), "one");
    ASSERT_NE(run.ahead(0), nullptr);
    EXPECT_EQ(run.ahead(0)->who->name(), "two");
    EXPECT_EQ(run.ahead(1)->who->name(), "three");
    EXPECT_EQ(run.ahead(2), nullptr);
    (void)run.next();
    ASSERT_EQ(run.next()->who->name(), "three");
    EXPECT_EQ(run.ahead(0), nullptr);
    chain_run owner{all, hook_point::cmd_mail, nullptr, nullptr, "one"};
    ASSERT_EQ(owner.next()->who->name(), "one");
    EXPECT_EQ(owner.ahead(0), nullptr) << "only one is asked";
}

TEST(chain, asks_of_a_proof_only_who_declared_its_kind)
{
    links order;
    for (const auto* name : {"alone", "one", "nothing", "two", "all"})
        order.add(name, plugin_reply{});
    auto members = order.take();
    members[0].verifies = 1;
    members[1].verifies = 2;
    members[2].verifies = 0;
    members[3].verifies = 2 | 1;
    for (std::size_t i = 1; i <= 4; ++i)
        members[i].group = 1;
    const chain all{std::move(members)};
    chain_run run{all, hook_point::auth_verify, nullptr};
    run.ask_who_verifies(2);
    ASSERT_EQ(run.next()->who->name(), "one");
    ASSERT_NE(run.ahead(0), nullptr);
    EXPECT_EQ(run.ahead(0)->who->name(), "two");
    EXPECT_EQ(run.ahead(1)->who->name(), "all");
    EXPECT_EQ(run.ahead(2), nullptr);
    EXPECT_EQ(run.next()->who->name(), "two");
    EXPECT_EQ(run.next()->who->name(), "all");
    EXPECT_EQ(run.next(), nullptr);
    chain_run other{all, hook_point::cmd_mail, nullptr};
    EXPECT_EQ(other.next()->who->name(), "alone") << "at other hooks everybody is asked";
    EXPECT_EQ(all.links(hook_point::auth_verify).size(), 4U) << "who declared nothing is not shown as one who is asked";
    EXPECT_EQ(all.links(hook_point::cmd_mail).size(), 5U);
}

TEST(chain, without_plugins_lets_pass_and_vouches_for_nobody)
{
    links nobody;
    const auto seen = walk(nobody, hook_point::cmd_rcpt, nullptr);
    EXPECT_TRUE(seen.result.lets_pass());
    EXPECT_FALSE(seen.result.vouched);
}

TEST(chain, ends_at_the_first_decisive_verdict)
{
    for (const auto verdict : {verdict_kind::reject, verdict_kind::tempfail, verdict_kind::disconnect, verdict_kind::accept,
                               verdict_kind::discard, verdict_kind::hold}) {
        links order;
        const auto first = order.add("first", plugin_reply{});
        const auto second = order.add("second", says(verdict, "why"));
        const auto third = order.add("third", says(verdict_kind::reject));
        draft message;
        const auto seen = walk(order, hook_point::cmd_mail, &message);
        EXPECT_EQ(seen.result.verdict, verdict);
        EXPECT_EQ(seen.result.plugin, "second");
        EXPECT_EQ(first->calls, 1);
        EXPECT_EQ(third->calls, 0);
    }
}

TEST(chain, completes_the_reply_of_a_refusal)
{
    links order;
    order.add("first", says(verdict_kind::reject));
    const auto seen = walk(order, hook_point::cmd_mail, nullptr);
    EXPECT_EQ(seen.result.smtp_code, 550);
    EXPECT_EQ(seen.result.enhanced, "5.7.1");
    EXPECT_FALSE(seen.result.text.empty());
}

TEST(chain, accept_without_the_grant_is_a_failure)
{
    auto may = everything;
    may.accept = false;
    links order;
    order.add("first", says(verdict_kind::accept), may);
    const auto seen = walk(order, hook_point::cmd_mail, nullptr);
    EXPECT_EQ(seen.result.verdict, verdict_kind::tempfail);
    EXPECT_EQ(seen.result.text, "try again later");
    EXPECT_EQ(seen.failures.size(), 1U);
}

TEST(chain, scores_add_up_and_decide_nothing)
{
    links order;
    auto score = says(verdict_kind::score, "SYMBOL");
    score.score = 1500;
    order.add("first", score);
    score.score = -200;
    order.add("second", score);
    draft message;
    message.score = 10;
    const auto seen = walk(order, hook_point::msg_headers, &message);
    EXPECT_TRUE(seen.result.lets_pass());
    EXPECT_EQ(message.score, 1310);
    EXPECT_EQ(seen.result.score, 0);
}

TEST(chain, scores_without_a_message_are_in_the_outcome)
{
    links order;
    auto score = says(verdict_kind::score);
    score.score = 7;
    order.add("first", score);
    order.add("second", score);
    EXPECT_EQ(walk(order, hook_point::conn_open, nullptr).result.score, 14);
}

TEST(chain, scores_stop_at_the_end_of_their_range)
{
    links order;
    auto score = says(verdict_kind::score);
    score.score = std::numeric_limits<std::int32_t>::max();
    order.add("first", score);
    order.add("second", score);
    draft message;
    (void)walk(order, hook_point::msg_headers, &message);
    EXPECT_EQ(message.score, std::numeric_limits<std::int32_t>::max());
}

TEST(chain, discard_and_hold_mark_the_draft)
{
    links order;
    order.add("first", says(verdict_kind::discard));
    draft message;
    (void)walk(order, hook_point::msg_end, &message);
    EXPECT_TRUE(message.discarded);

    links other;
    other.add("first", says(verdict_kind::hold, "looks odd"));
    draft held;
    (void)walk(other, hook_point::msg_end, &held);
    EXPECT_EQ(held.held, "looks odd");

    links silent;
    silent.add("first", says(verdict_kind::hold));
    (void)walk(silent, hook_point::msg_end, &held);
    EXPECT_EQ(held.held, "looks odd"); // the first reason stays
}

draft with_recipients(int count)
{
    draft message;
    for (int i = 0; i < count; ++i)
        message.envelope.to.push_back({"r" + std::to_string(i) + "@mx.example", {}, {}, {}});
    return message;
}

TEST(chain, discard_at_rcpt_is_not_about_the_message)
{
    links order;
    order.add("first", says(verdict_kind::discard));
    auto message = with_recipients(2);
    const auto seen = walk(order, hook_point::cmd_rcpt, &message);
    EXPECT_EQ(seen.result.verdict, verdict_kind::discard);
    EXPECT_FALSE(message.discarded);
}

plugin_reply voucher()
{
    plugin_reply reply;
    reply.vouches = true;
    return reply;
}

TEST(chain, a_recipient_is_vouched_for_by_anybody_who_may)
{
    links order;
    order.add("first", plugin_reply{});
    order.add("second", voucher());
    order.add("third", plugin_reply{});
    auto message = with_recipients(1);
    const auto seen = walk(order, hook_point::cmd_rcpt, &message);
    EXPECT_TRUE(seen.result.vouched);
    EXPECT_TRUE(seen.result.lets_pass());
}

TEST(chain, a_vouch_of_one_who_may_not_is_a_failure)
{
    links order;
    order.add("first", voucher(), everything, failure_policy::proceed, false);
    auto message = with_recipients(1);
    const auto seen = walk(order, hook_point::cmd_rcpt, &message);
    EXPECT_FALSE(seen.result.vouched);
    EXPECT_EQ(seen.failures.size(), 1U);
}

TEST(chain, a_vouch_outside_rcpt_is_a_failure)
{
    links order;
    order.add("first", voucher());
    draft message;
    EXPECT_EQ(walk(order, hook_point::cmd_mail, &message).result.verdict, verdict_kind::tempfail);
}

TEST(chain, a_refusal_vouches_for_nobody)
{
    links order;
    auto both = voucher();
    both.verdict = verdict_kind::reject;
    order.add("first", both);
    auto message = with_recipients(1);
    const auto seen = walk(order, hook_point::cmd_rcpt, &message);
    EXPECT_EQ(seen.result.verdict, verdict_kind::reject);
    EXPECT_FALSE(seen.result.vouched);
}

TEST(chain, hold_at_rcpt_goes_on_until_somebody_vouches)
{
    links order;
    order.add("holder", says(verdict_kind::hold, "new sender"));
    const auto second = order.add("second", voucher());
    const auto third = order.add("third", says(verdict_kind::reject));
    auto message = with_recipients(1);
    const auto seen = walk(order, hook_point::cmd_rcpt, &message);
    EXPECT_EQ(seen.result.verdict, verdict_kind::hold);
    EXPECT_EQ(seen.result.plugin, "holder");
    EXPECT_TRUE(seen.result.vouched);
    EXPECT_EQ(message.held, "new sender");
    EXPECT_EQ(second->calls, 1);
    EXPECT_EQ(third->calls, 0);
}

TEST(chain, accept_does_not_lift_a_hold)
{
    links order;
    order.add("holder", says(verdict_kind::hold, "new sender"));
    order.add("second", says(verdict_kind::accept));
    auto message = with_recipients(1);
    EXPECT_EQ(walk(order, hook_point::cmd_rcpt, &message).result.verdict, verdict_kind::hold);
}

TEST(chain, a_failure_gets_what_the_configuration_says)
{
    struct expectation {
        failure_policy policy;
        verdict_kind verdict;
        std::uint16_t code;
        int asked_on;
    };
    for (const auto& each : {expectation{failure_policy::proceed, verdict_kind::proceed, 0, 1},
                             expectation{failure_policy::tempfail, verdict_kind::tempfail, 451, 0},
                             expectation{failure_policy::reject, verdict_kind::reject, 554, 0},
                             expectation{failure_policy::disconnect, verdict_kind::disconnect, 421, 0},
                             expectation{failure_policy::hold, verdict_kind::hold, 0, 0}}) {
        links order;
        order.add("broken", std::nullopt, everything, each.policy);
        const auto next = order.add("next", plugin_reply{});
        draft message;
        const auto seen = walk(order, hook_point::cmd_mail, &message);
        EXPECT_EQ(seen.result.verdict, each.verdict);
        EXPECT_EQ(seen.result.smtp_code, each.code);
        EXPECT_EQ(next->calls, each.asked_on);
        EXPECT_THAT(seen.failures, ElementsAre("it threw"));
        EXPECT_EQ(seen.result.text.find("threw"), std::string::npos) << "the peer learns no cause";
        EXPECT_EQ(message.held.has_value(), each.policy == failure_policy::hold);
        EXPECT_FALSE(message.discarded);
    }
}

TEST(chain, no_answer_that_breaks_a_rule_reaches_the_peer)
{
    for (auto bad :
         {says(verdict_kind::reject, "a\r\n250 ok"), says(verdict_kind::tempfail, "\r\n"), says(verdict_kind::score, "\n")}) {
        links order;
        order.add("first", bad);
        draft message;
        const auto seen = walk(order, hook_point::cmd_mail, &message);
        EXPECT_EQ(seen.result.text, "try again later");
        EXPECT_EQ(message.score, 0);
        EXPECT_EQ(seen.failures.size(), 1U);
    }
}

TEST(chain, an_answer_that_is_a_failure_gets_what_the_configuration_says_and_keeps_its_cause)
{
    links order;
    plugin_reply broken = says(verdict_kind::proceed);
    broken.vouches = true;
    broken.failure = "it says that it failed";
    order.add("broken", broken, everything, failure_policy::reject);
    auto message = draft{};
    const auto seen = walk(order, hook_point::cmd_mail, &message);
    EXPECT_THAT(seen.failures, testing::ElementsAre("it says that it failed"));
    EXPECT_EQ(seen.result.verdict, verdict_kind::reject);
    EXPECT_EQ(seen.result.text, "cannot be processed");
    EXPECT_FALSE(seen.result.vouched);
}

TEST(chain, a_failure_is_told_once)
{
    links order;
    order.add("broken", std::nullopt, everything, failure_policy::proceed);
    order.add("sound", plugin_reply{});
    EXPECT_EQ(walk(order, hook_point::cmd_mail, nullptr).failures.size(), 1U);
}

TEST(chain, notifications_reach_everybody_and_answers_do_not_count)
{
    links order;
    const auto first = order.add("first", says(verdict_kind::reject));
    const auto second = order.add("second", std::nullopt, everything, failure_policy::disconnect);
    const auto third = order.add("third", says(verdict_kind::discard));
    draft message;
    const auto seen = walk(order, hook_point::txn_committed, &message);
    EXPECT_TRUE(seen.result.lets_pass());
    EXPECT_FALSE(message.discarded);
    EXPECT_EQ(first->calls + second->calls + third->calls, 3);
    EXPECT_THAT(seen.failures, ElementsAre("it threw"));
}

TEST(chain, a_second_walk_knows_nothing_of_the_first)
{
    links order;
    order.add("first", says(verdict_kind::reject));
    const chain all{order.take()};
    chain_run one{all, hook_point::cmd_mail, nullptr};
    ASSERT_NE(one.next(), nullptr);
    one.answered(says(verdict_kind::reject));
    EXPECT_EQ(one.next(), nullptr);
    chain_run two{all, hook_point::cmd_mail, nullptr};
    EXPECT_NE(two.next(), nullptr);
    two.passed();
    EXPECT_EQ(two.next(), nullptr);
    EXPECT_TRUE(two.result().lets_pass());
}

TEST(chain, route_and_chunk_come_out_of_their_hooks)
{
    links order;
    order.add("router", edits({{edit_op::route_set, 0, "lmtp", "127.0.0.1:24"}}));
    const auto routed = walk(order, hook_point::queue_route, nullptr);
    ASSERT_TRUE(routed.route);
    EXPECT_EQ(routed.route->name, "lmtp");
    EXPECT_EQ(routed.route->value, "127.0.0.1:24");

    links body;
    body.add("first", edits({{edit_op::body_replace, 0, "", "one\r\n"}}));
    body.add("second", edits({{edit_op::body_replace, 0, "", "two\r\n"}}));
    draft message;
    const auto seen = walk(body, hook_point::msg_body, &message);
    EXPECT_EQ(seen.chunk, "two\r\n");
    EXPECT_FALSE(message.replaced_body);
    EXPECT_THAT(seen.failures, IsEmpty());
}

TEST(chain_run, asks_the_owner_of_an_extension_alone)
{
    links order;
    const auto other = order.add("other", says(verdict_kind::reject));
    const auto owner = order.add("owner", says(verdict_kind::proceed));
    const auto last = order.add("last", says(verdict_kind::reject));
    const auto seen = walk(order, hook_point::verb, nullptr, nullptr, "owner");
    EXPECT_EQ(seen.result.verdict, verdict_kind::proceed);
    EXPECT_EQ(other->calls, 0);
    EXPECT_EQ(owner->calls, 1);
    EXPECT_EQ(last->calls, 0);
}

TEST(chain_run, takes_the_reply_to_a_command_from_the_first_who_says_one)
{
    auto first = says(verdict_kind::proceed, "mine");
    first.smtp_code = 250;
    first.more.emplace();
    first.more->lines = {"one", "two"};
    links order;
    order.add("silent", says(verdict_kind::proceed));
    order.add("first", first);
    const auto second = order.add("second", says(verdict_kind::reject));
    const auto seen = walk(order, hook_point::cmd_noop, nullptr);
    EXPECT_EQ(seen.result.smtp_code, 250);
    EXPECT_EQ(seen.result.plugin, "first");
    ASSERT_TRUE(seen.result.more);
    EXPECT_EQ(seen.result.more->lines, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(second->calls, 0);
}

TEST(chain_run, gathers_what_everybody_offers_and_offers_nothing_of_who_fails)
{
    plugin_reply offers;
    offers.more.emplace();
    offers.more->lines = {"XONE 1"};
    links order;
    order.add("as declared", says(verdict_kind::proceed));
    order.add("one", offers);
    order.add("broken", std::nullopt, everything, failure_policy::disconnect);
    const auto seen = walk(order, hook_point::ehlo_caps, nullptr);
    EXPECT_TRUE(seen.result.lets_pass()) << "on_error is about mail";
    ASSERT_EQ(seen.result.caps.size(), 2U);
    EXPECT_EQ(seen.result.caps[0].plugin, "one");
    EXPECT_EQ(seen.result.caps[0].lines, std::vector<std::string>{"XONE 1"});
    EXPECT_EQ(seen.result.caps[1].plugin, "broken");
    EXPECT_TRUE(seen.result.caps[1].lines.empty());
}

TEST(chain_run, says_501_of_a_parameter_that_is_refused_without_a_code)
{
    links order;
    order.add("owner", says(verdict_kind::reject, "what is that"));
    const auto seen = walk(order, hook_point::param, nullptr, nullptr, "owner");
    EXPECT_EQ(seen.result.smtp_code, 501);
    EXPECT_EQ(seen.result.enhanced, "5.5.4");
}

TEST(a_chain, takes_no_answer_that_asks_for_more_octets_than_its_verb_may)
{
    for (const std::uint64_t asked : {std::uint64_t{1000}, std::uint64_t{1001}}) {
        plugin_reply reply;
        reply.smtp_code = 354;
        reply.text = "go on";
        reply.more = extension_reply{{}, asked, follow_up::octets, {}, {}};
        links order;
        order.add("p", reply);
        const chain all{order.take()};
        chain_run run{all, hook_point::verb, nullptr};
        run.limit_octets(1000);
        ASSERT_NE(run.next(), nullptr);
        run.answered(reply);
        EXPECT_EQ(run.failure(), asked > 1000 ? "more octets to read than its verb was declared with" : "");
        EXPECT_EQ(run.result().verdict, asked > 1000 ? verdict_kind::tempfail : verdict_kind::proceed);
    }
}

} // namespace
} // namespace postern::hooks
