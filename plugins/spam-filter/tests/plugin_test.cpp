#include <postern/testing/fake_host.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

namespace {

const fields proper{
    {"From", "a@x.example"}, {"To", "b@y.example"}, {"Date", "Mon"}, {"Message-ID", "<1@x>"}, {"Subject", "Hello"}};
constexpr std::string_view spam_text =
    "Win money today, click here http://cash.example/win now, no risk, thousands of dollars!\r\n";
constexpr std::string_view ham_text =
    "The parser is fixed by this patch, Anna will look at the build before the meeting on Tuesday.\r\n";

class spam_filter : public testing::Test {
protected:
    void create()
    {
        EXPECT_THAT(use_manifest(host, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host.create(), POSTERN_PASS);
    }
    /// A whole message; the answer to its end.
    answer deliver(fake_session& session, const fields& section, std::string_view text, const std::string& to = "b@y.example")
    {
        static_cast<void>(session.mail("a@x.example"));
        const answer taken = session.rcpt(to);
        if (taken.refuses())
            return taken;
        session.to = {to};
        for (std::size_t at = 0; at < text.size() || at == 0; at += 7) // as it arrives
            static_cast<void>(session.body(text.substr(at, 7), at, at + 7 >= text.size()));
        answer said = session.end(section, std::string{text});
        if (!said.is_pending())
            return said;
        host.advance(0ns);
        return host.answer_to(said.ticket);
    }
    void teach()
    {
        for (int i = 0; i < 3; ++i) {
            ASSERT_TRUE(told({"learn", "spam"}, "Subject: Money\n\n" + std::string{spam_text}).proceeds());
            ASSERT_TRUE(told({"learn", "ham"}, "Subject: Patch\n\n" + std::string{ham_text}).proceeds());
        }
    }
    answer told(const std::vector<std::string>& words, std::optional<std::string> input = {})
    {
        const answer said = host.tell(words, input ? std::optional<std::string_view>{*input} : std::nullopt);
        host.advance(0ns);
        return said.is_pending() ? host.answer_to(said.ticket) : said;
    }
    static std::string value(const answer& of, std::string_view name)
    {
        for (const edit& one : of.edits)
            if (one.name == name)
                return one.value;
        return "(none)";
    }

    fake_host host{postern_plugin_v1};
};

TEST_F(spam_filter, writes_what_it_found_into_the_header_section)
{
    create();
    fake_session session{host};
    static_cast<void>(session.conn_open());
    const answer said = deliver(session, {}, "hello\r\n");
    EXPECT_EQ(said.verdict, POSTERN_SCORE);
    EXPECT_GT(said.score, 0);
    EXPECT_THAT(said.text, HasSubstr("NO_FROM"));
    EXPECT_THAT(value(said, "X-Spam-Status"), StartsWith("No, score="));
    EXPECT_THAT(value(said, "X-Spam-Symbols"), HasSubstr("NO_FROM(1.5)"));
    EXPECT_EQ(value(said, "X-Spam-Flag"), "(none)");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(spam_filter, removes_what_a_sender_says_in_its_name)
{
    create();
    fake_session session{host};
    auto section = proper;
    section.insert(section.begin(), {"X-Spam-Status", "No, score=-9"});
    section.emplace_back("x-spam-flag", "NO");
    const answer said = deliver(session, section, ham_text);
    EXPECT_THAT(said.edits, Contains(edit{POSTERN_EDIT_HEADER_REMOVE, 0, "", ""}));
    EXPECT_THAT(said.edits, Contains(edit{POSTERN_EDIT_HEADER_REMOVE, 6, "", ""}));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(spam_filter, tags_quarantines_or_rejects_by_its_thresholds)
{
    const auto judge = [](double tag, double quarantine, double reject) {
        fake_host one{postern_plugin_v1};
        one.option("tag", tag);
        one.option("quarantine", quarantine);
        one.option("reject", reject);
        one.option("subject_prefix", "[SPAM]");
        EXPECT_THAT(use_manifest(one, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        EXPECT_EQ(one.create(), POSTERN_PASS);
        fake_session session{one};
        static_cast<void>(session.mail("a@x.example"));
        static_cast<void>(session.rcpt("b@y.example"));
        static_cast<void>(session.body("hello\r\n"));
        const answer said = session.end({{"Subject", "Hi"}}, "Subject: Hi\r\n\r\nhello\r\n"); // 1.5 + 1 + 0.8 + 0.5
        EXPECT_THAT(one.complaints(), IsEmpty());
        return said;
    };
    EXPECT_EQ(judge(3.9, 0, 0).verdict, POSTERN_SCORE);
    EXPECT_EQ(value(judge(3.9, 0, 0), "X-Spam-Flag"), "(none)");
    const answer tagged = judge(3.8, 0, 0);
    EXPECT_EQ(tagged.verdict, POSTERN_SCORE);
    EXPECT_EQ(value(tagged, "X-Spam-Flag"), "YES");
    EXPECT_THAT(value(tagged, "X-Spam-Status"), HasSubstr("action=tag"));
    EXPECT_THAT(tagged.edits, Contains(edit{POSTERN_EDIT_HEADER_REPLACE, 0, "", "[SPAM] Hi"}));
    const answer held = judge(2, 3.8, 0);
    EXPECT_EQ(held.verdict, POSTERN_HOLD);
    EXPECT_EQ(value(held, "X-Spam-Flag"), "YES");
    const answer refused = judge(2, 3, 3.8);
    EXPECT_TRUE(refused.rejects());
    EXPECT_EQ(refused.smtp_code, 550u);
    EXPECT_EQ(refused.enhanced, "5.7.1");
    EXPECT_EQ(judge(0, 0, 0).verdict, POSTERN_SCORE);
}

TEST_F(spam_filter, judges_by_what_operators_taught)
{
    create();
    teach();
    fake_session session{host};
    const answer spam = deliver(session, proper, spam_text);
    const answer ham = deliver(session, proper, ham_text);
    EXPECT_GT(spam.score, 2000);
    EXPECT_LT(ham.score, -1000);
    EXPECT_THAT(spam.text, HasSubstr("BAYES_9"));
    EXPECT_THAT(told({"status"}).output, AllOf(HasSubstr("ready: yes"), HasSubstr("spam learned: ")));
    EXPECT_THAT(told({"judge"}, "Subject: Money\n\n" + std::string{spam_text}).output, HasSubstr("BAYES_9"));
    EXPECT_EQ(told({"learn", "spam"}, "Subject: Money\n\n" + std::string{spam_text}).output, "known");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(spam_filter, knows_after_a_restart_what_it_was_taught)
{
    create();
    teach();
    fake_host next{postern_plugin_v1};
    for (const std::string& key : host.kv.keys())
        next.kv.set(key, host.kv.value(key).value_or(""));
    EXPECT_THAT(use_manifest(next, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    ASSERT_EQ(next.create(), POSTERN_PASS);
    fake_session session{next};
    static_cast<void>(session.conn_open()); // it begins to read
    next.advance(0ns);
    static_cast<void>(session.mail("a@x.example"));
    static_cast<void>(session.rcpt("b@y.example"));
    static_cast<void>(session.body(spam_text));
    EXPECT_THAT(session.end(proper, std::string{spam_text}).text, HasSubstr("BAYES_9"));
}

TEST_F(spam_filter, notices_what_other_servers_have_learned)
{
    fake_host other{postern_plugin_v1};
    other.option("refresh", std::chrono::nanoseconds{1min});
    EXPECT_THAT(use_manifest(other, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    ASSERT_EQ(other.create(), POSTERN_PASS);
    other.advance(0ns);
    create();
    teach();
    for (const std::string& key : host.kv.keys())
        other.kv.set(key, host.kv.value(key).value_or("")); // as if they had one store
    other.advance(1min);
    other.advance(0ns);
    const answer said = other.tell({"judge"}, "Subject: Money\n\n" + std::string{spam_text});
    EXPECT_THAT(said.output, HasSubstr("BAYES_9"));
    const auto requests = other.kv.requests();
    other.advance(1min);
    other.advance(0ns);
    EXPECT_EQ(other.kv.requests(), requests + 1); // nothing new: nothing is read
}

TEST_F(spam_filter, judges_by_rules_alone_while_the_store_fails)
{
    host.kv.fails = true;
    create();
    fake_session session{host};
    static_cast<void>(session.conn_open());
    host.advance(3s);
    const answer said = deliver(session, proper, spam_text);
    EXPECT_EQ(said.verdict, POSTERN_SCORE);
    EXPECT_THAT(said.text, Not(HasSubstr("BAYES")));
    EXPECT_EQ(host.log_lines().size(), 1u); // not once a second
    EXPECT_THAT(host.log_lines(), Contains(Pair(POSTERN_LOG_WARNING, HasSubstr("cannot be read"))));
    host.kv.fails = false;
    host.advance(1s);
    EXPECT_THAT(told({"status"}).output, HasSubstr("ready: yes"));
}

TEST_F(spam_filter, says_that_a_lesson_cannot_be_stored)
{
    create();
    static_cast<void>(told({"status"})); // what is stored has been read
    host.kv.fails = true;
    EXPECT_TRUE(told({"learn", "spam"}, std::string{spam_text}).rejects());
}

TEST_F(spam_filter, refuses_words_that_it_does_not_know)
{
    create();
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"learn"}, {"learn", "eggs"}, {"dance"}, {"learn", "spam"}, {"judge"}})
        EXPECT_TRUE(told(words).rejects()) << words[0];
}

TEST_F(spam_filter, asks_lists_at_the_start_and_counts_what_they_say_at_the_end)
{
    host.list("dns_lists", {"zen.example 3 127.0.0.2", "other.example 2"});
    host.dns.a("7.113.0.203.zen.example", {"127.0.0.2"});
    create();
    fake_session session{host};
    session.who.address = "203.0.113.7";
    EXPECT_TRUE(session.conn_open().proceeds()); // it waits for nobody
    host.advance(0ns);
    for (int i = 0; i < 2; ++i) { // of the connection, so of every message
        const answer said = deliver(session, proper, ham_text);
        EXPECT_THAT(said.text, AllOf(HasSubstr("DNSBL_ZEN_EXAMPLE"), Not(HasSubstr("OTHER"))));
    }
    EXPECT_EQ(host.dns.asked().size(), 2u);
}

TEST_F(spam_filter, waits_for_lists_a_while_and_then_does_without)
{
    host.list("dns_lists", {"zen.example 3"});
    host.option("dns_wait", std::chrono::nanoseconds{2s});
    host.dns.a("7.113.0.203.zen.example", {"127.0.0.2"}).delay = 1s;
    create();
    const auto end = [&](fake_session& session) {
        static_cast<void>(session.mail("a@x.example"));
        static_cast<void>(session.body(ham_text));
        return session.end(proper, std::string{ham_text});
    };
    fake_session session{host};
    session.who.address = "203.0.113.7";
    static_cast<void>(session.conn_open());
    const answer waits = end(session);
    EXPECT_TRUE(waits.is_pending());
    host.advance(1s);
    EXPECT_THAT(host.answer_to(waits.ticket).text, HasSubstr("DNSBL_ZEN_EXAMPLE"));

    host.dns.a("8.113.0.203.zen.example", {"127.0.0.2"}).delay = 60s;
    fake_session slow{host, 2};
    slow.who.address = "203.0.113.8";
    static_cast<void>(slow.conn_open());
    const answer patient = end(slow);
    host.advance(1999ms);
    EXPECT_TRUE(host.answer_to(patient.ticket).is_pending());
    host.advance(1ms);
    EXPECT_EQ(host.answer_to(patient.ticket).verdict, POSTERN_SCORE);
    EXPECT_THAT(host.answer_to(patient.ticket).text, Not(HasSubstr("DNSBL")));
    host.advance(60s); // what comes too late harms nobody
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(spam_filter, refuses_no_mail_because_a_list_fails)
{
    host.list("dns_lists", {"zen.example 99"});
    host.option("reject", 10.0);
    host.dns.fails("7.113.0.203.zen.example", POSTERN_DNS_A, POSTERN_DNS_SERVFAIL);
    create();
    fake_session session{host};
    session.who.address = "203.0.113.7";
    static_cast<void>(session.conn_open());
    host.advance(0ns);
    EXPECT_EQ(deliver(session, proper, ham_text).verdict, POSTERN_SCORE);
}

TEST_F(spam_filter, asks_lists_of_domains_about_the_hosts_of_links)
{
    host.list("link_lists", {"dbl.example 4"});
    host.dns.a("cash.example.dbl.example", {"127.0.1.2"});
    create();
    fake_session session{host};
    EXPECT_THAT(deliver(session, proper, spam_text).text, HasSubstr("LINK_DBL_EXAMPLE"));
    EXPECT_THAT(deliver(session, proper, ham_text).text, Not(HasSubstr("LINK")));
}

TEST_F(spam_filter, leaves_the_mail_of_our_own_clients_alone)
{
    host.list("networks", {"192.0.2.0/24"});
    host.list("dns_lists", {"zen.example 3"});
    create();
    fake_session session{host};
    static_cast<void>(session.conn_open());
    EXPECT_TRUE(host.dns.asked().empty());
    const answer said = deliver(session, {}, spam_text);
    EXPECT_TRUE(said.proceeds());
    EXPECT_THAT(said.edits, IsEmpty());
    session.who.address = "198.51.100.1";
    session.who.identity = "alice";
    EXPECT_TRUE(deliver(session, {}, spam_text).proceeds());
}

TEST_F(spam_filter, learns_what_our_own_clients_send_in)
{
    host.option("spam_address", "Spam@y.example");
    host.option("ham_address", "ham@y.example");
    host.list("networks", {"192.0.2.0/24"});
    create();
    const auto report = [](std::string_view text) {
        return "--b\r\n\r\nlook at this\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n" + std::string{text} +
               "\r\n--b--\r\n";
    };
    const fields multipart{{"Content-Type", "multipart/mixed; boundary=b"}};
    fake_session session{host};
    static_cast<void>(session.conn_open());
    host.advance(0ns);
    EXPECT_TRUE(deliver(session, multipart, report(spam_text), "spam@Y.example").discards());
    EXPECT_TRUE(deliver(session, multipart, report(ham_text), "ham@y.example").discards());
    EXPECT_THAT(told({"status"}).output, AllOf(HasSubstr("spam learned: 1"), HasSubstr("ham learned: 1")));
    const answer nothing = deliver(session, {}, "look at this\r\n", "spam@y.example");
    EXPECT_TRUE(nothing.rejects());
    EXPECT_EQ(nothing.enhanced, "5.6.0");

    session.who.address = "198.51.100.1"; // a stranger
    const answer refused = deliver(session, multipart, report(ham_text), "spam@y.example");
    EXPECT_TRUE(refused.rejects());
    EXPECT_EQ(refused.enhanced, "5.7.1");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(spam_filter, takes_lessons_by_themselves_only)
{
    host.option("spam_address", "spam@y.example");
    host.list("networks", {"192.0.2.0/24"});
    create();
    fake_session session{host};
    static_cast<void>(session.mail("a@x.example"));
    EXPECT_TRUE(session.rcpt("spam@y.example").vouches());
    EXPECT_TRUE(session.rcpt("b@y.example").defers());
    static_cast<void>(session.mail("a@x.example"));
    EXPECT_TRUE(session.rcpt("b@y.example").proceeds());
    EXPECT_TRUE(session.rcpt("spam@y.example").defers());
}

TEST_F(spam_filter, looks_at_no_more_than_it_is_told)
{
    host.option("scan_size", 4096);
    create();
    fake_session session{host};
    const std::string far = std::string(8192, 'x') + " http://192.0.2.1/ ";
    EXPECT_THAT(deliver(session, proper, far).text, Not(HasSubstr("NUMERIC_LINK")));
    EXPECT_THAT(deliver(session, proper, " http://192.0.2.1/ " + far).text, HasSubstr("NUMERIC_LINK"));
}

TEST_F(spam_filter, does_not_judge_a_message_by_one_that_was_broken_off)
{
    create();
    fake_session session{host};
    static_cast<void>(session.mail("a@x.example"));
    static_cast<void>(session.body(" http://192.0.2.1/ ", 0, false));
    static_cast<void>(session.mail("a@x.example"));
    EXPECT_THAT(session.end(proper, "\r\n").text, Not(HasSubstr("NUMERIC_LINK")));
}

TEST_F(spam_filter, refuses_options_with_the_reason)
{
    const auto refuses = [](auto set, const char* key) {
        fake_host one{postern_plugin_v1};
        set(one);
        EXPECT_EQ(one.create(), POSTERN_E_INVALID) << key;
        EXPECT_THAT(one.refusals(), ElementsAre(Pair(key, Not(IsEmpty()))));
    };
    refuses([](fake_host& one) { one.list("dns_lists", {"zen"}); }, "dns_lists");
    refuses([](fake_host& one) { one.list("link_lists", {"zen.example"}); }, "link_lists");
    refuses([](fake_host& one) { one.list("networks", {"192.0.2.0/33"}); }, "networks");
    refuses([](fake_host& one) { one.option("spam_address", "spam"); }, "spam_address");
    refuses([](fake_host& one) { one.option("subject_prefix", "a\r\nb"); }, "subject_prefix");
    refuses([](fake_host& one) { one.option("scan_size", 4095); }, "scan_size");
    refuses([](fake_host& one) { one.option("features", 9999); }, "features");
}

} // namespace
