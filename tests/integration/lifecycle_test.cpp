// Start, reload, drain, end.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace postern::test {
namespace {

using ::testing::HasSubstr;

constexpr exit_status success{0, 0};

[[nodiscard]] configuration for_domain(std::string_view domain, const next_hop& next)
{
    configuration what;
    what.listener("in", {"relay-domains"})
        .plugin("relay-domains", "relay-domains", fmt::format("domains = [\"{}\"]", domain))
        .section("delivery", fmt::format("relay = \"{}\"", next.address()));
    return what;
}

[[nodiscard]] int rcpt_code(smtp_peer& peer, std::string_view domain)
{
    if (const auto mail = peer.says("MAIL FROM:<a@client.example>"); mail.code != 250)
        return mail.code;
    const int code = peer.says(fmt::format("RCPT TO:<user@{}>", domain)).code;
    peer.says("RSET");
    return code;
}

/// Up to the 354.
void begin_content(smtp_peer& peer)
{
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_EQ(peer.says("DATA").code, 354);
}

TEST(sigterm, lets_a_message_in_its_content_finish_and_then_ends_the_server)
{
    next_hop next;
    server gateway{for_domain("example.com", next)};
    smtp_peer peer{gateway.port()};
    ASSERT_NO_FATAL_FAILURE(begin_content(peer));
    ASSERT_TRUE(peer.sends("Subject: in the middle\r\n\r\n"));
    gateway.child().signal(SIGTERM);
    ASSERT_TRUE(gateway.logs("draining")) << gateway.log();
    ASSERT_TRUE(eventually([&] { return !tcp_stream::connect(gateway.port()); })) << "it still accepts connections";
    ASSERT_TRUE(peer.sends("the rest\r\n.\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(gateway.child().wait(), success) << gateway.log();

    server again{for_domain("example.com", next), gateway.folder()};
    EXPECT_TRUE(next.wait_for(1)) << again.log();
    EXPECT_THAT(next.arrived().front().content, HasSubstr("the rest"));
}

TEST(sigterm, says_421_to_an_idle_client)
{
    next_hop next;
    server gateway{for_domain("example.com", next)};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    gateway.child().signal(SIGTERM);
    EXPECT_EQ(peer.reply().code, 421) << "RFC 5321 3.8: a server that shuts down says so";
    EXPECT_EQ(gateway.child().wait(), success);
}

TEST(a_second_sigterm, ends_the_server_at_once)
{
    next_hop next;
    server gateway{for_domain("example.com", next)};
    smtp_peer peer{gateway.port()};
    ASSERT_NO_FATAL_FAILURE(begin_content(peer));
    gateway.child().signal(SIGTERM);
    ASSERT_TRUE(gateway.logs("draining")) << gateway.log();
    std::optional<exit_status> status;
    for (int tries = 0; tries < 200 && !status; ++tries) { // those that come with the first do not count
        gateway.child().signal(SIGTERM);
        status = gateway.child().wait(std::chrono::milliseconds{100});
    }
    ASSERT_TRUE(status) << gateway.log();
    EXPECT_EQ(*status, (exit_status{1, 0}));
    EXPECT_EQ(peer.reply().code, 0) << "the message was not acknowledged";
}

TEST(two_signals_at_once, are_one_and_leave_sessions_their_time)
{
    next_hop next;
    server gateway{for_domain("example.com", next)};
    smtp_peer peer{gateway.port()};
    ASSERT_NO_FATAL_FAILURE(begin_content(peer));
    gateway.child().signal(SIGINT); // two of them, so that the kernel does not make one of them
    gateway.child().signal(SIGTERM);
    ASSERT_TRUE(gateway.logs("draining")) << gateway.log();
    ASSERT_TRUE(peer.sends("the rest\r\n.\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(gateway.child().wait(), success) << gateway.log();
}

TEST(sighup, gives_new_sessions_the_new_configuration_and_leaves_open_ones_theirs)
{
    next_hop next;
    server gateway{for_domain("old.example", next)};
    smtp_peer before{gateway.port()};
    ASSERT_EQ(before.greets().code, 250);
    EXPECT_EQ(rcpt_code(before, "old.example"), 250);

    gateway.reconfigure(for_domain("new.example", next));
    gateway.child().signal(SIGHUP);
    ASSERT_TRUE(gateway.logs("reloaded")) << gateway.log();

    smtp_peer after{gateway.port()};
    ASSERT_EQ(after.greets().code, 250);
    EXPECT_EQ(rcpt_code(after, "new.example"), 250);
    EXPECT_EQ(rcpt_code(after, "old.example"), 550);
    EXPECT_EQ(rcpt_code(before, "old.example"), 250);
    EXPECT_EQ(rcpt_code(before, "new.example"), 550);
}

TEST(sighup, with_a_broken_file_changes_nothing_and_says_why)
{
    next_hop next;
    server gateway{for_domain("old.example", next)};
    gateway.reconfigure(for_domain("new.example", next).section("limits", "nonsense = 1"));
    gateway.child().signal(SIGHUP);
    ASSERT_TRUE(gateway.logs("reload.failed", {"nonsense"})) << gateway.log();
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(rcpt_code(peer, "old.example"), 250);
    EXPECT_EQ(rcpt_code(peer, "new.example"), 550);
    EXPECT_EQ(gateway.command({"reload"}).status, (exit_status{1, 0})) << "the command tells the same";
}

TEST(a_reload, by_command_does_what_sighup_does)
{
    next_hop next;
    server gateway{for_domain("old.example", next)};
    gateway.reconfigure(for_domain("new.example", next));
    const auto reloaded = gateway.command({"reload"});
    ASSERT_EQ(reloaded.status, success) << reloaded.errors << gateway.log();
    EXPECT_EQ(gateway.command({"reload", "--json"}).output, "{\"ok\":true}\n");
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(rcpt_code(peer, "new.example"), 250);
}

TEST(a_reload, that_would_send_mail_in_a_circle_is_refused)
{
    next_hop next;
    server gateway{for_domain("example.com", next)};
    gateway.reconfigure(configuration::relay(gateway.address())); // the port that the kernel chose
    const auto refused = gateway.command({"reload"});
    EXPECT_EQ(refused.status, (exit_status{1, 0}));
    EXPECT_THAT(refused.errors, ::testing::AllOf(HasSubstr("delivery.relay"), HasSubstr(gateway.address())));
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\n").code, 250);
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
}

/// A server that may not read its key any more: that of a user other than root; or, when we are not root, one that lost the
/// right.
class a_server_without_its_key : public ::testing::Test {
protected:
    a_server_without_its_key()
    {
        std::filesystem::permissions(folder_.path(), std::filesystem::perms{0711}); // the way to data and control.sock
        gateway_ = std::make_unique<server>(what(), folder_.path());
        if (::geteuid() != 0)
            std::filesystem::permissions(folder_ / "key.pem", std::filesystem::perms::none);
    }
    [[nodiscard]] configuration what() const
    {
        auto out = configuration::relay("127.0.0.1:25", "starttls");
        if (::geteuid() == 0)
            out.as_user("nobody", folder_.path());
        return out;
    }

    temporary_folder folder_;
    std::unique_ptr<server> gateway_;
};

TEST_F(a_server_without_its_key, reloads_all_else_and_keeps_the_certificate_that_it_has)
{
    gateway_->reconfigure(what().section("limits", "recipients = 1"));
    gateway_->child().signal(SIGHUP);
    ASSERT_TRUE(gateway_->logs("reloaded")) << gateway_->log();
    EXPECT_TRUE(gateway_->logs("certificate.kept", {"key.pem", "Permission denied"})) << gateway_->log();
    smtp_peer peer{gateway_->port()};
    EXPECT_THAT(peer.greets().text(), HasSubstr("STARTTLS"));
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<one@example.com>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<two@example.com>").code, 452);
    EXPECT_EQ(peer.says("RSET").code, 250);
    EXPECT_EQ(peer.says("STARTTLS").code, 220);
    EXPECT_EQ(gateway_->command({"reload"}).status, success) << "and again";
}

TEST_F(a_server_without_its_key, takes_no_other_key_for_it)
{
    std::filesystem::copy_file(folder_ / "cert.pem", folder_ / "other.pem");
    auto other = what();
    gateway_->reconfigure(other.section("tls", "cert = \"other.pem\"\nkey = \"key.pem\""));
    const auto refused = gateway_->command({"reload"});
    EXPECT_EQ(refused.status, (exit_status{1, 0}));
    EXPECT_THAT(refused.errors, ::testing::AllOf(HasSubstr("key.pem"), HasSubstr("Permission denied")));
}

TEST(a_server, that_stays_root_says_so)
{
    next_hop next;
    server gateway{for_domain("example.com", next)};
    EXPECT_EQ(gateway.log().find("running_as_root") != std::string::npos, ::geteuid() == 0);
}

TEST(a_start, on_a_port_that_is_taken_fails_and_names_it)
{
    const tcp_listener taken;
    const temporary_folder folder;
    make_certificate(folder.path());
    auto text = configuration::relay("127.0.0.1:25").text();
    const auto address = fmt::format("127.0.0.1:{}", taken.port());
    text.replace(text.find("127.0.0.1:0"), std::strlen("127.0.0.1:0"), address);
    const auto started = run({postern_program().string(), "serve", "--config", folder.write("postern.toml", text).string()});
    EXPECT_EQ(started.status, (exit_status{1, 0}));
    EXPECT_THAT(started.errors, HasSubstr(address));
}

TEST(a_start, on_the_queue_of_a_running_server_fails)
{
    next_hop next;
    server first{for_domain("example.com", next)};
    auto text = for_domain("example.com", next).text();
    text.replace(text.find("control.sock"), std::strlen("control.sock"), "second.sock");
    const temporary_folder aside;
    const auto file = first.folder() / "second.toml";
    std::filesystem::copy_file(aside.write("second.toml", text), file);
    const auto second = run({postern_program().string(), "serve", "--config", file.string()});
    EXPECT_EQ(second.status, (exit_status{1, 0})) << second.errors;
    smtp_peer peer{first.port()};
    EXPECT_EQ(peer.greets().code, 250) << "the first goes on";
}

TEST(a_start, tells_the_service_manager_when_it_is_ready)
{
    const temporary_folder folder;
    make_certificate(folder.path());
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    const auto path = (folder / "notify").string();
    ASSERT_LT(path.size(), sizeof where.sun_path);
    std::memcpy(where.sun_path, path.c_str(), path.size());
    const descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ASSERT_EQ(::bind(socket.number(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    const timeval limit{60, 0};
    ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);

    const auto file = folder.write("postern.toml", configuration::relay("127.0.0.1:25").text());
    process gateway{{"env", "NOTIFY_SOCKET=" + path, postern_program().string(), "serve", "--config", file.string()}};
    std::string told(64, '\0');
    const auto size = ::recv(socket.number(), told.data(), told.size(), 0);
    ASSERT_GT(size, 0) << gateway.errors();
    told.resize(static_cast<std::size_t>(size));
    EXPECT_THAT(told, HasSubstr("READY=1"));
    gateway.signal(SIGTERM);
    EXPECT_EQ(gateway.wait(), success);
}

TEST(a_server, that_is_told_a_user_keeps_no_root_after_binding)
{
    if (::geteuid() != 0) {
        // Only root can become somebody else; anybody else must be told so rather than run as what he is.
        const temporary_folder folder;
        make_certificate(folder.path());
        const auto file = folder.write("postern.toml", configuration::relay("127.0.0.1:25").top("user = \"nobody\"").text());
        const auto started = run({postern_program().string(), "serve", "--config", file.string()});
        EXPECT_EQ(started.status, (exit_status{1, 0}));
        EXPECT_THAT(started.errors, HasSubstr("nobody"));
        return;
    }
    const temporary_folder folder;
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0711}); // the way to data and control.sock
    server gateway{configuration::relay("127.0.0.1:25").as_user("nobody", folder.path()), folder.path()};
    std::ifstream status{fmt::format("/proc/{}/status", gateway.child().pid())};
    std::size_t checked = 0;
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("Uid:") || line.starts_with("Gid:")) {
            EXPECT_THAT(line, ::testing::Not(::testing::ContainsRegex("[\t ]0([\t ]|$)")));
            ++checked;
        }
        if (line.starts_with("NoNewPrivs:")) {
            EXPECT_THAT(line, HasSubstr("1"));
            ++checked;
        }
        if (line.starts_with("CapEff:")) {
            EXPECT_THAT(line, HasSubstr("0000000000000000"));
            ++checked;
        }
    }
    EXPECT_EQ(checked, 4U);
    EXPECT_THAT(gateway.log(), ::testing::Not(HasSubstr("running_as_root")));
    struct stat control {};
    ASSERT_EQ(::stat((gateway.folder() / "control.sock").c_str(), &control), 0);
    EXPECT_NE(control.st_uid, 0U) << "the user's own, so that the user can ask";
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\n").code, 250) << gateway.log();
}

} // namespace
} // namespace postern::test
