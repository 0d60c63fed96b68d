#include "../src/ownership.hpp"

#include <gtest/gtest.h>

using sender_owner::ownership;

namespace {

TEST(an_identity, that_is_an_address_owns_it)
{
    ownership owners;
    EXPECT_TRUE(owners.owns("alice@example.com", "alice@example.com"));
    EXPECT_FALSE(owners.owns("alice@example.com", "bob@example.com"));
    EXPECT_FALSE(owners.owns("alice@example.com", "alice@example.org"));
    EXPECT_FALSE(owners.owns("alice@example.com", "alice+x@example.com"));
    EXPECT_FALSE(owners.owns("alice", "alice"));
    owners.identity_is_address = false;
    EXPECT_FALSE(owners.owns("alice@example.com", "alice@example.com"));
}

TEST(an_identity, owns_what_the_table_says)
{
    ownership owners;
    EXPECT_EQ(owners.add("alice", "alice@example.com , sales@example.com,@alice.example"), nullptr);
    EXPECT_EQ(owners.add("alice", "more@example.com"), nullptr);
    for (const char* own : {"alice@example.com", "sales@example.com", "any.thing@alice.example", "more@example.com"})
        EXPECT_TRUE(owners.owns("alice", own)) << own;
    for (const char* foreign :
         {"bob@example.com", "x@sub.alice.example", "x@notalice.example", "@alice.example", "alice@", "alice", ""})
        EXPECT_FALSE(owners.owns("alice", foreign)) << foreign;
    EXPECT_FALSE(owners.owns("bob", "alice@example.com"));
    EXPECT_FALSE(owners.owns("Alice", "alice@example.com")) << "identities are who they are";
}

// RFC 5321 2.4
TEST(an_address, is_the_same_in_any_case_as_far_as_it_is_told)
{
    ownership owners;
    EXPECT_TRUE(owners.owns("alice@example.com", "ALICE@Example.COM"));
    ownership strict;
    strict.case_sensitive = true;
    EXPECT_EQ(strict.add("bob", "Bob@Example.com"), nullptr);
    EXPECT_TRUE(strict.owns("bob", "Bob@EXAMPLE.com"));
    EXPECT_FALSE(strict.owns("bob", "bob@example.com"));
    EXPECT_FALSE(strict.owns("alice@example.com", "Alice@example.com"));
}

// RFC 5233 1
TEST(a_subaddress, is_owned_with_its_address_where_there_is_a_separator)
{
    ownership owners;
    EXPECT_EQ(owners.set_separator("+"), nullptr);
    EXPECT_EQ(owners.add("bob", "robert@example.com"), nullptr);
    EXPECT_TRUE(owners.owns("alice@example.com", "alice+lists@example.com"));
    EXPECT_TRUE(owners.owns("bob", "Robert+a+b@example.com"));
    EXPECT_FALSE(owners.owns("alice@example.com", "alicia+lists@example.com"));
    EXPECT_FALSE(owners.owns("alice@example.com", "alic+e@example.com"));
    EXPECT_FALSE(owners.owns("alice+lists@example.com", "alice@example.com"));
    EXPECT_FALSE(owners.owns("alice@example.com", "alice+lists@example.org"));
}

TEST(a_quoted_local_part, hides_no_domain)
{
    ownership owners;
    EXPECT_EQ(owners.add("alice", "@alice.example"), nullptr);
    EXPECT_FALSE(owners.owns("alice", "\"x@alice.example\"@example.com"));
    EXPECT_TRUE(owners.owns("alice", "\"x@example.com\"@alice.example"));
}

TEST(an_entry, that_means_nothing_is_refused)
{
    ownership owners;
    for (const char* bad : {"", "alice", "alice@", "@", "a@b.example,", ",a@b.example", "a b@c.example", "@@c.example"})
        EXPECT_NE(owners.add("alice", bad), nullptr) << bad;
    EXPECT_NE(owners.add("", "a@b.example"), nullptr);
    EXPECT_FALSE(owners.owns("alice", "a@b.example")) << "all of an entry, or nothing";
    for (const char* bad : {"++", "@", " ", "\""})
        EXPECT_NE(owners.set_separator(bad), nullptr) << bad;
}

TEST(a_line, is_an_identity_and_what_it_owns)
{
    ownership owners;
    for (const char* nothing : {"", "  ", "# alice: x@example.com", "\r"})
        EXPECT_EQ(owners.add_line(nothing), nullptr);
    EXPECT_EQ(owners.add_line("  alice : a@example.com, @a.example \r"), nullptr);
    EXPECT_TRUE(owners.owns("alice", "a@example.com"));
    EXPECT_TRUE(owners.owns("alice", "x@a.example"));
    EXPECT_FALSE(owners.owns("# alice", "x@example.com"));
    for (const char* bad : {"alice a@example.com", ": a@example.com", "alice:"})
        EXPECT_NE(owners.add_line(bad), nullptr) << bad;
}

} // namespace
