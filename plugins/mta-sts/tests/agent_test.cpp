// The plugin with a fetcher that a test plays, and the clock of the fake host.

#include "../src/agent.hpp"
#include "../src/kept_policy.hpp"

#include <postern/testing/fake_generation.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

using namespace mta_sts;
using namespace postern::testing;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

constexpr std::int64_t year_2023 = 1'700'000'000;
constexpr auto txt = static_cast<std::uint32_t>(POSTERN_DNS_TXT);

/// What the agent under test was made of.
struct played {
    fake_host* host = nullptr;
    fetcher::done done;
    std::vector<std::pair<std::string, std::vector<std::string>>> fetches;
};
played* current = nullptr; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): the table of a plugin has no other way

class played_fetcher final : public fetcher {
public:
    void fetch(const std::string& domain, const std::vector<std::string>& addresses) override
    {
        current->fetches.emplace_back(domain, addresses);
    }
};

[[nodiscard]] std::unique_ptr<fetcher> make_played(fetcher::done done)
{
    current->done = std::move(done);
    return std::make_unique<played_fetcher>();
}
[[nodiscard]] moment now()
{
    const auto time = current->host->now();
    return {time, year_2023 + std::chrono::duration_cast<std::chrono::seconds>(time).count()};
}

class played_plugin : public agent {
public:
    explicit played_plugin(const postern::host& host)
        : agent{host, &make_played, {&now, [](std::chrono::nanoseconds time) { return time; }}}
    {
    }
};
constexpr postern_plugin table = postern::sdk::describe<played_plugin>("org.postern.mta-sts", "1.0", "a test");

[[nodiscard]] std::string text_of(const std::string& how)
{
    return "version: STSv1\nmode: " + how + "\nmx: mx.example.org\nmx: *.example.net\nmax_age: 604800\n";
}

class a_host : public testing::Test {
protected:
    a_host()
    {
        current = &played_;
        played_.host = &host_;
        delivery_.next_hop = "example.org";
        delivery_.host_name = delivery_.tls_name = "mx.example.org";
        delivery_.is_by_mx = true;
        delivery_.to = {"u@example.org"};
        host_.dns.txt("_mta-sts.example.org", {"v=STSv1; id=1;"});
        host_.dns.a("mta-sts.example.org", {"192.0.2.1"});
        host_.dns.aaaa("mta-sts.example.org", {"2001:db8::1"});
    }
    void SetUp() override { ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty()); }
    void TearDown() override
    {
        if (host_.self() != nullptr) {
            delivery_.end();
            host_.destroy();
        }
        EXPECT_THAT(host_.complaints(), IsEmpty());
    }

    void create()
    {
        if (!std::exchange(is_created_, true)) {
            ASSERT_EQ(host_.create(), POSTERN_PASS);
        }
    }
    /// Asks, and has the host say all that it is asked.
    answer asks()
    {
        create();
        const auto said = delivery_.tls_policy();
        host_.advance(0ns);
        return said;
    }
    void fetched(const fetch_result& what)
    {
        ASSERT_FALSE(played_.fetches.empty());
        const auto domain = played_.fetches.back().first;
        played_.done(domain, what);
        host_.advance(0ns);
    }
    void fetched(const std::string& body) { fetched(fetch_result{trouble::none, body, {}}); }
    /// The first delivery to the domain, which waits for its policy.
    answer with_policy(const std::string& how)
    {
        const auto said = asks();
        EXPECT_TRUE(said.is_pending());
        fetched(text_of(how));
        return delivery_.finish(said);
    }
    [[nodiscard]] std::int64_t hosts(const std::string& result)
    {
        return host_.metric("hosts_total", {{"result", result}}).value_or(-1);
    }

    played played_;
    fake_host host_{table};
    fake_delivery delivery_{host_};
    bool is_created_ = false;

    a_host(const a_host&) = delete;
    a_host& operator=(const a_host&) = delete;
    ~a_host() override { current = nullptr; }
};

