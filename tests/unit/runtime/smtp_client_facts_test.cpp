// What a client tells of its connection, and the steps that its caller takes one by one.

#include "core/runtime/smtp_client.hpp"

#include "core/io/tls.hpp"
#include "core/runtime/server.hpp"
#include "tests/unit/runtime/client_to.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/unit/io/tls_in_memory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::runtime {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::greeted;
using test::scripted_server;
using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

/// Runs until nothing is under way.
void run(asio::io_context& context)
{
    context.restart();
    context.run();
}

/// A client, connected; its operations are run one by one.
struct a_connected_client : ::testing::Test {
    asio::io_context context;
    std::optional<scripted_server> server;
    std::optional<smtp_client> client;

    void connect(std::vector<std::string> script, std::vector<std::string> keywords = {"PIPELINING"})
    {
        script.emplace_back("silence");
        server.emplace(greeted(std::move(script), std::move(keywords)));
        client.emplace(context, test::client_to(server->port()));
        client->async_connect([](base::error_code ec) { EXPECT_FALSE(ec) << ec.message(); });
        run(context);
        ASSERT_TRUE(client->is_connected());
    }
    std::pair<base::error_code, protocol::reply> command(std::string line)
    {
        std::pair<base::error_code, protocol::reply> result;
        client->async_command(std::move(line), [&](base::error_code ec, protocol::reply said) {
            result = {ec, std::move(said)};
        });
        run(context);
        return result;
    }
    base::error_code log_in(std::string_view mechanism)
    {
        sasl::credentials with;
        with.user = "tim";
        with.password = "tanstaaftanstaaf";
        std::shared_ptr<sasl::client_mechanism> by = sasl::make_client_mechanism(mechanism, with, {});
        base::error_code result = client_errc::busy;
        client->async_log_in(std::move(by), [&](base::error_code ec) { result = ec; });
        run(context);
        return result;
    }
    void TearDown() override
    {
        if (client)
            client->close();
        EXPECT_EQ(server ? server->surprise() : "", "");
    }
};

TEST_F(a_connected_client, says_any_command_and_takes_a_refusal_for_an_answer)
{
    connect({"C: XTEST a", "S: 250-one", "S: 250 two", "C: XTEST b", "S: 550 5.7.1 no", "C: RSET", "S: 250 2.0.0 ok"});
    const auto [failed, said] = command("XTEST a");
    EXPECT_FALSE(failed);
    EXPECT_EQ(said.code, 250);
    EXPECT_THAT(said.lines, ElementsAre("one", "two"));
    const auto [failed_too, refused] = command("XTEST b");
    EXPECT_FALSE(failed_too);
    EXPECT_EQ(refused.code, 550);
    EXPECT_EQ(client->last_reply().enhanced, "5.7.1");
    client->async_reset([](base::error_code ec, const protocol::reply& reply) {
        EXPECT_FALSE(ec);
        EXPECT_EQ(reply.code, 250);
    });
    run(context);
}

TEST_F(a_connected_client, says_commands_of_510_octets_and_no_longer_ones) // RFC 5321 4.5.3.1.4
{
    connect({"C: " + std::string(510, 'X'), "S: 250 ok"});
    EXPECT_EQ(command(std::string(511, 'X')).first, client_errc::bad_argument);
    EXPECT_EQ(command("").first, client_errc::bad_argument);
    EXPECT_FALSE(command(std::string(510, 'X')).first);
}

TEST_F(a_connected_client, logs_in_when_its_caller_wants_to_and_tries_again)
{
    connect({"C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "S: 535 5.7.8 no", "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: dGlt",
             "S: 334 UGFzc3dvcmQ6", "C: dGFuc3RhYWZ0YW5zdGFhZg==", "S: 235 2.7.0 welcome"},
            {"AUTH PLAIN LOGIN"});
    EXPECT_EQ(log_in("PLAIN"), client_errc::login_refused);
    EXPECT_EQ(client->last_reply().code, 535);
    EXPECT_TRUE(client->is_connected()) << "nobody said that it is no use without a login";
    EXPECT_EQ(log_in("LOGIN"), base::error_code{});
    EXPECT_EQ(client->last_reply().code, 235);
}

TEST_F(a_connected_client, shows_all_that_the_server_offers)
{
    connect({}, {"SIZE 1000", "CHUNKING", "AUTH PLAIN", "XTEST a b"});
    const auto offered = client->capabilities();
    EXPECT_EQ(offered.size, 1000U);
    EXPECT_TRUE(offered.chunking);
    EXPECT_FALSE(offered.pipelining);
    EXPECT_THAT(offered.auth, ElementsAre("PLAIN"));
    EXPECT_THAT(offered.others, ElementsAre(protocol::ehlo_line{"XTEST", "a b"}));
    client->close();
    EXPECT_EQ(client->capabilities(), protocol::capabilities{});
}

