#include "core/runtime/smtp_client.hpp"

#include "tests/unit/runtime/client_to.hpp"
#include "tests/support/scripted_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace postern::runtime {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::greeted;
using test::scripted_server;
using ::testing::EndsWith;
using ::testing::HasSubstr;

client_options to(const scripted_server& server)
{
    return test::client_to(server.port());
}

message::envelope envelope(std::vector<std::string> recipients = {"u@example.com"})
{
    message::envelope made;
    made.from.address = "a@client.example";
    for (auto& each : recipients)
        made.to.emplace_back().address = std::move(each);
    return made;
}

const std::string content = "Subject: hi\r\n\r\nhello\r\n";

/// What connecting to a server with that script comes to.
base::error_code connecting(std::vector<std::string> script, client_options (*change)(client_options) = nullptr,
                            protocol::reply* reply = nullptr)
{
    scripted_server server{std::move(script)};
    asio::io_context context;
    auto options = to(server);
    smtp_client client{context, change == nullptr ? options : change(options)};
    std::optional<base::error_code> result;
    client.async_connect([&](base::error_code ec) { result = ec; });
    EXPECT_FALSE(result.has_value()); // never from within
    context.run();
    if (reply != nullptr)
        *reply = client.last_reply();
    client.close();
    return result.value_or(base::error_code{});
}

// Outside of coroutines, where this compiler has no initializer lists.
message::envelope for_one()
{
    return envelope();
}

message::envelope for_two()
{
    return envelope({"u@example.com", "v@example.com"});
}

asio::awaitable<void> sends_two(smtp_client& client, std::vector<send_result>& results)
{
    co_await client.async_connect(asio::use_awaitable);
    auto first = co_await client.async_send(for_one(), content, asio::use_awaitable);
    results.push_back(std::move(first));
    auto second = co_await client.async_send(for_two(), content, asio::use_awaitable);
    results.push_back(std::move(second));
    const auto verified = co_await client.async_verify("u", asio::use_awaitable);
    EXPECT_EQ(verified.code, 252);
    co_await client.async_quit(asio::use_awaitable);
}

TEST(a_client, sends_many_messages_on_a_connection_from_a_coroutine)
{
    scripted_server server{greeted({"C: MAIL FROM:<a@client.example>",
                                    "C: RCPT TO:<u@example.com>",
                                    "C: DATA",
                                    "S: 250 ok",
                                    "S: 250 ok",
                                    "S: 354 go",
                                    "content",
                                    "S: 250 2.0.0 kept",
                                    "C: MAIL FROM:<a@client.example>",
                                    "C: RCPT TO:<u@example.com>",
                                    "C: RCPT TO:<v@example.com>",
                                    "C: DATA",
                                    "S: 250 ok",
                                    "S: 250 ok",
                                    "S: 550 5.1.1 who?",
                                    "S: 354 go",
                                    "content",
                                    "S: 250 2.0.0 kept too",
                                    "C: VRFY u",
                                    "S: 252 maybe",
                                    "C: QUIT",
                                    "S: 221 bye",
                                    "silence"})};
    asio::io_context context;
    smtp_client client{context, to(server)};
    std::vector<send_result> results;
    asio::co_spawn(context, sends_two(client, results), asio::detached);
    context.run();
    ASSERT_EQ(results.size(), 2U) << server.surprise();
    EXPECT_TRUE(results[0].all_accepted());
    EXPECT_FALSE(results[1].all_accepted());
    ASSERT_EQ(results[1].recipients.size(), 2U);
    EXPECT_TRUE(results[1].recipients[0].accepted);
    EXPECT_EQ(results[1].recipients[1].smtp_code, 550);
    EXPECT_EQ(results[1].recipients[1].enhanced, "5.1.1");
    EXPECT_FALSE(client.is_connected());
    EXPECT_EQ(server.surprise(), "");
}

