// SMTP extensions in C++: what their events show, what their answers say, at once and later.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

template <class Plugin>
constexpr postern_plugin table_of()
{
    return postern::sdk::describe<Plugin>("org.example.test", "1.0", "test");
}

std::vector<std::string> texts_of(fake_host& host)
{
    std::vector<std::string> texts;
    for (const auto& [level, text] : host.log_lines())
        texts.push_back(text);
    return texts;
}

/// Writes down what it sees, at once and once more from copies, when the events are gone.
class witness {
public:
    explicit witness(const postern::host& host) : host_{host}
    {
        host.keyword({.name = "XTRACE", .parameters = "1"});
        host.verb({.name = "XTRACE", .keyword = "XTRACE", .in_mail = true});
        host.parameter(
            {.name = "XID", .keyword = "XTRACE", .of = postern::param_of::both, .value = postern::param_value::optional});
    }
    postern::offers on(const postern::ehlo& e)
    {
        host_.info("ehlo " + std::string{e.peer().helo()} + (e.peer().is_extended() ? " extended" : ""));
        return postern::offers{}.add("XTRACE", "2");
    }
    postern::reply on(const postern::verb& e)
    {
        verb_ = e;
        host_.info(text_of(e));
        return e.argument() == "read" ? postern::ask_octets(354, "send it", 5) : postern::reply{postern::proceed()};
    }
    postern::reply on(const postern::verb_data& e)
    {
        data_ = e;
        host_.info(text_of(e));
        return postern::proceed();
    }
    postern::param_reply on(const postern::parameter& e)
    {
        parameter_ = e;
        host_.info(text_of(e));
        return postern::proceed();
    }
    postern::verdict on(const postern::noop& e)
    {
        host_.info("noop " + std::string{e.name()} + ' ' + std::string{e.argument()} + ' ' + std::string{e.peer().address()});
        return postern::proceed();
    }
    void on(const postern::connection_close&)
    {
        host_.info("copy of " + text_of(*verb_) + " by " + std::string{verb_->peer().helo()});
        host_.info("copy of " + text_of(*data_));
        host_.info("copy of " + text_of(*parameter_));
    }

private:
    static std::string text_of(const postern::verb& e)
    {
        return std::string{e.name()} + " [" + std::string{e.argument()} + "] " + (e.in_mail() ? "in mail of " : "alone") +
               std::string{e.sender()};
    }
    static std::string text_of(const postern::verb_data& e)
    {
        return std::string{e.name()} + " data [" + std::string{e.chunk()} + "] at " + std::to_string(e.offset()) +
               (e.is_last() ? " last" : "");
    }
    static std::string text_of(const postern::parameter& e)
    {
        return std::string{e.name()} + "=[" + std::string{e.value()} + "] " + (e.has_value() ? "has " : "") +
               (e.is_rcpt() ? "rcpt " : "mail ") + std::string{e.sender()} + ' ' + std::string{e.recipient()};
    }

    postern::host host_;
    std::optional<postern::verb> verb_;
    std::optional<postern::verb_data> data_;
    std::optional<postern::parameter> parameter_;
};
constexpr postern_plugin witnessing = table_of<witness>();

