#include "core/sasl/server_mechanism.hpp"

#include "tests/unit/sasl/exchange.hpp"

#include <gtest/gtest.h>

namespace postern::sasl {
namespace {

using kind = progress::kind;

surroundings with_certificate()
{
    surroundings where;
    where.channel.is_tls = true;
    where.channel.certificate_subject = "CN=tim";
    return where;
}

TEST(external, asks_whose_the_certificate_is)
{
    const auto one = server("EXTERNAL", with_certificate());
    EXPECT_EQ(one->begin(std::nullopt).what, kind::challenge);
    ASSERT_EQ(one->respond("").what, kind::ask);
    EXPECT_EQ(one->asked().kind, proof_kind::certificate);
    EXPECT_EQ(one->asked().proof, "CN=tim");
    EXPECT_EQ(one->answered(good("tim")).octets, "tim");
}

TEST(external, fails_without_a_certificate_an_identity_or_a_name_that_can_be)
{
    EXPECT_EQ(server("EXTERNAL")->begin("").what, kind::failed);
    EXPECT_EQ(server("EXTERNAL", with_certificate())->begin(std::string_view{"a\0", 2}).what, kind::failed);
    const auto one = server("EXTERNAL", with_certificate());
    (void)one->begin("other");
    EXPECT_EQ(one->asked().act_for, "other");
    EXPECT_EQ(one->answered(good()).what, kind::failed);
}

TEST(anonymous, is_nobody_in_particular)
{
    const auto one = server("ANONYMOUS");
    ASSERT_EQ(one->begin("sirhc").what, kind::ask); // RFC 4505 4
    EXPECT_EQ(one->asked().kind, proof_kind::anonymous);
    EXPECT_EQ(one->asked().proof, "sirhc");
    EXPECT_EQ(one->answered(good()).octets, "anonymous");
    EXPECT_EQ(server("ANONYMOUS")->begin("a\n").what, kind::malformed);
}

TEST(anonymous, is_refused_where_nobody_wants_it)
{
    const auto one = server("ANONYMOUS");
    (void)one->begin("");
    EXPECT_EQ(one->answered(bad()).what, kind::failed);
}

} // namespace
} // namespace postern::sasl
