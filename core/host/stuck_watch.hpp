#pragma once
// A watchdog: a plugin that loops or sleeps in handle on a serving thread holds up every session of that thread, and nothing in
// this process can take the thread back. So at least the log says who it is, once an incident: `plugin.stuck`, and
// `plugin.unstuck` should it come back. A BLOCKING plugin sleeps on threads of its own, costs its deadline only, and is named
// much later, since it keeps that thread for good.

#include "core/base/log.hpp"
#include "core/host/plugin_calls.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

namespace postern::daemon {

struct stuck_limits {
    std::chrono::milliseconds look_every{500};
    unsigned looks = 10;           ///< at the same call until it is told of: 5 s
    unsigned looks_blocking = 120; ///< of a BLOCKING plugin: a minute
};

class stuck_watch {
public:
    explicit stuck_watch(base::log log, stuck_limits limits = {}) : log_{log}, limits_{limits} {}
    ~stuck_watch();
    stuck_watch(const stuck_watch&) = delete;
    stuck_watch& operator=(const stuck_watch&) = delete;

    /// Begins to look, on a thread of its own. [control]
    void start();
    /// One look at all threads. One at a time.
    void look();

private:
    struct seen {
        std::uint64_t calls = 0;
        unsigned looks = 0;
        const plugin_label* told_of = nullptr; ///< labels stay for ever
    };

    base::log log_;
    stuck_limits limits_;
    std::map<const thread_place*, seen> seen_;
    std::mutex guard_;
    std::condition_variable ended_;
    bool is_ending_ = false;
    std::thread looking_;
};

} // namespace postern::daemon
