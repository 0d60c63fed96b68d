// What a C++ plugin has of its host beyond hooks: metrics, log events, notes, timers, health, events of the server; with the
// fakes.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace postern::testing;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

/// Uses all of it.
class busy {
public:
    static constexpr std::uint32_t observes = postern::happenings(postern::happening::accepted, postern::happening::failed);

    explicit busy(const postern::host& host)
        : host_{host}, seen_{host.metrics().counter("seen_total", "Senders", {{"kind", "any"}})}, level_{host.metrics().gauge(
                                                                                                      "level", "Level")},
          sizes_{host.metrics().histogram("octets", "Sizes")}, took_{host.metrics().timing("took_seconds", "Time")},
          beat_{host.every(10s, [this] { level_.add(1); })}, later_{host.after(15s, [this] { level_.add(100); })}
    {
        host.want_notes("org.example.geo.*");
        EXPECT_TRUE(host.start_timer(5, 20s));
    }

    postern::verdict on(const postern::mail& mail)
    {
        const auto measured = took_.measure();
        seen_.add();
        sizes_.observe(static_cast<std::int64_t>(mail.size_octets()));
        host_.event_log(mail).info("mail", {{"sender", mail.sender()}, {"size", mail.size_octets()}});
        host_.set_note(mail, "org.example.busy.sender", mail.sender(), postern::note_life::transaction);
        host_.set_note(mail, "org.example.busy.seen", "yes");
        if (host_.note(mail, "org.example.geo.country") == "XX")
            return postern::reject(550, "5.7.1", "not from there");
        return postern::proceed();
    }
    void on(const postern::timer& rang)
    {
        tokens.push_back(rang.token());
        beat_.cancel();
    }
    postern::health_report on(const postern::health&) const
    {
        return tokens.empty() ? postern::healthy() : postern::degraded("it rang\n");
    }
    void on(const postern::server_event& event)
    {
        if (event.what() == postern::happening::failed)
            host_.event_log().warning("lost", {{"recipient", event.recipient()}, {"why", event.text()}});
    }

    std::vector<std::uint64_t> tokens;

private:
    postern::host host_;
    postern::counter seen_;
    postern::gauge level_;
    postern::histogram sizes_;
    postern::timing took_;
    postern::timer_handle beat_;
    postern::timer_handle later_;
};

constexpr auto busy_table = postern::sdk::describe<busy>("org.example.busy", "1", "test");

struct a_busy_plugin : ::testing::Test {
    a_busy_plugin() { EXPECT_EQ(host.create(), POSTERN_PASS); }
    ~a_busy_plugin() override { EXPECT_THAT(host.complaints(), IsEmpty()); }
    fake_host host{busy_table};
    fake_session session{host};
};

TEST_F(a_busy_plugin, counts)
{
    session.mail("a@client.example", {}, 512);
    session.mail("b@client.example", {}, 0);
    EXPECT_EQ(host.metric("seen_total", {{"kind", "any"}}), 2);
    EXPECT_EQ(host.metric("seen_total"), std::nullopt); // without its label it is another series
    EXPECT_EQ(host.metric("level"), 0);
    EXPECT_THAT(host.observed("octets"), ElementsAre(512, 0));
    EXPECT_EQ(host.observed("took_seconds").size(), 2U);
}

TEST_F(a_busy_plugin, logs_events_above_the_level)
{
    session.mail("a@client.example", {}, 512);
    EXPECT_THAT(host.events(),
                ElementsAre(logged_event{POSTERN_LOG_INFO, "mail", 1, {{"sender", "a@client.example"}, {"size", "512"}}}));
    host.log_level = POSTERN_LOG_WARNING;
    session.mail("b@client.example");
    EXPECT_EQ(host.events().size(), 1U);
}

TEST_F(a_busy_plugin, leaves_notes_and_reads_those_of_others)
{
    EXPECT_TRUE(session.mail("a@client.example").proceeds());
    EXPECT_EQ(host.note(1, "org.example.busy.sender"), "a@client.example");
    session.aborted("", "RSET");
    EXPECT_EQ(host.note(1, "org.example.busy.sender"), std::nullopt);
    EXPECT_EQ(host.note(1, "org.example.busy.seen"), "yes");

    host.set_note(1, "org.example.geo.country", "XX");
    EXPECT_TRUE(session.mail("a@client.example").rejects());
    host.set_note(1, "org.example.geo.country", std::string(1000, 'X')); // longer than the first guess
    EXPECT_TRUE(session.mail("a@client.example").proceeds());
    session.end_session();
    EXPECT_EQ(host.note(1, "org.example.busy.seen"), std::nullopt);
}

