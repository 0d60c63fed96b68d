#include "src/credential.hpp"

#include "src/new_credential.hpp"
#include "tests/password_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace auth_file {
namespace {

using testing::HasSubstr;

credential parsed(const std::string& text)
{
    std::string why;
    auto made = parse_credential(text, why);
    EXPECT_TRUE(made) << text << ": " << why;
    return made ? std::move(*made) : credential{};
}

std::string refused(const std::string& text)
{
    std::string why;
    return parse_credential(text, why) ? "taken" : why;
}

TEST(a_password_hash, is_right_for_its_password_alone)
{
    for (const char* text : {test::bcrypt_line, test::sha512_line, test::yescrypt_line}) {
        const auto hash = parsed(text);
        EXPECT_TRUE(hash.is_password_hash());
        EXPECT_EQ(verify(hash, "correct horse"), finding::right) << text;
        for (const char* bad : {"correct horsf", "correct hors", "correct horse ", "", "*0", text})
            EXPECT_EQ(verify(hash, bad), finding::wrong) << text << " " << bad;
        EXPECT_EQ(verify(hash, std::string_view{"correct horse\0x", 15}), finding::wrong) << text;
        EXPECT_EQ(verify(hash, std::string(2000, 'x')), finding::wrong) << text;
    }
}

TEST(a_password_hash, of_others_is_verified) // crypt_blowfish's own example
{
    EXPECT_EQ(verify(parsed("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), "U*U"), finding::right);
}

TEST(an_argon2id_hash, that_was_made_here_is_right_for_its_password_alone)
{
    const auto hash = parsed(make_argon2id("correct horse", {1, std::size_t{8} << 20U}));
    EXPECT_EQ(hash.kind, credential_kind::argon2id);
    EXPECT_EQ(hash.parameters, "$argon2id$v=19$m=8192,t=1,p=1");
    EXPECT_EQ(verify(hash, "correct horse"), finding::right);
    EXPECT_EQ(verify(hash, "correct hors"), finding::wrong);
}

TEST(a_password_hash, has_parameters_that_say_how_long_it_takes)
{
    EXPECT_EQ(parsed(test::bcrypt_line).parameters, "$2b$04");
    EXPECT_EQ(parsed(test::sha512_line).parameters, "$6$rounds=1000");
    EXPECT_EQ(parsed(test::yescrypt_line).parameters, "$y$j75");
}

TEST(a_scram_secret, is_read_as_rfc_5803_writes_it)
{
    const auto made = parsed(test::scram_sha_256_line);
    EXPECT_EQ(made.kind, credential_kind::scram_sha_256);
    EXPECT_EQ(made.scram.iterations, 4096u);
    EXPECT_EQ(made.scram.salt.size(), 16u);
    EXPECT_EQ(made.scram.stored_key.view().size(), 32u);
    EXPECT_EQ(made.scram.server_key.view().size(), 32u);
    EXPECT_EQ(parsed(test::scram_sha_1_line).scram.stored_key.view().size(), 20u);
}

TEST(a_scram_secret, has_4096_to_10000000_iterations)
{
    const std::string all = test::scram_sha_1_line;
    const auto with = [&](const std::string& iterations) { return "SCRAM-SHA-1$" + iterations + all.substr(all.find(':')); };
    EXPECT_EQ(refused(with("10000000")), "taken");
    for (const char* bad : {"4095", "10000001", "", "-1", "4096x", "99999999999999999999"})
        EXPECT_THAT(refused(with(bad)), HasSubstr("4096 to 10000000 iterations")) << bad;
}

TEST(a_credential, that_is_cut_or_spoiled_is_refused)
{
    for (const std::string& whole :
         {std::string{test::bcrypt_line}, std::string{test::sha512_line}, std::string{test::yescrypt_line},
          std::string{test::scram_sha_1_line}, std::string{test::scram_sha_256_line},
          make_argon2id("correct horse", {1, std::size_t{8} << 20U})})
        for (std::size_t length = 0; length < whole.size(); ++length)
            EXPECT_NE(refused(whole.substr(0, length)), "taken") << whole.substr(0, length);
    for (const char* bad : {"", "secret", "$1$salt$qJH7.N4xYta3aEG/dfqo/0", "$argon2i$v=19$m=8192,t=1,p=1$aa$bb", "{SHA}x",
                            "{PLAIN}", "{CERTIFICATE}", "{plain}x", "x\x01"})
        EXPECT_NE(refused(bad), "taken") << bad;
    EXPECT_THAT(refused("{CERTIFICATE}" + std::string(1025, 'x')), HasSubstr("1 to 1024 octets"));
    EXPECT_EQ(refused("{CERTIFICATE}" + std::string(1024, 'x')), "taken");
}

TEST(a_credential, that_is_bad_is_not_in_what_is_said_about_it)
{
    EXPECT_THAT(refused("hunter2"), testing::Not(HasSubstr("hunter2")));
}

} // namespace
} // namespace auth_file
