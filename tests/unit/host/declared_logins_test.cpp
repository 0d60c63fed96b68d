#include "core/host/declared_logins.hpp"

#include "core/host/record_layout.hpp"
#include "core/host/reply_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace postern::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

postern_mechanism mechanism(std::string_view name)
{
    return {sizeof(postern_mechanism), 0, borrowed(name)};
}

/// Empty: it was taken.
std::string refusal(declared_logins& all, std::string_view name)
{
    return all.add(mechanism(name)).value_or("");
}

TEST(declared_logins, have_the_mechanisms_of_an_instance_in_order)
{
    declared_logins all;
    EXPECT_EQ(refusal(all, "XTEST"), "");
    EXPECT_EQ(refusal(all, "X-OTHER_2"), "");
    EXPECT_THAT(all.mechanisms(), ElementsAre("XTEST", "X-OTHER_2"));
}

TEST(declared_logins, take_names_of_1_to_20_characters_of_rfc_4422)
{
    declared_logins all;
    EXPECT_EQ(refusal(all, std::string(20, 'X')), "");
    for (const std::string& bad : {std::string{}, std::string(21, 'X'), std::string{"xtest"}, std::string{"X TEST"},
                                   std::string{"X.TEST"}, std::string{"X\0Y", 3}, std::string{"X\xc3\x84"}})
        EXPECT_THAT(refusal(all, bad), HasSubstr("RFC 4422 3.1")) << bad;
}

TEST(declared_logins, take_none_of_the_hosts_names_and_none_twice)
{
    declared_logins all;
    for (const char* own :
         {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "EXTERNAL", "ANONYMOUS", "XOAUTH2"})
        EXPECT_THAT(refusal(all, own), HasSubstr("is the host's own")) << own;
    EXPECT_EQ(refusal(all, "XTEST"), "");
    EXPECT_THAT(refusal(all, "XTEST"), HasSubstr("declared twice"));
}

TEST(declared_logins, are_at_most_16_mechanisms)
{
    declared_logins all;
    for (int i = 0; i < 16; ++i)
        EXPECT_EQ(refusal(all, "X" + std::to_string(i)), "") << i;
    EXPECT_THAT(refusal(all, "X16"), HasSubstr("too many"));
}

TEST(declared_logins, are_not_read_from_records_that_are_wrong)
{
    declared_logins all;
    auto what = mechanism("XTEST");
    what.size = sizeof what - 1;
    EXPECT_TRUE(all.add(what));
    what = mechanism("XTEST");
    what.flags = 1;
    EXPECT_TRUE(all.add(what));
    what = mechanism("XTEST");
    what.name.ptr = nullptr;
    EXPECT_TRUE(all.add(what));
    EXPECT_THAT(all.mechanisms(), IsEmpty());
}

TEST(declared_logins, add_up_what_is_verified)
{
    declared_logins all;
    EXPECT_EQ(all.kinds(), 0U);
    EXPECT_FALSE(all.add(POSTERN_AUTH_PASSWORD));
    EXPECT_FALSE(all.add(POSTERN_AUTH_SECRET | POSTERN_AUTH_TOKEN));
    EXPECT_EQ(all.kinds(), POSTERN_AUTH_PASSWORD | POSTERN_AUTH_SECRET | POSTERN_AUTH_TOKEN);
    EXPECT_TRUE(all.add(0U));
    EXPECT_TRUE(all.add(std::uint32_t{1} << 31U));
    EXPECT_EQ(all.kinds(), POSTERN_AUTH_PASSWORD | POSTERN_AUTH_SECRET | POSTERN_AUTH_TOKEN);
}

} // namespace
} // namespace postern::daemon
