#include "core/base/random.hpp"
#include "core/delivery/destinations.hpp"

#include <algorithm>
#include <map>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

using admission = destinations::admission;

std::vector<destinations::job> jobs_of(const std::vector<destinations::called>& all)
{
    std::vector<destinations::job> jobs;
    for (const auto& one : all)
        jobs.push_back(one.who);
    return jobs;
}

/// Destinations to which there is a way for certain.
class known_destinations : public ::testing::Test {
protected:
    struct lines : destinations {
        lines(std::uint32_t total, std::uint32_t each) : destinations{{total, each, 10}} {}
        bool acquire(std::string_view to, job who) { return destinations::acquire(to, who, true) == admission::go; }
        std::vector<job> release(std::string_view from) { return jobs_of(destinations::release(from)); }
        std::vector<job> limit(std::uint32_t total, std::uint32_t each)
        {
            return jobs_of(destinations::limit({total, each, 10}));
        }
    };
};

TEST_F(known_destinations, admits_up_to_the_limit_of_one_destination)
{
    lines all{10, 2};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_TRUE(all.acquire("a:25", 2));
    EXPECT_FALSE(all.acquire("a:25", 3));
    EXPECT_EQ(all.active("a:25"), 2U);
    EXPECT_EQ(all.waiting(), 1U);
    EXPECT_THAT(all.release("a:25"), ElementsAre(3));
    EXPECT_EQ(all.active("a:25"), 2U);
    EXPECT_EQ(all.waiting(), 0U);
}

TEST_F(known_destinations, admits_up_to_the_limit_in_total)
{
    lines all{2, 2};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_TRUE(all.acquire("b:25", 2));
    EXPECT_FALSE(all.acquire("c:25", 3));
    EXPECT_EQ(all.active(), 2U);
    EXPECT_THAT(all.release("a:25"), ElementsAre(3));
    EXPECT_EQ(all.active(), 2U);
    EXPECT_EQ(all.active("a:25"), 0U);
}

TEST_F(known_destinations, lets_nobody_wait_behind_a_slow_destination)
{
    lines all{3, 1};
    EXPECT_TRUE(all.acquire("slow:25", 1));
    EXPECT_FALSE(all.acquire("slow:25", 2));
    EXPECT_FALSE(all.acquire("slow:25", 3));
    EXPECT_TRUE(all.acquire("fast:25", 4));
    EXPECT_THAT(all.release("fast:25"), IsEmpty());
    EXPECT_TRUE(all.acquire("fast:25", 5));
}

TEST_F(known_destinations, admits_who_has_waited_longest_of_those_that_can_go)
{
    lines all{2, 1};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_TRUE(all.acquire("b:25", 2));
    EXPECT_FALSE(all.acquire("a:25", 3));
    EXPECT_FALSE(all.acquire("c:25", 4));
    EXPECT_FALSE(all.acquire("b:25", 5));
    EXPECT_THAT(all.release("b:25"), ElementsAre(4)); // 3 still may not: a:25 is busy
    EXPECT_THAT(all.release("a:25"), ElementsAre(3));
    EXPECT_THAT(all.release("c:25"), ElementsAre(5));
}

TEST_F(known_destinations, forgets_a_job_that_waits)
{
    lines all{1, 1};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_FALSE(all.acquire("a:25", 2));
    EXPECT_FALSE(all.acquire("a:25", 3));
    EXPECT_FALSE(all.acquire("b:25", 4));
    EXPECT_TRUE(all.forget("a:25", 2));
    EXPECT_FALSE(all.forget("a:25", 2));
    EXPECT_FALSE(all.forget("a:25", 1)); // runs
    EXPECT_TRUE(all.forget("b:25", 4));
    EXPECT_EQ(all.waiting(), 1U);
    EXPECT_THAT(all.release("a:25"), ElementsAre(3));
}

