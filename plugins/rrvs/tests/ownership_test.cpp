#include "src/ownership.hpp"

#include <gtest/gtest.h>

using namespace rrvs;

namespace {

seconds_since_1970 at(const char* text)
{
    return *postern::kit::parse_date_time(text);
}

class mailboxes : public testing::Test {
protected:
    mailboxes()
    {
        EXPECT_EQ(all_.add_domain("Example.com"), nullptr);
        EXPECT_EQ(all_.add_mailbox("New@example.COM", "2024-01-31T12:00:00Z"), nullptr);
        EXPECT_EQ(all_.add_mailbox("far@elsewhere.example", "2024-01-31T12:00:00Z"), nullptr);
        EXPECT_EQ(all_.add_domain_since("bought.example", "2020-06-01T00:00:00Z"), nullptr);
    }
    ownership all_;
};

TEST_F(mailboxes, are_valid_for_who_knew_them_since_their_owner_has_them)
{
    EXPECT_EQ(all_.judge("New@example.com", at("2024-01-31T12:00:00Z")), finding::valid);
    EXPECT_EQ(all_.judge("New@EXAMPLE.com", at("2025-01-01T00:00:00Z")), finding::valid);
    EXPECT_EQ(all_.judge("New@example.com", at("2024-01-31T11:59:59Z")), finding::mailbox_changed);
}

TEST_F(mailboxes, are_compared_with_their_local_part_as_written) // RFC 5321 2.4
{
    EXPECT_EQ(all_.judge("new@example.com", at("2000-01-01T00:00:00Z")), finding::unknown);
}

TEST_F(mailboxes, of_other_domains_are_somebody_elses_matter_unless_they_are_listed)
{
    EXPECT_EQ(all_.judge("a@example.net", at("2000-01-01T00:00:00Z")), finding::not_ours);
    EXPECT_EQ(all_.judge("a@mail.example.com", at("2000-01-01T00:00:00Z")), finding::not_ours);
    EXPECT_EQ(all_.judge("far@elsewhere.example", at("2000-01-01T00:00:00Z")), finding::mailbox_changed);
    for (const char* odd : {"", "@", "@example.com", "a@", "a"})
        EXPECT_EQ(all_.judge(odd, at("2000-01-01T00:00:00Z")), finding::not_ours) << odd;
}

TEST_F(mailboxes, change_with_their_domain)
{
    EXPECT_EQ(all_.judge("a@bought.example", at("2020-05-31T23:59:59Z")), finding::domain_changed);
    EXPECT_EQ(all_.judge("a@Bought.Example", at("2020-06-01T00:00:00Z")), finding::unknown);
}

TEST_F(mailboxes, of_roles_are_not_judged) // RFC 7293 5.1, RFC 2142
{
    ASSERT_EQ(all_.add_mailbox("sales@example.com", "2024-01-31T12:00:00Z"), nullptr);
    for (const char* role : {"sales@example.com", "Abuse@example.com", "POSTMASTER@example.com", "postmaster@bought.example",
                             "webmaster@example.com", "ftp@example.com", "Postmaster"})
        EXPECT_EQ(all_.judge(role, at("2000-01-01T00:00:00Z")), finding::valid) << role;
    EXPECT_EQ(all_.judge("salesman@example.com", at("2000-01-01T00:00:00Z")), finding::unknown);
    EXPECT_EQ(all_.judge("sales@example.net", at("2000-01-01T00:00:00Z")), finding::not_ours) << "who is there has to know";
}

TEST_F(mailboxes, without_a_date_may_have_one_that_is_the_latest) // RFC 7293 5
{
    ASSERT_EQ(all_.set_latest("2015-01-01T00:00:00Z"), nullptr);
    EXPECT_EQ(all_.judge("old@example.com", at("2015-01-01T00:00:00Z")), finding::valid);
    EXPECT_EQ(all_.judge("old@example.com", at("2014-12-31T23:59:59Z")), finding::mailbox_changed);
    EXPECT_EQ(all_.judge("New@example.com", at("2015-01-01T00:00:00Z")), finding::mailbox_changed) << "it has a date";
    EXPECT_EQ(all_.judge("a@example.net", at("2000-01-01T00:00:00Z")), finding::not_ours);
}

TEST(rrvs_value, is_a_time_and_what_it_means_for_next_hops) // RFC 7293 3.1
{
    const auto when = at("2014-04-03T23:01:00Z");
    EXPECT_EQ(parse_condition("2014-04-03T23:01:00Z"), (condition{when, false}));
    EXPECT_EQ(parse_condition("2014-04-03T23:01:00Z;R"), (condition{when, false}));
    EXPECT_EQ(parse_condition("2014-04-03T23:01:00Z;C"), (condition{when, true}));
    EXPECT_EQ(parse_condition("2014-04-04T01:01:00+02:00;c"), (condition{when, true}));
    for (const char* bad : {"", ";C", "2014-04-03", "2014-04-03T23:01:00Z;", "2014-04-03T23:01:00Z;X", "2014-04-03T23:01:00Z;C;R",
                            "2014-04-03T23:01:00Z ;C", "2014-04-03T23:01:00.5Z"})
        EXPECT_FALSE(parse_condition(bad)) << bad;
}

TEST(ownership_options, that_mean_nothing_are_refused)
{
    ownership all;
    EXPECT_NE(all.add_domain(""), nullptr);
    EXPECT_NE(all.add_domain("a@example.com"), nullptr);
    EXPECT_NE(all.add_mailbox("a", "2024-01-31T12:00:00Z"), nullptr);
    EXPECT_NE(all.add_mailbox("a@example.com", "2024-01-31"), nullptr);
    EXPECT_NE(all.add_domain_since("example.com", "yesterday"), nullptr);
    EXPECT_NE(all.set_latest("sometimes"), nullptr);
}

} // namespace
