#include "core/hooks/budget.hpp"

#include <gtest/gtest.h>

namespace postern::hooks {
namespace {

using namespace std::chrono_literals;

budget_limits limits()
{
    budget_limits out;
    out[phase::connect] = 3s;
    out[phase::envelope] = 5s;
    return out;
}

TEST(budget, is_less_by_what_was_waited_and_never_negative)
{
    budget it{limits()};
    it.spend(phase::envelope, 2s);
    EXPECT_EQ(it.left(phase::envelope), 3s);
    it.spend(phase::envelope, 3s);
    EXPECT_EQ(it.left(phase::envelope), 0s);
    it.spend(phase::envelope, 1s);
    it.spend(phase::envelope, -1s);
    EXPECT_EQ(it.left(phase::envelope), 0s);
    EXPECT_EQ(it.left(phase::connect), 3s);
}

TEST(budget, without_a_limit_is_never_spent)
{
    budget it{limits()};
    it.spend(phase::end, 1h);
    it.spend(phase::none, 1h);
    EXPECT_EQ(it.left(phase::end), std::chrono::nanoseconds::max());
    EXPECT_EQ(it.left(phase::none), std::chrono::nanoseconds::max());
}

TEST(budget, of_the_connection_is_not_renewed_with_a_transaction)
{
    budget it{limits()};
    it.spend(phase::connect, 1s);
    it.spend(phase::envelope, 1s);
    it.renew();
    EXPECT_EQ(it.left(phase::connect), 2s);
    EXPECT_EQ(it.left(phase::envelope), 5s);
}

TEST(budget, belongs_to_the_phase_of_the_hook)
{
    EXPECT_EQ(phase_of(hook_point::ehlo_caps), phase::connect);
    EXPECT_EQ(phase_of(hook_point::param), phase::envelope);
    EXPECT_EQ(phase_of(hook_point::cmd_data), phase::envelope);
    EXPECT_EQ(phase_of(hook_point::msg_body), phase::content);
    EXPECT_EQ(phase_of(hook_point::txn_commit_before), phase::end);
    EXPECT_EQ(phase_of(hook_point::queue_route), phase::none);
    EXPECT_EQ(phase_of(hook_point::verb), phase::none);
}

} // namespace
} // namespace postern::hooks
