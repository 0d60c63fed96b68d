// A whole server in one process: what its clients see of it, and what plugins and the store make of their mail.

#include "core/runtime/server.hpp"

#include "core/io/tls.hpp"
#include "core/queue/record.hpp"
#include "core/runtime/load.hpp"
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

TEST_F(a_server, knows_that_a_plugin_made_a_plain_body_one_of_8_bits)
{
    auto widen = [](const asked& about) {
        std::string wide{about.what.chunk};
        std::replace(wide.begin(), wide.end(), '0', '\xe9');
        about.answer.edits.push_back({hooks::edit_op::body_replace, 0, {}, std::move(wide)});
        return call_result{call_status::answered};
    };
    links.push_back({std::make_shared<lambda_plugin>("widen", std::set{hook_point::msg_body}, widen),
                     hooks::failure_policy::tempfail,
                     5s,
                     {.body = true}});
    start();
    ASSERT_TRUE(send_message(client(), mail("busy@example.com", 1000)).all_accepted());
    const auto kept = store.messages();
    ASSERT_EQ(kept.size(), 1U);
    const auto envelope = queue::decode_envelope(kept.begin()->second.envelope);
    ASSERT_TRUE(envelope);
    EXPECT_TRUE(envelope->has_8bit);
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

} // namespace
} // namespace postern::runtime
