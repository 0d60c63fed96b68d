// `postern send`, and the client library under it, against servers that others wrote.

#include "tests/support/aiosmtpd_server.hpp"
#include "tests/support/delivering_postfix.hpp"
#include "tests/support/exim_server.hpp"
#include "tests/support/occurrences.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_sink.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace postern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};
constexpr std::string_view greek = "δοκιμή@example.com";
constexpr std::string_view greek_message = "Subject: δοκιμή\n\nκαλημέρα\n.\n..dots\n";

[[nodiscard]] outcome sends(const std::string& server, std::vector<std::string> more,
                            std::string_view message = "Subject: hi\n\nhello\n")
{
    std::vector<std::string> command{postern_program().string(), "send", "--server", server, "--from", "a@client.example"};
    command.insert(command.end(), more.begin(), more.end());
    return run(std::move(command), std::string{message});
}

/// As the words of a command: --to for each of user0, user1, ...
[[nodiscard]] std::vector<std::string> recipients(std::size_t count)
{
    std::vector<std::string> words;
    for (std::size_t i = 0; i < count; ++i)
        words.insert(words.end(), {"--to", fmt::format("user{}@example.com", i)});
    return words;
}

/// A folder that any user may write to: servers that were started by root do not stay root.
[[nodiscard]] std::string folder_for_all(const temporary_folder& in)
{
    namespace fs = std::filesystem;
    fs::permissions(in.path(), fs::perms{0755});
    fs::create_directory(in / "all");
    fs::permissions(in / "all", fs::perms::all);
    return (in / "all").string();
}

TEST(smtp_sink_as_a_peer, takes_a_message_for_many_recipients)
{
    constexpr std::size_t count = 500;
    const temporary_folder folder;
    const auto dump = folder_for_all(folder) + "/dump";
    smtp_sink sink{{"-D", dump}};
    const auto sent = sends(sink.address(), recipients(count), "Subject: many\n\n.\n..\nend\n");
    ASSERT_EQ(sent.status, success) << sent.errors;
    EXPECT_EQ(occurrences(sent.output, ": 250 2.0.0 Ok\n"), count) << sent.output;
    ASSERT_TRUE(sink.wait_for(1));
    const auto kept = read_file(dump);
    EXPECT_EQ(occurrences(kept, "X-Rcpt-Args: <user"), count);
    EXPECT_THAT(kept, HasSubstr("X-Mail-Args: <a@client.example>"));
    EXPECT_THAT(kept, HasSubstr("Subject: many\n\n.\n..\nend\n")) << "dots are unstuffed";
}

TEST(smtp_sink_as_a_peer, is_heard_when_it_refuses)
{
    for (const std::string command : {"MAIL", "RCPT", "DATA", "."}) {
        SCOPED_TRACE(command);
        const smtp_sink sink{{"-f", command}};
        const auto sent = sends(sink.address(), recipients(2));
        EXPECT_EQ(sent.status, failure);
        EXPECT_EQ(sent.output, "");
        EXPECT_EQ(sent.errors, "user0@example.com: 500 5.3.0 Error: command failed\n"
                               "user1@example.com: 500 5.3.0 Error: command failed\n");
    }
}

TEST(smtp_sink_as_a_peer, takes_a_client_without_esmtp)
{
    smtp_sink sink{{"-e"}};
    const auto sent = sends(sink.address(), recipients(3));
    ASSERT_EQ(sent.status, success) << sent.errors;
    EXPECT_TRUE(sink.wait_for(1));
}

[[nodiscard]] bool opens(const std::string& path)
{
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path.c_str(), sizeof where.sun_path - 1);
    const descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    return ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
}

TEST(smtp_sink_as_a_peer, takes_lmtp_at_a_unix_socket)
{
    const temporary_folder folder;
    const auto place = "unix:" + folder_for_all(folder) + "/lmtp";
    std::vector<std::string> command{"smtp-sink", "-c", "-L"};
    if (::getuid() == 0) // it refuses to stay root
        command.insert(command.end(), {"-u", "nobody"});
    command.insert(command.end(), {place, "10"});
    process sink{std::move(command)};
    ASSERT_TRUE(eventually([&] { return opens(place.substr(5)); })) << sink.errors();
    auto words = recipients(3);
    words.insert(words.end(), {"--lmtp", "--verbose"});
    const auto sent = sends(place, words);
    ASSERT_EQ(sent.status, success) << sent.errors;
    EXPECT_THAT(sent.errors, HasSubstr("-> LHLO "));
    EXPECT_EQ(sent.output, "user0@example.com: 250 2.2.0 Ok\nuser1@example.com: 250 2.2.0 Ok\nuser2@example.com: 250 2.2.0 Ok\n");
}

