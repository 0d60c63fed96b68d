// Who logs in to a whole server: a password file that postern user writes, and a mechanism of a plugin.

#include "tests/support/base64.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/tls_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};
constexpr exit_status misuse{2, 0};

std::string plain(std::string_view name, std::string_view password)
{
    return "AUTH PLAIN " + base64(fmt::format("{}{}{}{}", '\0', name, '\0', password));
}

outcome user(std::vector<std::string> words, const std::string& password = {})
{
    words.insert(words.begin(), {postern_program().string(), "user"});
    return run(std::move(words), password);
}

/// A password file in a folder of its own.
class a_password_file : public ::testing::Test {
protected:
    outcome told(const std::vector<std::string>& words, const std::string& password = {}) const
    {
        auto all = words;
        all.insert(all.end(), {"--file", file().string()});
        return user(std::move(all), password);
    }
    [[nodiscard]] fs::path file() const { return folder_ / "users"; }
    /// Clients log in without TLS, as far as `more` lets them.
    [[nodiscard]] configuration gateway(const next_hop& next, std::string_view more = {}) const
    {
        configuration what;
        what.listener("in", {"users", "relay-domains"}, "none", fmt::format("auth = true\nauth_in_clear = true\n{}\n", more))
            .plugin("users", "auth-file", fmt::format("file = \"{}\"\n", file().string()))
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]\n")
            .section("delivery", fmt::format("relay = \"{}\"", next.address()));
        return what;
    }

    temporary_folder folder_;
};

TEST_F(a_password_file, is_made_by_user_add_alone)
{
    EXPECT_EQ(told({"list"}).status, failure);
    EXPECT_EQ(told({"passwd", "alice"}, "secret").status, failure);
    EXPECT_EQ(told({"delete", "alice"}).status, failure);
    EXPECT_EQ(told({"add", "alice"}, "").status, failure);
    EXPECT_EQ(told({"add", "alice"}, "\n").status, failure);
    EXPECT_FALSE(fs::exists(file())) << "nothing came of these";

    const auto added = told({"add", "alice"}, "secret\n");
    EXPECT_EQ(added.status, success) << added.errors;
    EXPECT_THAT(read_file(file()), MatchesRegex("alice:\\$argon2id\\$[^\n]*\n"));
    EXPECT_EQ(fs::status(file()).permissions(), fs::perms{0600});
}

TEST_F(a_password_file, keeps_what_the_commands_say)
{
    EXPECT_EQ(told({"add", "alice", "--scram", "--cram-md5"}, "one").status, success);
    EXPECT_EQ(told({"add", "bob"}, "two").status, success);
    EXPECT_THAT(read_file(file()), AllOf(HasSubstr("\nalice:SCRAM-SHA-256$4096:"), HasSubstr("\nalice:{PLAIN}one\n")));
    EXPECT_EQ(told({"list"}).output, "alice\nbob\n");

    EXPECT_EQ(told({"passwd", "alice"}, "three").status, success);
    EXPECT_THAT(read_file(file()), AllOf(HasSubstr("\nalice:{PLAIN}three\n"), Not(HasSubstr("{PLAIN}one"))));
    EXPECT_EQ(told({"delete", "bob"}).status, success);
    EXPECT_EQ(told({"list"}).output, "alice\n");
}

TEST_F(a_password_file, says_in_a_line_what_is_wrong)
{
    ASSERT_EQ(told({"add", "alice"}, "one").status, success);
    const auto again = told({"add", "alice"}, "two");
    EXPECT_EQ(again.status, failure);
    EXPECT_EQ(again.errors, "postern: alice is there already; user passwd gives another password\n");
    EXPECT_EQ(told({"add"}, "x").status, misuse);
    EXPECT_EQ(user({"list"}).status, misuse);
    EXPECT_EQ(told({"add", "bob", "--library", "no-such-plugin"}, "x").status, failure);
    EXPECT_EQ(told({"--help"}).status, success);
    folder_.write("users", "alice:hunter2\n");
    const auto broken = told({"list"});
    EXPECT_EQ(broken.status, failure);
    EXPECT_THAT(broken.errors, AllOf(HasSubstr("users:1: the credential"), Not(HasSubstr("hunter2"))));
}

TEST_F(a_password_file, loses_nothing_when_several_are_added_at_once)
{
    std::vector<std::unique_ptr<process>> all;
    for (const char* name : {"a", "b", "c", "d"})
        all.push_back(std::make_unique<process>(start_options{
            .command = {postern_program().string(), "user", "add", "--file", file().string(), name}, .input = "secret"}));
    for (auto& each : all)
        EXPECT_EQ(each->wait(), success) << each->errors();
    auto listed = told({"list"}).output;
    std::sort(listed.begin(), listed.end());
    EXPECT_EQ(listed, "\n\n\n\nabcd");
}

