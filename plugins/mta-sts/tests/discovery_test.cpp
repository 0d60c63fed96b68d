#include "../src/discovery.hpp"
#include "../src/kept_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mta_sts;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

using kind = step::kind;
const std::string domain = "example.org"; // NOLINT(cert-err58-cpp)

[[nodiscard]] std::string text_of(const std::string& how, std::chrono::seconds age = 7 * 24h)
{
    return "version: STSv1\nmode: " + how + "\nmx: mx.example.org\nmax_age: " + std::to_string(age.count()) + '\n';
}

/// A discovery on a clock that a test moves, whose questions the test answers.
class a_discovery : public testing::Test {
protected:
    void passes(std::chrono::seconds time)
    {
        now_.steady += time;
        now_.wall_s += time.count();
    }
    standing ask(const std::string& whom = domain)
    {
        steps_.clear();
        return known_.ask(whom, now_, steps_);
    }
    [[nodiscard]] std::vector<kind> did() const
    {
        std::vector<kind> all;
        for (const auto& each : steps_)
            all.push_back(each.what);
        return all;
    }
    void loaded(const std::optional<std::string>& kept = std::nullopt, bool is_known = true)
    {
        steps_.clear();
        known_.loaded(domain, is_known, kept, now_, steps_);
    }
    void said(const std::optional<std::string>& id, bool is_known = true)
    {
        steps_.clear();
        known_.said(domain, is_known, id, now_, steps_);
    }
    void resolved(std::vector<std::string> addresses = {"192.0.2.1"})
    {
        steps_.clear();
        known_.resolved(domain, std::move(addresses), "no address", now_, steps_);
    }
    void fetched(const fetch_result& what)
    {
        steps_.clear();
        known_.fetched(domain, what, now_, steps_);
    }
    void ticks()
    {
        steps_.clear();
        known_.tick(now_, steps_);
    }
    /// From the first question on, or from the record.
    void has(const std::string& text, const std::string& id = "1")
    {
        (void)ask();
        if (did() == std::vector{kind::load})
            loaded();
        said(id);
        resolved();
        fetched({trouble::none, text, {}});
    }
    void fails(trouble what = trouble::fetch_error)
    {
        resolved();
        fetched({what, {}, "no"});
    }
    [[nodiscard]] bool is_enforced() const
    {
        const auto known = known_.look(domain, now_);
        return known.in_force && known.in_force->how == mode::enforce;
    }
    [[nodiscard]] static discovery_settings few(std::size_t domains)
    {
        discovery_settings how;
        how.domains = domains;
        return how;
    }

