#include "tests/password_file.hpp"

#include <postern/testing/fake_generation.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

using namespace postern::testing;
using auth_file::test::password_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

const std::string alice = std::string{"alice:"} + auth_file::test::bcrypt_line + "\n";

class auth_file_plugin : public testing::Test {
protected:
    void start(const std::string& text, std::int64_t failures = 2)
    {
        file_.write(text);
        host_.option("file", file_.path().string());
        host_.option("memlimit", std::int64_t{8} << 20U);
        host_.option("opslimit", std::int64_t{1});
        host_.option("failures", failures);
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    answer password(std::string_view user, std::string_view given, std::string_view act_for = {})
    {
        return session_.auth_verify(POSTERN_AUTH_PASSWORD, user, given, act_for);
    }

    password_file file_;
    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(auth_file_plugin, tells_who_somebody_is_who_that_is_not_and_whom_it_does_not_know)
{
    start(alice);
    EXPECT_EQ(password("alice", "correct horse").identity(), "alice");
    EXPECT_TRUE(password("alice", "wrong").rejects());
    EXPECT_EQ(password("bob", "correct horse").came, answer::how::passed);
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_TOKEN, "alice", "x").came, answer::how::passed);
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_ANONYMOUS, "anonymous", "x").came, answer::how::passed);
}

TEST_F(auth_file_plugin, says_wrong_in_the_servers_own_words)
{
    start(alice);
    const auto said = password("alice", "wrong");
    EXPECT_EQ(said.smtp_code, 0u);
    EXPECT_EQ(said.text, "");
}

TEST_F(auth_file_plugin, lets_nobody_act_for_another)
{
    start(alice + "alice:" + auth_file::test::scram_sha_256_line + "\n");
    EXPECT_EQ(password("alice", "correct horse", "alice").identity(), "alice");
    EXPECT_TRUE(password("alice", "correct horse", "bob").rejects());
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_SECRET, "alice", {}, "bob").rejects());
}

TEST_F(auth_file_plugin, gives_the_secret_of_the_hash_that_is_wanted)
{
    start(alice + "user:" + auth_file::test::scram_sha_256_line + "\nuser:{PLAIN}pencil\n");
    const auto said = session_.auth_verify(POSTERN_AUTH_SECRET, "user", {});
    ASSERT_TRUE(said.login);
    EXPECT_EQ(said.login->identity, "user");
    EXPECT_EQ(said.login->iterations, 4096u);
    EXPECT_EQ(said.login->stored_key.size(), 32u);
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_SECRET, "user", {}, {}, POSTERN_SCRAM_SHA_1).came, answer::how::passed);
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_SECRET, "alice", {}).came, answer::how::passed);
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_PLAIN_TEXT, "user", {}).login->password, "pencil");
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_PLAIN_TEXT, "alice", {}).came, answer::how::passed);
    EXPECT_EQ(password("user", "pencil").came, answer::how::passed) << "{PLAIN} is for CRAM-MD5 alone";
}

TEST_F(auth_file_plugin, knows_people_by_their_certificates)
{
    start("alice:{CERTIFICATE}CN=a\nroot:{CERTIFICATE}CN=a\n");
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_CERTIFICATE, "", "CN=a").identity(), "alice");
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_CERTIFICATE, "", "CN=a", "root").identity(), "root");
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_CERTIFICATE, "", "CN=a", "bob").identity(), "");
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_CERTIFICATE, "", "CN=b").came, answer::how::passed);
}

TEST_F(auth_file_plugin, puts_off_a_name_that_failed_too_often_even_with_the_right_password)
{
    start(alice);
    for (int i = 0; i < 2; ++i) {
        session_.who.address = "192.0.2." + std::to_string(i + 1);
        EXPECT_TRUE(session_.login_failed("PLAIN", "alice").proceeds());
    }
    session_.who.address = "192.0.2.9";
    const auto said = password("alice", "correct horse");
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.smtp_code, 454u);
    EXPECT_EQ(said.enhanced, "4.7.0");
    EXPECT_EQ(password("bob", "x").came, answer::how::passed);
}

