// Logging in with the programs that others send mail with.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};

/// A submission server with one user, whose mail goes to a next hop. Mail for elsewhere is only for who logged in.
class submission : public ::testing::Test {
protected:
    void SetUp() override
    {
        const auto added =
            run({postern_program().string(), "user", "add", "--file", users(), "--scram", "--scram-sha-1", "--cram-md5", "alice"},
                "secret\n");
        ASSERT_EQ(added.status, success) << added.errors;
        configuration what;
        what.listener("in", {"users", "relay-domains"}, "starttls",
                      "protocol = \"submission\"\nmechanisms = [\"PLAIN\", \"LOGIN\", \"CRAM-MD5\", \"SCRAM-SHA-1\", "
                      "\"SCRAM-SHA-256\", \"SCRAM-SHA-1-PLUS\", \"SCRAM-SHA-256-PLUS\"]")
            .plugin("users", "auth-file", fmt::format("file = \"{}\"", users()))
            .plugin("relay-domains", "relay-domains")
            .section("delivery", fmt::format("relay = \"{}\"", next_.address()));
        gateway_ = std::make_unique<server>(what);
    }

    /// What arrived was sent by alice.
    void expect_arrival(const outcome& sent)
    {
        ASSERT_EQ(sent.status, success) << sent.output << sent.errors << gateway_->log();
        ASSERT_TRUE(next_.wait_for(++expected_)) << sent.output << sent.errors << gateway_->log();
        EXPECT_THAT(next_.arrived().back().content, HasSubstr("with ESMTPSA")) << "RFC 3848: who sent it logged in";
    }

    [[nodiscard]] std::string port() const { return std::to_string(gateway_->port()); }
    [[nodiscard]] std::string users() const { return (folder_ / "users").string(); }

    temporary_folder folder_;
    next_hop next_;
    std::unique_ptr<server> gateway_;
    std::size_t expected_ = 0;
};

TEST_F(submission, takes_mail_from_swaks_by_each_mechanism_that_it_knows)
{
    for (const std::string mechanism : {"PLAIN", "LOGIN", "CRAM-MD5"}) {
        SCOPED_TRACE(mechanism);
        expect_arrival(run({"swaks", "--server", "127.0.0.1", "--port", port(), "--tls", "--auth", mechanism, "--auth-user",
                            "alice", "--auth-password", "secret", "--from", "alice@example.com", "--to", "b@far.example"}));
    }
}

TEST_F(submission, refuses_swaks_with_a_wrong_password_and_without_tls)
{
    auto sent = run({"swaks", "--server", "127.0.0.1", "--port", port(), "--tls", "--auth", "PLAIN", "--auth-user", "alice",
                     "--auth-password", "wrong", "--from", "alice@example.com", "--to", "b@far.example"});
    EXPECT_NE(sent.status, success);
    EXPECT_THAT(sent.output, HasSubstr("535 5.7.8"));
    sent = run({"swaks", "--server", "127.0.0.1", "--port", port(), "--from", "alice@example.com", "--to", "b@far.example"});
    EXPECT_NE(sent.status, success);
    EXPECT_THAT(sent.output, Not(HasSubstr("250-AUTH")));
    sent = run(
        {"swaks", "--server", "127.0.0.1", "--port", port(), "--tls", "--from", "alice@example.com", "--to", "b@far.example"});
    EXPECT_NE(sent.status, success);
    EXPECT_THAT(sent.output, HasSubstr("530 5.7.0"));
}

TEST_F(submission, takes_mail_from_python_s_smtplib)
{
    constexpr std::string_view script = R"(
import smtplib, ssl, sys
port, mechanism = int(sys.argv[1]), sys.argv[2]
context = ssl._create_unverified_context()
client = smtplib.SMTP('127.0.0.1', port)
client.starttls(context=context)
client.ehlo()
client.user, client.password = 'alice', 'secret'
client.auth(mechanism, getattr(client, 'auth_' + mechanism.lower().replace('-', '_')))
client.sendmail('alice@example.com', ['b@far.example'], 'Subject: by smtplib\r\n\r\nhello\r\n')
client.quit()
)";
    for (const std::string mechanism : {"PLAIN", "LOGIN", "CRAM-MD5"}) {
        SCOPED_TRACE(mechanism);
        expect_arrival(run({"/usr/bin/python3", "-c", std::string{script}, port(), mechanism}));
    }
    EXPECT_THAT(next_.arrived().back().content, HasSubstr("Message-ID: <")) << "RFC 6409 8.3: smtplib gives none";
}

