#include "core/hooks/hook_point.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace postern::hooks {
namespace {

TEST(hook_point, names_are_all_different)
{
    std::set<std::string_view> names;
    unsigned hooks = 0;
    for (unsigned i = 1; i < hook_point_count; ++i) {
        if (!is_hook(i))
            continue;
        ++hooks;
        names.insert(name_of(static_cast<hook_point>(i)));
    }
    EXPECT_EQ(names.size(), hooks);
    EXPECT_FALSE(names.contains("unknown"));
    EXPECT_FALSE(is_hook(0));
    EXPECT_TRUE(is_hook(hook_point_count - 1));
    EXPECT_FALSE(is_hook(hook_point_count));
    EXPECT_FALSE(is_hook(256 + 1)) << "no number is cut to one that is a hook's";
}

TEST(hook_point, has_the_names_of_the_documentation)
{
    EXPECT_EQ(name_of(hook_point::conn_open), "conn.open");
    EXPECT_EQ(name_of(hook_point::cmd_rcpt), "cmd.rcpt");
    EXPECT_EQ(name_of(hook_point::txn_commit_before), "txn.commit_before");
    EXPECT_EQ(name_of(hook_point::delivery_done), "delivery.done");
    EXPECT_EQ(name_of(hook_point::dsn_make), "dsn.make");
    EXPECT_EQ(name_of(hook_point::report_in), "report.in");
}

TEST(hook_point, knows_which_hooks_nobody_answers)
{
    EXPECT_TRUE(is_notification(hook_point::txn_committed));
    EXPECT_TRUE(is_notification(hook_point::txn_aborted));
    EXPECT_TRUE(is_notification(hook_point::conn_close));
    EXPECT_TRUE(is_notification(hook_point::delivery_done));
    EXPECT_TRUE(is_notification(hook_point::report_in));
    EXPECT_FALSE(is_notification(hook_point::dsn_make));
    EXPECT_FALSE(is_notification(hook_point::txn_commit_before));
}

} // namespace
} // namespace postern::hooks
