#include "core/runtime/hook_runner.hpp"
#include "tests/support/lambda_plugin.hpp"
#include "tests/support/memory_log.hpp"

#include <thread>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using hooks::call_result;
using hooks::call_status;
using hooks::hook_point;
using test::asked;

struct runner : testing::Test {
    test::memory_log lines;
    base::log log{lines};
    base::metrics metrics;
    io::loop home{log};
    base::system_clock clock;
    notice_board notices{clock};
    std::shared_ptr<connection_port> port = std::make_shared<connection_port>(home, base::session_id{1}, clock);
    std::shared_ptr<const hooks::chain> order;
    hooks::outcome result;

    std::shared_ptr<test::lambda_plugin> plugin(test::lambda_plugin::function on)
    {
        return std::make_shared<test::lambda_plugin>("p", std::set{hook_point::cmd_mail}, std::move(on));
    }
    hooks::outcome ask(std::vector<hooks::link> links)
    {
        order = std::make_shared<hooks::chain>(std::move(links));
        home.spawn("ask", ask_task());
        home.context().run();
        home.context().restart();
        return result;
    }
    io::task<void> ask_task()
    {
        hook_runner run_hooks{order, port, log, metrics, notices, clock};
        hooks::draft draft;
        hooks::event what;
        what.hook = hook_point::cmd_mail;
        hooks::chain_run run{*order, hook_point::cmd_mail, &draft};
        const bool is_answered = run_hooks.advance(run, what);
        if (!is_answered)
            co_await run_hooks.finish(run, what);
        result = run.take_result();
    }
};

hooks::plugin_reply rejection()
{
    hooks::plugin_reply reply;
    reply.verdict = hooks::verdict_kind::reject;
    reply.smtp_code = 550;
    return reply;
}

TEST_F(runner, takes_an_answer_at_once)
{
    const auto one = plugin([](const asked& about) {
        about.answer = rejection();
        return call_result{call_status::answered};
    });
    EXPECT_EQ(ask({{one}}).verdict, hooks::verdict_kind::reject);
}

TEST_F(runner, takes_an_answer_from_another_thread_later)
{
    std::thread other;
    const auto one = plugin([&other](const asked& about) {
        other = std::thread{[port = about.port] { port->answer(42, rejection()); }};
        return call_result{call_status::pending, 42};
    });
    EXPECT_EQ(ask({{one}}).verdict, hooks::verdict_kind::reject);
    other.join();
}

TEST_F(runner, asks_the_next_one_after_a_late_answer)
{
    const auto late = plugin([](const asked& about) {
        about.port->answer(1, {});
        return call_result{call_status::pending, 1};
    });
    const auto next = plugin([](const asked& about) {
        about.answer = rejection();
        return call_result{call_status::answered};
    });
    EXPECT_EQ(ask({{late}, {next}}).verdict, hooks::verdict_kind::reject);
    EXPECT_EQ(next->calls, 1);
}

TEST_F(runner, applies_on_error_when_no_answer_comes_in_time)
{
    const auto silent = plugin([](const asked&) { return call_result{call_status::pending, 9}; });
    EXPECT_EQ(ask({{silent, hooks::failure_policy::tempfail, 1ms}}).verdict, hooks::verdict_kind::tempfail);
    EXPECT_THAT(silent->withdrawn(), testing::ElementsAre(9U));
    EXPECT_TRUE(lines.contains("plugin_failed session=0000000000000 plugin=p hook=cmd.mail cause=no answer"));
    EXPECT_EQ(metrics.add_counter({"postern_plugin_failures_total", ""}, {{"plugin", "p"}, {"hook", "cmd.mail"}}).value(), 1U);
}

TEST_F(runner, never_takes_the_answer_of_one_plugin_for_that_of_another_with_the_same_ticket)
{
    std::shared_ptr<hooks::session_port> heard;
    const auto pending = [&heard](const asked& about) {
        heard = about.port;
        return call_result{call_status::pending, 7};
    };
    const auto late = plugin(pending);
    late->on_withdraw = [&heard] { // at the last moment
        hooks::plugin_reply pass;
        heard->answer(7, std::move(pass));
        return false;
    };
    const auto silent = plugin(pending);
    EXPECT_EQ(ask({{late, hooks::failure_policy::proceed, 1ms}, {silent, hooks::failure_policy::tempfail, 1ms}}).verdict,
              hooks::verdict_kind::tempfail);
    EXPECT_THAT(silent->withdrawn(), testing::ElementsAre(7U));
}

