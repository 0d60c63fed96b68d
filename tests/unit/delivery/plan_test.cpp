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

    static attempt_result result(std::uint32_t index, kind what, std::uint16_t code = 0, std::string enhanced = {},
                                 std::string text = {})
    {
        return {index, {what, code, std::move(enhanced), std::move(text)}, "mx.example:25"};
    }
    decision conclude(std::vector<attempt_result> results, base::wall_time now = arrival)
    {
        return delivery::conclude(record_, results, policy_, now, random_);
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
    EXPECT_EQ(what.state.recipients[0].attempts, 2U);
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

TEST_F(delivery_plan, takes_silence_for_a_deferral)
{
    const auto what = conclude({result(0, kind::delivered)});
    EXPECT_EQ(what.what, life_event::defer);
    EXPECT_EQ(what.state.recipients[1].status, recipient_status::open);
    EXPECT_EQ(what.state.recipients[1].smtp_code, 0);
    EXPECT_EQ(what.state.recipients[1].enhanced.front(), '4');
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

TEST_F(delivery_plan, reports_failures_to_those_who_want_them)
{
    auto& to = record_.envelope.envelope.to;
    to[0].notify.never = true;
    to[1].notify.success = true; // and so not failure
    to[2].notify.failure = true;
    EXPECT_THAT(conclude({result(0, kind::failed), result(1, kind::failed), result(2, kind::failed)}).failed, ElementsAre(2));
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

} // namespace
} // namespace postern::delivery
