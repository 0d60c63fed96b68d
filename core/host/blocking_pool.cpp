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
        job_kind kind;
        std::size_t octets;
    };

    std::mutex guard;
    std::condition_variable changed;
    std::deque<job> ready;
    std::unordered_map<std::uint64_t, std::deque<job>> behind; ///< by key: what waits for the one that is under way
    std::size_t waiting = 0;                                   ///< jobs, without promises
    std::size_t octets = 0;                                    ///< of them
    pool_limits limits;
    unsigned idle = 0;
    unsigned most_threads = 0;
    bool stopping = false;
    std::vector<std::thread> threads;

    void work();
    [[nodiscard]] bool has_room_for(const job& one) const noexcept;
    void begun(const job& one) noexcept;
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

bool blocking_pool::state::has_room_for(const job& one) const noexcept
{
    if (one.kind == job_kind::promise)
        return true;
    const auto most = one.kind == job_kind::observation ? limits.observed_octets : limits.octets;
    return waiting < limits.jobs && octets <= most && one.octets <= most - octets;
}

void blocking_pool::state::begun(const job& one) noexcept
{
    if (one.kind == job_kind::promise)
        return;
    --waiting;
    octets -= one.octets;
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
    ready.push_back(std::move(at->second.front()));
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
        begun(next);
        lock.unlock();
        next.run();
        next.run = nullptr; // may end the instance and with it the pool: `this` lives on in the thread's copy of the pointer
        lock.lock();
        let_next_follow(next.key);
    }
}

blocking_pool::blocking_pool(unsigned threads, pool_limits limits) : state_{std::make_shared<state>()}
{
    state_->most_threads = threads;
    state_->limits = limits;
}

blocking_pool::~blocking_pool()
{
    std::vector<std::thread> threads;
    std::deque<state::job> ready;
    std::unordered_map<std::uint64_t, std::deque<state::job>> behind;
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

bool blocking_pool::post(std::uint64_t key, std::function<void()> run, job_kind kind, std::size_t octets)
{
    state::job job{key, std::move(run), kind, octets};
    const std::scoped_lock lock{state_->guard};
    if (state_->stopping || !state_->has_room_for(job))
        return false;
    if (kind != job_kind::promise) {
        ++state_->waiting;
        state_->octets += octets;
    }
    if (key != 0) {
        const auto [at, is_first] = state_->behind.try_emplace(key);
        if (!is_first) {
            at->second.push_back(std::move(job));
            return true;
        }
    }
    state_->ready.push_back(std::move(job));
    const bool needs_thread = state_->idle < state_->ready.size() && state_->threads.size() < state_->most_threads;
    if (needs_thread && !state::add_thread(state_) && state_->threads.empty() && kind != job_kind::promise) {
        state_->begun(state_->ready.back());
        state_->ready.pop_back();
        state_->behind.erase(key);
        return false; // a promise stays until there is a thread
    }
    state_->changed.notify_one();
    return true;
}

} // namespace postern::daemon