TEST_F(known_destinations, makes_no_room_for_a_release_that_is_not_owed)
{
    lines all{1, 1};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_FALSE(all.acquire("b:25", 2));
    EXPECT_THAT(all.release("b:25"), IsEmpty());
    EXPECT_THAT(all.release("nobody:25"), IsEmpty());
    EXPECT_EQ(all.active(), 1U);
}

TEST_F(known_destinations, follows_new_limits)
{
    lines all{1, 1};
    EXPECT_TRUE(all.acquire("a:25", 1));
    EXPECT_FALSE(all.acquire("a:25", 2));
    EXPECT_FALSE(all.acquire("b:25", 3));
    EXPECT_FALSE(all.acquire("a:25", 4));
    EXPECT_THAT(all.limit(3, 2), ElementsAre(2, 3));
    EXPECT_THAT(all.limit(1, 1), IsEmpty());
    EXPECT_THAT(all.release("b:25"), IsEmpty()); // still above
    EXPECT_THAT(all.release("a:25"), IsEmpty());
    EXPECT_THAT(all.release("a:25"), ElementsAre(4));
}

TEST_F(known_destinations, never_passes_a_limit_nor_strands_a_job)
{
    base::seeded_random random{3};
    lines all{5, 2};
    const char* names[] = {"a:25", "b:25", "c:25", "d:25"};
    std::map<std::uint64_t, std::string> running;
    std::map<std::uint64_t, std::string> waiting;
    std::uint64_t next = 0;
    const auto admitted = [&](const std::vector<destinations::job>& jobs) {
        for (const auto job : jobs) {
            ASSERT_TRUE(waiting.contains(job));
            running.insert(waiting.extract(job));
        }
    };
    for (int step = 0; step < 20'000; ++step) {
        const std::string name = names[random.next() % 4];
        if (random.next() % 2 == 0) {
            (all.acquire(name, ++next) ? running : waiting)[next] = name;
        } else if (!running.empty()) {
            const auto at = running.begin();
            const auto where = at->second;
            running.erase(at);
            admitted(all.release(where));
        }
        if (random.next() % 8 == 0 && !waiting.empty()) {
            EXPECT_TRUE(all.forget(waiting.begin()->second, waiting.begin()->first));
            waiting.erase(waiting.begin());
        }
        ASSERT_EQ(all.active(), running.size());
        ASSERT_EQ(all.waiting(), waiting.size());
        ASSERT_LE(all.active(), 5U);
        for (const auto* n : names) {
            ASSERT_LE(all.active(n), 2U);
            const bool somebody_waits = std::any_of(waiting.begin(), waiting.end(), [&](const auto& w) { return w.second == n; });
            ASSERT_FALSE(somebody_waits && all.active() < 5 && all.active(n) < 2);
        }
    }
    while (!running.empty()) {
        const auto where = running.begin()->second;
        running.erase(running.begin());
        admitted(all.release(where));
    }
    EXPECT_TRUE(waiting.empty());
    EXPECT_EQ(all.active(), 0U);
}

class unknown_destinations : public ::testing::Test {
protected:
    destinations all_{{2, 2, 3}};
};

TEST_F(unknown_destinations, get_one_scout_and_the_others_wait_for_what_it_finds)
{
    EXPECT_EQ(all_.acquire("a:25", 1), admission::scout);
    EXPECT_TRUE(all_.has_scout("a:25"));
    EXPECT_EQ(all_.acquire("a:25", 2), admission::wait);
    EXPECT_EQ(all_.acquire("a:25", 3), admission::wait);
    EXPECT_EQ(all_.active(), 0U) << "it takes nobody's place";
    EXPECT_THAT(all_.arrive("a:25", 1),
                ElementsAre(destinations::called{1, admission::go}, destinations::called{2, admission::go}));
    EXPECT_FALSE(all_.has_scout("a:25"));
    EXPECT_EQ(all_.active("a:25"), 2U);
    EXPECT_THAT(all_.release("a:25"), ElementsAre(destinations::called{3, admission::go})) << "the way is known now";
}