TEST(aiosmtpd_as_a_peer, takes_addresses_and_content_in_utf_8)
{
    const aiosmtpd_server server;
    const auto sent = sends(server.address(), {"--to", std::string{greek}, "--smtputf8"}, greek_message);
    ASSERT_EQ(sent.status, success) << sent.errors;
    EXPECT_EQ(sent.output, fmt::format("{}: 250 2.0.0 kept\n", greek));
    const auto taken = server.taken();
    EXPECT_THAT(taken, HasSubstr("from=a@client.example BODY=8BITMIME SIZE="));
    EXPECT_THAT(taken, HasSubstr(fmt::format(" SMTPUTF8\nto={}\n", greek)));
    EXPECT_THAT(taken, HasSubstr("Subject: δοκιμή\r\n\r\nκαλημέρα\r\n.\r\n..dots\r\nend of message"));
}

TEST(aiosmtpd_as_a_peer, is_trusted_by_its_certificate_and_not_without)
{
    const aiosmtpd_server server;
    const auto untrusted = sends(server.address(), {"--to", "u@example.com", "--tls", "starttls", "--verify"});
    EXPECT_EQ(untrusted.status, failure);
    EXPECT_THAT(untrusted.errors, HasSubstr("certificate")) << "says why";
    const temporary_folder folder;
    make_certificate(folder.path()); // the same names, another key
    const auto other =
        sends(server.address(), {"--to", "u@example.com", "--tls", "starttls", "--ca-file", (folder / "cert.pem").string()});
    EXPECT_EQ(other.status, failure);
    EXPECT_THAT(other.errors, HasSubstr("certificate"));
    const auto misnamed = sends(server.address(), {"--to", "u@example.com", "--tls", "starttls", "--ca-file",
                                                   server.certificate(), "--tls-name", "mx.example.com"});
    EXPECT_EQ(misnamed.status, failure);
    EXPECT_THAT(server.output(), Not(HasSubstr("end of message")));
    for (const std::string name : {"127.0.0.1", "mx.example.org"}) {
        const auto sent = sends(server.address(), {"--to", "u@example.com", "--tls", "starttls", "--ca-file",
                                                   server.certificate(), "--tls-name", name});
        EXPECT_EQ(sent.status, success) << sent.errors;
    }
    EXPECT_THAT(server.taken(), HasSubstr("tls=True login=None\nfrom=a@client.example"));
}

TEST(aiosmtpd_as_a_peer, lets_in_by_plain_and_login_and_nobody_with_a_wrong_password)
{
    for (const std::string mechanism : {"PLAIN", "LOGIN", ""}) {
        SCOPED_TRACE(mechanism);
        const aiosmtpd_server server;
        std::vector<std::string> words{"--to",      "u@example.com",      "--tls",  "starttls",
                                       "--ca-file", server.certificate(), "--user", "alice"};
        if (!mechanism.empty())
            words.insert(words.end(), {"--auth", mechanism});
        words.emplace_back("--password-file");
        words.push_back(server.secret("wrong\n"));
        const auto refused = sends(server.address(), words);
        EXPECT_EQ(refused.status, failure);
        EXPECT_THAT(refused.errors, HasSubstr("the server refuses the login: 535 5.7.8 Authentication credentials invalid"));
        EXPECT_THAT(refused.errors, Not(HasSubstr("wrong")));
        EXPECT_THAT(server.output(), Not(HasSubstr("end of message")));
        words.back() = server.secret("secret\n");
        const auto sent = sends(server.address(), words);
        EXPECT_EQ(sent.status, success) << sent.errors;
        EXPECT_THAT(server.taken(), HasSubstr(fmt::format("tls=True login={}:alice\n", mechanism.empty() ? "PLAIN" : mechanism)));
    }
}

/// Delivers into one mailbox, and lets alice in.
class exim : public exim_server {
public:
    exim() : exim_server{settings} { (void)folder_for_all(folder()); }
    [[nodiscard]] std::string certificate() const { return (folder() / "cert.pem").string(); }
    [[nodiscard]] std::string secret() const { return folder().write("secret", "secret\n").string(); }
    /// Waits until `count` messages have been delivered, and gives all of them.
    [[nodiscard]] std::string delivered(std::size_t count) const
    {
        const auto all = [&] { return occurrences(file("mainlog"), " Completed\n") >= count; };
        return eventually(all) ? file("all/mbox") : "";
    }

private:
    static constexpr std::string_view settings = R"(
tls_advertise_hosts = *
tls_certificate = FOLDER/cert.pem
tls_privatekey = FOLDER/key.pem
auth_advertise_hosts = ${if def:tls_in_cipher{*}{}}
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
acl_smtp_rcpt = recipients
begin acl
recipients:
  deny domains = refused.example
       message = not here
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = FOLDER/all/mbox
  user = nobody
  group = nogroup
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{alice}}{eq{$auth3}{secret}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${if and{{eq{$auth1}{alice}}{eq{$auth2}{secret}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{alice}{secret}fail}
  server_set_id = $auth1
)";
};

constexpr std::string_view needs_root = "a mail server that delivers has to be root";

TEST(exim_as_a_peer, takes_bdat_and_data_in_utf_8_and_refuses_a_recipient)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << needs_root;
    const exim server;
    std::size_t expected = 0;
    for (const std::string way : {"--bdat", "--data"}) {
        SCOPED_TRACE(way);
        const auto sent =
            sends(server.address(), {"--to", std::string{greek}, "--to", "u@refused.example", "--smtputf8", way, "--verbose"},
                  greek_message);
        EXPECT_EQ(sent.status, failure);
        EXPECT_THAT(sent.output, HasSubstr(fmt::format("{}: 250 ", greek)));
        EXPECT_THAT(sent.errors, HasSubstr("\nu@refused.example: 550 not here\n"));
        EXPECT_EQ(sent.errors.find("-> BDAT ") != std::string::npos, way == "--bdat");
        const auto box = server.delivered(++expected);
        EXPECT_EQ(occurrences(box, "Subject: δοκιμή\n\nκαλημέρα\n.\n..dots\n"), expected) << box << server.log();
        EXPECT_THAT(box, Not(HasSubstr("refused.example")));
    }
}

