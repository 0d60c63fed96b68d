// A whole server in one process: what becomes of the mail that it took, and what an operator does with it.

#include "core/queue/record.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/unit/runtime/a_server.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <future>

namespace postern::runtime {
namespace {

using hooks::call_result;
using hooks::call_status;
using test::asked;
using test::lambda_plugin;

TEST_F(a_server, tells_the_sender_what_failed_and_keeps_what_is_deferred)
{
    start();
    auto what = mail("nobody@example.com");
    what.envelope.to.push_back({"busy@example.com", {}, {}, {}});
    what.envelope.to.push_back({"b@example.com", {}, {}, {}});
    ASSERT_TRUE(send_message(client(), what).all_accepted());
    until([&] { return running->status().delivered == 2; }); // b, and the DSN
    const auto mails = box->mails();
    const auto& report = mails.back();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.recipients, testing::ElementsAre("a@client.example"));
    EXPECT_THAT(report.content, testing::HasSubstr("nobody@example.com"));
    EXPECT_THAT(report.content, testing::HasSubstr("Status: 5.1.1"));
    EXPECT_THAT(report.content, testing::Not(testing::HasSubstr("busy@example.com")));
    const auto left = running->queue_list({}, 10);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left.front().state, "deferred");
    EXPECT_THAT(left.front().recipients, testing::ElementsAre("busy@example.com"));
}

message::recipient who_asks(std::string address, message::dsn_notify notify)
{
    return {std::move(address), notify, "rfc822;asked+2Bfor@example.com", {}};
}

constexpr message::dsn_notify on_success{.never = false, .success = true, .failure = false, .delay = false};

// RFC 3461 5.2.3
TEST_F(a_server, tells_a_sender_who_asked_that_its_mail_was_delivered)
{
    start();
    auto what = mail("b@example.com");
    what.envelope.from.envid = "QQ+2B7";
    what.envelope.from.ret = message::dsn_return::full;
    what.envelope.to = {who_asks("b@example.com", on_success), who_asks("c@example.com", on_success),
                        who_asks("nobody@example.com", on_success), who_asks("unasked@example.com", {}),
                        who_asks("never@example.com", {.never = true, .success = false, .failure = false, .delay = false})};
    ASSERT_TRUE(send_message(client(), what).all_accepted());
    until([&] { return running->status().delivered == 5 && running->status().queued == 0; }); // four, and the DSN
    const auto mails = box->mails();
    ASSERT_EQ(mails.size(), 2U) << "one report for all of them, and none of the failure that nobody asked about";
    const auto& report = mails.back();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.recipients, testing::ElementsAre("a@client.example"));
    for (const auto* text : {"Final-Recipient: rfc822; b@example.com\r\nAction: delivered\r\nStatus: 2.0.0\r\n",
                             "rfc822; c@example.com\r\nAction: delivered", "Original-Recipient: rfc822; asked+for@example.com",
                             "Original-Envelope-Id: QQ+7", "text/rfc822-headers", "Subject: hi"})
        EXPECT_THAT(report.content, testing::HasSubstr(text));
    for (const auto* text : {"nobody@", "unasked@", "never@", "0123456789012345678901234567890123456789"})
        EXPECT_THAT(report.content, testing::Not(testing::HasSubstr(text)));
}

TEST_F(a_server, tells_nobody_of_the_success_of_a_message_without_a_sender)
{
    start();
    auto what = mail("b@example.com");
    what.envelope.from.address.clear();
    what.envelope.to = {who_asks("b@example.com", on_success)};
    ASSERT_TRUE(send_message(client(), what).all_accepted());
    until([&] { return running->status().delivered == 1 && running->status().queued == 0; });
    EXPECT_EQ(box->mails().size(), 1U);
    EXPECT_FALSE(lines.contains("kind=success"));
}