TEST_F(auth_file_plugin, puts_off_an_address_that_failed_too_often_whoever_it_says_to_be)
{
    start(alice + "user:" + auth_file::test::scram_sha_256_line + "\n"); // or nobody asks for secrets
    EXPECT_TRUE(session_.login_failed("PLAIN", "a").proceeds());
    EXPECT_TRUE(session_.login_failed("PLAIN", "b").proceeds());
    EXPECT_TRUE(password("alice", "correct horse").defers());
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_SECRET, "alice", {}).defers());
    session_.who.address = "192.0.2.9";
    EXPECT_EQ(password("alice", "correct horse").identity(), "alice");
}

TEST_F(auth_file_plugin, counts_a_wrong_password_before_its_session_hears_of_it)
{
    start(alice);
    fake_session second{host_, 2};
    fake_session third{host_, 3};
    EXPECT_TRUE(password("alice", "a").rejects());
    EXPECT_TRUE(second.auth_verify(POSTERN_AUTH_PASSWORD, "alice", "b").rejects());
    EXPECT_TRUE(third.auth_verify(POSTERN_AUTH_PASSWORD, "alice", "correct horse").defers());
    second.end_session(); // it will never hear, and has guessed all the same
    EXPECT_TRUE(third.auth_verify(POSTERN_AUTH_PASSWORD, "alice", "correct horse").defers());
}

TEST_F(auth_file_plugin, counts_wrong_passwords_of_whose_end_others_alone_hear)
{
    start(alice);
    EXPECT_TRUE(password("alice", "a").rejects());
    EXPECT_TRUE(password("alice", "correct horse", "bob").rejects());
    EXPECT_TRUE(password("alice", "correct horse").defers());
}

TEST_F(auth_file_plugin, counts_a_wrong_password_once)
{
    start(alice);
    EXPECT_TRUE(password("alice", "a").rejects());
    EXPECT_TRUE(session_.login_failed("PLAIN", "alice").proceeds());
    EXPECT_EQ(password("alice", "correct horse").identity(), "alice");
}

TEST_F(auth_file_plugin, gives_no_more_secrets_at_a_time_than_proofs_may_fail)
{
    start(std::string{"user:"} + auth_file::test::scram_sha_256_line + "\n");
    fake_session second{host_, 2};
    fake_session third{host_, 3};
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_SECRET, "user", {}).login);
    EXPECT_TRUE(second.auth_verify(POSTERN_AUTH_SECRET, "user", {}).login);
    const auto said = third.auth_verify(POSTERN_AUTH_SECRET, "user", {});
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.text, "too many logins at the same time; try again later");
    EXPECT_THAT(host_.log_lines(),
                ElementsAre(Pair(POSTERN_LOG_WARNING, "problem=\"too many logins at the same time\" client=192.0.2.1")));
    EXPECT_TRUE(second.login_succeeded("SCRAM-SHA-256", "user").proceeds());
    EXPECT_TRUE(third.auth_verify(POSTERN_AUTH_SECRET, "user", {}).login);
}

TEST_F(auth_file_plugin, shows_nobody_by_what_is_under_way_whether_there_is_such_a_name)
{
    start(std::string{"user:"} + auth_file::test::scram_sha_256_line + "\n");
    fake_session second{host_, 2};
    fake_session third{host_, 3};
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_SECRET, "nobody", {}).came, answer::how::passed);
    EXPECT_EQ(second.auth_verify(POSTERN_AUTH_SECRET, "nobody", {}).came, answer::how::passed);
    EXPECT_TRUE(third.auth_verify(POSTERN_AUTH_SECRET, "nobody", {}).defers());
}

TEST_F(auth_file_plugin, lets_many_of_one_address_log_in_by_scram_at_the_same_time)
{
    constexpr std::uint64_t count = 30;
    std::string users;
    for (std::uint64_t id = 1; id <= count; ++id)
        users += "user" + std::to_string(id) + ":" + auth_file::test::scram_sha_256_line + "\n";
    start(users, 10);
    std::deque<fake_session> all;
    for (std::uint64_t id = 1; id <= count; ++id)
        EXPECT_TRUE(all.emplace_back(host_, 100 + id).auth_verify(POSTERN_AUTH_SECRET, "user" + std::to_string(id), {}).login)
            << id;
    for (std::uint64_t id = 1; id <= count; ++id)
        EXPECT_TRUE(all[id - 1].login_succeeded("SCRAM-SHA-256", "user" + std::to_string(id)).proceeds());
}