TEST_F(a_host, that_an_enforced_policy_lists_gets_mail_over_tls_with_a_certificate_for_it)
{
    const auto said = with_policy("enforce");
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(said.out.name, "mx.example.org");
    EXPECT_EQ(said.out.policy_type, "sts");
    EXPECT_EQ(said.out.policy_domain, "example.org");
    EXPECT_THAT(said.out.policy_strings,
                ElementsAre("version: STSv1", "mode: enforce", "mx: mx.example.org", "mx: *.example.net", "max_age: 604800"));
    EXPECT_THAT(said.out.policy_hosts, ElementsAre("mx.example.org", "*.example.net"));
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_OK);
    EXPECT_FALSE(said.out.is_tested);
    EXPECT_THAT(played_.fetches, ElementsAre(Pair("example.org", ElementsAre("2001:db8::1", "192.0.2.1"))));
    EXPECT_EQ(hosts("enforced"), 1);
    EXPECT_EQ(host_.metric("policies", {{"mode", "enforce"}}), 1);
    EXPECT_EQ(host_.metric("fetches_total", {{"result", "ok"}}), 1);
}

TEST_F(a_host, that_an_enforced_policy_does_not_list_is_left_out)
{
    delivery_.host_name = delivery_.tls_name = "mx.evil.example";
    const auto said = with_policy("enforce");
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.smtp_code, 451U);
    EXPECT_EQ(said.enhanced, "4.7.5");
    EXPECT_THAT(said.text, HasSubstr("mx.evil.example is no mail exchanger that the policy of example.org lists"));
    EXPECT_TRUE(said.out.next_host);
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_VALIDATION_FAILURE);
    EXPECT_EQ(said.out.policy_domain, "example.org");
    EXPECT_EQ(hosts("refused"), 1);
}

// RFC 8461 5
TEST_F(a_host, of_a_policy_in_testing_gets_mail_whatever_it_comes_to)
{
    auto said = with_policy("testing");
    EXPECT_TRUE(said.proceeds());
    EXPECT_TRUE(said.out.is_tested);
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    delivery_.host_name = delivery_.tls_name = "a.b.example.net";
    said = asks();
    EXPECT_TRUE(said.proceeds());
    EXPECT_FALSE(said.out.is_tested);
    EXPECT_EQ(said.out.finding, POSTERN_TLS_RESULT_VALIDATION_FAILURE);
    EXPECT_EQ(said.out.policy_domain, "example.org");
    EXPECT_EQ(hosts("tested"), 1);
    EXPECT_EQ(hosts("test_failed"), 1);
}

TEST_F(a_host, of_a_policy_of_the_mode_none_is_left_alone)
{
    const auto said = with_policy("none");
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(said.out.policy_type, "");
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
}

// RFC 8461 2
TEST_F(a_host, with_dane_is_left_to_it)
{
    delivery_.tls = POSTERN_TLS_DANE;
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_DANE);
    EXPECT_THAT(host_.dns.asked(), IsEmpty());
}

TEST_F(a_host, that_no_mx_record_names_is_left_alone_and_so_is_an_address_and_an_exempt_domain)
{
    host_.list("exempt", {"Broken.example", ".below.example"});
    delivery_.is_by_mx = false;
    EXPECT_TRUE(asks().proceeds());
    delivery_.is_by_mx = true;
    for (const auto* const each : {"[192.0.2.1]", "192.0.2.1", "localhost", "broken.example", "a.below.example"}) {
        delivery_.next_hop = each;
        EXPECT_TRUE(asks().proceeds()) << each;
    }
    EXPECT_THAT(host_.dns.asked(), IsEmpty());
    EXPECT_EQ(host_.kv.requests(), 0U);
}

TEST_F(a_host, that_somebody_demands_another_certificate_of_keeps_that)
{
    delivery_.tls = POSTERN_TLS_VERIFIED;
    delivery_.tls_name = "partner.example";
    const auto said = with_policy("enforce");
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(said.out.name, "");
    EXPECT_EQ(delivery_.tls_name, "partner.example");
    EXPECT_EQ(said.out.policy_domain, "example.org");
}

