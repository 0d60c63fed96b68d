#include "core/host/second_signal.hpp"

#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;

TEST(a_second_signal, counts_from_a_second_after_the_first_on)
{
    const base::instant first{100h};
    const second_signal again{first};
    EXPECT_FALSE(again.counts(first));
    EXPECT_FALSE(again.counts(first + second_signal::grace - 1ns));
    EXPECT_TRUE(again.counts(first + second_signal::grace));
    EXPECT_TRUE(again.counts(first + 1h));
}

} // namespace
} // namespace postern::daemon