TEST(a_client, tells_what_it_learned_of_the_server)
{
    scripted_server server{greeted({"silence"}, {"SIZE 1000", "AUTH PLAIN LOGIN", "XTEST a b"})};
    asio::io_context context;
    smtp_client client{context, to(server)};
    EXPECT_FALSE(client.is_connected());
    EXPECT_EQ(client.greeting(), "");
    client.async_connect([&](base::error_code ec) {
        EXPECT_FALSE(ec) << ec.message();
        EXPECT_TRUE(client.is_connected());
        EXPECT_EQ(client.greeting(), "mx.example ESMTP");
        EXPECT_TRUE(client.offers("xtest"));
        EXPECT_TRUE(client.offers("SIZE"));
        EXPECT_FALSE(client.offers("DSN"));
        EXPECT_TRUE(client.offers_login("plain"));
        EXPECT_FALSE(client.offers_login("CRAM-MD5"));
        EXPECT_EQ(client.max_message_size(), 1000U);
        EXPECT_FALSE(client.is_tls());
        client.close();
    });
    context.run();
}

TEST(a_client, gives_futures_to_those_who_want_them)
{
    scripted_server server{greeted({"C: NOOP", "S: 250 ok", "silence"})};
    asio::io_context context;
    smtp_client client{context, to(server)};
    auto connected = client.async_connect(asio::use_future);
    context.run();
    connected.get();
    context.restart();
    auto replied = client.async_noop(asio::use_future);
    context.run();
    EXPECT_EQ(replied.get().code, 250);
    client.close();
}

TEST(a_client, does_one_thing_at_a_time)
{
    scripted_server server{greeted({"silence"})};
    asio::io_context context;
    smtp_client client{context, to(server)};
    std::vector<base::error_code> results;
    client.async_connect([&](base::error_code ec) {
        results.push_back(ec);
        client.close();
    });
    client.async_noop([&](base::error_code ec, const protocol::reply&) { results.push_back(ec); });
    context.run();
    EXPECT_THAT(results, ::testing::UnorderedElementsAre(base::error_code{}, make_error_code(client_errc::busy)));
}

TEST(a_client, wants_to_be_connected_first)
{
    asio::io_context context;
    smtp_client client{context, {}};
    std::vector<base::error_code> results;
    client.async_noop([&](base::error_code ec, const protocol::reply&) { results.push_back(ec); });
    context.run();
    context.restart();
    client.async_send(envelope(), content, [&](base::error_code ec, const send_result&) { results.push_back(ec); });
    context.run();
    context.restart();
    client.async_connect([&](base::error_code ec) { results.push_back(ec); }); // to no host
    context.run();
    EXPECT_THAT(results,
                ::testing::ElementsAre(client_errc::not_connected, client_errc::not_connected, client_errc::bad_argument));
}

TEST(a_client, smuggles_no_line_into_a_command)
{
    scripted_server server{greeted({"C: NOOP", "S: 250 ok", "silence"})};
    asio::io_context context;
    smtp_client client{context, to(server)};
    std::vector<base::error_code> results;
    client.async_connect([&](base::error_code) {
        client.async_verify("u\r\nRSET", [&](base::error_code ec, const protocol::reply&) {
            results.push_back(ec);
            client.async_send(envelope({"u@example.com>\r\nRSET"}), content,
                              [&](base::error_code failed, const send_result& sent) {
                                  results.push_back(failed);
                                  EXPECT_THAT(sent.recipients.at(0).text, HasSubstr("cannot be put into a command"));
                                  client.async_noop([&](base::error_code last, const protocol::reply&) {
                                      results.push_back(last);
                                      client.close();
                                  });
                              });
        });
    });
    context.run();
    EXPECT_THAT(results, ::testing::ElementsAre(client_errc::bad_argument, client_errc::not_accepted, base::error_code{}));
    EXPECT_EQ(server.surprise(), "");
}

