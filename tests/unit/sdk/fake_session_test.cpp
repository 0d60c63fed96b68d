// A session of the fake host asks about extensions what a server asks, and only that.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

/// Takes whatever it is asked, as its argument says, and writes it down.
class notes {
public:
    explicit notes(const postern::host& host) : host_{host}
    {
        host.keyword({.name = "XOPEN", .parameters = "1"});
        host.keyword({.name = "XTLS", .in_tls = true});
        host.keyword({.name = "XUSER", .logged_in = true});
        host.verb({.name = "XREAD", .keyword = "XOPEN", .most_octets = 100});
        host.verb({.name = "XCHUNK", .keyword = "XOPEN", .counted_by = 2, .most_octets = 6});
        host.verb({.name = "XANY", .keyword = "XOPEN", .in_mail = true});
        host.verb({.name = "XFREE"});
        host.verb({.name = "XEARLY", .before_ehlo = true});
        host.verb({.name = "XSAFE", .keyword = "XTLS"});
        host.parameter({.name = "XM", .keyword = "XOPEN"});
        host.parameter(
            {.name = "XFLAG", .keyword = "XOPEN", .of = postern::param_of::both, .value = postern::param_value::forbidden});
        host.parameter({.name = "XR", .keyword = "XTLS", .of = postern::param_of::rcpt, .value = postern::param_value::optional});
    }
    postern::verdict on(const postern::helo& e) const
    {
        return e.name() == "refused.example" ? postern::reject(550, "", "no") : postern::proceed();
    }
    postern::reply on(const postern::verb& e) const
    {
        note(e.name());
        if (e.argument() == "octets")
            return postern::ask_octets(354, "go on", 4);
        if (e.argument() == "line")
            return postern::ask_line(334, "go on");
        if (e.argument() == "text")
            return postern::ask_text(354, "go on");
        if (e.argument().starts_with("no"))
            return postern::reject(550, "", "no");
        return postern::proceed();
    }
    postern::reply on(const postern::verb_data& e) const
    {
        note(std::string{e.chunk()} + (e.is_last() ? "." : ""));
        if (e.chunk().find('!') != std::string_view::npos)
            return postern::reject(554, "", "no exclamations");
        if (e.chunk().find('?') != std::string_view::npos)
            throw std::runtime_error("no questions");
        return e.is_last() ? postern::say(250, "", "read") : postern::reply{postern::proceed()};
    }
    postern::verdict on(const postern::parameter& e) const
    {
        note(e.name());
        return e.value() == "bad" ? postern::reject(0, "", "bad") : postern::proceed();
    }
    postern::verdict on(const postern::mail&) const
    {
        note("MAIL");
        return postern::proceed();
    }

private:
    void note(std::string_view what) const { host_.info(what); }
    postern::host host_;
};
constexpr postern_plugin table = postern::sdk::describe<notes>("org.example.notes", "1.0", "test");

class a_session : public testing::Test {
protected:
    a_session() { EXPECT_EQ(host_.create(), POSTERN_PASS); }
    ~a_session() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }
    /// What the plugin was asked since the last time.
    std::vector<std::string> asked()
    {
        std::vector<std::string> all;
        const auto lines = host_.log_lines();
        for (; seen_ < lines.size(); ++seen_)
            all.push_back(lines[seen_].second);
        return all;
    }
    void expect_unasked(const answer& said, std::uint32_t code)
    {
        EXPECT_TRUE(said.is_unasked());
        EXPECT_FALSE(said.proceeds() || said.rejects());
        EXPECT_EQ(said.smtp_code, code) << said.text;
        EXPECT_THAT(asked(), IsEmpty());
    }
    fake_host host_{table};
    fake_session session_{host_};

private:
    std::size_t seen_ = 0;
};

TEST_F(a_session, offers_lines_for_tls_and_for_users_to_them_alone)
{
    EXPECT_THAT(session_.ehlo().offers, ElementsAre("XOPEN 1"));
    session_.who.identity = "alice";
    EXPECT_THAT(session_.ehlo().offers, ElementsAre("XOPEN 1", "XUSER"));
    session_.who.identity.clear();
    session_.tls_established();
    EXPECT_THAT(session_.ehlo().offers, ElementsAre("XOPEN 1", "XTLS"));
}

TEST_F(a_session, takes_a_verb_that_was_offered_by_the_last_ehlo)
{
    expect_unasked(session_.verb("XREAD"), 500);
    static_cast<void>(session_.ehlo());
    EXPECT_TRUE(session_.verb("XREAD").proceeds());
    EXPECT_THAT(asked(), ElementsAre("XREAD"));
    expect_unasked(session_.verb("XSAFE"), 500);
    session_.tls_established();
    expect_unasked(session_.verb("XREAD"), 500);
    static_cast<void>(session_.ehlo());
    EXPECT_TRUE(session_.verb("XSAFE").proceeds());
    EXPECT_THAT(asked(), ElementsAre("XSAFE"));
    static_cast<void>(session_.helo("client.example"));
    expect_unasked(session_.verb("XSAFE"), 500);
    expect_unasked(session_.verb("XNONE"), 500);
}

