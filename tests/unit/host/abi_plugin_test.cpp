#include "core/hooks/chain.hpp"
#include "core/hooks/login.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/auth.h>
#include <postern/abi/timers.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::call_status;
using hooks::hook_point;
using hooks::verdict_kind;

class a_plugin : public ::testing::Test {
protected:
    /// Why a call at cmd.rcpt failed, as its chain hears it; empty: it did not.
    std::string failure(hooks::plugin& plugin)
    {
        return here.call(plugin, hook_point::cmd_rcpt).status == call_status::answered ? here.answer.failure : "";
    }

    scripted_plugin script;
    scene here;
};

TEST_F(a_plugin, is_asked_where_it_subscribed)
{
    script.subscriptions = {POSTERN_HOOK_RCPT, POSTERN_HOOK_COMMITTED};
    const auto plugin = script.make();
    for (unsigned i = 1; i < hooks::hook_point_count; ++i)
        EXPECT_EQ(plugin->wants(static_cast<hook_point>(i)), i == POSTERN_HOOK_RCPT || i == POSTERN_HOOK_COMMITTED);
    EXPECT_EQ(plugin->name(), "scripted");
}

TEST_F(a_plugin, passes)
{
    const auto plugin = script.make();
    EXPECT_EQ(here.call(*plugin, hook_point::cmd_rcpt).status, call_status::passed);
}

TEST_F(a_plugin, answers_inside_its_call)
{
    script.on = [&](const postern_event& event) {
        const postern_edit edits[] = {{POSTERN_EDIT_HEADER_ADD, 0, {"X-A", 3}, {"1", 1}},
                                      {POSTERN_EDIT_HEADER_REMOVE, 1, {}, {}}};
        postern_reply reply{};
        reply.size = sizeof reply;
        reply.verdict = POSTERN_REJECT;
        reply.smtp_code = 554;
        reply.enhanced = {"5.6.0", 5};
        reply.text = {"BAYES", 5};
        reply.score = -1500;
        reply.edits = {edits, 2, sizeof edits[0]};
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &reply), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    EXPECT_EQ(here.call(*plugin, hook_point::msg_end).status, call_status::answered);
    EXPECT_EQ(here.answer.verdict, verdict_kind::reject);
    EXPECT_EQ(here.answer.smtp_code, 554);
    EXPECT_EQ(here.answer.enhanced, "5.6.0");
    EXPECT_EQ(here.answer.text, "BAYES");
    EXPECT_EQ(here.answer.score, -1500);
    ASSERT_EQ(here.answer.edits.size(), 2U);
    EXPECT_EQ(here.answer.edits[0].op, hooks::edit_op::header_add);
    EXPECT_EQ(here.answer.edits[0].name, "X-A");
    EXPECT_EQ(here.answer.edits[1].index, 1U);
}

TEST_F(a_plugin, answers_from_another_thread_inside_its_call)
{
    script.on = [&](const postern_event& event) {
        std::thread{[&] { EXPECT_EQ(script.reply(event.ticket), POSTERN_PASS); }}.join();
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    EXPECT_EQ(here.call(*plugin, hook_point::cmd_rcpt).status, call_status::answered);
    EXPECT_EQ(here.answer.verdict, verdict_kind::reject);
}

TEST_F(a_plugin, answers_later_once)
{
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto plugin = script.make();
    const auto called = here.call(*plugin, hook_point::cmd_rcpt);
    ASSERT_EQ(called.status, call_status::pending);
    EXPECT_EQ(script.reply(called.ticket, POSTERN_TEMPFAIL, "later"), POSTERN_PASS);
    EXPECT_EQ(script.reply(called.ticket), POSTERN_E_STALE);
    EXPECT_EQ(plugin->instance().stale_replies(), 1U);
    const auto answers = here.port->answers(1);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].first, called.ticket);
    EXPECT_EQ(answers[0].second.verdict, verdict_kind::tempfail);
    EXPECT_EQ(answers[0].second.text, "later");
}

