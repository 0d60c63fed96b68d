// What the program tells about messages: afterwards, by `postern explain`, and while it happens, by `postern trace`.

#include "tests/support/generation_plugin.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/trace_of.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};

/// Of "queued as ID".
[[nodiscard]] std::string id_of(const smtp_reply& accepted)
{
    const auto text = accepted.text();
    const auto at = text.rfind(' ');
    return at == std::string::npos ? text : text.substr(at + 1);
}

class a_server_with_marks : public ::testing::Test {
protected:
    explicit a_server_with_marks(hop_script script = {}) : next_{std::move(script)}
    {
        gateway_ = std::make_unique<server>(what(), folder_.path());
    }

    [[nodiscard]] configuration what() const
    {
        auto out = configuration::relay(next_.address());
        out.listener("marked", {"relay-domains", "mark"}).plugin("mark", "generation", "", "may = [\"headers\"]");
        return plugin_.with(out);
    }
    [[nodiscard]] std::string deliver(std::string_view content = "Subject: hi\r\n\r\nthe body\r\n")
    {
        smtp_peer peer{gateway_->port("marked")};
        EXPECT_EQ(peer.greets().code, 250) << gateway_->log();
        const auto accepted = peer.delivers("a@client.example", {"user@example.com"}, content);
        EXPECT_EQ(accepted.code, 250) << accepted.text();
        peer.says("QUIT");
        return id_of(accepted);
    }
    [[nodiscard]] std::string explained(const std::string& id) const
    {
        const auto said = gateway_->command({"explain", id});
        EXPECT_EQ(said.status, success) << said.errors << gateway_->log();
        return said.output;
    }

    temporary_folder folder_;
    next_hop next_;
    generation_plugin plugin_{POSTERN_TEST_CXX};
    std::unique_ptr<server> gateway_;
};

TEST_F(a_server_with_marks, explains_a_message_after_it_has_left_and_after_a_restart)
{
    const auto id = deliver();
    ASSERT_TRUE(next_.wait_for(1)) << gateway_->log();
    ASSERT_TRUE(gateway_->queue_becomes_empty());
    const auto text = explained(id);
    EXPECT_THAT(text, HasSubstr("  transaction  session "));
    EXPECT_THAT(text, HasSubstr("sender: a@client.example\n"));
    EXPECT_THAT(text, HasSubstr("recipient: user@example.com\n"));
    EXPECT_THAT(text, ::testing::ContainsRegex("cmd.rcpt +relay-domains +CONTINUE and vouches \\([0-9]+ us\\)"));
    EXPECT_THAT(text, ::testing::ContainsRegex("msg.headers +mark +CONTINUE \\([0-9]+ us\\)"));
    EXPECT_THAT(text, ::testing::ContainsRegex("msg.headers +mark +edit header.add X-Generation: g1 of variant one"));
    EXPECT_THAT(text, ::testing::ContainsRegex("connection: 127.0.0.1:[0-9]+ at marked, EHLO client.example"));
    EXPECT_THAT(text, HasSubstr("end: stored\n"));
    EXPECT_THAT(text, HasSubstr("  attempt  job "));
    EXPECT_THAT(text, ::testing::ContainsRegex("result: user@example.com delivered by " + next_.address() + ": 250"));
    EXPECT_THAT(text, HasSubstr("it leaves the queue\n"));
    EXPECT_THAT(text, Not(HasSubstr("the body"))) << "content is nobody's business";

    EXPECT_EQ(gateway_->stop(), success);
    gateway_ = std::make_unique<server>(what(), folder_.path());
    EXPECT_EQ(explained(id), text);
    const auto as_json = gateway_->command({"explain", id, "--json"});
    EXPECT_EQ(as_json.status, success);
    EXPECT_THAT(as_json.output, AllOf(HasSubstr("\"record\":\"transaction\""), HasSubstr("\"record\":\"attempt\""),
                                      HasSubstr("\"edit\":\"header.add X-Generation\"")));
}

TEST_F(a_server_with_marks, explains_what_was_refused_too)
{
    smtp_peer peer{gateway_->port("marked")};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user@elsewhere.example>").code, 550);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    EXPECT_EQ(peer.says("DATA").code, 354);
    ASSERT_TRUE(peer.sends("Subject: bare\r\n\r\na bare\nline feed\r\n.\r\n"));
    EXPECT_EQ(peer.reply().code, 550);
    ASSERT_TRUE(gateway_->logs("relay_denied")) << gateway_->log(); // which names the session
    const auto log = gateway_->log();
    const auto line = log.substr(log.find(" relay_denied"));
    const auto text = explained(log_value(line, "session"));
    EXPECT_THAT(text, HasSubstr("recipient: user@elsewhere.example\n"));
    EXPECT_THAT(text, HasSubstr("refused: nobody vouches for this recipient\n"));
    EXPECT_THAT(text, HasSubstr("end: content refused\n"));
}

TEST_F(a_server_with_marks, says_what_it_cannot_explain)
{
    const auto unknown = gateway_->command({"explain", "0000000000001"});
    EXPECT_EQ(unknown.status, failure);
    EXPECT_THAT(unknown.errors, HasSubstr("nothing is known of it"));
    const auto nonsense = gateway_->command({"explain", "nonsense"});
    EXPECT_EQ(nonsense.status, failure);
    EXPECT_THAT(nonsense.errors, HasSubstr("the id is not one"));
}

