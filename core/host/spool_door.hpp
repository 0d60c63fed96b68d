#pragma once
// The way from plugins to the queue of a server that is made after them, and ends before them.

#include "core/queue/domain_wish.hpp"

#include <functional>
#include <mutex>
#include <utility>

namespace postern::daemon {

/// Threads: any.
class spool_door {
public:
    using way_in = std::function<bool(queue::domain_wish)>;

    /// From now on wishes go to `way`, which outlives the door or close().
    void open(way_in way)
    {
        const std::scoped_lock lock{guard_};
        way_ = std::move(way);
    }
    /// Afterwards nobody is inside.
    void close() { open({}); }
    /// False: not now.
    [[nodiscard]] bool try_now(queue::domain_wish what)
    {
        const std::scoped_lock lock{guard_};
        return way_ && way_(std::move(what));
    }

private:
    std::mutex guard_;
    way_in way_;
};

} // namespace postern::daemon
