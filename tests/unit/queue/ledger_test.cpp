#include "core/queue/ledger.hpp"

namespace postern::queue {
namespace {

using namespace std::chrono_literals;

const base::wall_time now{std::chrono::milliseconds{1'700'000'000'000}};

base::message_id id(std::uint64_t n)
{
    return {n};
}

record fresh(std::size_t recipients = 1)
{
    record what;
    what.envelope.received = now;
    what.envelope.size = 100;
    what.envelope.envelope.to.resize(recipients);
    what.state = fresh_state(recipients);
    return what;
}

record deferred_until(base::wall_time next)
{
    auto what = fresh(2);
    what.state.attempts = 2;
    what.state.next_attempt = next;
    what.state.recipients[0].status = recipient_status::delivered;
    return what;
}

record with_priority(int priority)
{
    auto what = fresh();
    what.envelope.priority = static_cast<std::int8_t>(priority);
    return what;
}

record held()
{
    auto what = fresh();
    what.state.held = "looks odd";
    return what;
}

life state_of(const ledger& l, std::uint64_t n)
{
    const auto entry = l.find(id(n));
    return entry ? entry->state : life::removed;
}

TEST(ledger, has_a_new_message_due_at_once)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    EXPECT_EQ(state_of(l, 1), life::queued);
    EXPECT_EQ(l.next_due(), now);
    EXPECT_EQ(l.take_due(now - 1ms), std::nullopt);
    EXPECT_EQ(l.take_due(now), id(1));
    EXPECT_EQ(state_of(l, 1), life::attempting);
    EXPECT_EQ(l.take_due(now), std::nullopt);
    EXPECT_EQ(l.next_due(), std::nullopt);
}

TEST(ledger, is_rebuilt_from_records_as_it_was)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), deferred_until(now + 5min), now));
    ASSERT_TRUE(l.add(id(2), held(), now));
    ASSERT_TRUE(l.add(id(3), fresh(), now));
    EXPECT_EQ(state_of(l, 1), life::deferred);
    EXPECT_EQ(l.find(id(1))->attempts, 2U);
    EXPECT_EQ(l.find(id(1))->open, 1U);
    EXPECT_EQ(l.find(id(1))->next_attempt, now + 5min);
    EXPECT_EQ(state_of(l, 2), life::held);
    EXPECT_EQ(state_of(l, 3), life::queued);
    EXPECT_EQ(l.count(life::deferred), 1U);
    EXPECT_EQ(l.count(life::held), 1U);
    EXPECT_EQ(l.count(life::queued), 1U);
    EXPECT_EQ(l.count(life::received), 0U);
    EXPECT_EQ(l.count(life::attempting), 0U);
    EXPECT_EQ(l.take_due(now + 5min), id(3));
    EXPECT_EQ(l.take_due(now + 5min), id(1));
    EXPECT_EQ(l.take_due(now + 24h), std::nullopt);
}

TEST(ledger, refuses_an_id_twice_and_a_message_that_is_over)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    EXPECT_FALSE(l.add(id(1), fresh(), now));
    auto over = fresh();
    over.state.recipients[0].status = recipient_status::failed;
    over.state.recipients[0].is_reported = true;
    EXPECT_FALSE(l.add(id(2), over, now));
    EXPECT_EQ(l.size(), 1U);
    over.state.recipients[0].is_reported = false; // its sender does not know yet
    EXPECT_TRUE(l.add(id(2), over, now));
}

TEST(ledger, gives_out_what_has_been_due_longest_first)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), deferred_until(now + 3s), now));
    ASSERT_TRUE(l.add(id(2), deferred_until(now + 1s), now));
    ASSERT_TRUE(l.add(id(3), deferred_until(now + 2s), now));
    EXPECT_EQ(l.next_due(), now + 1s);
    EXPECT_EQ(l.take_due(now + 2s), id(2));
    EXPECT_EQ(l.take_due(now + 2s), id(3));
    EXPECT_EQ(l.take_due(now + 2s), std::nullopt);
    EXPECT_EQ(l.next_due(), now + 3s);
}

TEST(ledger, brings_forward_what_was_tried_and_waits_too_long)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), deferred_until(now + 5min), now));
    ASSERT_TRUE(l.add(id(2), deferred_until(now + 5min + 1ms), now));
    auto later = fresh();
    later.state.next_attempt = now + 24h; // as its sender wants it
    ASSERT_TRUE(l.add(id(3), later, now));
    ASSERT_TRUE(l.add(id(4), held(), now));
    EXPECT_EQ(l.bring_forward(now + 5min, now), 1U);
    EXPECT_EQ(l.take_due(now), id(2));
    EXPECT_EQ(l.take_due(now), std::nullopt);
    EXPECT_EQ(l.next_due(), now + 5min);
    EXPECT_EQ(l.find(id(3))->next_attempt, now + 24h);
}

