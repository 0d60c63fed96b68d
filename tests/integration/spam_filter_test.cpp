// plugins/spam-filter in a running server: taught from the command line and by mail, with a list of domains on a name server of
// the test's, and what it learned outlives the server.

#include "tests/support/dns_peer.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr std::string_view spam_words =
    "Win money today, click here http://cash.example/win now, no risk, thousands of dollars!\r\n";
constexpr std::string_view ham_words =
    "The parser is fixed by this patch, Anna will look at the build before the meeting on Tuesday.\r\n";

std::string message(std::string_view words, std::string_view more = {})
{
    return fmt::format("From: a@client.example\r\nTo: user@example.com\r\nDate: Mon, 6 Aug 2001 12:04:06 +0000\r\n"
                       "Message-ID: <1@client.example>\r\nSubject: Hello\r\n{}\r\n{}",
                       more, words);
}

class a_server_that_filters_spam : public ::testing::Test {
protected:
    a_server_that_filters_spam()
        : names_{[](const std::string& name, std::uint16_t) {
              dns_said said;
              if (name == "cash.example.dbl.test")
                  said.records.push_back({name, 1, std::string{"\x7f\0\1\2", 4}});
              else
                  said.code = 3;
              return said;
          }}
    {
    }

    [[nodiscard]] configuration with(std::string_view options) const
    {
        auto what = configuration::relay(next_.address());
        what.section("delivery.dns", fmt::format("servers = [\"{}\"]", names_.address()))
            .listener("judged", {"relay-domains", "spam"})
            .plugin("spam", "spam-filter", options, "may = [\"headers\"]");
        return what;
    }
    static void teach(server& gateway)
    {
        const temporary_folder folder;
        const auto spam = folder.write("spam", message(spam_words)).string();
        const auto ham = folder.write("ham", message(ham_words)).string();
        for (int round = 0; round < 3; ++round) {
            ASSERT_EQ(gateway.command({"plugin", "tell", "spam", "learn", "spam", "--file", spam}).status, success);
            ASSERT_EQ(gateway.command({"plugin", "tell", "spam", "learn", "ham", "--file", ham}).status, success);
        }
    }
    static smtp_reply deliver(server& gateway, const std::string& content, const std::string& to = "user@example.com")
    {
        smtp_peer client{gateway.port("judged")};
        (void)client.greets();
        return client.delivers("a@client.example", {to}, content);
    }
    /// The next message that arrives.
    [[nodiscard]] std::string arrived(std::size_t number)
    {
        return next_.wait_for(number) ? next_.arrived()[number - 1].content : std::string{};
    }

    next_hop next_;
    dns_peer names_;
};

TEST_F(a_server_that_filters_spam, marks_what_it_was_taught_and_takes_forged_marks_away)
{
    server gateway{with("tag = 4.0\nsubject_prefix = \"[SPAM]\"\nlink_lists = [\"dbl.test 2 127.0.1.2\"]")};
    teach(gateway);
    EXPECT_EQ(deliver(gateway, message(spam_words, "X-Spam-Status: No, I promise\r\n")).code, 250) << gateway.log();
    EXPECT_THAT(arrived(1),
                AllOf(HasSubstr("X-Spam-Flag: YES\r\n"), HasSubstr("X-Spam-Status: Yes, score="), HasSubstr("BAYES_9"),
                      HasSubstr("LINK_DBL_TEST(2.0)"), HasSubstr("Subject: [SPAM] Hello\r\n"), Not(HasSubstr("I promise"))));
    EXPECT_EQ(deliver(gateway, message(ham_words)).code, 250);
    EXPECT_THAT(arrived(2),
                AllOf(HasSubstr("X-Spam-Status: No, score=-"), Not(HasSubstr("X-Spam-Flag")), HasSubstr("Subject: Hello\r\n")));
}

TEST_F(a_server_that_filters_spam, refuses_or_holds_by_its_thresholds)
{
    {
        server gateway{with("reject = 4.0")};
        teach(gateway);
        const auto refused = deliver(gateway, message(spam_words));
        EXPECT_EQ(refused.code, 550);
        EXPECT_THAT(refused.text(), HasSubstr("5.7.1"));
    }
    server gateway{with("quarantine = 4.0")};
    teach(gateway);
    EXPECT_EQ(deliver(gateway, message(spam_words)).code, 250);
    EXPECT_TRUE(eventually([&] { return gateway.command({"queue", "list"}).output.find("held") != std::string::npos; }));
    EXPECT_EQ(next_.count(), 0u);
}

TEST_F(a_server_that_filters_spam, remembers_after_a_restart)
{
    const temporary_folder folder;
    const auto options = with("reject = 4.0");
    {
        server first{options, folder.path()};
        teach(first);
        EXPECT_EQ(first.stop(), success);
    }
    server second{options, folder.path()};
    EXPECT_THAT(second.command({"plugin", "tell", "spam", "status"}).status, success); // it reads what is stored
    EXPECT_TRUE(eventually([&] {
        return second.command({"plugin", "tell", "spam", "status"}).output.find("ready: yes") != std::string::npos;
    }));
    EXPECT_EQ(deliver(second, message(spam_words)).code, 550);
}

TEST_F(a_server_that_filters_spam, learns_from_the_mail_of_its_own_clients)
{
    server gateway{with("networks = [\"127.0.0.0/8\"]\nspam_address = \"spam@example.com\"")};
    const auto report =
        fmt::format("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{}--b--\r\n",
                    message(spam_words));
    EXPECT_EQ(deliver(gateway, report, "spam@example.com").code, 250) << gateway.log();
    EXPECT_TRUE(eventually([&] {
        return gateway.command({"plugin", "tell", "spam", "status"}).output.find("spam learned: 1") != std::string::npos;
    }));
    EXPECT_EQ(next_.count(), 0u);
}

TEST_F(a_server_that_filters_spam, says_what_it_does_not_understand)
{
    server gateway{with("")};
    const auto said = gateway.command({"plugin", "tell", "spam", "dance"});
    EXPECT_EQ(said.status, (exit_status{1, 0}));
    EXPECT_THAT(said.errors, HasSubstr("learn spam FILE"));
    EXPECT_THAT(gateway.command({"plugin", "tell", "relay-domains", "dance"}).errors, HasSubstr("takes no such words"));
    EXPECT_THAT(gateway.command({"plugin", "tell", "nobody", "dance"}).errors, HasSubstr("no plugin instance"));
}

} // namespace
} // namespace postern::test
