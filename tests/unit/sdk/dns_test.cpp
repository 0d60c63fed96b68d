// Questions to the DNS: values for a task, an event for who has none, and an end in every case.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

/// Every test says what the task does; the frame ends before the test.
class asker {
public:
    using work = std::function<postern::task<postern::verdict>(postern::host, std::string)>;
    static inline work next;
    static inline int cancelled = 0;
    static inline std::vector<std::string> heard;

    explicit asker(const postern::host& host) : host_{host} {}
    postern::task<postern::verdict> on(postern::rcpt event)
    {
        try {
            co_return co_await next(host_, std::string{event.recipient()});
        } catch (const postern::cancelled&) {
            ++cancelled;
            throw;
        }
    }
    void on(const postern::dns_answer& answer)
    {
        std::string line = std::to_string(answer.token()) + (answer.is_cancelled() ? " cancelled" : "");
        for (const auto record : answer.records())
            line += " " + std::string{record.name};
        heard.push_back(line);
    }
    void on(const postern::helo& event) const
    {
        EXPECT_TRUE(host_.dns().ask(event.session(), 7, "mx.example.org", POSTERN_DNS_A));
    }

private:
    postern::host host_;
};
constexpr postern_plugin table = postern::sdk::describe<asker>("org.example.asker", "1.0", "test");

postern::task<postern::verdict> say_addresses(postern::host host, std::string name)
{
    const auto found = co_await host.dns().a(name);
    std::string text = "status=" + std::to_string(static_cast<unsigned>(found.status));
    for (const std::string& address : found.records)
        text += " " + address;
    co_return postern::defer(451, "4.7.1", text);
}
postern::task<postern::verdict> say_exchanges(postern::host host, std::string name)
{
    const auto found = co_await host.dns().mx(name);
    std::string text = found.is_secure ? "secure" : "open";
    for (const postern::dns_mx& one : found.records)
        text += " " + std::to_string(one.preference) + "=" + one.host;
    co_return postern::defer(451, "4.7.1", text);
}
postern::task<postern::verdict> say_everything(postern::host host, std::string name)
{
    const auto names = co_await host.dns().ptr("2001:db8::1");
    const auto texts = co_await host.dns().txt("_dmarc." + name); // a temporary that ends with the await
    const auto keys = co_await host.dns().query(name, POSTERN_DNS_TLSA);
    const auto ipv6 = co_await host.dns().aaaa(name);
    co_return postern::defer(451, "4.7.1",
                             names.records.at(0) + " " + texts.records.at(0) + " " + keys.records.at(0).data + " " +
                                 ipv6.records.at(0) + " " + std::to_string(ipv6.ttl.count()));
}

class dns : public testing::Test {
protected:
    dns()
    {
        asker::cancelled = 0;
        asker::heard.clear();
        EXPECT_EQ(host_.create(), POSTERN_PASS);
    }
    ~dns() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    std::string answer_of(asker::work what, const std::string& name)
    {
        asker::next = std::move(what);
        const answer said = session_.rcpt(name);
        EXPECT_TRUE(said.is_pending()); // never from inside the call
        host_.advance(0s);
        return host_.answer_to(said.ticket).text;
    }

    fake_host host_{table};
    fake_session session_{host_};
};

TEST_F(dns, gives_a_task_addresses_and_says_why_there_are_none)
{
    host_.dns.a("mx.example.org", {"192.0.2.1", "192.0.2.2"});
    host_.dns.fails("broken.example", POSTERN_DNS_A, POSTERN_DNS_SERVFAIL);
    EXPECT_EQ(answer_of(say_addresses, "MX.example.ORG."), "status=0 192.0.2.1 192.0.2.2");
    EXPECT_EQ(answer_of(say_addresses, "nobody.example"), "status=1");
    EXPECT_EQ(answer_of(say_addresses, "broken.example"), "status=3");
    host_.dns.txt("text.example", {"only"});
    EXPECT_EQ(answer_of(say_addresses, "text.example"), "status=2");
    EXPECT_THAT(host_.dns.asked(), testing::Contains(Pair("nobody.example", POSTERN_DNS_A)));
}

