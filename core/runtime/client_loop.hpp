#pragma once
// The loop that all clients on one io_context share: one pool of receive buffers, one timer for all their deadlines.

#include "core/io/loop.hpp"

#include <memory>

namespace postern::runtime {

/// Lives as long as whoever holds it, not as long as the context: a context whose clients are gone has nothing left to wait for.
/// Threads: those of the context, one at a time.
[[nodiscard]] std::shared_ptr<io::loop> client_loop(io::asio::io_context& on);

} // namespace postern::runtime
