// Plugins that fail again and again are not asked for a while; and what is waited for is limited in a phase, too.

#include "core/runtime/hook_runner.hpp"
#include "tests/support/lambda_plugin.hpp"
#include "tests/support/memory_log.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using hooks::call_result;
using hooks::call_status;
using hooks::hook_point;
using hooks::verdict_kind;
using test::asked;

class manual_clock final : public base::clock {
public:
    [[nodiscard]] base::instant now() const noexcept override { return time; }
    [[nodiscard]] base::wall_time wall() const noexcept override { return {}; }

    base::instant time{1s}; ///< long past for the timers of the system: who does not answer is late at once
};

/// A session's runner over a chain of one plugin, whose breaker opens after three failures, for ten seconds.
class a_plugin_that_may_fail : public testing::Test {
protected:
    a_plugin_that_may_fail()
    {
        for (const auto hook : {hook_point::cmd_mail, hook_point::conn_close})
            health_->time(hook, metrics_.add_histogram({"took_seconds", "", base::metric_unit::nanoseconds},
                                                       {{"hook", hooks::name_of(hook)}}));
    }
    verdict_kind ask(hook_point hook, base::transaction_id transaction = {})
    {
        hooks::draft message;
        message.transaction = transaction;
        hooks::event what;
        what.hook = hook;
        what.message = &message;
        hooks::chain_run run{*chain_, hook, &message};
        const bool is_answered = runner_.advance(run, what);
        if (!is_answered) {
            home_.spawn("finish", runner_.finish(run, what));
            home_.context().run();
            home_.context().restart();
        }
        return run.result().verdict;
    }
    /// Answers when it has been waited for so long: what is posted here comes before the waiting begins, what that posts behind.
    call_result answer_after(std::chrono::nanoseconds time, const std::shared_ptr<hooks::session_port>& port)
    {
        io::asio::post(home_.context(), [this, time, port] {
            io::asio::post(home_.context(), [this, time] { clock_.time += time; });
            port->answer(7, {});
        });
        return {call_status::pending, 7};
    }
    static hooks::budget_limits limits()
    {
        hooks::budget_limits out;
        out[hooks::phase::envelope] = 10s;
        return out;
    }

    std::function<call_result(const asked&)> on_ = [](const asked&) { return call_result{call_status::failed}; };
    std::shared_ptr<test::lambda_plugin> who_ =
        std::make_shared<test::lambda_plugin>("p", std::set{hook_point::cmd_mail, hook_point::cmd_rcpt, hook_point::conn_close},
                                              [this](const asked& about) { return on_(about); });
    std::shared_ptr<hooks::vitals> health_ = std::make_shared<hooks::vitals>(hooks::breaker_rule{3, 10s});
    std::shared_ptr<const hooks::chain> chain_ = std::make_shared<const hooks::chain>(
        std::vector<hooks::link>{{who_, hooks::failure_policy::tempfail, 5s, {}, 0, health_}});
    base::metrics metrics_;
    test::memory_log lines_;
    base::log log_{lines_};
    io::loop home_{log_};
    manual_clock clock_;
    notice_board notices_{clock_};
    hook_runner runner_{
        chain_,  std::make_shared<connection_port>(home_, base::session_id{1}, clock_), log_, metrics_, notices_, clock_,
        limits()};
};

TEST_F(a_plugin_that_may_fail, is_not_asked_any_more_after_so_many_failures_and_counts_as_failed)
{
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(ask(hook_point::cmd_mail), verdict_kind::tempfail);
    EXPECT_TRUE(lines_.contains("plugin.breaker plugin=p hook=cmd.mail state=open"));
    EXPECT_EQ(ask(hook_point::cmd_mail), verdict_kind::tempfail);
    EXPECT_EQ(who_->calls, 3);
    EXPECT_EQ(metrics_.add_gauge({"postern_plugin_breaker_open", ""}, {{"plugin", "p"}, {"hook", "cmd.mail"}}).value(), 1);
    EXPECT_EQ(metrics_.add_counter({"postern_plugin_failures_total", ""}, {{"plugin", "p"}, {"hook", "cmd.mail"}}).value(), 4U);
}

TEST_F(a_plugin_that_may_fail, is_asked_once_after_the_pause_and_again_when_that_was_answered)
{
    for (int i = 0; i < 3; ++i)
        (void)ask(hook_point::cmd_mail);
    clock_.time += 10s;
    on_ = [](const asked&) { return call_result{call_status::passed}; };
    EXPECT_EQ(ask(hook_point::cmd_mail), verdict_kind::proceed);
    EXPECT_EQ(ask(hook_point::cmd_mail), verdict_kind::proceed);
    EXPECT_EQ(who_->calls, 5);
    EXPECT_TRUE(lines_.contains("plugin.breaker plugin=p hook=cmd.mail state=closed"));
}

