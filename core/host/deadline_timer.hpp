#pragma once
// Runs functions at deadlines, on one thread of its own that starts with the first.

#include "core/base/clock.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace postern::daemon {

/// Threads: any. What is still waiting when it dies is dropped.
class deadline_timer {
public:
    using handle = std::pair<base::instant, std::uint64_t>;

    deadline_timer() = default;
    ~deadline_timer();
    deadline_timer(const deadline_timer&) = delete;
    deadline_timer& operator=(const deadline_timer&) = delete;

    /// `run` must be short, must not throw, and must not own this timer.
    handle at(base::instant when, std::function<void()> run);
    void cancel(const handle& which) noexcept; ///< no effect when it runs or ran

private:
    void work();

    std::mutex guard_;
    std::condition_variable changed_;
    std::map<handle, std::function<void()>> waiting_;
    std::uint64_t next_ = 1;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace postern::daemon