TEST_F(a_session, takes_a_verb_without_a_keyword_after_ehlo_or_before)
{
    expect_unasked(session_.verb("XFREE"), 503);
    EXPECT_TRUE(session_.verb("XEARLY").proceeds());
    static_cast<void>(session_.helo("client.example"));
    EXPECT_TRUE(session_.verb("XFREE").proceeds());
    EXPECT_THAT(asked(), ElementsAre("XEARLY", "XFREE"));
}

TEST_F(a_session, stays_as_it_was_when_ehlo_is_refused)
{
    static_cast<void>(session_.ehlo("good.example"));
    EXPECT_TRUE(session_.ehlo("refused.example").rejects());
    EXPECT_EQ(session_.who.helo, "good.example");
    EXPECT_TRUE(session_.verb("XREAD").proceeds());
}

TEST_F(a_session, takes_a_verb_within_a_transaction_if_it_may_be_there)
{
    static_cast<void>(session_.ehlo());
    EXPECT_TRUE(session_.mail("a@x").proceeds());
    EXPECT_TRUE(session_.verb("XANY").proceeds());
    EXPECT_THAT(asked(), ElementsAre("MAIL", "XANY"));
    expect_unasked(session_.verb("XREAD"), 503);
    session_.rset();
    EXPECT_TRUE(session_.verb("XREAD").proceeds());
    EXPECT_TRUE(session_.mail("a@x").proceeds());
    session_.committed("4F1A");
    EXPECT_TRUE(session_.verb("XREAD").proceeds());
}

