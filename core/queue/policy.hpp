#pragma once
// When a deferred message is tried again, and when it is given up. Plain values from the configuration.

#include <chrono>
#include <vector>

namespace postern::queue {

/// When a message that was put off is tried again, and for how long.
struct retry_policy {
    /// Waiting time after the n-th attempt; the last one repeats until `expire`.
    std::vector<std::chrono::milliseconds> retry = {std::chrono::minutes{1}, std::chrono::minutes{5}, std::chrono::minutes{15},
                                                    std::chrono::hours{1},   std::chrono::hours{2},   std::chrono::hours{4}};
    std::chrono::milliseconds expire = std::chrono::hours{24 * 5}; ///< since it was received
    std::chrono::milliseconds warn = std::chrono::hours{4};        ///< a delay DSN after this long; 0: none
    double jitter = 0.1; ///< each waiting time is drawn evenly from [1 - jitter, 1 + jitter] times the schedule's
};

} // namespace postern::queue