TEST_F(a_host, without_a_record_is_left_alone)
{
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_NXDOMAIN);
    EXPECT_TRUE(delivery_.finish(asks()).proceeds());
    EXPECT_THAT(played_.fetches, IsEmpty());
    EXPECT_EQ(hosts("no_policy"), 1);
    EXPECT_TRUE(asks().proceeds()) << "at once";
}

// RFC 8461 3.3
TEST_F(a_host, whose_policy_cannot_be_had_gets_mail_as_if_there_were_none_and_its_domain_hears_why)
{
    struct {
        trouble what;
        std::uint32_t finding;
        std::string name;
    } const all[] = {{trouble::fetch_error, POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR, "a.example"},
                     {trouble::webpki_invalid, POSTERN_TLS_RESULT_STS_WEBPKI_INVALID, "b.example"},
                     {trouble::policy_invalid, POSTERN_TLS_RESULT_STS_POLICY_INVALID, "c.example"}};
    for (const auto& each : all) {
        delivery_.next_hop = each.name;
        host_.dns.txt("_mta-sts." + each.name, {"v=STSv1; id=1;"});
        host_.dns.a("mta-sts." + each.name, {"192.0.2.1"});
        auto said = asks();
        fetched(fetch_result{each.what, {}, "it is so"});
        said = delivery_.finish(said);
        EXPECT_TRUE(said.proceeds());
        EXPECT_EQ(said.out.finding, each.finding);
        EXPECT_EQ(said.out.policy_type, "sts");
        EXPECT_EQ(said.out.policy_domain, each.name);
        EXPECT_EQ(asks().out.finding, each.finding) << "without a second fetch";
    }
    EXPECT_EQ(played_.fetches.size(), 3U);
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    EXPECT_EQ(hosts("unavailable"), 6);
    const auto events = host_.events();
    ASSERT_EQ(events.size(), 3U) << "a line each";
    EXPECT_EQ(events[1].name, "fetch_failed");
    EXPECT_EQ(events[1].fields.at("domain"), "b.example");
    EXPECT_EQ(events[1].fields.at("finding"), "sts-webpki-invalid");
    EXPECT_EQ(events[1].fields.at("cause"), "it is so");
}

TEST_F(a_host, waits_for_its_policy_for_so_long_and_the_fetch_goes_on)
{
    const auto said = asks();
    host_.advance(4s - 1ns);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1ns);
    EXPECT_TRUE(host_.answer_to(said.ticket).proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    fetched(text_of("enforce"));
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(played_.fetches.size(), 1U);
}

TEST_F(a_host, is_answered_before_the_deadline_however_long_it_may_wait)
{
    host_.option("wait", std::chrono::minutes{1});
    host_.deadline(10s);
    const auto said = asks();
    host_.advance(9s);
    EXPECT_TRUE(host_.answer_to(said.ticket).proceeds());
}

TEST_F(a_host, of_one_domain_waits_with_others_for_the_same_fetch)
{
    const auto first = asks();
    fake_delivery other{host_, 2000};
    other.next_hop = "example.org";
    other.host_name = other.tls_name = "other.example.net";
    other.is_by_mx = true;
    const auto second = other.tls_policy();
    host_.advance(0ns);
    EXPECT_EQ(played_.fetches.size(), 1U);
    fetched(text_of("enforce"));
    EXPECT_TRUE(delivery_.finish(first).proceeds());
    EXPECT_EQ(other.finish(second).out.name, "other.example.net");
    other.end();
}

TEST_F(a_host, whose_delivery_ends_meanwhile_leaves_the_fetch_to_the_next)
{
    (void)asks();
    delivery_.end();
    fetched(text_of("enforce"));
    fake_delivery next{host_, 2000};
    next.next_hop = "example.org";
    next.host_name = next.tls_name = "mx.example.org";
    next.is_by_mx = true;
    EXPECT_TRUE(next.tls_policy().proceeds());
    EXPECT_EQ(next.tls, POSTERN_TLS_VERIFIED);
    next.end();
}

