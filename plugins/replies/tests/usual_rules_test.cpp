#include "../src/rule.hpp"
#include "../src/usual_rules.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace replies {
namespace {

using namespace std::chrono_literals;

/// The name of the first that fits, without "usual: "; empty: none.
std::string first_for(std::uint32_t code, std::string_view enhanced, std::string_view text, stage at = stage::rcpt,
                      std::uint32_t attempt = 0)
{
    for (const auto& [name, rule_text] : usual_rules())
        if (rule::read(rule_text, {15min, 24h}).fits({"mx.example:25", at, code, enhanced, text, code >= 500, attempt}))
            return std::string{name.substr(7)};
    return {};
}

TEST(a_usual_rule, knows_what_providers_and_block_lists_say)
{
    EXPECT_EQ(first_for(550, "5.7.1", "Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org"), "listed");
    EXPECT_EQ(first_for(554, "5.7.1", "rejected by RBL"), "listed");
    EXPECT_EQ(first_for(451, "4.7.1", "temporarily on our blocklist", stage::peer), "listed for now");
    EXPECT_EQ(first_for(421, "4.7.0", "[TSS04] Messages from 192.0.2.1 temporarily deferred", stage::mail), "too much");
    EXPECT_EQ(first_for(421, "4.7.28", "our system has detected an unusual rate of unsolicited mail", stage::end), "too much");
    EXPECT_EQ(first_for(421, "4.7.0", "too many connections from your host", stage::peer), "too much");
    EXPECT_EQ(first_for(550, "5.7.1", "part of their network is on our block list (S3150)", stage::mail), "listed");
    EXPECT_EQ(first_for(550, "5.7.1", "refused (S3140)", stage::mail), "reputation");
    EXPECT_EQ(first_for(450, "4.2.0", "Greylisted, try again in 300 seconds"), "greylisted");
    EXPECT_EQ(first_for(452, "4.2.2", "mailbox is full", stage::rcpt, 19), "full for days");
}

TEST(a_usual_rule, leaves_alone_what_means_what_it_says)
{
    EXPECT_EQ(first_for(550, "5.1.1", "no such user here; see our blocklist policy"), "no mailbox");
    EXPECT_EQ(first_for(550, "5.7.1", "message looks like spam", stage::end), "");
    EXPECT_EQ(first_for(552, "5.3.4", "message too big"), "");
    EXPECT_EQ(first_for(451, "4.3.0", "try again later"), "");
    EXPECT_EQ(first_for(452, "4.2.2", "mailbox is full", stage::rcpt, 18), "");
    EXPECT_EQ(first_for(550, "5.7.1", "carbling is not allowed"), "") << "no word with rbl in its midst";
    EXPECT_EQ(first_for(0, "4.4.1", "cannot connect: Connection refused", stage::route), "");
}

} // namespace
} // namespace replies
