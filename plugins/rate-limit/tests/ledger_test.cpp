// What holds of buckets that many take from at once: sessions of one node, and of others that share the store.

#include "limited_host.hpp"

#include <cstddef>
#include <memory>
#include <random>

using namespace rate_limit::test;
using namespace postern::testing;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::IsEmpty;

namespace {

/// Sessions of one client that are under way at the same time. A started one is a connection that asks to be let in.
class crowd {
public:
    crowd(limited_host& host, std::size_t size) : host_{host}, asked_(size)
    {
        for (std::size_t i = 0; i < size; ++i)
            sessions_.push_back(std::make_unique<fake_session>(host, i + 1));
    }
    void starts(std::size_t which)
    {
        if (!asked_[which].is_pending())
            asked_[which] = sessions_[which]->conn_open();
    }
    /// How many of those that were under way have been let in by now.
    std::size_t let_in()
    {
        std::size_t count = 0;
        for (answer& one : asked_) {
            if (!one.is_pending())
                continue;
            answer now = host_.answer_to(one.ticket);
            if (now.is_pending())
                continue;
            failed_ += now.text == "try again later" ? 1 : 0;
            count += now.proceeds() ? 1 : 0;
            one = now;
        }
        return count;
    }
    [[nodiscard]] std::size_t failed() const noexcept { return failed_; }

private:
    limited_host& host_;
    std::vector<std::unique_ptr<fake_session>> sessions_;
    std::vector<answer> asked_;
    std::size_t failed_ = 0;
};

TEST(sessions_that_race, get_as_many_tokens_as_there_are_and_no_more)
{
    limited_host host{{{"a", "counts=connections key=client rate=10/1h"}}};
    host.made();
    crowd all{host, 40};
    for (std::size_t i = 0; i < 40; ++i)
        all.starts(i);
    host.advance(2s);
    EXPECT_EQ(all.let_in(), 10u);
    EXPECT_EQ(all.failed(), 0u);
    EXPECT_GT(host.metric("conflicts_total"), 0);
    EXPECT_EQ(host.over("a"), 30);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(sessions_that_race, all_get_one_where_there_are_enough)
{
    limited_host host{{{"a", "counts=connections key=client rate=100/1h"}}};
    host.made();
    crowd all{host, 60};
    for (std::size_t i = 0; i < 60; ++i)
        all.starts(i);
    host.advance(2s);
    EXPECT_EQ(all.let_in(), 60u);
    EXPECT_EQ(all.failed(), 0u);
}

/// In any window between two that were let in: burst + rate * its length, and `slack` for what is not known of their times.
void expect_no_window_with_more(const std::vector<nanoseconds>& times, std::size_t burst, nanoseconds token, nanoseconds slack)
{
    for (std::size_t i = 0; i < times.size(); ++i) {
        for (std::size_t k = i; k < times.size(); ++k) {
            const auto refilled = static_cast<std::size_t>((times[k] - times[i] + slack) / token);
            ASSERT_LE(k - i + 1, burst + refilled) << i << " " << k;
        }
    }
}

TEST(sessions_in_any_order, are_never_let_in_faster_than_the_rule_says)
{
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 random{seed};
        limited_host host{{{"a", "counts=connections key=client rate=60/1m burst=5"}}};
        host.made();
        crowd all{host, 12};
        std::vector<nanoseconds> times;
        for (int step = 0; step < 200; ++step) {
            for (unsigned starts = random() % 8; starts != 0; --starts)
                all.starts(random() % 12);
            host.advance(1ms * (random() % 700));
            times.insert(times.end(), all.let_in(), host.now());
        }
        // Nothing but a pause between rounds lies between taking and being let in, and those are told together at a step's end.
        expect_no_window_with_more(times, 5, 1s, 700ms);
        EXPECT_GT(times.size(), 50u) << "and they are let in";
        EXPECT_EQ(all.failed(), 0u);
        EXPECT_THAT(host.complaints(), IsEmpty());
    }
}

TEST(sessions_in_any_order, are_never_let_in_faster_by_a_store_that_takes_its_time)
{
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 random{seed};
        limited_host host{{{"a", "counts=connections key=client rate=60/1m burst=5"}}};
        host.option("store_wait", nanoseconds{4s});
        host.made();
        crowd all{host, 12};
        std::vector<nanoseconds> times;
        for (int step = 0; step < 600; ++step) {
            host.kv.delay = 1ms * (random() % 40);
            for (unsigned starts = random() % 4; starts != 0; --starts)
                all.starts(random() % 12);
            host.advance(1ms * (random() % 200));
            times.insert(times.end(), all.let_in(), host.now());
        }
        expect_no_window_with_more(times, 5, 1s, 240ms);
        EXPECT_GT(times.size(), 50u);
        EXPECT_THAT(host.complaints(), IsEmpty());
    }
}

TEST(a_refusal, takes_nothing_from_the_other_rules)
{
    limited_host host{
        {{"wide", "counts=connections key=network rate=5/1h"}, {"narrow", "counts=connections key=client rate=2/1h"}}};
    host.made();
    fake_session one{host};
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(one.finish(one.conn_open()).proceeds(), i < 2);
    fake_session other{host, 2};
    is_at(other, "192.0.2.2");
    fake_session third{host, 3};
    is_at(third, "192.0.2.3");
    EXPECT_TRUE(other.finish(other.conn_open()).proceeds());
    EXPECT_TRUE(other.finish(other.conn_open()).proceeds());
    EXPECT_TRUE(third.finish(third.conn_open()).proceeds()) << "three of five are left, and no fewer";
    EXPECT_FALSE(third.finish(third.conn_open()).proceeds());
}

