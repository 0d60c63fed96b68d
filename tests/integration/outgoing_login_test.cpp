// Deliveries that log in at their next hop: [[delivery.login]], with servers that others wrote, our own, and hostile ones.

#include "tests/support/aiosmtpd_server.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/occurrences.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/trace_of.hpp"
#include "tests/support/trusting.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr std::string_view password = "secret";              // of alice, at aiosmtpd
constexpr std::string_view encoded = "AGFsaWNlAHNlY3JldA=="; // PLAIN's words for both

void send(const server& gateway, std::size_t messages = 1)
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    for (std::size_t i = 0; i < messages; ++i)
        ASSERT_EQ(peer.delivers("", {"u@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
}

class a_smart_host : public ::testing::Test {
protected:
    /// A relay to `place` where alice logs in, with further lines of her table.
    [[nodiscard]] configuration relay(const std::string& place, std::string_view more = {},
                                      std::string_view secret = password) const
    {
        const auto file = folder_.write("password", fmt::format("{}\n", secret));
        fs::permissions(file, fs::perms{0600});
        auto what = configuration::relay(place);
        what.section("queue", "retry = [\"1h\"]").section("delivery", "concurrency = 1");
        what.section("delivery",
                     fmt::format("[[delivery.login]]\nnext_hop = \"{}\"\nuser = \"alice\"\npassword_file = \"{}\"\n{}", place,
                                 file.string(), more));
        return what;
    }
    /// In clear, at a server of the test's own.
    [[nodiscard]] configuration relay_in_clear(std::uint16_t port, std::string_view more = "in_clear = true\n") const
    {
        return relay(fmt::format("127.0.0.1:{}", port), fmt::format("tls = \"opportunistic\"\n{}", more));
    }

    temporary_folder folder_;
};

TEST_F(a_smart_host, takes_mail_of_who_logs_in_over_verified_tls)
{
    const aiosmtpd_server smart;
    const trusting it{smart.certificate()};
    server gateway{relay(smart.address())};
    send(gateway);
    EXPECT_THAT(smart.taken(), HasSubstr("tls=True login=PLAIN:alice\n")) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty());
    EXPECT_THAT(gateway.log(), AllOf(Not(HasSubstr(password)), Not(HasSubstr(encoded))));
}

TEST_F(a_smart_host, hears_nothing_of_a_password_when_its_certificate_is_not_trusted)
{
    const aiosmtpd_server smart;
    server gateway{relay(smart.address())};
    send(gateway);
    EXPECT_TRUE(gateway.logs("deferred", {"certificate verify failed"})) << gateway.log();
    EXPECT_EQ(smart.output().find("end of message"), std::string::npos);
}

TEST_F(a_smart_host, may_have_another_name_in_its_certificate_or_none_that_counts)
{
    const aiosmtpd_server smart;
    {
        const trusting it{smart.certificate()};
        server gateway{relay(smart.address(), "tls_name = \"mx.example.org\"\n")};
        send(gateway);
        EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
        server misled{relay(smart.address(), "tls_name = \"other.example.org\"\n")};
        send(misled);
        EXPECT_TRUE(misled.logs("deferred", {"certificate verify failed"})) << misled.log();
    }
    server trusts_anybody{relay(smart.address(), "tls = \"required\"\n")};
    send(trusts_anybody);
    EXPECT_TRUE(trusts_anybody.queue_becomes_empty()) << trusts_anybody.log();
}

TEST_F(a_smart_host, that_refuses_the_login_rests_and_bounces_nothing)
{
    const aiosmtpd_server smart;
    const trusting it{smart.certificate()};
    const std::string_view wrong = "not-the-password";
    server gateway{relay(smart.address(), {}, wrong)};
    send(gateway);
    EXPECT_TRUE(gateway.logs("delivery_login_failed", {"user=alice", "code=535", "the login by PLAIN was refused"}))
        << gateway.log();
    EXPECT_TRUE(gateway.logs("destination_rests")) << gateway.log();
    EXPECT_TRUE(gateway.logs("deferred", {"code=535"})) << gateway.log();
    EXPECT_THAT(gateway.log(), AllOf(Not(HasSubstr(wrong)), Not(HasSubstr(" failed "))));
    EXPECT_EQ(occurrences(gateway.log(), "delivery_login_failed"), 1U) << gateway.log();
    const auto listed = gateway.command({"queue", "list"});
    EXPECT_THAT(listed.output, HasSubstr("deferred"));

    gateway.reconfigure(relay(smart.address()));
    ASSERT_EQ(gateway.command({"reload"}).status, success) << gateway.log();
    ASSERT_EQ(gateway.command({"queue", "flush"}).status, success);
    EXPECT_THAT(smart.taken(), HasSubstr("login=PLAIN:alice\n")) << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty());
}