TEST_F(a_password_file, lets_people_log_in_and_relay)
{
    ASSERT_EQ(told({"add", "alice"}, "secret").status, success);
    next_hop next;
    server gateway{this->gateway(next)};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Contains("AUTH PLAIN LOGIN")) << "what the file holds";
    EXPECT_NE(peer.delivers("alice@example.com", {"user@far.example"}, "Subject: x\r\n\r\n").code, 250);
    EXPECT_EQ(peer.says("RSET").code, 250);
    EXPECT_EQ(peer.says(plain("alice", "secret")).code, 235);
    EXPECT_EQ(peer.delivers("alice@example.com", {"user@far.example"}, "Subject: x\r\n\r\n").code, 250);
    EXPECT_TRUE(next.wait_for(1));
}

TEST_F(a_password_file, gives_the_same_reply_to_wrong_passwords_and_unknown_names)
{
    ASSERT_EQ(told({"add", "alice"}, "secret").status, success);
    next_hop next;
    server gateway{this->gateway(next)};
    smtp_peer peer{gateway.port()};
    (void)peer.greets();
    const auto wrong = peer.says(plain("alice", "secred"));
    const auto unknown = peer.says(plain("bob", "secret"));
    EXPECT_EQ(wrong.code, 535);
    EXPECT_THAT(wrong.text(), StartsWith("5.7.8"));
    EXPECT_EQ(unknown.code, wrong.code);
    EXPECT_EQ(unknown.text(), wrong.text());
    EXPECT_EQ(gateway.log().find("secre"), std::string::npos);
}

/// Else who asks before and after a restart learns who there is.
TEST_F(a_password_file, shows_an_unknown_name_the_same_salt_after_a_restart)
{
    ASSERT_EQ(told({"add", "alice", "--scram"}, "secret").status, success);
    next_hop next;
    const temporary_folder data;
    const auto salts = [&] {
        server gateway{this->gateway(next), data.path()};
        smtp_peer peer{gateway.port()};
        (void)peer.greets();
        std::string all;
        for (const std::string name : {"alice", "nobody"}) {
            const auto asked = peer.says("AUTH SCRAM-SHA-256 " + base64("n,,n=" + name + ",r=abcdefghijkl"));
            EXPECT_EQ(asked.code, 334);
            const auto challenge = from_base64(asked.text());
            all += challenge.substr(challenge.find(",s=")) + "\n";
            EXPECT_EQ(peer.says("*").code, 501);
        }
        gateway.stop();
        return all;
    };
    const auto before = salts();
    EXPECT_EQ(salts(), before);
}

/// It hardens logins, and is no part of them.
TEST_F(a_password_file, is_served_without_a_login_key_too)
{
    ASSERT_EQ(told({"add", "alice", "--scram"}, "secret").status, success);
    next_hop next;
    const temporary_folder data;
    const auto key = data.path() / "data" / "login.key";
    fs::create_directory(key.parent_path());
    fs::create_symlink("nowhere", key);
    server gateway{this->gateway(next), data.path()};
    EXPECT_THAT(gateway.log(), AllOf(HasSubstr("login_key.doubtful"), HasSubstr("a link to a file that is missing")));
    EXPECT_EQ(gateway.command({"reload"}).status, success);
    EXPECT_EQ(gateway.command({"check"}).status, success);
    smtp_peer peer{gateway.port()};
    (void)peer.greets();
    EXPECT_EQ(peer.says(plain("alice", "secret")).code, 235);
    fs::remove(key);
    EXPECT_EQ(gateway.command({"check"}).status, success);
    EXPECT_EQ(gateway.command({"chain"}).status, success);
    EXPECT_FALSE(fs::exists(key)) << "a check writes nothing";
}

TEST_F(a_password_file, puts_off_whoever_failed_too_often_on_a_new_connection_too)
{
    ASSERT_EQ(told({"add", "alice"}, "secret").status, success);
    next_hop next;
    configuration what;
    what.listener("in", {"users"}, "none", "auth = true\nauth_in_clear = true\n")
        .plugin("users", "auth-file", fmt::format("file = \"{}\"\nfailures = 2\n", file().string()))
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    server gateway{what};
    smtp_peer first{gateway.port()};
    (void)first.greets();
    EXPECT_EQ(first.says(plain("alice", "one")).code, 535);
    EXPECT_EQ(first.says(plain("alice", "two")).code, 535);
    smtp_peer second{gateway.port()};
    (void)second.greets();
    EXPECT_EQ(second.says(plain("alice", "secret")).code, 454);
}

