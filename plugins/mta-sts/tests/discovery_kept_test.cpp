// What discovery has the store keep, and what it makes of it.

#include "a_discovery.hpp"

using namespace mta_sts;
using namespace mta_sts::test;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

namespace {

TEST_F(a_discovery, applies_what_was_kept_for_the_time_that_is_left_and_checks_it_beside)
{
    (void)ask();
    loaded(kept(now_.wall_s - 3600));
    EXPECT_THAT(did(), ElementsAre(kind::settled, kind::ask_txt));
    EXPECT_TRUE(is_enforced());
    EXPECT_EQ(known_.facts_of(domain, now_)->lasts, 7 * 24h - 1h);
    said("1");
    EXPECT_THAT(did(), ElementsAre(kind::settled));
}

TEST_F(a_discovery, drops_what_was_kept_and_is_over_or_broken)
{
    for (const auto& each : {kept(now_.wall_s - 7 * 24 * 3600), std::string{"nonsense"}}) {
        discovery fresh{{}, [](std::chrono::nanoseconds time) { return time; }};
        steps_.clear();
        (void)fresh.ask(domain, now_, steps_);
        steps_.clear();
        fresh.loaded(domain, true, each, now_, steps_);
        EXPECT_THAT(did(), ElementsAre(kind::drop, kind::ask_txt));
        EXPECT_FALSE(fresh.look(domain, now_).in_force);
    }
}

TEST_F(a_discovery, makes_no_policy_end_or_last_by_a_clock_that_is_set)
{
    has(text_of("enforce"));
    now_.wall_s -= 400L * 24 * 3600;
    EXPECT_TRUE(is_enforced());
    now_.wall_s += 800L * 24 * 3600;
    EXPECT_TRUE(is_enforced()) << "in memory the wall clock counts for nothing";
    passes(7 * 24h);
    EXPECT_FALSE(is_enforced());
}

TEST_F(a_discovery, counts_what_was_kept_in_the_future_as_fetched_now_and_writes_that_down)
{
    (void)ask();
    loaded(kept(now_.wall_s + 365L * 24 * 3600));
    ASSERT_THAT(did(), ElementsAre(kind::keep, kind::settled, kind::ask_txt));
    EXPECT_EQ(read_kept(steps_[0].text)->fetched_s, now_.wall_s);
    EXPECT_EQ(known_.facts_of(domain, now_)->lasts, 7 * 24h);
}

TEST_F(a_discovery, goes_on_without_a_store_and_asks_it_again)
{
    (void)ask();
    loaded(std::nullopt, false);
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
    said(std::nullopt);
    (void)ask();
    EXPECT_THAT(did(), ElementsAre(kind::load));
    loaded(kept(now_.wall_s));
    EXPECT_TRUE(is_enforced());
}

TEST_F(a_discovery, remembers_what_was_kept_before_anybody_asks)
{
    known_.remember(domain, kept(now_.wall_s - 3600), now_, steps_);
    known_.remember("b.example", "nonsense", now_, steps_);
    EXPECT_TRUE(is_enforced());
    EXPECT_TRUE(ask().in_force);
    EXPECT_THAT(did(), ElementsAre(kind::keep, kind::ask_txt)) << "a day more on which it was wanted";
}

// Whoever can keep the record and the web server away waits for nothing more than a store that fails.
TEST_F(a_discovery, does_not_take_for_none_what_the_store_did_not_tell)
{
    EXPECT_TRUE(ask().is_untold);
    EXPECT_TRUE(known_.look("forgotten.example", now_).is_untold);
    loaded(std::nullopt, false);
    said("1");
    fails();
    ASSERT_THAT(did(), ElementsAre(kind::failed, kind::settled));
    EXPECT_TRUE(steps_[1].known.is_untold);
    EXPECT_TRUE(known_.look(domain, now_).is_untold);
    (void)ask();
    loaded(std::nullopt, false);
    said(std::nullopt);
    ASSERT_THAT(did(), ElementsAre(kind::settled));
    EXPECT_TRUE(steps_[0].known.is_untold) << "no record ends no policy that may be kept";
    (void)ask();
    EXPECT_THAT(did(), ElementsAre(kind::load)) << "it is asked again at once";
    loaded();
    EXPECT_FALSE(known_.look(domain, now_).is_untold);
}

TEST_F(a_discovery, that_fetched_a_policy_needs_not_know_what_is_kept)
{
    (void)ask();
    loaded(std::nullopt, false);
    said("1");
    resolved();
    fetched({trouble::none, text_of("enforce"), {}});
    EXPECT_FALSE(known_.look(domain, now_).is_untold);
    EXPECT_TRUE(is_enforced());
}

TEST_F(a_discovery, keeps_of_a_policy_what_means_something)
{
    has(text_of("enforce") + "key: " + std::string(60'000, 'x') + '\n');
    ASSERT_THAT(did(), ElementsAre(kind::fetched, kind::keep, kind::changed, kind::settled));
    EXPECT_LT(steps_[1].text.size(), 200U);
    EXPECT_EQ(read_kept(steps_[1].text)->what.mx, std::vector<std::string>{"mx.example.org"});
    EXPECT_EQ(known_.kept(), 1U);
    discovery next{{}, [](std::chrono::nanoseconds time) { return time; }};
    next.remember(domain, steps_[1].text, now_, steps_);
    (void)next.ask(domain, now_, steps_);
    next.said(domain, true, "2", now_, steps_);
    next.resolved(domain, {"192.0.2.1"}, {}, now_, steps_);
    steps_.clear();
    next.fetched(domain, {trouble::none, text_of("enforce") + "key: other\n", {}}, now_, steps_);
    EXPECT_THAT(did(), ElementsAre(kind::fetched, kind::keep, kind::settled)) << "that is no other policy";
}

TEST_F(a_discovery, writes_down_on_how_many_days_somebody_wanted_a_domain)
{
    has(text_of("enforce", 30 * 24h));
    EXPECT_EQ(read_kept(steps_[1].text)->days, 1U);
    passes(24h - 1s);
    (void)ask();
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt)) << "of the same day";
    said("1");
    passes(1s);
    (void)ask();
    ASSERT_THAT(did(), ElementsAre(kind::keep));
    const auto written = read_kept(steps_[0].text);
    EXPECT_EQ(written->days, 2U);
    EXPECT_EQ(written->fetched_s, now_.wall_s - 24 * 3600) << "it is not made younger";
    EXPECT_EQ(steps_[0].lasts, 30 * 24h);

    discovery next{{}, [](std::chrono::nanoseconds time) { return time; }};
    const auto text = steps_[0].text;
    (void)next.ask(domain, now_, steps_);
    next.loaded(domain, true, text, now_, steps_);
    passes(24h);
    steps_.clear();
    (void)next.ask(domain, now_, steps_);
    ASSERT_EQ(steps_[0].what, kind::keep);
    EXPECT_EQ(read_kept(steps_[0].text)->days, 4U) << "those before it, the day on which it was read, and this";
}

TEST_F(a_discovery, keeps_a_bounded_number_and_those_that_are_wanted)
{
    discovery_settings how;
    how.kept.policies = 3;
    discovery small{how, [](std::chrono::nanoseconds time) { return time; }};
    const auto fetches = [&](const std::string& whom) {
        steps_.clear();
        (void)small.ask(whom, now_, steps_);
        small.loaded(whom, true, std::nullopt, now_, steps_);
        small.said(whom, true, "1", now_, steps_);
        small.resolved(whom, {"192.0.2.1"}, {}, now_, steps_);
        steps_.clear();
        small.fetched(whom, {trouble::none, text_of("enforce", 300 * 24h), {}}, now_, steps_);
        return did();
    };
    EXPECT_THAT(fetches("good.example"), Contains(kind::keep));
    for (int i = 0; i < 4000; ++i) {
        const auto whom = "d" + std::to_string(i) + ".evil.example";
        EXPECT_EQ(testing::Value(fetches(whom), Contains(kind::keep)), i < 2) << "there is room for no more";
        EXPECT_TRUE(small.look(whom, now_).in_force) << "it holds all the same";
    }
    EXPECT_EQ(small.kept(), 3U);
    passes(24h);
    steps_.clear();
    (void)small.ask("late.example", now_, steps_);
    (void)small.ask("good.example", now_, steps_);
    EXPECT_THAT(fetches("late.example"), Not(Contains(kind::keep)));
    passes(24h);
    steps_.clear();
    (void)small.ask("late.example", now_, steps_);
    ASSERT_THAT(did(), Contains(kind::keep)) << "it is wanted for the second time, and they were not";
    EXPECT_EQ(steps_[0].what, kind::drop);
    EXPECT_EQ(steps_[0].domain, "d1.evil.example");
    EXPECT_EQ(small.kept(), 3U);
}

TEST_F(a_discovery, counts_what_was_kept_before_also_where_memory_has_no_room_for_it)
{
    auto how = few(1);
    how.kept.policies = 2;
    discovery small{how, [](std::chrono::nanoseconds time) { return time; }};
    for (const auto* const each : {"a.example", "b.example"})
        small.remember(each, kept(now_.wall_s), now_, steps_);
    EXPECT_THAT(did(), IsEmpty());
    EXPECT_EQ(small.size(), 1U);
    EXPECT_EQ(small.count(mode::enforce), 1U);
    EXPECT_EQ(small.kept(), 2U);
    small.remember("c.example", kept(now_.wall_s), now_, steps_);
    EXPECT_THAT(did(), ElementsAre(kind::drop)) << "there was more room once";
    EXPECT_EQ(steps_[0].domain, "c.example");
    EXPECT_EQ(small.kept(), 2U);
}

} // namespace
