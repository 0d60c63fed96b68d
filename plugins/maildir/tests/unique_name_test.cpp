#include "src/unique_name.hpp"

#include <gtest/gtest.h>

namespace {

constexpr std::chrono::system_clock::time_point at{std::chrono::microseconds{1'700'000'000'000'123}};

TEST(unique_name, holds_time_process_count_random_and_host)
{
    EXPECT_EQ(maildir::unique_name(at, 42, 7, 0xdeadbeef, "mx.example.org"),
              "1700000000.M000123P42Q7R00000000deadbeef.mx.example.org");
}

TEST(unique_name, escapes_what_would_make_a_path_or_flags)
{
    EXPECT_EQ(maildir::unique_name(at, 1, 1, 1, "a/b:c"), "1700000000.M000123P1Q1R0000000000000001.a\\057b\\072c");
}

} // namespace
