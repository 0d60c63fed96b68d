#include "core/host/stuck_watch.hpp"

#include "core/base/ids.hpp"

#include <string>

namespace postern::daemon {

stuck_watch::~stuck_watch()
{
    {
        const std::scoped_lock lock{guard_};
        is_ending_ = true;
    }
    ended_.notify_all();
    if (looking_.joinable())
        looking_.join();
}

void stuck_watch::start()
{
    looking_ = std::thread{[this] {
        std::unique_lock lock{guard_};
        while (!ended_.wait_for(lock, limits_.look_every, [this] { return is_ending_; }))
            look();
    }};
}

void stuck_watch::look()
{
    for (const auto* place = all_places(); place != nullptr; place = place->next) {
        const auto calls = place->calls.load(std::memory_order_acquire);
        const auto* whose = place->whose.load(std::memory_order_acquire);
        const auto hook = place->hook.load(std::memory_order_relaxed);
        const auto session = place->session.load(std::memory_order_relaxed);
        auto& last = seen_[place];
        // Create and destroy may take their time: no session waits for them.
        if (whose == nullptr || hook == in_create || hook == in_destroy || calls != last.calls) {
            if (last.told_of != nullptr)
                log_.warning("plugin.unstuck", {{"plugin", last.told_of->instance.data()},
                                                {"library", last.told_of->library.data()},
                                                {"note", "it has returned after all"}});
            last = {calls, 0, nullptr};
            continue;
        }
        const auto enough = whose->is_blocking ? limits_.looks_blocking : limits_.looks;
        if (++last.looks != enough)
            continue;
        log_.error(
            "plugin.stuck",
            {{"plugin", whose->instance.data()},
             {"hook", call_name(hook)},
             {"session", session == 0 ? std::string{} : base::id_text(session)},
             {"library", whose->library.data()},
             {"seconds", std::chrono::duration_cast<std::chrono::seconds>(enough * limits_.look_every).count()},
             {"note", whose->is_blocking ? "one of its threads has not come back"
                                         : "handle has not returned; the sessions of this thread wait until it does, and where "
                                           "it never does only a restart ends it. What may block has to be BLOCKING"}});
        last.told_of = whose;
    }
}

} // namespace postern::daemon