// RFC 6710 5.2
TEST(ledger, gives_out_the_more_urgent_of_what_is_due_first)
{
    ledger l;
    const auto add = [&](std::uint64_t n, int priority, base::wall_time due) {
        auto what = with_priority(priority);
        what.state.next_attempt = due;
        ASSERT_TRUE(l.add(id(n), what, now));
    };
    add(1, 0, now - 3s);
    add(2, -9, now - 4s);
    add(3, 9, now - 1s);
    add(4, 9, now - 2s);
    add(5, 9, now + 1s);
    EXPECT_EQ(l.take_due(now), id(4));
    add(6, 5, now);
    EXPECT_TRUE(l.hold(id(3))); // ready, and taken back
    EXPECT_EQ(l.take_due(now), id(6));
    EXPECT_EQ(l.take_due(now), id(1));
    EXPECT_EQ(l.take_due(now), id(2));
    EXPECT_EQ(l.take_due(now), std::nullopt) << "urgent, but not due";
    EXPECT_EQ(l.next_due(), now + 1s);
    EXPECT_EQ(l.take_due(now + 1s), id(5));
}

TEST(ledger, defers_and_finishes_what_was_taken)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(2), now));
    ASSERT_TRUE(l.take_due(now));
    EXPECT_EQ(l.defer(id(1), now + 1min, 1, 1), wish::none);
    EXPECT_EQ(state_of(l, 1), life::deferred);
    EXPECT_EQ(l.find(id(1))->attempts, 1U);
    EXPECT_EQ(l.find(id(1))->open, 1U);
    ASSERT_EQ(l.take_due(now + 1min), id(1));
    l.finish(id(1), life_event::deliver);
    EXPECT_EQ(l.size(), 0U);
    EXPECT_EQ(l.find(id(1)), std::nullopt);
    EXPECT_EQ(l.count(life::delivered), 0U);
}

TEST(ledger, puts_back_without_counting_an_attempt)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    ASSERT_TRUE(l.take_due(now));
    EXPECT_EQ(l.put_back(id(1), now + 1s), wish::none);
    EXPECT_EQ(l.find(id(1))->attempts, 0U);
    EXPECT_EQ(l.next_due(), now + 1s);
}

TEST(ledger, keeps_a_held_message_back_until_it_is_released)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    EXPECT_TRUE(l.hold(id(1)));
    EXPECT_TRUE(l.hold(id(1)));
    EXPECT_TRUE(l.retry_now(id(1), now));
    EXPECT_EQ(l.flush(now), 0U);
    EXPECT_EQ(l.take_due(now + 24h), std::nullopt);
    EXPECT_TRUE(l.release(id(1), now + 1s));
    EXPECT_EQ(l.take_due(now + 1s), id(1));
}

TEST(ledger, holds_an_attempted_message_when_the_attempt_ends)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    ASSERT_TRUE(l.take_due(now));
    EXPECT_TRUE(l.hold(id(1)));
    EXPECT_EQ(state_of(l, 1), life::attempting);
    EXPECT_EQ(l.defer(id(1), now + 1min, 1, 1), wish::hold);
    EXPECT_EQ(state_of(l, 1), life::held);
    EXPECT_EQ(l.take_due(now + 24h), std::nullopt);
}

TEST(ledger, takes_back_a_wish_to_hold)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    ASSERT_TRUE(l.take_due(now));
    EXPECT_TRUE(l.hold(id(1)));
    EXPECT_TRUE(l.release(id(1), now));
    EXPECT_EQ(l.defer(id(1), now + 1min, 1, 1), wish::none);
    EXPECT_EQ(state_of(l, 1), life::deferred);
}

TEST(ledger, removes_an_attempted_message_when_the_attempt_ends)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    ASSERT_TRUE(l.take_due(now));
    EXPECT_TRUE(l.remove(id(1)));
    EXPECT_TRUE(l.hold(id(1))); // does not take the removal back
    EXPECT_EQ(l.put_back(id(1), now), wish::remove);
    EXPECT_EQ(l.size(), 0U);
    EXPECT_EQ(l.next_due(), std::nullopt);
}

TEST(ledger, removes_a_waiting_or_held_message_at_once)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    ASSERT_TRUE(l.add(id(2), held(), now));
    EXPECT_TRUE(l.remove(id(1)));
    EXPECT_TRUE(l.remove(id(2)));
    EXPECT_FALSE(l.remove(id(2)));
    EXPECT_EQ(l.size(), 0U);
    EXPECT_EQ(l.next_due(), std::nullopt);
    EXPECT_EQ(l.count(life::queued) + l.count(life::held) + l.count(life::removed), 0U);
}