TEST_F(a_plugin, that_never_answers_has_its_ticket_taken_back)
{
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto plugin = script.make();
    const auto called = here.call(*plugin, hook_point::cmd_rcpt);
    EXPECT_TRUE(plugin->withdraw(called.ticket));
    EXPECT_EQ(script.reply(called.ticket), POSTERN_E_STALE);
    EXPECT_EQ(here.port->count(), 0U);
}

TEST_F(a_plugin, that_answers_twice_is_heard_once)
{
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.reply(event.ticket, POSTERN_REJECT), POSTERN_PASS);
        EXPECT_EQ(script.reply(event.ticket, POSTERN_DISCARD), POSTERN_E_STALE);
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    EXPECT_EQ(here.call(*plugin, hook_point::cmd_rcpt).status, call_status::answered);
    EXPECT_EQ(here.answer.verdict, verdict_kind::reject);
    EXPECT_EQ(plugin->instance().stale_replies(), 1U);
}

TEST_F(a_plugin, that_fails_is_failed_whether_or_not_it_answered)
{
    script.on = [&](const postern_event& event) {
        (void)script.reply(event.ticket);
        return POSTERN_E_PLUGIN;
    };
    const auto plugin = script.make();
    EXPECT_EQ(failure(*plugin), "handle returned -1");
    script.on = [](const postern_event&) { return POSTERN_E_AGAIN; };
    EXPECT_EQ(failure(*plugin), "handle returned -5");
    script.on = [](const postern_event&) { return postern_status{17}; };
    EXPECT_EQ(failure(*plugin), "handle returned 17");
    EXPECT_FALSE(script.log.contains("plugin")); // who asked logs it, with the session and the hook
}

// The SDK's handle returns an error because its answer was refused: the reason is in the refusal.
TEST_F(a_plugin, whose_answer_was_refused_has_failed_for_that_reason)
{
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.reply(event.ticket, POSTERN_SCORE + 1), POSTERN_E_INVALID);
        return POSTERN_E_PLUGIN;
    };
    const auto plugin = script.make();
    EXPECT_EQ(failure(*plugin), "a verdict that this host does not know");
}

TEST_F(a_plugin, that_throws_is_failed)
{
    script.on = [](const postern_event&) -> postern_status { throw std::runtime_error{"oh dear"}; };
    const auto plugin = script.make();
    EXPECT_EQ(failure(*plugin), "it failed: oh dear");
    script.on = [](const postern_event&) -> postern_status { throw 42; };
    EXPECT_EQ(failure(*plugin), "it failed: it threw what is no exception");
    EXPECT_FALSE(script.log.contains("plugin")) << "who asked logs it, with the session and the hook";
}

TEST_F(a_plugin, that_fails_after_its_answer_has_failed_for_the_reason_that_it_logged)
{
    script.on = [&](const postern_event& event) {
        const auto say = [&](std::string_view text) {
            script.core->log(script.host, POSTERN_LOG_ERROR, {text.data(), text.size()});
        };
        say("the first word");
        EXPECT_EQ(script.reply(event.ticket), POSTERN_PASS);
        say("no more bananas");
        return POSTERN_E_PLUGIN;
    };
    const auto plugin = script.make();
    EXPECT_EQ(failure(*plugin), "it failed after its answer: no more bananas");
    script.on = [](const postern_event&) { return POSTERN_E_PLUGIN; };
    EXPECT_EQ(failure(*plugin), "handle returned -1") << "what was said in a call before is not the cause";
}

