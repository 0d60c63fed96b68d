#pragma once
// A few threads for reads that have to wait for the disk, so that no session does. Must not know what a job reads.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace postern_queue_journal {

class read_pool {
public:
    explicit read_pool(unsigned threads)
    {
        for (unsigned i = 0; i < threads; ++i)
            threads_.emplace_back(&read_pool::work, this);
    }
    /// Finishes all jobs.
    ~read_pool()
    {
        {
            const std::lock_guard lock{mutex_};
            stops_ = true;
        }
        changed_.notify_all();
        for (auto& thread : threads_)
            thread.join();
    }
    read_pool(const read_pool&) = delete;
    read_pool& operator=(const read_pool&) = delete;

    /// Jobs run in the order in which they came, several at a time. Threads: any.
    void post(std::function<void()> job)
    {
        {
            const std::lock_guard lock{mutex_};
            jobs_.push_back(std::move(job));
        }
        changed_.notify_one();
    }

private:
    void work()
    {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock lock{mutex_};
                changed_.wait(lock, [&] { return stops_ || !jobs_.empty(); });
                if (jobs_.empty())
                    return;
                job = std::move(jobs_.front());
                jobs_.pop_front();
            }
            job();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    bool stops_ = false;
    std::vector<std::thread> threads_;
};

} // namespace postern_queue_journal
