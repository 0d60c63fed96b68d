// Why there is no host left: what was tried in vain counts for others, what was left out does not.

#include "core/runtime/next_hosts.hpp"

#include "tests/support/memory_log.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace postern::runtime {
namespace {

class hosts_of_a_next_hop : public ::testing::Test {
protected:
    static delivery::settings settings()
    {
        delivery::settings made;
        made.hostname = "mx.example";
        return made;
    }

    test::memory_log lines_;
    io::loop home_{base::log{lines_}};
    name_lookups lookups_{home_};
    base::seeded_random random_{1};
    next_hosts hosts_{{home_, lookups_, nullptr, random_, {}}, *delivery::route::from_text("192.0.2.1:25", 25), settings()};
};

TEST_F(hosts_of_a_next_hop, that_were_tried_in_vain_are_told_of)
{
    EXPECT_FALSE(hosts_.why_none().unreached);
    hosts_.fail(false, "4.4.1", "cannot connect: no");
    EXPECT_EQ(hosts_.why_none().text, "cannot connect: no");
    EXPECT_EQ(hosts_.why_none().unreached, "cannot connect: no");
    EXPECT_FALSE(hosts_.why_none().is_policy);
}

TEST_F(hosts_of_a_next_hop, that_were_left_out_say_nothing_of_it)
{
    hosts_.pass_over("4.7.1", "not this address");
    hosts_.leave_out("mx.example", "4.7.0", "not this host");
    EXPECT_EQ(hosts_.why_none().text, "not this host");
    EXPECT_TRUE(hosts_.why_none().is_policy);
    EXPECT_FALSE(hosts_.why_none().is_final);
    EXPECT_FALSE(hosts_.why_none().unreached);
}

TEST_F(hosts_of_a_next_hop, that_were_left_out_do_not_hide_those_that_were_tried)
{
    hosts_.pass_over("4.7.1", "not this address");
    hosts_.fail(false, "4.4.1", "cannot connect: no");
    EXPECT_FALSE(hosts_.why_none().is_policy) << "what is told is no plugin's word";
    EXPECT_EQ(hosts_.why_none().unreached, "cannot connect: no");
    EXPECT_FALSE(hosts_.why_none().has_left_out);

    hosts_.leave_out("mx.example", "4.7.0", "not this host");
    EXPECT_TRUE(hosts_.why_none().is_policy);
    EXPECT_EQ(hosts_.why_none().text, "not this host");
    EXPECT_EQ(hosts_.why_none().unreached, "cannot connect: no");
    EXPECT_TRUE(hosts_.why_none().has_left_out);
    hosts_.fail(false, "4.4.1", "nor there");
    EXPECT_TRUE(hosts_.why_none().has_left_out);
}

TEST_F(hosts_of_a_next_hop, that_will_never_be_there_say_nothing_of_those_that_may_be)
{
    hosts_.fail(true, "5.4.4", "mx.example has no address");
    EXPECT_TRUE(hosts_.why_none().is_final);
    EXPECT_FALSE(hosts_.why_none().unreached) << "nobody comes again, so nobody has to be kept away";
    hosts_.pass_over("4.7.1", "not this address");
    EXPECT_FALSE(hosts_.why_none().is_final);
    EXPECT_FALSE(hosts_.why_none().unreached);
    hosts_.fail(true, "5.4.4", "mx.example has no address");
    EXPECT_EQ(hosts_.why_none().text, "not this address") << "the message waits for it";
    hosts_.fail(false, "4.4.3", "cannot be looked up");
    EXPECT_EQ(hosts_.why_none().unreached, "cannot be looked up");
}

} // namespace
} // namespace postern::runtime
