#include "core/delivery/plan.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using queue::life_event;
using queue::recipient_status;
using testing::ElementsAre;
using testing::IsEmpty;
using kind = recipient_result::kind;

const base::wall_time arrival{std::chrono::milliseconds{1'700'000'000'000}};

class delivery_plan : public testing::Test {
protected:
    delivery_plan()
    {
        record_.envelope.received = arrival;
        record_.envelope.envelope.from.address = "sender@example.org";
        for (const auto* address : {"a@example.com", "b@example.com", "c@example.com"})
            record_.envelope.envelope.to.push_back({address, {}, {}, {}});
        record_.state = queue::fresh_state(3);
        policy_.jitter = 0;
        policy_.warn = 0ms;
    }

    static attempt_result success(std::uint32_t index, taker by)
    {
        return {index, {kind::delivered, 250, "2.0.0", "taken"}, "mx.example:25", by};
    }
    static attempt_result result(std::uint32_t index, kind what, std::uint16_t code = 0, std::string enhanced = {},
                                 std::string text = {})
    {
        return {index, {what, code, std::move(enhanced), std::move(text)}, "mx.example:25"};
    }
    decision conclude(std::vector<attempt_result> results, base::wall_time now = arrival, bool has_postmaster = false)
    {
        return delivery::conclude(record_, results, policy_, now, random_, has_postmaster);
    }

    queue::record record_;
    queue::retry_policy policy_;
    base::seeded_random random_{1};
};

TEST_F(delivery_plan, ends_when_everybody_has_the_message)
{
    const auto what = conclude({result(0, kind::delivered, 250), result(1, kind::delivered), result(2, kind::delivered)});
    EXPECT_EQ(what.what, life_event::deliver);
    EXPECT_EQ(what.next_attempt, std::nullopt);
    EXPECT_THAT(what.failed, IsEmpty());
    EXPECT_EQ(what.state.attempts, 1U);
    EXPECT_EQ(what.state.recipients[0].smtp_code, 250);
    EXPECT_EQ(what.state.recipients[0].next_hop, "mx.example:25");
}

TEST_F(delivery_plan, keeps_the_deferred_and_fails_the_refused_alone)
{
    const auto what = conclude({result(0, kind::delivered), result(1, kind::failed, 550, "5.1.1", "no such user"),
                                result(2, kind::deferred, 450, "4.2.2", "full")});
    EXPECT_EQ(what.what, life_event::defer);
    EXPECT_EQ(what.next_attempt, arrival + 1min);
    EXPECT_EQ(what.state.next_attempt, what.next_attempt);
    EXPECT_THAT(what.failed, ElementsAre(1));
    EXPECT_EQ(what.state.recipients[0].status, recipient_status::delivered);
    EXPECT_EQ(what.state.recipients[1].status, recipient_status::failed);
    EXPECT_TRUE(what.state.recipients[1].is_reported);
    EXPECT_EQ(what.state.recipients[2].status, recipient_status::open);
    EXPECT_EQ(what.state.recipients[2].text, "full");
    EXPECT_THAT(open_recipients(what.state), ElementsAre(2));
}

TEST_F(delivery_plan, reports_a_failure_once)
{
    record_.state = conclude({result(1, kind::failed)}).state;
    const auto what =
        conclude({result(0, kind::delivered), result(1, kind::delivered), result(2, kind::delivered)}, arrival + 1min);
    EXPECT_THAT(what.failed, IsEmpty());
    EXPECT_EQ(what.state.recipients[1].status, recipient_status::failed); // a result for one that is not open is ignored
    EXPECT_EQ(what.what, life_event::deliver);
    EXPECT_EQ(what.state.attempts, 2U);
    EXPECT_EQ(what.state.recipients[0].attempts, 1U) << "it was not tried the first time";
    EXPECT_EQ(what.state.recipients[1].attempts, 1U);
}

TEST_F(delivery_plan, reports_a_failure_that_could_not_be_reported_before)
{
    record_.state.recipients[1].status = recipient_status::failed;
    EXPECT_THAT(conclude({}).failed, ElementsAre(1));
}

TEST_F(delivery_plan, bounces_when_the_last_ones_fail)
{
    record_.state = conclude({result(0, kind::delivered)}).state;
    const auto what = conclude({result(1, kind::failed), result(2, kind::failed)}, arrival + 1min);
    EXPECT_EQ(what.what, life_event::bounce);
    EXPECT_THAT(what.failed, ElementsAre(1, 2));
}

