// The plugin with a web server that a test plays, and a clock that it moves: days pass in milliseconds.

#include "../src/agent.hpp"
#include "../src/gzip.hpp"

#include <postern/testing/fake_generation.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace tls_report;
using namespace postern::testing;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

namespace {

constexpr std::int64_t midnight = 1'700'006'400;                 // 2023-11-15
constexpr std::string_view key = "-----BEGIN PRIVATE KEY-----\n" // of RFC 8463 A.2
                                 "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                 "-----END PRIVATE KEY-----\n";

/// What the agent under test was made of.
struct played {
    fake_host* host = nullptr;
    std::int64_t set_right_s = 0; ///< the clock jumped so far
    std::int64_t drawn = 0;       ///< what random numbers come to, if they may
    std::uint64_t claims = 0;
    std::vector<postern::kit::https_request> posts;
    std::vector<poster::done> dones;
};
played* current = nullptr; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): the table of a plugin has no other way

class played_poster final : public poster {
public:
    void post(postern::kit::https_request what, done tell) override
    {
        current->posts.push_back(std::move(what));
        current->dones.push_back(std::move(tell));
    }
    ~played_poster() override { current->dones.clear(); }
};

class played_plugin : public agent {
public:
    explicit played_plugin(const postern::host& host)
        : agent{host,
                {[] {
                     return midnight + current->set_right_s +
                            std::chrono::duration_cast<std::chrono::seconds>(current->host->now()).count();
                 },
                 [](std::int64_t most) {
                     return most == 999'999'999 ? static_cast<std::int64_t>(++current->claims) : std::min(most, current->drawn);
                 },
                 [] { return std::make_unique<played_poster>(); }}}
    {
    }
};
constexpr postern_plugin table = postern::sdk::describe<played_plugin>("org.postern.tls-report", "1.0", "a test");

