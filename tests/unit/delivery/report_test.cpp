#include "core/delivery/report.hpp"

#include "core/delivery/plan.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const base::wall_time arrival{std::chrono::milliseconds{1'700'000'000'000}};

queue::record failed_message()
{
    queue::record about;
    about.envelope.received = arrival;
    about.envelope.size = 100;
    about.envelope.session = "0123456789ABC";
    about.envelope.envelope.from.address = "sender@example.org";
    about.envelope.envelope.from.envid = "id+2B7";
    about.envelope.envelope.to = {{"a@example.com", {}, "rfc822;alias+40example.org", {}}, {"b@example.com", {}, {}, {}}};
    about.state = queue::fresh_state(2);
    about.state.recipients[0] = {queue::recipient_status::failed, true, 1, 550, "5.1.1", "no such user", "mx.example.com:25"};
    about.state.recipients[1] = {queue::recipient_status::expired, true, 9, 450, "4.2.2", "mailbox full", "mx.example.com:25"};
    return about;
}

report_facts facts(message::dsn_kind kind = message::dsn_kind::failure)
{
    return {.kind = kind,
            .id = {77},
            .queue_id = "QUEUEID",
            .now = arrival + 24h * 5,
            .hostname = "mx.example.org",
            .original = "Subject: hi\r\n"};
}

TEST(delivery_report, tells_what_became_of_each_recipient)
{
    const auto about = failed_message();
    const std::uint32_t who[] = {0, 1};
    const auto made = message::make_dsn(make_report(about, who, {}, facts()));
    EXPECT_THAT(made.headers, HasSubstr("To: <sender@example.org>\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Original-Envelope-Id: id+7\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Original-Recipient: rfc822; alias@example.org\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Final-Recipient: rfc822; a@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"));
    EXPECT_THAT(made.body, Not(HasSubstr("Will-Retry-Until")));
}

// RFC 3463 3.5, 4.4.7: delivery time expired.
TEST(delivery_report, gives_expiry_its_own_status_and_keeps_the_last_reply)
{
    const auto about = failed_message();
    const std::uint32_t who[] = {1};
    const auto made = message::make_dsn(make_report(about, who, {}, facts()));
    EXPECT_THAT(made.body, HasSubstr("Action: failed\r\nStatus: 4.4.7\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Diagnostic-Code: smtp; 450 4.2.2 mailbox full\r\n"));
    EXPECT_THAT(made.body, Not(HasSubstr("a@example.com")));
}

// RFC 2852 4
TEST(delivery_report, says_of_a_message_with_an_end_of_its_own_that_no_other_server_may_try_it)
{
    auto about = failed_message();
    about.envelope.expire_at = arrival + 1h;
    const std::uint32_t who[] = {1};
    EXPECT_THAT(message::make_dsn(make_report(about, who, {}, facts())).body, HasSubstr("Action: failed\r\nStatus: 5.4.7\r\n"));
}

TEST(delivery_report, says_until_when_a_delayed_message_is_tried)
{
    auto about = failed_message();
    about.state.recipients[1].status = queue::recipient_status::open;
    const std::uint32_t who[] = {1};
    queue::retry_policy policy;
    policy.expire = 24h;
    const auto made = message::make_dsn(make_report(about, who, policy, facts(message::dsn_kind::delay)));
    EXPECT_THAT(made.body, HasSubstr("Action: delayed\r\nStatus: 4.2.2\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Will-Retry-Until: Wed, 15 Nov 2023 22:13:20 +0000\r\n"));
}

queue::record delivered_message()
{
    auto about = failed_message();
    about.state.recipients[0] = {queue::recipient_status::delivered, true, 1, 250, "2.0.0", "stored in /srv/a", "mailbox"};
    about.state.recipients[1] = {queue::recipient_status::delivered, true, 1, 250, "2.6.0", "queued", "mx.example.com:25", true};
    return about;
}

