#include "core/base/ids.hpp"

#include <gtest/gtest.h>

#include <set>

namespace postern::base {
namespace {

class stopped_clock final : public clock {
public:
    [[nodiscard]] instant now() const noexcept override { return {}; }
    [[nodiscard]] wall_time wall() const noexcept override { return time; }

    wall_time time{std::chrono::milliseconds{1'700'000'000'000}};
};

TEST(ids, are_printed_as_thirteen_digits_and_read_back)
{
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{31}, std::uint64_t{32}, ~std::uint64_t{0}}) {
        EXPECT_EQ(id_text(value).size(), 13U);
        EXPECT_EQ(parse_id(id_text(value)), value);
    }
    EXPECT_EQ(id_text(0), "0000000000000");
    EXPECT_EQ(id_text(~std::uint64_t{0}), "FZZZZZZZZZZZZ");
}

TEST(ids, sort_as_text_as_they_do_as_numbers)
{
    seeded_random random{1};
    for (int i = 0; i < 1000; ++i) {
        const auto a = random.next();
        const auto b = random.next();
        EXPECT_EQ(a < b, id_text(a) < id_text(b));
    }
}

TEST(ids, are_read_in_either_case)
{
    EXPECT_EQ(parse_id("00000000000az"), parse_id("00000000000AZ"));
    EXPECT_EQ(parse_id("00000000000AZ"), std::uint64_t{10 * 32 + 31});
}

TEST(ids, refuse_text_that_is_no_id)
{
    EXPECT_FALSE(parse_id(""));
    EXPECT_FALSE(parse_id("000000000000"));
    EXPECT_FALSE(parse_id("00000000000000"));
    EXPECT_FALSE(parse_id("000000000000U"));
    EXPECT_FALSE(parse_id("000000000000/"));
    EXPECT_FALSE(parse_id("00000000\xc3\xa9"
                          "000"));
    EXPECT_FALSE(parse_id("G000000000000")) << "2^64 does not fit";
    EXPECT_FALSE(parse_id("ZZZZZZZZZZZZZ"));
}

TEST(ids, of_one_source_grow_and_never_repeat)
{
    stopped_clock time;
    seeded_random random{7};
    id_source source{time, random, 3};
    std::uint64_t last = 0;
    for (int i = 0; i < 100'000; ++i) {
        if (i == 50'000)
            time.time -= std::chrono::hours{1}; // a clock that steps back
        const auto id = source.next();
        ASSERT_GT(id, last);
        last = id;
    }
}

TEST(ids, of_two_lanes_never_meet)
{
    stopped_clock time;
    seeded_random random{7};
    id_source one{time, random, 0};
    id_source two{time, random, 255};
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 20'000; ++i) {
        EXPECT_TRUE(seen.insert(one.next()).second);
        EXPECT_TRUE(seen.insert(two.next()).second);
    }
}

TEST(ids, of_different_kinds_are_different_types)
{
    static_assert(!std::is_convertible_v<session_id, message_id>);
    EXPECT_FALSE(static_cast<bool>(session_id{}));
    EXPECT_TRUE(static_cast<bool>(session_id{5}));
    EXPECT_EQ(to_text(message_id{33}), "0000000000011");
    EXPECT_EQ(std::hash<message_id>{}(message_id{33}), std::hash<std::uint64_t>{}(33));
}

} // namespace
} // namespace postern::base
