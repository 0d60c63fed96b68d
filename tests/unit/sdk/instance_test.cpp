// Overloads of `on` become subscriptions and are called; whatever they throw stays inside.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

using namespace postern::testing;
using testing::ElementsAre;
using testing::Pair;

namespace {

template <class Plugin>
constexpr postern_plugin table_of()
{
    return postern::sdk::describe<Plugin>("org.example.test", "1.0", "test");
}

class no_bananas {
public:
    explicit no_bananas(const postern::host& host) : word_{host.config("word", "banana")} {}
    postern::verdict on(const postern::mail& mail)
    {
        if (mail.sender().find(word_) != std::string_view::npos)
            return postern::reject(550, "5.7.1", "no " + word_ + " today");
        return postern::proceed();
    }

private:
    std::string word_;
};

constexpr postern_plugin bananas = table_of<no_bananas>();

TEST(plugin, is_subscribed_to_what_it_takes_and_to_nothing_else)
{
    fake_host host{bananas};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_TRUE(host.is_subscribed(POSTERN_HOOK_MAIL));
    for (std::uint32_t hook = POSTERN_HOOK_CONN_OPEN; hook <= POSTERN_HOOK_CLIENT_PARAMS; ++hook)
        EXPECT_EQ(host.is_subscribed(hook), hook == POSTERN_HOOK_MAIL) << hook;
}

TEST(plugin, answers_by_the_overload_for_the_event)
{
    fake_host host{bananas};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    const answer said = session.mail("banana@example.org");
    EXPECT_TRUE(said.rejects());
    EXPECT_EQ(said.smtp_code, 550u);
    EXPECT_EQ(said.enhanced, "5.7.1");
    EXPECT_EQ(said.text, "no banana today");
    EXPECT_EQ(session.mail("apple@example.org").came, answer::how::passed);
    EXPECT_THAT(host.complaints(), ElementsAre());
}

TEST(plugin, passes_events_that_it_does_not_take)
{
    fake_host host{bananas};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    postern_ev_wake unknown{};
    unknown.ev.size = sizeof unknown;
    unknown.ev.hook = 4000;
    EXPECT_EQ(bananas.handle(host.self(), &unknown.ev), POSTERN_PASS);
}

TEST(plugin, of_an_older_host_sees_zero_where_its_records_are_shorter)
{
    class reads_size {
    public:
        postern::verdict on(const postern::mail& mail)
        {
            return postern::reject(mail.size_octets() == 0 && mail.params().empty() ? 550 : 554, "", std::string{mail.sender()});
        }
    };
    static constexpr postern_plugin table = table_of<reads_size>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_EQ(session.mail("a@example.org", {}, 77).smtp_code, 554u);

    postern_ev_mail record{};
    record.ev.size = offsetof(postern_ev_mail, params); // a host that knows no parameters
    record.ev.hook = POSTERN_HOOK_MAIL;
    record.ev.session = 1;
    record.sender = postern::sdk::str("a@example.org");
    record.size_octets = 77; // behind the end: must not be read
    const answer said = host.send(record);
    EXPECT_EQ(said.smtp_code, 550u);
    EXPECT_EQ(said.text, "a@example.org");
}

TEST(plugin, of_a_newer_host_steps_over_what_lists_and_records_have_grown_by)
{
    struct grown_str {
        postern_str octets;
        std::uint64_t more;
    };
    class last_recipient {
    public:
        postern::verdict on(postern::data event) // by value: the copy steps by stride too
        {
            std::string all;
            for (const std::string_view one : event.recipients())
                all += std::string{one} + ";";
            return postern::reject(550, "", all);
        }
    };
    static constexpr postern_plugin table = table_of<last_recipient>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);