// Whoever answers a name may be anybody. What a loopback address answers is this machine.
TEST_F(submission, gets_no_login_from_postern_send_by_a_name_unless_its_certificate_is_good)
{
    const auto password = folder_.write("password", "secret\n").string();
    const auto sends = [&](const std::string& host, std::vector<std::string> more) {
        more.insert(more.begin(),
                    {postern_program().string(), "send", "--server", host + ":" + port(), "--from", "alice@example.com", "--to",
                     "b@far.example", "--tls", "starttls", "--user", "alice", "--password-file", password, "--verbose"});
        return run(std::move(more), "Subject: hi\n\nhello\n");
    };
    const auto untrusted = sends("localhost", {});
    EXPECT_EQ(untrusted.status, (exit_status{1, 0}));
    EXPECT_THAT(untrusted.errors, HasSubstr("certificate verify failed"));
    EXPECT_THAT(untrusted.errors, HasSubstr("--ca-file")) << "says what helps";
    EXPECT_THAT(untrusted.errors, Not(HasSubstr("AUTH PLAIN"))) << "nothing is said behind a handshake that failed";
    EXPECT_EQ(sends("127.0.0.1", {"--verify"}).status, (exit_status{1, 0}));
    const auto named = sends("127.0.0.1", {"--tls-name", "mx.example.org"});
    EXPECT_EQ(named.status, (exit_status{1, 0})) << "who names it wants no other";
    EXPECT_THAT(named.errors, AllOf(HasSubstr("certificate verify failed"), HasSubstr("--ca-file")));
    const auto loaded = run({postern_program().string(), "load", "--server", "127.0.0.1:" + port(), "--tls", "starttls",
                             "--tls-name", "mx.example.org", "--messages", "1"});
    EXPECT_EQ(loaded.status, (exit_status{1, 0}));
    EXPECT_THAT(loaded.errors, AllOf(HasSubstr("certificate verify failed"), HasSubstr("--no-verify takes anybody")));
    expect_arrival(sends("127.0.0.1", {"--tls-name", "mx.example.org", "--no-verify"}));
    expect_arrival(sends("localhost", {"--ca-file", (gateway_->folder() / "cert.pem").string()}));
    expect_arrival(sends("localhost", {"--no-verify"}));
    expect_arrival(sends("127.0.0.1", {}));
}

TEST_F(submission, takes_mail_from_msmtp)
{
    for (const std::string mechanism : {"plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"}) {
        SCOPED_TRACE(mechanism);
        expect_arrival(run({"msmtp", "--host=127.0.0.1", "--port=" + port(), "--tls=on", "--tls-certcheck=off",
                            "--tls-starttls=on", "--auth=" + mechanism, "--user=alice", "--passwordeval=echo secret",
                            "--from=alice@example.com", "b@far.example"},
                           "Subject: by msmtp\n\nhello\n"));
    }
}

TEST_F(submission, takes_mail_from_nodemailer)
{
    const auto package = source_folder() / "build" / "npm" / "node_modules" / "nodemailer";
    ASSERT_TRUE(std::filesystem::exists(package))
        << package << ": there is no nodemailer; ./dev test fetches what the tests need";
    constexpr std::string_view script = R"(
const [nodemailer, port, ca, mechanism, pass] = process.argv.slice(1);
require(nodemailer).createTransport({
    host: '127.0.0.1', port: Number(port), secure: false, requireTLS: true, authMethod: mechanism,
    auth: {user: 'alice', pass}, tls: {ca: require('fs').readFileSync(ca)},
}).sendMail({from: 'alice@example.com', to: 'b@far.example', subject: 'by nodemailer', text: 'hello'})
    .then(done => console.log(done.response), wrong => { console.log(wrong.message); process.exitCode = 1; });
)";
    const auto by = [&](const std::string& mechanism, const std::string& password) {
        return run({"node", "-e", std::string{script}, package.string(), port(), (gateway_->folder() / "cert.pem").string(),
                    mechanism, password});
    };
    for (const std::string mechanism : {"PLAIN", "LOGIN"}) {
        SCOPED_TRACE(mechanism);
        const auto refused = by(mechanism, "wrong");
        EXPECT_EQ(refused.status, (exit_status{1, 0})) << refused.errors;
        EXPECT_THAT(refused.output, HasSubstr("535 5.7.8"));
        expect_arrival(by(mechanism, "secret"));
    }
}

TEST_F(submission, lets_gsasl_in_by_scram_bound_to_the_channel)
{
    for (const std::string mechanism : {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"}) {
        SCOPED_TRACE(mechanism);
        const auto done = run({"gsasl", "--smtp", "--client", "--mechanism", mechanism, "--starttls", "--x509-ca-file",
                               (gateway_->folder() / "cert.pem").string(), "--authentication-id", "alice", "--authorization-id",
                               "alice", "--password", "secret", "--verbose", "--connect", "localhost:" + port()},
                              "QUIT\r\n");
        EXPECT_THAT(done.output + done.errors, HasSubstr("235 2.7.0")) << gateway_->log();
    }
}

TEST_F(submission, takes_mail_from_whoever_types_it_into_openssl)
{
    process client{
        start_options{.command = {"openssl", "s_client", "-quiet", "-crlf", "-starttls", "smtp", "-connect", gateway_->address()},
                      .keep_input_open = true}};
    const auto says = [&](std::string_view line, std::string_view reply) {
        client.write_input(line);
        return client.wait_for_output([&](std::string_view output) { return output.find(reply) != std::string_view::npos; });
    };
    ASSERT_TRUE(says("EHLO client.example\n", "250 SIZE"));
    ASSERT_TRUE(says("AUTH PLAIN AGFsaWNlAHNlY3JldA==\n", "235 2.7.0")) << client.output();
    ASSERT_TRUE(says("MAIL FROM:<alice@example.com>\n", "250 2.1.0"));
    ASSERT_TRUE(says("RCPT TO:<b@far.example>\n", "250 2.1.5"));
    ASSERT_TRUE(says("DATA\n", "354 "));
    ASSERT_TRUE(says("Subject: typed\n\nhello\n.\n", "queued as"));
    ASSERT_TRUE(next_.wait_for(1)) << gateway_->log();
}

} // namespace
} // namespace postern::test
