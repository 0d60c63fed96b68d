#include "src/relay_policy.hpp"

#include <gtest/gtest.h>

#include <string>

using relay_domains::relay_policy;

namespace {

class policy : public testing::Test {
protected:
    policy()
    {
        for (const char* domain : {"Example.COM", "*.sub.example.net", "[192.0.2.1]", "xn--bcher-kva.example"})
            EXPECT_EQ(policy_.add_domain(domain), nullptr) << domain;
        for (const char* address : {"Abuse@Example.NET", "a%b@example.net", "\"two words\"@example.net"})
            EXPECT_EQ(policy_.add_address(address), nullptr) << address;
        EXPECT_EQ(policy_.add_network("192.0.2.0/24"), nullptr);
    }
    relay_policy policy_;
};

TEST_F(policy, takes_a_listed_domain_in_any_case)
{
    EXPECT_TRUE(policy_.takes("user@example.com"));
    EXPECT_TRUE(policy_.takes("USER@EXAMPLE.com"));
    EXPECT_TRUE(policy_.takes("u+tag=x/y.z@example.com"));
    EXPECT_TRUE(policy_.takes("\"two words\"@example.com"));
    EXPECT_TRUE(policy_.takes("user@[192.0.2.1]"));
    EXPECT_TRUE(policy_.takes("b\xc3\xbc"
                              "cher@XN--bcher-kva.example"));
}

TEST_F(policy, takes_no_other_domain_however_alike)
{
    for (const char* recipient : {"user@example.net", "user@example.co", "user@xexample.com", "user@example.com.evil.example",
                                  "user@mail.example.com", "user@example.com.", "user@.example.com", "user@example..com",
                                  "user@[192.0.2.2]", "user@192.0.2.1", "user@ex\xd0\xb0mple.com",
                                  "user@b\xc3\xbc"
                                  "cher.example",
                                  "user@example.com ", "user@ example.com"})
        EXPECT_FALSE(policy_.takes(recipient)) << recipient;
    EXPECT_FALSE(policy_.takes(std::string_view{"user@example.com\0", 17}));
    EXPECT_FALSE(policy_.takes(std::string_view{"user@example.com\0.evil.example", 30}));
}

TEST_F(policy, takes_subdomains_by_a_wildcard_but_not_the_domain_itself)
{
    EXPECT_TRUE(policy_.takes("user@a.sub.example.net"));
    EXPECT_TRUE(policy_.takes("user@A.B.Sub.Example.Net"));
    EXPECT_FALSE(policy_.takes("user@sub.example.net"));
    EXPECT_FALSE(policy_.takes("user@.sub.example.net"));
    EXPECT_FALSE(policy_.takes("user@asub.example.net"));
}

TEST_F(policy, takes_a_listed_address_with_its_local_part_as_written)
{
    EXPECT_TRUE(policy_.takes("Abuse@example.net"));
    EXPECT_TRUE(policy_.takes("Abuse@EXAMPLE.NET"));
    EXPECT_FALSE(policy_.takes("abuse@example.net"));
    EXPECT_TRUE(policy_.takes("\"two words\"@example.net"));
    EXPECT_TRUE(policy_.takes("a%b@example.net")); // the operator wrote it so
}

TEST_F(policy, takes_no_relay_trick_for_a_listed_domain)
{
    for (const char* recipient : {"user%evil.example@example.com",
                                  "evil.example!user@example.com",
                                  "\"user@evil.example\"@example.com",
                                  "user@evil.example@example.com",
                                  "@example.com:user@evil.example",
                                  "@evil.example,@example.com:user@example.com",
                                  "@example.com,@evil.example:user@example.com",
                                  "\"user%evil.example\"@example.com",
                                  "\"evil.example!user\"@example.com",
                                  "\"user\\@evil.example\"@example.com",
                                  "user%evil.example%b@example.com",
                                  "@user@example.com",
                                  "user@@example.com",
                                  "user:x@example.com",
                                  "example.com!user@evil.example",
                                  "user%example.com@evil.example",
                                  "\"user@example.com\"@evil.example",
                                  "\"user@example.com",
                                  "\"@example.com",
                                  "\"\"@example.com",
                                  "us er@example.com",
                                  "user\r\nRCPT@example.com",
                                  "(c)user@example.com",
                                  "<user@evil.example>@example.com"})
        EXPECT_FALSE(policy_.takes(recipient)) << recipient;
}

TEST_F(policy, takes_the_bare_postmaster_in_any_case_and_no_other_bare_name)
{
    EXPECT_TRUE(policy_.takes("postmaster")); // RFC 5321 4.5.1
    EXPECT_TRUE(policy_.takes("PostMaster"));
    EXPECT_FALSE(policy_.takes("postmaster@"));
    EXPECT_FALSE(policy_.takes("postmaste"));
    EXPECT_FALSE(policy_.takes("postmasters"));
    EXPECT_FALSE(policy_.takes("user"));
    EXPECT_FALSE(policy_.takes(""));
    EXPECT_FALSE(policy_.takes("@example.com"));
    EXPECT_FALSE(policy_.takes("@"));
    EXPECT_FALSE(policy_.takes("postmaster@evil.example"));
}

TEST_F(policy, takes_a_recipient_of_256_octets_and_none_of_257)
{
    const std::string domain = "@example.com";
    EXPECT_TRUE(policy_.takes(std::string(256 - domain.size(), 'a') + domain));
    EXPECT_FALSE(policy_.takes(std::string(257 - domain.size(), 'a') + domain));
}

TEST_F(policy, trusts_networks_and_logged_in_users_only)
{
    EXPECT_TRUE(policy_.trusts("192.0.2.9", ""));
    EXPECT_TRUE(policy_.trusts("203.0.113.1", "alice"));
    EXPECT_FALSE(policy_.trusts("203.0.113.1", ""));
    EXPECT_FALSE(policy_.trusts("", ""));
}

TEST(empty_policy, takes_the_postmaster_and_trusts_nobody)
{
    const relay_policy none;
    EXPECT_FALSE(none.takes("user@example.com"));
    EXPECT_TRUE(none.takes("postmaster"));
    EXPECT_FALSE(none.trusts("127.0.0.1", ""));
}

TEST(entries, that_mean_nothing_or_everything_are_refused)
{
    relay_policy policy;
    for (const char* domain :
         {"", "*", "*.", "*.*.com", "a*.com", "user@example.com", "exa mple.com", "example.com.", ".example.com", "a\nb"})
        EXPECT_NE(policy.add_domain(domain), nullptr) << domain;
    for (const char* address : {"", "user", "@example.com", "user@", "user@exa mple.com"})
        EXPECT_NE(policy.add_address(address), nullptr) << address;
}

TEST(entries, may_be_as_long_as_the_wire_allows_and_no_longer)
{
    relay_policy policy;
    EXPECT_EQ(policy.add_domain(std::string(255, 'a')), nullptr);
    EXPECT_NE(policy.add_domain(std::string(256, 'a')), nullptr);
    EXPECT_EQ(policy.add_address(std::string(200, 'a') + "@" + std::string(55, 'b')), nullptr);
    EXPECT_NE(policy.add_address(std::string(200, 'a') + "@" + std::string(56, 'b')), nullptr);
}

} // namespace
