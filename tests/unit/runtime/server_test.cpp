// A whole server in one process, with a store in memory: what clients, an operator and the next hop see of it.
// LONG: what its tests share is a whole server.

#include "core/runtime/server.hpp"

#include "core/io/tls.hpp"
#include "core/queue/record.hpp"
#include "core/runtime/client.hpp"
#include "core/runtime/load.hpp"
#include "tests/support/lambda_plugin.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/next_hop.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <future>
#include <thread>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using hooks::call_result;
using hooks::call_status;
using hooks::hook_point;
using test::asked;
using test::lambda_plugin;

/// A transport that tells the test what it got.
class inbox final : public delivery::transport {
public:
    struct mail {
        std::string sender;
        std::vector<std::string> recipients;
        std::string content;
    };
    void deliver(const delivery::transport_job& what, std::function<void(std::vector<delivery::recipient_result>)> done) override
    {
        mail got{std::string{what.sender}, {what.recipients.begin(), what.recipients.end()}, {}};
        got.content.resize(what.content->size());
        // The content may come from the store's own threads: it is read apart from the delivery thread, as a pool does.
        std::thread{[this, got = std::move(got), content = what.content, done = std::move(done)]() mutable {
            const auto count = content->read(0, got.content.data(), got.content.size());
            EXPECT_EQ(count, static_cast<std::int64_t>(got.content.size()));
            std::vector<delivery::recipient_result> results;
            if (on_mail)
                on_mail();
            for (const auto& recipient : got.recipients)
                results.push_back(recipient.starts_with("nobody") ? failed()
                                  : recipient.starts_with("busy") ? busy()
                                                                  : delivered());
            {
                const std::lock_guard lock{guard_};
                mails_.push_back(std::move(got));
            }
            done(std::move(results));
        }}.detach();
    }
    std::function<void()> on_mail; ///< set before use
    [[nodiscard]] std::vector<mail> mails() const
    {
        const std::lock_guard lock{guard_};
        return mails_;
    }

private:
    static delivery::recipient_result delivered() { return {delivery::recipient_result::kind::delivered, 250, "2.0.0", "taken"}; }
    static delivery::recipient_result failed()
    {
        return {delivery::recipient_result::kind::failed, 550, "5.1.1", "no such user"};
    }
    static delivery::recipient_result busy() { return {delivery::recipient_result::kind::deferred, 450, "4.2.1", "busy"}; }
    mutable std::mutex guard_;
    std::vector<mail> mails_;
};

struct a_server : testing::Test {
    test::memory_log lines;
    test::memory_store store;
    std::shared_ptr<inbox> box = std::make_shared<inbox>();
    std::vector<hooks::link> links{{std::make_shared<lambda_plugin>("ours", std::set{hook_point::cmd_rcpt}, test::vouch, true)}};
    listener_profile profile;
    std::string transport = "box";
    std::shared_ptr<generation> current = std::make_shared<generation>();
    std::unique_ptr<server> running;

    void start(unsigned threads = 2)
    {
        profile.name = "in";
        profile.session.hostname = "mx.example";
        profile.chain = std::make_shared<hooks::chain>(links);
        current->listeners["in"] = std::make_shared<listener_profile>(profile);
        current->delivery.hostname = "mx.example";
        current->delivery.transport = transport;
        current->transports["box"] = box;
        current->delivery_chain = std::make_shared<hooks::chain>();
        running = std::make_unique<server>(std::vector<listener_address>{{"in", "127.0.0.1:0"}}, current, store, base::log{lines},
                                           threads);
        std::string why;
        ASSERT_TRUE(running->bind(why)) << why;
        ASSERT_TRUE(running->start());
    }
    [[nodiscard]] client_options client() const
    {
        const auto where = base::ip_endpoint::from_text(running->bound_address("in"));
        client_options options;
        options.host = where->address.text();
        options.port = where->port;
        options.hostname = "client.example";
        return options;
    }
    [[nodiscard]] static outgoing mail(std::string to, std::size_t size = 100)
    {
        outgoing what;
        what.envelope.from.address = "a@client.example";
        what.envelope.to.push_back({std::move(to), {}, {}, {}});
        what.content = "Subject: hi\r\n\r\n";
        while (what.content.size() < size)
            what.content += "0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
        return what;
    }
    /// Waits until the delivery side has done something with every message, without sleeping: it polls the queue desk.
    void until(const std::function<bool()>& holds)
    {
        const auto limit = std::chrono::steady_clock::now() + 30s;
        while (!holds()) {
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it did not happen";
            (void)running->queue_list({}, 1); // goes through the delivery thread: lets it work
        }
    }
};

