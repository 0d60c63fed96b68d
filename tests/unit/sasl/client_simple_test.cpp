#include "core/sasl/client_steps.hpp"
#include "core/sasl/errc.hpp"
#include "tests/support/watched_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace postern::sasl {
namespace {

credentials token(std::string user, std::string text)
{
    credentials made;
    made.user = std::move(user);
    made.token = std::move(text);
    return made;
}

/// With ^ in place of the separator.
std::string shown(std::string text)
{
    std::replace(text.begin(), text.end(), '\x01', '^');
    return text;
}

TEST(a_client_of_oauthbearer, says_what_the_example_of_the_standard_says) // RFC 7628 4.1
{
    auto with = token("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
    with.host = "server.example.com";
    with.port = 143;
    const auto one = make_client_oauthbearer(with);
    EXPECT_EQ(shown(*one->begin().value()), "n,a=user@example.com,^host=server.example.com^port=143^"
                                            "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==^^");
    EXPECT_TRUE(one->is_complete());
}

TEST(a_client_of_oauthbearer, answers_the_description_of_an_error_and_believes_no_success_after_it) // RFC 7628 3.2.3
{
    const auto one = make_client_oauthbearer(token("", "abc"));
    EXPECT_EQ(shown(*one->begin().value()), "n,,^auth=Bearer abc^^");
    EXPECT_EQ(one->respond("{\"status\":\"invalid_token\"}").value(), "\x01");
    EXPECT_FALSE(one->is_complete());
    EXPECT_EQ(one->respond("{}").error(), errc::out_of_order);
}

TEST(a_client_of_xoauth2, says_a_user_and_a_token)
{
    const auto one = make_client_xoauth2(token("a@example.com", "abc"));
    EXPECT_EQ(shown(*one->begin().value()), "user=a@example.com^auth=Bearer abc^^");
    EXPECT_EQ(one->respond("{}").value(), "");
    EXPECT_FALSE(one->is_complete());
}

TEST(a_token, smuggles_nothing_in)
{
    for (const auto* wrong : {"a\x01"
                              "b",
                              "a b", "a\r\n", "\xc3\xa9"}) {
        EXPECT_EQ(make_client_oauthbearer(token("", wrong))->begin().error(), errc::bad_text);
        EXPECT_EQ(make_client_xoauth2(token("a", wrong))->begin().error(), errc::bad_text);
    }
    EXPECT_EQ(make_client_xoauth2(token("a\x01", "abc"))->begin().error(), errc::bad_text);
    auto with = token("", "abc");
    with.host = "a\x01";
    EXPECT_EQ(make_client_oauthbearer(with)->begin().error(), errc::bad_text);
}

TEST(a_token, is_nowhere_else_when_it_is_said)
{
    static const std::string text(600, 'x');
    auto with = token("a@example.com", text);
    with.host = "server.example.com";
    with.port = 143;
    const auto bearer = make_client_oauthbearer(with);
    const auto google = make_client_xoauth2(with);
    const test::freed_memory freed{std::string_view{text}.substr(0, 100)};
    const auto first = bearer->begin();
    const auto second = google->begin();
    EXPECT_EQ(test::freed_memory::take_found(), 0u);
    EXPECT_EQ(first.value()->size(), text.size() + 66);
    EXPECT_EQ(second.value()->size(), text.size() + 33);
}

TEST(a_client_of_external, says_for_whom_it_acts_if_it_does_for_another)
{
    credentials with;
    EXPECT_EQ(make_client_external(with)->begin().value(), "");
    with.act_for = "other";
    const auto one = make_client_external(with);
    EXPECT_EQ(one->begin().value(), "other");
    EXPECT_EQ(one->respond("").error(), errc::out_of_order);
}

TEST(a_client_of_anonymous, leaves_no_trace)
{
    const auto one = make_client_anonymous();
    EXPECT_EQ(one->begin().value(), "");
    EXPECT_TRUE(one->is_complete());
}

} // namespace
} // namespace postern::sasl
