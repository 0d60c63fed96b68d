#pragma once
// Where what the contract calls [control] happens, one thing at a time: whoever makes a generation holds the lane; instances
// whose last session ended elsewhere are destroyed here, so that no thread that moves mail waits for a plugin's destroy.

#include <functional>
#include <memory>
#include <mutex>

namespace postern::daemon {

/// Threads: any. Jobs must not throw.
class control_lane {
public:
    control_lane();
    /// Does what is left, unless a job of its own thread ends it: that thread does it then.
    ~control_lane();
    control_lane(const control_lane&) = delete;
    control_lane& operator=(const control_lane&) = delete;

    /// The lane for as long as this lives, on this thread.
    class hold {
    public:
        explicit hold(control_lane& lane);
        /// Not if somebody else has it: for who can come again.
        hold(control_lane& lane, std::try_to_lock_t how);
        ~hold();
        hold(const hold&) = delete;
        hold& operator=(const hold&) = delete;

        [[nodiscard]] explicit operator bool() const noexcept { return has_it_; }

    private:
        control_lane& lane_;
        bool has_it_ = true;
    };

    /// Runs it at once if this thread holds the lane, else soon, on the lane's own thread.
    void run(std::function<void()> job);

private:
    struct state;
    std::shared_ptr<state> state_; ///< the thread has its own share
};

} // namespace postern::daemon
