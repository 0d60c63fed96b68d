#include "core/host/blocking_pool.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace postern::daemon {

struct blocking_pool::state {
    struct job {
        std::uint64_t key;
        std::function<void()> run;
    };

    std::mutex guard;
    std::condition_variable changed;
    std::deque<job> ready;
    std::unordered_map<std::uint64_t, std::deque<std::function<void()>>>
        behind; ///< by key: what waits for the one that is under way
    std::size_t waiting = 0;
    std::size_t most_waiting = 0;
    unsigned idle = 0;
    unsigned most_threads = 0;
    bool stopping = false;
    std::vector<std::thread> threads;

    void work();
    void let_next_follow(std::uint64_t key);
    [[nodiscard]] static bool add_thread(const std::shared_ptr<state>& to);
};

/// False when the system has no thread to give.
bool blocking_pool::state::add_thread(const std::shared_ptr<state>& to)
{
    try {
        to->threads.emplace_back([own = to] { own->work(); });
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

void blocking_pool::state::let_next_follow(std::uint64_t key)
{
    const auto at = behind.find(key);
    if (key == 0 || at == behind.end())
        return;
    if (at->second.empty()) {
        behind.erase(at);
        return;
    }
    ready.push_back({key, std::move(at->second.front())});
    at->second.pop_front();
    changed.notify_one();
}

void blocking_pool::state::work()
{
    std::unique_lock lock{guard};
    while (true) {
        ++idle;
        changed.wait(lock, [this] { return stopping || !ready.empty(); });
        --idle;
        if (stopping)
            return;
        auto next = std::move(ready.front());
        ready.pop_front();
        --waiting;
        lock.unlock();
        next.run();
        next.run = nullptr; // may end the instance and with it the pool: `this` lives on in the thread's copy of the pointer
        lock.lock();
        let_next_follow(next.key);
    }
}

blocking_pool::blocking_pool(unsigned threads, std::size_t most_waiting) : state_{std::make_shared<state>()}
{
    state_->most_threads = threads;
    state_->most_waiting = most_waiting;
}

blocking_pool::~blocking_pool()
{
    std::vector<std::thread> threads;
    std::deque<state::job> ready;
    std::unordered_map<std::uint64_t, std::deque<std::function<void()>>> behind;
    {
        const std::scoped_lock lock{state_->guard};
        state_->stopping = true;
        threads.swap(state_->threads);
        ready.swap(state_->ready);
        behind.swap(state_->behind);
    }
    state_->changed.notify_all();
    ready.clear(); // before the wait: what they hold may be what a running job waits for
    behind.clear();
    for (auto& each : threads) {
        if (each.get_id() == std::this_thread::get_id())
            each.detach();
        else
            each.join();
    }
}

bool blocking_pool::post(std::uint64_t key, std::function<void()> job)
{
    const std::scoped_lock lock{state_->guard};
    if (state_->stopping || state_->waiting >= state_->most_waiting)
        return false;
    ++state_->waiting;
    if (key != 0) {
        const auto [at, is_first] = state_->behind.try_emplace(key);
        if (!is_first) {
            at->second.push_back(std::move(job));
            return true;
        }
    }
    state_->ready.push_back({key, std::move(job)});
    if (state_->idle < state_->ready.size() && state_->threads.size() < state_->most_threads && !state::add_thread(state_) &&
        state_->threads.empty()) {
        state_->ready.pop_back();
        state_->behind.erase(key);
        --state_->waiting;
        return false;
    }
    state_->changed.notify_one();
    return true;
}

} // namespace postern::daemon