TEST_F(dns, sorts_exchanges_by_preference_and_tells_what_is_secure)
{
    host_.dns.mx("example.org", {{20, "b.example.org"}, {10, "a.example.org"}}).flags = POSTERN_DNS_SECURE;
    EXPECT_EQ(answer_of(say_exchanges, "example.org"), "secure 10=a.example.org 20=b.example.org");
}

TEST_F(dns, knows_names_of_addresses_texts_and_types_without_a_name_here)
{
    host_.dns.ptr("2001:db8:0::1", {"host.example"});
    host_.dns.txt("_dmarc.example.org", {"v=DMARC1; p=none"});
    host_.dns.records("example.org", POSTERN_DNS_TLSA, {{"", "octets", 0}});
    host_.dns.aaaa("example.org", {"2001:db8::2"}).ttl_s = 60;
    asker::next = say_everything;
    const answer said = session_.rcpt("example.org");
    for (int i = 0; i < 4; ++i)
        host_.advance(0s);
    EXPECT_EQ(host_.answer_to(said.ticket).text, "host.example v=DMARC1; p=none octets 2001:db8::2 60");
}

TEST_F(dns, says_at_once_what_is_no_name)
{
    asker::next = say_addresses;
    const std::vector<std::string> wrong{"a..b", std::string(64, 'x') + ".example", "sp ace.example", std::string(254, 'x')};
    for (const std::string& name : wrong)
        EXPECT_EQ(session_.rcpt(name).text, "status=255") << name;
    EXPECT_THAT(host_.dns.asked(), IsEmpty());
}

TEST_F(dns, takes_the_time_that_a_test_gives_it)
{
    host_.dns.a("slow.example", {"192.0.2.9"}).delay = 3s;
    asker::next = say_addresses;
    const answer said = session_.rcpt("slow.example");
    host_.advance(2999ms);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1ms);
    EXPECT_EQ(host_.answer_to(said.ticket).text, "status=0 192.0.2.9");
}

TEST_F(dns, ends_a_task_when_its_session_ends_first)
{
    host_.dns.delay = 5s;
    asker::next = say_addresses;
    (void)session_.rcpt("mx.example.org");
    session_.end_session();
    EXPECT_EQ(asker::cancelled, 1);
    EXPECT_EQ(host_.waiting(), 0u);
}

TEST_F(dns, ends_a_task_with_its_instance)
{
    host_.dns.delay = 5s;
    asker::next = say_addresses;
    (void)session_.rcpt("mx.example.org");
    host_.destroy_at_once();
    EXPECT_EQ(asker::cancelled, 1);
}

TEST_F(dns, tells_who_has_no_task_by_an_event)
{
    host_.dns.a("mx.example.org", {"192.0.2.1"});
    (void)session_.helo("client.example");
    EXPECT_THAT(asker::heard, IsEmpty());
    host_.advance(0s);
    EXPECT_THAT(asker::heard, ElementsAre("7 192.0.2.1"));
    (void)session_.helo("client.example");
    session_.end_session();
    EXPECT_THAT(asker::heard, ElementsAre("7 192.0.2.1", "7 cancelled"));
}

TEST_F(dns, keeps_the_tokens_of_tasks_for_itself)
{
    postern_ev_dns_answer stray{}; // an answer that nobody waits for
    stray.ev.size = sizeof stray;
    stray.ev.hook = POSTERN_HOOK_DNS_ANSWER;
    stray.token = postern::sdk::waiters::token_bit | 12345;
    EXPECT_EQ(table.handle(host_.self(), &stray.ev), POSTERN_PASS);
    EXPECT_THAT(asker::heard, IsEmpty());
}

TEST(dns_of_a_host, that_has_none_fails_the_task)
{
    fake_host host{table};
    host.missing.insert(POSTERN_DNS_1);
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    asker::next = say_addresses;
    const answer said = session.rcpt("mx.example.org");
    EXPECT_TRUE(said.is_failed());
    EXPECT_EQ(said.text, "this host offers no postern.dns/1");
}

TEST(dns_of_a_host, takes_a_thousand_questions_at_a_time)
{
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    asker::next = say_addresses;
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(session.rcpt("mx.example.org").is_pending());
    EXPECT_EQ(session.rcpt("mx.example.org").text, "status=3");
    host.advance(0s);
    EXPECT_TRUE(session.rcpt("mx.example.org").is_pending());
}

} // namespace
