// The fake host does not let a test pass that a server would fail, nor one that asks nothing.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

namespace {

/// Does at each event what its sender or recipient says.
class obedient {
public:
    static constexpr const char* requires_[] = {"postern.dns/1"};
    explicit obedient(const postern::host& host) : host_{host}
    {
        if (host.config("fails", false))
            throw std::runtime_error("as it was told");
    }
    postern::task<postern::verdict> on(postern::mail event)
    {
        const std::string what{event.sender()};
        if (what == "sender@x")
            co_return postern::proceed().set_sender("other@x.example");
        if (what == "accept@x")
            co_return postern::accept();
        if (what == "priority@x")
            co_return postern::proceed().set_priority(3);
        if (what == "refused@x")
            co_return postern::reject(550, "", "no");
        if (what == "score@x")
            co_return postern::score("TEST", 1.5);
        if (what == "dns@x")
            static_cast<void>(co_await host_.dns().a("example.org"));
        if (what == "sleep@x")
            co_await host_.sleep(5s);
        if (what == "oversleep@x")
            co_await host_.sleep(5s + 1ns);
        co_return postern::proceed();
    }
    postern::pending on(const postern::rcpt& event)
    {
        kept = event.ticket();
        return {};
    }
    postern::verdict on(const postern::message_end&) const { return postern::proceed().replace_body("x\r\n"); }

    static inline std::uint64_t kept = 0;

private:
    postern::host host_;
};
constexpr postern_plugin table = postern::sdk::describe<obedient>("org.example.obedient", "1.0", "test");

template <class Call>
auto throws(Call call, const std::string& text)
{
    EXPECT_THAT(call, ThrowsMessage<std::logic_error>(HasSubstr(text)));
}

TEST(a_host_without_an_instance, takes_no_events_and_ends_no_session)
{
    fake_host host{table};
    fake_session session{host};
    throws([&] { session.mail("a@x"); }, "create() makes the instance");
    throws([&] { session.end_session(); }, "create() makes the instance");
    throws([&] { host.health(); }, "create() makes the instance");
    throws([&] { host.destroy_at_once(); }, "create() makes the instance");
    host.destroy();
}

TEST(a_host_without_an_instance, says_that_create_failed_or_that_it_is_destroyed)
{
    fake_host failed{table};
    failed.option("fails", true);
    ASSERT_LT(failed.create(), 0);
    throws([&] { fake_session{failed}.mail("a@x"); }, "create() failed with status");
    throws([&] { failed.create(); }, "a fake_host of its own");
    fake_host over{table};
    ASSERT_EQ(over.create(), POSTERN_PASS);
    over.destroy();
    throws([&] { fake_session{over}.mail("a@x"); }, "it is destroyed");
}

class strict : public testing::Test {
protected:
    strict() { EXPECT_EQ(host_.create(), POSTERN_PASS); }
    fake_host host_{table};
    fake_session session_{host_};
};

TEST_F(strict, knows_no_answer_to_a_ticket_that_was_not_given_out)
{
    const answer said = session_.conn_open();
    EXPECT_EQ(said.ticket, 0u);
    throws([&] { static_cast<void>(host_.answer_to(said.ticket)); }, "look at the answer itself");
    throws([&] { static_cast<void>(host_.answer_to(99)); }, "no event had that ticket");
    throws([&] { host_.withdraw(0); }, "look at the answer itself");
}

TEST_F(strict, takes_points_for_no_objection)
{
    const answer said = session_.mail("score@x");
    EXPECT_TRUE(said.proceeds());
    EXPECT_TRUE(said.scores());
    EXPECT_FALSE(said.refuses());
    EXPECT_FALSE(session_.mail("refused@x").proceeds());
}

TEST_F(strict, applies_no_edit_that_is_not_granted)
{
    EXPECT_TRUE(session_.mail("sender@x").proceeds()) << "nothing said: everything is granted";
    host_.may({"headers", "body"});
    EXPECT_TRUE(session_.mail("sender@x").is_failed());
    EXPECT_TRUE(session_.end({}, "\r\nx\r\n").proceeds());
    host_.may({"sender"});
    EXPECT_TRUE(session_.mail("sender@x").proceeds());
    EXPECT_TRUE(session_.mail("accept@x").is_failed());
    EXPECT_TRUE(session_.mail("priority@x").is_failed());
    EXPECT_TRUE(session_.end({}, "\r\nx\r\n").is_failed());
    EXPECT_THAT(host_.complaints(), ElementsAre(HasSubstr("may = [\"sender\"]"), HasSubstr("may = [\"accept\"]"),
                                                HasSubstr("may = [\"queue\"]"), HasSubstr("may = [\"body\"]")));
    host_.may({"accept", "queue"});
    EXPECT_TRUE(session_.mail("accept@x").proceeds());
    EXPECT_TRUE(session_.mail("priority@x").proceeds());
    throws([&] { host_.may({"header"}); }, "there is no \"header\"");
}

TEST_F(strict, takes_an_answer_up_to_the_deadline)
{
    answer said = session_.mail("sleep@x");
    host_.advance(5s);
    EXPECT_TRUE(host_.answer_to(said.ticket).proceeds());
    EXPECT_THAT(host_.complaints(), IsEmpty());
    said = session_.mail("oversleep@x");
    host_.advance(6s);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_late());
    EXPECT_TRUE(host_.answer_to(said.ticket).is_failed());
    EXPECT_THAT(host_.complaints(), ElementsAre("no answer at cmd.mail within its deadline of 5 s"));
    host_.deadline(6s);
    said = session_.mail("oversleep@x");
    host_.advance(6s);
    EXPECT_TRUE(host_.answer_to(said.ticket).proceeds());
}