TEST_F(auth_file_plugin, lets_nobody_hold_a_name_for_other_addresses)
{
    start(std::string{"user:"} + auth_file::test::scram_sha_256_line + "\n", 10);
    std::deque<fake_session> idle;
    for (std::uint64_t id = 1; id <= 10; ++id)
        EXPECT_TRUE(idle.emplace_back(host_, 100 + id).auth_verify(POSTERN_AUTH_SECRET, "user", {}).login) << id;
    session_.who.address = "198.51.100.1";
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_SECRET, "user", {}).login);
}

TEST_F(auth_file_plugin, lets_any_number_in_who_know_their_passwords)
{
    start(alice);
    for (std::uint64_t id = 10; id < 15; ++id) {
        fake_session one{host_, id};
        EXPECT_EQ(one.auth_verify(POSTERN_AUTH_PASSWORD, "alice", "correct horse").identity(), "alice");
    }
}

TEST_F(auth_file_plugin, forgets_failures_of_a_name_at_its_success)
{
    start(alice);
    EXPECT_TRUE(session_.login_failed("PLAIN", "alice").proceeds());
    EXPECT_TRUE(session_.login_succeeded("PLAIN", "alice").proceeds());
    session_.who.address = "192.0.2.9";
    EXPECT_TRUE(session_.login_failed("PLAIN", "alice").proceeds());
    EXPECT_EQ(password("alice", "correct horse").identity(), "alice");
}

TEST_F(auth_file_plugin, adds_users_that_can_log_in_at_once)
{
    start(alice);
    const auto said = host_.tell({"user", "add", "bob", "scram"}, "secret\n");
    ASSERT_TRUE(said.proceeds()) << said.text;
    EXPECT_THAT(said.output, HasSubstr("bob is added\nmechanisms that this is the first user of are offered after a reload"));
    EXPECT_EQ(password("bob", "secret").identity(), "bob");
    EXPECT_EQ(host_.tell({"user", "list"}).output, "alice\nbob\n");
    EXPECT_TRUE(host_.tell({"user", "dance"}).rejects());
    EXPECT_TRUE(host_.tell({"user", "add", "carol"}).rejects()) << "without a password";
}

TEST_F(auth_file_plugin, is_not_ready_for_a_generation_with_a_broken_file)
{
    start(alice);
    fake_generation next{host_};
    EXPECT_FALSE(next.prepare().rejects());
    next.abort();
    file_.write("alice\n");
    const auto said = next.prepare();
    EXPECT_TRUE(said.rejects());
    EXPECT_EQ(said.key, "file");
    EXPECT_THAT(said.text, HasSubstr("users:1: a line is NAME:CREDENTIAL"));
    next.abort();
    EXPECT_EQ(password("alice", "correct horse").identity(), "alice");
}

TEST_F(auth_file_plugin, logs_no_names_and_no_passwords)
{
    start(alice);
    (void)password("alice", "hunter2");
    (void)password("alice", "correct horse");
    EXPECT_THAT(host_.log_lines(), IsEmpty());
}

TEST(auth_file_at_start, refuses_a_file_with_a_bad_line_by_its_number)
{
    const password_file file{alice + "bob\n"};
    fake_host host{postern_plugin_v1};
    host.option("file", file.path().string());
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("file", file.path().string() + ":2: a line is NAME:CREDENTIAL")));
}

TEST(auth_file_at_start, verifies_what_its_file_holds)
{
    const auto kinds = [](const std::string& text) {
        const password_file file{text};
        fake_host host{postern_plugin_v1};
        host.option("file", file.path().string());
        EXPECT_EQ(host.create(), POSTERN_PASS);
        return host.declared().verified();
    };
    EXPECT_EQ(kinds(""), POSTERN_AUTH_PASSWORD);
    EXPECT_EQ(kinds(std::string{"a:"} + auth_file::test::scram_sha_1_line), POSTERN_AUTH_PASSWORD | POSTERN_AUTH_SECRET_SHA_1);
    EXPECT_EQ(kinds("a:{PLAIN}x\na:{CERTIFICATE}CN=a\n"),
              POSTERN_AUTH_PASSWORD | POSTERN_AUTH_PLAIN_TEXT | POSTERN_AUTH_CERTIFICATE);
}

} // namespace
