#include "core/runtime/client_pool.hpp"

#include "tests/unit/runtime/client_to.hpp"
#include "tests/support/scripted_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern::runtime {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::greeted;
using test::scripted_server;

const std::string content = "Subject: hi\r\n\r\nhello\r\n";

client_options to(const scripted_server& server)
{
    return test::client_to(server.port());
}

message::envelope envelope(std::string who = "u@example.com")
{
    message::envelope made;
    made.from.address = "a@client.example";
    made.to.emplace_back().address = std::move(who);
    return made;
}

/// A dialogue of that many messages, and then the words.
std::vector<std::string> messages(std::size_t count, std::vector<std::string> then)
{
    std::vector<std::string> script;
    for (std::size_t i = 0; i < count; ++i)
        for (const auto* step : {"C: *", "C: *", "C: *", "S: 250 ok", "S: 250 ok", "S: 354 go", "content", "S: 250 kept"})
            script.emplace_back(step);
    script.insert(script.end(), then.begin(), then.end());
    return greeted(std::move(script));
}

const std::vector<std::string> farewell{"C: QUIT", "S: 221 bye"};

TEST(a_pool, sends_one_message_after_the_other_on_the_connections_that_it_may_have)
{
    scripted_server server{messages(3, farewell)};
    asio::io_context context;
    client_pool pool{context, {.per_host = 1, .idle = 50ms}};
    unsigned accepted = 0;
    for (int i = 0; i < 3; ++i)
        pool.async_send(to(server), envelope(), content,
                        [&](base::error_code, const send_result& sent) { accepted += sent.all_accepted() ? 1U : 0U; });
    EXPECT_EQ(pool.connections(), 1U);
    context.run(); // ends when the connection has been idle for long enough
    EXPECT_EQ(accepted, 3U) << server.surprise();
    EXPECT_EQ(pool.connections(), 0U);
    EXPECT_EQ(server.surprise(), "");
}

TEST(a_pool, takes_a_new_connection_where_the_server_has_ended_the_idle_one)
{
    scripted_server server{std::vector<std::vector<std::string>>{messages(1, {}), messages(1, farewell)}};
    asio::io_context context;
    client_pool pool{context, {.per_host = 1, .idle = 10s}};
    unsigned accepted = 0;
    pool.async_send(to(server), envelope(), content, [&](base::error_code, const send_result& first) {
        accepted += first.all_accepted() ? 1U : 0U;
        pool.async_send(to(server), envelope(), content, [&](base::error_code ec, const send_result& second) {
            EXPECT_FALSE(ec) << ec.message();
            accepted += second.all_accepted() ? 1U : 0U;
            asio::post(context, [&] { pool.close_idle(); });
        });
    });
    context.run();
    EXPECT_EQ(accepted, 2U) << server.surprise();
}

TEST(a_pool, puts_so_many_messages_on_a_connection_and_no_more)
{
    scripted_server server{std::vector<std::vector<std::string>>{messages(2, farewell), messages(1, farewell)}};
    asio::io_context context;
    client_pool pool{context, {.per_host = 1, .messages = 2, .idle = 50ms}};
    unsigned accepted = 0;
    for (int i = 0; i < 3; ++i)
        pool.async_send(to(server), envelope(), content,
                        [&](base::error_code, const send_result& sent) { accepted += sent.all_accepted() ? 1U : 0U; });
    context.run();
    EXPECT_EQ(accepted, 3U) << server.surprise();
    EXPECT_EQ(server.surprise(), "");
}

TEST(a_pool, lets_only_so_many_messages_wait)
{
    scripted_server server{messages(2, farewell)};
    asio::io_context context;
    client_pool pool{context, {.per_host = 1, .waiting = 2, .idle = 50ms}};
    std::vector<base::error_code> results;
    for (int i = 0; i < 3; ++i)
        pool.async_send(to(server), envelope(), content, [&](base::error_code ec, const send_result&) { results.push_back(ec); });
    context.run();
    EXPECT_THAT(results,
                ::testing::UnorderedElementsAre(base::error_code{}, base::error_code{}, make_error_code(client_errc::busy)));
}