TEST_F(unknown_destinations, get_another_scout_where_one_found_nobody)
{
    EXPECT_EQ(all_.acquire("a:25", 1), admission::scout);
    EXPECT_EQ(all_.acquire("a:25", 2), admission::wait);
    EXPECT_THAT(all_.give_up("a:25"), ElementsAre(destinations::called{2, admission::scout}));
    EXPECT_THAT(all_.give_up("a:25"), IsEmpty());
    EXPECT_FALSE(all_.is_busy("a:25"));
    EXPECT_EQ(all_.scouts(), 0U);
    EXPECT_THAT(all_.give_up("a:25"), IsEmpty()) << "not owed";
}

TEST_F(unknown_destinations, hold_up_none_that_is_known)
{
    EXPECT_EQ(all_.acquire("dead:25", 1), admission::scout);
    EXPECT_EQ(all_.acquire("gone:25", 2), admission::scout);
    EXPECT_EQ(all_.acquire("good:25", 3, true), admission::go);
    EXPECT_EQ(all_.acquire("good:25", 4, true), admission::go);
}

TEST_F(unknown_destinations, have_only_so_many_scouts_set_out_at_a_time)
{
    EXPECT_EQ(all_.acquire("a:25", 1), admission::scout);
    EXPECT_EQ(all_.acquire("b:25", 2), admission::scout);
    EXPECT_EQ(all_.acquire("c:25", 3), admission::wait);
    EXPECT_THAT(all_.tire("a:25", 2), IsEmpty()) << "that is not its scout";
    EXPECT_THAT(all_.tire("a:25", 1), ElementsAre(destinations::called{3, admission::scout}));
    EXPECT_THAT(all_.tire("a:25", 1), IsEmpty());
    EXPECT_THAT(all_.tire("b:25", 2), IsEmpty());
    EXPECT_EQ(all_.acquire("d:25", 4), admission::wait) << "three are on their way";
    EXPECT_THAT(all_.give_up("a:25"), ElementsAre(destinations::called{4, admission::scout}));
}

TEST_F(unknown_destinations, get_a_place_before_all_who_wait_in_line)
{
    EXPECT_EQ(all_.acquire("new:25", 1), admission::scout);
    EXPECT_EQ(all_.acquire("good:25", 2, true), admission::go);
    EXPECT_EQ(all_.acquire("good:25", 3, true), admission::go);
    EXPECT_EQ(all_.acquire("fine:25", 4, true), admission::wait);
    EXPECT_THAT(all_.arrive("new:25", 1), IsEmpty()) << "there is no place";
    EXPECT_EQ(all_.acquire("new:25", 5), admission::wait);
    EXPECT_THAT(all_.release("good:25"), ElementsAre(destinations::called{1, admission::go}));
    EXPECT_THAT(all_.release("good:25"), ElementsAre(destinations::called{4, admission::go}));
    EXPECT_THAT(all_.release("fine:25"), ElementsAre(destinations::called{5, admission::go}));
}

TEST_F(unknown_destinations, send_no_more_scouts_while_many_wait_for_a_place)
{
    EXPECT_EQ(all_.acquire("good:25", 1, true), admission::go);
    EXPECT_EQ(all_.acquire("good:25", 2, true), admission::go);
    EXPECT_EQ(all_.acquire("a:25", 3), admission::scout);
    EXPECT_EQ(all_.acquire("b:25", 4), admission::scout);
    EXPECT_THAT(all_.arrive("a:25", 3), IsEmpty());
    EXPECT_EQ(all_.acquire("c:25", 5), admission::scout) << "one waits, and there are two places";
    EXPECT_THAT(all_.arrive("b:25", 4), IsEmpty());
    EXPECT_THAT(all_.arrive("c:25", 5), IsEmpty());
    EXPECT_EQ(all_.acquire("d:25", 6), admission::wait);
    EXPECT_THAT(all_.release("good:25"), ElementsAre(destinations::called{3, admission::go}));
    EXPECT_THAT(all_.release("good:25"),
                ElementsAre(destinations::called{4, admission::go}, destinations::called{6, admission::scout}));
}

