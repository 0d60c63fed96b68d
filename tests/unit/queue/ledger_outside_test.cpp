#include "core/queue/ledger.hpp"

#include "core/base/random.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace postern::queue {
namespace {

using namespace std::chrono_literals;

const base::wall_time now{std::chrono::milliseconds{1'700'000'000'000}};

base::message_id id(std::uint64_t n)
{
    return {n};
}

record fresh(int priority = 0)
{
    record what;
    what.envelope.received = now;
    what.envelope.priority = static_cast<std::int8_t>(priority);
    what.envelope.envelope.to.resize(1);
    what.state = fresh_state(1);
    return what;
}

/// Destinations that are closed until an hour from now.
struct closed {
    std::set<std::string, std::less<>> names;
    std::optional<base::wall_time> operator()(const ledger_entry&, std::string_view destination) const
    {
        return names.contains(destination) ? std::optional{now + 1h} : std::nullopt;
    }
};

TEST(a_message_whose_destination_is_closed, waits_outside_until_it_is_let_in)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now, "dead.example"));
    ASSERT_TRUE(l.add(id(2), fresh(), now, "live.example"));
    ASSERT_TRUE(l.add(id(3), fresh(), now, "dead.example"));
    const closed gate{{"dead.example"}};
    EXPECT_EQ(l.take_due(now, gate), id(2));
    EXPECT_EQ(l.take_due(now, gate), std::nullopt);
    EXPECT_EQ(l.next_due(), now + 1h) << "nobody looks at it before";
    EXPECT_EQ(l.waits_for(id(1)), "dead.example");
    EXPECT_EQ(l.waits_for(id(2)), "");
    EXPECT_EQ(l.find(id(1))->state, life::deferred);
    EXPECT_EQ(l.find(id(1))->attempts, 0U);

    EXPECT_EQ(l.let_in("live.example", 10, now), 0U);
    EXPECT_EQ(l.let_in("dead.example", 1, now), 1U) << "the longest first";
    EXPECT_EQ(l.waits_for(id(1)), "");
    EXPECT_EQ(l.take_due(now, {}), id(1));
    EXPECT_EQ(l.take_due(now, {}), std::nullopt);
    EXPECT_EQ(l.let_in("dead.example", 10, now), 1U);
    EXPECT_EQ(l.take_due(now, gate), std::nullopt) << "closed again";
    EXPECT_EQ(l.waits_for(id(3)), "dead.example");
}

TEST(a_message_whose_destination_is_closed, goes_when_its_time_is_up)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now, "dead.example"));
    const closed gate{{"dead.example"}};
    EXPECT_EQ(l.take_due(now, gate), std::nullopt);
    EXPECT_EQ(l.take_due(now + 1h - 1ms, gate), std::nullopt);
    EXPECT_EQ(l.take_due(now + 1h, gate), id(1)) << "until then, and not once more";
    EXPECT_EQ(l.defer(id(1), now + 2h, 1, 1), wish::none);
    EXPECT_EQ(l.waits_for(id(1)), "");
}

TEST(a_message_whose_destination_is_closed, is_still_the_operators)
{
    const closed gate{{"dead.example"}};
    ledger l;
    for (std::uint64_t n = 1; n <= 5; ++n)
        ASSERT_TRUE(l.add(id(n), fresh(), now, "dead.example"));
    EXPECT_EQ(l.take_due(now, gate), std::nullopt);
    EXPECT_TRUE(l.hold(id(1)));
    EXPECT_TRUE(l.remove(id(2)));
    EXPECT_TRUE(l.retry_now(id(3), now));
    EXPECT_EQ(l.waits_for(id(1)), "");
    EXPECT_EQ(l.waits_for(id(3)), "");
    EXPECT_EQ(l.take_due(now, {}), id(3));
    EXPECT_EQ(l.let_in("dead.example", 10, now), 2U);
    EXPECT_EQ(l.take_due(now, {}), id(4));
    EXPECT_EQ(l.take_due(now, {}), id(5));
    EXPECT_EQ(l.take_due(now, {}), std::nullopt) << "a held message stays held";
    EXPECT_TRUE(l.release(id(1), now));
    EXPECT_EQ(l.take_due(now, gate), std::nullopt) << "it leads there still";
    EXPECT_EQ(l.flush(now), 1U);
    EXPECT_EQ(l.take_due(now, {}), id(1));
}

TEST(a_message_whose_destination_is_closed, is_not_brought_forward_by_a_clock_that_was_set_back)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now, "dead.example"));
    EXPECT_EQ(l.take_due(now, closed{{"dead.example"}}), std::nullopt);
    EXPECT_EQ(l.bring_forward(now + 1min, now), 0U) << "its date is its own";
}