TEST_F(a_server_with_marks, takes_mail_when_records_cannot_be_kept)
{
    EXPECT_EQ(gateway_->stop(), success);
    std::filesystem::remove_all(folder_ / "data/trace");
    folder_.write("data/trace", "a file where the folder should be");
    gateway_ = std::make_unique<server>(what(), folder_.path());
    (void)deliver();
    EXPECT_TRUE(next_.wait_for(1)) << gateway_->log();
    EXPECT_TRUE(gateway_->logs("trace.not_written")) << gateway_->log();
}

class a_next_hop_that_refuses : public a_server_with_marks {
protected:
    a_next_hop_that_refuses()
        : a_server_with_marks{[](hop_stage stage, std::string_view line) {
              // The report goes to the sender, by the same way, and is taken.
              const bool is_ours = stage == hop_stage::rcpt && line.find("user@") != std::string_view::npos;
              return hop_answer{.reply = is_ours ? "550 5.1.1 nobody" : ""};
          }}
    {
    }
};

TEST_F(a_next_hop_that_refuses, is_explained_with_the_report_that_follows)
{
    const auto id = deliver();
    ASSERT_TRUE(next_.wait_for(1)) << gateway_->log();
    ASSERT_TRUE(gateway_->queue_becomes_empty());
    const auto text = explained(id);
    EXPECT_THAT(text, ::testing::ContainsRegex("result: user@example.com failed by " + next_.address() + ": 550 5.1.1 nobody"));
    EXPECT_THAT(text, ::testing::ContainsRegex("  report  report [0-9A-Z]+\n    report: failure to a@client.example"));
    const auto at = text.find("  report  report ") + std::string_view{"  report  report "}.size();
    const auto of_report = explained(text.substr(at, 13));
    EXPECT_THAT(of_report, AllOf(HasSubstr("report: failure to a@client.example"),
                                 HasSubstr("result: a@client.example delivered by " + next_.address())));
}

TEST_F(a_server_with_marks, shows_lines_hooks_verdicts_times_and_edits_as_they_happen)
{
    trace_of all{*gateway_, {}};
    trace_of other_listener{*gateway_, {"--listener", "in"}};
    trace_of other_peer{*gateway_, {"--peer", "192.0.2.1"}};
    trace_of this_peer{*gateway_, {"--peer", "127.0.0.1", "--json"}};
    smtp_peer peer{gateway_->port("marked")};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("AUTH PLAIN AGEAc2VjcmV0").code, 502);
    EXPECT_EQ(peer.says("NOOP \x1b[2J").code, 500);
    EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\nthe body\r\n").code, 250);
    EXPECT_EQ(peer.says("QUIT").code, 221);
    ASSERT_TRUE(next_.wait_for(1));
    ASSERT_TRUE(all.shows(" disconnected: ")) << all.output();
    ASSERT_TRUE(all.shows("it leaves the queue")) << all.output();
    const auto text = all.output();
    for (const auto* part :
         {" connected: marked\n", "< EHLO client.example\n", "> 250 ", "< AUTH PLAIN ***\n", "< NOOP \\x1b[2J\n",
          "< MAIL FROM:<a@client.example>", "> 354 ", "content received: ", "> 250 2.0.0 queued as ", "< QUIT\n", "> 221 ",
          // the other way
          "> EHLO mx.example.org\n", "> MAIL FROM:<a@client.example>", "> RCPT TO:<user@example.com>\n", "content sent: "})
        EXPECT_THAT(text, HasSubstr(part));
    EXPECT_THAT(text, ::testing::ContainsRegex("msg.headers +mark +CONTINUE \\([0-9]+ us\\)"));
    EXPECT_THAT(text, ::testing::ContainsRegex("msg.headers +mark +edit header.add X-Generation: g1 of variant one"));
    EXPECT_THAT(text, ::testing::ContainsRegex("result: user@example.com delivered"));
    EXPECT_THAT(text, AllOf(Not(HasSubstr("the body")), Not(HasSubstr("AGEAc2VjcmV0"))));
    EXPECT_TRUE(this_peer.shows("\"note\":\"heard\",\"line\":\"QUIT\""));
    EXPECT_EQ(other_listener.output().find("EHLO client.example"), std::string::npos);
    EXPECT_EQ(other_peer.output(), "");
}

TEST_F(a_server_with_marks, shows_one_session_to_who_asks_for_it)
{
    trace_of all{*gateway_, {"--json"}};
    smtp_peer first{gateway_->port("marked")};
    ASSERT_EQ(first.greets("first.example").code, 250);
    ASSERT_TRUE(all.shows("EHLO first.example"));
    const auto text = all.output();
    const std::string_view key = "\"session\":\"";
    const auto session = text.substr(text.find(key) + key.size(), 13);
    trace_of one{*gateway_, {"--session", session}};
    smtp_peer second{gateway_->port("marked")};
    ASSERT_EQ(second.greets("second.example").code, 250);
    ASSERT_EQ(first.says("NOOP here").code, 250);
    ASSERT_TRUE(one.shows("< NOOP here")) << one.output();
    EXPECT_THAT(one.output(), Not(HasSubstr("second.example")));
    const auto none = gateway_->command({"trace", "--session", "0000000000000"});
    EXPECT_EQ(none.status, failure) << "or it would be every session";
    const auto nonsense = gateway_->command({"trace", "--session", "nonsense"});
    EXPECT_EQ(nonsense.status, failure);
    EXPECT_THAT(nonsense.errors, HasSubstr("the session's id is not one"));
}

} // namespace
} // namespace postern::test