TEST_F(a_smart_host, of_our_own_takes_every_mechanism)
{
    next_hop last;
    const auto users = (folder_ / "users").string();
    const auto added =
        run({postern_program().string(), "user", "add", "alice", "--scram", "--scram-sha-1", "--cram-md5", "--file", users},
            std::string{password});
    ASSERT_EQ(added.status, success) << added.errors;
    configuration far;
    make_certificate(folder_.path());
    far.section("tls", fmt::format("cert = \"{0}/cert.pem\"\nkey = \"{0}/key.pem\"", folder_.path().string()))
        .listener("in", {"users", "who"}, "required",
                  "protocol = \"submission\"\nmechanisms = [\"SCRAM-SHA-256-PLUS\", \"SCRAM-SHA-256\", \"SCRAM-SHA-1\", "
                  "\"CRAM-MD5\", \"PLAIN\", \"LOGIN\"]\n")
        .plugin("users", "auth-file", fmt::format("file = \"{}\"\n", users))
        .plugin("who", "relay-domains")
        .section("delivery", fmt::format("relay = \"{}\"", last.address()));
    server smart{far};
    const trusting it{folder_ / "cert.pem"};
    std::size_t expected = 0;
    for (const std::string mechanism : {"", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}) {
        SCOPED_TRACE(mechanism);
        server gateway{relay(smart.address(), mechanism.empty() ? "" : fmt::format("mechanisms = [\"{}\"]\n", mechanism))};
        send(gateway);
        EXPECT_TRUE(last.wait_for(++expected)) << gateway.log() << smart.log();
    }
    EXPECT_THAT(last.arrived().front().content, HasSubstr(" with ESMTPSA "));
}

/// A next hop that offers PLAIN and counts who logs in.
class counting_host {
public:
    explicit counting_host(std::string answer = "235 2.7.0 welcome")
        : answer_{std::move(answer)}, hop_{[this](hop_stage at, std::string_view line) {
              if (at == hop_stage::ehlo)
                  return hop_answer{.reply = "250-next.example\r\n250 AUTH PLAIN"};
              if (at != hop_stage::other || !line.starts_with("AUTH "))
                  return hop_answer{};
              ++logins_;
              return hop_answer{.reply = answer_};
          }}
    {
    }
    [[nodiscard]] next_hop& hop() { return hop_; }
    [[nodiscard]] std::uint16_t port() const { return hop_.port(); }
    [[nodiscard]] unsigned logins() const { return logins_; }

private:
    std::string answer_;
    std::atomic<unsigned> logins_{0};
    next_hop hop_;
};

TEST_F(a_smart_host, is_logged_in_at_once_a_connection)
{
    counting_host smart;
    server gateway{relay_in_clear(smart.port())};
    send(gateway, 5);
    ASSERT_TRUE(smart.hop().wait_for(5)) << gateway.log();
    EXPECT_EQ(smart.logins(), smart.hop().connections());
    EXPECT_LT(smart.logins(), 5U) << "connections are reused";
}

TEST_F(a_smart_host, is_told_who_else_comes_on_a_connection_of_their_own)
{
    counting_host smart;
    server gateway{relay_in_clear(smart.port())};
    send(gateway);
    ASSERT_TRUE(smart.hop().wait_for(1)) << gateway.log();
    ASSERT_TRUE(gateway.queue_becomes_empty());
    gateway.reconfigure(relay_in_clear(smart.port(), "in_clear = true\nact_for = \"bob\"\n"));
    ASSERT_EQ(gateway.command({"reload"}).status, success);
    send(gateway);
    ASSERT_TRUE(smart.hop().wait_for(2)) << gateway.log();
    EXPECT_EQ(smart.hop().connections(), 2U);
    EXPECT_EQ(smart.logins(), 2U);
}

/// A wrong password that is tried by all who wait locks the account.
TEST_F(a_smart_host, that_refuses_the_login_is_asked_by_one_for_all)
{
    counting_host smart{"535 5.7.8 no"};
    server gateway{relay_in_clear(smart.port())};
    send(gateway, 10);
    EXPECT_TRUE(gateway.logs("destination_rests")) << gateway.log();
    EXPECT_EQ(gateway.command({"queue", "list"}).status, success); // the engine's thread has done what was to be done
    ASSERT_TRUE(smart.hop().wait_until_alone());
    EXPECT_EQ(smart.logins(), 1U) << gateway.log();
}