TEST(a_message_that_an_attempt_found_no_way_for, waits_outside_of_what_the_attempt_says)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now));
    ASSERT_TRUE(l.add(id(2), fresh(), now));
    ASSERT_EQ(l.take_due(now, {}), id(1));
    l.wait_outside(id(1), "relay.example:25", now + 1h);
    EXPECT_EQ(l.waits_for(id(1)), "") << "an attempt goes on";
    EXPECT_EQ(l.put_back(id(1), now), wish::none);
    l.wait_outside(id(1), "relay.example:25", now + 1h);
    l.wait_outside(id(7), "relay.example:25", now + 1h); // which has left meanwhile
    EXPECT_EQ(l.waits_for(id(1)), "relay.example:25");
    EXPECT_EQ(l.take_due(now, closed{{"relay.example:25"}}), id(2)) << "nobody knows before an attempt where that one goes";
    EXPECT_EQ(l.let_in("relay.example:25", 5, now), 1U);
    EXPECT_EQ(l.take_due_at("relay.example:25"), std::nullopt) << "it may have another way now";
    EXPECT_EQ(l.take_due(now, closed{{"relay.example:25"}}), id(1));
}

TEST(a_destination_with_an_idle_connection, gets_the_next_of_its_messages_that_are_due)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now, "a.example"));
    ASSERT_TRUE(l.add(id(2), fresh(), now, "b.example"));
    ASSERT_TRUE(l.add(id(3), fresh(), now, "a.example"));
    auto later = fresh();
    later.state.next_attempt = now + 1min;
    ASSERT_TRUE(l.add(id(4), later, now, "a.example"));
    ASSERT_EQ(l.take_due(now, {}), id(1));
    EXPECT_EQ(l.take_due_at("a.example"), id(3)) << "though another has been due as long";
    EXPECT_EQ(l.take_due_at("a.example"), std::nullopt) << "and none before its time";
    EXPECT_EQ(l.take_due_at("c.example"), std::nullopt);
    EXPECT_EQ(l.take_due(now, {}), id(2));
}

TEST(a_destination_with_an_idle_connection, gets_nothing_before_what_has_more_priority)
{
    ledger l;
    ASSERT_TRUE(l.add(id(1), fresh(), now, "a.example"));
    ASSERT_TRUE(l.add(id(2), fresh(4), now, "b.example"));
    ASSERT_TRUE(l.add(id(3), fresh(4), now, "b.example"));
    ASSERT_TRUE(l.add(id(4), fresh(4), now, "a.example"));
    ASSERT_EQ(l.take_due(now, {}), id(2));
    EXPECT_EQ(l.take_due_at("a.example"), id(4));
    EXPECT_EQ(l.take_due_at("a.example"), std::nullopt) << "the other one is less urgent than what waits for b.example";
    ASSERT_EQ(l.take_due(now, {}), id(3));
    EXPECT_EQ(l.take_due_at("a.example"), id(1));
}

TEST(destinations_of_a_ledger, lose_no_message_whatever_is_done_to_them)
{
    base::seeded_random random{5};
    const std::vector<std::string> names{"a.example", "b.example", "c.example", ""};
    ledger l;
    closed gate;
    std::map<std::uint64_t, bool> known; // id -> being attempted
    const auto taken = [&](std::optional<base::message_id> which) {
        if (!which)
            return;
        ASSERT_FALSE(known.at(which->value));
        known[which->value] = true;
    };
    for (int step = 0; step < 50'000; ++step) {
        const auto n = 1 + random.next() % 60;
        const auto& name = names[random.next() % names.size()];
        switch (random.next() % 10) {
        case 0:
        case 1:
            EXPECT_EQ(l.add(id(n), fresh(static_cast<int>(n % 3)), now, name), known.try_emplace(n, false).second);
            break;
        case 2:
            taken(l.take_due(now, gate));
            break;
        case 3:
            taken(l.take_due_at(name));
            break;
        case 4:
            if (known.contains(n) && known[n]) {
                known[n] = false;
                EXPECT_EQ(l.put_back(id(n), now), wish::none);
                if (!name.empty())
                    l.wait_outside(id(n), name, now + 1h);
            }
            break;
        case 5:
            if (known.contains(n) && known[n]) {
                l.finish(id(n), life_event::deliver);
                known.erase(n);
            }
            break;
        case 6:
            (void)l.let_in(name, random.next() % 3, now);
            break;
        case 7:
            if (known.contains(n) && !known[n] && random.next() % 4 == 0) {
                EXPECT_TRUE(l.remove(id(n)));
                known.erase(n);
            }
            break;
        case 8:
            if (!gate.names.erase(name) && !name.empty())
                gate.names.insert(name);
            break;
        default:
            if (random.next() % 50 == 0)
                (void)l.flush(now);
            else if (known.contains(n) && !known[n])
                (void)l.retry_now(id(n), now);
        }
        ASSERT_EQ(l.size(), known.size());
    }
    // All that wait come out in the end, each once.
    (void)l.let_all_in(now);
    while (const auto next = l.take_due(now, {})) {
        ASSERT_FALSE(known.at(next->value));
        known[next->value] = true;
    }
    EXPECT_TRUE(std::all_of(known.begin(), known.end(), [](const auto& one) { return one.second; }));
}

} // namespace
} // namespace postern::queue
