#include "core/sasl/server_mechanism.hpp"

#include "tests/unit/sasl/exchange.hpp"

#include <gtest/gtest.h>

namespace postern::sasl {
namespace {

using kind = progress::kind;

std::unique_ptr<server_mechanism> of_the_standard()
{
    surroundings where;
    where.nonce = "1896.697170952";
    where.hostname = "postoffice.reston.mci.net";
    return server("CRAM-MD5", std::move(where));
}

answer password_of_tim()
{
    auto made = good();
    made.plain_text = "tanstaaftanstaaf";
    return made;
}

TEST(cram_md5, plays_the_example_of_its_standard) // RFC 2195 2
{
    const auto one = of_the_standard();
    EXPECT_EQ(one->begin(std::nullopt).octets, "<1896.697170952@postoffice.reston.mci.net>");
    ASSERT_EQ(one->respond("tim b913a602c7eda7a495b4e6e7334d3890").what, kind::ask);
    EXPECT_EQ(one->asked().kind, proof_kind::plain_text);
    EXPECT_EQ(one->asked().user, "tim");
    EXPECT_EQ(one->answered(password_of_tim()).octets, "tim");
}

TEST(cram_md5, fails_alike_for_a_wrong_digest_and_an_unknown_name)
{
    const auto wrong = of_the_standard();
    (void)wrong->begin(std::nullopt);
    (void)wrong->respond("tim b913a602c7eda7a495b4e6e7334d3891");
    const auto unknown = of_the_standard();
    (void)unknown->begin(std::nullopt);
    (void)unknown->respond("tom b913a602c7eda7a495b4e6e7334d3890");
    const auto a = wrong->answered(password_of_tim());
    const auto b = unknown->answered(bad());
    EXPECT_EQ(a.what, kind::failed);
    EXPECT_EQ(b.what, kind::failed);
    EXPECT_EQ(a.octets, b.octets);
}

TEST(cram_md5, fails_where_the_password_is_empty)
{
    const auto one = of_the_standard();
    (void)one->begin(std::nullopt);
    (void)one->respond("tim 0123456789abcdef0123456789abcdef");
    EXPECT_EQ(one->answered(good("tim")).what, kind::failed);
}

TEST(cram_md5, has_no_initial_response) // RFC 4954 4
{
    EXPECT_EQ(of_the_standard()->begin("").what, kind::malformed);
}

TEST(cram_md5, takes_names_with_spaces_and_refuses_other_forms)
{
    const auto one = of_the_standard();
    (void)one->begin(std::nullopt);
    EXPECT_EQ(one->respond("tim the man b913a602c7eda7a495b4e6e7334d3890").what, kind::ask);
    EXPECT_EQ(one->asked().user, "tim the man");
    for (const auto* wrong :
         {"", "tim", "tim b913", "b913a602c7eda7a495b4e6e7334d3890", "tim b913a602c7eda7a495b4e6e7334d38900"}) {
        const auto other = of_the_standard();
        (void)other->begin(std::nullopt);
        EXPECT_EQ(other->respond(wrong).what, kind::malformed) << wrong;
    }
}

} // namespace
} // namespace postern::sasl
