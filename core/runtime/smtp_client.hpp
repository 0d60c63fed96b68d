#pragma once
// A client of SMTP or LMTP for programs with an io_context of their own: one connection, many messages, any completion token (a
// callback, use_awaitable, use_future, ..). STANDARDS: RFC 5321, 2033, 2920, 3030, 3207, 3461, 4954, 6531, 8689.
// SECURITY: a hostile server costs bounded memory and time and ends in an error of client_errc; see client.hpp.

#include "core/protocol/capabilities.hpp"
#include "core/runtime/client.hpp"
#include "core/runtime/client_completion.hpp"
#include "core/runtime/client_errc.hpp"
#include "core/runtime/content_source.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace postern::runtime {

class client_core;

/// One connection. Operations are one at a time: a second one ends with client_errc::busy. Each takes any completion token, and
/// supports cancellation of its slot (all types; the connection is gone then, for a command cannot be taken back) and the
/// options' deadline. Completion handlers run on their associated executor, by default the io_context's, never within the
/// initiating call. Threads: the io_context is run by one thread at a time, and all calls, making and destroying a client too,
/// are made on it or while it is not run: clients share what they wait and receive with. The io_context outlives the client.
/// Destroying a client ends the operation under way with operation_aborted.
class smtp_client {
public:
    smtp_client(boost::asio::io_context& on, client_options options);
    ~smtp_client();
    smtp_client(smtp_client&&) noexcept;
    smtp_client& operator=(smtp_client&&) noexcept;

    /// Connects, waits for the greeting, says EHLO, starts TLS and logs in, as the options have it. void(error_code).
    /// On an error last_reply() is what refused, if anything did. Names are looked up by the system, which cannot be hurried.
    template <class Token>
    auto async_connect(Token&& token)
    {
        return boost::asio::async_initiate<Token, void(base::error_code)>(
            [core = core_](auto handler) {
                start_connect(core, detail::make_completion(context_of(core), std::move(handler), detail::to_error));
            },
            token);
    }

    /// AUTH with a mechanism, the caller's own or one of sasl::make_client_mechanism(). void(error_code).
    template <class Token>
    auto async_log_in(std::shared_ptr<sasl::client_mechanism> by, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(base::error_code)>(
            [core = core_, by = std::move(by)](auto handler) mutable {
                start_log_in(core, std::move(by),
                             detail::make_completion(context_of(core), std::move(handler), detail::to_error));
            },
            token);
    }

    /// Any one command that has one reply and belongs to no message. void(error_code, reply). A refusal (4yz, 5yz) is no error.
    /// client_errc::bad_argument: it holds CR, LF or another control, or is longer than 510 octets.
    template <class Token>
    auto async_command(std::string line, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(base::error_code, protocol::reply)>(
            [core = core_, line = std::move(line)](auto handler) mutable {
                start_command(core, std::move(line),
                              detail::make_completion(context_of(core), std::move(handler), detail::to_reply));
            },
            token);
    }
    /// VRFY (RFC 5321 3.5); 252 and 250 say yes. As async_command.
    template <class Token>
    auto async_verify(std::string_view address, Token&& token)
    {
        return async_command("VRFY " + std::string{address}, std::forward<Token>(token));
    }
    template <class Token>
    auto async_noop(Token&& token)
    {
        return async_command("NOOP", std::forward<Token>(token));
    }
    template <class Token>
    auto async_reset(Token&& token)
    {
        return async_command("RSET", std::forward<Token>(token));
    }