TEST(a_pool, counts_what_is_open_what_is_idle_and_what_waits)
{
    scripted_server server{messages(2, farewell)};
    asio::io_context context;
    client_pool pool{context, {.per_host = 1, .idle = 60s}};
    const auto counts = [&] { return std::vector{pool.connections(), pool.idle(), pool.waiting()}; };
    EXPECT_THAT(counts(), ::testing::ElementsAre(0, 0, 0));
    pool.async_send(to(server), envelope(), content, [](base::error_code, const send_result&) {});
    pool.async_send(to(server), envelope(), content, [&](base::error_code, const send_result&) {
        asio::post(context, [&] {
            EXPECT_THAT(counts(), ::testing::ElementsAre(1, 1, 0));
            pool.close_idle();
        });
    });
    EXPECT_THAT(counts(), ::testing::ElementsAre(1, 0, 2)) << "the connection is being opened";
    context.run();
    EXPECT_THAT(counts(), ::testing::ElementsAre(0, 0, 0));
    EXPECT_EQ(server.surprise(), "");
}

TEST(a_pool, closes_an_idle_connection_when_another_server_needs_one)
{
    scripted_server first{messages(1, farewell)};
    scripted_server second{messages(1, farewell)};
    asio::io_context context;
    client_pool pool{context, {.connections = 1, .idle = 60s}};
    unsigned accepted = 0;
    pool.async_send(to(first), envelope(), content, [&](base::error_code, const send_result& one) {
        accepted += one.all_accepted() ? 1U : 0U;
        pool.async_send(to(second), envelope(), content, [&](base::error_code, const send_result& other) {
            accepted += other.all_accepted() ? 1U : 0U;
            asio::post(context, [&] { pool.close_idle(); });
        });
    });
    context.run();
    EXPECT_EQ(accepted, 2U);
    EXPECT_EQ(first.surprise() + second.surprise(), "");
}

TEST(a_message_in_a_pool, that_no_connection_came_for_says_what_the_server_said)
{
    scripted_server server{std::vector<std::string>{"S: 554 5.7.1 not you", "C: *", "S: 221 bye"}};
    asio::io_context context;
    client_pool pool{context};
    std::optional<send_result> result;
    pool.async_send(to(server), envelope(), content, [&](base::error_code, send_result sent) { result = std::move(sent); });
    context.run();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->reply.code, 554);
    EXPECT_THAT(result->failure, ::testing::EndsWith(": the server refuses the connection: 554 5.7.1 not you"));
}

TEST(a_message_in_a_pool, that_waits_can_be_cancelled)
{
    scripted_server server{messages(1, farewell)};
    asio::io_context context;
    client_pool pool{context, {.per_host = 1, .idle = 50ms}};
    asio::cancellation_signal signal;
    std::vector<base::error_code> results;
    pool.async_send(to(server), envelope(), content, [&](base::error_code ec, const send_result&) { results.push_back(ec); });
    pool.async_send(
        to(server), envelope(), content,
        asio::bind_cancellation_slot(signal.slot(), [&](base::error_code ec, const send_result&) { results.push_back(ec); }));
    signal.emit(asio::cancellation_type::terminal);
    context.run();
    EXPECT_THAT(results, ::testing::UnorderedElementsAre(base::error_code{}, base::error_code{asio::error::operation_aborted}));
}

TEST(a_pool, that_goes_ends_what_is_under_way_and_what_waits)
{
    scripted_server server{std::vector<std::string>{"S: 220 mx", "C: *", "silence"}};
    asio::io_context context;
    std::vector<base::error_code> results;
    {
        client_pool pool{context, {.per_host = 1}};
        for (int i = 0; i < 2; ++i)
            pool.async_send(to(server), envelope(), content,
                            [&](base::error_code ec, const send_result&) { results.push_back(ec); });
        (void)context.poll();
    }
    context.run();
    const base::error_code aborted{asio::error::operation_aborted};
    EXPECT_THAT(results, ::testing::ElementsAre(aborted, aborted));
}

} // namespace
} // namespace postern::runtime