TEST_F(a_plugin, hears_at_once_that_its_answer_breaks_the_rules_of_the_hook)
{
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto plugin = script.make();
    const postern_edit edit{POSTERN_EDIT_HEADER_ADD, 0, {"X-A", 3}, {"1", 1}};
    postern_reply reply{};
    reply.size = sizeof reply;
    reply.edits = {&edit, 1, sizeof edit};
    const auto later = [&](hook_point at) { return script.core->reply(script.host, here.call(*plugin, at).ticket, &reply); };
    EXPECT_EQ(later(hook_point::msg_headers), POSTERN_PASS);
    EXPECT_EQ(later(hook_point::cmd_data), POSTERN_E_INVALID);
    reply.verdict = POSTERN_REJECT;
    EXPECT_EQ(later(hook_point::cmd_data), POSTERN_PASS) << "a refusal has no edits";
    reply.smtp_code = 250;
    EXPECT_EQ(later(hook_point::msg_headers), POSTERN_E_INVALID);
    const auto answers = here.port->answers(4);
    EXPECT_EQ(answers.at(0).second.failure, "");
    EXPECT_EQ(answers.at(1).second.failure, "header.add: not at cmd.data");
    EXPECT_EQ(answers.at(2).second.failure, "");
    EXPECT_EQ(answers.at(3).second.failure, "a reply code that does not fit the verdict");
}

TEST_F(a_plugin, hears_at_once_that_its_answer_is_not_what_a_login_asked_for)
{
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto plugin = script.make();
    postern_auth_reply reply{};
    reply.base.size = sizeof reply;
    reply.identity = {"alice", 5};
    hooks::login_question about;
    auto what = here.event(hook_point::auth_verify);
    what.login = &about;
    const auto answer_to = [&](std::uint32_t kind) {
        about.kind = kind;
        about.hash = POSTERN_SCRAM_SHA_256;
        return script.core->reply(script.host, here.call(*plugin, what).ticket, &reply.base);
    };
    EXPECT_EQ(answer_to(POSTERN_AUTH_PASSWORD), POSTERN_PASS);
    EXPECT_EQ(answer_to(POSTERN_AUTH_SECRET), POSTERN_E_INVALID);
    reply.password = {"pencil", 6};
    EXPECT_EQ(answer_to(POSTERN_AUTH_PASSWORD), POSTERN_E_INVALID);
    EXPECT_EQ(answer_to(POSTERN_AUTH_PLAIN_TEXT), POSTERN_PASS);
    EXPECT_EQ(here.port->answers(4).at(1).second.failure, "no secret in the answer");
}

TEST_F(a_plugin, that_answers_nonsense_is_failed)
{
    postern_reply wrong{};
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &wrong), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    const auto is_failed = [&](auto spoil) {
        wrong = {};
        wrong.size = sizeof wrong;
        spoil();
        return !failure(*plugin).empty();
    };
    const postern_edit edit{99, 0, {}, {}};
    const postern_edit null_value{POSTERN_EDIT_HEADER_ADD, 0, {"X", 1}, {nullptr, 5}};
    EXPECT_TRUE(is_failed([&] { wrong.size = sizeof wrong - 1; }));
    EXPECT_TRUE(is_failed([&] { wrong.verdict = POSTERN_SCORE + 1; }));
    EXPECT_TRUE(is_failed([&] { wrong.smtp_code = 1000; }));
    EXPECT_TRUE(is_failed([&] { wrong.text = {nullptr, 1}; }));
    EXPECT_TRUE(is_failed([&] { wrong.enhanced = {nullptr, 1}; }));
    EXPECT_TRUE(is_failed([&] { wrong.edits = {nullptr, 1, sizeof(postern_edit)}; }));
    EXPECT_TRUE(is_failed([&] { wrong.edits = {&edit, 1, sizeof(postern_edit) - 1}; }));
    EXPECT_TRUE(is_failed([&] { wrong.edits = {&edit, 1, sizeof(postern_edit)}; }));
    EXPECT_TRUE(is_failed([&] { wrong.edits = {&null_value, 1, sizeof(postern_edit)}; }));
    EXPECT_TRUE(is_failed([&] { wrong.flags = POSTERN_REPLY_VOUCH; }));
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.core->reply(script.host, event.ticket, nullptr), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    EXPECT_TRUE(is_failed([] {}));
}