    /// Sends a message: MAIL, RCPT and DATA or BDAT, pipelined where that is offered. void(error_code, send_result).
    /// No error: at least one recipient was accepted; look at all of them. client_errc::not_accepted: the server said no for all.
    /// `content` gives canonical octets (see canonical()); `facts`: what is known of them, for SIZE= and BODY=.
    template <class Token>
    auto async_send(message::envelope envelope, std::shared_ptr<content_source> content, content_facts facts, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(base::error_code, send_result)>(
            [core = core_, envelope = std::move(envelope), content = std::move(content), facts](auto handler) mutable {
                start_send(core, std::move(envelope), std::move(content), facts,
                           detail::make_completion(context_of(core), std::move(handler), detail::to_result));
            },
            token);
    }
    /// A message in memory.
    template <class Token>
    auto async_send(message::envelope envelope, std::string content, Token&& token)
    {
        const auto facts = facts_of(content);
        return async_send(std::move(envelope), content_of(std::move(content)), facts, std::forward<Token>(token));
    }

    /// QUIT and the end of the connection; async_connect() may follow. void(error_code).
    template <class Token>
    auto async_quit(Token&& token)
    {
        return boost::asio::async_initiate<Token, void(base::error_code)>(
            [core = core_](auto handler) {
                start_quit(core, detail::make_completion(context_of(core), std::move(handler), detail::to_error));
            },
            token);
    }

    void cancel() noexcept; ///< the operation under way, with operation_aborted
    void close() noexcept;  ///< the connection, without QUIT

    // Facts of the connection, empty without one. Views are valid until the next operation.
    [[nodiscard]] bool is_connected() const noexcept;
    [[nodiscard]] bool is_reusable() const noexcept; ///< it takes another message (RFC 9422: LIMITS)
    [[nodiscard]] std::string_view greeting() const noexcept;
    [[nodiscard]] bool offers(std::string_view keyword) const; ///< of EHLO, whatever its case, the core's among them
    [[nodiscard]] bool offers_login(std::string_view mechanism) const;
    [[nodiscard]] std::uint64_t max_message_size() const noexcept; ///< octets; 0: none said
    [[nodiscard]] protocol::capabilities capabilities() const;
    [[nodiscard]] bool is_tls() const noexcept;
    [[nodiscard]] std::string tls_version() const; ///< "TLSv1.3"; empty: not under TLS
    [[nodiscard]] std::string tls_cipher() const;
    [[nodiscard]] protocol::reply last_reply() const; ///< to a command or AUTH, or the one that refused the connection

private:
    [[nodiscard]] static boost::asio::io_context& context_of(const std::shared_ptr<client_core>& core) noexcept;
    static void start_connect(const std::shared_ptr<client_core>& core, client_completion whom);
    static void start_log_in(const std::shared_ptr<client_core>& core, std::shared_ptr<sasl::client_mechanism> by,
                             client_completion whom);
    static void start_command(const std::shared_ptr<client_core>& core, std::string line, client_completion whom);
    static void start_send(const std::shared_ptr<client_core>& core, message::envelope envelope,
                           std::shared_ptr<content_source> content, content_facts facts, client_completion whom);
    static void start_quit(const std::shared_ptr<client_core>& core, client_completion whom);

    std::shared_ptr<client_core> core_;
};

namespace detail {
void start_send_mail(boost::asio::io_context& on, client_options options, message::envelope envelope,
                     std::shared_ptr<content_source> content, content_facts facts, client_completion whom);
} // namespace detail

/// One message on a connection of its own: connects, logs in, sends, says QUIT. void(error_code, send_result); as async_send, and
/// the result tells in words what failed before. The io_context outlives the operation.
template <class Token>
auto async_send_mail(boost::asio::io_context& on, client_options options, message::envelope envelope, std::string content,
                     Token&& token)
{
    return boost::asio::async_initiate<Token, void(base::error_code, send_result)>(
        [&on, options = std::move(options), envelope = std::move(envelope), content = std::move(content)](auto handler) mutable {
            const auto facts = facts_of(content);
            detail::start_send_mail(on, std::move(options), std::move(envelope), content_of(std::move(content)), facts,
                                    detail::make_completion(on, std::move(handler), detail::to_result));
        },
        token);
}

} // namespace postern::runtime
