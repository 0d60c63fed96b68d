#include "core/sasl/crypto.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace postern::sasl {
namespace {

TEST(digests, are_those_of_their_standards)
{
    EXPECT_EQ(to_hex(hash(digest::md5, "abc")), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(to_hex(hash(digest::sha_1, "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(to_hex(hash(digest::sha_256, "abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(digests, with_a_key_are_those_of_rfc_2202)
{
    EXPECT_EQ(to_hex(hmac(digest::md5, "Jefe", "what do ya want for nothing?")), "750c783e6ab0b503eaa86e310a5db738");
    EXPECT_EQ(to_hex(hmac(digest::sha_1, "Jefe", "what do ya want for nothing?")), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST(pbkdf2, is_that_of_rfc_6070)
{
    EXPECT_EQ(to_hex(pbkdf2(digest::sha_1, "password", "salt", 4096)), "4b007901b765489abead49d926f721d065a429c1");
}

TEST(a_comparison, says_that_nothing_equals_nothing)
{
    EXPECT_TRUE(equals_in_constant_time("a", "a"));
    EXPECT_FALSE(equals_in_constant_time("a", "b"));
    EXPECT_FALSE(equals_in_constant_time("a", "ab"));
    EXPECT_FALSE(equals_in_constant_time("", ""));
}

TEST(nonces, are_printable_without_a_comma_and_never_the_same)
{
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto nonce = make_nonce();
        EXPECT_EQ(nonce.size(), 32U);
        EXPECT_EQ(nonce.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="),
                  std::string::npos);
        EXPECT_TRUE(seen.insert(nonce).second);
    }
}

TEST(what_is_wiped, is_empty)
{
    std::string secret = "a password that is long enough for the heap";
    wipe(secret);
    EXPECT_TRUE(secret.empty());
}

} // namespace
} // namespace postern::sasl