TEST(ledger, tries_at_once_what_an_operator_wants_tried)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), deferred_until(now + 1h), now));
    ASSERT_TRUE(l.add(id(2), deferred_until(now - 1h), now));
    EXPECT_TRUE(l.retry_now(id(1), now));
    EXPECT_TRUE(l.retry_now(id(2), now)); // keeps its place in line
    EXPECT_EQ(l.take_due(now), id(2));
    EXPECT_EQ(l.take_due(now), id(1));
}

TEST(ledger, flushes_exactly_those_that_are_not_due)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), deferred_until(now), now));
    ASSERT_TRUE(l.add(id(2), deferred_until(now + 1ms), now));
    ASSERT_TRUE(l.add(id(3), deferred_until(now + 1h), now));
    auto released_later = fresh();
    released_later.state.next_attempt = now + 1h;
    ASSERT_TRUE(l.add(id(4), released_later, now));
    EXPECT_EQ(l.flush(now), 2U);
    EXPECT_EQ(l.flush(now), 0U);
    EXPECT_TRUE(l.take_due(now) && l.take_due(now) && l.take_due(now));
    EXPECT_FALSE(l.take_due(now)) << "not before the time that its sender gave (RFC 4865)";
    EXPECT_EQ(l.next_due(), now + 1h);
}

TEST(ledger, knows_nothing_of_an_unknown_id)
{
    ledger l;
    EXPECT_FALSE(l.hold(id(9)));
    EXPECT_FALSE(l.release(id(9), now));
    EXPECT_FALSE(l.retry_now(id(9), now));
    EXPECT_FALSE(l.remove(id(9)));
    EXPECT_EQ(l.defer(id(9), now, 1, 1), wish::none);
    EXPECT_EQ(l.put_back(id(9), now), wish::none);
    l.finish(id(9), life_event::deliver);
    EXPECT_EQ(l.size(), 0U);
}

TEST(ledger, lists_by_pages_in_the_order_of_ids)
{
    ledger l;
    for (const std::uint64_t n : {5U, 1U, 4U, 2U, 3U})
        ASSERT_TRUE(l.add(id(n), fresh(), now));
    const auto first = l.page({}, 2);
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].id, id(1));
    EXPECT_EQ(first[1].id, id(2));
    const auto rest = l.page(first[1].id, 10);
    ASSERT_EQ(rest.size(), 3U);
    EXPECT_EQ(rest[2].id, id(5));
    EXPECT_TRUE(l.page(id(5), 10).empty());
    EXPECT_TRUE(l.page({}, 0).empty());
}

TEST(ledger, stays_consistent_whatever_is_done_to_it)
{
    // Random operations against a plain model of which message is where.
    base::seeded_random random{11};
    ledger l;
    std::map<std::uint64_t, bool> known; // id -> being attempted
    auto time = now;
    for (int step = 0; step < 20'000; ++step) {
        const auto n = 1 + random.next() % 40;
        switch (random.next() % 8) {
        case 0:
            EXPECT_EQ(l.add(id(n), with_priority(static_cast<int>(n % 19) - 9), time), known.try_emplace(n, false).second);
            break;
        case 1:
            if (const auto taken = l.take_due(time)) {
                EXPECT_FALSE(known.at(taken->value));
                known[taken->value] = true;
            }
            break;
        case 2:
            if (known.contains(n) && known[n]) {
                known[n] = false;
                if (l.defer(id(n), time + 1s, 1, 1) == wish::remove)
                    known.erase(n);
            }
            break;
        case 3:
            if (known.contains(n) && known[n]) {
                l.finish(id(n), life_event::bounce);
                known.erase(n);
            }
            break;
        case 4:
            EXPECT_EQ(l.hold(id(n)), known.contains(n));
            break;
        case 5:
            EXPECT_EQ(l.release(id(n), time), known.contains(n));
            break;
        case 6:
            if (random.next() % 4 == 0) {
                EXPECT_EQ(l.remove(id(n)), known.contains(n));
                if (known.contains(n) && !known[n])
                    known.erase(n);
            }
            break;
        default:
            time += 100ms;
            l.flush(time);
        }
        ASSERT_EQ(l.size(), known.size());
        std::size_t counted = 0;
        for (const auto state : {life::queued, life::attempting, life::deferred, life::held})
            counted += l.count(state);
        ASSERT_EQ(counted, known.size());
        ASSERT_EQ(l.count(life::attempting),
                  static_cast<std::size_t>(std::count_if(known.begin(), known.end(), [](const auto& k) { return k.second; })));
        ASSERT_EQ(l.next_due().has_value(), l.count(life::queued) + l.count(life::deferred) > 0);
    }
}

} // namespace
} // namespace postern::queue