TEST_F(a_password_file, is_seen_by_a_running_server_when_it_changes)
{
    ASSERT_EQ(told({"add", "alice"}, "secret").status, success);
    next_hop next;
    server gateway{this->gateway(next)};
    ASSERT_EQ(told({"add", "bob"}, "other").status, success);
    EXPECT_TRUE(eventually([&] {
        smtp_peer peer{gateway.port()};
        (void)peer.greets();
        return peer.says(plain("bob", "other")).code == 235;
    })) << gateway.log();
}

TEST_F(a_password_file, is_changed_by_plugin_tell_too)
{
    ASSERT_EQ(told({"add", "alice"}, "secret").status, success);
    next_hop next;
    server gateway{this->gateway(next)};
    const auto password = folder_.write("password", "other\n");
    const auto said = gateway.command({"plugin", "tell", "users", "user", "passwd", "alice", "--file", password.string()});
    EXPECT_EQ(said.status, success) << said.errors;
    smtp_peer peer{gateway.port()};
    (void)peer.greets();
    EXPECT_EQ(peer.says(plain("alice", "other")).code, 235);
}

TEST_F(a_password_file, with_a_bad_line_stops_check_and_reload_and_not_the_server)
{
    ASSERT_EQ(told({"add", "alice"}, "secret").status, success);
    next_hop next;
    server gateway{this->gateway(next)};
    folder_.write("users", "alice\n");
    const auto reloaded = gateway.command({"reload"});
    EXPECT_EQ(reloaded.status, failure);
    EXPECT_THAT(reloaded.errors, HasSubstr("users:1: a line is NAME:CREDENTIAL"));
    EXPECT_EQ(gateway.command({"check"}).status, failure);
    smtp_peer peer{gateway.port()};
    (void)peer.greets();
    EXPECT_EQ(peer.says(plain("alice", "secret")).code, 235);
}

/// Who verifies passwords is told nothing of who logs in by SCRAM.
TEST_F(a_password_file, is_asked_only_what_it_declared)
{
    ASSERT_EQ(told({"add", "alice"}, "secret").status, success);
    const auto other = (folder_ / "others").string();
    ASSERT_EQ(user({"add", "bob", "--scram", "--file", other}, "secret").status, success);
    next_hop next;
    configuration what;
    what.listener("in", {"hashes", "secrets"}, "none", "auth = true\nauth_in_clear = true\n")
        .plugin("hashes", "auth-file", fmt::format("file = \"{}\"\n", file().string()))
        .plugin("secrets", "auth-file", fmt::format("file = \"{}\"\n", other))
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    server gateway{what};
    smtp_peer peer{gateway.port()};
    (void)peer.greets();
    EXPECT_EQ(peer.says("AUTH SCRAM-SHA-256 " + base64("n,,n=bob,r=abcdefghijkl")).code, 334);
    EXPECT_EQ(peer.says("*").code, 501);
    const auto asked = [&](std::string_view whom) {
        return fmt::format("postern_hook_seconds_count{{hook=\"auth.verify\",plugin=\"{}\"}} 1\n", whom);
    };
    EXPECT_THAT(gateway.command({"status", "--metrics"}).output,
                AllOf(HasSubstr(asked("secrets")), Not(HasSubstr(asked("hashes")))));
    EXPECT_EQ(peer.says(plain("alice", "secret")).code, 235);
}

class a_plugin_that_verifies : public ::testing::Test {
protected:
    /// A plugin that does that, whatever it is asked.
    [[nodiscard]] static configuration gateway(const next_hop& next, std::string_view deed)
    {
        configuration what;
        what.listener("in", {"wrong"}, "none",
                      "auth = true\nauth_in_clear = true\nauth_failures = 20\nmechanisms = [\"PLAIN\", \"LOGIN\", \"CRAM-MD5\", "
                      "\"XOAUTH2\", \"OAUTHBEARER\", \"SCRAM-SHA-256\"]\n")
            .plugin("wrong", "misbehaves", fmt::format("deed = \"{}\"", deed))
            .section("delivery", fmt::format("relay = \"{}\"", next.address()));
        return what.plugins_in(build_folder() / "tests/wrong_plugins");
    }
    /// The reply to what is said last.
    [[nodiscard]] static int code_of(const server& of, const std::vector<std::string>& lines)
    {
        smtp_peer peer{of.port()};
        EXPECT_EQ(peer.greets().code, 250);
        int code = 0;
        for (const auto& each : lines)
            code = peer.says(each).code;
        return code;
    }