// RFC 3461 6.3
TEST(delivery_report, tells_who_took_what_was_relayed_and_nothing_of_our_own_mailboxes)
{
    const auto about = delivered_message();
    const std::uint32_t who[] = {0, 1};
    const auto made = message::make_dsn(make_report(about, who, {}, facts(message::dsn_kind::success)));
    EXPECT_THAT(made.body, HasSubstr("Original-Envelope-Id: id+7\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Original-Recipient: rfc822; alias@example.org\r\n"
                                     "Final-Recipient: rfc822; a@example.com\r\n"
                                     "Action: delivered\r\n"
                                     "Status: 2.0.0\r\n"
                                     "Last-Attempt-Date: "));
    EXPECT_THAT(made.body, HasSubstr("Final-Recipient: rfc822; b@example.com\r\n"
                                     "Action: relayed\r\n"
                                     "Status: 2.6.0\r\n"
                                     "Remote-MTA: dns; mx.example.com\r\n"
                                     "Diagnostic-Code: smtp; 250 2.6.0 queued\r\n"));
    EXPECT_THAT(made.body, Not(HasSubstr("/srv")));
    EXPECT_THAT(made.body, Not(HasSubstr("Will-Retry-Until")));
}

// RFC 3464 2.3.5: there is one only where another mail system decided; it has a name or an address, and no port.
TEST(delivery_report, names_the_mail_system_that_decided)
{
    auto about = failed_message();
    const std::uint32_t first[] = {0};
    const auto made = [&] { return message::make_dsn(make_report(about, first, {}, facts(message::dsn_kind::failure))).body; };
    for (const auto& [next_hop, field] : {std::pair{"192.0.2.1:25", "Remote-MTA: dns; [192.0.2.1]\r\n"},
                                          std::pair{"[2001:db8::1]:25", "Remote-MTA: dns; [IPv6:2001:db8::1]\r\n"},
                                          std::pair{"lmtp:store.example.com:24", "Remote-MTA: dns; store.example.com\r\n"},
                                          std::pair{"mx.example.com:2525", "Remote-MTA: dns; mx.example.com\r\n"}}) {
        about.state.recipients[0].next_hop = next_hop;
        EXPECT_THAT(made(), HasSubstr(field));
    }
    for (const auto* transport : {"mailbox", "archive:store.example.com:24", "lmtp:unix:/run/lmtp", ""}) {
        about.state.recipients[0].next_hop = transport;
        EXPECT_THAT(made(), Not(HasSubstr("Remote-MTA")));
    }
}

TEST(delivery_report, returns_the_whole_of_a_small_message_whose_sender_asked_for_it)
{
    auto envelope = failed_message().envelope;
    EXPECT_FALSE(returns_full(envelope, message::dsn_kind::failure));
    envelope.envelope.from.ret = message::dsn_return::full;
    EXPECT_TRUE(returns_full(envelope, message::dsn_kind::failure));
    EXPECT_FALSE(returns_full(envelope, message::dsn_kind::delay));
    EXPECT_FALSE(returns_full(envelope, message::dsn_kind::success)) << "RFC 3461 6.2: headers only";
    envelope.size = most_returned;
    EXPECT_TRUE(returns_full(envelope, message::dsn_kind::failure));
    ++envelope.size;
    EXPECT_FALSE(returns_full(envelope, message::dsn_kind::failure));
    envelope.size = 1;
    envelope.is_binary = true;
    EXPECT_FALSE(returns_full(envelope, message::dsn_kind::failure));
}

