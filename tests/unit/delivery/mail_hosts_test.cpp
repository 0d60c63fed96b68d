#include "core/delivery/mail_hosts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace postern::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using kind = mail_hosts::kind;

mail_hosts found(const std::vector<exchanger>& records, std::uint64_t seed = 1)
{
    base::seeded_random random{seed};
    return find_mail_hosts("example.com", name_state::known, records, "mx.own.example", random);
}

mail_hosts found(name_state state)
{
    base::seeded_random random{1};
    return find_mail_hosts("Example.com", state, {}, "mx.own.example", random);
}

TEST(mail_hosts, come_in_the_order_of_their_preference) // RFC 5321 5.1
{
    const auto all = found({{30, "c.example"}, {10, "A.Example"}, {20, "b.example"}});
    EXPECT_EQ(all.what, kind::known);
    EXPECT_THAT(all.hosts, ElementsAre("a.example", "b.example", "c.example"));
}

TEST(mail_hosts, that_are_equals_come_in_random_order) // RFC 5321 5.1
{
    std::set<std::vector<std::string>> orders;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto all = found({{5, "first.example"}, {10, "a.example"}, {10, "b.example"}, {10, "c.example"}}, seed);
        ASSERT_THAT(all.hosts, SizeIs(4));
        EXPECT_EQ(all.hosts.front(), "first.example");
        orders.insert(all.hosts);
    }
    EXPECT_THAT(orders, SizeIs(6)) << "every order of three comes up";
}

TEST(mail_hosts, are_the_domain_itself_where_there_are_no_records) // RFC 5321 5.1: the implicit MX
{
    const auto all = found(name_state::no_data);
    EXPECT_EQ(all.what, kind::known);
    EXPECT_THAT(all.hosts, ElementsAre("example.com"));
}

TEST(mail_hosts, are_nobody_where_the_domain_does_not_exist)
{
    const auto all = found(name_state::no_name);
    EXPECT_EQ(all.what, kind::nobody);
    EXPECT_EQ(all.enhanced, "5.1.2");
}

TEST(mail_hosts, are_to_be_asked_for_later_where_nobody_can_say) // RFC 5321 5.1: a temporary error defers
{
    const auto all = found(name_state::not_known);
    EXPECT_EQ(all.what, kind::later);
    EXPECT_EQ(all.enhanced, "4.4.3");
}

TEST(mail_hosts, are_nobody_where_the_domain_says_so) // RFC 7505
{
    const auto all = found({{0, ""}});
    EXPECT_EQ(all.what, kind::nobody);
    EXPECT_EQ(all.enhanced, "5.1.10");
    EXPECT_THAT(found({{0, ""}, {10, "a.example"}}).hosts, ElementsAre("a.example")) << "it counts only where it is alone";
}

TEST(mail_hosts, are_names_and_no_addresses)
{
    EXPECT_THAT(found({{10, "192.0.2.1"}, {20, "a b.example"}, {30, std::string(300, 'a')}, {40, "ok.example"}}).hosts,
                ElementsAre("ok.example"));
    const auto none = found({{10, "192.0.2.1"}});
    EXPECT_EQ(none.what, kind::nobody);
    EXPECT_EQ(none.enhanced, "5.4.4");
}

TEST(mail_hosts, are_those_that_are_better_than_this_server) // RFC 5321 5.1
{
    EXPECT_THAT(found({{10, "a.example"}, {20, "MX.own.example"}, {20, "b.example"}, {30, "c.example"}}).hosts,
                ElementsAre("a.example"));
    const auto none = found({{10, "mx.own.example"}, {20, "b.example"}});
    EXPECT_EQ(none.what, kind::later);
    EXPECT_EQ(none.enhanced, "4.4.6");
    EXPECT_THAT(none.hosts, IsEmpty());
}

TEST(mail_hosts, are_never_more_than_anybody_needs)
{
    std::vector<exchanger> many;
    for (unsigned i = 0; i < 10'000; ++i)
        many.push_back({static_cast<std::uint16_t>(i), "h" + std::to_string(i) + ".example"});
    const auto all = found(many);
    EXPECT_THAT(all.hosts, SizeIs(most_hosts));
    EXPECT_EQ(all.hosts.back(), "h19.example");
    EXPECT_THAT(found({{10, "a.example"}, {20, "a.example"}, {30, "A.example"}}).hosts, ElementsAre("a.example"));
}

} // namespace
} // namespace postern::delivery