TEST_F(strict, is_late_at_the_deadline_when_nothing_comes)
{
    const answer said = session_.rcpt("a@x");
    host_.advance(5s - 1ns);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1ns);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_late());
    EXPECT_EQ(host_.complaints().size(), 1u);
    host_.destroy();
    EXPECT_EQ(host_.complaints().size(), 1u) << "once is enough";
}

TEST_F(strict, complains_of_a_ticket_that_is_open_at_the_end)
{
    static_cast<void>(session_.mail("sleep@x")); // unwinds with its session
    const answer said = session_.rcpt("a@x");
    host_.destroy();
    EXPECT_THAT(host_.complaints(), ElementsAre("ticket " + std::to_string(said.ticket) + " of cmd.rcpt was never answered"));
}

TEST_F(strict, complains_of_an_answer_that_nothing_is_to_bring_without_being_told_that_the_test_is_over)
{
    const answer asleep = session_.mail("sleep@x");
    EXPECT_THAT(host_.complaints(), IsEmpty()) << "its wake is to come";
    const answer said = session_.rcpt("a@x");
    host_.advance(5s - 1ns);
    EXPECT_THAT(host_.complaints(), IsEmpty()) << "as long as something is to come in the session";
    fake_session other{host_, 2};
    const answer forgotten = other.rcpt("a@x");
    const std::string text = "ticket " + std::to_string(forgotten.ticket) +
                             " of cmd.rcpt has no answer, and no wake or answer of a service is to come that would bring one";
    EXPECT_THAT(host_.complaints(), ElementsAre(text));
    EXPECT_THAT(host_.complaints(), ElementsAre(text)) << "it is said each time, and once";
    other.end_session();
    EXPECT_THAT(host_.complaints(), IsEmpty()) << "a server has taken it back";
    EXPECT_TRUE(host_.answer_to(forgotten.ticket).is_late());
    EXPECT_TRUE(host_.answer_to(asleep.ticket).is_pending() && host_.answer_to(said.ticket).is_pending());
}

/// Answers twice, and from a thread of its own.
class hasty {
public:
    explicit hasty(const postern::host& host) : host_{host} {}
    ~hasty()
    {
        if (working_.joinable())
            working_.join();
    }
    postern::pending on(const postern::mail& event)
    {
        EXPECT_TRUE(host_.answer(event.ticket(), postern::proceed()));
        EXPECT_FALSE(host_.answer(event.ticket(), postern::reject(550, "", "no")));
        return {};
    }
    postern::pending on(const postern::rcpt& event)
    {
        working_ = std::thread{[this, ticket = event.ticket()] { host_.answer(ticket, postern::reject(550, "", "no")); }};
        return {};
    }
    postern::pending on(const postern::noop&) { return {}; }

private:
    postern::host host_;
    std::thread working_;
};
constexpr postern_plugin hasty_table = postern::sdk::describe<hasty>("org.example.hasty", "1.0", "test");