    struct grown_data {
        postern_ev_data known;
        std::uint64_t more[4];
    };
    const grown_str list[] = {{postern::sdk::str("a@x"), 1}, {postern::sdk::str("b@x"), 2}};
    grown_data record{};
    record.known.ev.size = sizeof record;
    record.known.ev.hook = POSTERN_HOOK_DATA;
    record.known.ev.session = 1;
    record.known.recipients = {list, 2, sizeof(grown_str)};
    record.known.ev.ticket = 99; // not the fake host's: it answers E_STALE, which is no failure of the plugin
    EXPECT_EQ(table.handle(host.self(), &record.known.ev), POSTERN_TAKEN);
    EXPECT_EQ(host.send(record.known).text, "a@x;b@x;");
}

TEST(observer, is_subscribed_as_such_and_gets_no_ticket)
{
    class counts {
    public:
        explicit counts(const postern::host& host) : host_{host} {}
        void on(const postern::mail& mail) { host_.info("ticket=" + std::to_string(mail.ticket())); }
        void on(const postern::committed& done) { host_.info("message=" + std::string{done.message()}); }

    private:
        postern::host host_;
    };
    static constexpr postern_plugin table = table_of<counts>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_TRUE(host.observes(POSTERN_HOOK_MAIL));
    EXPECT_FALSE(host.observes(POSTERN_HOOK_COMMITTED));
    fake_session session{host};
    EXPECT_EQ(session.mail("a@b").came, answer::how::passed);
    session.committed("4F1A");
    EXPECT_THAT(host.log_lines(), ElementsAre(Pair(POSTERN_LOG_INFO, "ticket=0"), Pair(POSTERN_LOG_INFO, "message=4F1A")));
}

class throws_everything {
public:
    explicit throws_everything(const postern::host& host)
    {
        const std::string when = host.config("when", "later");
        if (when == "error")
            throw std::runtime_error("no such server");
        if (when == "refuse")
            host.refuse("word", "is too rude");
        if (when == "odd")
            throw 7;
    }
    postern::verdict on(const postern::mail&) { throw std::runtime_error("broke at mail"); }
    postern::verdict on(const postern::rcpt&) { throw 7; }
    postern::verdict on(const postern::data&) { return postern::reject(250, "", ""); }
};
constexpr postern_plugin throwing = table_of<throws_everything>();

TEST(barrier, turns_what_on_throws_into_a_failure_that_says_why)
{
    fake_host host{throwing};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    for (const auto& [said, why] :
         {std::pair{session.mail("a@b"), "broke at mail"}, std::pair{session.rcpt("c@d"), "it threw what is no std::exception"},
          std::pair{session.data(), "reject cannot answer with code 250, but with 5xx"}}) {
        EXPECT_TRUE(said.is_failed());
        EXPECT_EQ(said.text, why);
    }
    EXPECT_THAT(host.log_lines(), testing::IsEmpty());
}

TEST(barrier, turns_what_a_constructor_throws_into_a_status)
{
    {
        fake_host host{throwing};
        host.option("when", "error");
        EXPECT_EQ(host.create(), POSTERN_E_PLUGIN);
        EXPECT_THAT(host.log_lines(), ElementsAre(Pair(POSTERN_LOG_ERROR, "no such server")));
    }
    {
        fake_host host{throwing};
        host.option("when", "odd");
        EXPECT_EQ(host.create(), POSTERN_E_PLUGIN);
    }
    fake_host host{throwing};
    host.option("when", "refuse");
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("word", "is too rude")));
}

TEST(create, fails_without_the_core_table)
{
    fake_host host{bananas};
    host.missing = {POSTERN_CORE_1};
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
}

TEST(create, goes_on_without_configuration)
{
    fake_host host{bananas};
    host.missing = {POSTERN_CONFIG_1};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_TRUE(session.mail("banana@b").rejects());
}

class store {
public:
    static constexpr const char* provides[] = {"org.example.extra/1", POSTERN_QUEUE_1};
    static constexpr const char* requires_[] = {POSTERN_BLOB_1};
    static constexpr std::uint32_t flags = postern::blocking | postern::serial;
    void on(const postern::queue_request&) {}
    postern::delivery_result on(const postern::deliver&) { return postern::delivered(); }
};