TEST_F(a_plugin, that_answers_nonsense_later_breaks_a_rule_that_the_chain_knows)
{
    script.subscriptions = {POSTERN_HOOK_RCPT};
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto plugin = script.make();
    const auto called = here.call(*plugin, hook_point::cmd_rcpt);
    EXPECT_EQ(script.reply(called.ticket, 77), POSTERN_E_INVALID);
    const auto answer = here.port->answers(1).at(0).second;
    std::vector<hooks::link> links(1);
    links[0].who = plugin;
    links[0].on_error = hooks::failure_policy::reject;
    const hooks::chain order{links};
    hooks::chain_run run{order, hook_point::cmd_rcpt, &here.draft};
    ASSERT_NE(run.next(), nullptr);
    run.answered(answer);
    EXPECT_EQ(run.failure(), "a verdict that this host does not know");
    EXPECT_EQ(run.result().verdict, verdict_kind::reject);
}

TEST_F(a_plugin, may_say_that_it_broke_after_it_took_the_ticket)
{
    script.on = [](const postern_event&) { return POSTERN_TAKEN; };
    const auto plugin = script.make();
    const auto called = here.call(*plugin, hook_point::cmd_rcpt);
    EXPECT_EQ(script.reply(called.ticket, POSTERN_BROKEN, ""), POSTERN_PASS);
    EXPECT_EQ(here.port->answers(1).at(0).second.failure, "it says that it failed");
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.reply(event.ticket, POSTERN_BROKEN, "no database"), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    EXPECT_EQ(failure(*plugin), "it failed: no database");
}

TEST_F(a_plugin, reads_the_records_of_the_first_release_and_longer_ones)
{
    struct longer_edit {
        postern_edit edit;
        std::uint64_t more;
    };
    struct longer_reply {
        postern_reply reply;
        std::uint64_t more;
    };
    const longer_edit edits[] = {{{POSTERN_EDIT_HEADER_ADD, 0, {"A", 1}, {"1", 1}}, 7},
                                 {{POSTERN_EDIT_HEADER_ADD, 0, {"B", 1}, {"2", 1}}, 8}};
    const postern_edit first[] = {edits[0].edit, edits[1].edit};
    longer_reply reply{};
    reply.more = ~std::uint64_t{0};
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &reply.reply), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    for (const std::uint32_t size : {std::uint32_t{72}, std::uint32_t{sizeof reply}}) {
        reply.reply.size = size;
        reply.reply.edits = size == 72 ? postern_list{first, 2, 40} : postern_list{edits, 2, sizeof(longer_edit)};
        EXPECT_EQ(here.call(*plugin, hook_point::msg_end).status, call_status::answered);
        EXPECT_EQ(here.answer.failure, "");
        ASSERT_EQ(here.answer.edits.size(), 2U);
        EXPECT_EQ(here.answer.edits[1].name, "B");
    }
}

TEST_F(a_plugin, vouches_if_it_says_that_it_may)
{
    script.provides = {"postern.recipients/1"};
    script.on = [&](const postern_event& event) {
        postern_reply reply{};
        reply.size = sizeof reply;
        reply.flags = POSTERN_REPLY_VOUCH;
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &reply), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    EXPECT_TRUE(plugin->may_vouch());
    EXPECT_EQ(here.call(*plugin, hook_point::cmd_rcpt).status, call_status::answered);
    EXPECT_TRUE(here.answer.vouches);
}

TEST_F(a_plugin, that_observes_cannot_answer)
{
    script.subscriptions = {POSTERN_HOOK_RCPT};
    script.subscribe_flags = POSTERN_SUBSCRIBE_OBSERVE;
    int seen = 0;
    script.on = [&](const postern_event& event) {
        ++seen;
        EXPECT_EQ(event.ticket, 0U);
        EXPECT_EQ(script.reply(event.ticket), POSTERN_E_STALE);
        return POSTERN_E_PLUGIN;
    };
    const auto plugin = script.make();
    EXPECT_EQ(here.call(*plugin, hook_point::cmd_rcpt).status, call_status::passed);
    EXPECT_EQ(seen, 1);
}