// A report that cannot be stored is due until it is; the mail itself is not delivered again and again meanwhile.
TEST_F(a_server, delivers_once_while_the_report_of_it_cannot_be_stored)
{
    box->on_mail = [this] { store.fail_with(queue::store_errc::full); };
    start();
    auto what = mail("b@example.com");
    what.envelope.to = {who_asks("b@example.com", on_success)};
    ASSERT_TRUE(send_message(client(), what).all_accepted());
    for (int attempt = 1; attempt <= 3; ++attempt) {
        until([&] { return lines.count("dsn_not_stored") == attempt; });
        EXPECT_EQ(store.messages().size(), 1U) << "what is not over stays in the store";
        if (attempt == 3)
            store.fail_with(std::nullopt);
        until([&] { return running->queue_flush() == 1; });
    }
    until([&] { return running->status().queued == 0; });
    const auto mails = box->mails();
    ASSERT_EQ(mails.size(), 2U);
    EXPECT_THAT(mails.back().content, testing::HasSubstr("Action: delivered"));
    EXPECT_TRUE(store.messages().empty());
}

// RFC 3461 5.2.1, 5.2.2
TEST_F(a_server, tells_of_a_relay_only_where_the_next_hop_will_not_tell)
{
    for (const bool offers_dsn : {false, true}) {
        test::next_hop next{[offers_dsn](test::hop_stage at, std::string_view) {
            return at == test::hop_stage::ehlo && !offers_dsn ? test::hop_answer{.reply = "250-next.example\r\n250 PIPELINING"}
                                                              : test::hop_answer{};
        }};
        running.reset();
        current = std::make_shared<generation>();
        current->delivery.relay = next.address();
        transport = "smtp";
        start();
        auto what = mail("b@example.com");
        what.envelope.from.envid = "QQ7";
        what.envelope.to = {who_asks("b@example.com", on_success), {"c@example.com", {}, {}, {}}};
        ASSERT_TRUE(send_message(client(), what).all_accepted());
        ASSERT_TRUE(next.wait_for(offers_dsn ? 1 : 2));
        until([&] { return running->status().queued == 0; });
        const auto arrived = next.arrived();
        ASSERT_EQ(arrived.size(), offers_dsn ? 1U : 2U);
        const auto& commands = arrived.front().commands;
        if (offers_dsn) {
            EXPECT_THAT(commands, testing::ElementsAre(
                                      testing::HasSubstr(" ENVID=QQ7"),
                                      testing::EndsWith("<b@example.com> NOTIFY=SUCCESS ORCPT=rfc822;asked+2Bfor@example.com"),
                                      testing::EndsWith("<c@example.com>")));
            continue;
        }
        for (const auto& command : commands)
            EXPECT_THAT(command, testing::Not(testing::ContainsRegex("NOTIFY|ORCPT|ENVID|RET=")));
        const auto& report = arrived.back();
        EXPECT_EQ(report.sender, "");
        EXPECT_THAT(report.recipients, testing::ElementsAre("a@client.example"));
        EXPECT_THAT(report.content, testing::HasSubstr("Action: relayed\r\nStatus: 2.0.0\r\nRemote-MTA: dns; [127.0.0.1]\r\n"));
        EXPECT_THAT(report.content, testing::HasSubstr("Diagnostic-Code: smtp; 250 2.0.0 taken"));
        EXPECT_THAT(report.content, testing::Not(testing::HasSubstr("c@example.com")));
    }
}

TEST_F(a_server, obeys_an_operator)
{
    start();
    ASSERT_TRUE(send_message(client(), mail("busy@example.com")).all_accepted());
    until([&] { return running->status().deferred == 1; });
    until([&] { return running->queue_list({}, 10).front().state == "deferred"; });
    const auto id = running->queue_list({}, 10).front().id;
    EXPECT_TRUE(running->queue_change(id, server::queue_command::hold));
    EXPECT_EQ(running->queue_show(id)->state, "held");
    EXPECT_EQ(running->queue_flush(), 0U) << "held is held";
    EXPECT_TRUE(running->queue_change(id, server::queue_command::release));
    until([&] { return running->status().deferred == 2; });
    until([&] { return running->queue_show(id)->state == "deferred"; });
    EXPECT_TRUE(running->queue_change(id, server::queue_command::remove));
    until([&] { return running->status().queued == 0; });
    EXPECT_FALSE(running->queue_show(id));
    EXPECT_FALSE(running->queue_change(id, server::queue_command::retry));
    EXPECT_TRUE(store.messages().empty());
}

