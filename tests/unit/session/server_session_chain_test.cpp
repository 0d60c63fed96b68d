// Domains with a chain of their own: which recipients may come together, and who is asked about them.
#include "core/session/server_session.hpp"

#include "tests/support/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::session {
namespace {

using hooks::hook_point;
using test::conversation;
using testing::StartsWith;

/// A listener with two chains: that of mx.example is number 1; postmaster, without a domain, has the listener's.
class two_chains : public testing::Test {
protected:
    static server_config config()
    {
        auto domains = std::make_shared<hooks::domain_map>();
        domains->add("mx.example", 1);
        auto out = conversation::usual_config();
        out.domains = std::move(domains);
        return out;
    }
    two_chains() : peer_{config()}
    {
        peer_.has_said_hello();
        peer_.says("MAIL FROM:<a@client.example>\r\n");
        (void)peer_.take_replies();
    }
    ~two_chains() override { EXPECT_EQ(peer_.fault(), ""); }
    std::string reply_to(std::string_view line)
    {
        peer_.says(std::string{line} + "\r\n");
        return peer_.take_replies();
    }
    [[nodiscard]] std::uint32_t chain_at(hook_point hook) { return peer_.session().chain_at(hook); }

    conversation peer_;
};

TEST_F(two_chains, are_not_mixed_in_one_transaction) // RFC 5321 4.5.3.1.10: after 452 the client sends the rest again
{
    EXPECT_THAT(reply_to("RCPT TO:<user@mx.example>"), StartsWith("250 "));
    EXPECT_EQ(reply_to("RCPT TO:<postmaster>"),
              "452 4.5.3 not together with the recipients before, send it in another transaction\r\n");
    EXPECT_THAT(reply_to("RCPT TO:<other@MX.example>"), StartsWith("250 "));
    EXPECT_THAT(reply_to("DATA"), StartsWith("354 "));
    peer_.says("Subject: x\r\n\r\nhello\r\n.\r\n");
    ASSERT_EQ(peer_.kept().size(), 1U);
    EXPECT_EQ(peer_.kept()[0].recipients, (std::vector<std::string>{"user@mx.example", "other@MX.example"}));
    (void)peer_.take_replies();
    EXPECT_THAT(reply_to("MAIL FROM:<a@client.example>"), StartsWith("250 "));
    EXPECT_THAT(reply_to("RCPT TO:<postmaster>"), StartsWith("250 ")) << "another transaction has another chain";
}

TEST_F(two_chains, are_asked_from_rcpt_on)
{
    EXPECT_THAT(reply_to("RCPT TO:<user@mx.example>"), StartsWith("250 "));
    for (const auto hook : {hook_point::cmd_rcpt, hook_point::cmd_data, hook_point::msg_headers, hook_point::msg_body,
                            hook_point::msg_end, hook_point::txn_commit_before, hook_point::txn_committed})
        EXPECT_EQ(chain_at(hook), 1U) << hooks::name_of(hook);
    for (const auto hook : {hook_point::conn_open, hook_point::cmd_helo, hook_point::cmd_mail, hook_point::param,
                            hook_point::verb, hook_point::cmd_rset, hook_point::conn_close})
        EXPECT_EQ(chain_at(hook), 0U) << hooks::name_of(hook);
}

TEST_F(two_chains, are_chosen_by_the_first_recipient_that_is_accepted)
{
    peer_.plugin().script[hook_point::cmd_rcpt].verdict = hooks::verdict_kind::reject;
    EXPECT_THAT(reply_to("RCPT TO:<user@mx.example>"), StartsWith("550 "));
    peer_.plugin().script.clear();
    EXPECT_THAT(reply_to("RCPT TO:<postmaster>"), StartsWith("250 ")) << "who was refused chooses nothing";
    EXPECT_EQ(chain_at(hook_point::msg_end), 0U);
    EXPECT_THAT(reply_to("RCPT TO:<user@mx.example>"), StartsWith("452 "));
}

TEST_F(two_chains, are_chosen_by_a_recipient_that_is_thrown_away_too)
{
    peer_.plugin().script[hook_point::cmd_rcpt].verdict = hooks::verdict_kind::discard;
    EXPECT_THAT(reply_to("RCPT TO:<user@mx.example>"), StartsWith("250 "));
    peer_.plugin().script.clear();
    EXPECT_THAT(reply_to("RCPT TO:<postmaster>"), StartsWith("452 "));
}

} // namespace
} // namespace postern::session
