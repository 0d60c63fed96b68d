#include "core/runtime/connection_counts.hpp"

namespace postern::runtime {
namespace {

const auto here = *base::ip_address::from_text("192.0.2.1");
const auto there = *base::ip_address::from_text("192.0.2.2");

TEST(connection_counts, let_in_as_many_from_one_address_as_allowed_and_not_one_more)
{
    connection_counts counts;
    auto first = counts.enter(here, 10, 2);
    auto second = counts.enter(here, 10, 2);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(counts.enter(here, 10, 2));
    EXPECT_TRUE(counts.enter(there, 10, 2)) << "one address does not starve another";
    second.reset();
    EXPECT_TRUE(counts.enter(here, 10, 2));
}

TEST(connection_counts, let_in_as_many_in_all_as_allowed_and_not_one_more)
{
    connection_counts counts;
    auto first = counts.enter(here, 2, 0);
    auto second = counts.enter(there, 2, 0);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(counts.enter(here, 2, 0));
    EXPECT_EQ(counts.open(), 2U);
    first.reset();
    EXPECT_EQ(counts.open(), 1U);
    EXPECT_TRUE(counts.enter(here, 2, 0));
}

TEST(connection_counts, know_no_limit_of_an_address_where_it_is_zero)
{
    connection_counts counts;
    std::vector<connection_counts::place> places;
    for (int i = 0; i < 1000; ++i)
        places.push_back(std::move(*counts.enter(here, 1000, 0)));
    EXPECT_EQ(counts.open(), 1000U);
}

TEST(connection_counts, move_a_place_to_another_address_that_has_room)
{
    connection_counts counts;
    auto first = counts.enter(base::ip_address{}, 10, 0);
    auto second = counts.enter(base::ip_address{}, 10, 0);
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(counts.move(*first, here, 1));
    EXPECT_FALSE(counts.move(*second, here, 1));
    EXPECT_TRUE(counts.move(*second, there, 1));
    EXPECT_TRUE(counts.move(*second, there, 1)) << "where it is already";
    EXPECT_EQ(counts.open(), 2U);
    EXPECT_FALSE(counts.enter(here, 10, 1));
    first.reset();
    EXPECT_TRUE(counts.enter(here, 10, 1)) << "it was given back where it was moved to";
    second.reset();
    EXPECT_EQ(counts.open(), 0U);
}

} // namespace
} // namespace postern::runtime
