#include "src/user_words.hpp"

#include "src/kept_file.hpp"
#include "tests/password_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace auth_file {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr hash_limits cheap{1, std::size_t{8} << 20U};

class users : public testing::Test {
protected:
    said told(const std::vector<std::string>& words, std::string_view password = {})
    {
        const bool has_input = password.data() != nullptr;
        return tell(file.path(), cheap, words, has_input ? &password : nullptr);
    }
    finding login(const std::string& name, const std::string& password)
    {
        const auto all = load(file.path()).table;
        std::string why;
        return all->verify_password(name, password, *parse_credential(test::bcrypt_line, why));
    }
    bool has(const std::string& name, credential_kind kind) { return load(file.path()).table->find(name, kind) != nullptr; }

    test::password_file file;
};

TEST_F(users, are_added_and_can_log_in)
{
    file.write("# mine\n");
    const auto done = told({"user", "add", "alice"}, "correct horse\n");
    EXPECT_TRUE(done.is_done) << done.text;
    EXPECT_THAT(file.text(), MatchesRegex("# mine\nalice:\\$argon2id\\$v=19\\$m=8192,t=1,p=1\\$[^\n]*\n"));
    EXPECT_EQ(login("alice", "correct horse"), finding::right);
    EXPECT_EQ(login("alice", "correct horse\n"), finding::wrong);
    EXPECT_EQ(told({"user", "list"}).text, "alice\n");
}

TEST_F(users, are_added_with_secrets_for_other_mechanisms)
{
    EXPECT_TRUE(told({"user", "add", "alice", "scram", "cram-md5"}, "pencil").is_done);
    EXPECT_TRUE(has("alice", credential_kind::argon2id));
    EXPECT_TRUE(has("alice", credential_kind::scram_sha_256));
    EXPECT_THAT(file.text(), HasSubstr("alice:{PLAIN}pencil\n"));
}

TEST_F(users, are_added_once)
{
    EXPECT_TRUE(told({"user", "add", "alice"}, "one").is_done);
    const auto again = told({"user", "add", "alice"}, "two");
    EXPECT_FALSE(again.is_done);
    EXPECT_THAT(again.text, StartsWith("alice is there already"));
    EXPECT_EQ(login("alice", "one"), finding::right);
}

TEST_F(users, get_another_password_for_all_that_they_use)
{
    file.write(std::string{"a:"} + test::bcrypt_line + "\na:" + test::scram_sha_1_line +
               "\na:{PLAIN}pencil\na:{CERTIFICATE}CN=a\n");
    EXPECT_TRUE(told({"user", "passwd", "a", "scram"}, "new").is_done);
    EXPECT_EQ(login("a", "correct horse"), finding::wrong);
    EXPECT_EQ(login("a", "new"), finding::right);
    EXPECT_THAT(file.text(), Not(HasSubstr(test::scram_sha_1_line)));
    EXPECT_TRUE(has("a", credential_kind::scram_sha_1));
    EXPECT_TRUE(has("a", credential_kind::scram_sha_256));
    EXPECT_THAT(file.text(), HasSubstr("a:{PLAIN}new\n"));
    EXPECT_THAT(file.text(), HasSubstr("a:{CERTIFICATE}CN=a\n"));
    EXPECT_FALSE(told({"user", "passwd", "b"}, "new").is_done);
}

TEST_F(users, are_deleted_and_leave_nothing)
{
    EXPECT_TRUE(told({"user", "add", "alice", "scram"}, "x").is_done);
    EXPECT_TRUE(told({"user", "add", "bob"}, "x").is_done);
    EXPECT_TRUE(told({"user", "delete", "alice"}).is_done);
    EXPECT_EQ(told({"user", "list"}).text, "bob\n");
    EXPECT_FALSE(told({"user", "delete", "alice"}).is_done);
}

TEST_F(users, have_names_and_passwords_in_the_form_in_which_they_are_asked_for)
{
    EXPECT_TRUE(told({"user", "add", "I\xc2\xadX"}, "p\xc2\xaa").is_done);
    EXPECT_EQ(login("IX", "pa"), finding::right);
}

TEST_F(users, need_a_password_of_one_line)
{
    for (const std::string_view bad : {"", "\n", "a\nb", "a\r\n", "a\n\n", "\xff", "\xc2\xad"}) {
        EXPECT_FALSE(told({"user", "add", "alice"}, bad).is_done) << bad;
    }
    EXPECT_FALSE(told({"user", "add", "alice"}).is_done);
    EXPECT_FALSE(told({"user", "add", "alice"}, std::string(1025, 'x')).is_done);
    EXPECT_TRUE(told({"user", "add", "alice"}, std::string(1024, 'x')).is_done);
}

TEST_F(users, have_no_names_that_a_line_cannot_hold)
{
    for (const char* bad : {"", "#a", "a:b", "a\nb", "\xff"})
        EXPECT_FALSE(told({"user", "add", bad}, "x").is_done) << bad;
    EXPECT_EQ(file.text(), "");
}

TEST_F(users, are_not_changed_in_a_file_with_a_bad_line)
{
    file.write("alice:hunter2\n");
    const auto refused = told({"user", "add", "bob"}, "x");
    EXPECT_FALSE(refused.is_done);
    EXPECT_THAT(refused.text, HasSubstr("users:1: the credential"));
    EXPECT_EQ(file.text(), "alice:hunter2\n");
}

TEST_F(users, are_told_of_by_words_that_it_knows)
{
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"user"},
                                                                                       {"dance"},
                                                                                       {"user", "add"},
                                                                                       {"user", "add", "a", "md5"},
                                                                                       {"user", "list", "a"},
                                                                                       {"user", "delete", "a", "b"},
                                                                                       {"add", "a", "b"}})
        EXPECT_THAT(told(words, "x").text, StartsWith("there are: user add NAME"));
}

} // namespace
} // namespace auth_file
