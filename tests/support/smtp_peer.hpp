#pragma once
// An SMTP client that says exactly what a test tells it to, right or wrong.

#include "tests/support/socket.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

/// A reply: its code and its lines without code and line end. Code 0: there was none (the connection ended, or time ran out).
struct smtp_reply {
    int code = 0;
    std::vector<std::string> lines;
    [[nodiscard]] std::string text() const; ///< the lines joined by "\n"
};

class smtp_peer {
public:
    /// Connects to 127.0.0.1 and throws std::runtime_error if that fails. The greeting is left to be read.
    explicit smtp_peer(std::uint16_t port, std::chrono::milliseconds limit = patience);

    [[nodiscard]] smtp_reply reply();
    /// The line and its CRLF; then the reply.
    smtp_reply says(std::string_view line);
    /// Octets as they are, nothing awaited. false: the connection is gone.
    bool sends(std::string_view octets) { return stream_.write(octets); }
    /// Greeting and EHLO; the reply to EHLO.
    smtp_reply greets(std::string_view name = "client.example");
    /// One whole transaction with content as given (canonical, dot-stuffed by this function). The last reply read: a
    /// refusal of any step, or the reply to the final dot.
    smtp_reply delivers(std::string_view sender, const std::vector<std::string>& recipients, std::string_view content);

    [[nodiscard]] tcp_stream& stream() noexcept { return stream_; }

private:
    tcp_stream stream_;
};

/// Dot-stuffed and with the end of data behind it (RFC 5321 4.5.2).
[[nodiscard]] std::string stuffed(std::string_view content);

} // namespace postern::test