TEST_F(a_server, tries_at_once_what_waits_for_a_domain_that_is_said_to_be_reachable)
{
    current->retry.retry = {1h};
    start();
    for (const auto* to : {"busy@example.com", "busy@mail.example.com", "busy@example.net"})
        ASSERT_TRUE(send_message(client(), mail(to)).all_accepted());
    until([&] { return running->status().deferred == 3; });
    ASSERT_TRUE(running->queue_try({"example.org"}));
    ASSERT_TRUE(running->queue_try({"EXAMPLE.com"}));
    until([&] { return running->status().deferred == 4; });
    until([&] {
        const auto all = running->queue_list({}, 10);
        return std::ranges::all_of(all, [](const auto& each) { return each.state == "deferred"; });
    });
    ASSERT_TRUE(running->queue_try({"example.com", true}));
    until([&] { return running->status().deferred == 6; });
    std::size_t attempts = 0;
    for (const auto& item : running->queue_list({}, 10)) {
        attempts += item.attempts;
        EXPECT_TRUE(item.recipients.front() != "busy@example.net" || item.attempts == 1);
    }
    EXPECT_EQ(attempts, 6U);
}

TEST_F(a_server, tries_nothing_of_a_domain_that_is_held_or_to_be_released_later)
{
    current->retry.retry = {1h};
    const auto later = [](const asked& a) {
        a.answer.edits.push_back({hooks::edit_op::release_at, 0, "", "4000000000"});
        return call_result{call_status::answered};
    };
    links.push_back({std::make_shared<lambda_plugin>("later", std::set{hook_point::cmd_mail}, later)});
    links.back().may.queue = true;
    start();
    ASSERT_TRUE(send_message(client(), mail("busy@example.com")).all_accepted());
    until([&] { return running->status().queued == 1; });
    ASSERT_TRUE(running->queue_try({"example.com"}));
    until([&] { return lines.contains("domain_tried"); });
    EXPECT_EQ(running->status().deferred, 0U);
    EXPECT_EQ(running->queue_list({}, 1).front().attempts, 0U);
}

TEST_F(a_server, returns_what_came_with_an_end_without_trying_it_after_that)
{
    current->retry.retry = {1h};
    const auto with_end = [](const asked& a) {
        a.answer.edits.push_back({hooks::edit_op::expire_at, 0, "", "1700000000"}); // long ago
        return call_result{call_status::answered};
    };
    links.push_back({std::make_shared<lambda_plugin>("end", std::set{hook_point::cmd_mail}, with_end)});
    links.back().may.queue = true;
    start();
    ASSERT_TRUE(send_message(client(), mail("b@example.com")).all_accepted());
    until([&] { return box->mails().size() == 1; });
    const auto report = box->mails().front();
    EXPECT_EQ(report.sender, "");
    EXPECT_THAT(report.recipients, testing::ElementsAre("a@client.example"));
    EXPECT_THAT(report.content, testing::HasSubstr("Status: 5.4.7"));
    until([&] { return running->status().queued == 0; });
}

TEST_F(a_server, takes_up_the_queue_where_the_last_process_left_it)
{
    start();
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(send_message(client(), mail("busy@example.com")).all_accepted());
    until([&] { return running->status().deferred == 5; });
    running.reset();
    ASSERT_EQ(store.messages().size(), 5U);
    start();
    EXPECT_EQ(running->status().queued, 5U);
    EXPECT_EQ(running->queue_flush(), 5U);
    until([&] { return running->status().deferred == 5; });
}