TEST_F(a_connected_client, is_of_no_more_use_after_as_many_messages_as_the_server_takes) // RFC 9422 4.1
{
    connect({"C: *", "S: 250 ok", "C: *", "S: 250 ok", "C: DATA", "S: 354 go", "content", "S: 250 kept"}, {"LIMITS MAILMAX=1"});
    EXPECT_TRUE(client->is_reusable());
    message::envelope envelope;
    envelope.from.address = "a@client.example";
    envelope.to.emplace_back().address = "u@example.com";
    client->async_send(envelope, "Subject: hi\r\n\r\n",
                       [](base::error_code ec, const send_result& sent) { EXPECT_TRUE(sent.all_accepted()) << ec.message(); });
    run(context);
    EXPECT_TRUE(client->is_connected());
    EXPECT_FALSE(client->is_reusable());
}

TEST_F(a_connected_client, that_is_told_to_cancel_ends_what_it_does_and_its_connection)
{
    connect({"C: NOOP"});
    client->cancel(); // nothing is under way: nothing happens
    EXPECT_TRUE(client->is_connected());
    std::optional<base::error_code> result;
    client->async_noop([&](base::error_code ec, const protocol::reply&) { result = ec; });
    asio::post(context, [&] { client->cancel(); });
    run(context);
    EXPECT_EQ(result, base::error_code{asio::error::operation_aborted});
    EXPECT_FALSE(client->is_connected());
    EXPECT_FALSE(client->is_reusable());
    server.reset(); // which may not have heard the NOOP
}

TEST_F(a_connected_client, takes_its_connection_along_when_it_is_moved)
{
    connect({"C: NOOP", "S: 250 ok"});
    smtp_client second{std::move(*client)};
    EXPECT_TRUE(second.is_connected());
    scripted_server other{greeted({"silence"})};
    smtp_client third{context, test::client_to(other.port())};
    std::optional<base::error_code> result;
    third.async_connect([&](base::error_code ec) { result = ec; });
    third = std::move(second);
    run(context);
    EXPECT_EQ(result, base::error_code{asio::error::operation_aborted}) << "what it was doing";
    client.emplace(std::move(third));
    EXPECT_EQ(command("NOOP").second.code, 250);
}

/// A server with a certificate of its own.
class a_server_with_tls {
public:
    explicit a_server_with_tls(session::server_tls use)
    {
        listener_profile profile;
        profile.name = "in";
        profile.session.hostname = "mx.example";
        profile.session.tls = use;
        profile.chain = std::make_shared<hooks::chain>();
        std::string why;
        profile.tls = io::tls_context::server(files_.cert(), files_.key(), why);
        EXPECT_NE(profile.tls, nullptr) << why;
        auto first = std::make_shared<generation>();
        first->listeners["in"] = std::make_shared<listener_profile>(std::move(profile));
        first->delivery_chain = std::make_shared<hooks::chain>();
        running_.emplace(std::vector<listener_address>{{"in", "127.0.0.1:0"}}, std::move(first), store_, base::log{lines_}, 1U);
        EXPECT_TRUE(running_->bind(why) && running_->start()) << why;
    }
    [[nodiscard]] std::uint16_t port() const
    {
        const auto address = running_->bound_address("in");
        return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
    }

private:
    io::testing_tls::pem_files files_;
    test::memory_log lines_;
    test::memory_store store_;
    std::optional<server> running_;
};

TEST(a_client_under_tls, says_which_version_and_cipher_protect_it)
{
    for (const auto& [served, wanted] : {std::pair{session::server_tls::offered, client_tls_use::starttls},
                                         {session::server_tls::implicit, client_tls_use::implicit},
                                         {session::server_tls::offered, client_tls_use::opportunistic}}) {
        a_server_with_tls server{served};
        asio::io_context context;
        auto options = test::client_to(server.port());
        options.tls = wanted;
        std::string why;
        options.tls_context = io::tls_context::client(false, {}, why);
        ASSERT_NE(options.tls_context, nullptr) << why;
        smtp_client client{context, options};
        EXPECT_EQ(client.tls_version(), "");
        client.async_connect([](base::error_code ec) { EXPECT_FALSE(ec) << ec.message(); });
        context.run();
        EXPECT_TRUE(client.is_tls());
        EXPECT_EQ(client.tls_version(), "TLSv1.3");
        EXPECT_THAT(client.tls_cipher(), StartsWith("TLS_"));
        client.close();
        EXPECT_FALSE(client.is_tls());
        EXPECT_EQ(client.tls_version() + client.tls_cipher(), "");
    }
}

TEST(a_client_under_tls, shows_them_to_whoever_watches)
{
    a_server_with_tls server{session::server_tls::implicit};
    asio::io_context context;
    auto options = test::client_to(server.port());
    options.tls = client_tls_use::implicit;
    std::string why;
    options.tls_context = io::tls_context::client(false, {}, why);
    std::vector<std::string> seen;
    options.watch = [&](const client_traffic& what) {
        if (what.what == client_traffic::kind::secured)
            seen.emplace_back(what.octets);
    };
    smtp_client client{context, options};
    client.async_connect([&](base::error_code) { client.close(); });
    context.run();
    EXPECT_THAT(seen, ElementsAre(MatchesRegex("TLSv1.3 TLS_[A-Z0-9_]+")));
}

} // namespace
} // namespace postern::runtime
