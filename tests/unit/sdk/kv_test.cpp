// Keys and values: what a task gets of each call, failures of the store, an end in every case.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

class keeper {
public:
    using work = std::function<postern::task<postern::verdict>(postern::host)>;
    static inline work next;
    static inline int cancelled = 0;
    static inline std::vector<std::string> heard;

    explicit keeper(const postern::host& host) : host_{host} {}
    postern::task<postern::verdict> on(postern::rcpt)
    {
        try {
            co_return co_await next(host_);
        } catch (const postern::cancelled&) {
            ++cancelled;
            throw;
        }
    }
    void on(const postern::kv_answer& answer)
    {
        std::string line = std::to_string(answer.token()) + (answer.is_cancelled() ? " cancelled" : "");
        for (const auto result : answer.results())
            line += " " + std::string{result.key} + "=" + std::string{result.value};
        heard.push_back(line + (answer.has_more() ? " ..." : ""));
    }
    void on(const postern::helo& event) const
    {
        EXPECT_TRUE(host_.kv().ask(event.session(), 1, postern::kv_batch{}.get("a")));
        EXPECT_TRUE(host_.kv().ask_scan(event.session(), 2, "", "", 1));
    }

private:
    postern::host host_;
};
constexpr postern_plugin table = postern::sdk::describe<keeper>("org.example.keeper", "1.0", "test");

class kv : public testing::Test {
protected:
    kv()
    {
        keeper::cancelled = 0;
        keeper::heard.clear();
        EXPECT_EQ(host_.create(), POSTERN_PASS);
    }

    /// Runs a task to its end, or until it waits for more than its next answer.
    answer run(keeper::work what)
    {
        keeper::next = std::move(what);
        const answer said = session_.rcpt("a@x");
        while (host_.answer_to(said.ticket).is_pending() && host_.waiting() != 0)
            host_.advance(0s);
        return host_.answer_to(said.ticket);
    }

    fake_host host_{table};
    fake_session session_{host_};
};

postern::task<postern::verdict> use_all(postern::host host)
{
    const postern::kv_client store = host.kv();
    const std::string prefix = "p:";
    const auto nothing = co_await store.get(prefix + "a");
    co_await store.put(prefix + "a", "1");
    const auto first = co_await store.get(prefix + "a");
    const std::int64_t sum = co_await store.add(prefix + "a", 41);
    const auto differs = co_await store.swap(prefix + "a", "41", "x");
    const auto swapped = co_await store.swap(prefix + "a", "42", "x");
    const auto there = co_await store.swap(prefix + "a", std::nullopt, "y");
    const auto missing = co_await store.swap(prefix + "b", "42", "y");
    const auto fresh = co_await store.swap(prefix + "b", std::nullopt, "y");
    const std::vector<std::string> keys{"p:b", "p:none", "p:a"};
    const auto all = co_await store.get_all(keys);
    const auto page = co_await store.scan(prefix, "", 1);
    const auto rest = co_await store.scan(prefix, page.pairs.at(0).key);
    const bool was_there = co_await store.remove(prefix + "a");
    const bool is_there = co_await store.remove(prefix + "a");

    EXPECT_FALSE(nothing);
    EXPECT_EQ(first, "1");
    EXPECT_EQ(sum, 42);
    EXPECT_EQ(differs.status, postern::kv_status::differs);
    EXPECT_EQ(differs.value, "42");
    EXPECT_TRUE(swapped);
    EXPECT_EQ(there.status, postern::kv_status::differs);
    EXPECT_EQ(missing.status, postern::kv_status::missing);
    EXPECT_TRUE(fresh);
    EXPECT_THAT(all, ElementsAre("y", std::nullopt, "x"));
    EXPECT_THAT(page.pairs, ElementsAre(postern::kv_pair{"p:a", "x"}));
    EXPECT_TRUE(page.has_more);
    EXPECT_THAT(rest.pairs, ElementsAre(postern::kv_pair{"p:b", "y"}));
    EXPECT_FALSE(rest.has_more);
    EXPECT_TRUE(was_there);
    EXPECT_FALSE(is_there);
    co_return postern::proceed();
}

