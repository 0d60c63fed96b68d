#include "greylisting_host.hpp"

using namespace greylist::test;
using namespace postern::testing;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

namespace {

TEST(greylist, defers_a_first_contact_and_says_for_how_long)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    const answer first = asks(session);
    EXPECT_TRUE(first.defers());
    EXPECT_EQ(first.smtp_code, 451u);
    EXPECT_EQ(first.enhanced, "4.7.1");
    EXPECT_EQ(first.text, "greylisted, try again in 300 seconds");
    host.advance(299s);
    EXPECT_EQ(asks(session).text, "greylisted, try again in 1 second");
    host.advance(1s);
    EXPECT_TRUE(asks(session).proceeds());
    EXPECT_TRUE(asks(session).proceeds());
    EXPECT_EQ(host.metric("deferred_total"), 2);
    EXPECT_EQ(host.passed("waited"), 1);
    EXPECT_EQ(host.passed("known"), 1);

    ASSERT_THAT(host.events(), SizeIs(3));
    EXPECT_EQ(host.events()[0].name, "deferred");
    EXPECT_THAT(host.events()[0].fields, ElementsAre(Pair("network", "192.0.2.0/24"), Pair("recipient", "b@mx.example"),
                                                     Pair("sender", "a@client.example"), Pair("wait_s", "300")));
    EXPECT_EQ(host.events()[2].name, "passed");
    EXPECT_EQ(host.events()[2].fields.at("delayed_s"), "300");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(greylist, refuses_one_recipient_and_not_the_others)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    EXPECT_TRUE(asks(session, "a@client.example", "known@mx.example").defers());
    host.advance(5min);
    EXPECT_TRUE(asks(session, "a@client.example", "known@mx.example").proceeds());
    EXPECT_TRUE(session.finish(session.rcpt("new@mx.example")).defers());
    EXPECT_TRUE(session.finish(session.rcpt("known@mx.example")).proceeds());
    EXPECT_TRUE(session.finish(session.data()).proceeds());
}

TEST(the_null_reverse_path, is_deferred_at_data_so_that_callbacks_get_their_answer)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    const auto bounces = [&] {
        EXPECT_TRUE(asks(session, "").proceeds());
        session.to = {"b@mx.example"}; // as somebody vouched
        answer said = session.finish(session.data());
        session.to.clear();
        return said;
    };
    EXPECT_TRUE(asks(session, "").proceeds()) << "and whoever asks no more has left nothing";
    EXPECT_THAT(host.kv.keys(), IsEmpty());
    const answer first = bounces();
    EXPECT_TRUE(first.defers());
    EXPECT_EQ(first.text, "greylisted, try again in 300 seconds");
    host.advance(5min);
    EXPECT_TRUE(bounces().proceeds());
}

TEST(greylist, can_ask_at_data_alone_by_the_first_recipient)
{
    greylisting_host host;
    host.option("at", "data");
    host.made();
    fake_session session{host};
    EXPECT_TRUE(asks(session).proceeds());
    session.to = {"b@mx.example", "c@mx.example"};
    EXPECT_TRUE(session.finish(session.data()).defers());
    host.advance(5min);
    EXPECT_TRUE(asks(session).proceeds());
    session.to = {"b@mx.example", "d@mx.example"};
    EXPECT_TRUE(session.finish(session.data()).proceeds());
}

TEST(greylist, asks_at_data_by_the_first_recipient_that_is_not_exempt)
{
    greylisting_host host;
    host.option("at", "data");
    host.list("recipients", {"postmaster@", "open.example"});
    host.made();
    fake_session session{host};
    const auto sends = [&](const std::vector<std::string>& to) {
        EXPECT_TRUE(asks(session).proceeds());
        session.to = to;
        answer said = session.finish(session.data());
        session.to.clear();
        return said;
    };
    EXPECT_TRUE(sends({"postmaster@mx.example", "a@open.example"}).proceeds());
    EXPECT_THAT(host.kv.keys(), IsEmpty());
    EXPECT_TRUE(sends({"postmaster@mx.example", "b@mx.example", "c@mx.example"}).defers()) << "it is for others too";
    host.advance(5min);
    EXPECT_TRUE(sends({"b@mx.example"}).proceeds());
}

TEST(the_null_reverse_path, is_deferred_for_whoever_is_not_exempt)
{
    greylisting_host host;
    host.list("recipients", {"postmaster@"});
    host.made();
    fake_session session{host};
    EXPECT_TRUE(asks(session, "").proceeds());
    session.to = {"postmaster@mx.example", "b@mx.example"};
    EXPECT_TRUE(session.finish(session.data()).defers());
}

TEST(who_is_exempt, passes_at_once_and_leaves_nothing)
{
    greylisting_host host;
    host.list("networks", {"198.51.100.0/24", "2001:db8::/32"});
    host.list("senders", {".partner.example", "news@list.example"});
    host.list("recipients", {"postmaster@", "open.example"});
    host.made();
    fake_session session{host};
    EXPECT_TRUE(asks_from(session, "198.51.100.7").proceeds());
    EXPECT_TRUE(asks_from(session, "2001:db8::7").proceeds());
    EXPECT_TRUE(asks_from(session, "").proceeds()) << "a local socket";
    session.who.address = "192.0.2.1";
    EXPECT_TRUE(asks(session, "a@mail.Partner.example").proceeds());
    EXPECT_TRUE(asks(session, "news@list.example").proceeds());
    EXPECT_TRUE(asks(session, "a@client.example", "postmaster").proceeds());
    EXPECT_TRUE(asks(session, "a@client.example", "anybody@open.example").proceeds());
    session.who.identity = "alice";
    EXPECT_TRUE(asks(session).proceeds());
    EXPECT_EQ(host.kv.requests(), 0u);
    session.who.identity.clear();
    EXPECT_TRUE(asks(session).defers());
}

