#include "a_discovery.hpp"

using namespace mta_sts;
using namespace mta_sts::test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

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

} // namespace
