// How much discovery holds and does at most.

#include "a_discovery.hpp"

using namespace mta_sts;
using namespace mta_sts::test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

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

TEST_F(a_discovery, counts_the_octets_of_what_is_no_policy_too)
{
    auto how = few(1000);
    how.octets = 10'000;
    discovery small{how, [](std::chrono::nanoseconds time) { return time; }};
    for (const auto* const whom : {"a.example", "b.example", "c.example", "d.example"}) {
        (void)small.ask(whom, now_, steps_);
        small.loaded(whom, true, std::nullopt, now_, steps_);
        small.said(whom, true, "1", now_, steps_);
        small.resolved(whom, {"192.0.2.1"}, {}, now_, steps_);
        small.fetched(whom, {trouble::none, std::string(4'000, 'x'), {}}, now_, steps_);
        EXPECT_EQ(small.look(whom, now_).bad->size(), 4'000U);
    }
    EXPECT_EQ(small.size(), 2U);
    for (const auto* const whom : {"c.example", "d.example"})
        small.forget(whom, steps_);
    EXPECT_FALSE(small.look("d.example", now_).bad);
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

} // namespace