TEST_F(kv, reads_writes_counts_compares_removes_and_lists)
{
    EXPECT_TRUE(run(use_all).proceeds());
    EXPECT_EQ(host_.kv.value("p:b"), "y");
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

postern::task<postern::verdict> count_many(postern::host host)
{
    postern::kv_batch items;
    for (int i = 0; i < 150; ++i)
        items.add("word" + std::to_string(i), 1);
    items.get("word149").put("odd", "text").add("odd", 1);
    const auto all = co_await host.kv().run(items, true);
    EXPECT_EQ(all.size(), 153u);
    EXPECT_EQ(all[7].number, 1);
    EXPECT_EQ(all[150].value, "1");
    EXPECT_EQ(all[152].status, postern::kv_status::no_number);
    co_return postern::proceed();
}

TEST_F(kv, does_the_items_of_a_batch_in_one_request)
{
    EXPECT_TRUE(run(count_many).proceeds());
    EXPECT_EQ(host_.kv.requests(), 1u);
    EXPECT_EQ(host_.kv.durable_requests(), 1u);
}

postern::task<postern::verdict> count_with_times(postern::host host)
{
    const postern::kv_client store = host.kv();
    postern::kv_batch items;
    items.put("gone", "1", 5s).add("window", 1, 5s).add_and_renew("renewed", 1, 5s);
    co_await store.run(items);
    co_await host.sleep(3s);
    postern::kv_batch more;
    more.add("window", 1, 5s).add_and_renew("renewed", 1, 5s).get("gone");
    const auto then = co_await store.run(more);
    EXPECT_EQ(then[2].ttl, 2s);
    co_await host.sleep(2s);
    postern::kv_batch last;
    last.get("gone").get("window").get("renewed");
    const auto left = co_await store.run(last);
    EXPECT_EQ(left[0].status, postern::kv_status::missing);
    EXPECT_EQ(left[1].status, postern::kv_status::missing);
    EXPECT_EQ(left[2].value, "2");
    EXPECT_EQ(left[2].ttl, 3s);
    co_return postern::proceed();
}

TEST_F(kv, forgets_what_had_its_time_and_renews_only_what_was_asked_for)
{
    keeper::next = count_with_times;
    const answer said = session_.rcpt("a@x");
    host_.advance(10s);
    EXPECT_TRUE(host_.answer_to(said.ticket).proceeds());
}

postern::task<postern::verdict> put_one(postern::host host)
{
    try {
        co_await host.kv().put("key", "value");
    } catch (const postern::kv_error& error) {
        co_return postern::defer(451, "4.7.1", std::to_string(static_cast<unsigned>(error.status())));
    }
    co_return postern::proceed();
}
postern::task<postern::verdict> get_one(postern::host host)
{
    const auto found = co_await host.kv().get("key");
    co_return found ? postern::defer(451, "4.7.1", *found) : postern::proceed();
}
postern::task<postern::verdict> put_too_much(postern::host host)
{
    co_await host.kv().put("key", std::string(65'537, 'x'));
    co_return postern::proceed();
}

TEST_F(kv, throws_when_the_store_failed_or_is_full)
{
    host_.kv.fails = true;
    EXPECT_EQ(run(put_one).text, "5");
    EXPECT_TRUE(run(get_one).is_failed()); // nobody caught it
    host_.kv.fails = false;
    host_.kv.is_full = true;
    EXPECT_EQ(run(put_one).text, "4");
    host_.kv.is_full = false;
    EXPECT_TRUE(run(put_one).proceeds());
    EXPECT_EQ(run(get_one).text, "value");
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(kv, takes_what_is_beyond_the_limits_for_a_mistake_of_the_plugin)
{
    EXPECT_TRUE(run(put_too_much).is_failed());
    EXPECT_THAT(host_.complaints(), ElementsAre("a request beyond the limits of postern.kv/1"));
}

TEST_F(kv, ends_a_task_when_its_session_ends_first)
{
    host_.kv.delay = 5s;
    keeper::next = get_one;
    (void)session_.rcpt("a@x");
    session_.end_session();
    EXPECT_EQ(keeper::cancelled, 1);
    EXPECT_EQ(host_.waiting(), 0u);
}

TEST_F(kv, tells_who_has_no_task_by_an_event)
{
    host_.kv.set("a", "1");
    host_.kv.set("b", "2");
    (void)session_.helo("client.example");
    host_.advance(0s);
    EXPECT_THAT(keeper::heard, ElementsAre("1 =1", "2 a=1 ..."));
}

/// A store that keeps nothing but the last request.
class mirror {
public:
    explicit mirror(const postern::host& host) : host_{host} {}
    void on(const postern::kv_store_request& request)
    {
        std::vector<postern_kv_result> results;
        if (request.operation() == postern::kv_store_operation::request) {
            for (const auto item : request.items())
                results.push_back(
                    {POSTERN_KV_OK, 0, postern::sdk::str(item.key), postern::sdk::str(item.value), item.number, item.ttl_ns});
        }
        host_.answer(request.ticket(), postern::kv_store_answer{.results = results, .has_more = request.is_durable()});
    }

private:
    postern::host host_;
};
constexpr postern_plugin mirrors = postern::sdk::describe<mirror>("org.example.mirror", "1.0", "test");

TEST(kv_store, gets_requests_and_answers_them)
{
    fake_host host{mirrors};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_TRUE(host.provides(POSTERN_KV_STORE_1));
    const postern_kv_item items[] = {{POSTERN_KV_PUT, 0, postern::sdk::str("k"), postern::sdk::str("v"), {}, 3, 4}};
    postern_ev_kv_store event{};
    event.ev.size = sizeof event;
    event.ev.hook = POSTERN_HOOK_KV_STORE_REQUEST;
    event.flags = POSTERN_KV_DURABLE;
    event.items = postern::sdk::list_over(items, 1);
    const answer said = host.send(event);
    ASSERT_EQ(said.kv.results.size(), 1u);
    EXPECT_EQ(said.kv.results[0].value, "v");
    EXPECT_EQ(said.kv.results[0].number, 3);
    EXPECT_TRUE(said.kv.has_more);
}

} // namespace