    moment now_{1000s, 1'700'000'000};
    steps steps_;
    discovery known_{{}, [](std::chrono::nanoseconds time) { return time; }};
};

// RFC 8461 5.1
TEST_F(a_discovery, looks_at_what_is_kept_then_at_the_record_and_then_fetches)
{
    auto found = ask();
    EXPECT_TRUE(found.is_sought);
    EXPECT_FALSE(found.in_force);
    EXPECT_THAT(did(), ElementsAre(kind::load));
    loaded();
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
    said("7");
    EXPECT_THAT(did(), ElementsAre(kind::ask_addresses));
    resolved({"192.0.2.1", "2001:db8::1"});
    ASSERT_THAT(did(), ElementsAre(kind::fetch));
    EXPECT_THAT(steps_[0].addresses, ElementsAre("192.0.2.1", "2001:db8::1"));
    fetched({trouble::none, text_of("enforce"), {}});
    ASSERT_THAT(did(), ElementsAre(kind::fetched, kind::keep, kind::changed, kind::settled));
    EXPECT_EQ(read_kept(steps_[1].text)->id, "7");
    EXPECT_EQ(steps_[1].lasts, 8 * 24h) << "a day more than it holds";
    EXPECT_TRUE(steps_[3].known.in_force) << "for who waits, though it may be forgotten before they are told";
    found = ask();
    EXPECT_FALSE(found.is_sought);
    EXPECT_TRUE(is_enforced());
    EXPECT_THAT(did(), IsEmpty());
    EXPECT_EQ(known_.count(mode::enforce), 1U);
    EXPECT_EQ(known_.jobs(), 0U);
}

TEST_F(a_discovery, has_one_job_a_domain)
{
    (void)ask();
    EXPECT_TRUE(ask().is_sought);
    EXPECT_THAT(did(), IsEmpty());
    EXPECT_EQ(known_.jobs(), 1U);
}

TEST_F(a_discovery, takes_no_answer_that_nobody_waits_for)
{
    (void)ask();
    said("1");
    EXPECT_THAT(did(), IsEmpty());
    fetched({trouble::none, text_of("enforce"), {}});
    EXPECT_THAT(did(), IsEmpty());
    loaded();
    loaded();
    EXPECT_THAT(did(), IsEmpty());
}

TEST_F(a_discovery, asks_who_has_no_record_again_after_an_hour)
{
    (void)ask();
    loaded();
    said(std::nullopt);
    EXPECT_THAT(did(), ElementsAre(kind::settled));
    passes(1h - 1s);
    EXPECT_FALSE(ask().is_sought);
    EXPECT_THAT(did(), IsEmpty());
    passes(1s);
    EXPECT_TRUE(ask().is_sought);
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
}

TEST_F(a_discovery, asks_after_five_minutes_where_nobody_could_say)
{
    (void)ask();
    loaded();
    said(std::nullopt, false);
    passes(5min - 1s);
    (void)ask();
    EXPECT_THAT(did(), IsEmpty());
    passes(1s);
    (void)ask();
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
}

TEST_F(a_discovery, checks_a_record_once_an_hour_and_lets_nobody_wait_for_it)
{
    has(text_of("enforce"));
    passes(1h);
    const auto found = ask();
    EXPECT_TRUE(found.in_force);
    EXPECT_FALSE(found.is_sought);
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
    said("1");
    EXPECT_THAT(did(), ElementsAre(kind::settled)) << "the same id: nothing is fetched";
}

TEST_F(a_discovery, fetches_a_policy_with_another_id)
{
    has(text_of("enforce"));
    passes(1h);
    (void)ask();
    said("2");
    EXPECT_THAT(did(), ElementsAre(kind::ask_addresses));
    resolved();
    fetched({trouble::none, text_of("testing"), {}});
    EXPECT_FALSE(is_enforced());
    EXPECT_EQ(known_.facts_of(domain, now_)->id, "2");
    EXPECT_EQ(known_.count(mode::testing), 1U);
    EXPECT_EQ(known_.count(mode::enforce), 0U);
}

// RFC 8461 5.1, 10.2
TEST_F(a_discovery, keeps_a_policy_whose_record_or_server_is_gone)
{
    has(text_of("enforce"));
    passes(1h);
    (void)ask();
    said(std::nullopt);
    EXPECT_TRUE(is_enforced()) << "no record";
    passes(1h);
    (void)ask();
    said(std::nullopt, false);
    EXPECT_TRUE(is_enforced()) << "no name server";
    passes(1h);
    (void)ask();
    said("2");
    resolved({});
    EXPECT_TRUE(is_enforced()) << "no address";
    for (const auto what : {trouble::fetch_error, trouble::webpki_invalid, trouble::policy_invalid}) {
        passes(1h);
        (void)ask();
        said("2");
        fails(what);
        EXPECT_TRUE(is_enforced());
        EXPECT_EQ(known_.look(domain, now_).found, trouble::none) << "it is applied, and that is all";
    }
    passes(1h);
    (void)ask();
    said("2");
    resolved();
    fetched({trouble::none, "version: STSv1\n", {}});
    EXPECT_TRUE(is_enforced()) << "a broken policy";
}

TEST_F(a_discovery, ends_a_policy_when_its_time_is_up_and_not_before)
{
    has(text_of("enforce", 1h));
    passes(1h - 1s);
    EXPECT_TRUE(is_enforced());
    passes(1s);
    EXPECT_FALSE(is_enforced());
    EXPECT_TRUE(ask().is_sought) << "who comes then waits for it";
    EXPECT_THAT(did(), ElementsAre(kind::drop, kind::ask_txt));
    said("1");
    fails();
    EXPECT_EQ(known_.look(domain, now_).found, trouble::fetch_error);
}

TEST_F(a_discovery, applies_a_policy_of_no_time_for_a_minute)
{
    has(text_of("enforce", 0s));
    EXPECT_TRUE(is_enforced());
    passes(59s);
    EXPECT_TRUE(is_enforced());
    passes(1s);
    EXPECT_FALSE(is_enforced());
}

TEST_F(a_discovery, takes_the_mode_none_for_the_end_of_a_policy)
{
    has(text_of("enforce"));
    passes(1h);
    (void)ask();
    said("2");
    resolved();
    fetched({trouble::none, text_of("none"), {}});
    const auto found = ask();
    EXPECT_FALSE(found.in_force);
    EXPECT_EQ(found.found, trouble::none);
    EXPECT_FALSE(found.is_sought);
    passes(3 * 24h);
    ticks();
    EXPECT_THAT(did(), IsEmpty()) << "and nobody fetches it anew";
}

// RFC 8461 3.3
TEST_F(a_discovery, tries_an_id_that_failed_after_five_minutes_and_then_ever_more_seldom)
{
    (void)ask();
    loaded();
    said("1");
    fails();
    auto found = ask();
    EXPECT_EQ(found.found, trouble::fetch_error);
    EXPECT_FALSE(found.is_sought);
    for (const auto pause : {5min, 10min, 20min, 40min, 60min, 60min}) {
        passes(pause - 1s);
        (void)ask();
        EXPECT_THAT(did(), IsEmpty()) << pause.count();
        passes(1s);
        (void)ask();
        EXPECT_THAT(did(), ElementsAre(kind::ask_txt)) << pause.count();
        said("1");
        fails();
        ASSERT_THAT(did(), ElementsAre(kind::failed, kind::settled));
    }
    EXPECT_EQ(known_.facts_of(domain, now_)->failures, 7U);
}

TEST_F(a_discovery, forgets_what_failed_where_the_record_goes)
{
    (void)ask();
    loaded();
    said("1");
    fails();
    passes(5min);
    (void)ask();
    said(std::nullopt);
    EXPECT_EQ(ask().found, trouble::none);
}

TEST_F(a_discovery, doubts_a_policy_once_a_minute)
{
    has(text_of("enforce"));
    steps_.clear();
    EXPECT_FALSE(known_.doubt(domain, now_, steps_).is_sought) << "it was asked for just now";
    passes(1min);
    const auto found = known_.doubt(domain, now_, steps_);
    EXPECT_TRUE(found.is_sought);
    EXPECT_TRUE(found.in_force);
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
}

TEST_F(a_discovery, checks_the_record_where_a_host_did_not_do_as_the_policy_says)
{
    has(text_of("enforce"));
    known_.suspect(domain, now_);
    (void)ask();
    EXPECT_THAT(did(), IsEmpty());
    passes(1min);
    known_.suspect(domain, now_);
    known_.suspect("other.example", now_);
    (void)ask();
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
}

// RFC 8461 10.2
TEST_F(a_discovery, fetches_a_policy_anew_long_before_it_ends_whatever_became_of_its_record)
{
    has(text_of("enforce", 30 * 24h));
    passes(24h - 1s);
    ticks();
    EXPECT_THAT(did(), IsEmpty());
    passes(1s);
    ticks();
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
    said(std::nullopt);
    EXPECT_THAT(did(), ElementsAre(kind::ask_addresses));
    resolved();
    fetched({trouble::none, text_of("enforce", 30 * 24h), {}});
    EXPECT_THAT(did(), ElementsAre(kind::fetched, kind::keep, kind::settled)) << "nothing is new";
    EXPECT_EQ(known_.facts_of(domain, now_)->lasts, 30 * 24h);
    EXPECT_EQ(known_.facts_of(domain, now_)->id, "1");
}

TEST_F(a_discovery, fetches_a_policy_of_a_short_life_in_its_middle)
{
    has(text_of("enforce", 2h));
    passes(1h - 1s);
    ticks();
    EXPECT_THAT(did(), IsEmpty());
    passes(1s);
    ticks();
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
}

TEST_F(a_discovery, says_which_policies_cannot_be_fetched_anew)
{
    has(text_of("enforce", 30 * 24h));
    passes(24h);
    for (unsigned times = 1; times <= 3; ++times) {
        EXPECT_EQ(known_.stale(3).first, 0U);
        ticks();
        said("1");
        fails();
        passes(1h);
    }
    EXPECT_EQ(known_.stale(3), (std::pair<std::size_t, std::string>{1, domain}));
}

[[nodiscard]] std::string kept(std::int64_t fetched_s, std::chrono::seconds age = 7 * 24h)
{
    return write_kept({"1", fetched_s, *parse_policy(text_of("enforce", age)).what});
}

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
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
}