TEST_F(delivery_plan, leaves_those_who_were_not_tried_as_they_were_and_due_at_once)
{
    const auto what = conclude({result(0, kind::delivered)}, arrival + 24h * 365);
    EXPECT_EQ(what.what, life_event::defer);
    EXPECT_EQ(what.next_attempt, arrival + 24h * 365);
    EXPECT_THAT(what.failed, IsEmpty()) << "nobody expires untried";
    for (const auto index : {1U, 2U})
        EXPECT_EQ(what.state.recipients[index], record_.state.recipients[index]);
    EXPECT_TRUE(what.is_only_untried);
}

TEST_F(delivery_plan, tries_nobody_again_at_once_for_the_sake_of_one_who_was_not_tried)
{
    const auto what = conclude({result(0, kind::deferred)}, arrival + 1s);
    EXPECT_EQ(what.what, life_event::defer);
    EXPECT_GT(what.next_attempt, arrival + 1s);
    EXPECT_FALSE(what.is_only_untried);
}

TEST_F(delivery_plan, remembers_of_an_attempt_that_goes_on_who_is_done_with)
{
    const std::vector<attempt_result> so_far{result(0, kind::delivered, 250, "2.0.0", "taken"),
                                             result(1, kind::deferred, 450, "4.2.2", "full")};
    const auto state = progress(record_, so_far);
    EXPECT_EQ(state.recipients[0].status, recipient_status::delivered);
    EXPECT_EQ(state.recipients[0].text, "taken");
    EXPECT_EQ(state.recipients[1], record_.state.recipients[1]);
    EXPECT_EQ(state.attempts, record_.state.attempts);
}

TEST_F(delivery_plan, takes_back_the_reports_that_could_not_be_stored)
{
    auto what = conclude({result(0, kind::delivered), result(1, kind::failed), result(2, kind::failed)});
    EXPECT_TRUE(what.has_reports());
    EXPECT_TRUE(what.state.is_over());
    what.take_back_all();
    EXPECT_FALSE(what.state.is_over());
    EXPECT_EQ(what.state.open_count(), 0U);
}

