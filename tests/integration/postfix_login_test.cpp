// Deliveries that log in at a Postfix which takes mail from nobody else, by every mechanism that its Dovecot has: what a smart
// host is, mostly.

#include "tests/support/base64.hpp"
#include "tests/support/delivering_postfix.hpp"
#include "tests/support/dovecot_logins.hpp"
#include "tests/support/occurrences.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/trace_of.hpp"
#include "tests/support/trusting.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace postern::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr std::string_view password = "open sesame, said Ali";
constexpr std::string_view key = "of who issues tokens";
constexpr std::int64_t in_2100 = 4'102'444'800;
constexpr std::int64_t in_2001 = 1'000'000'000;

/// Postfix, where one logs in behind STARTTLS or goes away, and Dovecot, which it asks.
class smart_host {
public:
    [[nodiscard]] const delivering_postfix& postfix() const noexcept { return postfix_; }
    [[nodiscard]] dovecot_logins& logins() noexcept { return logins_; }

private:
    dovecot_logins logins_{"alice", password, key};
    delivering_postfix postfix_{fmt::format("smtpd_sasl_auth_enable = yes\n"
                                            "smtpd_sasl_type = dovecot\n"
                                            "smtpd_sasl_path = {}\n"
                                            "smtpd_sasl_authenticated_header = yes\n"
                                            "smtpd_tls_auth_only = yes\n"
                                            "smtpd_sender_restrictions = permit_sasl_authenticated, reject\n"
                                            "service_throttle_time = 1s\n", // after an smtpd that found no Dovecot
                                            logins_.socket())};
};

/// What a login proves itself by.
struct secret {
    std::string_view kind; ///< "password" or "token"
    std::string text;
};

[[nodiscard]] secret right_one(bool is_token)
{
    return is_token ? secret{"token", signed_token("alice", key, in_2100)} : secret{"password", std::string{password}};
}
[[nodiscard]] secret wrong_one(bool is_token)
{
    return is_token ? secret{"token", signed_token("alice", "of somebody else", in_2100)} : secret{"password", "open barley"};
}

void send(const server& gateway)
{
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.delivers("", {"u@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
}

TEST(what_reveals_a_secret, is_the_base64_of_whatever_it_is_a_part_of_too)
{
    for (const std::string_view before : {"", "a", "ab", "abc", "abcd"})
        for (const std::string_view after : {"", "x", "xy"}) {
            EXPECT_TRUE(reveals("AUTH " + base64(fmt::format("{}{}{}", before, password, after)), password));
            EXPECT_FALSE(reveals("AUTH " + base64(fmt::format("{}{}{}", before, "open barley", after)), password));
        }
    EXPECT_TRUE(reveals(fmt::format("reply=\"{}\"", password), password));
}

class a_postfix_with_logins : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (::geteuid() != 0)
            GTEST_SKIP() << "the masters of Postfix and Dovecot have to be root";
        host_.emplace();
        trust_.emplace(host_->postfix().certificate());
    }

    /// A relay to it, where alice logs in; by the best mechanism if none is named.
    [[nodiscard]] configuration relay(const secret& by, std::string_view mechanism = {}, std::string_view retry = "1h") const
    {
        const auto file = folder_.write("secret", by.text + "\n");
        fs::permissions(file, fs::perms{0600});
        auto what = configuration::relay(host_->postfix().address());
        what.section("queue", fmt::format("retry = [\"{}\"]", retry));
        what.section("delivery", fmt::format("[[delivery.login]]\nnext_hop = \"{}\"\nuser = \"alice\"\n{}_file = \"{}\"\n{}",
                                             host_->postfix().address(), by.kind, file.string(),
                                             mechanism.empty() ? "" : fmt::format("mechanisms = [\"{}\"]\n", mechanism)));
        return what;
    }
    /// The login failed and was said so, and the message waits.
    void expect_refused(server& gateway, std::string_view mechanism) const
    {
        EXPECT_TRUE(gateway.logs("delivery_login_failed",
                                 {"user=alice", "code=535", fmt::format("the login by {} was refused", mechanism)}))
            << gateway.log() << host_->postfix().log();
        EXPECT_TRUE(gateway.logs("deferred", {"recipient=u@example.com", "code=535"})) << gateway.log();
        EXPECT_THAT(gateway.command({"queue", "list"}).output, HasSubstr("deferred"));
        EXPECT_THAT(gateway.log(), Not(HasSubstr(" failed ")));
    }
    /// The mailbox, once `messages` are there of whom Postfix took for alice.
    void expect_delivered(const server& gateway, std::size_t messages) const
    {
        const auto box = host_->postfix().delivered("(Authenticated sender: alice)", messages);
        EXPECT_EQ(occurrences(box, "\nhello\n"), messages) << box << gateway.log() << host_->postfix().log();
        EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    }
    /// As an operator does who has found out.
    void mend(const server& gateway, const configuration& with) const
    {
        gateway.reconfigure(with);
        ASSERT_EQ(gateway.command({"reload"}).status, success) << gateway.log();
        ASSERT_EQ(gateway.command({"queue", "flush"}).status, success) << gateway.log();
    }

    temporary_folder folder_;
    std::optional<smart_host> host_;
    std::optional<trusting> trust_;
};

