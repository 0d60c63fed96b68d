#include "src/address_list.hpp"

#include <gtest/gtest.h>

using greylist::address_list;

namespace {

address_list list_of(std::initializer_list<const char*> entries)
{
    address_list made;
    for (const char* entry : entries)
        EXPECT_EQ(made.add(entry), nullptr) << entry;
    return made;
}

TEST(an_address_list, knows_addresses_in_any_case)
{
    const address_list list = list_of({"Alice@Example.org"});
    EXPECT_TRUE(list.contains("alice@example.ORG"));
    EXPECT_FALSE(list.contains("bob@example.org"));
    EXPECT_FALSE(list.contains("alice@sub.example.org"));
    EXPECT_FALSE(list.contains("malice@example.org"));
}

TEST(an_address_list, knows_domains_with_or_without_what_is_below)
{
    const address_list exact = list_of({"example.org"});
    EXPECT_TRUE(exact.contains("a@example.org"));
    EXPECT_FALSE(exact.contains("a@sub.example.org"));
    EXPECT_FALSE(exact.contains("a@badexample.org"));
    const address_list below = list_of({".example.org"});
    EXPECT_FALSE(below.contains("a@example.org"));
    EXPECT_TRUE(below.contains("a@sub.example.org"));
    EXPECT_TRUE(below.contains("a@very.sub.example.org"));
    EXPECT_FALSE(below.contains("a@example.org.evil.example"));
}

TEST(an_address_list, knows_local_parts_at_any_domain_and_without_one)
{
    const address_list list = list_of({"postmaster@"});
    EXPECT_TRUE(list.contains("postmaster"));
    EXPECT_TRUE(list.contains("Postmaster@mx.example"));
    EXPECT_FALSE(list.contains("notpostmaster@mx.example"));
}

TEST(an_address_list, goes_by_the_last_at_sign)
{
    const address_list list = list_of({"example.org", "a@"});
    EXPECT_FALSE(list.contains("\"x@example.org\"@evil.example"));
    EXPECT_FALSE(list.contains("\"a@b\"@evil.example"));
    EXPECT_TRUE(list.contains("\"a@b\"@example.org"));
}

TEST(an_address_list, has_nobody_in_it_at_first_and_never_nothing)
{
    EXPECT_FALSE(address_list{}.contains("a@example.org"));
    EXPECT_FALSE(list_of({"example.org"}).contains(""));
    EXPECT_TRUE(list_of({"\xc3\xa4@b\xc3\xbc"
                         "cher.example"})
                    .contains("\xc3\xa4@B\xc3\xbc"
                              "CHER.example"));
}

TEST(an_entry, that_is_no_address_is_refused)
{
    for (const char* bad : {"", " ", "a b", "@example.org", "@", ".", "a@.", "<a@b>", "a,b", "a\t"})
        EXPECT_NE(address_list{}.add(bad), nullptr) << bad;
}

} // namespace