TEST_F(unknown_destinations, forget_a_scout_that_waits_for_its_place)
{
    EXPECT_EQ(all_.acquire("good:25", 1, true), admission::go);
    EXPECT_EQ(all_.acquire("good:25", 2, true), admission::go);
    EXPECT_EQ(all_.acquire("a:25", 3), admission::scout);
    EXPECT_THAT(all_.arrive("a:25", 3), IsEmpty());
    EXPECT_TRUE(all_.forget("a:25", 3));
    EXPECT_FALSE(all_.forget("a:25", 3));
    EXPECT_FALSE(all_.is_busy("a:25"));
    EXPECT_THAT(all_.release("good:25"), IsEmpty());
}

TEST_F(unknown_destinations, are_those_that_somebody_doubts)
{
    EXPECT_EQ(all_.acquire("a:25", 1, true), admission::go);
    all_.doubt("a:25");
    all_.doubt("nobody:25");
    EXPECT_EQ(all_.acquire("a:25", 2), admission::scout);
    EXPECT_EQ(all_.acquire("a:25", 3), admission::wait);
    EXPECT_THAT(all_.release("a:25"), IsEmpty());
    EXPECT_THAT(all_.arrive("a:25", 2),
                ElementsAre(destinations::called{2, admission::go}, destinations::called{3, admission::go}));
}