TEST_F(a_server, keeps_a_message_and_hands_it_to_the_transport_octet_by_octet)
{
    start();
    const auto what = mail("b@example.com");
    const auto sent = send_message(client(), what);
    ASSERT_TRUE(sent.all_accepted()) << sent.failure;
    until([&] { return !box->mails().empty() && running->status().queued == 0; });
    const auto got = box->mails().front();
    EXPECT_EQ(got.sender, "a@client.example");
    EXPECT_THAT(got.recipients, testing::ElementsAre("b@example.com"));
    EXPECT_THAT(got.content, testing::StartsWith("Received: from client.example"));
    EXPECT_THAT(got.content, testing::EndsWith(what.content));
    EXPECT_TRUE(store.messages().empty()) << "a delivered message leaves the queue";
    EXPECT_EQ(running->status().accepted, 1U);
    EXPECT_EQ(running->status().delivered, 1U);
}

TEST_F(a_server, keeps_a_message_that_is_larger_than_any_buffer)
{
    start();
    const auto what = mail("b@example.com", std::size_t{3} << 20U);
    ASSERT_TRUE(send_message(client(), what).all_accepted());
    until([&] { return !box->mails().empty(); });
    EXPECT_THAT(box->mails().front().content, testing::EndsWith(what.content));
}

TEST_F(a_server, refuses_every_recipient_when_nobody_vouches)
{
    links.clear();
    start();
    const auto sent = send_message(client(), mail("b@example.com"));
    ASSERT_EQ(sent.recipients.size(), 1U);
    EXPECT_EQ(sent.recipients.front().smtp_code, 550);
    EXPECT_TRUE(store.messages().empty());
    EXPECT_TRUE(lines.contains("relay_denied"));
    EXPECT_TRUE(lines.contains("recipient=b@example.com"));
}

TEST_F(a_server, tells_the_operator_which_plugin_decided)
{
    auto refuse = [](const asked& about) {
        about.answer.verdict = hooks::verdict_kind::reject;
        about.answer.text = "not today";
        return call_result{call_status::answered};
    };
    links.push_back({std::make_shared<lambda_plugin>("guard", std::set{hook_point::msg_end}, refuse)});
    start();
    EXPECT_FALSE(send_message(client(), mail("b@example.com")).all_accepted());
    EXPECT_TRUE(lines.contains("hook=msg.end plugin=guard verdict=REJECT code=550 text=not today sender=a@client.example"));
}

TEST_F(a_server, counts_what_it_does)
{
    start();
    (void)send_message(client(), mail("b@example.com"));
    until([&] { return running->status().delivered == 1 && running->status().queued == 0; });
    const auto text = running->metrics_text();
    for (const auto* line :
         {"postern_connections_total 1\n", "postern_messages_accepted_total 1\n", "postern_queue_messages 0\n",
          "postern_deliveries_total{result=\"delivered\"} 1\n", "postern_deliveries_total{result=\"failed\"} 0\n"})
        EXPECT_THAT(text, testing::HasSubstr(line));
}

TEST_F(a_server, that_does_not_run_has_no_queue)
{
    start();
    running->shut_down(1s);
    EXPECT_TRUE(running->queue_list({}, 10).empty());
    EXPECT_FALSE(running->queue_show(base::message_id{1}));
    EXPECT_FALSE(running->queue_change(base::message_id{1}, server::queue_command::hold));
    EXPECT_EQ(running->queue_flush(), 0U);
}

TEST_F(a_server, answers_452_when_the_store_has_no_room_and_takes_mail_again_afterwards)
{
    start();
    store.fail_with(queue::store_errc::full);
    EXPECT_EQ(send_message(client(), mail("b@example.com")).recipients.front().smtp_code, 452);
    EXPECT_EQ(send_message(client(), mail("b@example.com", std::size_t{1} << 20U)).recipients.front().smtp_code, 452);
    EXPECT_EQ(store.uncommitted(), 0U);
    store.fail_with(std::nullopt);
    EXPECT_TRUE(send_message(client(), mail("b@example.com")).all_accepted());
}

