#pragma once
// A listening socket of one loop. Several loops may share a TCP port (SO_REUSEPORT): the kernel spreads the connections.
// SECURITY: running out of descriptors is survived: the connection that cannot be served is told so (421) and closed.

#include "core/base/ip_address.hpp"
#include "core/base/result.hpp"
#include "core/io/asio.hpp"
#include "core/io/loop.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postern::io {

/// A connection as it came in.
struct accepted {
    socket connection;
    base::ip_endpoint peer;
    base::ip_endpoint local;
};

class listener {
public:
    /// Opens and listens. `address` is "127.0.0.1:25", "[::1]:25" or "unix:/path"; port 0 takes any. With `shared`, others that
    /// are shared may listen there too; somebody else's listener there is an error all the same.
    [[nodiscard]] static base::result<std::unique_ptr<listener>> open(loop& home, const std::string& address, bool shared);
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    /// The next connection, if one is there. Nothing: wait() knows why, and what to do about it.
    [[nodiscard]] std::optional<accepted> try_accept();
    /// After that: until one may be there. An error: closed, or (after it was waited a moment) something that a later try may not
    /// meet.
    [[nodiscard]] task<base::error_code> wait();
    /// "127.0.0.1:2525", with the real port; "unix:/path".
    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
    void close() noexcept;

private:
    explicit listener(loop& home);
    [[nodiscard]] base::error_code open_tcp(const base::ip_endpoint& endpoint, bool shared);
    [[nodiscard]] base::error_code open_unix(const std::string& path);
    [[nodiscard]] task<base::error_code> wait_for_one();
    [[nodiscard]] task<base::error_code> pause_for(int cause);
    void refuse_one() noexcept;

    loop& home_;
    asio::basic_stream_socket<asio::generic::stream_protocol, executor> waiter_; // owns the descriptor, is only waited on
    int descriptor_ = -1;
    int reserve_ = -1; // an open descriptor to give up when there is no other
    bool is_unix_ = false;
    std::string address_;
    int cause_ = 0; // of the last try to accept that brought nothing
    std::chrono::milliseconds pause_{0};
};

} // namespace postern::io
