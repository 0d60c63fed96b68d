// Sessions as they are counted until they are kept.

#include "../src/tally.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

using namespace tls_report;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

const policy sts{"sts", "example.org", {"version: STSv1", "mode: enforce"}, {"*.example.org"}};
const failure expired{"certificate-expired", "mx.example.org", "192.0.2.25", "192.0.2.1", "it has ended"};

TEST(a_tally, adds_up_what_is_the_same)
{
    tally all{10};
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, {}));
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, {}));
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, expired));
    EXPECT_EQ(counting::whole, all.count(8, "example.org", sts, {}));
    const auto rows = all.take();
    ASSERT_THAT(rows, SizeIs(3));
    std::int64_t good = 0;
    int texts = 0;
    for (const auto& each : rows) {
        if (each.policy_text) {
            policy by;
            EXPECT_TRUE(read(*each.policy_text, by));
            EXPECT_EQ(by, sts);
            ++texts;
        }
        if (each.failure_key == "ok") {
            good += each.count;
            EXPECT_EQ(each.count, each.when == 7 ? 2 : 1);
        } else {
            failure what;
            EXPECT_TRUE(read(*each.failure_text, what));
            EXPECT_EQ(what, expired);
            EXPECT_EQ(each.count, 1);
        }
    }
    EXPECT_EQ(good, 3);
    EXPECT_EQ(texts, 2) << "of each day once";
    EXPECT_THAT(all.take(), IsEmpty());
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, {}));
    const auto again = all.take();
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].policy_text, nullptr) << "which is kept";
}

TEST(a_tally, has_again_what_could_not_be_kept)
{
    tally all{10};
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, expired));
    auto rows = all.take();
    all.give_back(std::move(rows));
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, expired));
    rows = all.take();
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].count, 2);
    EXPECT_THAT(*rows[0].policy_text, HasSubstr("STSv1"));
    EXPECT_THAT(*rows[0].failure_text, HasSubstr("certificate-expired"));
}

TEST(a_tally, begins_a_day_anew_that_was_closed)
{
    tally all{10};
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, {}));
    EXPECT_EQ(counting::whole, all.count(7, "example.net", sts, {}));
    ASSERT_THAT(all.take(), SizeIs(2));
    EXPECT_EQ(counting::whole, all.count(7, "example.net", sts, {})); // between the last look and the end
    all.forget(7);
    EXPECT_EQ(all.domains(), 1u);
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, {}));
    const auto rows = all.take();
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_NE(rows[0].policy_text, nullptr);
    EXPECT_NE(rows[1].policy_text, nullptr);
}

TEST(a_tally, is_bounded_whatever_domains_and_hosts_say)
{
    tally all{2};
    EXPECT_EQ(counting::whole, all.count(7, "a.example", sts, {}));
    EXPECT_EQ(counting::whole, all.count(7, "b.example", sts, {}));
    EXPECT_EQ(counting::none, all.count(7, "c.example", sts, {}));
    EXPECT_EQ(counting::whole, all.count(7, "a.example", sts, {}));
    for (int i = 0; i < 1'000; ++i) {
        auto by = sts;
        by.strings.push_back("x: " + std::to_string(i % 10));
        auto what = expired;
        what.mx = "mx" + std::to_string(i) + ".a.example";
        EXPECT_NE(counting::none, all.count(7, "a.example", by, what));
    }
    const auto rows = all.take();
    EXPECT_LE(rows.size(), tally::most_rows + tally::most_policies + 2);
    std::int64_t sum = 0;
    for (const auto& each : rows)
        sum += each.failure_key != "ok" ? each.count : 0;
    EXPECT_EQ(sum, 1'000) << "none is lost";
    EXPECT_LE(write(policy{"sts", "a.example", std::vector<std::string>(200, std::string(1'024, '"')), {}}).size(), 65'536u);
}

/// A policy as somebody publishes it who wants to take room.
[[nodiscard]] policy long_policy(const std::string& domain)
{
    return {"sts", domain, std::vector<std::string>(60, std::string(1'000, 'x')), {"*." + domain}};
}

TEST(a_tally, takes_no_more_room_for_texts_than_it_has_and_counts_on)
{
    constexpr std::size_t room = 1'000'000;
    tally all{10'000, room};
    std::size_t whole = 0;
    constexpr int domains = 2'000;
    for (int i = 0; i < domains; ++i) {
        const auto domain = std::to_string(i) + ".wild.example";
        const auto how = all.count(7, domain, long_policy(domain), expired);
        EXPECT_NE(how, counting::none);
        whole += how == counting::whole ? 1u : 0u;
    }
    EXPECT_LE(whole, room / 2 / 60'000) << "the second half of the room is for those who need little";
    EXPECT_GE(whole, 5u);
    EXPECT_EQ(counting::whole, all.count(7, "honest.example", policy{"sts", "honest.example", sts.strings, sts.hosts}, expired));
    std::int64_t sum = 0;
    std::size_t texts = 0;
    for (const auto& each : all.take()) {
        sum += each.count;
        texts += each.octets();
        policy by;
        ASSERT_TRUE(each.policy_text && read(*each.policy_text, by));
        EXPECT_EQ(by.type, "sts");
        EXPECT_EQ(by.domain, each.domain) << "what is left out is left out, and nothing else is told instead";
    }
    EXPECT_EQ(sum, domains + 1) << "none is lost";
    EXPECT_EQ(texts, all.octets());
    EXPECT_LE(texts, room + domains * 500u) << "types and domains are told in any case";
}

TEST(a_tally, has_room_again_when_a_day_is_over)
{
    tally all{10, 200'000};
    EXPECT_EQ(counting::whole, all.count(7, "a.example", long_policy("a.example"), {}));
    EXPECT_EQ(counting::shortened, all.count(7, "b.example", long_policy("b.example"), {}));
    EXPECT_EQ(counting::shortened, all.count(7, "b.example", long_policy("b.example"), expired));
    EXPECT_THAT(all.take(), SizeIs(3));
    all.forget(7);
    EXPECT_EQ(all.octets(), 0u);
    EXPECT_EQ(counting::whole, all.count(8, "b.example", long_policy("b.example"), {}));
}

TEST(a_tally, names_no_policy_for_sessions_with_another_one)
{
    tally all{10};
    for (int i = 0; i < 20; ++i) {
        auto by = sts;
        by.strings.push_back("x: " + std::to_string(i));
        EXPECT_EQ(all.count(7, "example.org", by, {}),
                  i < static_cast<int>(tally::most_policies) ? counting::whole : counting::shortened);
    }
    std::int64_t bare = 0;
    for (const auto& each : all.take()) {
        policy by;
        ASSERT_TRUE(each.policy_text && read(*each.policy_text, by));
        EXPECT_TRUE(by.strings.empty() || each.count == 1);
        bare += by.strings.empty() ? each.count : 0;
    }
    EXPECT_EQ(bare, 15);
}

TEST(a_tally, keeps_again_what_came_back_after_its_day_was_closed)
{
    tally all{10, 200'000};
    EXPECT_EQ(counting::whole, all.count(7, "example.org", sts, expired));
    auto rows = all.take();
    all.forget(7);
    all.give_back(std::move(rows));
    EXPECT_GT(all.octets(), 0u);
    rows = all.take();
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_NE(rows[0].policy_text, nullptr);
    EXPECT_NE(rows[0].failure_text, nullptr);
}

} // namespace