TEST(extension_events, show_every_field_and_copies_outlive_their_call)
{
    fake_host host{witnessing};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_THAT(session.ehlo("a.long.name.of.a.client.example").offers, ElementsAre("XTRACE 2"));
    EXPECT_TRUE(session.noop("  some words \t").proceeds());
    EXPECT_TRUE(session.mail("s@x", {{"XID", "one"}, {"SIZE", "5"}}).proceeds());
    EXPECT_TRUE(session.rcpt("r@x", {{"xid", std::nullopt}}).proceeds());
    EXPECT_TRUE(session.verb("xtrace", " read ").proceeds());
    EXPECT_TRUE(session.verb_data(std::string_view{"a\0b", 3}).proceeds());
    EXPECT_TRUE(session.verb_data("cd").proceeds());
    session.conn_close("quit");
    const std::string zero{"a\0b", 3};
    EXPECT_THAT(texts_of(host), ElementsAre("ehlo a.long.name.of.a.client.example extended", "noop NOOP some words 192.0.2.1",
                                            "XID=[one] has mail s@x ", "XID=[] rcpt s@x r@x", "XTRACE [read] in mail of s@x",
                                            "XTRACE data [" + zero + "] at 0", "XTRACE data [cd] at 3 last",
                                            "copy of XTRACE [read] in mail of s@x by a.long.name.of.a.client.example",
                                            "copy of XTRACE data [cd] at 3 last", "copy of XID=[] rcpt s@x r@x"));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(an_extension, requires_the_table_that_it_declares_with)
{
    EXPECT_STREQ(witnessing.requires_[0], "postern.core/1");
    EXPECT_STREQ(witnessing.requires_[1], "postern.ehlo/1");
    EXPECT_EQ(witnessing.requires_[2], nullptr);
    class reads_only {
    public:
        postern::verdict on(const postern::verb_data&) { return postern::proceed(); }
    };
    static constexpr postern_plugin reading = table_of<reads_only>();
    EXPECT_STREQ(reading.requires_[1], "postern.ehlo/1");

    fake_host host{witnessing};
    host.missing = {POSTERN_EHLO_1};
    EXPECT_EQ(host.create(), POSTERN_E_PLUGIN);
    EXPECT_THAT(host.log_lines(), ElementsAre(Pair(POSTERN_LOG_ERROR, "this host offers no postern.ehlo/1")));
}

TEST(an_extension, that_a_host_refuses_to_declare_ends_its_constructor)
{
    class bad {
    public:
        explicit bad(const postern::host& host) { host.keyword({.name = "no keyword"}); }
        postern::verdict on(const postern::verb&) { return postern::proceed(); }
    };
    static constexpr postern_plugin table = table_of<bad>();
    fake_host host{table};
    EXPECT_EQ(host.create(), POSTERN_E_PLUGIN);
    EXPECT_THAT(host.log_lines(), ElementsAre(Pair(POSTERN_LOG_ERROR, "\"no keyword\" cannot be declared")));
    EXPECT_THAT(host.complaints(), ElementsAre("\"no keyword \" is no keyword line (RFC 5321 4.1.1.1)"));
}

TEST(declarations_in_cpp, reach_the_host_as_they_were_said)
{
    class all {
    public:
        explicit all(const postern::host& host)
        {
            host.keyword({.name = "XONE", .parameters = "1 2", .in_tls = true});
            host.keyword({.name = "XTWO", .logged_in = true});
            host.verb({.name = "XEARLY", .before_ehlo = true, .most_octets = 7});
            host.verb({.name = "XCHUNK", .keyword = "XONE", .in_mail = true, .counted_by = 2});
            host.parameter({.name = "XP", .keyword = "XONE"});
            host.parameter({.name = "XQ",
                            .keyword = "XTWO",
                            .of = postern::param_of::rcpt,
                            .value = postern::param_value::forbidden,
                            .relay = postern::relay::required,
                            .lacking = "5.6.1"});
        }
        postern::verdict on(const postern::verb&) { return postern::proceed(); }
    };
    static constexpr postern_plugin table = table_of<all>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS) << host.complaints()[0];
    const auto& one = *host.declared().keyword("XONE");
    EXPECT_EQ(one.parameters, "1 2");
    EXPECT_TRUE(one.in_tls && !one.logged_in);
    const auto& two = *host.declared().keyword("XTWO");
    EXPECT_TRUE(!two.in_tls && two.logged_in);
    const auto& early = *host.declared().verb("XEARLY");
    EXPECT_TRUE(early.before_ehlo && !early.in_mail && early.keyword.empty());
    EXPECT_EQ(early.most_octets, 7u);
    EXPECT_EQ(early.counted_by, 0u);
    const auto& chunk = *host.declared().verb("XCHUNK");
    EXPECT_TRUE(!chunk.before_ehlo && chunk.in_mail);
    EXPECT_EQ(chunk.keyword, "XONE");
    EXPECT_EQ(chunk.counted_by, 2u);
    const auto& p = *host.declared().param("XP");
    EXPECT_TRUE(p.of_mail && !p.of_rcpt && p.needs_value && !p.needs_none);
    EXPECT_EQ(p.relay, POSTERN_RELAY_OPTIONAL);
    const auto& q = *host.declared().param("XQ");
    EXPECT_TRUE(!q.of_mail && q.of_rcpt && !q.needs_value && q.needs_none);
    EXPECT_EQ(q.relay, POSTERN_RELAY_REQUIRED);
    EXPECT_EQ(q.lacking, "5.6.1");
}