TEST_F(a_discovery, fetches_for_an_operator_whatever_is_known)
{
    has(text_of("enforce"));
    steps_.clear();
    EXPECT_TRUE(known_.refresh(domain, now_, steps_));
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
    said("1");
    EXPECT_THAT(did(), ElementsAre(kind::ask_addresses));
    fails();
    EXPECT_TRUE(known_.refresh(domain, now_, steps_)) << "although it failed just now";
    said("1");
    EXPECT_THAT(did(), ElementsAre(kind::ask_addresses));
}

TEST_F(a_discovery, fetches_nothing_for_an_operator_where_there_is_neither_a_record_nor_a_policy)
{
    EXPECT_TRUE(known_.refresh(domain, now_, steps_));
    loaded();
    said(std::nullopt);
    EXPECT_THAT(did(), ElementsAre(kind::settled));
}

TEST_F(a_discovery, forgets_a_domain_for_an_operator)
{
    has(text_of("enforce"));
    steps_.clear();
    known_.forget(domain, steps_);
    EXPECT_THAT(did(), ElementsAre(kind::drop));
    EXPECT_FALSE(is_enforced());
    EXPECT_EQ(known_.count(mode::enforce), 0U);
    EXPECT_TRUE(ask().is_sought);
    EXPECT_THAT(did(), ElementsAre(kind::ask_txt));
}

