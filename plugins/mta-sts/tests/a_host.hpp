#pragma once
// The plugin with a fetcher that a test plays, and the clock of the fake host.

#include "../src/agent.hpp"
#include "../src/kept_policy.hpp"

#include <postern/testing/fake_generation.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mta_sts::test {

using namespace postern::testing;
using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr std::int64_t year_2023 = 1'700'000'000;
constexpr auto txt = static_cast<std::uint32_t>(POSTERN_DNS_TXT);

/// What the agent under test was made of.
struct played {
    fake_host* host = nullptr;
    fetcher::done done;
    std::vector<std::pair<std::string, std::vector<std::string>>> fetches;
};
inline played* current =
    nullptr; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): the table of a plugin has no other way

class played_fetcher final : public fetcher {
public:
    void fetch(const std::string& domain, const std::vector<std::string>& addresses) override
    {
        current->fetches.emplace_back(domain, addresses);
    }
};

[[nodiscard]] inline std::unique_ptr<fetcher> make_played(fetcher::done done)
{
    current->done = std::move(done);
    return std::make_unique<played_fetcher>();
}
[[nodiscard]] inline moment now()
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
inline constexpr postern_plugin table = postern::sdk::describe<played_plugin>("org.postern.mta-sts", "1.0", "a test");

[[nodiscard]] inline std::string text_of(const std::string& how)
{
    return "version: STSv1\nmode: " + how + "\nmx: mx.example.org\nmx: *.example.net\nmax_age: 604800\n";
}

class a_host : public ::testing::Test {
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

} // namespace mta_sts::test
