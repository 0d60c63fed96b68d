#include "core/sasl/client_steps.hpp"
#include "core/sasl/errc.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::sasl {
namespace {

credentials with(std::string user, std::string password, std::string act_for = {})
{
    credentials made;
    made.user = std::move(user);
    made.password = std::move(password);
    made.act_for = std::move(act_for);
    return made;
}

TEST(a_client_of_plain, says_all_at_once) // RFC 4616 4
{
    const auto one = make_client_plain(with("Kurt", "xipj3plmq", "Ursel"));
    EXPECT_EQ(one->begin().value(), (std::string{"Ursel\0Kurt\0xipj3plmq", 20}));
    EXPECT_TRUE(one->is_complete());
    EXPECT_EQ(one->respond("").error(), errc::out_of_order);
}

TEST(a_client_of_plain, refuses_nul_and_line_ends)
{
    EXPECT_EQ(make_client_plain(with(std::string{"a\0b", 3}, "c"))->begin().error(), errc::bad_text);
    EXPECT_EQ(make_client_plain(with("a", "c\r\n"))->begin().error(), errc::bad_text);
    EXPECT_EQ(make_client_plain(with("a", "c", "\n"))->begin().error(), errc::bad_text);
}

TEST(a_client_of_login, says_the_name_and_then_the_password_whatever_it_is_asked)
{
    const auto one = make_client_login(with("tim", "secret"));
    EXPECT_FALSE(one->begin().value().has_value());
    EXPECT_EQ(one->respond("User Name").value(), "tim");
    EXPECT_FALSE(one->is_complete());
    EXPECT_EQ(one->respond("").value(), "secret");
    EXPECT_TRUE(one->is_complete());
    EXPECT_EQ(one->respond("more?").error(), errc::out_of_order);
}

TEST(a_client_of_cram_md5, plays_the_example_of_the_standard) // RFC 2195 2
{
    const auto one = make_client_cram(with("tim", "tanstaaftanstaaf"));
    EXPECT_FALSE(one->begin().value().has_value());
    EXPECT_EQ(one->respond("<1896.697170952@postoffice.reston.mci.net>").value(), "tim b913a602c7eda7a495b4e6e7334d3890");
    EXPECT_TRUE(one->is_complete());
    EXPECT_EQ(one->respond("<again>").error(), errc::out_of_order);
}

TEST(a_client_of_cram_md5, proves_nothing_to_a_server_that_asks_nothing)
{
    const auto one = make_client_cram(with("tim", "tanstaaftanstaaf"));
    (void)one->begin();
    EXPECT_EQ(one->respond("").error(), errc::bad_challenge);
    EXPECT_EQ(one->respond(std::string(4097, '<')).error(), errc::bad_challenge);
    EXPECT_FALSE(one->is_complete());
}

} // namespace
} // namespace postern::sasl