TEST_F(a_plugin, is_told_of_notifications_without_a_ticket)
{
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(event.ticket, 0U);
        EXPECT_EQ(event.deadline_ns, 0);
        EXPECT_EQ(text_of(as<postern_ev_txn>(event).message), base::to_text(here.draft.id));
        EXPECT_EQ(text_of(as<postern_ev_txn>(event).reason), "gone");
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    auto what = here.event(hook_point::txn_aborted);
    what.reason = "gone";
    EXPECT_EQ(here.call(*plugin, what).status, call_status::passed);
}

TEST_F(a_plugin, gets_its_cookie_with_every_later_event)
{
    std::vector<std::uint64_t> cookies;
    script.on = [&](const postern_event& event) {
        cookies.push_back(event.cookie);
        EXPECT_EQ(script.core->set_cookie(script.host, event.session, 42), POSTERN_PASS);
        EXPECT_EQ(script.core->set_cookie(script.host, event.session + 1, 43), POSTERN_E_STALE);
        return POSTERN_PASS;
    };
    const auto plugin = script.make();
    (void)here.call(*plugin, hook_point::conn_open);
    (void)here.call(*plugin, hook_point::cmd_helo);
    (void)here.call(*plugin, hook_point::conn_close);
    EXPECT_THAT(cookies, ::testing::ElementsAre(0, 42, 42));
}

TEST_F(a_plugin, is_woken_through_the_session_and_told_of_its_end)
{
    const auto plugin = script.make();
    EXPECT_EQ(script.core->wake(script.host, 77, 5, 1000), POSTERN_E_STALE); // nobody has seen it yet
    (void)here.call(*plugin, hook_point::conn_open);
    EXPECT_EQ(script.core->set_cookie(script.host, 77, 9), POSTERN_PASS);
    EXPECT_EQ(script.core->wake(script.host, 77, 5, 1000), POSTERN_PASS);
    EXPECT_EQ(script.core->wake(script.host, 77, 6, ~std::uint64_t{0}), POSTERN_PASS);
    ASSERT_EQ(here.port->wakes.size(), 2U);
    EXPECT_EQ(here.port->wakes[0].who, plugin);
    EXPECT_EQ(here.port->wakes[0].delay, std::chrono::nanoseconds{1000});
    EXPECT_GT(here.port->wakes[1].delay, std::chrono::hours{24});

    std::vector<std::string> heard;
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(event.cookie, 9U);
        EXPECT_EQ(event.ticket, 0U);
        EXPECT_EQ(event.session, 77U);
        if (event.hook == POSTERN_HOOK_WAKE)
            heard.push_back("wake " + std::to_string(as<postern_ev_wake>(event).token) +
                            (event.flags == POSTERN_WAKE_CANCELLED ? " cancelled" : ""));
        else
            heard.push_back(event.hook == POSTERN_HOOK_SESSION_END ? "end" : "?");
        return POSTERN_PASS;
    };
    plugin->wake(here.connection.session, 5, false);
    plugin->wake(here.connection.session, 6, true);
    plugin->session_ended(here.connection.session);
    plugin->session_ended(here.connection.session);
    EXPECT_THAT(heard, ::testing::ElementsAre("wake 5", "wake 6 cancelled", "end"));
    EXPECT_EQ(script.core->wake(script.host, 77, 7, 0), POSTERN_E_STALE);
    EXPECT_EQ(script.core->set_cookie(script.host, 77, 1), POSTERN_E_STALE);
}

TEST_F(a_plugin, cannot_wake_a_session_that_is_over)
{
    const auto plugin = script.make();
    (void)here.call(*plugin, hook_point::conn_open);
    here.port->is_alive = false;
    EXPECT_EQ(script.core->wake(script.host, 77, 5, 0), POSTERN_E_STALE);
}

