#pragma once
// Many messages to many servers with few connections: those that are open and idle serve the next message for the same server,
// and no server gets more of them than the limits say. SECURITY: as smtp_client.hpp.

#include "core/runtime/client.hpp"
#include "core/runtime/client_completion.hpp"
#include "core/runtime/client_errc.hpp"
#include "core/runtime/content_source.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace postern::runtime {

/// How much a pool may have open and keep waiting.
struct pool_limits {
    std::uint32_t per_host = 4;      ///< connections to one server at a time
    std::uint32_t connections = 100; ///< in all
    std::uint32_t waiting = 10'000;  ///< messages that wait for a connection; more end with client_errc::busy
    std::uint32_t messages = 100;    ///< on one connection
    std::chrono::milliseconds idle{std::chrono::seconds{30}}; ///< an unused connection is kept open that long
};

/// Connections are alike that lead to the same host and port with the same TLS, login and name of our own. One that the server
/// had closed meanwhile is replaced without the caller's noticing; no message is sent twice. Threads: as smtp_client.
/// Destroying it ends all with operation_aborted.
class client_pool {
public:
    client_pool(boost::asio::io_context& on, pool_limits limits = {});
    ~client_pool();
    client_pool(const client_pool&) = delete;
    client_pool& operator=(const client_pool&) = delete;

    /// Sends a message, in its turn. void(error_code, send_result), as smtp_client::async_send and with the errors of
    /// async_connect. A cancelled one that still waits for its turn is not sent.
    template <class Token>
    auto async_send(client_options to, message::envelope envelope, std::string content, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(base::error_code, send_result)>(
            [this, to = std::move(to), envelope = std::move(envelope), content = std::move(content)](auto handler) mutable {
                const auto facts = facts_of(content);
                start(std::move(to), std::move(envelope), content_of(std::move(content)), facts,
                      detail::make_completion(context_, std::move(handler), detail::to_result));
            },
            token);
    }

    /// Says QUIT on idle connections. Those in use become idle again.
    void close_idle();
    [[nodiscard]] std::size_t connections() const noexcept; ///< open or being opened
    [[nodiscard]] std::size_t idle() const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept; ///< messages that wait for a connection

private:
    struct state;
    void start(client_options to, message::envelope envelope, std::shared_ptr<content_source> content, content_facts facts,
               client_completion whom);

    boost::asio::io_context& context_;
    std::shared_ptr<state> state_;
};

} // namespace postern::runtime