class a_folder {
public:
    a_folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "tls-report-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no folder");
        path_ = name;
    }
    a_folder(const a_folder&) = delete;
    a_folder& operator=(const a_folder&) = delete;
    ~a_folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::string with(const std::string& name, std::string_view octets) const
    {
        std::ofstream{path_ / name, std::ios::binary} << octets;
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

class a_reporter : public testing::Test {
protected:
    a_reporter() { begin(); }
    void TearDown() override
    {
        if (host_ && host_->self() != nullptr)
            host_->destroy();
        EXPECT_THAT(host_->complaints(), IsEmpty());
    }
    ~a_reporter() override { current = nullptr; }
    a_reporter(const a_reporter&) = delete;
    a_reporter& operator=(const a_reporter&) = delete;

    /// A server that begins, with what another one kept.
    void begin(const fake_kv* kept = nullptr)
    {
        current = &played_;
        std::optional<fake_kv> copy;
        if (kept != nullptr)
            copy = *kept;
        const auto before = host_ ? host_->now() : 0ns;
        host_ = std::make_unique<fake_host>(table);
        played_.host = host_.get();
        ASSERT_THAT(use_manifest(*host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        host_->option("from", "tlsrpt@example.net");
        host_->option("dkim_key", folder_.with("key.pem", key));
        host_->option("dkim_selector", "s1");
        host_->list("receive", {"Reports@example.net"});
        host_->may({"submit", "accept"});
        wants("example.org", "v=TLSRPTv1; rua=mailto:reports@example.org");
        if (copy) {
            played_.set_right_s += std::chrono::duration_cast<std::chrono::seconds>(before).count();
            host_->kv = std::move(*copy);
        }
    }
    void wants(const std::string& domain, const std::string& record) { host_->dns.txt("_smtp._tls." + domain, {record}); }
    void create()
    {
        if (host_->self() != nullptr)
            return;
        ASSERT_EQ(host_->create(), POSTERN_PASS);
        fake_generation start{*host_};
        static_cast<void>(start.prepare());
        start.commit();
        host_->advance(0ns);
    }
    /// Sessions with the host of a domain.
    void sessions(int count, std::uint32_t result = POSTERN_TLS_RESULT_OK, const std::string& domain = "example.org")
    {
        create();
        fake_delivery delivery{*host_, 2'000 + ++deliveries_};
        delivery.next_hop = domain;
        delivery.host_name = "mx." + domain;
        delivery.is_by_mx = true;
        for (int i = 0; i < count; ++i)
            static_cast<void>(delivery.tls_result(result, result == POSTERN_TLS_RESULT_OK ? "" : "so it is"));
        delivery.end();
    }
    void pass(std::chrono::nanoseconds time)
    {
        create();
        host_->advance(time);
    }
    void restart()
    {
        host_->destroy();
        EXPECT_THAT(host_->complaints(), IsEmpty());
        const auto kept = host_->kv;
        begin(&kept);
        create();
    }
    [[nodiscard]] std::string tells(const std::vector<std::string>& words)
    {
        create();
        const auto said = host_->finish(host_->tell(words));
        return said.output.empty() ? said.text : said.output;
    }
    [[nodiscard]] static received_report report_in(const std::string& mail)
    {
        const auto found = find_json(mail, 1'000'000);
        EXPECT_TRUE(found.what) << found.why;
        auto parsed = parse_report(found.what.value_or(""));
        EXPECT_TRUE(parsed.what) << parsed.why;
        return parsed.what.value_or(received_report{});
    }
    [[nodiscard]] std::vector<std::string> keys_with(std::string_view prefix) const
    {
        auto all = host_->kv.keys();
        std::erase_if(all, [&](const auto& each) { return !each.starts_with(prefix); });
        return all;
    }
    void posted(long code)
    {
        ASSERT_FALSE(played_.dones.empty());
        const auto done = std::move(played_.dones.back());
        played_.dones.pop_back();
        done({postern::kit::https_trouble::none, code, "", "", ""});
        host_->advance(0ns);
    }
    [[nodiscard]] std::size_t count_of(const std::string& event)
    {
        std::size_t count = 0;
        for (const auto& each : host_->events())
            count += each.name == event ? 1u : 0u;
        return count;
    }

    a_folder folder_;
    played played_;
    std::unique_ptr<fake_host> host_;
    std::uint64_t deliveries_ = 0;
};

TEST_F(a_reporter, tells_a_domain_of_a_day_when_it_is_over)
{
    sessions(5);
    sessions(2, POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED);
    pass(24h - 10s);
    sessions(1, POSTERN_TLS_RESULT_STARTTLS_NOT_SUPPORTED);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    pass(1h);
    const auto mails = host_->submitted();
    ASSERT_THAT(mails, SizeIs(1));
    EXPECT_EQ(mails[0].sender, "tlsrpt@example.net");
    EXPECT_THAT(mails[0].recipients, ElementsAre("reports@example.org"));
    EXPECT_THAT(mails[0].params, ElementsAre(Pair("XTLSREPORT", "")));
    EXPECT_EQ(mails[0].flags, POSTERN_SUBMIT_NO_REPORTS);
    EXPECT_THAT(mails[0].content, StartsWith("DKIM-Signature: v=1; a=ed25519-sha256;"));
    const auto report = report_in(mails[0].content);
    EXPECT_EQ(report.organization, "example.net");
    EXPECT_EQ(report.begin, "2023-11-15T00:00:00Z");
    EXPECT_EQ(report.end, "2023-11-15T23:59:59Z");
    ASSERT_THAT(report.policies, SizeIs(1));
    EXPECT_EQ(report.policies[0].type, "no-policy-found");
    EXPECT_EQ(report.policies[0].domain, "example.org");
    EXPECT_EQ(report.successful(), 5);
    EXPECT_EQ(report.failed(), 3);
    EXPECT_THAT(report.policies[0].failures, SizeIs(2));
    EXPECT_THAT(keys_with("t|"), IsEmpty()) << "what was reported is gone";
    pass(48h);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(host_->metric("reports_total", {{"result", "sent"}}), 1);
    EXPECT_EQ(host_->metric("sessions_total", {{"result", "ok"}}), 5);
}

TEST_F(a_reporter, waits_for_as_long_as_it_drew) // RFC 8460 4.1
{
    played_.drawn = 3 * 3'600;
    sessions(1);
    pass(24h + 3h);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    pass(10min);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
}

TEST_F(a_reporter, posts_where_a_domain_wants_it_so)
{
    wants("example.org", "v=TLSRPTv1; rua=https://reports.example.org/v1?x=1,mailto:reports@example.org");
    host_->dns.aaaa("reports.example.org", {"2001:db8::1", "2a00::1"});
    host_->dns.a("reports.example.org", {"10.0.0.1"});
    sessions(3);
    pass(25h);
    ASSERT_THAT(played_.posts, SizeIs(1));
    const auto& post = played_.posts[0];
    EXPECT_EQ(post.host, "reports.example.org");
    EXPECT_EQ(post.path, "/v1?x=1");
    EXPECT_EQ(post.content_type, "application/tlsrpt+gzip");
    EXPECT_THAT(post.addresses, Not(Contains("10.0.0.1")));
    EXPECT_THAT(post.addresses, Contains("2a00::1"));
    const auto parsed = parse_report(gunzip(post.body, 1'000'000).value_or(""));
    ASSERT_TRUE(parsed.what) << parsed.why;
    EXPECT_EQ(parsed.what->successful(), 3);
    EXPECT_THAT(host_->submitted(), IsEmpty()) << "one after the other";
    posted(201);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(report_in(host_->submitted()[0].content).id, parsed.what->id);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
}

TEST_F(a_reporter, tries_again_for_a_day_and_tells_nobody_twice) // RFC 8460 5.5
{
    wants("example.org", "v=TLSRPTv1; rua=mailto:reports@example.org,https://reports.example.org/");
    host_->dns.aaaa("reports.example.org", {"2a00::1"});
    sessions(3);
    pass(24h + 5min);
    posted(500);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(host_->events().back().fields.at("cause"), "the web server says 500");
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_DEGRADED);
    pass(14min);
    EXPECT_THAT(played_.posts, SizeIs(1));
    pass(3min);
    EXPECT_THAT(played_.posts, SizeIs(2));
    posted(200);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_THAT(keys_with("t|"), IsEmpty());
    pass(2min);
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_OK);
}

TEST_F(a_reporter, gives_up_after_a_day)
{
    host_->dns.fails("_smtp._tls.example.org", POSTERN_DNS_TXT, POSTERN_DNS_SERVFAIL);
    sessions(3);
    pass(47h);
    EXPECT_EQ(count_of("report_dropped"), 0u);
    EXPECT_THAT(keys_with("t|"), Not(IsEmpty()));
    pass(2h);
    EXPECT_EQ(count_of("report_dropped"), 1u);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
    EXPECT_THAT(host_->submitted(), IsEmpty());
    EXPECT_EQ(host_->metric("reports_total", {{"result", "dropped"}}), 1);
}

TEST_F(a_reporter, says_nothing_to_who_asked_for_nothing)
{
    wants("example.org", "v=spf1 -all");
    wants("two.example", "v=TLSRPTv1; rua=ftp://two.example");
    sessions(3);
    sessions(3, 0, "two.example");
    sessions(3, 0, "nothing.example");
    pass(25h);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    EXPECT_THAT(keys_with("t|"), IsEmpty());
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_OK);
}

TEST_F(a_reporter, goes_on_after_a_restart_where_it_was)
{
    sessions(3);
    pass(10min);
    sessions(2); // which is not kept yet
    restart();
    sessions(4, POSTERN_TLS_RESULT_VALIDATION_FAILURE);
    pass(25h);
    ASSERT_THAT(host_->submitted(), SizeIs(1));
    const auto report = report_in(host_->submitted()[0].content);
    EXPECT_EQ(report.successful(), 5);
    EXPECT_EQ(report.failed(), 4);
    restart();
    pass(25h);
    EXPECT_THAT(host_->submitted(), IsEmpty()) << "and sends it no second time";
}

TEST_F(a_reporter, that_was_down_at_midnight_reports_when_it_is_back)
{
    sessions(3);
    pass(10min);
    host_->destroy();
    const auto kept = host_->kv;
    begin(&kept);
    played_.set_right_s += 3 * 86'400;
    pass(2min);
    ASSERT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(report_in(host_->submitted()[0].content).begin, "2023-11-15T00:00:00Z");
}

TEST_F(a_reporter, leaves_a_report_to_who_is_about_to_send_it_and_takes_it_over_when_that_is_gone)
{
    sessions(3);
    const auto due = 24h + 2min;
    pass(due - 1min);
    const auto place = keys::claim(day_of(midnight), "example.org", "mailto:reports@example.org");
    host_->kv.set(place, "another|" + std::to_string(midnight + 86'400 + 120));
    pass(2min);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    pass(8min);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    pass(15min);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
    EXPECT_EQ(host_->kv.value(place), "sent");
}

TEST_F(a_reporter, neither_loses_nor_doubles_when_the_clock_jumps)
{
    sessions(3);
    pass(12h);
    played_.set_right_s += 5 * 86'400; // far ahead
    pass(10min);
    ASSERT_THAT(host_->submitted(), SizeIs(1));
    sessions(2);
    pass(10min);
    played_.set_right_s -= 5 * 86'400; // and back, into a day that is closed
    sessions(4);
    pass(24h);
    sessions(1);
    pass(8 * 24h);
    const auto mails = host_->submitted();
    std::int64_t sum = 0;
    std::set<std::string> ids;
    for (const auto& each : mails) {
        const auto report = report_in(each.content);
        sum += report.successful();
        ids.insert(report.id);
    }
    EXPECT_EQ(sum, 10);
    EXPECT_EQ(ids.size(), mails.size()) << "no day is told of twice";
}

TEST_F(a_reporter, leaves_its_own_reports_aside_and_lets_nothing_stop_them) // RFC 8460 3
{
    create();
    fake_delivery delivery{*host_};
    delivery.next_hop = "example.org";
    delivery.is_by_mx = true;
    delivery.message = "REPORT";
    delivery.tls = POSTERN_TLS_VERIFIED;
    EXPECT_TRUE(delivery.tls_policy().passes());
    delivery.params = {{"XTLSREPORT", std::nullopt, std::nullopt, POSTERN_RELAY_NEVER}};
    EXPECT_EQ(delivery.tls_policy().verdict, POSTERN_ACCEPT);
    static_cast<void>(delivery.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED));
    delivery.message = "ANOTHER";
    static_cast<void>(delivery.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED));
    delivery.is_by_mx = false; // to a relay of ours
    static_cast<void>(delivery.tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED));
    EXPECT_EQ(tells({"show"}), "20231115 example.org successful=0 failed=1\n");
    delivery.end();
    fake_session client{*host_};
    client.who.has_tls = true;
    EXPECT_THAT(client.ehlo().offers, IsEmpty()) << "no client can make a mail of his one";
}

