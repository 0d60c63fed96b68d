#include "core/sasl/server_mechanism.hpp"

#include "tests/unit/sasl/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace postern::sasl {
namespace {

using kind = progress::kind;

/// With ^ in place of the separator.
std::string message(std::string text)
{
    std::replace(text.begin(), text.end(), '^', '\x01');
    return text;
}

TEST(oauthbearer, plays_the_example_of_its_standard) // RFC 7628 4.1
{
    const auto one = server("OAUTHBEARER");
    ASSERT_EQ(one->begin(message("n,a=user@example.com,^host=server.example.com^port=143^"
                                 "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==^^"))
                  .what,
              kind::ask);
    EXPECT_EQ(one->asked().kind, proof_kind::token);
    EXPECT_EQ(one->asked().user, "user@example.com");
    EXPECT_EQ(one->asked().proof, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
    EXPECT_EQ(one->answered(good()).octets, "user@example.com");
}

TEST(oauthbearer, describes_its_refusal_and_fails_after_whatever_comes_then) // RFC 7628 3.2.3
{
    const auto one = server("OAUTHBEARER");
    (void)one->begin(message("n,,^auth=Bearer abc^^"));
    EXPECT_EQ(one->asked().user, "");
    const auto refusal = one->answered(bad());
    EXPECT_EQ(refusal.what, kind::challenge);
    EXPECT_THAT(refusal.octets, ::testing::HasSubstr("\"status\":\"invalid_token\""));
    EXPECT_EQ(one->respond("\x01").what, kind::failed);
    EXPECT_EQ(one->respond("\x01").what, kind::malformed);
}

TEST(oauthbearer, refuses_whoever_asks_without_a_token) // RFC 7628 4.3
{
    const auto one = server("OAUTHBEARER");
    EXPECT_EQ(one->begin(message("n,,^auth=^^")).what, kind::challenge);
    EXPECT_EQ(one->respond("\x01").what, kind::failed);
}

TEST(oauthbearer, does_not_let_in_whom_nobody_named)
{
    const auto one = server("OAUTHBEARER");
    (void)one->begin(message("n,,^auth=Bearer abc^^"));
    EXPECT_EQ(one->answered(good()).what, kind::failed);
}

TEST(oauthbearer, refuses_what_is_not_of_its_form)
{
    for (const auto* wrong : {"",
                              "n",
                              "n,",
                              "n,,",
                              "n,,^",
                              "n,,^^",
                              "n,,^auth=Bearer abc",
                              "n,,^auth=Bearer abc^",
                              "n,,^auth=Bearer abc^^x",
                              "p=tls-exporter,,^auth=Bearer abc^^",
                              "n,a=,^auth=Bearer abc^^",
                              "n,a=x^auth=Bearer abc^^",
                              "n,,auth=Bearer abc^^",
                              "n,,^auth=Basic abc^^",
                              "n,,^auth=Bearer^^",
                              "n,,^auth=Bearer ^^",
                              "n,,^auth=Bearer a b^^",
                              "n,,^auth=Bearer a,b^^",
                              "n,,^auth=Bearer ==^^",
                              "n,,^auth=Bearer a=b^^",
                              "n,,^auth=Bearer a^auth=Bearer a^^",
                              "n,,^=x^auth=Bearer a^^",
                              "n,,^host^auth=Bearer a^^",
                              "n,,^h2=x^auth=Bearer a^^",
                              "x,,^auth=Bearer abc^^"})
        EXPECT_EQ(server("OAUTHBEARER")->begin(message(wrong)).what, kind::malformed) << wrong;
    EXPECT_EQ(server("OAUTHBEARER")->begin(message("n,a=\r\n,^auth=Bearer abc^^")).what, kind::failed);
    EXPECT_EQ(server("OAUTHBEARER")->begin(message("y,,^auth=bearer  abc^^")).what, kind::ask);
}

TEST(xoauth2, asks_about_a_user_and_a_token)
{
    const auto one = server("XOAUTH2");
    ASSERT_EQ(one->begin(message("user=someuser@example.com^auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg^^")).what,
              kind::ask);
    EXPECT_EQ(one->asked().user, "someuser@example.com");
    EXPECT_EQ(one->asked().proof, "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
    EXPECT_THAT(one->answered(bad()).octets, ::testing::HasSubstr("\"status\":\"401\""));
    EXPECT_EQ(one->respond("").what, kind::failed);
}

TEST(xoauth2, refuses_what_is_not_of_its_form)
{
    for (const auto* wrong : {"", "user=a", "user=a^", "user=a^auth=Bearer b", "user=a^auth=Bearer b^", "user=a^auth=Bearer b^^^",
                              "user=^auth=Bearer b^^", "auth=Bearer b^user=a^^", "user=a^auth=b^^", "user=a^^auth=Bearer b^^"})
        EXPECT_EQ(server("XOAUTH2")->begin(message(wrong)).what, kind::malformed) << wrong;
}

} // namespace
} // namespace postern::sasl
