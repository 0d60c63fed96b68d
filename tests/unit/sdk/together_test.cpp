// Several things awaited at the same time, and one for so long only.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

/// Every test says what the task does.
class worker {
public:
    static constexpr const char* requires_[] = {POSTERN_DNS_1};
    using work = std::function<postern::task<std::string>(postern::host)>;
    static inline work next;
    static inline int cancelled = 0;

    explicit worker(const postern::host& host) : host_{host} {}
    postern::task<postern::verdict> on(postern::rcpt)
    {
        try {
            co_return postern::defer(451, "4.7.1", co_await next(host_));
        } catch (const postern::cancelled&) {
            ++cancelled;
            throw;
        }
    }

private:
    postern::host host_;
};
constexpr postern_plugin table = postern::sdk::describe<worker>("org.example.worker", "1.0", "test");

class together : public testing::Test {
protected:
    together()
    {
        worker::cancelled = 0;
        EXPECT_EQ(host_.create(), POSTERN_PASS);
    }
    ~together() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    answer begin(worker::work what)
    {
        worker::next = std::move(what);
        return session_.rcpt("a@b.example");
    }

    fake_host host_{table};
    fake_session session_{host_};
};

postern::task<std::string> say_both(postern::host host)
{
    const auto [addresses, exchanges] = co_await postern::all(host.dns().a("slow.example"), host.dns().mx("slower.example"));
    co_return addresses.records.at(0) + " " + exchanges.records.at(0).host;
}

TEST_F(together, take_as_long_as_the_slowest)
{
    host_.dns.a("slow.example", {"192.0.2.1"}).delay = 2s;
    host_.dns.mx("slower.example", {{10, "mx.example"}}).delay = 3s;
    const auto said = begin(say_both);
    host_.advance(2s);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1s);
    EXPECT_EQ(host_.answer_to(said.ticket).text, "192.0.2.1 mx.example");
}

postern::task<std::string> count_lists(postern::host host)
{
    using question = decltype(host.dns().a(""));
    std::vector<question> questions;
    for (int i = 0; i < 5; ++i)
        questions.push_back(host.dns().a("list" + std::to_string(i) + ".example"));
    const auto answers = co_await postern::all(std::move(questions));
    std::string text;
    for (const auto& each : answers)
        text += each ? "1" : "0";
    const auto none = co_await postern::all(std::vector<question>{});
    co_return text + std::to_string(none.size());
}

TEST_F(together, may_be_as_many_as_there_are)
{
    host_.dns.delay = 1s;
    host_.dns.a("list1.example", {"127.0.0.2"});
    host_.dns.a("list4.example", {"127.0.0.2"});
    const auto said = begin(count_lists);
    host_.advance(1s);
    EXPECT_EQ(host_.answer_to(said.ticket).text, "010010");
}

postern::task<int> fail_after(postern::host host, std::chrono::seconds when)
{
    co_await host.sleep(when);
    throw std::runtime_error("after " + std::to_string(when.count()));
}
postern::task<std::string> fail_one_by_one(postern::host host)
{
    std::vector<postern::task<int>> tasks;
    tasks.push_back(fail_after(host, 2s));
    tasks.push_back(fail_after(host, 1s));
    try {
        (void)co_await postern::all(std::move(tasks));
    } catch (const std::runtime_error& error) {
        co_return error.what();
    }
    co_return "nothing was thrown";
}

TEST_F(together, throw_what_the_first_of_them_threw_when_all_are_over)
{
    const auto said = begin(fail_one_by_one);
    host_.advance(1s);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1s);
    EXPECT_EQ(host_.answer_to(said.ticket).text, "after 2");
}

postern::task<std::string> refused_at_once(postern::host host)
{
    const auto [one, nothing, other] =
        co_await postern::all(host.dns().a("no name"), host.sleep(0s), host.dns().a(std::string(300, 'x')));
    co_return std::to_string(static_cast<unsigned>(one.status)) + std::to_string(static_cast<unsigned>(other.status));
}

TEST_F(together, may_be_over_before_anybody_waits)
{
    const auto said = begin(refused_at_once);
    host_.advance(0s);
    EXPECT_EQ(host_.answer_to(said.ticket).text, "255255");
}

TEST_F(together, end_with_their_session)
{
    host_.dns.delay = 5s;
    (void)begin(say_both);
    session_.end_session();
    EXPECT_EQ(worker::cancelled, 1);
    EXPECT_EQ(host_.waiting(), 0U);
}

TEST_F(together, end_with_their_instance)
{
    host_.dns.delay = 5s;
    (void)begin(say_both);
    host_.destroy_at_once();
    EXPECT_EQ(worker::cancelled, 1);
}

postern::task<std::string> wait_a_second(postern::host host)
{
    const auto quick = co_await postern::within(1s, host.dns().a("mx.example"));
    const auto other = co_await postern::within(1s, host.dns().a("other.example"));
    co_return (quick ? quick->records.at(0) : "too late") + ", " + (other ? "in time" : "too late");
}

TEST_F(together, with_a_limit_gives_what_came_in_time_and_drops_what_did_not)
{
    host_.dns.a("mx.example", {"192.0.2.1"}).delay = 500ms;
    host_.dns.a("other.example", {"192.0.2.2"}).delay = 3s;
    const auto said = begin(wait_a_second);
    host_.advance(500ms);
    host_.advance(999ms);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1ms);
    EXPECT_EQ(host_.answer_to(said.ticket).text, "192.0.2.1, too late");
    host_.advance(5s); // the answer that nobody wants, and the alarm of the first
    session_.end_session();
    EXPECT_EQ(worker::cancelled, 0);
}

TEST_F(together, with_a_limit_end_with_their_session)
{
    host_.dns.delay = 5s;
    (void)begin(wait_a_second);
    session_.end_session();
    EXPECT_EQ(worker::cancelled, 1);
    EXPECT_EQ(host_.waiting(), 0U);
}

postern::task<std::string> limit_all(postern::host host)
{
    const auto both = co_await postern::within(1s, postern::all(host.dns().a("mx.example"), host.dns().a("slow.example")));
    co_return both ? "both" : "not both";
}

TEST_F(together, may_have_a_limit_as_a_whole)
{
    host_.dns.a("mx.example", {"192.0.2.1"});
    host_.dns.a("slow.example", {"192.0.2.1"}).delay = 2s;
    const auto said = begin(limit_all);
    host_.advance(1s);
    EXPECT_EQ(host_.answer_to(said.ticket).text, "not both");
    host_.advance(1s);
}

} // namespace
