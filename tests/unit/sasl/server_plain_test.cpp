#include "core/sasl/server_mechanism.hpp"

#include "tests/unit/sasl/exchange.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::sasl {
namespace {

using kind = progress::kind;

std::string message(std::string_view act_for, std::string_view user, std::string_view password)
{
    std::string made{act_for};
    return made.append(1, '\0').append(user).append(1, '\0').append(password);
}

TEST(plain, asks_about_the_name_and_password_of_its_standards_example) // RFC 4616 4
{
    const auto one = server("PLAIN");
    ASSERT_EQ(one->begin(message("", "tim", "tanstaaftanstaaf")).what, kind::ask);
    EXPECT_EQ(one->asked().kind, proof_kind::password);
    EXPECT_EQ(one->asked().user, "tim");
    EXPECT_EQ(one->asked().proof, "tanstaaftanstaaf");
    EXPECT_EQ(one->asked().act_for, "");
    const auto end = one->answered(good());
    EXPECT_EQ(end.what, kind::done);
    EXPECT_EQ(end.octets, "tim");
    EXPECT_EQ(one->asked().proof, "");
}

TEST(plain, asks_for_the_response_that_did_not_come_at_once)
{
    const auto one = server("PLAIN");
    const auto first = one->begin(std::nullopt);
    EXPECT_EQ(first.what, kind::challenge);
    EXPECT_EQ(first.octets, "");
    EXPECT_EQ(one->respond(message("", "a", "b")).what, kind::ask);
}

TEST(plain, lets_act_for_another_only_who_is_said_to)
{
    const auto one = server("PLAIN");
    ASSERT_EQ(one->begin(message("Ursel", "Kurt", "xipj3plmq")).what, kind::ask);
    EXPECT_EQ(one->asked().act_for, "Ursel");
    EXPECT_EQ(one->answered(good()).what, kind::failed);

    const auto other = server("PLAIN");
    ASSERT_EQ(other->begin(message("Ursel", "Kurt", "xipj3plmq")).what, kind::ask);
    EXPECT_EQ(other->answered(good("Ursel")).octets, "Ursel");
}

TEST(plain, takes_what_is_not_of_its_form_for_malformed)
{
    for (const auto& wrong : {std::string{}, std::string{"a"}, std::string{"\0a", 2}, message("", "", "b"), message("", "a", ""),
                              message("", "a", "b") + '\0', message("", std::string(1500, 'a'), std::string(1600, 'b'))})
        EXPECT_EQ(server("PLAIN")->begin(wrong).what, kind::malformed);
}

TEST(plain, fails_where_saslprep_does)
{
    EXPECT_EQ(server("PLAIN")->begin(message("", "a\n", "b")).what, kind::failed);
    EXPECT_EQ(server("PLAIN")->begin(message("", "a", "\xff")).what, kind::failed);
    EXPECT_EQ(server("PLAIN")->begin(message("\r", "a", "b")).what, kind::failed);
    EXPECT_EQ(server("PLAIN")->begin(message("", std::string(1025, 'a'), "b")).what, kind::failed);
}

TEST(plain, prepares_names_and_passwords)
{
    const auto one = server("PLAIN");
    ASSERT_EQ(one->begin(message("", "I\xc2\xadX", "\xc2\xaa")).what, kind::ask);
    EXPECT_EQ(one->asked().user, "IX");
    EXPECT_EQ(one->asked().proof, "a");
    EXPECT_EQ(one->answered(bad()).what, kind::failed);
}

TEST(login, asks_for_a_name_and_then_for_a_password)
{
    const auto one = server("LOGIN");
    EXPECT_EQ(one->begin(std::nullopt).octets, "Username:");
    EXPECT_EQ(one->respond("tim").octets, "Password:");
    ASSERT_EQ(one->respond("secret").what, kind::ask);
    EXPECT_EQ(one->asked().user, "tim");
    EXPECT_EQ(one->asked().proof, "secret");
    EXPECT_EQ(one->answered(good("tim@example.com")).octets, "tim@example.com");
}

TEST(login, takes_an_initial_response_for_the_name)
{
    const auto one = server("LOGIN");
    EXPECT_EQ(one->begin("tim").octets, "Password:");
    EXPECT_EQ(one->respond("secret").what, kind::ask);
}

TEST(login, refuses_empty_overlong_and_broken_names)
{
    EXPECT_EQ(server("LOGIN")->begin("").what, kind::malformed);
    EXPECT_EQ(server("LOGIN")->begin(std::string(1025, 'a')).what, kind::malformed);
    EXPECT_EQ(server("LOGIN")->begin(std::string_view{"a\0", 2}).what, kind::malformed);
    const auto one = server("LOGIN");
    (void)one->begin("a\r");
    EXPECT_EQ(one->respond("b").what, kind::failed);
}

} // namespace
} // namespace postern::sasl