TEST_F(a_reporter, counts_on_while_the_store_is_down)
{
    sessions(1);
    pass(2min);
    host_->kv.fails = true;
    sessions(2);
    pass(2min);
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_DEGRADED);
    sessions(3);
    pass(2min);
    host_->kv.fails = false;
    pass(2min);
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_OK);
    EXPECT_EQ(count_of("store_failed"), 1u);
    EXPECT_EQ(count_of("store_works"), 1u);
    EXPECT_EQ(tells({"show"}), "20231115 example.org successful=6 failed=0\n");
}

TEST_F(a_reporter, whose_queue_is_full_tries_again)
{
    host_->submit_result = POSTERN_SUBMIT_FULL;
    sessions(1);
    pass(24h + 10min);
    EXPECT_EQ(count_of("report_failed"), 1u);
    host_->submit_result = POSTERN_SUBMIT_OK;
    pass(20min);
    EXPECT_THAT(host_->submitted(), SizeIs(1));
}

TEST_F(a_reporter, without_a_key_sends_no_mail)
{
    host_ = std::make_unique<fake_host>(table);
    played_.host = host_.get();
    ASSERT_THAT(use_manifest(*host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    host_->option("from", "tlsrpt@example.net");
    wants("example.org", "v=TLSRPTv1; rua=mailto:reports@example.org");
    sessions(1);
    pass(24h + 10min);
    EXPECT_THAT(host_->submitted(), IsEmpty());
    EXPECT_EQ(host_->events().back().fields.at("cause"), "there is no dkim_key");
    EXPECT_EQ(host_->health().health_state, POSTERN_HEALTH_DEGRADED);
}

TEST_F(a_reporter, has_options_that_can_be_wrong)
{
    const auto refused = [this](const auto& change) {
        begin();
        change();
        EXPECT_LT(host_->create(), 0);
        return host_->refusals();
    };
    EXPECT_THAT(refused([&] { host_->option("from", "nobody"); }), Contains(Pair("from", HasSubstr("no address"))));
    EXPECT_THAT(refused([&] { host_->option("dkim_key", folder_.with("other.pem", "no key")); }),
                Contains(Pair("dkim_key", HasSubstr("no private key"))));
    EXPECT_THAT(refused([&] { host_->option("dkim_key", "/nowhere"); }), Contains(Pair("dkim_key", HasSubstr("cannot be read"))));
    EXPECT_THAT(refused([&] { host_->list("rua", {"http://example.net"}); }), Contains(Pair("rua", HasSubstr("neither"))));
}

TEST_F(a_reporter, sends_at_once_when_it_is_told_to)
{
    sessions(3);
    EXPECT_THAT(tells({"show", "example.org"}), HasSubstr("successful=3 failed=0"));
    EXPECT_EQ(tells({"send"}), "sent 1, put off 0, dropped 0\n");
    ASSERT_THAT(host_->submitted(), SizeIs(1));
    sessions(2);
    EXPECT_EQ(tells({"send"}), "sent 0, put off 0, dropped 0\n") << "the day is closed";
    EXPECT_THAT(tells({"show"}), HasSubstr("20231116 example.org successful=2"));
    pass(49h);
    ASSERT_THAT(host_->submitted(), SizeIs(2));
    EXPECT_EQ(report_in(host_->submitted()[1].content).successful(), 2);
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"what"}, {"show", "no domain"}, {"send", "example.org"}, {"show", "a.b", "c"}})
        EXPECT_THAT(tells(words), StartsWith("say: "));
}

