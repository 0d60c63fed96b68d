#include "core/base/secret.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace postern::base {
namespace {

constexpr std::string_view short_one = "tanstaaf";
constexpr std::string_view long_one = "tanstaaftanstaaftanstaaftanstaaf";

/// Where a short text lies within its owner, and a long one behind it: both are still there to be looked at.
bool is_zero(const char* octets, std::size_t size)
{
    return std::all_of(octets, octets + size, [](char c) { return c == '\0'; });
}

TEST(wiping, leaves_no_octet_of_what_was_there)
{
    std::string text{long_one};
    const char* const at = text.data();
    wipe(text);
    EXPECT_TRUE(text.empty());
    EXPECT_EQ(text.data(), at);
    EXPECT_TRUE(is_zero(at, long_one.size()));
}

TEST(wiping, reaches_what_is_behind_the_end)
{
    std::string text{long_one};
    text.resize(2);
    const char* const at = text.data();
    wipe(text);
    EXPECT_TRUE(is_zero(at, long_one.size()));
}

TEST(a_secret, is_as_a_string)
{
    const secret_text none;
    EXPECT_TRUE(none.empty());
    for (const auto octets : {short_one, long_one}) {
        const secret_text one{octets};
        secret_text other;
        other = one;
        EXPECT_EQ(other.view(), octets);
        EXPECT_EQ(other.size(), octets.size());
        EXPECT_EQ(other, one);
        EXPECT_NE(other, none);
        other = std::string{"x"};
        EXPECT_EQ(other.view(), "x");
        EXPECT_EQ(one.view(), octets) << "of which the other was a copy";
    }
}

TEST(a_secret, is_gone_from_where_it_ends)
{
    alignas(secret_text) char room[sizeof(secret_text)] = {};
    auto* const one = std::construct_at(reinterpret_cast<secret_text*>(room), short_one);
    ASSERT_NE(std::string_view(room, sizeof room).find(short_one), std::string_view::npos) << "short ones lie within";
    std::destroy_at(one);
    EXPECT_EQ(std::string_view(room, sizeof room).find(short_one.substr(1)), std::string_view::npos);
}

TEST(a_secret, is_gone_from_where_it_moved_from)
{
    secret_text from{short_one};
    const secret_text to{std::move(from)};
    EXPECT_EQ(to.view(), short_one);
    const std::string_view left{reinterpret_cast<const char*>(&from), sizeof from};
    EXPECT_EQ(left.find(short_one.substr(1)), std::string_view::npos);
    std::string text{short_one};
    const secret_text of_a_string{std::move(text)};
    EXPECT_EQ(of_a_string.view(), short_one);
    EXPECT_EQ((std::string_view{reinterpret_cast<const char*>(&text), sizeof text}.find(short_one.substr(1))),
              std::string_view::npos);
}

TEST(a_secret, is_gone_from_where_another_takes_its_place)
{
    secret_text one{short_one};
    one = secret_text{"x"};
    const std::string_view all{reinterpret_cast<const char*>(&one), sizeof one};
    EXPECT_EQ(all.find(short_one.substr(1)), std::string_view::npos);
    EXPECT_EQ(one.view(), "x");
}

TEST(a_secret, grows_in_portions)
{
    secret_text all;
    for (int i = 0; i < 100; ++i)
        all.append(short_one);
    EXPECT_EQ(all.size(), 100 * short_one.size());
    EXPECT_TRUE(all.view().starts_with(short_one));
    EXPECT_TRUE(all.view().ends_with(short_one));
}

} // namespace
} // namespace postern::base
