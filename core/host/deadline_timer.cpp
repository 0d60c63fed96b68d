#include "core/host/deadline_timer.hpp"

namespace postern::daemon {

deadline_timer::~deadline_timer()
{
    {
        const std::scoped_lock lock{guard_};
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable())
        thread_.join(); // so what it runs must not own the timer
}

deadline_timer::handle deadline_timer::at(base::instant when, std::function<void()> run)
{
    const std::scoped_lock lock{guard_};
    const handle key{when, next_++};
    waiting_.emplace(key, std::move(run));
    if (!thread_.joinable())
        thread_ = std::thread{[this] { work(); }};
    changed_.notify_one();
    return key;
}

void deadline_timer::cancel(const handle& which) noexcept
{
    std::function<void()> gone; // freed outside the lock
    const std::scoped_lock lock{guard_};
    if (const auto found = waiting_.find(which); found != waiting_.end()) {
        gone = std::move(found->second);
        waiting_.erase(found);
    }
}

void deadline_timer::work()
{
    std::unique_lock lock{guard_};
    while (!stopping_) {
        if (waiting_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto first = waiting_.begin();
        if (const auto when = first->first.first; std::chrono::steady_clock::now() < when) {
            changed_.wait_until(lock, when);
            continue;
        }
        auto run = std::move(first->second);
        waiting_.erase(first);
        lock.unlock();
        run();
        run = nullptr;
        lock.lock();
    }
}

} // namespace postern::daemon