TEST_F(a_plugin_that_may_fail, is_asked_at_other_hooks_meanwhile)
{
    for (int i = 0; i < 3; ++i)
        (void)ask(hook_point::cmd_mail);
    on_ = [](const asked&) { return call_result{call_status::passed}; };
    EXPECT_EQ(ask(hook_point::cmd_rcpt), verdict_kind::proceed);
    EXPECT_EQ(ask(hook_point::cmd_mail), verdict_kind::tempfail) << "an answer there says nothing about here";
}

/// A busy server looks at the clock for one walk of many.
TEST_F(a_plugin_that_may_fail, is_timed_so_often_and_that_counts_for_those_between)
{
    on_ = [this](const asked&) {
        clock_.time += 100us;
        return call_result{call_status::passed};
    };
    hook_runner busy{
        chain_, std::make_shared<connection_port>(home_, base::session_id{2}, clock_), log_, metrics_, notices_, clock_, limits(),
        1ms};
    const auto walk = [&] {
        hooks::draft message;
        hooks::event what;
        what.hook = hook_point::cmd_mail;
        what.message = &message;
        hooks::chain_run run{*chain_, hook_point::cmd_mail, &message};
        EXPECT_TRUE(busy.advance(run, what));
    };
    const auto& times = metrics_.add_histogram({"took_seconds", "", base::metric_unit::nanoseconds}, {{"hook", "cmd.mail"}});
    clock_.time += 1h; // a thread remembers when it timed last
    for (int i = 0; i < 10; ++i)
        walk();
    EXPECT_EQ(times.count(), 1U);
    walk();
    EXPECT_EQ(times.count(), 11U) << "itself and ten that were not timed";
    EXPECT_EQ(times.sum(), 1'100'000U);
}

/// A peer that does not read its replies holds up a session, but takes no time from the plugins.
TEST_F(a_plugin_that_may_fail, is_not_charged_for_what_went_by_before_anybody_waited_for_it)
{
    hooks::draft message;
    message.transaction = base::transaction_id{1};
    hooks::event what;
    what.hook = hook_point::cmd_mail;
    what.message = &message;
    on_ = [](const asked& about) {
        about.port->answer(7, {});
        return call_result{call_status::pending, 7};
    };
    hooks::chain_run run{*chain_, what.hook, &message};
    ASSERT_FALSE(runner_.advance(run, what));
    home_.context().poll(); // the answer comes
    home_.context().restart();
    clock_.time += 60s;
    home_.spawn("finish", runner_.finish(run, what));
    home_.context().run();
    home_.context().restart();
    const auto& times = metrics_.add_histogram({"took_seconds", "", base::metric_unit::nanoseconds}, {{"hook", "cmd.mail"}});
    EXPECT_EQ(times.count(), 1U);
    EXPECT_EQ(times.sum(), 0U);

    on_ = [](const asked&) { return call_result{call_status::pending, 8}; };
    EXPECT_EQ(ask(hook_point::cmd_mail, message.transaction), verdict_kind::tempfail);
    EXPECT_TRUE(lines_.contains("no answer within its deadline"));
    EXPECT_FALSE(lines_.contains("budget"));
}

/// What it wrote before it failed, or passed, is nobody's answer.
TEST_F(a_plugin_that_may_fail, leaves_nothing_in_the_answer_of_the_one_behind_it)
{
    for (const auto status : {call_status::failed, call_status::passed}) {
        const auto writes = [status](const asked& about) {
            about.answer.vouches = true;
            about.answer.edits = {{hooks::edit_op::sender_set, 0, "", "x@client.example"}};
            return call_result{status};
        };
        const auto only_answers = [](const asked&) { return call_result{call_status::answered}; };
        const auto make = [](const char* name, test::lambda_plugin::function on) {
            return hooks::link{std::make_shared<test::lambda_plugin>(name, std::set{hook_point::cmd_mail}, std::move(on)),
                               hooks::failure_policy::proceed};
        };
        const auto order =
            std::make_shared<const hooks::chain>(std::vector<hooks::link>{make("one", writes), make("two", only_answers)});
        hook_runner runner{order, std::make_shared<connection_port>(home_, base::session_id{4}, clock_), log_, metrics_, notices_,
                           clock_};
        hooks::event what;
        what.hook = hook_point::cmd_mail;
        hooks::draft message;
        hooks::chain_run run{*order, what.hook, &message};
        EXPECT_TRUE(runner.advance(run, what));
        EXPECT_FALSE(run.result().vouched);
        EXPECT_TRUE(run.failure().empty()) << run.failure();
        runner.end();
    }
}

