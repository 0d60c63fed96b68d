#include "src/session_limits.hpp"

#include <gtest/gtest.h>

using limits::numbers;
using limits::session_limits;

namespace {

TEST(limits_text, names_those_that_there_are) // RFC 9422 3
{
    EXPECT_EQ((numbers{.mail_max = 5, .rcpt_max = 100, .rcpt_domain_max = 3}.text()), "MAILMAX=5 RCPTMAX=100 RCPTDOMAINMAX=3");
    EXPECT_EQ((numbers{.mail_max = 0, .rcpt_max = 0, .rcpt_domain_max = 999999}.text()), "RCPTDOMAINMAX=999999");
    EXPECT_EQ(numbers{}.text(), "");
}

TEST(session_limits, take_so_many_transactions_and_no_more)
{
    const numbers most{.mail_max = 2, .rcpt_max = 0, .rcpt_domain_max = 0};
    session_limits used;
    EXPECT_TRUE(used.takes_mail(most));
    EXPECT_TRUE(used.takes_mail(most));
    EXPECT_FALSE(used.takes_mail(most));
    EXPECT_FALSE(used.takes_mail(most));
}

TEST(session_limits, take_so_many_domains_each_as_often_as_it_comes)
{
    const numbers most{.mail_max = 0, .rcpt_max = 0, .rcpt_domain_max = 2};
    session_limits used;
    EXPECT_TRUE(used.takes_domain_of("a@example.org", most));
    EXPECT_TRUE(used.takes_domain_of("b@EXAMPLE.org", most));
    EXPECT_TRUE(used.takes_domain_of("\"c@x\"@example.com", most));
    EXPECT_FALSE(used.takes_domain_of("d@example.net", most));
    EXPECT_TRUE(used.takes_domain_of("e@example.com", most));
    EXPECT_TRUE(used.takes_domain_of("postmaster", most)) << "no domain, no foreign one";
}

TEST(session_limits, without_numbers_take_everything)
{
    session_limits used;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_TRUE(used.takes_mail({}));
        EXPECT_TRUE(used.takes_domain_of("a@" + std::to_string(i) + ".example", {}));
    }
}

} // namespace