struct login_way {
    std::string_view allowed; ///< a mechanism; empty: all
    std::string_view chosen;
    bool is_token = false;
};

TEST_F(a_postfix_with_logins, takes_mail_by_every_mechanism_once_the_secret_is_right_and_no_secret_is_seen)
{
    const std::vector<login_way> all{
        {"PLAIN", "PLAIN"},
        {"LOGIN", "LOGIN"},
        {"CRAM-MD5", "CRAM-MD5"},
        {"SCRAM-SHA-1", "SCRAM-SHA-1"},
        {"SCRAM-SHA-256", "SCRAM-SHA-256"},
        {"", "SCRAM-SHA-256"},
        {"XOAUTH2", "XOAUTH2", true},
        {"OAUTHBEARER", "OAUTHBEARER", true},
        {"", "OAUTHBEARER", true},
    };
    std::size_t messages = 0;
    for (const auto& [allowed, chosen, is_token] : all) {
        SCOPED_TRACE(fmt::format("{} of {}", chosen, allowed.empty() ? "all" : "one"));
        const auto wrong = wrong_one(is_token);
        const auto right = right_one(is_token);
        server gateway{relay(wrong, allowed)};
        trace_of viewer{gateway};
        send(gateway);
        expect_refused(gateway, chosen);

        mend(gateway, relay(right, allowed));
        expect_delivered(gateway, ++messages);

        ASSERT_TRUE(viewer.shows("it leaves the queue")) << viewer.output();
        EXPECT_THAT(viewer.output(),
                    AllOf(HasSubstr(fmt::format("> AUTH {}", chosen)), HasSubstr("< 535 "), HasSubstr("< 235 ")));
        for (const auto& each : {wrong.text, right.text}) {
            EXPECT_FALSE(reveals(gateway.log(), each)) << gateway.log();
            EXPECT_FALSE(reveals(viewer.output(), each)) << viewer.output();
        }
    }
}

TEST_F(a_postfix_with_logins, takes_no_token_that_has_expired_or_is_somebody_elses)
{
    const std::vector<secret> useless{{"token", signed_token("alice", key, in_2001)},
                                      {"token", signed_token("bob", key, in_2100)}};
    std::size_t messages = 0;
    for (const std::string_view mechanism : {"XOAUTH2", "OAUTHBEARER"}) {
        SCOPED_TRACE(mechanism);
        for (const auto& each : useless) {
            server gateway{relay(each, mechanism)};
            send(gateway);
            expect_refused(gateway, mechanism);
            mend(gateway, relay(right_one(true), mechanism));
            expect_delivered(gateway, ++messages);
        }
    }
}

/// An smtpd that does not find Dovecot ends, and the connection with it.
TEST_F(a_postfix_with_logins, that_has_lost_its_dovecot_gets_the_mail_when_it_is_back)
{
    host_->logins().end();
    server gateway{relay(right_one(false), {}, "100ms")};
    send(gateway);
    EXPECT_TRUE(gateway.logs("deferred", {"connection lost"})) << gateway.log() << host_->postfix().log();
    EXPECT_THAT(gateway.log(), Not(HasSubstr(" failed ")));
    host_->logins().start();
    expect_delivered(gateway, 1);
}

} // namespace
} // namespace postern::test