struct dialogue {
    std::vector<std::string> script;
    std::string more;  ///< of the table
    std::string cause; ///< what the log has
};

TEST_F(a_smart_host, that_lies_gets_neither_password_nor_mail)
{
    const std::vector<dialogue> all{
        {greeted({"silence"}), "in_clear = true\n", "the server offers no AUTH"},
        {greeted({"silence"}, {"AUTH PLAIN LOGIN"}), "", "outside TLS the server offers nothing that hides the password"},
        {greeted({"silence"}, {"AUTH PLAIN"}), "mechanisms = [\"SCRAM-SHA-256\"]\n",
         "the server does not offer SCRAM-SHA-256, but PLAIN"},
        {greeted({"C: *", "S: 235 come in", "silence"}, {"AUTH SCRAM-SHA-256"}), "",
         "the server takes a login without having proved who it is"},
        {greeted({"C: *", "S: 334 !!!", "C: *", "S: 501 cancelled", "silence"}, {"AUTH SCRAM-SHA-256"}), "",
         "the login by SCRAM-SHA-256 was given up"},
        {greeted({"C: *", "S: 454 4.7.0 not now", "silence"}, {"AUTH PLAIN"}), "in_clear = true\n",
         "the login by PLAIN was refused: not now"},
        {greeted({"C: *", "S: 530 5.7.0 use TLS", "silence"}, {"AUTH PLAIN"}), "in_clear = true\n",
         "the login by PLAIN was refused: use TLS"},
        {greeted({"C: *", "S: 421 4.3.2 too many", "close"}, {"AUTH PLAIN"}), "in_clear = true\n", "too many"},
        {greeted({"C: *", "close"}, {"AUTH PLAIN"}), "in_clear = true\n", "connection lost"},
    };
    for (const auto& each : all) {
        SCOPED_TRACE(each.cause);
        scripted_server smart{each.script};
        server gateway{relay_in_clear(smart.port(), each.more)};
        send(gateway);
        EXPECT_TRUE(gateway.logs("deferred", {each.cause})) << gateway.log();
        EXPECT_TRUE(gateway.logs("destination_rests")) << gateway.log();
        EXPECT_EQ(smart.surprise(), "");
        EXPECT_THAT(gateway.log(), AllOf(Not(HasSubstr(" failed ")), Not(HasSubstr(encoded))));
    }
}

TEST_F(a_smart_host, without_starttls_hears_no_login_that_wants_tls)
{
    counting_host smart;
    server gateway{relay(smart.hop().address(), "tls = \"required\"\n")};
    send(gateway);
    EXPECT_TRUE(gateway.logs("deferred", {"TLS is required and the peer does not offer it"})) << gateway.log();
    server hopes{relay_in_clear(smart.port(), "")};
    send(hopes);
    EXPECT_TRUE(hopes.logs("delivery_login_failed", {"outside TLS the server offers nothing that hides the password"}))
        << hopes.log();
    EXPECT_EQ(smart.logins(), 0U);
}

TEST_F(a_smart_host, is_not_served_with_a_password_that_others_can_read)
{
    counting_host smart;
    auto what = relay_in_clear(smart.port());
    fs::permissions(folder_ / "password", fs::perms{0644});
    make_certificate(folder_.path());
    const auto file = folder_.write("postern.toml", what.text());
    const auto checked = run({postern_program().string(), "check", "--config", file.string()});
    EXPECT_NE(checked.status, success);
    EXPECT_THAT(checked.errors, AllOf(HasSubstr("delivery.login.password_file"), HasSubstr("chmod 600")));
}

TEST_F(a_smart_host, is_seen_by_who_looks_on_without_what_proves_an_identity)
{
    scripted_server smart{
        greeted({"C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: YWxpY2U=", "S: 334 UGFzc3dvcmQ6", "C: c2VjcmV0", "S: 235 ok", "C: *",
                 "S: 250 ok", "C: *", "S: 250 ok", "C: DATA", "S: 354 go", "content", "S: 250 2.0.0 kept", "silence"},
                {"AUTH LOGIN"})};
    server gateway{relay_in_clear(smart.port())};
    trace_of viewer{gateway};
    send(gateway);
    ASSERT_TRUE(gateway.queue_becomes_empty()) << gateway.log() << smart.surprise();
    ASSERT_TRUE(viewer.shows("2.0.0 kept"));
    EXPECT_THAT(viewer.output(), AllOf(HasSubstr("> AUTH LOGIN"), HasSubstr("< 334 ***"), HasSubstr("< 235 ok"),
                                       Not(HasSubstr("c2VjcmV0")), Not(HasSubstr("YWxpY2U"))));
}

} // namespace
} // namespace postern::test