TEST_F(delivery_plan, ignores_results_for_recipients_that_do_not_exist)
{
    const auto what = conclude({result(3, kind::failed), result(4'000'000'000U, kind::failed)});
    EXPECT_EQ(what.what, life_event::defer);
    EXPECT_THAT(what.failed, IsEmpty());
}

TEST_F(delivery_plan, gives_up_at_the_expiry_and_not_before)
{
    const auto deferred = [&](base::wall_time now) {
        return conclude({result(0, kind::deferred, 450, "4.2.2", "full"), result(1, kind::delivered), result(2, kind::delivered)},
                        now);
    };
    const auto before = deferred(arrival + policy_.expire - 1ms);
    EXPECT_EQ(before.what, life_event::defer);
    EXPECT_EQ(before.next_attempt, arrival + policy_.expire);
    const auto after = deferred(arrival + policy_.expire);
    EXPECT_EQ(after.what, life_event::bounce);
    EXPECT_EQ(after.state.recipients[0].status, recipient_status::expired);
    EXPECT_EQ(after.state.recipients[0].text, "full"); // what the peer said last stays known
    EXPECT_THAT(after.failed, ElementsAre(0));
}

TEST_F(delivery_plan, never_reports_to_the_null_sender)
{
    record_.envelope.envelope.from.address.clear();
    const auto what = conclude({result(0, kind::failed), result(1, kind::failed), result(2, kind::failed)});
    EXPECT_EQ(what.what, life_event::bounce);
    EXPECT_THAT(what.failed, IsEmpty());
    EXPECT_TRUE(what.state.recipients[0].is_reported);
}

TEST_F(delivery_plan, tells_the_postmaster_of_what_has_no_sender_if_there_is_one)
{
    const std::vector<attempt_result> results{result(0, kind::failed), result(1, kind::delivered), result(2, kind::deferred)};
    EXPECT_THAT(conclude(results, arrival, true).stranded, IsEmpty()) << "the sender is told";
    record_.envelope.envelope.from.address.clear();
    record_.envelope.envelope.to[0].notify.never = true; // as our own reports say
    EXPECT_THAT(conclude(results).stranded, IsEmpty());
    auto what = conclude(results, arrival, true);
    EXPECT_THAT(what.stranded, ElementsAre(0));
    EXPECT_THAT(what.failed, IsEmpty());
    EXPECT_TRUE(what.has_reports());
    EXPECT_TRUE(what.state.recipients[0].is_reported);
    what.take_back_all();
    EXPECT_FALSE(what.state.recipients[0].is_reported) << "the next attempt tells it";
    record_.envelope.origin = notice_origin;
    EXPECT_THAT(conclude(results, arrival, true).stranded, IsEmpty()) << "no notice about a notice";
}

TEST_F(delivery_plan, reports_failures_to_those_who_want_them)
{
    auto& to = record_.envelope.envelope.to;
    to[0].notify.never = true;
    to[1].notify.success = true; // and so not failure
    to[2].notify.failure = true;
    EXPECT_THAT(conclude({result(0, kind::failed), result(1, kind::failed), result(2, kind::failed)}).failed, ElementsAre(2));
}

// RFC 3461 5.2.1 to 5.2.3
TEST_F(delivery_plan, reports_a_success_to_those_who_asked_unless_the_next_hop_will)
{
    for (auto& to : record_.envelope.envelope.to)
        to.notify.success = true;
    const auto what = conclude({success(0, taker::mailbox), success(1, taker::dsn_hop), success(2, taker::plain_hop)});
    EXPECT_THAT(what.succeeded, ElementsAre(0, 2));
    EXPECT_THAT(what.named_in(message::dsn_kind::success), ElementsAre(0, 2));
    EXPECT_EQ(what.what, life_event::deliver);
    EXPECT_FALSE(what.state.recipients[0].is_relayed);
    EXPECT_TRUE(what.state.recipients[2].is_relayed);
    for (const auto& to : what.state.recipients)
        EXPECT_TRUE(to.is_reported);
}

TEST_F(delivery_plan, reports_no_success_unasked)
{
    auto& to = record_.envelope.envelope.to;
    to[0].notify.never = true;
    to[1].notify = {.never = false, .success = false, .failure = true, .delay = true};
    const auto all = {success(0, taker::mailbox), success(1, taker::plain_hop), success(2, taker::mailbox)};
    EXPECT_THAT(conclude(all).succeeded, IsEmpty());
    for (auto& each : to)
        each.notify = {.never = false, .success = true, .failure = false, .delay = false};
    record_.envelope.envelope.from.address.clear();
    EXPECT_THAT(conclude(all).succeeded, IsEmpty()) << "RFC 5321 6.1: nobody tells the null sender";
}

TEST_F(delivery_plan, reports_a_success_once_and_no_failure_as_one)
{
    for (auto& to : record_.envelope.envelope.to)
        to.notify.success = true;
    const auto first = conclude({success(0, taker::plain_hop), result(1, kind::failed), result(2, kind::deferred)});
    EXPECT_THAT(first.succeeded, ElementsAre(0));
    EXPECT_THAT(first.failed, IsEmpty()) << "FAILURE was not asked for";
    record_.state = first.state;
    EXPECT_THAT(conclude({success(2, taker::mailbox)}).succeeded, ElementsAre(2));
}

TEST_F(delivery_plan, reports_again_what_could_not_be_reported)
{
    using message::dsn_kind;
    policy_.warn = 1ms;
    auto& to = record_.envelope.envelope.to;
    to[0].notify.success = true;
    auto what = conclude({success(0, taker::plain_hop), result(1, kind::failed)}, arrival + 1h);
    for (const auto report : {dsn_kind::success, dsn_kind::failure, dsn_kind::delay}) {
        EXPECT_EQ(what.named_in(report).size(), 1U);
        what.take_back(report);
    }
    record_.state = what.state;
    const auto again = conclude({}, arrival + 1h);
    EXPECT_THAT(again.succeeded, ElementsAre(0));
    EXPECT_TRUE(again.state.recipients[0].is_relayed);
    EXPECT_THAT(again.failed, ElementsAre(1));
    EXPECT_THAT(again.delayed, ElementsAre(2));
    record_.state = again.state;
    EXPECT_THAT(conclude({}, arrival + 1h).succeeded, IsEmpty());
}

TEST_F(delivery_plan, warns_once_of_a_delay)
{
    policy_.warn = 4h;
    EXPECT_THAT(conclude({}, arrival + 4h - 1ms).delayed, IsEmpty());
    auto& to = record_.envelope.envelope.to;
    to[0].notify.failure = true; // given without DELAY
    to[1].notify.delay = true;
    const auto what = conclude({}, arrival + 4h);
    EXPECT_THAT(what.delayed, ElementsAre(1, 2));
    EXPECT_TRUE(what.state.is_warned);
    record_.state = what.state;
    EXPECT_THAT(conclude({}, arrival + 5h).delayed, IsEmpty());
}

TEST_F(delivery_plan, warns_nobody_of_a_delay_that_is_over)
{
    policy_.warn = 4h;
    const auto what = conclude({result(0, kind::delivered), result(1, kind::failed), result(2, kind::delivered)}, arrival + 5h);
    EXPECT_THAT(what.delayed, IsEmpty());
    EXPECT_THAT(what.failed, ElementsAre(1));
    record_.envelope.envelope.from.address.clear();
    EXPECT_THAT(conclude({}, arrival + 5h).delayed, IsEmpty());
}

TEST(group_by_route, makes_one_transaction_a_route_in_the_order_of_recipients)
{
    const auto a = *route::from_text("a:25");
    const auto b = *route::from_text("b:25");
    const std::vector<routed_recipient> recipients = {{4, b}, {1, b}, {0, a}, {2, a}};
    const auto groups = group_by_route(recipients, 0);
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].next, a);
    EXPECT_THAT(groups[0].recipients, ElementsAre(0, 2));
    EXPECT_EQ(groups[1].next, b);
    EXPECT_THAT(groups[1].recipients, ElementsAre(1, 4));
    EXPECT_THAT(group_by_route({}, 0), IsEmpty());
}

TEST(group_by_route, splits_at_the_limit_and_not_before)
{
    const auto a = *route::from_text("a:25");
    std::vector<routed_recipient> recipients;
    for (std::uint32_t i = 0; i < 100; ++i)
        recipients.push_back({i, a});
    EXPECT_EQ(group_by_route(recipients, 100).size(), 1U);
    recipients.push_back({100, a});
    const auto groups = group_by_route(recipients, 100);
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].recipients.size(), 100U);
    EXPECT_THAT(groups[1].recipients, ElementsAre(100));
    EXPECT_EQ(group_by_route(recipients, 1).size(), 101U);
}

