#pragma once
// Threads that run programs, as many at a time as there are, and the jobs that wait for one. It knows nothing of what a job is.
// SECURITY: who waits is bounded; whoever goes away while a job waits or runs is heard.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

namespace pipe_transport {

/// Something to do that can be called off. Threads: any.
class job {
public:
    /// `session`: by which it is called off. Throws std::system_error where there is no descriptor for it.
    job(std::uint64_t session, std::function<void(int cancel)> work);
    ~job();
    job(const job&) = delete;
    job& operator=(const job&) = delete;

    [[nodiscard]] std::uint64_t session() const noexcept { return session_; }
    /// `work`, with a descriptor that can be read once it is called off.
    void run() const { work_(cancel_); }
    void call_off() const noexcept;

private:
    std::uint64_t session_;
    std::function<void(int cancel)> work_;
    int cancel_;
};

/// Threads: any.
class runners {
public:
    static constexpr std::size_t most_waiting = 1000;

    explicit runners(std::size_t count);
    /// Calls off what is left, and waits until it is over.
    ~runners();
    runners(const runners&) = delete;
    runners& operator=(const runners&) = delete;

    /// False: too many wait already.
    [[nodiscard]] bool add(std::shared_ptr<const job> what);
    /// All jobs of that session, whether they wait or run.
    void call_off(std::uint64_t session) noexcept;

private:
    void work() noexcept;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<const job>> waiting_;
    std::unordered_set<std::shared_ptr<const job>> running_;
    bool is_stopping_ = false;
    std::vector<std::jthread> threads_; // last: they use the rest
};

} // namespace pipe_transport
