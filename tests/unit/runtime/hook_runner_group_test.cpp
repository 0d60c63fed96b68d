// Plugins that are asked at the same time: whatever they answer and in whichever order, the result is that of asking one after
// the other.

#include "core/runtime/hook_runner.hpp"
#include "tests/support/lambda_plugin.hpp"
#include "tests/support/memory_log.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <thread>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using hooks::call_result;
using hooks::call_status;
using hooks::hook_point;
using hooks::verdict_kind;
using test::asked;
using testing::ElementsAre;

/// One who is asked, and what comes of it.
struct member {
    enum class kind { answers, passes, fails, says_it_fails, never_answers, watches };
    kind what = kind::answers;
    hooks::plugin_reply reply;
    bool later = false; ///< it answers when its session has gone on
    hooks::failure_policy on_error = hooks::failure_policy::tempfail;
    hooks::permissions may;
    bool vouches = false;
    std::uint32_t group = 0;
};

/// All that a walk comes to.
struct seen {
    std::string result;
    std::map<std::string, std::string> shown; ///< what each who was asked could see
};

/// What an event's record has of a message: no score, no hold, no journal.
std::string visible_text(const hooks::draft& message)
{
    auto out = fmt::format("<{}> {}", message.envelope.from.address, message.headers.octets());
    for (const auto& to : message.envelope.to)
        out += " " + to.address;
    return out;
}

std::string whole_text(const hooks::draft& message)
{
    return visible_text(message) +
           fmt::format(" {} {} {} {}", message.score, message.discarded, message.held.value_or("-"), message.journal.size());
}

class a_group : public testing::Test {
protected:
    /// Asks `members` in order, those of one group at the same time unless all are told to answer at once and alone.
    seen ask(hook_point hook, const std::vector<member>& members, bool together)
    {
        seen out;
        links_.clear();
        for (std::size_t i = 0; i != members.size(); ++i)
            add(hook, members[i], fmt::format("p{}", i), together, out);
        const hooks::chain order{std::move(links_)};
        hooks::draft message;
        message.envelope.from.address = "a@client.example";
        message.envelope.to.push_back({.address = "b@mx.example", .notify = {}, .orcpt = {}, .parameters = {}});
        home_.spawn("ask", walk(order, hook, message, out));
        home_.context().run();
        home_.context().restart();
        out.result += whole_text(message);
        return out;
    }

    std::mt19937 random_{20260101};
    base::metrics metrics_;
    test::memory_log lines_;
    base::log log_{lines_};
    io::loop home_{log_};
    base::system_clock clock_;
    notice_board notices_{clock_};

private:
    std::map<std::uint64_t, std::string> views_;

    void add(hook_point hook, const member& what, const std::string& name, bool together, seen& out)
    {
        const auto on = [this, hook, what, name, together, &out](const asked& about) {
            out.shown[name] = visible_text(*about.what.message);
            if (hook == hook_point::msg_end) // its event has the score
                out.shown[name] += fmt::format(" {}", about.what.message->score);
            // Whoever implements a plugin may keep what it made of an event for as long as the number is the same.
            EXPECT_NE(about.what.view, 0U);
            EXPECT_EQ(views_.emplace(about.what.view, out.shown[name]).first->second, out.shown[name]);
            const bool is_later = together && what.later && what.what != member::kind::watches;
            return is_later ? answer_later(what, about.port) : answer_now(what, about.answer);
        };
        auto who = std::make_shared<test::lambda_plugin>(name, std::set{hook}, on, what.vouches);
        if (what.what == member::kind::watches)
            who->observed.insert(hook);
        const bool is_silent = what.what == member::kind::never_answers;
        links_.push_back({who, what.on_error, is_silent ? 1ms : 1h, what.may, together ? what.group : 0});
    }
    static call_result answer_now(const member& what, hooks::plugin_reply& answer)
    {
        using enum member::kind;
        if (what.what == fails || what.what == never_answers)
            return {call_status::failed};
        if (what.what == passes || what.what == watches)
            return {call_status::passed};
        answer = what.reply;
        if (what.what == says_it_fails)
            answer.failure = "it says so";
        return {call_status::answered};
    }
    /// Whoever waits is answered in no order.
    call_result answer_later(const member& what, const std::shared_ptr<hooks::session_port>& port)
    {
        if (what.what == member::kind::never_answers)
            return {call_status::pending, 7}; // the same number for all: they are of different plugins
        hooks::plugin_reply reply;
        if (answer_now(what, reply).status == call_status::failed)
            reply.failure = "it failed later";
        open_.push_back([port, reply] { port->answer(7, reply); });
        io::asio::post(home_.context(), [this] {
            const auto which = std::uniform_int_distribution<std::size_t>{0, open_.size() - 1}(random_);
            const auto answer = std::move(open_[which]);
            open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
            answer();
        });
        return {call_status::pending, 7};
    }
    io::task<void> walk(const hooks::chain& order, hook_point hook, hooks::draft& message, seen& out)
    {
        auto port = std::make_shared<connection_port>(home_, base::session_id{1}, clock_);
        auto own = std::shared_ptr<const hooks::chain>{std::shared_ptr<void>{}, &order};
        hook_runner runner{own, port, log_, metrics_, notices_, clock_};
        hooks::event what;
        what.hook = hook;
        what.message = &message;
        hooks::chain_run run{order, hook, &message};
        const bool is_answered = runner.advance(run, what);
        if (!is_answered)
            co_await runner.finish(run, what);
        const auto& got = run.result();
        out.result = fmt::format("{} {} {} {} {} {} {} | {} | ", hooks::name_of(got.verdict), got.vouched, got.smtp_code,
                                 got.enhanced, got.text, got.plugin, got.score, run.chunk().value_or("-"));
    }