// RFC 2852 4: who gave a time is told then, not when the schedule happens to come by.
TEST_F(delivery_plan, tries_a_message_again_when_its_own_warning_is_due)
{
    record_.envelope.warn_at = arrival + 30s;
    const auto all_deferred = [this](base::wall_time now) {
        return conclude({result(0, kind::deferred), result(1, kind::deferred), result(2, kind::deferred)}, now);
    };
    const auto first = all_deferred(arrival);
    EXPECT_THAT(first.delayed, IsEmpty());
    EXPECT_EQ(first.next_attempt, arrival + 30s);
    record_.state = first.state;
    const auto second = all_deferred(arrival + 30s);
    EXPECT_THAT(second.delayed, ElementsAre(0, 1, 2));
    EXPECT_EQ(second.next_attempt, arrival + 30s + 5min) << "then the schedule counts again";
}

TEST_F(delivery_plan, tells_of_a_relay_to_a_next_hop_without_the_keyword_whoever_asked_for_success)
{
    record_.envelope.report_relay = "DELIVERBY";
    record_.envelope.envelope.to[1].notify.never = true;
    const auto to = [](std::uint32_t index, taker by, bool lacks) {
        auto made = success(index, by);
        made.lacks_keyword = lacks;
        return made;
    };
    for (const auto by : {taker::plain_hop, taker::dsn_hop}) {
        EXPECT_THAT(conclude({to(0, by, true), to(1, by, true), to(2, by, false)}).succeeded, ElementsAre(0));
        EXPECT_TRUE(conclude({to(0, by, false), to(1, by, false), to(2, by, false)}).state.is_over());
    }
    EXPECT_THAT(conclude({to(0, taker::mailbox, false)}).succeeded, IsEmpty()) << "delivered is not relayed";
    record_.envelope.envelope.to[2].notify.success = true;
    EXPECT_THAT(conclude({to(2, taker::plain_hop, false)}).succeeded, ElementsAre(2));
    EXPECT_THAT(conclude({to(2, taker::dsn_hop, false)}).succeeded, IsEmpty()) << "the next hop's duty";
    record_.envelope.envelope.from.address.clear();
    EXPECT_THAT(conclude({to(0, taker::plain_hop, true)}).succeeded, IsEmpty());
}

TEST_F(delivery_plan, tells_of_a_relay_once_be_it_after_a_report_that_could_not_be_stored)
{
    record_.envelope.report_relay = "";
    auto relayed = success(0, taker::dsn_hop);
    relayed.lacks_keyword = true;
    auto first = conclude({relayed, result(1, kind::deferred), result(2, kind::deferred)});
    ASSERT_THAT(first.succeeded, ElementsAre(0));
    record_.state = first.state;
    EXPECT_THAT(conclude({result(1, kind::deferred)}, arrival + 1min).succeeded, IsEmpty());
    first.take_back_all();
    record_.state = first.state;
    EXPECT_THAT(conclude({result(1, kind::deferred)}, arrival + 1min).succeeded, ElementsAre(0));
}

} // namespace
} // namespace postern::delivery
