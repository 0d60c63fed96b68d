#pragma once
// Connections by proxies, many at the same time, on one thread that waits for all of them. It must not know a host or what a
// connection is for. SECURITY: proxies may be slow, silent or talk nonsense: each has its time, and a few hundred octets.

#include "handshake.hpp"
#include "proxy.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

namespace socks {

/// What came of one.
struct dialed {
    int socket = -1;           ///< connected, and the taker's; -1: it failed
    std::string fault;         ///< why, in words
    bool is_of_target = false; ///< it is the host that the proxy did not reach
};

/// Threads: dial() any. Its destructor ends what is under way, of which nobody hears. What cannot go on for want of memory fails,
/// and its owner hears of it: nothing is thrown on the thread.
class dialer {
public:
    using instant = std::chrono::steady_clock::time_point;
    struct job {
        std::shared_ptr<const proxy> by;
        target to;
        std::optional<login> as = {};
        instant until;                    ///< when it is given up
        std::function<void(dialed)> done; ///< once, on the dialer's thread, which has nobody for what it throws
    };

    dialer();
    ~dialer();
    dialer(const dialer&) = delete;
    dialer& operator=(const dialer&) = delete;

    /// Throws std::bad_alloc: then it is not begun, and nothing comes of it.
    void dial(job what);

private:
    struct call;
    void run() noexcept;
    [[nodiscard]] bool take_fresh() noexcept;
    void ring() noexcept;

    std::mutex mutex_;
    std::vector<std::unique_ptr<call>> fresh_;
    bool is_over_ = false;
    std::vector<pollfd> watched_; ///< of the thread, with room for all calls
    int bell_ = -1;
    std::vector<std::unique_ptr<call>> calls_; ///< of the thread
    std::thread thread_;
};

} // namespace socks