TEST_F(unknown_destinations, never_strand_a_job)
{
    base::seeded_random random{5};
    destinations all{{3, 2, 4}};
    const char* names[] = {"a:25", "b:25", "c:25", "d:25", "e:25"};
    std::map<std::uint64_t, std::string> waiting, placed, scouting, arriving;
    std::uint64_t next = 0;
    const auto called = [&](const std::vector<destinations::called>& now) {
        for (const auto& one : now) {
            auto& from = arriving.contains(one.who) ? arriving : waiting;
            ASSERT_TRUE(from.contains(one.who));
            (one.as == admission::go ? placed : scouting).insert(from.extract(one.who));
        }
    };
    const auto step = [&](bool lets_in) {
        const std::string name = names[random.next() % 5];
        const auto what = random.next() % 6;
        if (lets_in && what < 2) {
            const auto as = all.acquire(name, ++next);
            (as == admission::go ? placed : as == admission::scout ? scouting : waiting)[next] = name;
        } else if (what == 2 && !placed.empty()) {
            const auto where = placed.begin()->second;
            placed.erase(placed.begin());
            called(all.release(where));
        } else if (what == 3 && !scouting.empty()) {
            const auto where = scouting.begin()->second;
            const auto who = scouting.begin()->first;
            arriving.insert(scouting.extract(who));
            called(all.arrive(where, who));
        } else if (what == 4 && !scouting.empty()) {
            const auto where = scouting.begin()->second;
            scouting.erase(scouting.begin());
            if (random.next() % 2 == 0)
                all.doubt(where);
            called(all.give_up(where));
        } else if (what == 5 && !scouting.empty()) {
            called(all.tire(scouting.begin()->second, scouting.begin()->first));
        }
        ASSERT_EQ(all.active(), placed.size());
        ASSERT_EQ(all.scouts(), scouting.size());
        ASSERT_EQ(all.waiting(), waiting.size());
        ASSERT_LE(all.active(), 3U);
        ASSERT_LE(all.scouts(), 4U);
        ASSERT_TRUE(arriving.empty() || all.active() == 3U);
    };
    for (int i = 0; i < 20'000; ++i)
        step(waiting.size() < 50);
    for (int i = 0; i < 10'000 && !(waiting.empty() && placed.empty() && scouting.empty() && arriving.empty()); ++i)
        step(false);
    EXPECT_TRUE(waiting.empty() && placed.empty() && scouting.empty() && arriving.empty());
}

class destinations_just_reached : public ::testing::Test {
protected:
    /// One has found somebody, and so many wait behind it; how many deliver.
    std::uint32_t reach(std::uint32_t waiting)
    {
        EXPECT_EQ(all_.acquire("a:25", ++last_), admission::scout);
        for (std::uint32_t i = 0; i < waiting; ++i)
            EXPECT_EQ(all_.acquire("a:25", ++last_), admission::wait);
        (void)all_.arrive("a:25", 1);
        return all_.active("a:25");
    }

    destinations all_{{100, 20, 10}};
    destinations::job last_ = 0;
};

TEST_F(destinations_just_reached, get_a_few_at_first_and_twice_as_many_when_those_went_well)
{
    EXPECT_EQ(reach(60), 5U);
    for (const std::uint32_t expected : {10U, 20U, 20U}) {
        for (auto running = all_.active("a:25"); running > 0; --running) {
            (void)all_.widen("a:25");
            EXPECT_THAT(all_.release("a:25"), testing::SizeIs(1)) << "who ends makes room for another";
        }
        EXPECT_EQ(all_.active("a:25"), expected);
    }
    EXPECT_EQ(all_.acquire("b:25", 100), admission::scout) << "a line of its own";
}

TEST_F(destinations_just_reached, get_no_more_where_those_did_not_end_well)
{
    EXPECT_EQ(reach(20), 5U);
    for (int i = 0; i < 10; ++i)
        EXPECT_THAT(all_.release("a:25"), testing::SizeIs(1));
    EXPECT_EQ(all_.active("a:25"), 5U);
}

TEST_F(destinations_just_reached, begin_anew_behind_the_next_scout)
{
    EXPECT_EQ(reach(60), 5U);
    for (int i = 0; i < 100; ++i)
        (void)all_.widen("a:25");
    EXPECT_EQ(all_.active("a:25"), 20U);
    all_.doubt("a:25");
    for (int i = 0; i < 19; ++i)
        (void)all_.release("a:25");
    (void)all_.give_up("a:25"); // the first of those who waited has found nobody
    ASSERT_TRUE(all_.has_scout("a:25")) << "another one of them";
    const auto called = all_.arrive("a:25", 0);
    EXPECT_EQ(all_.active("a:25"), 5U) << "one that was there, the scout, and three more";
    EXPECT_THAT(called, testing::SizeIs(4));
}

TEST_F(destinations_just_reached, have_the_limit_of_their_own_when_that_is_less)
{
    (void)all_.set_rule("a:25", destinations::rule{2U, {}});
    EXPECT_EQ(reach(20), 2U);
    EXPECT_THAT(all_.widen("a:25"), IsEmpty());
    EXPECT_EQ(all_.active("a:25"), 2U);
    EXPECT_THAT(all_.widen("nobody:25"), IsEmpty());
}

TEST_F(destinations_just_reached, are_none_where_there_is_a_way_for_certain)
{
    for (destinations::job who = 1; who <= 20; ++who)
        EXPECT_EQ(all_.acquire("mailboxes", who, true), admission::go);
    EXPECT_EQ(all_.acquire("mailboxes", 21, true), admission::wait);
}

class paced_destinations : public ::testing::Test {
protected:
    [[nodiscard]] admission comes(destinations::job who, std::string_view to = "a:25") { return all_.acquire(to, who, true); }
    [[nodiscard]] std::vector<destinations::called> after(std::chrono::milliseconds time)
    {
        now_ += time;
        all_.it_is(now_);
        open_.clear();
        return all_.tick(open_);
    }
    static constexpr pace ten_a_second{10, std::chrono::seconds{1}};

    std::vector<std::string> open_;
    base::instant now_{std::chrono::hours{1}};
    destinations all_ = [this] {
        destinations all{{5, 5, 10, ten_a_second}};
        all.it_is(now_);
        return all;
    }();
};

TEST_F(paced_destinations, have_one_begin_after_the_other)
{
    EXPECT_EQ(comes(1), admission::go);
    EXPECT_EQ(comes(2), admission::wait);
    EXPECT_EQ(comes(3), admission::wait);
    EXPECT_EQ(comes(4, "b:25"), admission::go) << "each has a pace of its own";
    EXPECT_EQ(all_.next_tick(), now_ + 100ms);
    EXPECT_THAT(after(99ms), IsEmpty());
    EXPECT_THAT(after(1ms), ElementsAre(destinations::called{2, admission::go}));
    EXPECT_THAT(all_.release("a:25"), IsEmpty()) << "a place alone is not enough";
    EXPECT_THAT(after(100ms), ElementsAre(destinations::called{3, admission::go}));
}

TEST_F(paced_destinations, remember_it_when_nobody_is_there_as_long_as_it_matters)
{
    EXPECT_EQ(comes(1), admission::go);
    EXPECT_THAT(all_.release("a:25"), IsEmpty());
    EXPECT_EQ(comes(2), admission::wait);
    EXPECT_THAT(after(100ms), ElementsAre(destinations::called{2, admission::go}));
    EXPECT_THAT(all_.release("a:25"), IsEmpty());
    EXPECT_TRUE(all_.is_too_soon("a:25"));
    EXPECT_THAT(after(100ms), IsEmpty());
    EXPECT_THAT(open_, ElementsAre("a:25")) << "whoever waits outside may come";
    EXPECT_FALSE(all_.is_too_soon("a:25"));
    EXPECT_FALSE(all_.is_busy("a:25"));
    EXPECT_FALSE(all_.next_tick());
}

TEST_F(paced_destinations, have_nobody_forgotten_who_joins_when_the_time_has_come)
{
    EXPECT_EQ(comes(1), admission::go);
    EXPECT_EQ(comes(2), admission::wait);
    now_ += 100ms;
    all_.it_is(now_);
    EXPECT_EQ(comes(3), admission::wait);
    EXPECT_EQ(all_.next_tick(), now_);
    EXPECT_THAT(after(0ms), ElementsAre(destinations::called{2, admission::go}));
}

TEST_F(paced_destinations, wait_for_no_pace_that_is_no_more)
{
    EXPECT_EQ(comes(1), admission::go);
    EXPECT_EQ(comes(2), admission::wait);
    EXPECT_THAT(all_.limit({5, 5, 10, {}}), ElementsAre(destinations::called{2, admission::go}));
}

TEST_F(paced_destinations, count_a_scout_once)
{
    EXPECT_EQ(all_.acquire("a:25", 1), admission::scout);
    EXPECT_THAT(all_.arrive("a:25", 1), ElementsAre(destinations::called{1, admission::go}));
    EXPECT_EQ(comes(2), admission::wait);
    EXPECT_THAT(after(100ms), ElementsAre(destinations::called{2, admission::go}));
}

TEST_F(paced_destinations, have_what_is_said_of_them_alone)
{
    EXPECT_THAT(all_.limit({5, 5, 10, {}}, {{"a:25", {1, pace{1, 1s}}}, {"b:25", {2, {}}}}), IsEmpty());
    EXPECT_EQ(comes(1), admission::go);
    EXPECT_EQ(comes(2), admission::wait);
    EXPECT_EQ(comes(3, "b:25"), admission::go);
    EXPECT_EQ(comes(4, "b:25"), admission::go);
    EXPECT_EQ(comes(5, "b:25"), admission::wait);
    EXPECT_THAT(after(1s), IsEmpty()) << "one at a time";
    EXPECT_THAT(all_.release("a:25"), ElementsAre(destinations::called{2, admission::go}));
}

} // namespace
} // namespace postern::delivery
