#pragma once
// Plain blocking TCP sockets with deadlines, for the other end of a conversation. On purpose none of the project's own I/O:
// a test must not share the defects of what it tests.

#include "tests/support/process.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace postern::test {

/// Owns a descriptor.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int number) noexcept : number_{number} {}
    ~descriptor() { reset(); }
    descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept
    {
        if (this != &other) {
            reset();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    [[nodiscard]] int number() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
    void reset() noexcept;

private:
    int number_ = -1;
};

/// A connection. Every operation gives up after `limit`.
class tcp_stream {
public:
    explicit tcp_stream(descriptor socket, std::chrono::milliseconds limit = patience);

    /// Connects to 127.0.0.1; empty if refused.
    [[nodiscard]] static std::optional<tcp_stream> connect(std::uint16_t port, std::chrono::milliseconds limit = patience);

    /// All octets; false: the peer is gone or takes nothing.
    [[nodiscard]] bool write(std::string_view octets);
    /// At least one octet appended to `to`; false: end, error or deadline.
    [[nodiscard]] bool read_some(std::string& to);
    /// A line without its line end; empty: end, error, deadline, or no line end within 64 KiB.
    [[nodiscard]] std::optional<std::string> read_line();
    /// Everything up to the end of the stream. `ended` tells whether there was an end rather than a deadline.
    [[nodiscard]] std::string read_to_end(bool* ended = nullptr);
    /// Sends a FIN; reading goes on.
    void close_write();
    /// Ends with a RST.
    void abort();
    [[nodiscard]] int number() const noexcept { return socket_.number(); }
    /// Octets that were read from the socket but not taken.
    [[nodiscard]] std::string& pending() noexcept { return pending_; }

private:
    [[nodiscard]] bool wait(short events) const;

    descriptor socket_;
    std::chrono::milliseconds limit_;
    std::string pending_;
};

/// A listening socket on 127.0.0.1, on a port that the kernel chose.
class tcp_listener {
public:
    explicit tcp_listener(int backlog = 512);
    /// On 127.0.0.`host` and a port that a listener on another address has.
    tcp_listener(std::uint8_t host, std::uint16_t port);
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] int number() const noexcept { return socket_.number(); }
    /// Empty: stop() was called.
    [[nodiscard]] std::optional<descriptor> accept();
    /// Wakes every accept(), now and later. [any]
    void stop();

private:
    tcp_listener(std::uint8_t host, std::uint16_t port, int backlog);

    descriptor socket_;
    descriptor wake_;
    std::uint16_t port_ = 0;
};

/// A port that nobody listens on at this moment, for programs that cannot choose one by themselves. Somebody else may take
/// it before they do: whoever uses it tries again with another.
[[nodiscard]] std::uint16_t unused_port();

} // namespace postern::test
