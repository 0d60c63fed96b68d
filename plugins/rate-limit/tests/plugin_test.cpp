#include "limited_host.hpp"

using namespace rate_limit::test;
using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

namespace {

answer sends(fake_session& session, const std::string& from = "a@client.example", const std::string& to = "b@mx.example")
{
    if (answer said = session.finish(session.mail(from)); !said.proceeds())
        return said;
    if (answer said = session.finish(session.rcpt(to)); !said.proceeds())
        return said;
    return session.finish(session.data());
}

TEST(a_rule_of_messages, defers_who_sends_too_many_and_says_for_how_long)
{
    limited_host host{{{"clients", "counts=messages key=client rate=60/1h burst=2"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(sends(session).proceeds());
    EXPECT_TRUE(sends(session).proceeds());
    const answer third = sends(session);
    EXPECT_TRUE(third.defers());
    EXPECT_EQ(third.smtp_code, 451u);
    EXPECT_EQ(third.enhanced, "4.7.1");
    EXPECT_EQ(third.text, "too much in too little time, try again in 60 s");

    fake_session neighbour{host, 2};
    is_at(neighbour, "192.0.2.2");
    EXPECT_TRUE(sends(neighbour).proceeds());

    host.advance(60s);
    EXPECT_TRUE(sends(session).proceeds());
    EXPECT_TRUE(sends(session).defers());
    EXPECT_EQ(host.over("clients"), 2);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_rule_of_messages, counts_those_that_somebody_takes)
{
    limited_host host{{{"clients", "counts=messages key=client rate=1/1h"}}};
    host.made();
    fake_session session{host};
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(session.finish(session.mail("a@client.example")).proceeds()) << "MAIL alone is no message";
    EXPECT_TRUE(sends(session).proceeds());
    EXPECT_TRUE(sends(session).defers());
}

TEST(a_refusal, is_told_to_the_log_with_its_cause_and_to_the_client_without)
{
    limited_host host{{{"senders", "counts=messages key=sender-domain rate=1/1h action=reject"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(sends(session, "a@Client.Example").proceeds());
    const answer said = sends(session, "b@client.example");
    EXPECT_TRUE(said.rejects());
    EXPECT_EQ(said.smtp_code, 550u);
    EXPECT_EQ(said.enhanced, "5.7.1");
    EXPECT_EQ(said.text, "too much in too little time");
    ASSERT_THAT(host.events(), SizeIs(1));
    const logged_event event = host.events().front();
    EXPECT_EQ(event.name, "limited");
    EXPECT_EQ(event.session, session.id());
    EXPECT_THAT(event.fields, ElementsAre(Pair("action", "reject"), Pair("counts", "messages"), Pair("rule", "senders"),
                                          Pair("sender_domain", "client.example"), Pair("tokens", "1"), Pair("wait_s", "3600")));
}

TEST(a_rule_of_connections, refuses_the_greeting)
{
    limited_host host{{{"floods", "counts=connections key=network rate=1/1m action=disconnect"}}};
    host.option("text", "come back later");
    host.made();
    fake_session first{host};
    EXPECT_TRUE(first.finish(first.conn_open()).proceeds());
    fake_session second{host, 2};
    is_at(second, "192.0.2.99");
    const answer said = second.finish(second.conn_open());
    EXPECT_EQ(said.verdict, POSTERN_DISCONNECT);
    EXPECT_EQ(said.smtp_code, 421u);
    EXPECT_EQ(said.enhanced, "4.7.0");
    EXPECT_EQ(said.text, "come back later");
    fake_session third{host, 3};
    is_at(third, "192.0.3.1");
    EXPECT_TRUE(third.finish(third.conn_open()).proceeds());
    fake_session local{host, 4};
    is_at(local, "");
    EXPECT_TRUE(local.finish(local.conn_open()).proceeds()) << "a local socket has no address";
}

TEST(a_rule_of_recipients, refuses_one_and_not_those_before_it)
{
    limited_host host{
        {{"rcpts", "counts=recipients key=sender rate=2/1h"}, {"one", "counts=recipients key=recipient rate=1/1h"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(session.finish(session.mail("a@client.example")).proceeds());
    EXPECT_TRUE(session.finish(session.rcpt("b@mx.example")).proceeds());
    EXPECT_TRUE(session.finish(session.rcpt("B@MX.example")).defers()) << "that recipient has one an hour";
    EXPECT_TRUE(session.finish(session.rcpt("c@mx.example")).proceeds()) << "the refusal took nothing of the sender's";
    EXPECT_TRUE(session.finish(session.rcpt("d@mx.example")).defers());
    EXPECT_EQ(host.over("rcpts"), 1);
    EXPECT_EQ(host.over("one"), 1);
}

TEST(a_rule_of_octets, looks_at_what_is_announced_and_takes_what_has_come)
{
    limited_host host{{{"volume", "counts=octets key=client rate=1000/1h"}}};
    host.made();
    fake_session session{host};
    const auto sends_octets = [&](std::uint64_t announced, std::size_t octets) {
        if (answer said = session.finish(session.mail("a@client.example", {}, announced)); !said.proceeds())
            return said;
        EXPECT_TRUE(session.finish(session.rcpt("b@mx.example")).proceeds());
        EXPECT_TRUE(session.finish(session.data()).proceeds());
        return session.finish(session.end({{"Subject", "x"}}, std::string(octets, 'x')));
    };
    EXPECT_TRUE(session.finish(session.mail("a@client.example", {}, 900)).proceeds());
    EXPECT_TRUE(session.finish(session.mail("a@client.example", {}, 900)).proceeds()) << "an announcement takes nothing";
    EXPECT_TRUE(sends_octets(0, 600).proceeds());
    EXPECT_TRUE(sends_octets(401, 401).defers());
    EXPECT_TRUE(sends_octets(0, 401).defers()) << "at its end, since nothing was announced";
    EXPECT_TRUE(sends_octets(400, 400).proceeds());
    EXPECT_TRUE(session.finish(session.mail("a@client.example")).defers()) << "nothing is left";
    host.advance(1h);
    const answer too_large = sends_octets(1001, 1001);
    EXPECT_TRUE(too_large.rejects()) << "it will never fit";
    EXPECT_EQ(too_large.smtp_code, 552u);
    EXPECT_EQ(too_large.enhanced, "5.3.4");
    EXPECT_EQ(sends_octets(0, 1001).smtp_code, 552u);
    EXPECT_TRUE(sends_octets(1000, 1000).proceeds());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_rule_of_failed_logins, ends_guessing_and_tells_nothing_by_it)
{
    limited_host host{{{"guesses", "counts=failed-logins key=network rate=2/1h"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(session.finish(session.login_succeeded("PLAIN", "alice")).proceeds());
    EXPECT_TRUE(session.finish(session.login_failed("PLAIN", "alice")).proceeds());
    EXPECT_TRUE(session.finish(session.login_failed("PLAIN", "bob")).proceeds());
    const answer wrong = session.finish(session.login_failed("PLAIN", "carol"));
    const answer right = session.finish(session.login_succeeded("PLAIN", "alice"));
    EXPECT_EQ(wrong.verdict, POSTERN_DISCONNECT);
    EXPECT_EQ(wrong.smtp_code, 421u);
    EXPECT_EQ(right.verdict, wrong.verdict);
    EXPECT_EQ(right.smtp_code, wrong.smtp_code);
    EXPECT_EQ(right.text, wrong.text);
    host.advance(30min);
    EXPECT_TRUE(session.finish(session.login_succeeded("PLAIN", "alice")).proceeds()) << "who is right takes nothing";
    EXPECT_TRUE(session.finish(session.login_succeeded("PLAIN", "alice")).proceeds());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_rule_of_failed_logins, by_user_goes_by_who_was_tried)
{
    limited_host host{{{"guesses", "counts=failed-logins key=user rate=1/1h"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(session.finish(session.login_failed("PLAIN", "alice")).proceeds());
    EXPECT_TRUE(session.finish(session.login_failed("PLAIN", "bob")).proceeds());
    EXPECT_TRUE(session.finish(session.login_failed("PLAIN", "Alice")).refuses());
    EXPECT_TRUE(session.finish(session.login_succeeded("PLAIN", "carol")).proceeds());
}

TEST(a_rule_in_the_shadow, only_logs)
{
    limited_host host{{{"tried", "counts=messages key=client rate=1/1h shadow"}}};
    host.made();
    fake_session session{host};
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(sends(session).proceeds());
    EXPECT_EQ(host.over("tried"), 2);
    ASSERT_THAT(host.events(), SizeIs(2));
    EXPECT_EQ(host.events().back().name, "would_limit");
}

TEST(a_rule_that_scores, adds_points_and_refuses_nothing)
{
    limited_host host{{{"a", "counts=messages key=client rate=1/1h action=score points=1.5"},
                       {"b", "counts=messages key=sender rate=1/1h action=score points=2"},
                       {"c", "counts=octets key=client rate=1/1h action=score"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(sends(session).proceeds());
    const answer said = sends(session);
    EXPECT_TRUE(said.scores());
    EXPECT_EQ(said.score, 3500);
    EXPECT_EQ(said.text, "RATE_a,RATE_b");
    EXPECT_EQ(host.over("c"), 0) << "what is only announced has no points yet";
}

TEST(a_rule_that_scores_octets, speaks_when_they_are_here_and_not_when_they_are_announced)
{
    limited_host host{{{"a", "counts=octets key=client rate=100/1h action=score"}}};
    host.made();
    fake_session session{host};
    const auto ends = [&] { return session.finish(session.end({{"Subject", "x"}}, std::string(100, 'x'))); };
    EXPECT_TRUE(sends(session).proceeds());
    EXPECT_TRUE(ends().proceeds());
    EXPECT_FALSE(session.finish(session.mail("a@client.example", {}, 100)).scores()) << "it would count twice";
    EXPECT_EQ(host.over("a"), 0);
    EXPECT_TRUE(ends().scores());
    EXPECT_EQ(host.over("a"), 1);
}

TEST(the_first_rule_that_refuses, is_the_one_that_is_heard_and_all_are_logged)
{
    limited_host host{
        {{"z", "counts=messages key=client rate=1/1h action=reject"}, {"a", "counts=messages key=sender rate=1/1h"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(sends(session).proceeds());
    EXPECT_TRUE(sends(session).rejects());
    EXPECT_THAT(host.events(), SizeIs(2));
}

TEST(who_is_exempt, takes_no_tokens)
{
    limited_host host{{{"a", "counts=messages key=network rate=1/1h exempt=both"}}};
    host.list("networks", {"192.0.2.1"});
    host.made();
    fake_session trusted{host};
    fake_session user{host, 2};
    is_at(user, "192.0.2.2");
    user.who.identity = "alice";
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(sends(trusted).proceeds());
        EXPECT_TRUE(sends(user).proceeds());
    }
    EXPECT_EQ(host.kv.requests(), 0u);
    fake_session other{host, 3};
    is_at(other, "192.0.2.3");
    EXPECT_TRUE(sends(other).proceeds());
    EXPECT_TRUE(sends(other).defers());
}

TEST(a_store_that_fails, means_later_unless_the_operator_says_otherwise)
{
    limited_host host{{{"a", "counts=messages key=client rate=1/1h"}, {"g", "counts=failed-logins key=client rate=1/1h"}}};
    host.made();
    fake_session session{host};
    EXPECT_EQ(host.health().health_state, POSTERN_HEALTH_OK);
    host.kv.fails = true;
    for (int i = 0; i < 3; ++i) {
        const answer said = sends(session);
        EXPECT_TRUE(said.defers());
        EXPECT_EQ(said.smtp_code, 451u);
        EXPECT_EQ(said.enhanced, "4.3.0");
    }
    EXPECT_EQ(session.finish(session.login_succeeded("PLAIN", "alice")).smtp_code, 454u);
    EXPECT_EQ(host.metric("store_failures_total"), 4);
    ASSERT_THAT(host.events(), SizeIs(1)) << "an outage is told once";
    EXPECT_EQ(host.events().front().name, "store_fails");
    EXPECT_EQ(host.health().health_state, POSTERN_HEALTH_DEGRADED);

    host.kv.fails = false;
    EXPECT_TRUE(sends(session).proceeds());
    EXPECT_EQ(host.events().back().name, "store_is_back");
    EXPECT_EQ(host.health().health_state, POSTERN_HEALTH_OK);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_store_that_fails, lets_mail_pass_if_the_operator_says_so)
{
    limited_host host{{{"a", "counts=messages key=client rate=1/1h"}}};
    host.option("when_unavailable", "pass");
    host.made();
    fake_session session{host};
    host.kv.fails = true;
    EXPECT_TRUE(sends(session).proceeds());
    host.kv.fails = false;
    host.kv.is_full = true;
    EXPECT_TRUE(sends(session).proceeds());
    EXPECT_EQ(host.metric("store_failures_total"), 2);
}

TEST(a_store_that_fails, refuses_nothing_for_rules_that_refuse_nothing)
{
    limited_host host{
        {{"a", "counts=messages key=client rate=1/1h shadow"}, {"b", "counts=messages key=sender rate=1/1h action=score"}}};
    host.made();
    fake_session session{host};
    host.kv.fails = true;
    EXPECT_TRUE(sends(session).proceeds());
    EXPECT_EQ(host.metric("store_failures_total"), 1);
    EXPECT_EQ(host.health().health_state, POSTERN_HEALTH_DEGRADED);
}

TEST(a_store_without_room, refuses_nothing_for_rules_that_refuse_nothing)
{
    limited_host host{{{"a", "counts=messages key=sender rate=1/1h shadow"}, {"b", "counts=messages key=client rate=3/1h"}}};
    host.made();
    fake_session session{host};
    EXPECT_TRUE(sends(session, "a@client.example").proceeds());
    host.kv.is_full = true; // no place for another sender; the client has one
    EXPECT_TRUE(sends(session, "b@client.example").proceeds());
    EXPECT_TRUE(sends(session, "c@client.example").proceeds());
    EXPECT_TRUE(sends(session, "d@client.example").defers());
    EXPECT_EQ(host.over("b"), 1) << "tokens of the rule that refuses were taken all the same";
}

TEST(a_store_that_is_slow, has_failed_after_store_wait)
{
    limited_host host{{{"a", "counts=connections key=client rate=1/1h"}}};
    host.made();
    host.kv.delay = 1min;
    fake_session session{host};
    const answer said = session.conn_open();
    host.advance(2s - 1ns);
    EXPECT_TRUE(host.answer_to(said.ticket).is_pending());
    host.advance(1ns);
    EXPECT_TRUE(host.answer_to(said.ticket).defers());
    host.advance(1h);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_client, that_invents_senders_leaves_no_more_in_the_store_than_it_was_let_through)
{
    limited_host host{{{"clients", "counts=messages key=client rate=60/1h burst=10"},
                       {"senders", "counts=messages key=sender rate=60/1h burst=5"}}};
    host.made();
    fake_session session{host};
    for (int i = 0; i < 1000; ++i) {
        std::string sender(static_cast<std::size_t>(i % 300), 'x');
        sender += std::to_string(i) + "@client.example";
        (void)sends(session, sender);
    }
    EXPECT_LE(host.kv.keys().size(), 11u);
    for (const std::string& key : host.kv.keys()) {
        EXPECT_LE(key.size(), 200u);
        ASSERT_TRUE(host.kv.ttl(key));
        EXPECT_LE(*host.kv.ttl(key), 10min);
    }
}

TEST(a_session_that_ends, while_the_store_thinks_is_no_harm)
{
    limited_host host{{{"a", "counts=messages key=client rate=1/1h"}, {"b", "counts=recipients key=client rate=1/1h"}}};
    host.made();
    host.kv.delay = 10ms;
    fake_session session{host};
    EXPECT_TRUE(session.mail("a@client.example").proceeds());
    EXPECT_TRUE(session.rcpt("b@mx.example").is_pending());
    session.end_session();
    host.advance(1s);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(wrong_options, are_refused_at_start_with_what_is_wrong)
{
    const auto refusal_of = [](const rules& given, auto change) {
        limited_host host{given};
        change(host);
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        return host.refusals().empty() ? std::pair<std::string, std::string>{} : host.refusals().front();
    };
    const auto as_it_is = [](limited_host&) {};
    const rules good{{"a", "counts=messages key=client rate=1/1h"}};
    EXPECT_THAT(refusal_of({}, as_it_is), Pair("rules", "has to have 1 to 64 rules"));
    EXPECT_THAT(refusal_of({{"a", "key=client"}}, as_it_is), Pair("rules", "\"a\": counts is missing"));
    EXPECT_THAT(refusal_of({{"A", "key=client"}}, as_it_is), Pair("rules", HasSubstr("\"A\": its name is not")));
    EXPECT_THAT(refusal_of(good, [](limited_host& host) { host.list("networks", {"10.0.0.1/8"}); }),
                Pair("networks", "\"10.0.0.1/8\" has bits set behind its prefix"));
    for (const std::string& bad : {std::string{"\xc3\xa4"}, std::string(201, 'x'), std::string{"a\tb"}})
        EXPECT_THAT(refusal_of(good, [&](limited_host& host) { host.option("text", bad); }),
                    Pair("text", "has to be 1 to 200 printable ASCII characters"));
    rules many;
    for (int i = 0; i < 65; ++i)
        many.emplace_back("r" + std::to_string(i), good.front().second);
    EXPECT_THAT(refusal_of(many, as_it_is), Pair("rules", "has to have 1 to 64 rules"));
}

} // namespace