TEST(manifest, lists_what_the_class_says_and_what_its_events_need)
{
    static constexpr postern_plugin table = table_of<store>();
    EXPECT_STREQ(table.provides[0], "org.example.extra/1");
    EXPECT_STREQ(table.provides[1], "postern.queue/1");
    EXPECT_STREQ(table.provides[2], "postern.delivery/1");
    EXPECT_EQ(table.provides[3], nullptr);
    EXPECT_STREQ(table.requires_[0], "postern.core/1");
    EXPECT_STREQ(table.requires_[1], "postern.blob/1");
    EXPECT_EQ(table.requires_[2], nullptr);
    EXPECT_EQ(table.flags, POSTERN_PLUGIN_SERIAL | POSTERN_PLUGIN_BLOCKING);
    EXPECT_EQ(table.size, sizeof(postern_plugin));
    EXPECT_EQ(bananas.provides, nullptr);
}

TEST(pending, leaves_the_ticket_to_a_later_answer_that_counts_once)
{
    class later {
    public:
        explicit later(const postern::host& host) : host_{host} {}
        postern::pending on(const postern::mail& mail)
        {
            if (!host_.wake(mail.session(), mail.ticket(), std::chrono::seconds{1}))
                throw std::runtime_error("no wake");
            return {};
        }
        void on(const postern::wake& wake)
        {
            if (wake.is_cancelled())
                return host_.info("cancelled");
            const bool first = host_.answer(wake.token(), postern::defer(451, "4.7.1", "later"));
            const bool second = host_.answer(wake.token(), postern::defer(451, "4.7.1", "later"));
            host_.info(std::string{first ? "taken" : "stale"} + (second ? " taken" : " stale"));
        }

    private:
        postern::host host_;
    };
    static constexpr postern_plugin table = table_of<later>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    const answer said = session.mail("a@b");
    EXPECT_TRUE(said.is_pending());
    host.advance(std::chrono::milliseconds{999});
    EXPECT_TRUE(host.answer_to(said.ticket).is_pending());
    host.advance(std::chrono::milliseconds{1});
    EXPECT_TRUE(host.answer_to(said.ticket).defers());
    EXPECT_THAT(host.log_lines(), ElementsAre(Pair(POSTERN_LOG_INFO, "taken stale")));

    static_cast<void>(session.mail("c@d"));
    session.end_session();
    EXPECT_EQ(host.log_lines().back().second, "cancelled");
}

TEST(wake, refuses_a_token_that_could_be_a_coroutines)
{
    class wakes {
    public:
        explicit wakes(const postern::host& host) : host_{host} {}
        postern::verdict on(const postern::mail& mail)
        {
            const bool high = host_.wake(mail.session(), std::uint64_t{1} << 63, {});
            const bool low = host_.wake(mail.session(), (std::uint64_t{1} << 63) - 1, {});
            return postern::reject(!high && low ? 550 : 554, "", "");
        }

    private:
        postern::host host_;
    };
    static constexpr postern_plugin table = table_of<wakes>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_EQ(session.mail("a@b").smtp_code, 550u);
}

TEST(cookie, comes_with_every_later_event_of_that_session_until_its_end)
{
    class remembers {
    public:
        explicit remembers(const postern::host& host) : host_{host} {}
        void on(const postern::connection& event) { host_.cookie(event, 7 + event.session()); }
        void on(const postern::connection_close& event) { host_.info("close " + std::to_string(event.cookie())); }
        void on(const postern::session_end& event) { host_.info("end " + std::to_string(event.cookie())); }

    private:
        postern::host host_;
    };
    static constexpr postern_plugin table = table_of<remembers>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host, 3};
    session.conn_open();
    session.conn_close("quit");
    session.end_session();
    EXPECT_THAT(host.log_lines(), ElementsAre(Pair(POSTERN_LOG_INFO, "close 10"), Pair(POSTERN_LOG_INFO, "end 10")));
}

} // namespace