TEST_F(a_reporter, says_what_to_publish)
{
    EXPECT_EQ(tells({"records"}), "_smtp._tls.example.net. IN TXT \"v=TLSRPTv1; rua=mailto:reports@example.net\"\n"
                                  "s1._domainkey.example.net. IN TXT \"v=DKIM1; k=ed25519; s=tlsrpt; "
                                  "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n");
    EXPECT_THAT(tells({"records", "Example.com"}), StartsWith("_smtp._tls.example.com. IN TXT"));
}

TEST_F(a_reporter, takes_reports_of_others)
{
    host_->option("save", folder_.path().string());
    create();
    const reporter they{"They", "they@example.com", "they@example.com", "example.com"};
    const gathered what{
        "example.net", 19'676, {{policy{"sts", "example.net"}, 7, 2, {{failure{"certificate-expired", "mx.example.net"}, 2}}}}};
    const auto mail = to_mail(they, what, "reports@example.net", gzip(to_json(they, what)), midnight, nullptr);
    fake_session client{*host_};
    EXPECT_TRUE(client.mail("they@Example.com").passes());
    client.to = {"REPORTS@example.net"};
    EXPECT_TRUE(host_->wait_for(client.end({}, mail)).proceeds());
    const auto events = host_->events();
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_EQ(events[0].name, "report_received");
    EXPECT_EQ(events[0].fields.at("successful"), "7");
    EXPECT_EQ(events[0].fields.at("policy"), "sts");
    EXPECT_EQ(events[1].name, "failure_reported");
    EXPECT_EQ(events[1].fields.at("type"), "certificate-expired");
    EXPECT_EQ(host_->metric("received_reports_total", {{"result", "good"}}), 1);
    EXPECT_EQ(host_->metric("received_successes_total"), 7);
    EXPECT_EQ(host_->metric("received_failures_total", {{"type", "certificate-expired"}}), 2);
    EXPECT_THAT(tells({"received"}), HasSubstr("example.com reports=1 successful=7 failed=2"));
    std::size_t files = 0;
    for (const auto& each : std::filesystem::directory_iterator{folder_.path()})
        files += each.path().extension() == ".json" ? 1u : 0u;
    EXPECT_EQ(files, 1u);
}

TEST_F(a_reporter, takes_any_other_mail_as_well)
{
    create();
    fake_session client{*host_};
    static_cast<void>(client.mail("they@example.com"));
    client.to = {"reports@example.net"};
    EXPECT_TRUE(host_->wait_for(client.end({}, "Content-Type: application/tlsrpt+gzip\r\n\r\nno gzip")).proceeds());
    EXPECT_EQ(host_->events().back().name, "report_not_read");
    EXPECT_EQ(host_->metric("received_reports_total", {{"result", "bad"}}), 1);
    EXPECT_TRUE(host_->wait_for(client.end({}, "Subject: hi\r\n\r\nhello")).proceeds());
    EXPECT_EQ(host_->metric("received_reports_total", {{"result", "bad"}}), 1) << "a letter is no bad report";
    static_cast<void>(client.mail("they@example.com"));
    client.to = {"somebody@example.net"};
    EXPECT_TRUE(client.end({}, "Content-Type: application/tlsrpt+gzip\r\n\r\nno gzip").proceeds());
    EXPECT_EQ(host_->metric("received_reports_total", {{"result", "bad"}}), 1);
}

TEST_F(a_reporter, ends_while_a_report_is_on_its_way)
{
    wants("example.org", "v=TLSRPTv1; rua=https://reports.example.org/");
    host_->dns.aaaa("reports.example.org", {"2a00::1"});
    sessions(3);
    pass(25h);
    ASSERT_THAT(played_.dones, SizeIs(1));
    restart(); // with a claim of an instance that is gone
    wants("example.org", "v=TLSRPTv1; rua=https://reports.example.org/");
    host_->dns.aaaa("reports.example.org", {"2a00::1"});
    pass(30min);
    ASSERT_THAT(played_.dones, SizeIs(1));
    posted(200);
    EXPECT_THAT(keys_with("t|"), IsEmpty());
}

} // namespace