TEST(exim_as_a_peer, lets_in_over_gnutls)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << needs_root;
    const exim server;
    for (const std::string mechanism : {"PLAIN", "LOGIN", "CRAM-MD5"}) {
        SCOPED_TRACE(mechanism);
        const auto sent =
            sends(server.address(), {"--to", "u@example.com", "--tls", "starttls", "--ca-file", server.certificate(), "--user",
                                     "alice", "--password-file", server.secret(), "--auth", mechanism});
        EXPECT_EQ(sent.status, success) << sent.errors << server.log();
    }
    EXPECT_EQ(occurrences(server.delivered(3), "with esmtpsa"), 3U) << server.log();
    for (const std::string name : {"A=plain:alice", "A=login:alice", "A=cram:alice"})
        EXPECT_THAT(server.log(), HasSubstr(name));
}

TEST(postfix_as_a_peer, takes_bdat_with_utf_8_to_many)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << needs_root;
    const delivering_postfix server;
    auto words = recipients(20);
    words.insert(words.end(), {"--to", std::string{greek}, "--smtputf8", "--bdat", "--verbose"});
    const auto sent = sends(server.address(), words, greek_message);
    ASSERT_EQ(sent.status, success) << sent.errors;
    for (const std::string said : {" BODY=8BITMIME", " SMTPUTF8", "-> BDAT "})
        EXPECT_THAT(sent.errors, HasSubstr(said));
    EXPECT_THAT(sent.errors, Not(HasSubstr("-> DATA")));
    EXPECT_EQ(occurrences(sent.output, ": 250 2.0.0 Ok: "), 21U) << sent.output;
    const auto box = server.delivered("\n\nκαλημέρα\n.\n..dots\n", 21);
    ASSERT_THAT(box, Not(IsEmpty()));
    EXPECT_THAT(box, HasSubstr("\nSubject: δοκιμή\n"));
    EXPECT_THAT(box, HasSubstr(fmt::format("Delivered-To: {}\n", greek)));
    EXPECT_THAT(box, HasSubstr("with UTF8SMTP")) << "RFC 6531 3.7.3";
}

TEST(postfix_as_a_peer, takes_a_large_message_in_chunks_and_with_dots)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << needs_root;
    const delivering_postfix server;
    const temporary_folder folder;
    std::string body = "\n\n"; // Postfix adds fields before it
    constexpr std::size_t octets = 3'000'000;
    for (std::size_t line = 0; body.size() < octets; ++line)
        body += fmt::format(".line {} of many, each with a dot before it\n", line);
    const auto file = folder.write("message", "Subject: large" + body).string();
    for (const std::string way : {"--bdat", "--data"}) {
        SCOPED_TRACE(way);
        const auto sent =
            sends(server.address(), {"--to", "u@example.com", way, "--tls", "starttls", "--ca-file", server.certificate(), file});
        EXPECT_EQ(sent.status, success) << sent.errors;
    }
    EXPECT_THAT(server.delivered(body, 2), Not(IsEmpty()));
}

TEST(postfix_as_a_peer, is_heard_when_it_refuses_one_of_two)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << needs_root;
    const delivering_postfix server;
    const auto sent = sends(server.address(), {"--to", "u@nowhere", "--to", "u@example.com"});
    EXPECT_EQ(sent.status, failure);
    EXPECT_THAT(sent.output, HasSubstr("u@example.com: 250 2.0.0 Ok: "));
    EXPECT_EQ(sent.errors, "u@nowhere: 504 5.5.2 <u@nowhere>: Recipient address rejected: need fully-qualified address\n");
}

} // namespace
} // namespace postern::test
