// Delivery status notifications, as a plugin in C++ hears of them and words them, on the fake host.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

using namespace postern::testing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

class scripted {
public:
    explicit scripted(const postern::host&) {}
    postern::dsn_reply on(const postern::dsn_make& event) { return make(event); }
    void on(const postern::report_in& event) { heard(event); }

    static inline std::function<postern::dsn_reply(const postern::dsn_make&)> make;
    static inline std::function<void(const postern::report_in&)> heard;
};

/// Watches, and cannot delay.
class watching {
public:
    void on(const postern::dsn_make& event) { seen = event.sender(); }
    static inline std::string seen;
};

/// Needs its time.
class slow {
public:
    postern::task<postern::verdict> on(postern::dsn_make) { co_return postern::discard(); }
};

constexpr postern_plugin table = postern::sdk::describe<scripted>("org.example.scripted", "1", "test");
constexpr postern_plugin watching_table = postern::sdk::describe<watching>("org.example.watching", "1", "test");
constexpr postern_plugin slow_table = postern::sdk::describe<slow>("org.example.slow", "1", "test");

class a_report : public ::testing::Test {
protected:
    a_report()
    {
        scripted::make = [](const auto&) { return postern::proceed(); };
        scripted::heard = [](const auto&) {};
        EXPECT_EQ(host.create(), POSTERN_PASS);
    }

    fake_host host{table};
    fake_delivery delivery{host};
    report_line gone{"gone@example.com"};
};