TEST_F(a_plugin, subscribes_only_while_it_is_made)
{
    script.on_create = [&] {
        EXPECT_EQ(script.core->subscribe(script.host, 0, 0), POSTERN_E_INVALID);
        EXPECT_EQ(script.core->subscribe(script.host, hooks::hook_point_count, 0), POSTERN_E_INVALID);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_CONN_OPEN + 256, 0), POSTERN_E_INVALID);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_WAKE, 0), POSTERN_E_INVALID);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_RCPT, 2), POSTERN_E_INVALID);
        EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_DELIVERY_DONE, 0), POSTERN_PASS);
        return POSTERN_PASS;
    };
    const auto plugin = script.make();
    EXPECT_TRUE(plugin->wants(hook_point::delivery_done));
    EXPECT_EQ(script.core->subscribe(script.host, POSTERN_HOOK_RCPT, 0), POSTERN_E_DENIED);
}

// Otherwise what was written to decide would only watch: nothing would be refused any more, and nobody told.
TEST_F(a_plugin, cannot_both_observe_and_decide_at_one_hook)
{
    script.on_create = [&] {
        const auto subscribe = [&](std::uint32_t hook, std::uint32_t flags) {
            return script.core->subscribe(script.host, hook, flags);
        };
        EXPECT_EQ(subscribe(POSTERN_HOOK_RCPT, POSTERN_SUBSCRIBE_OBSERVE), POSTERN_PASS);
        EXPECT_EQ(subscribe(POSTERN_HOOK_RCPT, POSTERN_SUBSCRIBE_OBSERVE), POSTERN_PASS);
        EXPECT_EQ(subscribe(POSTERN_HOOK_RCPT, 0), POSTERN_E_INVALID);
        EXPECT_EQ(subscribe(POSTERN_HOOK_MAIL, 0), POSTERN_PASS);
        EXPECT_EQ(subscribe(POSTERN_HOOK_MAIL, 0), POSTERN_PASS);
        EXPECT_EQ(subscribe(POSTERN_HOOK_MAIL, POSTERN_SUBSCRIBE_OBSERVE), POSTERN_E_INVALID);
        return POSTERN_PASS;
    };
    const auto plugin = script.make();
    EXPECT_TRUE(script.log.contains("plugin_failed plugin=scripted hook=cmd.rcpt cause=it asks to observe and to decide"));
    EXPECT_TRUE(plugin->instance().observes(hook_point::cmd_rcpt));
    EXPECT_FALSE(plugin->instance().observes(hook_point::cmd_mail));
}

// Its exception would be a line without a word of where it came from, and no metric would know.
TEST_F(a_plugin, that_fails_at_a_notification_is_told_of_in_the_log_with_the_hook_and_the_cause)
{
    script.subscriptions = {POSTERN_HOOK_DELIVERY_DONE};
    script.on = [&](const postern_event&) {
        script.core->log(script.host, POSTERN_LOG_ERROR, {"no such key", 11});
        return POSTERN_E_PLUGIN;
    };
    const auto plugin = script.make();
    hooks::event what{};
    what.hook = hook_point::delivery_done;
    hooks::plugin_reply none;
    EXPECT_EQ(plugin->call(what, {}, nullptr, none).status, call_status::passed);
    EXPECT_TRUE(script.log.contains("plugin=scripted hook=delivery.done cause=it failed: no such key"));
    EXPECT_EQ(script.services.metrics
                  ->add_counter({"postern_plugin_failures_total", "Calls in which a plugin failed"},
                                {{"plugin", "scripted"}, {"hook", "delivery.done"}})
                  .value(),
              1);
}

TEST_F(a_plugin, that_fails_without_a_session_has_none_in_the_log)
{
    script.on = [](const postern_event&) { return POSTERN_E_PLUGIN; };
    const auto plugin = script.make();
    postern_ev_timer rings{};
    rings.ev.size = sizeof rings;
    rings.ev.hook = POSTERN_HOOK_TIMER;
    plugin->instance().notify(rings.ev);
    EXPECT_TRUE(script.log.contains("plugin_failed plugin=scripted hook=timer cause=handle returned -1"));
}