// RFC 8461 5
TEST_F(a_host, that_is_not_listed_is_left_out_only_when_it_is_known_that_the_policy_is_still_that_one)
{
    (void)with_policy("enforce");
    host_.advance(2min);
    delivery_.host_name = delivery_.tls_name = "new.example.com";
    host_.dns.txt("_mta-sts.example.org", {"v=STSv1; id=2;"});
    const auto said = asks();
    EXPECT_TRUE(said.is_pending());
    fetched("version: STSv1\nmode: enforce\nmx: new.example.com\nmax_age: 604800\n");
    EXPECT_TRUE(delivery_.finish(said).proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    delivery_.host_name = "mx.example.org";
    EXPECT_TRUE(asks().defers()) << "and not asked about again at once";
}

TEST_F(a_host, that_did_not_do_as_its_policy_says_makes_the_next_delivery_look_whether_there_is_another)
{
    (void)with_policy("enforce");
    host_.advance(2min);
    const auto before = host_.dns.asked().size();
    (void)asks();
    delivery_.tls_result(POSTERN_TLS_RESULT_OK);
    (void)asks();
    EXPECT_EQ(host_.dns.asked().size(), before);
    delivery_.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED, "expired", true);
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(host_.dns.asked().size(), before + 1);
}

TEST_F(a_host, is_never_fetched_from_an_address_of_this_site)
{
    host_.dns.a("mta-sts.example.org", {"127.0.0.1", "10.0.0.1"});
    host_.dns.aaaa("mta-sts.example.org", {"::1"});
    EXPECT_EQ(delivery_.finish(asks()).out.finding, POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR);
    EXPECT_THAT(played_.fetches, IsEmpty());
    EXPECT_THAT(host_.events().back().fields.at("cause"), HasSubstr("not public"));
}

TEST_F(a_host, is_fetched_from_the_public_ones_of_its_addresses)
{
    host_.dns.a("mta-sts.example.org", {"127.0.0.1", "192.0.2.9"});
    host_.dns.fails("mta-sts.example.org", POSTERN_DNS_AAAA, POSTERN_DNS_SERVFAIL);
    (void)asks();
    EXPECT_THAT(played_.fetches, ElementsAre(Pair("example.org", ElementsAre("192.0.2.9"))));
    fetched(text_of("enforce"));
}

TEST_F(a_host, is_fetched_from_eight_addresses_of_each_kind_at_most)
{
    std::vector<std::string> many;
    for (int i = 1; i <= 9; ++i)
        many.push_back("2001:db8::" + std::to_string(i));
    host_.dns.aaaa("mta-sts.example.org", many);
    (void)asks();
    many.pop_back();
    many.emplace_back("192.0.2.1");
    EXPECT_THAT(played_.fetches, ElementsAre(Pair("example.org", many)));
    fetched(text_of("enforce"));
}

TEST_F(a_host, of_a_web_server_without_an_address_has_no_policy)
{
    host_.dns.a("mta-sts.example.org", {});
    host_.dns.fails("mta-sts.example.org", POSTERN_DNS_A, POSTERN_DNS_NXDOMAIN);
    host_.dns.fails("mta-sts.example.org", POSTERN_DNS_AAAA, POSTERN_DNS_NXDOMAIN);
    EXPECT_EQ(delivery_.finish(asks()).out.finding, POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR);
}

TEST_F(a_host, has_a_policy_that_outlasts_the_server)
{
    host_.kv.set("policy:example.org", write_kept({"1", year_2023 - 3600, *parse_policy(text_of("enforce")).what}));
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_SERVFAIL);
    EXPECT_TRUE(delivery_.finish(asks()).proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    EXPECT_THAT(played_.fetches, IsEmpty());
}

TEST_F(a_host, has_its_policy_kept_for_the_next_server)
{
    (void)with_policy("enforce");
    const auto kept = read_kept(host_.kv.value("policy:example.org").value_or(""));
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->id, "1");
    EXPECT_EQ(kept->what.how, mode::enforce);
    EXPECT_GT(host_.kv.ttl("policy:example.org"), 604'800s);
}

TEST_F(a_host, has_its_policy_known_from_the_start_where_it_was_kept)
{
    for (int i = 0; i < 250; ++i) // more than a page
        host_.kv.set("policy:d" + std::to_string(i) + ".example",
                     write_kept({"1", year_2023, *parse_policy(text_of("enforce")).what}));
    create();
    fake_generation start{host_};
    start.prepare();
    start.commit();
    host_.advance(0ns);
    host_.advance(60s);
    EXPECT_EQ(host_.metric("policies", {{"mode", "enforce"}}), 250);
}