    const std::vector<std::string> plain_{plain("alice", "whatever")};
    const std::vector<std::string> login_{"AUTH LOGIN " + base64("alice"), base64("whatever")};
    const std::vector<std::string> xoauth2_{"AUTH XOAUTH2 " + base64("user=alice\x01"
                                                                     "auth=Bearer abc\x01\x01")};
    const std::vector<std::string> bearer_{"AUTH OAUTHBEARER " + base64("n,a=alice,\x01"
                                                                        "auth=Bearer abc\x01\x01")};
    const std::vector<std::string> cram_{"AUTH CRAM-MD5", base64("alice " + std::string(32, '0'))};
    const std::vector<std::string> scram_{"AUTH SCRAM-SHA-256 " + base64("n,,n=alice,r=abcdefghijkl")};
};

TEST_F(a_plugin_that_verifies, and_gives_a_secret_for_a_proof_has_failed_and_lets_nobody_in)
{
    next_hop next;
    server of{gateway(next, "gives_secrets")};
    EXPECT_EQ(code_of(of, scram_), 334)
        << "there it is asked for; and first, since who fails five times is not asked for a while";
    for (const auto& each : {plain_, login_, xoauth2_, bearer_, cram_})
        EXPECT_EQ(code_of(of, each), 454) << each.front();
    EXPECT_TRUE(of.logs("plugin_failed", {"plugin=wrong", "hook=auth.verify",
                                          "cause=\"a secret or a password in the answer to a question with a proof\""}))
        << of.log();
    EXPECT_TRUE(of.logs("plugin_failed", {"cause=\"a secret in the answer to a question for a password\""})) << of.log();
}

TEST_F(a_plugin_that_verifies, and_gives_no_secret_where_one_is_asked_for_has_failed)
{
    next_hop next;
    server of{gateway(next, "gives_no_secrets")};
    EXPECT_EQ(code_of(of, plain_), 235);
    EXPECT_EQ(code_of(of, scram_), 454);
    EXPECT_EQ(code_of(of, cram_), 454);
    EXPECT_TRUE(of.logs("plugin_failed", {"plugin=wrong", "hook=auth.verify", "cause=\"no secret in the answer\""})) << of.log();
    EXPECT_TRUE(of.logs("plugin_failed", {"cause=\"no password in the answer\""})) << of.log();
}

/// examples/07_auth_mechanism, and a till that has a key.
class the_example_mechanism : public ::testing::Test {
protected:
    [[nodiscard]] static configuration gateway(const next_hop& next)
    {
        configuration what;
        what.listener("in", {"tills"}, "starttls", "auth = true\nauth_in_clear = true\n")
            .plugin("tills", "xorder-login", fmt::format("keys = {{ till-7 = \"{}\" }}\n", std::string(64, 'a')))
            .section("delivery", fmt::format("relay = \"{}\"", next.address()));
        return what;
    }
    [[nodiscard]] std::string proof(std::string_view binding, std::string_view challenge) const
    {
        const std::string key(32, '\xaa');
        const std::string text = fmt::format("XORDER1{}{}till-7", binding, challenge);
        std::string made(32, '\0');
        library_.hmac(library_.sha_256(), key.data(), static_cast<int>(key.size()),
                      reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                      reinterpret_cast<unsigned char*>(made.data()), nullptr);
        return made;
    }
    /// The reply to the proof of a till that takes `binding` for its connection's.
    [[nodiscard]] smtp_reply logs_in(tls_peer& peer, const std::string& binding) const
    {
        EXPECT_THAT(peer.says("EHLO till-7.example").lines, Contains("AUTH XORDER-HMAC-SHA256"));
        const auto asked = peer.says("AUTH XORDER-HMAC-SHA256 " + base64("till-7"));
        EXPECT_EQ(asked.code, 334);
        return peer.says(base64(proof(binding, from_base64(asked.text()))));
    }

    openssl_library library_;
    next_hop next_;
    server gateway_{gateway(next_)};
};

TEST_F(the_example_mechanism, is_offered_inside_tls_alone)
{
    smtp_peer peer{gateway_.port()};
    EXPECT_THAT(peer.greets().lines, Not(Contains(HasSubstr("XORDER"))));
    EXPECT_EQ(peer.says("AUTH XORDER-HMAC-SHA256 " + base64("till-7")).code, 504);
}

TEST_F(the_example_mechanism, lets_in_who_proves_it_for_this_connection)
{
    auto peer = tls_peer::starttls(gateway_.port());
    ASSERT_TRUE(peer.shakes_hands());
    EXPECT_EQ(logs_in(peer, peer.binding()).code, 235);
}

TEST_F(the_example_mechanism, refuses_a_proof_for_another_connection)
{
    auto middle = tls_peer::starttls(gateway_.port());
    ASSERT_TRUE(middle.shakes_hands());
    auto till = tls_peer::starttls(gateway_.port());
    ASSERT_TRUE(till.shakes_hands());
    EXPECT_NE(middle.binding(), till.binding());
    EXPECT_EQ(logs_in(middle, till.binding()).code, 535);
}

} // namespace
} // namespace postern::test
