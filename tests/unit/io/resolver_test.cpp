// The resolver against a name server of the test's own: what it says, what it does not say, and what it lies.

#include "core/io/resolver.hpp"
#include "core/io/resolver_thread.hpp"

#include "tests/support/dns_peer.hpp"
#include "tests/support/memory_log.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>

namespace postern::io {
namespace {

using namespace std::chrono_literals;
using test::dns_peer;
using test::dns_said;
using testing::AnyOf;
using testing::UnorderedElementsAre;

constexpr std::uint16_t a = 1;
constexpr std::uint16_t cname = 5;
constexpr std::uint16_t mx = 15;
constexpr std::uint16_t txt = 16;

dns_said script(const std::string& name, std::uint16_t type)
{
    if (name == "mx.example" && type == a)
        return {0, {{name, a, "\xc0\x02\x02\x01"}, {name, a, "\xc0\x02\x02\x02"}}};
    if (name == "mx.example")
        return {};
    if (name == "alias.example")
        return {0, {{name, cname, dns_peer::wire("mx.example")}, {"mx.example", a, "\xc0\x02\x02\x01"}}};
    if (name == "loop1.example")
        return {0, {{name, cname, dns_peer::wire("loop2.example")}}};
    if (name == "loop2.example")
        return {0, {{name, cname, dns_peer::wire("loop1.example")}}};
    if (name == "crowd.example") {
        dns_said out;
        for (unsigned i = 0; i < 3000; ++i)
            out.records.push_back({name, mx, dns_peer::two(i) + dns_peer::wire("m" + std::to_string(i))});
        return out;
    }
    if (name == "long.example") {
        dns_said out;
        std::string text;
        for (int i = 0; i < 200; ++i)
            text += '\xff' + std::string(255, 'x');
        out.records.push_back({name, txt, text});
        return out;
    }
    if (name == "broken.example")
        return {2};
    if (name == "closed.example")
        return {5};
    if (name == "silent.example")
        return {0, {}, true};
    if (name == "noise.example")
        return {0, {}, false, "\xff\xff\xff\xff and not a word of it"};
    if (name == "short.example" && type == a)
        return {0, {{name, a, "abc"}}};
    return {3};
}

struct a_resolver : testing::Test {
    test::memory_log lines;
    loop home{base::log{lines}};
    dns_peer server{script};
    resolver_settings settings{{server.address()}, "", 5'000ms};
    std::string why;
    std::unique_ptr<resolver> names = resolver::open(home, settings, base::log{lines}, why);

    dns_answer ask(const std::string& name, std::uint16_t type)
    {
        std::optional<dns_answer> out;
        names->ask(name, type, [&](dns_answer answer) { out = std::move(answer); });
        EXPECT_FALSE(out); // later
        home.context().restart();
        while (!out)
            home.context().run_one();
        EXPECT_EQ(names->open_questions(), 0U);
        return std::move(*out);
    }
    static std::vector<std::string> names_of(const dns_answer& from)
    {
        std::vector<std::string> out;
        for (const auto& each : from.records)
            out.push_back(each.name);
        return out;
    }
};

TEST_F(a_resolver, finds_records_or_says_why_there_are_none)
{
    ASSERT_NE(names, nullptr) << why;
    const auto found = ask("mx.example", a);
    EXPECT_EQ(found.status, dns_status::ok);
    EXPECT_THAT(names_of(found), UnorderedElementsAre("192.2.2.1", "192.2.2.2"));
    EXPECT_GT(found.ttl_s, 0U);
    EXPECT_FALSE(found.is_secure);
    EXPECT_EQ(ask("mx.example", txt).status, dns_status::nodata);
    EXPECT_EQ(ask("nobody.example", a).status, dns_status::nxdomain);
    EXPECT_EQ(ask("broken.example", a).status, dns_status::servfail);
}

TEST_F(a_resolver, asks_once_for_what_it_may_keep)
{
    (void)ask("mx.example", a);
    const auto before = server.asked();
    EXPECT_EQ(ask("MX.example", a).status, dns_status::ok);
    EXPECT_EQ(server.asked(), before);
}

TEST_F(a_resolver, follows_aliases_but_not_in_circles)
{
    const auto found = ask("alias.example", a);
    EXPECT_EQ(found.status, dns_status::ok);
    EXPECT_EQ(found.canonical, "mx.example");
    EXPECT_THAT(names_of(found), UnorderedElementsAre("192.2.2.1", "192.2.2.2"));
    EXPECT_NE(ask("loop1.example", a).status, dns_status::ok);
}

TEST_F(a_resolver, shows_a_thousand_records_of_more)
{
    const auto found = ask("crowd.example", mx); // by TCP
    EXPECT_EQ(found.status, dns_status::ok);
    EXPECT_EQ(found.records.size(), most_dns_records);
    EXPECT_TRUE(found.is_truncated);
}

TEST_F(a_resolver, gives_a_long_text_whole)
{
    const auto found = ask("long.example", txt);
    ASSERT_EQ(found.records.size(), 1U);
    EXPECT_EQ(found.records[0].data, std::string(200 * 255, 'x'));
}

TEST_F(a_resolver, makes_nothing_of_what_is_not_a_record_of_its_type)
{
    EXPECT_EQ(ask("short.example", a).status, dns_status::servfail);
}

TEST_F(a_resolver, gives_up_in_time_on_who_says_nothing_or_nothing_sensible)
{
    settings.timeout = 300ms;
    names = resolver::open(home, settings, base::log{lines}, why);
    ASSERT_NE(names, nullptr) << why;
    for (const std::string name : {"silent.example", "noise.example"}) {
        const auto before = std::chrono::steady_clock::now();
        EXPECT_THAT(ask(name, a).status, AnyOf(dns_status::timeout, dns_status::servfail)) << name;
        EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
    }
    EXPECT_EQ(ask("mx.example", a).status, dns_status::ok); // and goes on
}

TEST_F(a_resolver, forgets_a_question_that_nobody_waits_for)
{
    bool came = false;
    const auto asked = names->ask("mx.example", a, [&](const dns_answer&) { came = true; });
    names->cancel(asked);
    names->cancel(asked);
    EXPECT_EQ(names->open_questions(), 0U);
    EXPECT_EQ(ask("alias.example", a).status, dns_status::ok);
    EXPECT_FALSE(came);
}

TEST_F(a_resolver, ends_with_questions_open)
{
    bool came = false;
    for (int i = 0; i < 20; ++i)
        names->ask("silent.example", a, [&](const dns_answer&) { came = true; });
    names.reset();
    home.context().restart();
    home.context().poll();
    EXPECT_FALSE(came);
}

TEST_F(a_resolver, may_be_ended_by_what_it_calls)
{
    bool came = false;
    names->ask("mx.example", a, [&](const dns_answer&) {
        came = true;
        names.reset();
    });
    names->ask("alias.example", a, [](const dns_answer&) {});
    home.context().restart();
    while (!came)
        home.context().run_one();
    EXPECT_EQ(names, nullptr);
}

TEST_F(a_resolver, says_what_is_wrong_with_its_settings)
{
    settings.trust_anchor = "/nowhere/root.key";
    const auto anchored = resolver::open(home, settings, base::log{lines}, why);
    if (anchored != nullptr) { // the file is read with the first question
        names = nullptr;
        std::optional<dns_answer> out;
        anchored->ask("mx.example", a, [&](dns_answer answer) { out = std::move(answer); });
        home.context().restart();
        while (!out)
            home.context().run_one();
        EXPECT_EQ(out->status, dns_status::servfail);
        EXPECT_NE(out->cause, "");
    } else {
        EXPECT_THAT(why, testing::HasSubstr("/nowhere/root.key"));
    }
}

/// Asks from here, waits for an answer on the resolver's thread.
dns_answer ask_from_outside(resolver_thread& names, const std::string& name, std::uint16_t type)
{
    std::mutex guard;
    std::condition_variable changed;
    std::optional<dns_answer> out;
    EXPECT_NE(names.ask(name, type,
                        [&](const dns_answer& answer) {
                            const std::scoped_lock lock{guard};
                            out = answer;
                            changed.notify_one();
                        }),
              0U);
    std::unique_lock lock{guard};
    EXPECT_TRUE(changed.wait_for(lock, 30s, [&] { return out.has_value(); }));
    return out.value_or(dns_answer{});
}

TEST(a_resolver_thread, answers_whoever_asks_from_wherever)
{
    test::memory_log lines;
    dns_peer server{script};
    resolver_thread names{{{server.address()}, "", 5'000ms}, base::log{lines}};
    EXPECT_EQ(ask_from_outside(names, "mx.example", a).status, dns_status::ok);
    std::vector<std::jthread> many;
    std::atomic<int> found{0};
    for (int t = 0; t < 4; ++t)
        many.emplace_back([&] {
            for (int i = 0; i < 25; ++i)
                found += ask_from_outside(names, "alias.example", a).status == dns_status::ok ? 1 : 0;
        });
    many.clear();
    EXPECT_EQ(found, 100);
}

TEST(a_resolver_thread, ends_unused_and_with_questions_open)
{
    test::memory_log lines;
    dns_peer server{script};
    const resolver_settings settings{{server.address()}, "", 5'000ms};
    {
        const resolver_thread unused{settings, base::log{lines}};
    }
    resolver_thread names{settings, base::log{lines}};
    const auto first = names.ask("silent.example", a, [](const dns_answer&) {});
    EXPECT_NE(names.ask("silent.example", a, [](const dns_answer&) {}), 0U);
    names.cancel(first);
    names.cancel(first);
}

TEST(a_resolver_thread, may_be_ended_by_what_it_calls)
{
    test::memory_log lines;
    dns_peer server{script};
    std::mutex guard;
    std::condition_variable changed;
    bool is_over = false;
    auto names = std::make_shared<resolver_thread>(resolver_settings{{server.address()}, "", 5'000ms}, base::log{lines});
    auto* const all = names.get();
    EXPECT_NE(all->ask("mx.example", a,
                       [&, last = std::move(names)](const dns_answer&) mutable {
                           last.reset();
                           const std::scoped_lock lock{guard};
                           is_over = true;
                           changed.notify_one();
                       }),
              0U);
    std::unique_lock lock{guard};
    EXPECT_TRUE(changed.wait_for(lock, 30s, [&] { return is_over; }));
}

} // namespace
} // namespace postern::io