/// Everything takes a second.
class slow {
public:
    explicit slow(const postern::host& host) : host_{host}
    {
        host.keyword({.name = "XSLOW"});
        host.verb({.name = "XSLOW", .keyword = "XSLOW"});
        host.parameter({.name = "XP", .keyword = "XSLOW", .of = postern::param_of::both});
    }
    postern::task<postern::offers> on(postern::ehlo)
    {
        co_await host_.sleep(1s);
        co_return postern::offers{}.add("XSLOW", "now");
    }
    postern::task<postern::reply> on(postern::verb event)
    {
        co_await host_.sleep(1s);
        if (event.argument() == "fail")
            throw std::runtime_error("broke later");
        if (event.argument() == "read")
            co_return postern::ask_octets(354, "send it", 3);
        co_return postern::say(250, "", std::string{event.argument()}).line("done");
    }
    postern::task<postern::reply> on(postern::verb_data event)
    {
        co_await host_.sleep(1s);
        read_ += event.chunk();
        if (!event.is_last())
            co_return postern::proceed();
        co_return postern::say(250, "", read_);
    }
    postern::task<postern::param_reply> on(postern::parameter event)
    {
        co_await host_.sleep(1s);
        if (event.value() == "bad")
            co_return postern::reject(0, "", "bad");
        co_return postern::param_reply{postern::proceed()}.value(std::string{event.value()} + "!");
    }
    postern::verdict on(const postern::mail& event)
    {
        host_.info("mail with " + std::string{event.params()[0].value.value_or("")});
        return postern::proceed();
    }
    postern::task<postern::verdict> on(postern::vrfy)
    {
        co_await host_.sleep(1s);
        co_return postern::reject(550, "5.1.1", "who");
    }

private:
    postern::host host_;
    std::string read_; // of one session: the tests have no other
};
constexpr postern_plugin slowly = table_of<slow>();

class a_task : public testing::Test {
protected:
    a_task()
    {
        EXPECT_EQ(host_.create(), POSTERN_PASS);
        EXPECT_TRUE(session_.ehlo().is_pending());
        host_.advance(1s);
        EXPECT_THAT(session_.go_on().offers, ElementsAre("XSLOW now"));
    }
    ~a_task() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{slowly};
    fake_session session_{host_};
};

TEST_F(a_task, answers_a_verb_and_what_it_reads)
{
    const answer said = session_.verb("XSLOW", "read");
    ASSERT_TRUE(said.is_pending());
    host_.advance(999ms);
    EXPECT_TRUE(session_.go_on().is_pending());
    host_.advance(1ms);
    EXPECT_EQ(session_.go_on().octets(), 3u);
    EXPECT_TRUE(session_.verb_data("abc", 1).is_pending());
    host_.advance(1s);
    EXPECT_TRUE(session_.go_on().is_pending()) << "the second octet";
    host_.advance(1s);
    EXPECT_TRUE(session_.go_on().is_pending()) << "the third";
    host_.advance(1s);
    EXPECT_THAT(session_.go_on().lines(), ElementsAre("abc"));
    EXPECT_THROW(session_.go_on(), std::logic_error);
}

TEST_F(a_task, that_nobody_waits_for_is_finished_by_the_next_command)
{
    ASSERT_TRUE(session_.verb("XSLOW", "read").is_pending());
    host_.advance(1s);
    EXPECT_TRUE(session_.verb_data("abc").is_pending()) << "what the verb asked for is known";
}

TEST_F(a_task, answers_a_parameter_before_its_command_comes)
{
    ASSERT_TRUE(session_.mail("a@x", {{"XP", "one"}}).is_pending());
    EXPECT_THAT(texts_of(host_), IsEmpty());
    host_.advance(1s);
    EXPECT_TRUE(session_.go_on().proceeds());
    EXPECT_THAT(texts_of(host_), ElementsAre("mail with one!"));
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"XP", "one!", POSTERN_RELAY_OPTIONAL}));
    ASSERT_TRUE(session_.rcpt("r@x", {{"XP", "bad"}}).is_pending());
    host_.advance(1s);
    EXPECT_TRUE(session_.go_on().rejects());
}

