#include "core/base/clock.hpp"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

TEST(system_clock, never_steps_back_and_tells_the_systems_date)
{
    const system_clock time;
    const auto before = time.now();
    EXPECT_GE(time.now(), before);
    const auto least = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    EXPECT_GE(time.wall(), least);
}

} // namespace
} // namespace postern::base
