// Mail of a plugin's own, in a task and without one, and how strict the host of tests is with it.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

using namespace postern::testing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

/// Says of each sender that he wrote, and of HELO without waiting.
class notifier {
public:
    static constexpr const char* requires_[] = {"postern.submit/1"};
    explicit notifier(const postern::host& host) : mail_{host}
    {
        host.keyword({.name = "XNOTE"});
        host.parameter({.name = "XNOTE", .keyword = "XNOTE", .relay = postern::relay::never});
    }
    static postern::offers on(const postern::ehlo&) { return {}; }
    postern::task<postern::verdict> on(postern::mail event)
    {
        postern::own_mail what{"", {"boss@example.org"}, "Subject: he wrote\r\n\r\n" + std::string{event.sender()} + "\r\n"};
        what.params.emplace_back("XNOTE", "");
        what.no_reports = true;
        const auto said = co_await mail_.submit(std::move(what));
        if (!said)
            co_return postern::defer(451, "4.3.0", said.status == postern::submit_status::full ? "full" : "failed");
        co_return postern::reject(550, "5.7.1", said.message);
    }
    void on(const postern::helo&) { last = mail_.ask(0, 7, {"", {to}, "Subject: hi\r\n\r\n"}); }
    void on(const postern::submitted& event)
    {
        EXPECT_EQ(event.token(), 7u);
        heard = event.is_cancelled() ? "cancelled" : std::string{event.message()};
    }
    static inline std::string to;
    static inline std::optional<postern::submit_answer> last;
    static inline std::string heard;

private:
    postern::submitter mail_;
};
constexpr postern_plugin notifiers = postern::sdk::describe<notifier>("org.example.notifier", "1.0", "test");

class mail_of_ones_own : public testing::Test {
protected:
    mail_of_ones_own()
    {
        notifier::to = "u@example.org";
        notifier::last.reset();
        notifier::heard.clear();
        EXPECT_EQ(host.create(), POSTERN_PASS);
    }
    fake_host host{notifiers};
};

TEST_F(mail_of_ones_own, is_submitted_in_a_task)
{
    fake_session session{host};
    EXPECT_EQ(session.finish(session.mail("a@example.net")).text, "MAIL1");
    const auto all = host.submitted();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].sender, "");
    EXPECT_THAT(all[0].recipients, ElementsAre("boss@example.org"));
    EXPECT_EQ(all[0].content, "Subject: he wrote\r\n\r\na@example.net\r\n");
    EXPECT_THAT(all[0].params, ElementsAre(Pair("XNOTE", "")));
    EXPECT_EQ(all[0].flags, POSTERN_SUBMIT_NO_REPORTS);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(mail_of_ones_own, may_not_be_stored)
{
    fake_session session{host};
    host.submit_result = POSTERN_SUBMIT_FULL;
    EXPECT_EQ(session.finish(session.mail("a@example.net")).text, "full");
    host.submit_says = POSTERN_E_AGAIN;
    EXPECT_EQ(session.mail("a@example.net").text, "failed");
    EXPECT_THAT(host.submitted(), IsEmpty());
}

TEST_F(mail_of_ones_own, is_submitted_without_a_task)
{
    fake_session session{host};
    static_cast<void>(session.ehlo("client.example"));
    EXPECT_EQ(notifier::last, postern::submit_answer::accepted);
    EXPECT_EQ(notifier::heard, "");
    host.advance({});
    EXPECT_EQ(notifier::heard, "MAIL1");
    for (const auto& [status, answer] :
         {std::pair{POSTERN_E_AGAIN, postern::submit_answer::busy}, std::pair{POSTERN_E_STALE, postern::submit_answer::over},
          std::pair{POSTERN_E_DENIED, postern::submit_answer::denied}}) {
        host.submit_says = status;
        static_cast<void>(session.ehlo("client.example"));
        EXPECT_EQ(notifier::last, answer);
    }
}

TEST_F(mail_of_ones_own, that_breaks_a_rule_is_a_complaint)
{
    fake_session session{host};
    notifier::to = "u@example.org>\r\nDATA";
    static_cast<void>(session.ehlo("client.example"));
    EXPECT_EQ(notifier::last, postern::submit_answer::invalid);
    EXPECT_THAT(host.complaints(), ElementsAre(HasSubstr("no address")));
}

TEST(mail_of_ones_own_, takes_a_grant_and_a_host_that_offers_it)
{
    fake_host host{notifiers};
    host.may({"queue"});
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    static_cast<void>(session.ehlo("client.example"));
    EXPECT_EQ(notifier::last, postern::submit_answer::denied);
    fake_host other{notifiers};
    other.missing.insert(POSTERN_SUBMIT_1);
    EXPECT_LT(other.create(), 0);
}

} // namespace
