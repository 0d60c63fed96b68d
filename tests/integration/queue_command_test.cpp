// postern queue ...: what an operator sees and changes on a running server.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};

/// A gateway whose next hop refuses for now, with one deferred message in its queue. One delivery at a time: what has become due
/// leaves before what comes in later.
class the_queue_command : public ::testing::Test {
protected:
    the_queue_command()
        : next_{[this](hop_stage at, std::string_view) {
              return at == hop_stage::mail && refuses_ ? hop_answer{.reply = "451 4.3.0 come back tomorrow"} : hop_answer{};
          }},
          gateway_{
              configuration::relay(next_.address()).section("queue", "retry = [\"1h\"]").section("delivery", "concurrency = 1")}
    {
    }

    void SetUp() override
    {
        submit("waiting");
        ASSERT_TRUE(state_becomes("deferred")) << gateway_.log();
        const auto list = queue({"list", "--json"}).output;
        constexpr std::string_view key = "\"id\":\"";
        const auto at = list.find(key);
        ASSERT_NE(at, std::string::npos) << list;
        id_ = list.substr(at + key.size(), list.find('"', at + key.size()) - at - key.size());
    }

    void submit(std::string_view subject) const
    {
        smtp_peer peer{gateway_.port()};
        ASSERT_EQ(peer.greets().code, 250);
        const auto content = "Subject: " + std::string{subject} + "\r\n\r\n";
        ASSERT_EQ(peer.delivers("author@client.example", {"user@example.com"}, content).code, 250);
    }

    /// Sends another message, waits until it has arrived, and expects that nothing else has.
    void expect_that_only_a_later_message_arrives()
    {
        submit("later");
        ASSERT_TRUE(next_.wait_for(1)) << gateway_.log();
        const auto arrived = next_.arrived();
        ASSERT_EQ(arrived.size(), 1U);
        EXPECT_THAT(arrived.front().content, HasSubstr("Subject: later"));
    }

    [[nodiscard]] outcome queue(std::vector<std::string> words) const
    {
        words.insert(words.begin(), "queue");
        return gateway_.command(std::move(words));
    }

    [[nodiscard]] bool state_becomes(std::string_view state) const
    {
        return eventually([&] {
            return queue({"list", "--json"}).output.find("\"" + std::string{state} + "\"") != std::string::npos;
        });
    }

    std::atomic<bool> refuses_ = true;
    next_hop next_;
    server gateway_;
    std::string id_;
};

TEST_F(the_queue_command, list_names_each_message)
{
    const auto listed = queue({"list"});
    EXPECT_EQ(listed.status, success) << listed.errors;
    EXPECT_THAT(listed.output,
                AllOf(HasSubstr(id_), HasSubstr("author@client.example"), HasSubstr("user@example.com"), HasSubstr("deferred")));
    EXPECT_THAT(listed.output, ContainsRegex("  20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:]{8}Z  ")) << "when it came in";
}

TEST_F(the_queue_command, show_tells_the_last_reply)
{
    const auto shown = queue({"show", id_});
    EXPECT_EQ(shown.status, success) << shown.errors;
    EXPECT_THAT(shown.output, AllOf(HasSubstr(id_), HasSubstr("come back tomorrow")));
    for (const auto* when : {"received", "next attempt"})
        EXPECT_THAT(shown.output, ContainsRegex("\n" + std::string{when} + ": 20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:]{8}Z\n"));
}

TEST_F(the_queue_command, retry_delivers_at_once)
{
    refuses_ = false;
    EXPECT_EQ(queue({"retry", id_}).status, success);
    EXPECT_TRUE(next_.wait_for(1)) << gateway_.log();
    EXPECT_TRUE(gateway_.queue_becomes_empty());
}

TEST_F(the_queue_command, flush_makes_all_messages_due)
{
    refuses_ = false;
    EXPECT_EQ(queue({"flush"}).status, success);
    EXPECT_TRUE(next_.wait_for(1)) << gateway_.log();
}

TEST_F(the_queue_command, hold_keeps_a_message_until_release)
{
    EXPECT_EQ(queue({"hold", id_}).status, success);
    EXPECT_TRUE(state_becomes("held"));
    refuses_ = false;
    EXPECT_EQ(queue({"flush"}).status, success);
    expect_that_only_a_later_message_arrives();
    EXPECT_THAT(queue({"show", id_}).output, AllOf(HasSubstr("state: held\n"), HasSubstr("attempts: 1\n")));
    EXPECT_EQ(queue({"release", id_}).status, success);
    EXPECT_TRUE(next_.wait_for(2)) << gateway_.log();
    EXPECT_THAT(next_.arrived().back().content, HasSubstr("Subject: waiting"));
}

TEST_F(the_queue_command, retry_of_a_held_message_fails_and_says_what_to_do)
{
    EXPECT_EQ(queue({"hold", id_}).status, success);
    for (const std::vector<std::string>& words : {std::vector<std::string>{"retry", id_}, {"retry", id_, "--json"}}) {
        const auto tried = queue(words);
        EXPECT_EQ(tried.status, failure);
        EXPECT_THAT(tried.errors, HasSubstr("held; release it first"));
    }
    EXPECT_EQ(queue({"release", id_}).status, success);
    EXPECT_EQ(queue({"retry", id_}).status, success);
}

TEST_F(the_queue_command, delete_removes_without_a_report)
{
    EXPECT_EQ(queue({"delete", id_}).status, success);
    EXPECT_TRUE(gateway_.queue_becomes_empty());
    refuses_ = false;
    EXPECT_EQ(queue({"flush"}).status, success);
    expect_that_only_a_later_message_arrives();
    EXPECT_EQ(queue({"show", id_}).status, failure) << "it is gone";
}

TEST_F(the_queue_command, is_in_the_trail_of_its_message)
{
    EXPECT_EQ(queue({"hold", id_}).status, success);
    EXPECT_EQ(queue({"release", id_}).status, success);
    EXPECT_EQ(queue({"retry", id_}).status, success);
    EXPECT_EQ(queue({"delete", id_}).status, success);
    const auto explained = gateway_.command({"explain", id_});
    EXPECT_EQ(explained.status, success) << explained.errors;
    for (const auto* wish : {"operator: hold\n", "operator: release\n", "operator: retry\n", "operator: delete\n"})
        EXPECT_THAT(explained.output, HasSubstr(wish));
}

TEST_F(the_queue_command, fails_for_an_id_that_names_nothing)
{
    for (const auto* words : {"show", "retry", "hold", "release", "delete"}) {
        EXPECT_EQ(queue({words, "0000000000001"}).status, failure) << words;
        const auto wrong = queue({words, "../../etc/passwd"});
        EXPECT_EQ(wrong.status, failure) << words;
        EXPECT_THAT(wrong.errors, Not(HasSubstr("\n\n")));
    }
}

TEST_F(the_queue_command, fails_when_no_server_runs)
{
    EXPECT_EQ(gateway_.stop(), success);
    const auto listed = queue({"list"});
    EXPECT_EQ(listed.status, failure);
    EXPECT_THAT(listed.errors, HasSubstr("control.sock"));
}

TEST_F(the_queue_command, verify_reads_the_queue_of_a_stopped_server)
{
    EXPECT_EQ(gateway_.stop(), success);
    const auto verified = queue({"verify"});
    EXPECT_EQ(verified.status, success) << verified.output << verified.errors;
}

TEST_F(the_queue_command, needs_the_servers_own_user)
{
    const auto mode = std::filesystem::status(gateway_.folder() / "control.sock").permissions();
    EXPECT_EQ(mode & std::filesystem::perms::mask, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

} // namespace
} // namespace postern::test
