#include "core/host/deadline_timer.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace postern::daemon {

struct deadline_timer::state {
    std::mutex guard;
    std::condition_variable changed;
    std::map<handle, std::function<void()>> waiting;
    std::uint64_t next = 1;
    bool stopping = false;
    std::thread thread;

    void work();
};

void deadline_timer::state::work()
{
    std::unique_lock lock{guard};
    while (!stopping) {
        if (waiting.empty()) {
            changed.wait(lock);
            continue;
        }
        const auto first = waiting.begin();
        if (const auto when = first->first.first; std::chrono::steady_clock::now() < when) {
            changed.wait_until(lock, when);
            continue;
        }
        auto run = std::move(first->second);
        waiting.erase(first);
        lock.unlock();
        run();
        run = nullptr; // may end the timer
        lock.lock();
    }
}

deadline_timer::deadline_timer() : state_{std::make_shared<state>()} {}

deadline_timer::~deadline_timer()
{
    std::map<handle, std::function<void()>> dropped; // outside the lock
    {
        const std::scoped_lock lock{state_->guard};
        state_->stopping = true;
        dropped.swap(state_->waiting);
    }
    state_->changed.notify_all();
    auto& thread = state_->thread;
    if (thread.joinable() && thread.get_id() == std::this_thread::get_id())
        thread.detach();
    else if (thread.joinable())
        thread.join();
}

deadline_timer::handle deadline_timer::at(base::instant when, std::function<void()> run)
{
    const std::scoped_lock lock{state_->guard};
    const handle key{when, state_->next++};
    state_->waiting.emplace(key, std::move(run));
    if (!state_->thread.joinable())
        state_->thread = std::thread{[own = state_] { own->work(); }};
    state_->changed.notify_one();
    return key;
}

void deadline_timer::cancel(const handle& which) noexcept
{
    std::function<void()> gone; // freed outside the lock
    const std::scoped_lock lock{state_->guard};
    if (const auto found = state_->waiting.find(which); found != state_->waiting.end()) {
        gone = std::move(found->second);
        state_->waiting.erase(found);
    }
}

} // namespace postern::daemon
