#include "../src/tls_wish.hpp"

#include <gtest/gtest.h>

using namespace require_tls;

namespace {

// RFC 8689 3
TEST(the_field_tls_required, waives_with_no_alone)
{
    EXPECT_TRUE(waives_tls("TLS-Required", "No"));
    EXPECT_TRUE(waives_tls("tls-required", " \r\n NO\t"));
    EXPECT_FALSE(waives_tls("TLS-Required", "Yes"));
    EXPECT_FALSE(waives_tls("TLS-Required", "No, really"));
    EXPECT_FALSE(waives_tls("TLS-Required", ""));
    EXPECT_FALSE(waives_tls("X-TLS-Required", "No"));
}

TEST(a_wish, that_is_none_changes_nothing)
{
    EXPECT_EQ(settle(wish::none, security::opportunistic, security::clear), security::clear);
    EXPECT_EQ(settle(wish::none, security::opportunistic, security::verified), security::verified);
}

TEST(a_wish, for_tls_is_for_a_certificate)
{
    for (const auto now : {security::clear, security::opportunistic, security::encrypted, security::verified})
        EXPECT_EQ(settle(wish::required, security::clear, now), security::verified);
}

TEST(a_wish, to_do_without_waives_what_others_want_and_not_what_the_operator_does)
{
    EXPECT_EQ(settle(wish::waived, security::opportunistic, security::verified), security::opportunistic);
    EXPECT_EQ(settle(wish::waived, security::encrypted, security::verified), security::encrypted);
    EXPECT_EQ(settle(wish::waived, security::encrypted, security::opportunistic), security::opportunistic);
}

} // namespace