TEST(a_second_answer, is_a_complaint_and_does_not_count)
{
    fake_host host{hasty_table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    const answer said = session.mail("a@x");
    EXPECT_TRUE(said.proceeds());
    EXPECT_THAT(host.complaints(), ElementsAre("ticket " + std::to_string(said.ticket) +
                                               " of cmd.mail was answered twice: the first answer counts"));
}

TEST(an_answer_of_a_thread, is_waited_for_in_real_time)
{
    fake_host host{hasty_table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_TRUE(host.wait_for(session.rcpt("a@x")).rejects());
    EXPECT_THAT(host.complaints(), IsEmpty());
    throws([&] { static_cast<void>(host.wait_for(session.noop(), 1ms)); }, "has no answer after 1 ms");
}

TEST_F(strict, finishes_what_is_due_now_and_says_what_is_not)
{
    host_.dns.a("example.org", {"192.0.2.1"});
    EXPECT_TRUE(session_.finish(session_.mail("dns@x")).proceeds());
    EXPECT_TRUE(session_.finish(session_.mail("refused@x")).rejects());
    const answer said = session_.mail("sleep@x");
    throws([&] { session_.finish(said); }, "1 wakes and answers are to come: advance() moves the clock");
    host_.advance(5s);
    EXPECT_TRUE(session_.finish(said).proceeds());
}

class unsaid {
public:
    explicit unsaid(const postern::host& host) : host_{host} {}
    postern::task<postern::verdict> on(postern::mail)
    {
        static_cast<void>(co_await host_.dns().a("example.org"));
        co_await host_.kv().put("a", "b");
        co_return postern::proceed();
    }

private:
    postern::host host_;
};

TEST(a_table, that_is_not_listed_is_not_to_be_used)
{
    static constexpr postern_plugin plugin = postern::sdk::describe<unsaid>("org.example.unsaid", "1.0", "test");
    fake_host host{plugin};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_TRUE(session.finish(session.mail("a@x")).is_failed());
    EXPECT_TRUE(session.finish(session.mail("a@x")).is_failed());
    EXPECT_THAT(host.complaints(), ElementsAre("uses postern.dns/1 and does not list it in requires_",
                                               "uses postern.kv/1 and does not list it in requires_"));
}

TEST_F(strict, keeps_a_key_for_as_long_as_the_test_says)
{
    host_.kv.set("short", "1", 10s);
    host_.kv.set("long", "1");
    EXPECT_EQ(host_.kv.ttl("short"), 10s);
    EXPECT_EQ(host_.kv.ttl("long"), std::nullopt);
    EXPECT_EQ(host_.kv.ttl("none"), std::nullopt);
    host_.advance(10s - 1ns);
    EXPECT_EQ(host_.kv.ttl("short"), 1ns);
    EXPECT_EQ(host_.kv.value("short"), "1");
    host_.advance(1ns);
    EXPECT_EQ(host_.kv.ttl("short"), std::nullopt);
    EXPECT_EQ(host_.kv.value("short"), std::nullopt);
    EXPECT_EQ(host_.kv.value("long"), "1");
}

/// Fails where nobody waits for an answer.
class fails_unheard {
public:
    explicit fails_unheard(const postern::host& host)
        : tick_{host.every(std::chrono::seconds{1}, [] { throw std::runtime_error("a tick"); })}
    {
    }
    static void on(const postern::delivery_done&) { throw std::runtime_error("an end"); }

private:
    postern::timer_handle tick_;
};

TEST(a_strict_host, complains_of_a_failure_that_has_no_answer)
{
    constexpr postern_plugin unheard = postern::sdk::describe<fails_unheard>("org.example.unheard", "1.0", "test");
    fake_host host{unheard};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session job{host};
    job.delivery_done("a@example.org", POSTERN_DELIVERED);
    host.advance(std::chrono::seconds{1});
    EXPECT_THAT(host.complaints(), ::testing::ElementsAre("failed at delivery.done; log_lines() may say why",
                                                          "failed at timer; log_lines() may say why"));
}

} // namespace