TEST(a_hostile_server, gets_an_error_of_its_own_for_each_fault)
{
    protocol::reply reply;
    EXPECT_EQ(connecting({"S: 554 5.7.1 not you", "C: *", "S: 221 bye"}, nullptr, &reply), client_errc::refused);
    EXPECT_EQ(reply.code, 554);
    EXPECT_EQ(reply.enhanced, "5.7.1");
    EXPECT_EQ(connecting({"S: 421 4.3.2 full"}, nullptr, &reply), client_errc::closing);
    EXPECT_EQ(reply.code, 421);
    EXPECT_EQ(connecting({"close"}), client_errc::lost);
    EXPECT_EQ(connecting({"S! 220-half a repl", "close"}), client_errc::lost);
    EXPECT_EQ(connecting({"S: 220 mx", "C: *", "close"}), client_errc::lost);
    EXPECT_EQ(connecting({"S: hello", "silence"}), client_errc::malformed_reply);
    EXPECT_EQ(connecting({"S: 220 " + std::string(5000, 'x'), "silence"}), client_errc::endless_reply);
    EXPECT_EQ(connecting({"S: 220 mx", "C: *", "S: 334 go", "silence"}), client_errc::out_of_place);
    EXPECT_EQ(connecting({"S: 220 mx", "C: *", "S: 250 mx\r\n250 mx", "silence"}), client_errc::out_of_place);
    std::vector<std::string> endless{"S: 220 mx", "C: *"};
    for (int i = 0; i < 300; ++i)
        endless.push_back("S: 250-X" + std::to_string(i));
    endless.push_back("silence");
    EXPECT_EQ(connecting(endless), client_errc::endless_reply);
}

TEST(a_silent_server, is_waited_for_as_long_as_the_phases_say)
{
    const auto is_impatient = [](client_options options) {
        options.timeout.greeting = 60ms;
        options.timeout.command = 60ms;
        return options;
    };
    EXPECT_EQ(connecting({"silence"}, is_impatient), client_errc::timed_out);
    EXPECT_EQ(connecting({"S: 220 mx", "C: *", "silence"}, is_impatient), client_errc::timed_out);
    EXPECT_EQ(connecting({"S: 220 mx", "C: *", "S! 250-mx", "silence"}, is_impatient), client_errc::timed_out);
}

TEST(a_deadline, ends_a_whole_operation)
{
    EXPECT_EQ(connecting({"S: 220 mx", "C: *", "silence"},
                         [](client_options options) {
                             options.deadline = 60ms;
                             return options;
                         }),
              client_errc::timed_out);
}

TEST(a_cancelled_operation, ends_at_once_with_operation_aborted)
{
    scripted_server server{std::vector<std::string>{"S: 220 mx", "C: *", "silence"}};
    asio::io_context context;
    smtp_client client{context, to(server)};
    asio::cancellation_signal signal;
    std::optional<base::error_code> result;
    client.async_connect(asio::bind_cancellation_slot(signal.slot(), [&](base::error_code ec) { result = ec; }));
    asio::post(context, [&] { signal.emit(asio::cancellation_type::terminal); });
    context.run();
    EXPECT_EQ(result, base::error_code{asio::error::operation_aborted});
    EXPECT_FALSE(client.is_connected());
}

TEST(a_client, that_is_destroyed_ends_what_it_was_doing)
{
    scripted_server server{std::vector<std::string>{"S: 220 mx", "C: *", "silence"}};
    asio::io_context context;
    std::optional<base::error_code> result;
    {
        smtp_client client{context, to(server)};
        client.async_connect([&](base::error_code ec) { result = ec; });
        (void)context.poll();
    }
    context.run();
    EXPECT_EQ(result, base::error_code{asio::error::operation_aborted});
}

TEST(a_context, may_go_with_operations_under_way)
{
    scripted_server server{std::vector<std::string>{"S: 220 mx", "C: *", "silence"}};
    auto context = std::make_unique<asio::io_context>();
    bool is_told = false;
    async_send_mail(*context, to(server), envelope(), content, [&](base::error_code, const send_result&) { is_told = true; });
    (void)context->poll();
    context.reset();
    EXPECT_FALSE(is_told);
}

client_options with_password(client_options options)
{
    options.login.user = "tim";
    options.login.password = "tanstaaftanstaaf";
    options.login_in_clear = true;
    return options;
}

