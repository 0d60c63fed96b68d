// What is small: the form in which a policy is kept, and what operators read.

#include "../src/curl_fetcher.hpp"
#include "../src/kept_policy.hpp"
#include "../src/sts_record.hpp"
#include "../src/told.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mta_sts;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

[[nodiscard]] policy some_policy(std::string more = {})
{
    auto parsed = parse_policy("version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 86400\n" + more);
    EXPECT_TRUE(parsed.what) << parsed.why;
    return *parsed.what;
}

TEST(a_kept_policy, is_read_as_it_was_written)
{
    for (const auto* const id : {"", "20260101"}) {
        const kept_policy what{id, 1'700'000'000, some_policy()};
        const auto read = read_kept(write_kept(what));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->id, id);
        EXPECT_EQ(read->fetched_s, what.fetched_s);
        EXPECT_EQ(read->what.mx, what.what.mx);
        EXPECT_EQ(read->what.how, what.what.how);
        EXPECT_EQ(read->what.max_age, what.what.max_age);
    }
}

TEST(a_kept_policy, has_nothing_of_what_was_not_understood)
{
    std::string comments = "key: ";
    comments += std::string(60'000, 'x');
    const auto what = some_policy(comments);
    const auto text = write_kept({"1", 1, what});
    EXPECT_EQ(text, write_kept({"1", 1, some_policy()}));
    ASSERT_TRUE(read_kept(text));
    EXPECT_EQ(read_kept(text)->what.mx, what.mx);
}

TEST(a_kept_policy, is_never_longer_than_a_value_of_the_store)
{
    policy hosts = some_policy();
    hosts.mx.assign(20'000, "mx.example.org");
    EXPECT_EQ(write_kept({"1", 1, hosts}), "");
}

TEST(a_kept_policy, knows_on_how_many_days_it_was_wanted)
{
    EXPECT_EQ(read_kept(write_kept({"1", 1, some_policy(), 365}))->days, 365U);
    EXPECT_EQ(read_kept("1 1 1\n" + some_policy().text)->days, 0U) << "as it was written once";
}

TEST(a_kept_policy, that_is_broken_is_none)
{
    const auto good = write_kept({"1", 1, some_policy()});
    EXPECT_TRUE(read_kept(good));
    for (const auto& each : {std::string{}, std::string{"1 "}, std::string{"1 1 1"}, "2" + good.substr(1),
                             std::string{"1 1 x\n"} + some_policy().text, std::string{"1 1 1x\n"} + some_policy().text,
                             std::string{"1 1 -1\n"} + some_policy().text, std::string{"1 1 1 x\n"} + some_policy().text,
                             std::string{"1 1 1 1 1\n"} + some_policy().text, std::string{"1 1 1 -1\n"} + some_policy().text,
                             std::string{"1 1\n"} + some_policy().text, std::string{"1 1 1\nversion: STSv1\n"}})
        EXPECT_FALSE(read_kept(each)) << each;
}

TEST(an_answer, is_plain_text_whatever_its_parameters)
{
    for (const auto* const each : {"text/plain", "Text/PLAIN", "text/plain; charset=utf-8", "text/plain ;charset=x"})
        EXPECT_TRUE(is_plain_text(each)) << each;
    for (const auto* const each : {"", "text/html", "text/plainx", "application/octet-stream", "text/", "text/html; text/plain"})
        EXPECT_FALSE(is_plain_text(each)) << each;
}

TEST(an_operator, reads_what_is_known_of_each_domain)
{
    EXPECT_EQ(table_of({}), "no policies are known\n");
    discovery::facts good{"a.example",
                          std::make_shared<const policy>(some_policy()),
                          "7",
                          std::chrono::seconds{172'800},
                          std::chrono::seconds{90},
                          trouble::none,
                          {},
                          0};
    discovery::facts bad{"b.example", nullptr, {}, {}, {}, trouble::webpki_invalid, "expired", 2};
    EXPECT_EQ(table_of({good, bad}), "a.example mode=enforce id=7 lasts=2d\nb.example mode=- id=- lasts=- "
                                     "problem=sts-webpki-invalid\n");
    EXPECT_THAT(details_of(good), HasSubstr("fetched 90s ago\n    version: STSv1\n"));
    EXPECT_THAT(details_of(bad), HasSubstr("the last 2 tries failed: expired\n"));
}

TEST(an_operator, reads_as_many_as_an_answer_can_hold)
{
    const auto text = table_of(std::vector<discovery::facts>(40'000, {std::string(100, 'a'), nullptr, {}, {}, {}, {}, {}, 0}));
    EXPECT_LT(text.size(), std::size_t{1} << 20U);
    EXPECT_THAT(text.substr(text.size() - 20), HasSubstr(" more\n"));
}

TEST(a_policy_of_ones_own, lists_the_hosts_of_the_mx_records_unless_others_are_named)
{
    const own_policy as_found{mode::testing, std::chrono::seconds{300}, {}};
    EXPECT_EQ(policy_for(as_found, {"mx.example.org"}).text, "version: STSv1\nmode: testing\nmx: mx.example.org\nmax_age: 300\n");
    const own_policy named{mode::enforce, std::chrono::seconds{300}, {"*.example.org"}};
    const auto what = policy_for(named, {"mx.example.org", "mx.example.net"});
    EXPECT_TRUE(parse_policy(what.text).what);
    const auto told = to_publish("example.org", what, {"mx.example.org", "mx.example.net"});
    EXPECT_THAT(told, StartsWith("https://mta-sts.example.org/.well-known/mta-sts.txt"));
    EXPECT_THAT(told, HasSubstr("\n\nversion: STSv1\nmode: enforce\nmx: *.example.org\nmax_age: 300\n\n"));
    EXPECT_THAT(told, HasSubstr("_mta-sts.example.org. IN TXT \"v=STSv1; id=" + id_for(what.text) + "\""));
    EXPECT_THAT(told, HasSubstr("warning: the MX record mx.example.net is not listed"));
    EXPECT_THAT(told, Not(HasSubstr("record mx.example.org is not")));
}

} // namespace
