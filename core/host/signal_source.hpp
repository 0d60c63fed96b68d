#pragma once
// The signals that steer the daemon, SIGTERM, SIGINT and SIGHUP, as something that can be waited for.

#include <chrono>

namespace postern::daemon {

/// From its construction on no thread is interrupted by them, and none of those that begin later: they are read here.
/// SIGPIPE is ignored. Threads: one.
class signal_source {
public:
    static constexpr int none = -1;

    signal_source();
    ~signal_source();
    signal_source(const signal_source&) = delete;
    signal_source& operator=(const signal_source&) = delete;

    /// The next signal; 0 when `other` became readable first; `none` when none came in time.
    [[nodiscard]] int next(int other = -1, std::chrono::milliseconds within = std::chrono::milliseconds{-1}) const;

private:
    int descriptor_;
};

} // namespace postern::daemon
