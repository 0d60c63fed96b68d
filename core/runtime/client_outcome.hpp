#pragma once
// How an operation of a client ends, and who is told, without the types of completion tokens. Of this room alone.

#include "core/protocol/reply.hpp"
#include "core/runtime/client.hpp"

#include <cstdint>
#include <functional>

namespace postern::runtime {

/// What any operation of a client comes to.
struct client_outcome {
    base::error_code error;
    protocol::reply reply; ///< to a command, or the one that refused; code 0: none
    send_result sent;      ///< of a message
};

/// A completion handler without its type.
struct client_completion {
    std::function<void(client_outcome)> done; ///< once; posts to the handler's executor
    /// Takes what a cancellation of the handler's slot is to do; empty: it has no slot.
    std::function<void(std::function<void()>)> on_cancel;
};

} // namespace postern::runtime
