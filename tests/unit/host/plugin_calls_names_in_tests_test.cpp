// The SDK's fake host calls hooks, edits and verdicts as a server's log does.

#include "core/host/plugin_calls.hpp"
#include "core/hooks/verdict.hpp"

#include <postern/testing/contract_names.hpp>

#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

TEST(names_in_tests, of_hooks_are_those_of_the_log)
{
    for (std::uint32_t hook = 0; hook < 600; ++hook) {
        const auto name = call_name(hook);
        EXPECT_EQ(testing::hook_name(hook), name == "unknown" ? "hook " + std::to_string(hook) : std::string{name});
    }
}

TEST(names_in_tests, of_edits_and_verdicts_are_those_of_the_log)
{
    for (std::uint32_t op = 1; op <= POSTERN_EDIT_REPORT_RELAY; ++op)
        EXPECT_EQ(testing::edit_name(op), hooks::name_of(static_cast<hooks::edit_op>(op)));
    EXPECT_EQ(testing::edit_name(0), "edit 0");
    EXPECT_EQ(testing::edit_name(200), "edit 200");
    for (std::uint32_t verdict = 0; verdict <= POSTERN_SCORE; ++verdict)
        EXPECT_EQ(testing::verdict_name(verdict), hooks::name_of(static_cast<hooks::verdict_kind>(verdict)));
    EXPECT_EQ(testing::verdict_name(99), "verdict 99");
}

} // namespace
} // namespace postern::daemon