TEST_F(a_task, that_throws_fails_and_one_whose_session_ends_unwinds)
{
    ASSERT_TRUE(session_.verb("XSLOW", "fail").is_pending());
    host_.advance(1s);
    const answer broken = session_.go_on();
    EXPECT_TRUE(broken.is_failed());
    EXPECT_EQ(broken.text, "broke later");
    const answer said = session_.verb("XSLOW", "words");
    session_.end_session();
    EXPECT_TRUE(host_.answer_to(said.ticket).is_failed());
    EXPECT_EQ(host_.waiting(), 0u);
}

TEST_F(a_task, may_be_one_of_a_verdict)
{
    const answer said = session_.vrfy("somebody");
    ASSERT_TRUE(said.is_pending());
    host_.advance(1s);
    EXPECT_TRUE(host_.answer_to(said.ticket).rejects());
}

TEST(pending, is_answered_from_outside_by_whichever_answer_the_event_takes)
{
    class later {
    public:
        explicit later(const postern::host& host) : host_{host}
        {
            host.keyword({.name = "XL"});
            host.verb({.name = "XLATE", .keyword = "XL"});
            host.parameter({.name = "XP", .keyword = "XL"});
        }
        postern::pending on(const postern::ehlo& e) { return remember(e.session(), e.ticket(), 1); }
        postern::pending on(const postern::verb& e) { return remember(e.session(), e.ticket(), 2); }
        postern::pending on(const postern::parameter& e) { return remember(e.session(), e.ticket(), 3); }
        void on(const postern::wake& e)
        {
            const bool taken = e.token() == 1   ? host_.answer(ticket_, postern::offers{}.add("XL", "late"))
                               : e.token() == 2 ? host_.answer(ticket_, postern::say(250, "", "late").line("too late"))
                                                : host_.answer(ticket_, postern::param_reply{postern::proceed()}.value("late"));
            const bool again = host_.answer(ticket_, postern::say(250, "", "again"));
            host_.info(std::string{taken ? "taken" : "refused"} + (again ? " twice" : ""));
        }

    private:
        postern::pending remember(std::uint64_t session, std::uint64_t ticket, std::uint64_t kind)
        {
            ticket_ = ticket;
            EXPECT_TRUE(host_.wake(session, kind, 1s));
            return {};
        }
        postern::host host_;
        std::uint64_t ticket_ = 0;
    };
    static constexpr postern_plugin table = table_of<later>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    ASSERT_TRUE(session.ehlo().is_pending());
    host.advance(1s);
    EXPECT_THAT(session.go_on().offers, ElementsAre("XL late"));
    ASSERT_TRUE(session.verb("XLATE").is_pending());
    host.advance(1s);
    EXPECT_THAT(session.go_on().lines(), ElementsAre("late", "too late"));
    ASSERT_TRUE(session.mail("a@x", {{"XP", "soon"}}).is_pending());
    host.advance(1s);
    EXPECT_TRUE(session.go_on().proceeds());
    EXPECT_EQ(session.kept.at(0).value, "late");
    EXPECT_THAT(texts_of(host), ElementsAre("taken", "taken", "taken"));
    EXPECT_THAT(host.complaints(), ElementsAre(HasSubstr("ehlo.caps was answered twice"), HasSubstr("verb was answered twice"),
                                               HasSubstr("param was answered twice")));
}

TEST(observers, of_commands_get_no_ticket_and_delay_nothing)
{
    class counts {
    public:
        explicit counts(const postern::host& host) : host_{host} {}
        void on(const postern::noop& e) { host_.info("noop " + std::to_string(e.ticket())); }
        void on(const postern::rset& e) { host_.info("rset " + std::string{e.name()}); }
        void on(const postern::unknown_command& e)
        {
            host_.info("unknown " + std::string{e.name()} + ' ' + std::string{e.argument()});
        }

    private:
        postern::host host_;
    };
    static constexpr postern_plugin table = table_of<counts>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_TRUE(host.observes(POSTERN_HOOK_NOOP));
    EXPECT_FALSE(host.is_subscribed(POSTERN_HOOK_QUIT));
    fake_session session{host};
    EXPECT_EQ(session.noop().came, answer::how::passed);
    EXPECT_EQ(session.rset().came, answer::how::passed);
    EXPECT_EQ(session.unknown_command("Frob", "nicate").came, answer::how::passed);
    EXPECT_EQ(session.quit().came, answer::how::passed);
    EXPECT_EQ(session.expn("list").came, answer::how::passed);
    EXPECT_THAT(texts_of(host), ElementsAre("noop 0", "rset RSET", "unknown Frob nicate"));
}

} // namespace