TEST(a_login, is_made_with_the_best_mechanism_that_is_offered)
{
    EXPECT_EQ(connecting(greeted({"C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "S: 235 ok", "silence"}, {"AUTH LOGIN PLAIN"}),
                         with_password),
              base::error_code{});
    EXPECT_EQ(connecting(greeted({"C: AUTH CRAM-MD5", "S: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
                                  "C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "S: 235 ok", "silence"},
                                 {"AUTH LOGIN CRAM-MD5"}),
                         [](client_options options) {
                             options = with_password(options);
                             options.login_in_clear = false;
                             return options;
                         }),
              base::error_code{});
}

TEST(a_login, that_fails_says_why)
{
    protocol::reply reply;
    EXPECT_EQ(connecting(greeted({"C: *", "S: 535 5.7.8 no", "silence"}, {"AUTH PLAIN"}), with_password, &reply),
              client_errc::login_refused);
    EXPECT_EQ(reply.code, 535);
    EXPECT_EQ(connecting(greeted({"silence"}, {"AUTH GSSAPI"}), with_password), client_errc::no_mechanism);
    EXPECT_EQ(connecting(greeted({"silence"}, {"SIZE"}), with_password), client_errc::no_mechanism);
    EXPECT_EQ(connecting(greeted({"C: *", "S: 235 come in", "silence"}, {"AUTH SCRAM-SHA-256"}), with_password),
              client_errc::unproved);
    EXPECT_EQ(
        connecting(greeted({"C: *", "S: 334 cj1ldmls", "C: *", "S: 501 ok", "silence"}, {"AUTH SCRAM-SHA-256"}), with_password),
        client_errc::login_given_up);
}

class own_mechanism final : public sasl::client_mechanism {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "X-OWN"; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override { return std::optional<std::string>{"me"}; }
    [[nodiscard]] base::result<std::string> respond(std::string_view challenge) override { return std::string{challenge} + "!"; }
    [[nodiscard]] bool is_complete() const noexcept override { return true; }
};

TEST(a_login, may_be_made_with_a_mechanism_of_the_callers_own)
{
    EXPECT_EQ(connecting(greeted({"C: AUTH X-OWN bWU=", "S: 334 aGk=", "C: aGkh", "S: 235 ok", "silence"}),
                         [](client_options options) {
                             options.own_mechanism = [](const sasl::channel_facts&) { return std::make_unique<own_mechanism>(); };
                             return options;
                         }),
              base::error_code{});
}

TEST(a_message, comes_from_a_source_piece_by_piece)
{
    scripted_server server{
        greeted({"C: MAIL FROM:<a@client.example> BODY=8BITMIME", "S: 250 ok", "C: RCPT TO:<u@example.com>", "S: 250 ok",
                 "C: DATA", "S: 354 go", "C: Subject: hi", "C: ", "C: one", "C: ..two", "C: .", "S: 250 kept", "silence"},
                {"8BITMIME"})};
    asio::io_context context;
    smtp_client client{context, to(server)};
    std::vector<std::string> pieces{"", "..two\r\n", "one\r\n", "Subject: hi\r\n\r\n"};
    pieces[1] = ".two\r\n";
    std::string piece;
    std::optional<send_result> result;
    client.async_connect([&](base::error_code) {
        auto source = content_from([&]() -> base::result<std::string_view> {
            piece = pieces.back();
            pieces.pop_back();
            return std::string_view{piece};
        });
        client.async_send(envelope(), std::move(source), content_facts{}, [&](base::error_code, send_result sent) {
            result = std::move(sent);
            client.close();
        });
    });
    context.run();
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result->all_accepted()) << server.surprise();
}

TEST(a_message, whose_source_fails_is_not_sent)
{
    scripted_server server{greeted({"C: *", "C: *", "C: *", "S: 250 ok", "S: 250 ok", "S: 354 go", "silence"})};
    asio::io_context context;
    smtp_client client{context, to(server)};
    std::optional<base::error_code> result;
    client.async_connect([&](base::error_code) {
        auto source = content_from([]() -> base::result<std::string_view> { return base::error_code{asio::error::eof}; });
        client.async_send(envelope(), std::move(source), content_facts{},
                          [&](base::error_code ec, const send_result&) { result = ec; });
    });
    context.run();
    EXPECT_EQ(result, make_error_code(client_errc::content_failed));
}

TEST(lmtp, gives_a_result_for_each_recipient)
{
    scripted_server server{std::vector<std::string>{"S: 220 mx LMTP", "C: LHLO client.example", "S: 250 mx", "C: *", "S: 250 ok",
                                                    "C: *", "S: 250 ok", "C: *", "S: 250 ok", "C: DATA", "S: 354 go", "content",
                                                    "S: 250 kept", "S: 452 4.2.2 full", "silence"}};
    asio::io_context context;
    auto options = to(server);
    options.lmtp = true;
    smtp_client client{context, options};
    std::optional<send_result> result;
    client.async_connect([&](base::error_code) {
        client.async_send(envelope({"u@example.com", "v@example.com"}), content, [&](base::error_code ec, send_result sent) {
            EXPECT_FALSE(ec);
            result = std::move(sent);
            client.close();
        });
    });
    context.run();
    ASSERT_TRUE(result.has_value() && result->recipients.size() == 2) << server.surprise();
    EXPECT_TRUE(result->recipients[0].accepted);
    EXPECT_TRUE(result->recipients[1].temporary);
    EXPECT_EQ(result->recipients[1].enhanced, "4.2.2");
}

TEST(requiretls, does_not_go_in_clear) // RFC 8689 4.2.1
{
    scripted_server server{greeted({"silence"}, {"REQUIRETLS"})};
    asio::io_context context;
    smtp_client client{context, to(server)};
    std::optional<base::error_code> result;
    client.async_connect([&](base::error_code) {
        auto what = envelope();
        what.from.parameters.push_back(require_tls());
        client.async_send(std::move(what), content, [&](base::error_code ec, const send_result& sent) {
            result = ec;
            EXPECT_EQ(sent.error, ec);
            EXPECT_EQ(sent.failure, ec.message());
            client.close();
        });
    });
    context.run();
    EXPECT_EQ(result, make_error_code(client_errc::no_tls));
}

TEST(the_traffic, is_shown_with_its_secrets_marked)
{
    std::string secrets;
    std::string rest;
    scripted_server server{greeted({"C: *", "S: 235 ok", "silence"}, {"AUTH PLAIN"})};
    asio::io_context context;
    auto options = with_password(to(server));
    options.watch = [&](const client_traffic& what) { (what.is_secret ? secrets : rest) += what.octets; };
    smtp_client client{context, options};
    client.async_connect([&](base::error_code) { client.close(); });
    context.run();
    EXPECT_THAT(rest, HasSubstr("EHLO client.example\r\n"));
    EXPECT_THAT(rest, HasSubstr("220 mx.example ESMTP\r\n"));
    EXPECT_THAT(secrets, HasSubstr("AUTH PLAIN AHRpbQ"));
}

TEST(send_mail, connects_sends_and_quits_in_one_call)
{
    scripted_server server{greeted(
        {"C: *", "C: *", "C: *", "S: 250 ok", "S: 250 ok", "S: 354 go", "content", "S: 250 kept", "C: QUIT", "S: 221 bye"})};
    asio::io_context context;
    std::optional<send_result> result;
    async_send_mail(context, to(server), envelope(), content, [&](base::error_code ec, send_result sent) {
        EXPECT_FALSE(ec);
        result = std::move(sent);
    });
    context.run();
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result->all_accepted());
    EXPECT_EQ(server.surprise(), "");
}

TEST(send_mail, says_in_words_why_it_could_not_connect)
{
    scripted_server server{std::vector<std::string>{"S: 554 go away", "C: QUIT", "S: 221 bye"}};
    const auto result = send_message(to(server), {envelope(), content});
    EXPECT_EQ(result.error, make_error_code(client_errc::refused));
    EXPECT_THAT(result.failure, EndsWith(": the server refuses the connection: 554 go away"));
    EXPECT_FALSE(result.all_accepted());
}

TEST(send_mail, says_all_of_the_reply_that_refused_the_login)
{
    for (const auto& [reply, said] :
         {std::pair{"S: 535 5.7.8 Authentication credentials invalid", "535 5.7.8 Authentication credentials invalid"},
          {"S: 535 no", "535 no"},
          {"S: 454 4.7.0", "454 4.7.0"}}) {
        scripted_server server{greeted({"C: *", reply, "silence"}, {"AUTH PLAIN"})};
        const auto result = send_message(with_password(to(server)), {envelope(), content});
        EXPECT_EQ(result.error, make_error_code(client_errc::login_refused));
        EXPECT_THAT(result.failure, EndsWith(std::string{": the server refuses the login: "} + said));
    }
}

} // namespace
} // namespace postern::runtime
