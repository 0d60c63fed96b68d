#pragma once
// Runs functions at deadlines, on one thread of its own that starts with the first.

#include "core/base/clock.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace postern::daemon {

/// Threads: any. What is still waiting when it dies is dropped; what runs then is waited for, unless it is what ends the timer.
class deadline_timer {
public:
    using handle = std::pair<base::instant, std::uint64_t>;

    deadline_timer();
    ~deadline_timer();
    deadline_timer(const deadline_timer&) = delete;
    deadline_timer& operator=(const deadline_timer&) = delete;

    /// `run` must be short and must not throw.
    handle at(base::instant when, std::function<void()> run);
    void cancel(const handle& which) noexcept; ///< no effect when it runs or ran

private:
    struct state;
    std::shared_ptr<state> state_; ///< the thread has its own share
};

} // namespace postern::daemon