TEST_F(a_host, does_without_a_store_and_the_operator_hears_of_it)
{
    host_.kv.fails = true;
    (void)with_policy("enforce");
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(host_.health().health_state, POSTERN_HEALTH_DEGRADED);
    host_.kv.fails = false;
    host_.advance(25h); // it is fetched anew, and kept
    fetched(text_of("enforce"));
    EXPECT_EQ(host_.health().health_state, POSTERN_HEALTH_OK);
    std::vector<std::string> names;
    for (const auto& each : host_.events())
        names.push_back(each.name);
    EXPECT_EQ(std::count(names.begin(), names.end(), "store_failed"), 1);
    EXPECT_EQ(std::count(names.begin(), names.end(), "store_works"), 1);
}

// RFC 8461 10.2
TEST_F(a_host, has_its_policy_fetched_anew_each_day_and_the_operator_hears_when_that_fails)
{
    (void)with_policy("enforce");
    EXPECT_EQ(host_.health().health_state, POSTERN_HEALTH_OK);
    host_.dns.fails("_mta-sts.example.org", txt, POSTERN_DNS_NXDOMAIN);
    host_.advance(24h + 1min);
    EXPECT_EQ(played_.fetches.size(), 2U);
    for (std::size_t i = 3; i < 6; ++i) {
        fetched(fetch_result{trouble::fetch_error, {}, "no"});
        host_.advance(2h);
        EXPECT_EQ(played_.fetches.size(), i);
    }
    const auto health = host_.health();
    EXPECT_EQ(health.health_state, POSTERN_HEALTH_DEGRADED);
    EXPECT_THAT(health.text, HasSubstr("example.org"));
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    fetched(text_of("enforce"));
}

TEST_F(a_host, is_shown_to_operators)
{
    create();
    EXPECT_EQ(host_.tell({"show"}).output, "no policies are known\n");
    EXPECT_THAT(host_.tell({"show", "example.org"}).output, HasSubstr("no policy of example.org is known"));
    (void)with_policy("enforce");
    EXPECT_THAT(host_.tell({"show"}).output, HasSubstr("example.org mode=enforce id=1 lasts=7d\n"));
    EXPECT_THAT(host_.tell({"show", "Example.ORG"}).output, HasSubstr("    mx: *.example.net\n"));
    for (const std::vector<std::string>& each : {std::vector<std::string>{"nonsense"},
                                                 {"nonsense", "example.org"},
                                                 {"show", "a", "b"},
                                                 {"refresh"},
                                                 {"check"},
                                                 {"policy", "example.org", "nonsense"}})
        EXPECT_THAT(host_.tell(each).text, HasSubstr("say: show [DOMAIN]"));
    EXPECT_THAT(host_.tell({"show", "m\xc3\xbcnchen.example"}).text, HasSubstr("is no domain"));
}

TEST_F(a_host, is_fetched_anew_and_forgotten_when_an_operator_says_so)
{
    create();
    auto said = host_.tell({"refresh", "example.org"});
    host_.advance(0ns);
    fetched(text_of("testing"));
    EXPECT_THAT(host_.finish(said).output, HasSubstr("example.org mode=testing id=1"));
    said = host_.tell({"refresh", "example.org"});
    host_.advance(0ns);
    fetched(fetch_result{trouble::webpki_invalid, {}, "expired"});
    EXPECT_THAT(host_.finish(said).output, HasSubstr("the last try failed: expired"));
    EXPECT_THAT(host_.tell({"forget", "example.org"}).output, HasSubstr("nothing is known of example.org"));
    host_.advance(0ns);
    EXPECT_FALSE(host_.kv.value("policy:example.org"));
    said = host_.tell({"refresh", "none.example"});
    EXPECT_THAT(host_.finish(said).output, HasSubstr("none.example has no policy"));
}

