#include "core/host/preparation.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/lifecycle.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;
using test::scripted_plugin;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t prepare = POSTERN_HOOK_CONFIG_PREPARE;
constexpr std::uint32_t commit = POSTERN_HOOK_CONFIG_COMMIT;
constexpr std::uint32_t abort = POSTERN_HOOK_CONFIG_ABORT;

/// A plugin that notes which events came, in order.
class noting_plugin : public scripted_plugin {
public:
    noting_plugin()
    {
        subscriptions = {prepare, commit, abort};
        on = [this](const postern_event& event) {
            {
                const std::scoped_lock lock{guard_};
                hooks_.push_back(event.hook);
            }
            return event.hook == prepare ? at_prepare(test::as<postern_ev_config>(event)) : POSTERN_PASS;
        };
    }
    [[nodiscard]] std::vector<std::uint32_t> hooks()
    {
        const std::scoped_lock lock{guard_};
        return hooks_;
    }
    postern_status refuse(std::uint64_t ticket, std::string_view key, std::string_view text) const
    {
        postern_prepare_reply out{};
        out.base.size = sizeof out;
        out.base.verdict = POSTERN_REJECT;
        out.base.text = {text.data(), text.size()};
        out.key = {key.data(), key.size()};
        return core->reply(host, ticket, &out.base);
    }

    std::function<postern_status(const postern_ev_config&)> at_prepare = [](const postern_ev_config&) { return POSTERN_PASS; };

private:
    std::mutex guard_;
    std::vector<std::uint32_t> hooks_;
};

class a_preparation : public ::testing::Test {
protected:
    /// A preparation, with the share in its instances that a chain would have. It goes before the plugins do.
    struct prepared {
        std::vector<std::shared_ptr<abi_plugin>> faces;
        std::unique_ptr<preparation> all;
        preparation* operator->() const noexcept { return all.get(); }
    };

    /// Of those plugins, in order.
    prepared of(const std::vector<scripted_plugin*>& plugins, preparation_facts facts = {.generation = 3, .replaces = 2})
    {
        prepared out;
        std::vector<std::shared_ptr<plugin_instance>> instances;
        for (auto* each : plugins) {
            out.faces.push_back(each->make());
            instances.push_back(out.faces.back()->instance().shared_from_this());
        }
        out.all = std::make_unique<preparation>(std::move(instances), facts, base::log{log_});
        return out;
    }
    [[nodiscard]] std::vector<std::string> complaints() const
    {
        std::vector<std::string> out;
        for (const auto& each : found_)
            out.push_back(each.text());
        return out;
    }

    postern::test::memory_log log_;
    problems found_;
};

TEST_F(a_preparation, asks_all_and_then_tells_all_that_it_holds)
{
    noting_plugin one;
    noting_plugin two;
    scripted_plugin indifferent;
    one.at_prepare = [&](const postern_ev_config& event) {
        EXPECT_EQ(event.generation, 3U);
        EXPECT_EQ(event.replaces, 2U);
        EXPECT_NE(event.ev.ticket, 0U);
        EXPECT_GT(event.ev.deadline_ns, 0);
        EXPECT_EQ(event.ev.flags, 0U);
        return POSTERN_PASS;
    };
    {
        auto all = of({&one, &indifferent, &two});
        EXPECT_TRUE(all->ask(found_)) << ::testing::PrintToString(complaints());
        EXPECT_THAT(two.hooks(), ElementsAre(prepare, POSTERN_HOOK_SESSION_END)) << "the preparation is a session";
        all->commit();
    }
    EXPECT_THAT(one.hooks(), ElementsAre(prepare, POSTERN_HOOK_SESSION_END, commit)) << "and no abort, whatever goes afterwards";
    EXPECT_THAT(two.hooks(), ElementsAre(prepare, POSTERN_HOOK_SESSION_END, commit));
}

TEST_F(a_preparation, that_one_refuses_is_aborted_for_all_and_names_the_line_of_the_option)
{
    noting_plugin good;
    noting_plugin bad;
    bad.options = {{"word", "", "x", 0, POSTERN_OPTION_STRING, 0, 12}};
    bad.at_prepare = [&](const postern_ev_config& event) {
        bad.refuse(event.ev.ticket, "word", "is taken");
        return POSTERN_TAKEN;
    };
    {
        auto all = of({&good, &bad});
        EXPECT_FALSE(all->ask(found_));
        EXPECT_THAT(complaints(), ElementsAre("postern.toml:12: plugin scripted: word: is taken"));
    }
    EXPECT_THAT(good.hooks(), ElementsAre(prepare, POSTERN_HOOK_SESSION_END, abort));
    EXPECT_THAT(bad.hooks(), ElementsAre(prepare, POSTERN_HOOK_SESSION_END, abort)) << "who refuses hears of it too";
}

