#include "core/host/control_lane.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <thread>
#include <utility>

namespace postern::daemon {

struct control_lane::state {
    std::mutex lane;                       ///< held while something happens in it
    std::atomic<std::thread::id> holder{}; ///< who holds it by `hold`

    std::mutex guard; // of what follows
    std::condition_variable changed;
    std::deque<std::function<void()>> jobs;
    bool stopping = false;
    std::thread thread;

    void work();
};

void control_lane::state::work()
{
    std::unique_lock lock{guard};
    while (!stopping || !jobs.empty()) {
        if (jobs.empty()) {
            changed.wait(lock);
            continue;
        }
        auto job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        {
            const std::scoped_lock alone{lane};
            job();
        }
        job = nullptr; // may end the lane
        lock.lock();
    }
}

control_lane::control_lane() : state_{std::make_shared<state>()} {}

control_lane::~control_lane()
{
    {
        const std::scoped_lock lock{state_->guard};
        state_->stopping = true;
    }
    state_->changed.notify_all();
    auto& thread = state_->thread;
    if (thread.joinable() && thread.get_id() == std::this_thread::get_id())
        thread.detach();
    else if (thread.joinable())
        thread.join();
}

control_lane::hold::hold(control_lane& lane) : lane_{lane}
{
    lane_.state_->lane.lock();
    lane_.state_->holder = std::this_thread::get_id();
}

control_lane::hold::hold(control_lane& lane, std::try_to_lock_t /*how*/) : lane_{lane}, has_it_{lane.state_->lane.try_lock()}
{
    if (has_it_)
        lane_.state_->holder = std::this_thread::get_id();
}

control_lane::hold::~hold()
{
    if (!has_it_)
        return;
    lane_.state_->holder = std::thread::id{};
    lane_.state_->lane.unlock();
}

void control_lane::run(std::function<void()> job)
{
    if (state_->holder.load() == std::this_thread::get_id())
        return job();
    const std::scoped_lock lock{state_->guard};
    state_->jobs.push_back(std::move(job));
    if (!state_->thread.joinable())
        state_->thread = std::thread{[own = state_] { own->work(); }};
    state_->changed.notify_one();
}

} // namespace postern::daemon
