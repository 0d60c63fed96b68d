#pragma once
// A queue as a server that was stopped has left it, written by the store itself: what a start finds, without the time that it
// takes to receive it.

#include "core/base/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace postern::bench {

/// A message that lies in the queue.
struct stored {
    std::string recipient;
    std::size_t size = 1000;                      ///< octets of content
    std::chrono::milliseconds next_attempt_in{0}; ///< 0: nobody has tried it yet
};

/// Writes `count` messages, of which `what` tells, into the queue of a server in `folder`. Their ids, in the order of arrival.
/// Throws std::runtime_error if one is not stored.
[[nodiscard]] std::vector<base::message_id> store_messages(const std::filesystem::path& folder, std::size_t count,
                                                           const std::function<stored(std::size_t)>& what);

/// Has the page cache forget what lies in that queue, as after a start of the machine.
void forget_pages_of_queue(const std::filesystem::path& folder);

} // namespace postern::bench