TEST_F(a_plugin_that_may_fail, has_a_place_of_its_own_in_the_session)
{
    std::vector<void**> seats;
    const auto remembers = [&](const asked& about) {
        seats.push_back(about.what.seat);
        return call_result{call_status::passed};
    };
    const auto make = [&](const char* name) {
        return hooks::link{std::make_shared<test::lambda_plugin>(name, std::set{hook_point::cmd_mail}, remembers)};
    };
    const auto own = std::make_shared<const hooks::chain>(std::vector<hooks::link>{make("one"), make("two")});
    const hooks::chain of_a_domain{std::vector<hooks::link>{make("three")}};
    hook_runner runner{own,   std::make_shared<connection_port>(home_, base::session_id{3}, clock_), log_, metrics_, notices_,
                       clock_};
    hooks::event what;
    what.hook = hook_point::cmd_mail;
    for (const auto* order : {own.get(), own.get(), &of_a_domain}) {
        hooks::chain_run run{*order, what.hook, nullptr};
        EXPECT_TRUE(runner.advance(run, what));
    }
    ASSERT_EQ(seats.size(), 5U);
    EXPECT_NE(seats[0], nullptr);
    EXPECT_NE(seats[0], seats[1]);
    EXPECT_EQ(seats[0], seats[2]);
    EXPECT_EQ(seats[1], seats[3]);
    EXPECT_EQ(seats[4], nullptr) << "it is in another chain";
    runner.end();
}

TEST_F(a_plugin_that_may_fail, is_told_of_what_it_must_know_whatever_its_breaker_says)
{
    for (int i = 0; i < 3; ++i)
        (void)ask(hook_point::cmd_mail);
    hooks::event what;
    what.hook = hook_point::conn_close;
    runner_.notify(what);
    EXPECT_EQ(who_->calls, 4);
    EXPECT_EQ(health_->times_at(hook_point::conn_close)->count(), 1U);
}

TEST_F(a_plugin_that_may_fail, is_alive_when_its_answer_breaks_a_rule)
{
    on_ = [](const asked& about) {
        about.answer.verdict = verdict_kind::accept; // without the grant
        return call_result{call_status::answered};
    };
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(ask(hook_point::cmd_mail), verdict_kind::tempfail);
    EXPECT_EQ(who_->calls, 5);
}

TEST_F(a_plugin_that_may_fail, has_every_answer_timed)
{
    on_ = [this](const asked&) {
        clock_.time += 3ms;
        return call_result{call_status::passed};
    };
    (void)ask(hook_point::cmd_mail);
    const auto& times = *health_->times_at(hook_point::cmd_mail);
    EXPECT_EQ(times.count(), 1U);
    EXPECT_EQ(times.sum(), 3'000'000U);
}

TEST_F(a_plugin_that_may_fail, shares_the_budget_of_the_phase_with_all_that_is_asked_in_it)
{
    const auto waits = [this](std::chrono::nanoseconds waited) {
        on_ = [this, waited](const asked& about) { return answer_after(waited, about.port); };
    };
    waits(4s);
    const base::transaction_id one{1};
    EXPECT_EQ(ask(hook_point::cmd_mail, one), verdict_kind::proceed);
    EXPECT_EQ(ask(hook_point::cmd_rcpt, one), verdict_kind::proceed);
    EXPECT_EQ(ask(hook_point::cmd_rcpt, one), verdict_kind::proceed) << "two seconds were left, and it was there";
    on_ = [](const asked&) { return call_result{call_status::pending, 8}; };
    EXPECT_EQ(ask(hook_point::cmd_rcpt, one), verdict_kind::tempfail) << "at once: nothing is left";
    EXPECT_TRUE(lines_.contains("cause=no answer within what the phase's budget left"));
    on_ = [](const asked&) { return call_result{call_status::passed}; };
    EXPECT_EQ(ask(hook_point::cmd_rcpt, one), verdict_kind::proceed) << "who answers at once costs no time";
    waits(4s);
    EXPECT_EQ(ask(hook_point::cmd_mail, base::transaction_id{2}), verdict_kind::proceed) << "another transaction has its own";
}

TEST_F(a_plugin_that_may_fail, is_not_blamed_for_the_time_that_others_have_used)
{
    on_ = [this](const asked& about) { return answer_after(10s, about.port); };
    const base::transaction_id one{1};
    EXPECT_EQ(ask(hook_point::cmd_rcpt, one), verdict_kind::proceed);
    on_ = [](const asked&) { return call_result{call_status::pending, 8}; };
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(ask(hook_point::cmd_mail, one), verdict_kind::tempfail);
    EXPECT_EQ(who_->calls, 6);
    EXPECT_FALSE(lines_.contains("plugin.breaker"));
}

} // namespace
} // namespace postern::runtime