TEST_F(a_preparation, tells_all_who_are_not_ready)
{
    noting_plugin fails;
    noting_plugin talks_nonsense;
    noting_plugin says_why;
    fails.at_prepare = [](const postern_ev_config&) { return POSTERN_E_PLUGIN; };
    talks_nonsense.at_prepare = [&](const postern_ev_config& event) {
        EXPECT_EQ(talks_nonsense.reply(event.ev.ticket, POSTERN_DISCARD, "?"), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    says_why.at_prepare = [&](const postern_ev_config& event) {
        EXPECT_EQ(says_why.reply(event.ev.ticket, POSTERN_REJECT, "the disk is full"), POSTERN_PASS);
        EXPECT_EQ(says_why.reply(event.ev.ticket, POSTERN_CONTINUE, ""), POSTERN_E_STALE);
        return POSTERN_TAKEN;
    };
    auto all = of({&fails, &talks_nonsense, &says_why});
    EXPECT_FALSE(all->ask(found_));
    const std::string who = "postern.toml:7: plugin scripted (org.example.scripted 1) is not ready: ";
    EXPECT_THAT(complaints(),
                ElementsAre(who + "it failed; what it logged says why",
                            who + "its answer is a verdict other than CONTINUE and REJECT", who + "the disk is full"));
}

TEST_F(a_preparation, waits_for_answers_from_other_threads_and_delivers_wakes_meanwhile)
{
    noting_plugin threaded;
    noting_plugin woken;
    std::thread helper;
    threaded.at_prepare = [&](const postern_ev_config& event) {
        helper = std::thread{[&threaded, ticket = event.ev.ticket] { threaded.reply(ticket, POSTERN_CONTINUE, ""); }};
        return POSTERN_TAKEN;
    };
    std::uint64_t ticket = 0;
    woken.at_prepare = [&](const postern_ev_config& event) {
        ticket = event.ev.ticket;
        EXPECT_EQ(woken.core->wake(woken.host, event.ev.session, 5, 1'000'000), POSTERN_PASS);
        EXPECT_EQ(woken.core->wake(woken.host, event.ev.session, 6, 3'600'000'000'000), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    const auto noted = woken.on;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> wakes;
    woken.on = [&](const postern_event& event) {
        if (event.hook == POSTERN_HOOK_WAKE) {
            const auto token = test::as<postern_ev_wake>(event).token;
            wakes.emplace_back(token, event.flags);
            if (token == 5) {
                EXPECT_EQ(woken.reply(ticket, POSTERN_CONTINUE, ""), POSTERN_PASS);
            }
        }
        return noted(event);
    };
    auto all = of({&threaded, &woken});
    EXPECT_TRUE(all->ask(found_)) << ::testing::PrintToString(complaints());
    helper.join();
    EXPECT_THAT(wakes, ElementsAre(std::pair{5UL, 0U}, std::pair{6UL, POSTERN_WAKE_CANCELLED}));
    EXPECT_EQ(woken.core->wake(woken.host, 3, 7, 0), POSTERN_E_STALE) << "the preparation is over";
    all->commit();
}

TEST_F(a_preparation, does_not_wait_for_ever)
{
    noting_plugin silent;
    std::uint64_t ticket = 0;
    silent.at_prepare = [&](const postern_ev_config& event) {
        ticket = event.ev.ticket;
        return POSTERN_TAKEN;
    };
    auto all = of({&silent}, {.generation = 3, .patience = 1ms});
    EXPECT_FALSE(all->ask(found_));
    EXPECT_THAT(
        complaints(),
        ElementsAre("postern.toml:7: plugin scripted (org.example.scripted 1) is not ready: it has not answered in time"));
    EXPECT_EQ(silent.reply(ticket, POSTERN_CONTINUE, ""), POSTERN_E_STALE);
    all->abort();
    EXPECT_THAT(silent.hooks(), ElementsAre(prepare, POSTERN_HOOK_SESSION_END, abort));
}

TEST_F(a_preparation, of_a_plugin_that_blocks_is_on_its_own_threads_and_waited_for)
{
    noting_plugin blocking;
    blocking.flags = POSTERN_PLUGIN_BLOCKING;
    std::thread::id where;
    blocking.at_prepare = [&](const postern_ev_config&) {
        where = std::this_thread::get_id();
        return POSTERN_PASS;
    };
    auto all = of({&blocking});
    EXPECT_TRUE(all->ask(found_)) << ::testing::PrintToString(complaints());
    EXPECT_NE(where, std::this_thread::get_id());
    all->commit();
    const auto seen = blocking.hooks();
    EXPECT_EQ(seen.front(), prepare);
    EXPECT_EQ(std::ranges::count(seen, commit), 1) << "it has done with it before the first session comes";
}

TEST_F(a_preparation, shows_the_options_of_the_instance_in_force)
{
    noting_plugin one;
    std::vector<std::string> before;
    one.at_prepare = [&](const postern_ev_config& event) {
        for (const auto& option : test::records_of<postern_option>(event.before))
            before.push_back(test::text_of(option.key) + "=" + test::text_of(option.text));
        EXPECT_EQ(event.ev.flags, POSTERN_PREPARE_CHECK);
        return POSTERN_PASS;
    };
    const configured_options in_force{{"scripted", {{"word", "", "old", 0, POSTERN_OPTION_STRING, 0, 3}}}, {"other", {}}};
    auto all = of({&one}, {.generation = 3, .replaces = 2, .is_check = true, .before = &in_force});
    EXPECT_TRUE(all->ask(found_));
    EXPECT_THAT(before, ElementsAre("word=old"));
}

TEST_F(a_preparation, that_nobody_was_asked_in_tells_nobody)
{
    noting_plugin one;
    {
        const auto all = of({&one});
    }
    EXPECT_THAT(one.hooks(), IsEmpty());
}

} // namespace
} // namespace postern::daemon
