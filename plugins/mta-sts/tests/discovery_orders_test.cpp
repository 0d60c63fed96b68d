// What operators see of discovery, and tell it.

#include "a_discovery.hpp"

using namespace mta_sts;
using namespace mta_sts::test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

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