/// A transport that keeps what it gets waiting until it is opened.
class gate final : public delivery::transport {
public:
    void deliver(const delivery::transport_job& what, std::function<void(std::vector<delivery::recipient_result>)> done) override
    {
        const std::lock_guard lock{guard_};
        waiting_.push_back({what.recipients.size(), std::move(done)});
    }
    [[nodiscard]] std::size_t waiting() const
    {
        const std::lock_guard lock{guard_};
        return waiting_.size();
    }
    void open()
    {
        for (auto& [count, done] : std::exchange(waiting_, {}))
            done(std::vector<delivery::recipient_result>(count,
                                                         {delivery::recipient_result::kind::delivered, 250, "2.0.0", "taken"}));
    }

private:
    mutable std::mutex guard_;
    std::vector<std::pair<std::size_t, std::function<void(std::vector<delivery::recipient_result>)>>> waiting_;
};

/// queue.route: mail for later.example goes to the transport "gate".
std::shared_ptr<lambda_plugin> router()
{
    return std::make_shared<lambda_plugin>("router", std::set{hook_point::queue_route}, [](const asked& about) {
        const auto& to = about.what.message->envelope.to[about.what.recipient_index].address;
        if (!to.ends_with("@later.example"))
            return call_result{call_status::passed};
        about.answer.edits.push_back({hooks::edit_op::route_set, 0, "gate", {}});
        return call_result{call_status::answered};
    });
}

TEST_F(a_server, delivers_once_though_the_store_cannot_note_it_for_a_while)
{
    start();
    store.fail_changes(true);
    ASSERT_TRUE(send_message(client(), mail("b@example.com")).all_accepted());
    until([&] { return lines.contains("not_removed"); });
    EXPECT_EQ(running->queue_flush(), 0U) << "it is not due again";
    store.fail_changes(false);
    until([&] { return running->status().queued == 0; });
    EXPECT_EQ(box->mails().size(), 1U);
    EXPECT_TRUE(store.messages().empty());
}

TEST_F(a_server, stores_who_has_the_message_while_others_are_still_being_tried)
{
    const auto slow = std::make_shared<gate>();
    current->transports["gate"] = slow;
    auto chain = std::vector<hooks::link>{{router(), hooks::failure_policy::tempfail, 5s, {.route = true}}};
    start();
    current = std::make_shared<generation>(*current);
    current->delivery_chain = std::make_shared<hooks::chain>(chain);
    running->publish(current);
    auto what = mail("b@example.com");
    what.envelope.to.push_back({"c@later.example", {}, {}, {}});
    ASSERT_TRUE(send_message(client(), what).all_accepted());
    until([&] {
        const auto kept = store.messages();
        const auto state = queue::decode_state(kept.begin()->second.state);
        return state && state->recipients[0].status == queue::recipient_status::delivered;
    });
    EXPECT_EQ(slow->waiting(), 1U);
    slow->open();
    until([&] { return running->status().queued == 0; });
    EXPECT_EQ(box->mails().size(), 1U);
}

TEST_F(a_server, lets_no_destination_take_the_room_of_the_others)
{
    const auto slow = std::make_shared<gate>();
    current->transports["gate"] = slow;
    current->delivery.concurrency = 4;
    current->delivery.per_destination = 2;
    start();
    current = std::make_shared<generation>(*current);
    current->delivery_chain = std::make_shared<hooks::chain>(
        std::vector<hooks::link>{{router(), hooks::failure_policy::tempfail, 5s, {.route = true}}});
    running->publish(current);
    for (int i = 0; i < 30; ++i)
        ASSERT_TRUE(send_message(client(), mail("b@later.example")).all_accepted());
    ASSERT_TRUE(send_message(client(), mail("c@example.com")).all_accepted());
    until([&] { return !box->mails().empty(); });
    EXPECT_EQ(slow->waiting(), 2U);
    until([&] {
        slow->open();
        return running->status().queued == 0;
    });
    EXPECT_EQ(running->status().delivered, 31U);
}

} // namespace
} // namespace postern::runtime
