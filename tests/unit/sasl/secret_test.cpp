#include "core/sasl/secret.hpp"

#include "core/base/base64.hpp"
#include "core/sasl/errc.hpp"

#include <gtest/gtest.h>

namespace postern::sasl {
namespace {

TEST(a_secret, of_scram_sha_256_is_that_of_its_standard) // RFC 7677 3; the keys as others compute them
{
    const auto made =
        make_scram_secret("pencil", base::from_base64("W22ZaJ0SNY7soEsUEjb6gQ==").value(), 4096, scram_hash::sha_256).value();
    EXPECT_EQ(base::to_base64(made.stored_key), "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
    EXPECT_EQ(base::to_base64(made.server_key), "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    EXPECT_EQ(made.iterations, 4096U);
}

TEST(a_secret, is_the_same_for_a_password_typed_otherwise)
{
    const auto composed = make_scram_secret("\xc3\xa9", "salt", 4096, scram_hash::sha_1).value();
    const auto decomposed = make_scram_secret("e\xcc\x81", "salt", 4096, scram_hash::sha_1).value();
    EXPECT_EQ(composed.stored_key, decomposed.stored_key);
    EXPECT_EQ(composed.stored_key.size(), 20U);
}

TEST(a_secret, is_not_made_with_few_iterations_without_salt_or_of_no_password)
{
    EXPECT_EQ(make_scram_secret("a", "salt", 4095, scram_hash::sha_1).error(), errc::bad_secret);
    EXPECT_EQ(make_scram_secret("a", "salt", most_iterations + 1, scram_hash::sha_1).error(), errc::bad_secret);
    EXPECT_EQ(make_scram_secret("a", "", 4096, scram_hash::sha_1).error(), errc::bad_secret);
    EXPECT_EQ(make_scram_secret("", "salt", 4096, scram_hash::sha_1).error(), errc::bad_text);
    EXPECT_EQ(make_scram_secret("a\nb", "salt", 4096, scram_hash::sha_1).error(), errc::bad_text);
}

} // namespace
} // namespace postern::sasl
