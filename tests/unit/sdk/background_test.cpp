// Tasks of no session: begun by a timer, they await the host's services, and end with the instance.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

/// Counts its ticks in the store.
class ticker {
public:
    static constexpr const char* requires_[] = {"postern.kv/1", "postern.timers/1"};
    explicit ticker(const postern::host& host) : host_{host}, tick_{host.every(1s, [this] { postern::go_on(host_, count()); })} {}
    static postern::verdict on(const postern::helo&) { return postern::proceed(); } // a plugin takes something
    static inline int unwound;

private:
    struct witness {
        ~witness() { ++unwound; }
    };
    postern::task<> count()
    {
        const witness seen;
        auto step = add("ticks");
        const auto sum = co_await std::move(step);
        if (sum == 3)
            throw std::runtime_error("three is enough");
        if (sum == 4)
            co_await host_.sleep(1s); // there is no session to come back to
    }
    postern::task<std::int64_t> add(std::string key)
    {
        auto asked = host_.kv().add(key, 1);
        const auto sum = co_await asked;
        co_return sum;
    }

    postern::host host_;
    postern::timer_handle tick_;
};
constexpr postern_plugin tickers = postern::sdk::describe<ticker>("org.example.ticker", "1.0", "test");

TEST(a_task_of_no_session, goes_on_by_itself)
{
    ticker::unwound = 0;
    fake_host host{tickers};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    host.advance(2s);
    EXPECT_EQ(host.kv.value("ticks"), "2");
    EXPECT_EQ(ticker::unwound, 2);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_task_of_no_session, has_what_it_throws_logged)
{
    fake_host host{tickers};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    host.advance(4s);
    EXPECT_THAT(host.log_lines(), Contains(Pair(POSTERN_LOG_ERROR, "a task of no session threw: three is enough")));
    EXPECT_THAT(host.log_lines(), Contains(Pair(POSTERN_LOG_ERROR, HasSubstr("host.sleep() in a task of no session"))));
    host.advance(1s);
    EXPECT_EQ(host.kv.value("ticks"), "5");
}

TEST(a_task_of_no_session, ends_with_its_instance)
{
    ticker::unwound = 0;
    fake_host host{tickers};
    host.kv.delay = 10s;
    ASSERT_EQ(host.create(), POSTERN_PASS);
    host.advance(1s);
    EXPECT_EQ(ticker::unwound, 0);
    host.destroy();
    EXPECT_EQ(ticker::unwound, 1);
    EXPECT_THAT(host.log_lines(), IsEmpty());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

} // namespace