    std::vector<hooks::link> links_;
    std::vector<std::function<void()>> open_;
};

member one_who_says(verdict_kind verdict, bool later = true)
{
    member out;
    out.reply.verdict = verdict;
    out.later = later;
    out.group = 1;
    return out;
}

/// Any answer, right or wrong, at any time.
member anything(hook_point hook, std::mt19937& random)
{
    const auto roll = [&random](int sides) { return std::uniform_int_distribution<int>{0, sides - 1}(random); };
    member out;
    using enum member::kind;
    constexpr std::array rare{passes, fails, says_it_fails, never_answers, watches, watches};
    out.what = roll(4) == 0 ? rare.at(static_cast<std::size_t>(roll(rare.size()))) : answers;
    constexpr std::array verdicts{verdict_kind::proceed, verdict_kind::proceed, verdict_kind::score};
    out.reply.verdict = roll(4) == 0 ? static_cast<verdict_kind>(roll(8)) : verdicts.at(static_cast<std::size_t>(roll(3)));
    out.reply.score = roll(100) - 50;
    out.reply.text = fmt::format("said {}", roll(1000));
    out.reply.vouches = hook == hook_point::cmd_rcpt && roll(3) == 0;
    out.reply.smtp_code = roll(30) == 0 ? std::uint16_t{450} : std::uint16_t{0}; // right for some
    if (roll(4) == 0) {
        const auto op = hook == hook_point::cmd_mail   ? hooks::edit_op::sender_set
                        : hook == hook_point::cmd_rcpt ? hooks::edit_op::rcpt_add
                                                       : hooks::edit_op::header_add;
        out.reply.edits.push_back({op, 0, "X-A", fmt::format("x{}@other.example", roll(1000))});
    }
    out.later = roll(3) != 0;
    out.on_error = static_cast<hooks::failure_policy>(roll(5));
    out.may.accept = roll(2) == 0;
    out.vouches = roll(2) == 0;
    return out;
}