TEST_F(a_server, answers_451_when_the_store_fails)
{
    start();
    store.fail_with(queue::store_errc::failed);
    EXPECT_EQ(send_message(client(), mail("b@example.com")).recipients.front().smtp_code, 451);
    EXPECT_TRUE(lines.contains("not_stored"));
}

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

TEST_F(a_server, lets_one_address_have_as_many_connections_as_configured)
{
    current->limits.connections_per_ip = 2;
    start(1);
    load_options load;
    load.client = client();
    load.messages = 40;
    load.sessions = 2;
    load.reuse = true;
    load.to = "b@example.com";
    EXPECT_EQ(run_load(load).accepted, 40U);
    load.sessions = 4;
    EXPECT_GT(run_load(load).refused, 0U);
    EXPECT_TRUE(lines.contains("refused listener=in"));
}

TEST_F(a_server, waits_for_plugins_that_answer_from_other_threads)
{
    auto on = [](const asked& about) {
        std::thread{[port = about.port] { port->answer(77, {}); }}.detach();
        return call_result{call_status::pending, 77};
    };
    links.insert(links.begin(),
                 {std::make_shared<lambda_plugin>("slow",
                                                  std::set{hook_point::cmd_mail, hook_point::cmd_data, hook_point::msg_headers,
                                                           hook_point::msg_body, hook_point::msg_end},
                                                  on)});
    start();
    EXPECT_TRUE(send_message(client(), mail("b@example.com", 200'000)).all_accepted());
}

TEST_F(a_server, answers_4xx_for_a_plugin_that_never_answers)
{
    const auto silent = std::make_shared<lambda_plugin>("silent", std::set{hook_point::cmd_mail}, [](const asked&) {
        return call_result{call_status::pending, 5};
    });
    links.insert(links.begin(), {silent, hooks::failure_policy::tempfail, 5ms});
    start();
    const auto sent = send_message(client(), mail("b@example.com"));
    EXPECT_EQ(sent.recipients.front().smtp_code / 100, 4);
    EXPECT_TRUE(sent.recipients.front().temporary);
}

TEST_F(a_server, changes_a_body_that_a_plugin_transforms)
{
    auto shout = [](const asked& about) {
        std::string loud{about.what.chunk};
        std::replace(loud.begin(), loud.end(), '0', 'O');
        about.answer.edits.push_back({hooks::edit_op::body_replace, 0, {}, std::move(loud)});
        return call_result{call_status::answered};
    };
    links.push_back({std::make_shared<lambda_plugin>("shout", std::set{hook_point::msg_body}, shout),
                     hooks::failure_policy::tempfail,
                     5s,
                     {.body = true}});
    start();
    ASSERT_TRUE(send_message(client(), mail("b@example.com", 200'000)).all_accepted());
    until([&] { return !box->mails().empty(); });
    const auto content = box->mails().front().content;
    const auto body = content.substr(content.find("\r\n\r\n"));
    EXPECT_EQ(body.find('0'), std::string::npos);
    EXPECT_NE(body.find('O'), std::string::npos);
}

TEST_F(a_server, ends_while_clients_are_connected)
{
    start();
    load_options load;
    load.client = client();
    // A kernel may lose a handshake in which the listener closes: the client has a connection that nobody else knows of.
    load.client.timeout.greeting = 1s;
    load.messages = 2000;
    load.sessions = 4;
    load.reuse = true;
    load.to = "b@example.com";
    auto working = std::async(std::launch::async, [&load] { return run_load(load); });
    until([&] { return running->status().accepted > 20; });
    running->shut_down(10s);
    const auto report = working.get();
    EXPECT_EQ(report.accepted + report.refused, 2000U) << "no message is left without an answer";
    EXPECT_EQ(running->status().connections, 0U);
    EXPECT_EQ(box->mails().size() + store.messages().size(), report.accepted) << "what was accepted is delivered or kept";
}

TEST_F(a_server, does_not_read_more_for_a_verb_than_it_was_declared_with_and_says_who_wanted_it)
{
    auto all = std::make_shared<session::extensions>();
    ASSERT_EQ(all->add(session::extension_keyword{.owner = "poll", .keyword = "XPOLL", .parameters = ""}), std::nullopt);
    session::extension_verb verb;
    verb.owner = "poll";
    verb.name = "XPOLL";
    verb.keyword = "XPOLL";
    verb.most_octets = 1000;
    ASSERT_EQ(all->add(verb), std::nullopt);
    profile.session.extensions = std::move(all);
    auto wants = [](const asked& about) {
        about.answer.smtp_code = 354;
        about.answer.text = "go on";
        about.answer.more.emplace();
        about.answer.more->then = hooks::follow_up::octets;
        about.answer.more->octets = 1001;
        return call_result{call_status::answered};
    };
    links.push_back({std::make_shared<lambda_plugin>("poll", std::set{hook_point::verb}, wants)});
    start(1);
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket peer{context};
    peer.connect({boost::asio::ip::make_address(client().host), client().port});
    boost::asio::write(peer, boost::asio::buffer(std::string_view{"EHLO client.example\r\nXPOLL\r\nQUIT\r\n"}));
    std::string replies;
    boost::system::error_code ec;
    boost::asio::read(peer, boost::asio::dynamic_buffer(replies), ec);
    EXPECT_EQ(ec, boost::asio::error::eof);
    EXPECT_THAT(replies, testing::HasSubstr("\r\n451 ")) << replies;
    EXPECT_THAT(replies, testing::Not(testing::HasSubstr("354")));
    EXPECT_TRUE(lines.contains("plugin=poll hook=verb cause=more octets to read than its verb was declared with"));
}

TEST_F(a_server, shows_each_plugin_the_message_as_the_one_before_it_left_it)
{
    auto change = [](const asked& about) {
        about.answer.edits.push_back({hooks::edit_op::body_replace, 0, {}, "changed\r\n"});
        return call_result{call_status::answered};
    };
    std::string seen;
    auto look = [&seen](const asked& about) {
        seen.resize(about.what.blob->size());
        EXPECT_EQ(about.what.blob->read(0, seen.data(), seen.size()) > 0, true);
        return call_result{call_status::passed};
    };
    links.push_back({std::make_shared<lambda_plugin>("change", std::set{hook_point::msg_end}, change),
                     hooks::failure_policy::tempfail,
                     5s,
                     {.body = true}});
    links.push_back({std::make_shared<lambda_plugin>("look", std::set{hook_point::msg_end}, look)});
    start(1);
    ASSERT_TRUE(send_message(client(), mail("b@example.com")).all_accepted());
    until([&] { return !box->mails().empty(); });
    EXPECT_EQ(seen.size(), box->mails().front().content.size());
}

TEST_F(a_server, ends_in_time_though_a_client_never_stops_sending_and_a_plugin_never_answers)
{
    const auto silent = std::make_shared<lambda_plugin>("silent", std::set{hook_point::msg_end}, [](const asked&) {
        return call_result{call_status::pending, 5};
    });
    links.push_back({silent, hooks::failure_policy::proceed, 1h});
    start();
    std::atomic<bool> over{false};
    std::atomic<int> begun{0};
    std::vector<std::thread> clients;
    for (const bool is_endless : {true, false})
        clients.emplace_back([&, is_endless] {
            boost::asio::io_context context;
            boost::asio::ip::tcp::socket peer{context};
            const auto where = base::ip_endpoint::from_text(running->bound_address("in"));
            peer.connect({boost::asio::ip::make_address(where->address.text()), where->port});
            boost::system::error_code ec;
            const auto say = [&](std::string_view what) { boost::asio::write(peer, boost::asio::buffer(what), ec); };
            say("EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n");
            std::string replies;
            boost::asio::read_until(peer, boost::asio::dynamic_buffer(replies), "354 ", ec);
            say("A: b\r\n\r\nc\r\n");
            if (!is_endless)
                say(".\r\n");
            ++begun;
            while (is_endless && !ec && !over)
                say("c\r\n");
            boost::asio::read(peer, boost::asio::dynamic_buffer(replies), ec); // to its end
        });
    until([&] { return begun == 2 && silent->calls == 1; });
    running->shut_down(10ms);
    over = true;
    for (auto& one : clients)
        one.join();
    EXPECT_EQ(running->status().connections, 0U);
    EXPECT_TRUE(store.messages().empty()) << "an answer that was not awaited lets nothing pass";
    EXPECT_EQ(store.uncommitted(), 0U);
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
