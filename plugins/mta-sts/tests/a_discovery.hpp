#pragma once
// A discovery on a clock that a test moves, whose questions the test answers.

#include "../src/discovery.hpp"
#include "../src/kept_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mta_sts::test {

using namespace std::chrono_literals;

using kind = step::kind;
inline const std::string domain = "example.org"; // NOLINT(cert-err58-cpp)

[[nodiscard]] inline std::string text_of(const std::string& how, std::chrono::seconds age = 7 * 24h)
{
    return "version: STSv1\nmode: " + how + "\nmx: mx.example.org\nmax_age: " + std::to_string(age.count()) + '\n';
}

[[nodiscard]] inline std::string kept(std::int64_t fetched_s, std::chrono::seconds age = 7 * 24h)
{
    return write_kept({"1", fetched_s, *parse_policy(text_of("enforce", age)).what});
}

class a_discovery : public testing::Test {
protected:
    void passes(std::chrono::seconds time)
    {
        now_.steady += time;
        now_.wall_s += time.count();
    }
    standing ask(const std::string& whom = domain)
    {
        steps_.clear();
        return known_.ask(whom, now_, steps_);
    }
    [[nodiscard]] std::vector<kind> did() const
    {
        std::vector<kind> all;
        for (const auto& each : steps_)
            all.push_back(each.what);
        return all;
    }
    void loaded(const std::optional<std::string>& kept = std::nullopt, bool is_known = true)
    {
        steps_.clear();
        known_.loaded(domain, is_known, kept, now_, steps_);
    }
    void said(const std::optional<std::string>& id, bool is_known = true)
    {
        steps_.clear();
        known_.said(domain, is_known, id, now_, steps_);
    }
    void resolved(std::vector<std::string> addresses = {"192.0.2.1"})
    {
        steps_.clear();
        known_.resolved(domain, std::move(addresses), "no address", now_, steps_);
    }
    void fetched(const fetch_result& what)
    {
        steps_.clear();
        known_.fetched(domain, what, now_, steps_);
    }
    void ticks()
    {
        steps_.clear();
        known_.tick(now_, steps_);
    }
    /// From the first question on, or from the record.
    void has(const std::string& text, const std::string& id = "1")
    {
        (void)ask();
        if (did() == std::vector{kind::load})
            loaded();
        said(id);
        resolved();
        fetched({trouble::none, text, {}});
    }
    void fails(trouble what = trouble::fetch_error)
    {
        resolved();
        fetched({what, {}, "no"});
    }
    [[nodiscard]] bool is_enforced() const
    {
        const auto known = known_.look(domain, now_);
        return known.in_force && known.in_force->how == mode::enforce;
    }
    [[nodiscard]] static discovery_settings few(std::size_t domains)
    {
        discovery_settings how;
        how.domains = domains;
        return how;
    }

    moment now_{1000s, 1'700'000'000};
    steps steps_;
    discovery known_{{}, [](std::chrono::nanoseconds time) { return time; }};
};

} // namespace mta_sts::test
