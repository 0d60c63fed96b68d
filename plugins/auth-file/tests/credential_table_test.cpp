#include "src/credential_table.hpp"

#include "src/new_credential.hpp"
#include "tests/password_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace auth_file {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointee;

const credential& spare()
{
    static const credential made = [] {
        std::string why;
        return std::move(*parse_credential(test::bcrypt_line, why));
    }();
    return made;
}

std::shared_ptr<const credential_table> table(const std::string& text)
{
    bad_line why;
    auto made = credential_table::parse(text, why);
    EXPECT_NE(made, nullptr) << why.number << ": " << why.what;
    return made;
}

/// "LINE: what", or "taken".
std::string refused(const std::string& text)
{
    bad_line why;
    return credential_table::parse(text, why) != nullptr ? "taken" : std::to_string(why.number) + ": " + why.what;
}

std::string line(const std::string& name, const std::string& credential)
{
    return name + ":" + credential + "\n";
}

TEST(a_table, knows_right_from_wrong_and_from_unknown)
{
    const auto all = table("# staff\n\n" + line("alice", test::bcrypt_line) + line("bob", test::scram_sha_256_line));
    EXPECT_EQ(all->verify_password("alice", "correct horse", spare()), finding::right);
    EXPECT_EQ(all->verify_password("alice", "wrong", spare()), finding::wrong);
    EXPECT_EQ(all->verify_password("Alice", "correct horse", spare()), finding::unknown) << "names are compared exactly";
    EXPECT_EQ(all->verify_password("carol", "correct horse", spare()), finding::unknown);
    EXPECT_EQ(all->verify_password("bob", "correct horse", spare()), finding::unknown) << "there is no hash of bob";
    EXPECT_THAT(all->names(), ElementsAre("alice", "bob"));
}

TEST(a_table, takes_any_of_the_passwords_of_a_name)
{
    const auto all =
        table(line("alice", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW") + line("alice", test::bcrypt_line));
    EXPECT_EQ(all->verify_password("alice", "U*U", spare()), finding::right);
    EXPECT_EQ(all->verify_password("alice", "correct horse", spare()), finding::right);
    EXPECT_EQ(all->verify_password("alice", "neither", spare()), finding::wrong);
}

TEST(a_table, gives_nobody_the_password_of_its_stand_in)
{
    const auto all = table(line("alice", test::bcrypt_line));
    EXPECT_EQ(all->verify_password("nobody", "correct horse", spare()), finding::unknown);
    EXPECT_EQ(table("")->verify_password("nobody", "correct horse", spare()), finding::unknown);
}

TEST(a_table, finds_secrets_passwords_and_certificates)
{
    const auto all = table(line("alice", test::scram_sha_256_line) + line("alice", "{PLAIN}pen:cil") +
                           line("alice", "{CERTIFICATE}CN=alice,O=Example") + line("root", "{CERTIFICATE}CN=alice,O=Example"));
    EXPECT_NE(all->find("alice", credential_kind::scram_sha_256), nullptr);
    EXPECT_EQ(all->find("alice", credential_kind::scram_sha_1), nullptr);
    EXPECT_EQ(all->find("bob", credential_kind::scram_sha_256), nullptr);
    EXPECT_EQ(all->find("alice", credential_kind::plain)->text.view(), "pen:cil");
    EXPECT_THAT(all->find_by_certificate("CN=alice,O=Example", ""), Pointee(std::string{"alice"}));
    EXPECT_THAT(all->find_by_certificate("CN=alice,O=Example", "root"), Pointee(std::string{"root"}));
    EXPECT_EQ(all->find_by_certificate("CN=alice,O=Example", "bob"), nullptr);
    EXPECT_EQ(all->find_by_certificate("CN=alice", ""), nullptr);
    EXPECT_TRUE(all->has_kind(credential_kind::plain));
    EXPECT_FALSE(all->has_kind(credential_kind::scram_sha_1));
}

TEST(a_table, says_which_line_is_bad)
{
    const std::string good = line("alice", test::bcrypt_line);
    EXPECT_EQ(refused(good + "bob\n"), "2: a line is NAME:CREDENTIAL");
    EXPECT_THAT(refused("#\n\n" + good + "bob:secret\n"), HasSubstr("4: the credential begins with none of"));
    EXPECT_THAT(refused(good + ":x"), HasSubstr("2: a name has 1 to 255 octets"));
    EXPECT_EQ(refused(line(std::string(255, 'x'), test::bcrypt_line)), "taken");
    EXPECT_THAT(refused(line(std::string(256, 'x'), test::bcrypt_line)), HasSubstr("1: a name has 1 to 255 octets"));
    EXPECT_THAT(refused(line("a\tb", test::bcrypt_line)), HasSubstr("no control characters"));
    EXPECT_THAT(refused(line("\xff", test::bcrypt_line)), HasSubstr("SASLprep"));
    EXPECT_THAT(refused(line("\xc2\xaa", test::bcrypt_line)), HasSubstr("SASLprep"));
    EXPECT_THAT(refused("# " + std::string(5000, 'x')), HasSubstr("longer than 4096"));
}

TEST(a_table, has_one_secret_of_a_kind_and_16_credentials_for_a_name)
{
    const std::string secret = line("alice", test::scram_sha_1_line);
    EXPECT_THAT(refused(secret + secret), HasSubstr("2: that name has a credential of this kind already"));
    EXPECT_EQ(refused(secret + line("alice", test::scram_sha_256_line) + line("bob", test::scram_sha_1_line)), "taken");
    std::string many;
    for (int i = 0; i < 16; ++i)
        many += line("alice", test::bcrypt_line);
    EXPECT_EQ(refused(many), "taken");
    EXPECT_THAT(refused(many + line("alice", test::bcrypt_line)), HasSubstr("17: that name has 16 credentials already"));
}

} // namespace
} // namespace auth_file
