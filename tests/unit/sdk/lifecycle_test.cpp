// What a plugin says before its generation comes into force, through the SDK and the fake host.

#include <postern/plugin.hpp>
#include <postern/testing/fake_generation.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace {

using namespace postern::testing;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

/// Says in the log what it is asked and told.
class at_once {
public:
    explicit at_once(const postern::host& host) : host_{host}, mood_{host.config("mood", "good")} {}
    postern::readiness on(const postern::prepare& event) const
    {
        std::string seen = "prepare " + std::to_string(event.generation()) + " after " + std::to_string(event.replaces());
        for (const auto& option : event.before())
            seen += " " + std::string{option.key} + "=" + std::string{option.text};
        host_.info(seen + (event.is_check() ? " to look" : ""));
        if (mood_ == "throws")
            throw postern::config_error{"mood", "it throws"};
        if (mood_ == "breaks")
            throw std::runtime_error{"broken"};
        return mood_ == "bad" ? postern::not_ready("mood", "is bad\r\n") : postern::ready();
    }
    void on(const postern::commit&) const { host_.info("commit"); }
    void on(const postern::abort&) const { host_.info("abort"); }

private:
    postern::host host_;
    std::string mood_;
};
constexpr postern_plugin at_once_table = postern::sdk::describe<at_once>("org.example.at-once", "1", "test");

class sleeper {
public:
    explicit sleeper(const postern::host& host) : host_{host} {}
    postern::task<postern::readiness> on(postern::prepare) const
    {
        co_await host_.sleep(3s);
        if (host_.name() == "late")
            throw postern::config_error{"hours", "are too short"};
        co_return postern::ready();
    }

private:
    postern::host host_;
};
constexpr postern_plugin sleeper_table = postern::sdk::describe<sleeper>("org.example.sleeper", "1", "test");

/// Is ready unless it throws.
class silent {
public:
    void on(const postern::prepare&) const {}
};
constexpr postern_plugin silent_table = postern::sdk::describe<silent>("org.example.silent", "1", "test");

/// Knows nothing of generations.
class unconcerned {
public:
    void on(const postern::committed&) const {}
};
constexpr postern_plugin unconcerned_table = postern::sdk::describe<unconcerned>("org.example.unconcerned", "1", "test");

std::vector<std::string> lines_of(fake_host& host)
{
    std::vector<std::string> out;
    for (const auto& [level, text] : host.log_lines())
        out.push_back(text);
    return out;
}

TEST(a_preparation, shows_what_is_in_force_and_is_answered_at_once)
{
    fake_host old{at_once_table};
    old.option("mood", "old");
    fake_host host{at_once_table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_generation reload{host, &old};
    EXPECT_TRUE(reload.prepare().proceeds());
    reload.commit();
    EXPECT_THAT(lines_of(host), ElementsAre("prepare 2 after 1 mood=old", "commit"));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_preparation, of_a_start_replaces_nothing_and_one_that_only_looks_says_so)
{
    fake_host host{at_once_table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_generation start{host};
    EXPECT_TRUE(start.prepare(true).proceeds());
    start.abort();
    EXPECT_THAT(lines_of(host), ElementsAre("prepare 1 after 0 to look", "abort"));
}

TEST(a_preparation, is_refused_with_the_option_at_fault_by_answer_and_by_exception)
{
    for (const auto* mood : {"bad", "throws"}) {
        fake_host host{at_once_table};
        host.option("mood", mood);
        ASSERT_EQ(host.create(), POSTERN_PASS);
        fake_generation start{host};
        const auto said = start.prepare();
        EXPECT_TRUE(said.rejects());
        EXPECT_EQ(said.key, "mood");
        EXPECT_EQ(said.text, std::string{mood} == "bad" ? "is bad??" : "it throws");
        EXPECT_THAT(host.complaints(), IsEmpty());
    }
    fake_host host{at_once_table};
    host.option("mood", "breaks");
    ASSERT_EQ(host.create(), POSTERN_PASS);
    const auto said = fake_generation{host}.prepare();
    EXPECT_TRUE(said.is_failed());
    EXPECT_EQ(said.text, "broken");
}

TEST(a_preparation, may_sleep)
{
    fake_host host{sleeper_table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_generation start{host};
    const auto said = start.prepare();
    ASSERT_TRUE(said.is_pending());
    host.advance(2s);
    EXPECT_TRUE(host.answer_to(said.ticket).is_pending());
    host.advance(1s);
    EXPECT_TRUE(host.answer_to(said.ticket).proceeds());
    start.commit();

    fake_host late{sleeper_table};
    ASSERT_EQ(late.create("late"), POSTERN_PASS);
    const auto refused = fake_generation{late}.prepare();
    late.advance(3s);
    EXPECT_TRUE(late.answer_to(refused.ticket).rejects());
    EXPECT_EQ(late.answer_to(refused.ticket).key, "hours");
}

TEST(a_preparation, that_is_given_up_unwinds_the_task_that_sleeps)
{
    fake_host host{sleeper_table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_generation start{host};
    const auto said = start.prepare();
    host.withdraw(said.ticket);
    start.abort();
    EXPECT_EQ(host.waiting(), 0u);
}

TEST(a_preparation, goes_by_who_has_nothing_to_say_and_is_not_sent_to_who_does_not_listen)
{
    fake_host host{silent_table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_TRUE(fake_generation{host}.prepare().proceeds());
    fake_host other{unconcerned_table};
    ASSERT_EQ(other.create(), POSTERN_PASS);
    EXPECT_FALSE(other.is_subscribed(POSTERN_HOOK_CONFIG_PREPARE));
    EXPECT_TRUE(fake_generation{other}.prepare().proceeds());
}

} // namespace