TEST_F(a_host, of_ones_own_has_a_policy_made_for_it)
{
    host_.option("own_mode", "enforce");
    host_.dns.mx("example.org", {{10, "MX.example.org"}, {20, "backup.example.net"}});
    create();
    auto said = host_.finish(host_.tell({"policy", "example.org"}));
    EXPECT_THAT(said.output, HasSubstr("mode: enforce\nmx: mx.example.org\nmx: backup.example.net\nmax_age: 1209600\n"));
    EXPECT_THAT(said.output, HasSubstr("_mta-sts.example.org. IN TXT \"v=STSv1; id="));
    said = host_.finish(host_.tell({"policy", "example.org", "file"}));
    EXPECT_TRUE(parse_policy(said.output).what);
    EXPECT_THAT(host_.finish(host_.tell({"policy", "none.example"})).text, HasSubstr("no MX record of none.example"));
    EXPECT_THAT(host_.tell({"check"}, said.output).output, HasSubstr("a good policy: mode enforce, 2 patterns"));
    EXPECT_THAT(host_.tell({"check"}, "version: STSv1\n").text, HasSubstr("it has no mode"));
}

TEST_F(a_host, of_ones_own_has_the_hosts_that_the_configuration_lists)
{
    host_.list("own_mx", {"*.Example.net"});
    create();
    EXPECT_THAT(host_.finish(host_.tell({"policy", "example.org"})).output, HasSubstr("mx: *.example.net\n"));
}

TEST_F(a_host, that_cannot_be_a_host_is_refused_in_the_configuration)
{
    host_.list("own_mx", {"*"});
    EXPECT_NE(host_.create(), POSTERN_PASS);
    EXPECT_EQ(host_.self(), nullptr);
    EXPECT_THAT(host_.refusals(), Contains(Pair("own_mx", HasSubstr("* is neither"))));
}

TEST_F(a_host, is_one_of_many_that_are_asked_about_on_many_threads)
{
    create();
    constexpr std::size_t threads = 4;
    constexpr std::size_t each = 20;
    std::vector<std::unique_ptr<fake_delivery>> all;
    for (std::size_t i = 0; i < threads * each; ++i) {
        auto& one = *all.emplace_back(std::make_unique<fake_delivery>(host_, 5000 + i));
        one.next_hop = "d" + std::to_string(i % 7) + ".example";
        one.host_name = one.tls_name = "mx.example.org";
        one.is_by_mx = true;
        host_.dns.txt("_mta-sts." + one.next_hop, {"v=STSv1; id=1;"});
        host_.dns.a("mta-sts." + one.next_hop, {"192.0.2.1"});
    }
    std::vector<answer> said(all.size());
    const auto on_threads = [&](auto&& work) {
        std::vector<std::thread> running;
        for (std::size_t t = 0; t < threads; ++t)
            running.emplace_back([&, t] {
                for (std::size_t i = t * each; i < (t + 1) * each; ++i)
                    work(i);
            });
        for (auto& one : running)
            one.join();
    };
    on_threads([&](std::size_t i) { said[i] = all[i]->tls_policy(); });
    host_.advance(0ns);
    ASSERT_EQ(played_.fetches.size(), 7U) << "one a domain";
    std::thread fetching{[&] {
        for (const auto& [domain, addresses] : played_.fetches)
            played_.done(domain, {trouble::none, text_of("enforce"), {}});
    }};
    on_threads([&](std::size_t i) { (void)all[i]->tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED); });
    fetching.join();
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_TRUE(all[i]->finish(said[i]).proceeds());
        EXPECT_EQ(all[i]->tls, POSTERN_TLS_VERIFIED);
        all[i]->end();
    }
}

TEST_F(a_host, whose_operator_waits_hears_when_the_instance_ends)
{
    create();
    const auto fetching = host_.tell({"refresh", "example.org"});
    host_.advance(0ns);
    const auto asking = host_.tell({"policy", "example.org"});
    host_.destroy();
    EXPECT_THAT(host_.answer_to(fetching.ticket).text, HasSubstr("the instance ends"));
    EXPECT_THAT(host_.answer_to(asking.ticket).text, HasSubstr("the instance ends"));
}

} // namespace
