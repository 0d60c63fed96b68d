// Sends a message twice: by one call with a callback, then step by step from a coroutine, which asks the server what it offers
// and looks at each recipient. send_mail HOST:PORT FROM TO.. [< MESSAGE]; SEND_MAIL_USER and SEND_MAIL_PASSWORD log in.

#include "core/runtime/smtp_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
namespace message = postern::message;
namespace runtime = postern::runtime;

void print(const runtime::send_result& result)
{
    for (const auto& each : result.recipients)
        std::printf("%s: %s (%u %s)\n", each.address.c_str(), each.accepted ? "accepted" : "refused", each.smtp_code,
                    each.text.c_str());
}

/// Everything can fail, and says how: with as_tuple as a value, without it as boost::system::system_error.
asio::awaitable<void> step_by_step(runtime::smtp_client& client, message::envelope envelope, std::string content, int& exit_code)
{
    const auto [refused] = co_await client.async_connect(asio::as_tuple(asio::use_awaitable));
    if (refused) {
        std::fprintf(stderr, "%s (%s)\n", refused.message().c_str(), client.last_reply().text().c_str());
        co_return;
    }
    std::printf("%s; TLS: %s; takes %llu octets\n", std::string{client.greeting()}.c_str(),
                client.is_tls() ? client.tls_version().c_str() : "no",
                static_cast<unsigned long long>(client.max_message_size()));

    const auto [failed, result] =
        co_await client.async_send(std::move(envelope), std::move(content), asio::as_tuple(asio::use_awaitable));
    if (failed)
        std::fprintf(stderr, "%s\n", failed.message().c_str());
    print(result);
    exit_code = result.all_accepted() ? 0 : 1;
    const auto [ended] = co_await client.async_quit(asio::as_tuple(asio::use_awaitable));
    (void)ended; // the message is delivered whatever the server says to QUIT
}

} // namespace

int main(int count, char** words)
{
    const std::string_view server = count > 1 ? words[1] : "";
    const auto colon = server.rfind(':');
    if (count < 4 || colon == std::string_view::npos) {
        std::fputs("usage: send_mail HOST:PORT FROM TO.. < MESSAGE\n", stderr);
        return 2;
    }
    runtime::client_options options;
    options.host = server.substr(0, colon);
    options.port = static_cast<std::uint16_t>(std::atoi(server.substr(colon + 1).data()));
    options.deadline = std::chrono::minutes{2}; // of each operation
    if (const char* user = std::getenv("SEND_MAIL_USER"))
        options.login.user = user;
    if (const char* password = std::getenv("SEND_MAIL_PASSWORD"))
        options.login.password = password;

    message::envelope envelope;
    envelope.from.address = words[2];
    for (int i = 3; i < count; ++i)
        envelope.to.emplace_back().address = words[i];
    const auto content = runtime::canonical(std::string{std::istreambuf_iterator<char>{std::cin}, {}});

    asio::io_context context;
    // In one call:
    runtime::async_send_mail(context, options, envelope, content,
                             [](const postern::base::error_code& failed, const runtime::send_result& result) {
                                 if (failed)
                                     std::fprintf(stderr, "%s %s\n", failed.message().c_str(), result.failure.c_str());
                                 print(result);
                             });
    context.run();

    // Step by step:
    context.restart();
    int exit_code = 1;
    runtime::smtp_client client{context, options};
    asio::co_spawn(context, step_by_step(client, envelope, content, exit_code), asio::detached);
    context.run();
    return exit_code;
}