TEST_F(runner, takes_an_answer_that_came_between_the_deadline_and_the_withdrawal)
{
    std::shared_ptr<hooks::session_port> heard;
    const auto late = plugin([&heard](const asked& about) {
        heard = about.port;
        return call_result{call_status::pending, 7};
    });
    late->on_withdraw = [&heard] {
        heard->answer(7, rejection());
        return false;
    };
    EXPECT_EQ(ask({{late, hooks::failure_policy::proceed, 1ms}}).verdict, hooks::verdict_kind::reject);
    EXPECT_FALSE(lines.contains("plugin_failed"));
}

TEST_F(runner, that_is_cut_waits_for_nobody_and_lets_nothing_pass)
{
    const auto silent = plugin([this](const asked&) {
        port->cut();
        return call_result{call_status::pending, 9};
    });
    EXPECT_EQ(ask({{silent, hooks::failure_policy::proceed, 1h}}).verdict, hooks::verdict_kind::tempfail);
    EXPECT_THAT(silent->withdrawn(), testing::ElementsAre(9U));
}

TEST_F(runner, ignores_an_answer_to_another_ticket)
{
    const auto liar = plugin([](const asked& about) {
        about.port->answer(1, rejection());
        return call_result{call_status::pending, 2};
    });
    EXPECT_EQ(ask({{liar, hooks::failure_policy::proceed, 5ms}}).verdict, hooks::verdict_kind::proceed);
}

TEST_F(runner, delivers_each_accepted_wake_once)
{
    const auto one = plugin([](const asked&) { return call_result{call_status::passed}; });
    EXPECT_TRUE(port->wake(one, 1, 0ns));
    EXPECT_TRUE(port->wake(one, 2, 1ms));
    home.context().run();
    EXPECT_THAT(one->wakes(), testing::ElementsAre(std::pair{1U, false}, std::pair{2U, false}));
}

TEST_F(runner, cancels_outstanding_wakes_when_the_session_ends_and_takes_none_afterwards)
{
    const auto one = plugin([](const asked&) { return call_result{call_status::passed}; });
    const hooks::chain chain{{{one}}};
    EXPECT_TRUE(port->wake(one, 1, 1h));
    home.context().poll(); // armed
    home.context().restart();
    EXPECT_TRUE(port->wake(one, 2, 1h)); // not yet armed
    port->end(chain);
    EXPECT_THAT(one->wakes(), testing::UnorderedElementsAre(std::pair{1U, true}, std::pair{2U, true}));
    EXPECT_EQ(one->ended, 1);
    EXPECT_FALSE(port->wake(one, 3, 0ns));
    home.context().run();
    EXPECT_EQ(one->wakes().size(), 2U) << "nothing comes after the end of the session";
}

/// Keeps the notes of one record.
struct note_keeper final : trace_keeper {
    [[nodiscard]] bool is_keeping() const noexcept override { return true; }
    void keep(const trace_record& what) noexcept override { notes = hooks::read_trail(what.notes); }
    std::vector<hooks::trail_note> notes;
};

TEST_F(runner, notes_each_one_who_passed_in_its_place_whether_the_walk_was_timed_or_not)
{
    const auto named = [](std::string name, test::lambda_plugin::function on) {
        return hooks::link{std::make_shared<test::lambda_plugin>(std::move(name), std::set{hook_point::msg_end}, std::move(on))};
    };
    const auto passes = [](const asked&) { return call_result{call_status::passed}; };
    const auto scores = [](const asked& about) {
        about.answer.verdict = hooks::verdict_kind::score;
        about.answer.score = 1;
        return call_result{call_status::answered};
    };
    order = std::make_shared<hooks::chain>(std::vector<hooks::link>{named("a", passes), named("b", passes), named("c", scores),
                                                                    named("d", passes), named("e", scores), named("f", passes)});
    tracer live{clock};
    note_keeper keeper;
    trace_notes notes{{live, &keeper, clock}, 1, 0};
    hook_runner run_hooks{order, port, log, metrics, notices, clock, {}, 1h};
    run_hooks.watched_by(&notes);
    for (const bool is_timed : {true, false}) { // an hour has passed since the first of this chain
        notes.message_begins();
        hooks::draft draft;
        hooks::event what;
        what.hook = hook_point::msg_end;
        what.message = &draft;
        hooks::chain_run run{*order, what.hook, &draft};
        ASSERT_TRUE(run_hooks.advance(run, what));
        EXPECT_EQ(draft.score, 2);
        notes.message_ends(record_kind::transaction, 1, 1);
        std::string who;
        for (const auto& each : keeper.notes) {
            who += each.who;
            EXPECT_EQ(each.microseconds.has_value(), is_timed) << each.who;
            EXPECT_EQ(each.verdict,
                      each.who == "c" || each.who == "e" ? hooks::verdict_kind::score : hooks::verdict_kind::proceed);
        }
        EXPECT_EQ(who, "abcdef");
    }
}

} // namespace
} // namespace postern::runtime