TEST_F(a_discovery, that_is_told_to_forget_does_not_take_what_was_being_read)
{
    (void)ask();
    known_.forget(domain, steps_);
    loaded(kept(now_.wall_s));
    EXPECT_FALSE(is_enforced());
}

TEST_F(a_discovery, keeps_as_many_domains_as_it_may_those_that_were_asked_about_last)
{
    discovery small{few(2), [](std::chrono::nanoseconds time) { return time; }};
    const auto settles = [&](const std::string& whom) {
        steps_.clear();
        (void)small.ask(whom, now_, steps_);
        small.loaded(whom, true, std::nullopt, now_, steps_);
        small.said(whom, true, "1", now_, steps_);
        small.resolved(whom, {"192.0.2.1"}, {}, now_, steps_);
        small.fetched(whom, {trouble::none, text_of("enforce"), {}}, now_, steps_);
    };
    settles("a.example");
    settles("b.example");
    (void)small.ask("a.example", now_, steps_);
    EXPECT_EQ(small.size(), 2U);
    settles("c.example");
    EXPECT_EQ(small.size(), 2U);
    EXPECT_EQ(small.count(mode::enforce), 2U);
    EXPECT_TRUE(small.look("a.example", now_).in_force);
    EXPECT_FALSE(small.look("b.example", now_).in_force);
    EXPECT_TRUE(small.look("c.example", now_).in_force);
}

TEST_F(a_discovery, keeps_no_more_octets_than_it_may)
{
    auto how = few(1000);
    how.octets = 10'000;
    discovery small{how, [](std::chrono::nanoseconds time) { return time; }};
    const auto large = text_of("enforce") + "key: " + std::string(4'000, 'x');
    for (const auto* const whom : {"a.example", "b.example", "c.example", "d.example"}) {
        (void)small.ask(whom, now_, steps_);
        small.loaded(whom, true, std::nullopt, now_, steps_);
        small.said(whom, true, "1", now_, steps_);
        small.resolved(whom, {"192.0.2.1"}, {}, now_, steps_);
        small.fetched(whom, {trouble::none, large, {}}, now_, steps_);
        EXPECT_TRUE(small.look(whom, now_).in_force);
    }
    EXPECT_EQ(small.size(), 2U);
}

TEST_F(a_discovery, has_as_many_jobs_as_it_may_and_looks_at_what_is_kept_all_the_same)
{
    discovery_settings how;
    how.jobs = 1;
    discovery busy{how, [](std::chrono::nanoseconds time) { return time; }};
    (void)busy.ask("a.example", now_, steps_);
    busy.loaded("a.example", true, std::nullopt, now_, steps_);
    steps_.clear();
    EXPECT_TRUE(busy.ask(domain, now_, steps_).is_sought);
    EXPECT_THAT(did(), ElementsAre(kind::load));
    steps_.clear();
    busy.loaded(domain, true, kept(now_.wall_s), now_, steps_);
    EXPECT_THAT(did(), ElementsAre(kind::settled, kind::settled));
    EXPECT_TRUE(busy.look(domain, now_).in_force);
    steps_.clear();
    EXPECT_FALSE(busy.refresh(domain, now_, steps_));
    EXPECT_THAT(did(), IsEmpty());
    busy.said("a.example", true, std::nullopt, now_, steps_);
    EXPECT_TRUE(busy.refresh(domain, now_, steps_));
}

TEST_F(a_discovery, shows_domains_with_a_policy_or_with_a_problem)
{
    has(text_of("enforce"));
    (void)known_.ask("none.example", now_, steps_);
    const auto all = known_.all(now_);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].domain, domain);
    EXPECT_EQ(all[0].id, "1");
    passes(60s);
    EXPECT_EQ(known_.facts_of(domain, now_)->age, 60s);
}

} // namespace