TEST(a_field, says_how_long_a_message_waited_if_it_is_wanted)
{
    greylisting_host host;
    host.option("header", true);
    host.may({"headers"});
    host.made();
    fake_session session{host};
    EXPECT_TRUE(asks(session).defers());
    host.advance(5s);
    EXPECT_TRUE(asks(session, "a@client.example", "c@mx.example").defers());
    EXPECT_TRUE(asks(session, "a@client.example", "d@mx.example").defers());
    host.advance(312s);
    EXPECT_TRUE(asks(session, "a@client.example", "c@mx.example").proceeds());
    EXPECT_TRUE(session.finish(session.rcpt("b@mx.example")).proceeds());
    EXPECT_TRUE(session.finish(session.rcpt("d@mx.example")).proceeds());
    const fields section{{"Subject", "hi"}};
    EXPECT_THAT(session.headers(section).edits, ElementsAre(edit{POSTERN_EDIT_HEADER_ADD, 0, "X-Greylist", "delayed 317 s"}))
        << "the longest";

    EXPECT_TRUE(asks(session).proceeds());
    EXPECT_THAT(session.headers(section).edits, IsEmpty()) << "the next message of the session did not wait";
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_field, is_not_added_unless_it_is_wanted)
{
    greylisting_host host;
    host.may({});
    host.made();
    fake_session session{host};
    EXPECT_TRUE(asks(session).defers());
    host.advance(5min);
    EXPECT_TRUE(asks(session).proceeds());
    EXPECT_TRUE(session.headers({{"Subject", "hi"}}).proceeds());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_store_that_fails, means_later_unless_the_operator_says_otherwise)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    EXPECT_EQ(host.health().health_state, POSTERN_HEALTH_OK);
    host.kv.fails = true;
    for (int i = 0; i < 3; ++i) {
        const answer said = asks(session);
        EXPECT_TRUE(said.defers());
        EXPECT_EQ(said.enhanced, "4.3.0");
    }
    EXPECT_EQ(host.health().health_state, POSTERN_HEALTH_DEGRADED);
    EXPECT_EQ(host.metric("store_failures_total"), 3);
    ASSERT_THAT(host.events(), SizeIs(1)) << "an outage is told once";
    host.kv.fails = false;
    EXPECT_EQ(asks(session).enhanced, "4.7.1");
    EXPECT_EQ(host.events()[1].name, "store_is_back");
    EXPECT_EQ(host.health().health_state, POSTERN_HEALTH_OK);
    host.kv.is_full = true;
    EXPECT_EQ(asks(session, "new@client.example").enhanced, "4.3.0");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_store_that_fails, lets_mail_pass_if_the_operator_says_so)
{
    greylisting_host host;
    host.option("when_unavailable", "pass");
    host.made();
    fake_session session{host};
    host.kv.fails = true;
    EXPECT_TRUE(asks(session).proceeds());
    host.kv.fails = false;
    EXPECT_TRUE(asks(session).defers());
}

TEST(a_store_that_is_slow, has_failed_after_store_wait)
{
    greylisting_host host;
    host.made();
    host.kv.delay = 1min;
    fake_session session{host};
    EXPECT_TRUE(session.mail("a@client.example").proceeds());
    const answer said = session.rcpt("b@mx.example");
    host.advance(2s - 1ns);
    EXPECT_TRUE(host.answer_to(said.ticket).is_pending());
    host.advance(1ns);
    EXPECT_TRUE(host.answer_to(said.ticket).defers());
    host.advance(1h);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(a_session_that_ends, while_the_store_thinks_is_no_harm)
{
    greylisting_host host;
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
    const auto refusal_of = [](auto change) {
        greylisting_host host;
        change(host);
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        return host.refusals().empty() ? std::pair<std::string, std::string>{} : host.refusals().front();
    };
    EXPECT_THAT(refusal_of([](auto& host) {
                    host.option("delay", nanoseconds{1h});
                    host.option("window", nanoseconds{1h});
                }),
                Pair("window", "has to be longer than delay: nobody would ever pass"));
    EXPECT_THAT(refusal_of([](auto& host) { host.list("networks", {"192.0.2.1/24"}); }),
                Pair("networks", "\"192.0.2.1/24\" has bits set behind its prefix"));
    EXPECT_THAT(refusal_of([](auto& host) { host.list("senders", {"@example.org"}); }),
                Pair("senders", "\"@example.org\" is no address or domain"));
    EXPECT_THAT(refusal_of([](auto& host) { host.list("recipients", {"a b"}); }),
                Pair("recipients", "\"a b\" is no address or domain"));
    EXPECT_THAT(refusal_of([](auto& host) { host.option("text", "\xc3\xa4"); }),
                Pair("text", "has to be 1 to 200 printable ASCII characters"));
}

} // namespace
