#include "../src/shelf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mta_sts;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

constexpr shelf::time later = 1000h;

class a_shelf : public testing::Test {
protected:
    /// Whether it lies there now; gone_ are those that went.
    bool takes(const std::string& domain, std::size_t octets, std::uint32_t days, shelf::time ends = later)
    {
        gone_.clear();
        const bool taken = all_.put(domain, {octets, days, ends}, now_, gone_);
        EXPECT_EQ(taken, all_.contains(domain));
        return taken;
    }

    shelf all_{{.policies = 3, .octets = 100}};
    shelf::time now_{0};
    std::vector<std::string> gone_;
};

TEST_F(a_shelf, has_room_for_so_many_policies)
{
    EXPECT_TRUE(takes("a", 1, 1));
    EXPECT_TRUE(takes("b", 1, 1));
    EXPECT_TRUE(takes("c", 1, 1));
    EXPECT_FALSE(takes("d", 1, 1)) << "the last to come of those that are wanted alike has to go";
    EXPECT_THAT(gone_, IsEmpty());
    EXPECT_TRUE(takes("b", 2, 1)) << "who is there already needs no room of another";
    EXPECT_EQ(all_.size(), 3U);
    EXPECT_EQ(all_.octets(), 4U);
}

TEST_F(a_shelf, has_room_for_so_many_octets)
{
    EXPECT_TRUE(takes("a", 60, 1));
    EXPECT_FALSE(takes("b", 41, 1));
    EXPECT_TRUE(takes("b", 40, 1));
    EXPECT_EQ(all_.octets(), 100U);
    EXPECT_FALSE(takes("c", 101, 9)) << "for that there would never be room";
    EXPECT_THAT(gone_, IsEmpty()) << "so nobody goes for it";
    EXPECT_EQ(all_.size(), 2U);
}

TEST_F(a_shelf, gives_up_those_that_are_wanted_least_and_of_these_the_last)
{
    EXPECT_TRUE(takes("a", 30, 2));
    EXPECT_TRUE(takes("b", 30, 1));
    EXPECT_TRUE(takes("c", 30, 1));
    EXPECT_TRUE(takes("d", 30, 2));
    EXPECT_THAT(gone_, ElementsAre("c"));
    EXPECT_TRUE(takes("e", 70, 3));
    EXPECT_THAT(gone_, ElementsAre("b", "d"));
    EXPECT_FALSE(takes("f", 30, 2)) << "for less wanted ones than itself alone";
    EXPECT_FALSE(takes("f", 1000, 100));
    EXPECT_TRUE(all_.contains("a"));
}

TEST_F(a_shelf, lets_nobody_push_out_others_by_being_many)
{
    EXPECT_TRUE(takes("good", 10, 2));
    for (int i = 0; i < 1000; ++i) {
        (void)takes("d" + std::to_string(i), 10, 1);
        EXPECT_THAT(gone_, IsEmpty());
    }
    EXPECT_TRUE(all_.contains("good"));
    EXPECT_TRUE(takes("new", 10, 2)) << "and who is wanted twice stands above all of them";
    EXPECT_THAT(gone_, ElementsAre("d1"));
}

TEST_F(a_shelf, has_the_room_again_of_what_ended_or_was_removed)
{
    EXPECT_TRUE(takes("a", 100, 5, 10h));
    EXPECT_FALSE(takes("b", 1, 1));
    now_ = 10h - 1ns;
    EXPECT_FALSE(takes("b", 1, 1));
    now_ = 10h;
    EXPECT_TRUE(takes("b", 100, 1));
    EXPECT_THAT(gone_, IsEmpty()) << "the store forgot it by itself";
    all_.remove("b");
    all_.remove("b");
    EXPECT_EQ(all_.octets(), 0U);
    EXPECT_TRUE(takes("c", 100, 1));
}

TEST_F(a_shelf, that_finds_no_room_for_another_version_has_none_of_it)
{
    EXPECT_TRUE(takes("a", 50, 3));
    EXPECT_TRUE(takes("b", 10, 1));
    EXPECT_FALSE(takes("b", 60, 1));
    EXPECT_EQ(all_.octets(), 50U);
}

} // namespace