TEST(a_refusal_in_a_race, gives_back_what_was_taken_from_the_other_rules)
{
    // Both have looked when one of them takes the last token of `narrow`: the other has taken from `wide` by then.
    limited_host host{
        {{"wide", "counts=connections key=network rate=3/1h"}, {"narrow", "counts=connections key=client rate=1/1h"}}};
    host.made();
    crowd two{host, 2};
    two.starts(0);
    two.starts(1);
    host.advance(2s);
    EXPECT_EQ(two.let_in(), 1u);
    for (const char* address : {"192.0.2.2", "192.0.2.3"}) {
        fake_session other{host, 10};
        is_at(other, address);
        EXPECT_TRUE(other.finish(other.conn_open()).proceeds()) << address;
    }
    fake_session last{host, 11};
    is_at(last, "192.0.2.4");
    EXPECT_FALSE(last.finish(last.conn_open()).proceeds());
}

TEST(crowds_that_race_for_two_rules, lose_no_tokens)
{
    limited_host host{
        {{"wide", "counts=connections key=network rate=20/1h"}, {"narrow", "counts=connections key=client rate=4/1h"}}};
    host.made();
    std::vector<std::unique_ptr<fake_session>> sessions;
    std::vector<answer> said;
    for (std::uint64_t i = 0; i < 60; ++i) {
        sessions.push_back(std::make_unique<fake_session>(host, i + 1));
        const std::string address = "192.0.2." + std::to_string(i % 6);
        is_at(*sessions.back(), address.c_str());
        said.push_back(sessions.back()->conn_open());
    }
    host.advance(2s);
    const auto let_in =
        std::count_if(said.begin(), said.end(), [&](const answer& one) { return host.answer_to(one.ticket).proceeds(); });
    EXPECT_LE(let_in, 20);
    // Who was refused for `narrow` has given back: what is left of `wide` is what was not let in.
    std::int64_t more = 0;
    for (int i = 100; i < 130; ++i) {
        fake_session other{host, static_cast<std::uint64_t>(i)};
        is_at(other, ("192.0.2." + std::to_string(i)).c_str());
        more += other.finish(other.conn_open()).proceeds() ? 1 : 0;
    }
    EXPECT_EQ(let_in + more, 20);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(two_nodes, share_what_is_in_their_store)
{
    // The second host stands for another node: what the first has written is its store's too.
    const rules given{{"a", "counts=connections key=client rate=3/1h"}};
    limited_host one{given};
    limited_host other{given};
    one.made();
    other.made();
    const auto carry = [](limited_host& from, limited_host& to) {
        for (const std::string& key : from.kv.keys())
            to.kv.set(key, *from.kv.value(key), from.kv.ttl(key).value_or(0ns));
    };
    fake_session here{one};
    fake_session there{other};
    EXPECT_TRUE(here.finish(here.conn_open()).proceeds());
    carry(one, other);
    EXPECT_TRUE(there.finish(there.conn_open()).proceeds());
    EXPECT_TRUE(there.finish(there.conn_open()).proceeds());
    carry(other, one);
    EXPECT_FALSE(here.finish(here.conn_open()).proceeds());
}

TEST(a_store_whose_clock_went_back, locks_nobody_out_for_longer_than_a_refill)
{
    limited_host host{{{"a", "counts=connections key=client rate=10/10s"}}};
    host.made();
    fake_session session{host};
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(session.finish(session.conn_open()).proceeds());
    const std::string key = host.kv.keys().front();
    host.kv.set(key, *host.kv.value(key), 10'000h); // as it lives after a jump of that much
    EXPECT_FALSE(session.finish(session.conn_open()).proceeds());
    EXPECT_EQ(host.kv.ttl(key), 10s);
    host.advance(10s);
    EXPECT_TRUE(session.finish(session.conn_open()).proceeds());
}

TEST(a_store_whose_clock_went_back, is_set_right_for_rules_that_refuse_nothing_too)
{
    limited_host host{
        {{"a", "counts=connections key=client rate=10/10s shadow"}, {"b", "counts=connections key=client rate=9/1h"}}};
    host.made();
    host.kv.set("a=192.0.2.1/32", "10000000000 1", 10'000h);
    fake_session session{host};
    EXPECT_TRUE(session.finish(session.conn_open()).proceeds());
    EXPECT_EQ(host.over("a"), 1);
    EXPECT_EQ(host.kv.ttl("a=192.0.2.1/32"), 10s);
    EXPECT_EQ(host.kv.ttl("b=192.0.2.1/32"), 400s) << "what was taken there stays so";
    host.advance(10s);
    EXPECT_TRUE(session.finish(session.conn_open()).proceeds());
    EXPECT_EQ(host.over("a"), 1);
}

TEST(an_announcement, writes_a_key_anew_whose_times_do_not_go_with_the_store)
{
    limited_host host{{{"a", "counts=octets key=client rate=10/10s"}}};
    host.made();
    host.kv.set("a=192.0.2.1/32", "10000000000 1", 10'000h);
    fake_session session{host};
    EXPECT_TRUE(session.finish(session.mail("a@client.example", {}, 5)).defers());
    EXPECT_EQ(host.kv.ttl("a=192.0.2.1/32"), 10s);
}

TEST(a_store_without_room, costs_no_tokens_of_rules_that_had_some)
{
    limited_host host{
        {{"wide", "counts=connections key=network rate=2/1h"}, {"narrow", "counts=connections key=client rate=5/1h"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(session.finish(session.conn_open()).proceeds());
    host.kv.is_full = true;
    fake_session other{host, 2};
    is_at(other, "192.0.2.2");
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(other.finish(other.conn_open()).defers()) << "its own bucket has no place";
    host.kv.is_full = false;
    EXPECT_TRUE(other.finish(other.conn_open()).proceeds());
    EXPECT_FALSE(other.finish(other.conn_open()).proceeds());
}

} // namespace