TEST_F(a_report, that_is_due_says_what_it_is_about)
{
    delivery.envid = "QQ7";
    delivery.returns_all = true;
    gone.original = "first@example.com";
    gone.action = POSTERN_REPORT_DELAYED;
    gone.retry_until = "Wed, 15 Nov 2023 22:13:20 +0000";
    scripted::make = [](const postern::dsn_make& event) {
        EXPECT_EQ(event.about(), postern::dsn_kind::delay);
        EXPECT_EQ(event.message(), "4F1A");
        EXPECT_EQ(event.sender(), "sender@client.example");
        EXPECT_EQ(event.recipient(), "sender@client.example");
        EXPECT_EQ(event.envid(), "QQ7");
        EXPECT_TRUE(event.returns_all());
        EXPECT_EQ(event.received().time_since_epoch(), std::chrono::seconds{1'700'000'000});
        EXPECT_EQ(event.recipients().size(), 2u);
        const auto one = event.recipients()[1];
        EXPECT_EQ(one.recipient, "gone@example.com");
        EXPECT_EQ(one.original, "first@example.com");
        EXPECT_EQ(one.action, postern::report_action::delayed);
        EXPECT_EQ(one.status, "5.1.1");
        EXPECT_EQ(one.remote_mta, "mx.example.com");
        EXPECT_EQ(one.diagnostic_type, "smtp");
        EXPECT_EQ(one.diagnostic, "550 5.1.1 no such user");
        EXPECT_EQ(one.smtp_code, 550u);
        EXPECT_EQ(one.retry_until, "Wed, 15 Nov 2023 22:13:20 +0000");
        return postern::proceed();
    };
    EXPECT_EQ(delivery.dsn_make({gone, gone}, POSTERN_DSN_DELAY).came, answer::how::passed);
    EXPECT_EQ(delivery.told, "sender@client.example");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_report, is_worded_and_sent_elsewhere)
{
    scripted::make = [](const auto&) {
        return postern::dsn_reply{postern::proceed()}
            .send_to("bounces+7@example.net")
            .say("Back:\r\nto the sender \xc3\xa9")
            .from("Post office")
            .add_field("X-Bounce", "7");
    };
    const answer said = delivery.dsn_make({gone});
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(said.dsn.recipient, "bounces+7@example.net");
    EXPECT_EQ(said.dsn.text, "Back:\nto the sender \xc3\xa9");
    EXPECT_EQ(said.dsn.from_name, "Post office");
    EXPECT_THAT(said.dsn.fields, ElementsAre(Pair("X-Bounce", "7")));
    EXPECT_EQ(delivery.told, "bounces+7@example.net");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_report, is_suppressed_for_a_reason)
{
    scripted::make = [](const auto&) { return postern::suppress_dsn("known"); };
    const answer said = delivery.dsn_make({gone});
    EXPECT_TRUE(said.discards());
    EXPECT_EQ(said.text, "known");
    EXPECT_EQ(delivery.told, "");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_report, is_neither_refused_nor_put_off)
{
    for (const auto& refusal :
         {postern::reject(550, "5.7.1", "no"), postern::defer(451, "4.7.1", "later"), postern::hold("so")}) {
        scripted::make = [&](const auto&) { return refusal; };
        EXPECT_TRUE(delivery.dsn_make({gone}).is_failed());
        EXPECT_EQ(delivery.told, "sender@client.example") << "it goes out as it is";
    }
    EXPECT_THAT(host.complaints(), testing::Each(HasSubstr("not at dsn.make")));
}

TEST_F(a_report, refuses_at_once_what_it_cannot_carry)
{
    postern::dsn_reply said{postern::proceed()};
    EXPECT_THROW(said.send_to("nobody"), std::invalid_argument);
    EXPECT_THROW(said.send_to("a@b.example\r\nX: y"), std::invalid_argument);
    EXPECT_THROW(said.say(std::string(16385, 'x')), std::invalid_argument);
    EXPECT_THROW(said.say("caf\xe9"), std::invalid_argument);
    EXPECT_THROW(said.say("a\rb"), std::invalid_argument);
    EXPECT_THROW(said.from("a\nb"), std::invalid_argument);
    EXPECT_THROW(said.add_field("Subject", "x"), std::invalid_argument);
    EXPECT_THROW(said.add_field("content-type", "x"), std::invalid_argument);
    EXPECT_THROW(said.add_field("X-A", "b\r\nBcc: c@example.com"), std::invalid_argument);
    EXPECT_THROW(said.add_field("X-A", "\xc3\xa9"), std::invalid_argument);
    for (int i = 0; i < 20; ++i)
        said.add_field("X-A", "b");
    EXPECT_THROW(said.add_field("X-A", "b"), std::invalid_argument);
}

TEST(a_report_text, is_utf8_in_its_shortest_form_without_controls)
{
    using postern::sdk::is_dsn_text;
    EXPECT_TRUE(is_dsn_text("a\n\tb \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", true));
    EXPECT_FALSE(is_dsn_text("a\nb", false));
    for (const char* bad :
         {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x80", "\x7f", "\xc2\x85", "\xe2\x80\xa8"})
        EXPECT_FALSE(is_dsn_text(bad, true));
}

TEST(a_report_that_is_due, may_be_watched_and_may_be_waited_for)
{
    fake_host watched{watching_table};
    ASSERT_EQ(watched.create(), POSTERN_PASS);
    EXPECT_EQ(fake_delivery{watched}.dsn_make({{"gone@example.com"}}).came, answer::how::passed);
    EXPECT_EQ(watching::seen, "sender@client.example");
    fake_host waited{slow_table};
    ASSERT_EQ(waited.create(), POSTERN_PASS);
    fake_delivery job{waited};
    EXPECT_TRUE(waited.finish(job.dsn_make({{"gone@example.com"}})).discards());
}

TEST_F(a_report, that_arrives_is_told_with_whom_it_was_sent_to)
{
    fake_session session{host};
    session.from = "";
    session.to = {"bounces+7@example.net"};
    bool is_told = false;
    scripted::heard = [&](const postern::report_in& event) {
        is_told = true;
        EXPECT_EQ(event.message(), "4F1B");
        EXPECT_EQ(event.sender(), "");
        EXPECT_EQ(event.recipients().size(), 1u);
        EXPECT_EQ(event.recipients()[0], "bounces+7@example.net");
        EXPECT_EQ(event.reporting_mta(), "mx.example.com");
        EXPECT_EQ(event.envid(), "QQ7");
        EXPECT_EQ(event.arrival(), "Tue, 14 Nov 2023 22:13:19 +0000");
        EXPECT_EQ(event.message_id(), "<1@client.example>");
        EXPECT_TRUE(event.is_cut());
        EXPECT_EQ(event.about().size(), 1u);
        EXPECT_EQ(event.about()[0].recipient, "gone@example.com");
        EXPECT_EQ(event.peer().address(), "192.0.2.1");
    };
    incoming_report what{{gone}};
    what.envid = "QQ7";
    what.is_cut = true;
    (void)session.report_in("4F1B", what);
    EXPECT_TRUE(is_told);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

} // namespace