TEST_F(a_group, comes_to_what_asking_one_after_the_other_comes_to)
{
    constexpr std::array hooks{hook_point::conn_open,   hook_point::cmd_mail, hook_point::cmd_rcpt,
                               hook_point::msg_headers, hook_point::msg_end,  hook_point::txn_commit_before};
    int decided = 0;
    for (int round = 0; round < 1500; ++round) {
        const auto hook = hooks.at(static_cast<std::size_t>(round) % hooks.size());
        std::vector<member> members;
        std::uint32_t group = 0;
        const auto count = std::uniform_int_distribution<int>{2, 6}(random_);
        for (int i = 0; i < count; ++i) {
            members.push_back(anything(hook, random_));
            const bool is_new = std::uniform_int_distribution<int>{0, 2}(random_) == 0;
            group += is_new ? 1 : 0;
            members.back().group = group;
        }
        for (std::size_t i = 0; i != members.size(); ++i) // what the configuration allows
            if (members[i].group == 0 || i + 1 == members.size() || members[i + 1].group != members[i].group)
                members[i].may.headers = members[i].may.sender = members[i].may.rcpt = true;
        const auto one_by_one = ask(hook, members, false);
        const auto together = ask(hook, members, true);
        ASSERT_EQ(together.result, one_by_one.result) << "round " << round;
        for (const auto& [name, shown] : one_by_one.shown)
            ASSERT_EQ(together.shown.at(name), shown) << name << " saw something else in round " << round;
        decided += one_by_one.result.starts_with("CONTINUE") ? 0 : 1;
    }
    EXPECT_GT(decided, 300) << "there must be something to compare";
    EXPECT_LT(decided, 1250);
}

TEST_F(a_group, is_asked_before_any_of_it_has_answered)
{
    std::vector<std::string> order;
    std::shared_ptr<hooks::session_port> ports[2];
    const auto on = [&](std::size_t which) {
        return [&, which](const asked& about) {
            order.push_back(fmt::format("ask {}", which));
            ports[which] = about.port;
            if (which == 1) // only now the first one answers: asked one after the other they would wait for ever
                for (auto& port : ports)
                    port->answer(7, {});
            return call_result{call_status::pending, 7};
        };
    };
    std::vector<hooks::link> links;
    for (std::size_t i : {0U, 1U})
        links.push_back({std::make_shared<test::lambda_plugin>("p", std::set{hook_point::cmd_mail}, on(i)),
                         hooks::failure_policy::reject,
                         1h,
                         {},
                         1});
    const auto chain = std::make_shared<const hooks::chain>(std::move(links));
    auto port = std::make_shared<connection_port>(home_, base::session_id{1}, clock_);
    hook_runner runner{chain, port, log_, metrics_, notices_, clock_};
    hooks::draft message;
    hooks::event what;
    what.hook = hook_point::cmd_mail;
    hooks::chain_run run{*chain, hook_point::cmd_mail, &message};
    ASSERT_FALSE(runner.advance(run, what));
    EXPECT_THAT(order, ElementsAre("ask 0", "ask 1"));
    home_.spawn("finish", runner.finish(run, what));
    home_.context().run();
    EXPECT_TRUE(run.result().lets_pass());
}

/// A chain of two who answer later, and are asked at the same time.
class two_who_wait : public a_group {
protected:
    two_who_wait()
    {
        for (auto* who : {&first_, &second_})
            *who = std::make_shared<test::lambda_plugin>(who == &first_ ? "first" : "second", std::set{hook_point::cmd_mail},
                                                         [this](const asked& about) {
                                                             ports_.push_back(about.port);
                                                             return call_result{call_status::pending, 7};
                                                         });
    }
    void begin(std::chrono::nanoseconds first_deadline = 1h, std::chrono::nanoseconds second_deadline = 1h)
    {
        std::vector<hooks::link> links{{first_, hooks::failure_policy::tempfail, first_deadline, {}, 1},
                                       {second_, hooks::failure_policy::reject, second_deadline, {}, 1}};
        chain_ = std::make_shared<const hooks::chain>(std::move(links));
        runner_.emplace(chain_, port_, log_, metrics_, notices_, clock_, limits_);
        run_.emplace(*chain_, hook_point::cmd_mail, &message_);
        what_.hook = hook_point::cmd_mail;
        ASSERT_FALSE(runner_->advance(*run_, what_));
        ASSERT_EQ(ports_.size(), 2U);
    }
    const hooks::outcome& finish()
    {
        home_.spawn("finish", runner_->finish(*run_, what_));
        home_.context().run();
        home_.context().restart();
        return run_->result();
    }
    static hooks::plugin_reply refusal()
    {
        hooks::plugin_reply reply;
        reply.verdict = verdict_kind::reject;
        return reply;
    }

