// postern queue suspend, resume and destinations: an operator's word about a destination, over restarts and reloads.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};
constexpr exit_status misuse{2, 0};

class a_suspended_destination : public ::testing::Test {
protected:
    void SetUp() override { start(); }
    void start() { gateway_ = std::make_unique<server>(configuration::relay(next_.address()), folder_.path()); }
    [[nodiscard]] outcome queue(std::vector<std::string> words) const
    {
        words.insert(words.begin(), "queue");
        return gateway_->command(std::move(words));
    }
    /// Its id.
    std::string submit() const
    {
        smtp_peer peer{gateway_->port()};
        EXPECT_EQ(peer.greets().code, 250);
        const auto kept = peer.delivers("", {"u@example.com"}, "Subject: hi\r\n\r\nhello\r\n");
        EXPECT_EQ(kept.code, 250);
        const auto text = kept.text();
        return text.substr(text.rfind(' ') + 1);
    }
    [[nodiscard]] bool shows(const std::string& words) const
    {
        return eventually([&] { return queue({"list"}).output.find(words) != std::string::npos; });
    }
    [[nodiscard]] std::string reason() const
    {
        return fmt::format("{}: suspended by an operator: they mend it", next_.address());
    }

    next_hop next_;
    temporary_folder folder_;
    std::unique_ptr<server> gateway_;
};

TEST_F(a_suspended_destination, gets_its_mail_when_it_is_resumed)
{
    const auto suspended = queue({"suspend", next_.address(), "--why", "they mend it"});
    EXPECT_EQ(suspended.status, success) << suspended.errors;
    EXPECT_EQ(suspended.output, next_.address() + ": suspended\n");
    std::string id;
    for (int i = 0; i < 50; ++i)
        id = submit();
    ASSERT_TRUE(shows(reason())) << queue({"list"}).output;
    const auto shown = queue({"show", id});
    EXPECT_THAT(shown.output, HasSubstr("waits: " + reason() + "\n")) << gateway_->log();
    ASSERT_TRUE(eventually([&] {
        return gateway_->command({"explain", id}).output.find("waits: " + reason()) != std::string::npos;
    }));
    EXPECT_THAT(gateway_->command({"explain", id}).output, HasSubstr(", " + reason()));
    const auto listed = queue({"destinations"});
    EXPECT_THAT(listed.output, AllOf(HasSubstr(next_.address() + "  waiting 50  deliveries 0"),
                                     HasSubstr("  suspended by an operator: they mend it")));
    EXPECT_EQ(queue({"retry", id}).status, success);
    EXPECT_EQ(queue({"flush"}).status, success);
    EXPECT_EQ(next_.connections(), 0U) << "no other word is stronger";

    const auto resumed = queue({"resume", next_.address()});
    EXPECT_EQ(resumed.status, success) << resumed.errors;
    EXPECT_EQ(resumed.output, next_.address() + ": resumed\n");
    EXPECT_TRUE(next_.wait_for(50)) << gateway_->log();
    EXPECT_TRUE(gateway_->queue_becomes_empty());
    EXPECT_EQ(gateway_->log().find(" deferred "), std::string::npos) << "nothing was tried in vain";
    EXPECT_THAT(queue({"destinations"}).output, AllOf(HasSubstr("  last: 250"), Not(HasSubstr("suspended"))));
}

TEST_F(a_suspended_destination, stays_so_over_a_restart_and_a_reload)
{
    ASSERT_EQ(queue({"suspend", next_.address(), "--why", "they mend it"}).status, success);
    ASSERT_EQ(gateway_->command({"reload"}).status, success);
    (void)submit();
    ASSERT_TRUE(shows(reason()));
    gateway_->child().kill();
    gateway_.reset();
    start();
    ASSERT_TRUE(shows(reason())) << gateway_->log();
    EXPECT_EQ(next_.connections(), 0U);
    ASSERT_EQ(queue({"resume", next_.address()}).status, success);
    EXPECT_TRUE(next_.wait_for(1)) << gateway_->log();
    gateway_.reset();
    start();
    EXPECT_THAT(queue({"destinations"}).output, Not(HasSubstr("suspended")));
}

TEST_F(a_suspended_destination, is_resumed_by_itself_when_its_time_is_over)
{
    ASSERT_EQ(queue({"suspend", next_.address(), "--for", "1s"}).status, success);
    (void)submit();
    EXPECT_TRUE(next_.wait_for(1)) << gateway_->log();
    EXPECT_TRUE(gateway_->logs("destination_resumed"));
}

TEST_F(a_suspended_destination, shows_until_when_as_text_and_as_json)
{
    ASSERT_EQ(queue({"suspend", "Example.ORG", "--for", "2h", "--why", "spring cleaning"}).status, success);
    EXPECT_THAT(queue({"destinations"}).output,
                MatchesRegex("example\\.org  waiting 0  deliveries 0  suspended by an operator until "
                             "20[0-9-]{8}T[0-9:]{8}Z: spring cleaning\n"));
    EXPECT_THAT(queue({"destinations", "--json"}).output,
                AllOf(HasSubstr("[{\"next_hop\":\"example.org\""), HasSubstr("\"by\":\"operator\",\"why\":\"spring cleaning\"")));
}

TEST_F(a_suspended_destination, has_a_name_a_time_and_a_reason_that_can_be)
{
    EXPECT_EQ(queue({"suspend"}).status, misuse);
    EXPECT_EQ(queue({"resume"}).status, misuse);
    for (const std::string time : {"soon", "0", "-1h"}) {
        const auto wrong = queue({"suspend", "example.org", "--for", time});
        EXPECT_NE(wrong.status, success) << time;
    }
    EXPECT_THAT(queue({"suspend", "example.org", "--for", "soon"}).errors, HasSubstr("--for must be a time such as 30m"));
    const auto nowhere = queue({"suspend", "a b"});
    EXPECT_EQ(nowhere.status, failure);
    EXPECT_THAT(nowhere.errors, HasSubstr("\"a b\" is no destination: a domain, or a host and port"));
    EXPECT_THAT(queue({"suspend", "example.org", "--why", "two\nlines"}).errors, HasSubstr("one line of text"));
    const auto never = queue({"resume", "example.org"});
    EXPECT_EQ(never.status, failure);
    EXPECT_THAT(never.errors, HasSubstr("example.org is not suspended by an operator"));
    EXPECT_THAT(queue({"destinations"}).output, "");
}

TEST_F(a_suspended_destination, is_not_guessed_at_from_a_damaged_file)
{
    gateway_.reset();
    folder_.write("data/suspended.json", "{\"suspended\":[");
    const auto checked = run({postern_program().string(), "check", "--config", (folder_ / "postern.toml").string()});
    EXPECT_EQ(checked.status, failure);
    EXPECT_THAT(checked.errors, HasSubstr("suspended.json: is damaged"));
    EXPECT_THROW(start(), std::runtime_error);
}

} // namespace
} // namespace postern::test
