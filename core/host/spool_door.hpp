#pragma once
// The way from plugins to the queue of a server that is made after them, and ends before them.

#include "core/queue/domain_wish.hpp"
#include "core/queue/store.hpp"
#include "core/queue/submission.hpp"

#include <functional>
#include <mutex>
#include <utility>

namespace postern::daemon {

/// Threads: any.
class spool_door {
public:
    using way_in = std::function<bool(queue::domain_wish)>;
    using mail_in = std::function<bool(queue::submission, queue::completion<base::message_id>)>;

    /// From now on wishes go to `way`, and messages to `mail`; both outlive the door or close(). Without one: not now.
    void open(way_in way, mail_in mail = {})
    {
        const std::scoped_lock lock{guard_};
        way_ = std::move(way);
        mail_ = std::move(mail);
    }
    /// Afterwards nobody is inside.
    void close() { open({}); }
    /// False: not now.
    [[nodiscard]] bool try_now(queue::domain_wish what)
    {
        const std::scoped_lock lock{guard_};
        return way_ && way_(std::move(what));
    }
    /// False: not now. Else `done` is called once, inside the call or later, also after close().
    [[nodiscard]] bool submit(queue::submission what, queue::completion<base::message_id> done)
    {
        const std::scoped_lock lock{guard_};
        return mail_ && mail_(std::move(what), std::move(done));
    }

private:
    std::mutex guard_;
    way_in way_;
    mail_in mail_;
};

} // namespace postern::daemon