TEST_F(a_plugin, hears_of_a_verdict_that_does_not_fit_and_the_log_has_its_name)
{
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.reply(event.ticket, POSTERN_REJECT), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    EXPECT_EQ(here.call(*plugin, hook_point::txn_commit_before).status, call_status::answered);
    EXPECT_EQ(here.answer.failure, "REJECT: not at txn.commit_before");
}

TEST_F(a_plugin, survives_calls_without_a_host)
{
    const auto plugin = script.make();
    postern_reply reply{};
    EXPECT_EQ(script.core->reply(nullptr, 1, &reply), POSTERN_E_INVALID);
    EXPECT_EQ(script.core->subscribe(nullptr, 1, 0), POSTERN_E_INVALID);
    script.core->log(nullptr, 0, {"x", 1});
    EXPECT_EQ(script.get(script.host, nullptr), nullptr);
    EXPECT_EQ(script.get(script.host, "postern.core/2"), nullptr);
    script.core->log(script.host, 99, {"hello\n", 6});
    script.core->log(script.host, 1, {nullptr, 6});
    EXPECT_TRUE(script.log.contains("plugin.log plugin=scripted text=hello\n"));
}

TEST_F(a_plugin, is_destroyed_when_the_last_chain_lets_go)
{
    auto plugin = script.make();
    auto second = plugin;
    plugin.reset();
    EXPECT_EQ(script.destroyed, 0);
    second.reset();
    EXPECT_EQ(script.destroyed, 1);
}

TEST_F(a_plugin, that_was_not_created_is_not_destroyed)
{
    script.on_create = [] { return POSTERN_E_PLUGIN; };
    EXPECT_EQ(script.make_instance(), nullptr);
    EXPECT_EQ(script.destroyed, 0);
    ASSERT_EQ(script.found.size(), 1U);
    const std::string who = "postern.toml:7: plugin scripted (org.example.scripted 1) could not start: ";
    EXPECT_EQ(script.found[0].text(), who + "status -1");
    script.found.clear();
    script.on_create = [this] {
        script.core->log(script.host, POSTERN_LOG_ERROR, {"there is no such database", 25});
        return POSTERN_E_PLUGIN;
    };
    EXPECT_EQ(script.make_instance(), nullptr);
    ASSERT_EQ(script.found.size(), 1U);
    EXPECT_EQ(script.found[0].text(), who + "there is no such database");
}

TEST_F(a_plugin, that_is_serial_is_called_once_at_a_time)
{
    script.flags = POSTERN_PLUGIN_SERIAL;
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    script.on = [&](const postern_event&) {
        const int now = ++inside;
        most = std::max(most.load(), now);
        std::this_thread::yield();
        --inside;
        return POSTERN_PASS;
    };
    const auto plugin = script.make();
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            scene own;
            own.connection.session.value += i;
            for (int n = 0; n < 200; ++n)
                EXPECT_EQ(own.call(*plugin, hook_point::cmd_rcpt).status, call_status::passed);
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(most, 1);
}

TEST_F(a_plugin, answers_from_its_own_threads_under_load)
{
    std::vector<std::thread> repliers;
    std::mutex guard;
    script.on = [&](const postern_event& event) {
        const std::scoped_lock lock{guard};
        repliers.emplace_back([&, ticket = event.ticket] { (void)script.reply(ticket); });
        return POSTERN_TAKEN;
    };
    const auto plugin = script.make();
    std::size_t pending = 0;
    for (int i = 0; i < 500; ++i) {
        const auto called = here.call(*plugin, hook_point::cmd_rcpt);
        ASSERT_TRUE(called.status == call_status::pending || called.status == call_status::answered);
        if (called.status == call_status::pending && i % 2 == 0)
            (void)plugin->withdraw(called.ticket); // answered or not, it is over
        else if (called.status == call_status::pending)
            ++pending;
    }
    for (auto& each : repliers)
        each.join();
    EXPECT_GE(here.port->answers(pending).size(), pending);
}

} // namespace
} // namespace postern::daemon
