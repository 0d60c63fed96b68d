#include "core/base/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace postern::base {
namespace {

TEST(seeded_random, gives_the_published_numbers_of_splitmix64)
{
    seeded_random random{1234567};
    EXPECT_EQ(random.next(), 6457827717110365317U);
    EXPECT_EQ(random.next(), 3203168211198807973U);
    EXPECT_EQ(random.next(), 9817491932198370423U);
}

TEST(seeded_random, repeats_itself_from_its_seed_only)
{
    seeded_random one{1};
    seeded_random again{1};
    seeded_random other{2};
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto value = one.next();
        EXPECT_EQ(value, again.next());
        EXPECT_NE(value, other.next());
        EXPECT_TRUE(seen.insert(value).second);
    }
}

} // namespace
} // namespace postern::base