TEST(delivery_report, says_by_when_a_message_was_to_be_delivered) // RFC 2852 5
{
    const std::uint32_t who[] = {0};
    const auto body_for = [&](const char* by) {
        auto about = failed_message();
        about.envelope.envelope.from.parameters = std::vector<message::parameter>{{"BY", by}};
        return message::make_dsn(make_report(about, who, {}, facts())).body;
    };
    EXPECT_THAT(body_for("3600;R"), HasSubstr("Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                              "Deliver-By-Date: Tue, 14 Nov 2023 23:13:20 +0000\r\n"));
    EXPECT_THAT(body_for("+60;NT"), HasSubstr("Deliver-By-Date: Tue, 14 Nov 2023 22:14:20 +0000\r\n"));
    EXPECT_THAT(body_for("-20;N"), HasSubstr("Deliver-By-Date: Tue, 14 Nov 2023 22:13:00 +0000\r\n"));
    for (const char* other : {"", "x", "60", "99999999999;R"})
        EXPECT_THAT(body_for(other), Not(HasSubstr("Deliver-By-Date"))) << other;
}

TEST(delivery_report, repeats_what_was_asked_for_of_the_release) // RFC 4865 5.1.2
{
    const std::uint32_t who[] = {0};
    auto about = failed_message();
    EXPECT_THAT(message::make_dsn(make_report(about, who, {}, facts())).body, Not(HasSubstr("Future-Release-Request")));
    about.envelope.envelope.from.parameters = std::vector<message::parameter>{{"HOLDFOR", "86400"}};
    EXPECT_THAT(message::make_dsn(make_report(about, who, {}, facts())).body,
                HasSubstr("\r\nFuture-Release-Request: for;86400\r\n"));
    about.envelope.envelope.from.parameters = std::vector<message::parameter>{{"HOLDUNTIL", "2023-11-15T07:00:00Z"}};
    EXPECT_THAT(message::make_dsn(make_report(about, who, {}, facts())).body,
                HasSubstr("\r\nFuture-Release-Request: until;2023-11-15T07:00:00Z\r\n"));
}

TEST(delivery_report, has_the_priority_of_the_message) // RFC 6710 4.6
{
    const std::uint32_t who[] = {0};
    auto about = failed_message();
    about.envelope.priority = 4;
    const message::parameter said{"MT-PRIORITY", "3", message::relay_rule::optional, "MT-PRIORITY"};
    about.envelope.envelope.from.parameters = std::vector<message::parameter>{{"BY", "60;R"}, said};
    const auto record = record_of(message::make_dsn(make_report(about, who, {}, facts())), about, arrival);
    EXPECT_EQ(record.envelope.priority, 4);
    EXPECT_EQ(record.envelope.envelope.from.parameters, std::vector{said});
}

// RFC 8689 5
TEST(delivery_report, asks_for_tls_if_the_message_did)
{
    const std::uint32_t who[] = {0};
    auto about = failed_message();
    const message::parameter said{"REQUIRETLS", std::nullopt, message::relay_rule::required, "REQUIRETLS", "5.7.30"};
    about.envelope.envelope.from.parameters = std::vector<message::parameter>{{"BY", "60;R"}, said};
    const auto record = record_of(message::make_dsn(make_report(about, who, {}, facts())), about, arrival);
    EXPECT_EQ(record.envelope.envelope.from.parameters, std::vector{said});
}

// RFC 3461 6.1, RFC 5321 6.1
TEST(delivery_report, is_sent_from_nobody_and_asks_for_no_report)
{
    const auto about = failed_message();
    const std::uint32_t who[] = {0};
    const auto made = message::make_dsn(make_report(about, who, {}, facts()));
    const auto record = record_of(made, about, arrival);
    EXPECT_EQ(record.envelope.envelope.from.address, "");
    ASSERT_EQ(record.envelope.envelope.to.size(), 1U);
    EXPECT_EQ(record.envelope.envelope.to[0].address, "sender@example.org");
    EXPECT_TRUE(record.envelope.envelope.to[0].notify.never);
    EXPECT_EQ(record.envelope.size, made.headers.size() + 2 + made.body.size());
    EXPECT_EQ(record.envelope.session, "0123456789ABC");
    EXPECT_EQ(record.state.open_count(), 1U);
}

TEST(delivery_report, goes_to_somebody_else_if_a_plugin_says_so)
{
    const auto about = failed_message();
    const std::uint32_t who[] = {0};
    const auto record = record_of(message::make_dsn(make_report(about, who, {}, facts())), about, arrival, "bounces@example.net");
    EXPECT_EQ(record.envelope.envelope.to[0].address, "bounces@example.net");
    EXPECT_EQ(record.envelope.origin, "dsn");
}

TEST(delivery_report, about_a_message_without_a_sender_is_a_notice_to_the_postmaster)
{
    auto about = failed_message();
    about.envelope.envelope.from.address.clear();
    const std::uint32_t who[] = {0, 1};
    const auto notice = make_notice(about, who, {}, facts(), "postmaster@example.org");
    const auto made = message::make_dsn(notice);
    EXPECT_THAT(made.headers, HasSubstr("To: <postmaster@example.org>\r\n"));
    EXPECT_THAT(made.headers, HasSubstr("Subject: Undelivered mail: it has no sender\r\n"));
    EXPECT_THAT(made.body, HasSubstr("Nobody else is told"));
    EXPECT_THAT(made.body, HasSubstr("Final-Recipient: rfc822; b@example.com\r\n"));
    const auto record = record_of(made, about, arrival, notice.wording.recipient);
    EXPECT_EQ(record.envelope.envelope.from.address, "");
    EXPECT_EQ(record.envelope.envelope.to[0].address, "postmaster@example.org");
    EXPECT_EQ(record.envelope.origin, notice_origin);
}

} // namespace
} // namespace postern::delivery