    std::shared_ptr<test::lambda_plugin> first_;
    std::shared_ptr<test::lambda_plugin> second_;
    std::vector<std::shared_ptr<hooks::session_port>> ports_;
    std::shared_ptr<connection_port> port_ = std::make_shared<connection_port>(home_, base::session_id{1}, clock_);
    std::shared_ptr<const hooks::chain> chain_;
    hooks::budget_limits limits_;
    hooks::draft message_;
    hooks::event what_;
    std::optional<hook_runner> runner_;
    std::optional<hooks::chain_run> run_;
};

TEST_F(two_who_wait, are_not_waited_for_once_the_first_has_decided)
{
    begin();
    ports_[0]->answer(7, refusal());
    EXPECT_EQ(finish().plugin, "first");
    EXPECT_THAT(second_->withdrawn(), ElementsAre(7U));
    EXPECT_FALSE(lines_.contains("plugin_failed")) << "who is not needed any more has not failed";
}

TEST_F(two_who_wait, are_heard_in_their_order)
{
    begin();
    ports_[1]->answer(7, refusal());
    io::asio::post(home_.context(), [this] { ports_[0]->answer(7, {}); });
    EXPECT_EQ(finish().plugin, "second");
}

TEST_F(two_who_wait, have_each_its_own_deadline)
{
    begin(1h, 1ms);
    second_->on_withdraw = [this] { // so its deadline has passed while the first is waited for
        ports_[0]->answer(7, {});
        return true;
    };
    EXPECT_EQ(finish().verdict, verdict_kind::reject);
    EXPECT_EQ(run_->result().plugin, "second");
    EXPECT_TRUE(lines_.contains("plugin_failed session=0000000000000 plugin=second hook=cmd.mail cause=no answer"));
    EXPECT_THAT(first_->withdrawn(), testing::IsEmpty());
}

TEST_F(two_who_wait, let_nothing_pass_when_the_session_is_cut)
{
    begin();
    io::asio::post(home_.context(), [this] { port_->cut(); });
    EXPECT_EQ(finish().verdict, verdict_kind::tempfail);
    EXPECT_THAT(first_->withdrawn(), ElementsAre(7U));
    EXPECT_THAT(second_->withdrawn(), ElementsAre(7U));
}

TEST_F(two_who_wait, are_both_collected_when_they_answer_at_the_last_moment)
{
    begin(1ms, 1ms);
    const auto at_last = [this](std::size_t which) {
        return [this, which] {
            ports_[which]->answer(7, which == 1 ? refusal() : hooks::plugin_reply{});
            return false;
        };
    };
    first_->on_withdraw = at_last(0);
    second_->on_withdraw = at_last(1);
    EXPECT_EQ(finish().plugin, "second");
    EXPECT_FALSE(lines_.contains("plugin_failed"));
}

TEST_F(two_who_wait, leave_no_ticket_when_the_session_goes_without_an_answer)
{
    begin();
    runner_.reset();
    EXPECT_THAT(first_->withdrawn(), ElementsAre(7U));
    EXPECT_THAT(second_->withdrawn(), ElementsAre(7U));
}

TEST_F(two_who_wait, may_answer_from_other_threads_at_the_same_time)
{
    begin();
    std::thread one{[this] { ports_[0]->answer(7, {}); }};
    std::thread other{[this] { ports_[1]->answer(7, refusal()); }};
    EXPECT_EQ(finish().plugin, "second");
    one.join();
    other.join();
}

TEST_F(two_who_wait, have_no_longer_than_the_phase_has_left)
{
    limits_[hooks::phase::envelope] = 1ms;
    begin();
    EXPECT_EQ(finish().verdict, verdict_kind::tempfail);
    EXPECT_TRUE(lines_.contains("cause=no answer within what the phase's budget left"));
}

TEST_F(a_group, tells_who_only_watches_in_its_turn)
{
    auto watcher = one_who_says(verdict_kind::proceed);
    watcher.what = member::kind::watches;
    const auto refused = ask(hook_point::cmd_mail, {one_who_says(verdict_kind::reject), watcher}, true);
    EXPECT_FALSE(refused.shown.contains("p1")) << "as if they were asked one after the other";
    const auto passed =
        ask(hook_point::cmd_mail, {one_who_says(verdict_kind::proceed), watcher, one_who_says(verdict_kind::proceed)}, true);
    EXPECT_TRUE(passed.shown.contains("p1"));
    EXPECT_TRUE(passed.shown.contains("p2"));
}

} // namespace
} // namespace postern::runtime