TEST_F(a_session, shows_octets_whole_or_one_by_one_or_as_they_are_given)
{
    static_cast<void>(session_.ehlo());
    static_cast<void>(session_.verb("XREAD", "octets"));
    EXPECT_EQ(session_.verb_data("abcd").smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XREAD", "abcd."));
    static_cast<void>(session_.verb("XREAD", "octets"));
    EXPECT_EQ(session_.verb_data("abcd", 1).smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XREAD", "a", "b", "c", "d."));
    static_cast<void>(session_.verb("XREAD", "octets"));
    EXPECT_EQ(session_.verb_data("abc", 2).came, answer::how::passed);
    EXPECT_EQ(session_.verb_data("").came, answer::how::passed);
    EXPECT_THROW(session_.verb_data("de"), std::logic_error);
    EXPECT_EQ(session_.verb_data("d").smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XREAD", "ab", "c", "d."));
    EXPECT_THROW(session_.verb_data("e"), std::logic_error);
}

TEST_F(a_session, shows_a_line_whole_and_a_text_with_an_end_of_its_own)
{
    static_cast<void>(session_.ehlo());
    static_cast<void>(session_.verb("XREAD", "line"));
    EXPECT_EQ(session_.verb_data("some words", 1).smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XREAD", "some words."));
    static_cast<void>(session_.verb("XREAD", "text"));
    EXPECT_EQ(session_.verb_data("a\r\n").smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XREAD", "a\r\n."));
    static_cast<void>(session_.verb("XREAD", "text"));
    EXPECT_EQ(session_.verb_data("ab", 1).smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XREAD", "a", "b", "."));
    static_cast<void>(session_.verb("XREAD", "text"));
    EXPECT_EQ(session_.verb_data("").smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XREAD", "."));
}

TEST_F(a_session, shows_no_more_after_a_refusal_or_a_failure_and_says_it_at_the_end)
{
    static_cast<void>(session_.ehlo());
    static_cast<void>(session_.verb("XREAD", "octets"));
    EXPECT_EQ(session_.verb_data("a!").smtp_code, 554u);
    EXPECT_EQ(session_.verb_data("cd", 1).smtp_code, 554u);
    EXPECT_THAT(asked(), ElementsAre("XREAD", "a!"));
    EXPECT_THROW(session_.verb_data("e"), std::logic_error);
    static_cast<void>(session_.verb("XREAD", "text"));
    const answer broken = session_.verb_data("?bcd", 1);
    EXPECT_TRUE(broken.is_failed());
    EXPECT_EQ(broken.text, "no questions");
    EXPECT_THAT(asked(), ElementsAre("XREAD", "?"));
}

TEST_F(a_session, takes_octets_that_a_line_counts_whatever_is_said)
{
    static_cast<void>(session_.ehlo());
    EXPECT_TRUE(session_.verb("XCHUNK", "yes 6").proceeds());
    EXPECT_EQ(session_.verb_data("QUIT\r\n", 3).smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XCHUNK", "QUI", "T\r\n."));
    EXPECT_TRUE(session_.verb("XCHUNK", "no 6").rejects());
    EXPECT_TRUE(session_.verb_data("QUIT\r\n").rejects());
    EXPECT_THAT(asked(), ElementsAre("XCHUNK"));
    EXPECT_TRUE(session_.verb("XCHUNK", "yes 0").proceeds());
    EXPECT_EQ(session_.verb_data("").smtp_code, 250u);
    EXPECT_THAT(asked(), ElementsAre("XCHUNK", "."));
    expect_unasked(session_.verb("XCHUNK", "yes"), 501);
    EXPECT_THROW(session_.verb_data("x"), std::logic_error) << "nobody knows what follows";
    expect_unasked(session_.verb("XCHUNK", "yes -6"), 501);
    expect_unasked(session_.verb("XCHUNK", "yes 7"), 552);
    expect_unasked(session_.verb_data("1234567"), 552);
    EXPECT_TRUE(session_.mail("a@x").proceeds());
    EXPECT_THAT(asked(), ElementsAre("MAIL"));
    expect_unasked(session_.verb("XCHUNK", "yes 1"), 503);
    expect_unasked(session_.verb_data("1"), 503);
}

TEST_F(a_session, asks_about_a_parameter_that_was_offered_where_it_was_declared)
{
    expect_unasked(session_.mail("a@x", {{"XM", "v"}}), 555);
    static_cast<void>(session_.ehlo());
    EXPECT_TRUE(session_.mail("a@x", {{"SIZE", "1"}, {"XM", "v"}, {"XFLAG", std::nullopt}}).proceeds());
    EXPECT_THAT(asked(), ElementsAre("XM", "XFLAG", "MAIL"));
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"XM", "v", POSTERN_RELAY_OPTIONAL},
                                           kept_parameter{"XFLAG", std::nullopt, POSTERN_RELAY_OPTIONAL}));
    EXPECT_TRUE(session_.mail("a@x", {{"XM", "bad"}, {"XFLAG", std::nullopt}}).rejects());
    EXPECT_THAT(asked(), ElementsAre("XM"));
    expect_unasked(session_.rcpt("r@x", {{"XM", "v"}}), 555);
    expect_unasked(session_.rcpt("r@x", {{"XR", "v"}}), 555);
    session_.tls_established();
    static_cast<void>(session_.ehlo());
    EXPECT_TRUE(session_.rcpt("r@x", {{"XR", std::nullopt}}).proceeds());
    EXPECT_THAT(asked(), ElementsAre("XR"));
}

TEST_F(a_session, refuses_by_itself_a_parameter_that_is_not_as_declared)
{
    static_cast<void>(session_.ehlo());
    expect_unasked(session_.mail("a@x", {{"XM", std::nullopt}}), 501);
    expect_unasked(session_.mail("a@x", {{"XFLAG", "v"}}), 501);
    expect_unasked(session_.mail("a@x", {{"XM", "v"}, {"xm", "w"}}), 501);
}

class vouches_late {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"};
    explicit vouches_late(const postern::host& host) : host_{host} {}
    postern::task<postern::verdict> on(postern::rcpt)
    {
        co_await host_.sleep(std::chrono::seconds{1});
        co_return postern::vouch();
    }
    postern::verdict on(const postern::data& e) const { return postern::reject(550, "", std::to_string(e.recipients().size())); }

private:
    postern::host host_;
};

TEST(a_recipient, that_is_vouched_for_later_is_one_when_the_next_event_comes)
{
    static constexpr postern_plugin plugin = postern::sdk::describe<vouches_late>("org.example.late", "1.0", "test");
    fake_host host{plugin};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    ASSERT_TRUE(session.mail("a@x").proceeds());
    ASSERT_TRUE(session.rcpt("b@x").is_pending());
    EXPECT_EQ(session.data().text, "0") << "nobody has vouched yet";
    ASSERT_TRUE(session.rcpt("b@x").is_pending());
    host.advance(std::chrono::seconds{1});
    EXPECT_EQ(session.data().text, "1");
}

TEST_F(a_session, sends_no_event_about_what_nobody_declared)
{
    postern_ev_verb record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_VERB;
    record.ev.session = 1;
    record.name = postern::sdk::str("XNONE");
    expect_unasked(host_.send(record), 500);
    record.name = postern::sdk::str("XREAD");
    EXPECT_TRUE(host_.send(record).proceeds());
}

} // namespace
