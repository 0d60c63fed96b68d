#include "../src/domain_name.hpp"

#include <gtest/gtest.h>

namespace routes {
namespace {

TEST(a_domain, has_one_text_for_all_of_its_spellings)
{
    EXPECT_EQ(folded_domain("Example.ORG."), "example.org");
    EXPECT_EQ(folded_domain("b\xc3\xbc"
                            "cher.example"),
              "xn--bcher-kva.example");
    EXPECT_EQ(folded_domain("B\xc3\x9c"
                            "cher.EXAMPLE"),
              "xn--bcher-kva.example");
    EXPECT_EQ(folded_domain("XN--bcher-kva.example"), "xn--bcher-kva.example");
    for (const auto* bad : {"", ".", "a..b", "-a", "a-", "a b", "192.0.2.1", "a@b", "\xff.example", "[192.0.2.1]"})
        EXPECT_FALSE(folded_domain(bad)) << bad;
}

TEST(a_literal, has_one_text_for_all_of_its_spellings)
{
    EXPECT_EQ(folded_literal("[192.0.2.1]"), "[192.0.2.1]");
    EXPECT_EQ(folded_literal("[IPv6:2001:DB8:0::1]"), "[2001:db8::1]");
    EXPECT_EQ(folded_literal("[ipv6:2001:db8::1]"), "[2001:db8::1]");
    for (const auto* bad : {"[]", "[", "[ipv6:]", "[x]", "192.0.2.1", "[192.0.2.1"})
        EXPECT_FALSE(folded_literal(bad)) << bad;
}

TEST(an_address, is_folded_in_both_halves)
{
    const auto both = fold("User+X@Example.Org");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->local, "user+x");
    EXPECT_EQ(both->domain, "example.org");
    EXPECT_EQ(fold("\"a@b\"@[192.0.2.1]")->domain, "[192.0.2.1]");
    for (const auto* bad : {"postmaster", "@a", "a@", ""})
        EXPECT_FALSE(fold(bad)) << bad;
}

} // namespace
} // namespace routes