TEST_F(a_busy_plugin, is_called_by_timers_on_the_clock_of_the_test)
{
    EXPECT_EQ(host.timers(), 3U);
    host.advance(9999ms);
    EXPECT_EQ(host.metric("level"), 0);
    host.advance(1ms);
    EXPECT_EQ(host.metric("level"), 1);
    host.advance(5s);
    EXPECT_EQ(host.metric("level"), 101);
    host.advance(1min); // the beat ends itself at 20 s, right before or after its second stroke
    const auto ended = host.metric("level");
    EXPECT_THAT(ended, ::testing::AnyOf(101, 102));
    EXPECT_EQ(host.timers(), 0U);
    EXPECT_THAT(host.health().text, "it rang?");
}

TEST_F(a_busy_plugin, says_how_it_is)
{
    EXPECT_EQ(host.health().health_state, POSTERN_HEALTH_OK);
    host.advance(20s);
    const auto said = host.health();
    EXPECT_EQ(said.health_state, POSTERN_HEALTH_DEGRADED);
    EXPECT_EQ(said.text, "it rang?");
}

TEST_F(a_busy_plugin, hears_what_it_asked_for)
{
    postern_ev_event what{};
    what.kind = POSTERN_EVENT_FAILED;
    what.recipient = postern::sdk::str("b@c.example");
    what.text = postern::sdk::str("no such user");
    host.happens(what);
    what.kind = POSTERN_EVENT_DEFERRED;
    host.happens(what);
    EXPECT_EQ(host.subscription(POSTERN_HOOK_EVENT), busy::observes);
    EXPECT_THAT(host.events(), ElementsAre(logged_event{
                                   POSTERN_LOG_WARNING, "lost", 0, {{"recipient", "b@c.example"}, {"why", "no such user"}}}));
}

/// Does in its constructor what the test says, and has no better use.
class at_start {
public:
    static inline std::function<void(const postern::host&)> what;
    explicit at_start(const postern::host& host) : host_{host} { what(host); }
    void on(const postern::connection& event)
    {
        EXPECT_FALSE(host_.set_note(event, "org.example.other.x", ""));
        EXPECT_EQ(host_.note(event, "org.example.other.x"), std::nullopt);
        EXPECT_FALSE(host_.event_log().info("Not A Name"));
        EXPECT_FALSE(host_.start_timer(std::uint64_t{1} << 63U, 1s));
        EXPECT_FALSE(host_.cancel_timer(99));
    }

private:
    postern::host host_;
};
constexpr auto at_start_table = postern::sdk::describe<at_start>("org.example.at-start", "1", "test");

TEST(a_plugin, that_declares_what_no_host_takes_does_not_start)
{
    const std::vector<std::function<void(const postern::host&)>> wrong{
        [](const postern::host& host) { (void)host.metrics().counter("no name", ""); },
        [](const postern::host& host) {
            (void)host.metrics().gauge("x", "", {{"plugin", "other"}});
        },
        [](const postern::host& host) {
            (void)host.metrics().gauge("x", "", {{"a", "1"}, {"a", "2"}});
        },
        [](const postern::host& host) { host.want_notes("*"); },
        [](const postern::host& host) { (void)host.every(1us, [] {}); },
    };
    for (const auto& each : wrong) {
        at_start::what = each;
        fake_host host{at_start_table};
        EXPECT_LT(host.create(), 0);
        EXPECT_EQ(host.complaints().size(), 1U);
    }
}

TEST(a_plugin, that_declares_more_metrics_than_there_may_be_does_not_start)
{
    at_start::what = [](const postern::host& host) {
        for (int i = 0; i < 1001; ++i)
            (void)host.metrics().counter("x", "", {{"client", std::to_string(i)}});
    };
    fake_host host{at_start_table};
    EXPECT_EQ(host.create(), POSTERN_E_PLUGIN);
    EXPECT_THAT(host.log_lines(), ElementsAre(Pair(POSTERN_LOG_ERROR, HasSubstr("\"x\" cannot be declared"))));
}

TEST(a_plugin, is_told_when_it_misuses_its_host)
{
    at_start::what = [](const postern::host&) {};
    fake_host host{at_start_table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    session.conn_open();
    EXPECT_THAT(host.complaints(),
                UnorderedElementsAre(HasSubstr("is not this plugin's"), HasSubstr("was not asked for"), HasSubstr("Not A Name")));
}

TEST(a_plugin, without_a_service_that_it_uses_does_not_start)
{
    at_start::what = [](const postern::host& host) { (void)host.metrics(); };
    fake_host host{at_start_table};
    host.missing = {POSTERN_METRICS_1};
    EXPECT_EQ(host.create(), POSTERN_E_PLUGIN);
    EXPECT_THAT(host.log_lines(), ElementsAre(Pair(POSTERN_LOG_ERROR, "this host offers no postern.metrics/1")));
}

} // namespace
