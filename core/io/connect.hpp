#pragma once
// Outgoing connections: a host name or address and a port, to a connected socket.

#include "core/base/ip_address.hpp"
#include "core/base/result.hpp"
#include "core/io/asio.hpp"
#include "core/io/loop.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::io {

/// A connection and whom it really leads to.
struct connected {
    socket connection;
    base::ip_endpoint peer;
};

/// The addresses of `host` by the system's resolver (an address text is its own), in the resolver's order; never empty.
[[nodiscard]] task<base::result<std::vector<base::ip_endpoint>>> resolve(loop& home, std::string host, std::uint16_t port);

/// Connects; an error when refused, unreachable or not done `within` the time.
[[nodiscard]] task<base::result<connected>> connect(loop& home, base::ip_endpoint to, std::chrono::milliseconds within);

} // namespace postern::io
