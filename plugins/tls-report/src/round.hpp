#pragma once
// A round of reports: places to be reported, workers that take one after the other, and how whoever began the round waits for
// the last of them. It must not know what a report is. Threads: any.

#include "keys.hpp"

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace tls_report {

/// What came of a walk over what is to be reported.
struct walked {
    std::size_t sent = 0;
    std::size_t put_off = 0;
    std::size_t dropped = 0;
};

class round {
public:
    static constexpr std::size_t most_workers = 32;

    explicit round(std::deque<keys::place> todo) : todo_{std::move(todo)}, working_{std::min(todo_.size(), most_workers)} {}
    round(const round&) = delete;
    round& operator=(const round&) = delete;

    /// How many have to come.
    [[nodiscard]] std::size_t workers() const noexcept { return std::min(todo_.size(), most_workers); }

    /// Nothing: there is no more to do.
    [[nodiscard]] std::optional<keys::place> next()
    {
        const std::lock_guard lock{mutex_};
        if (todo_.empty() || error_)
            return std::nullopt;
        auto first = std::move(todo_.front());
        todo_.pop_front();
        return first;
    }
    void add(const walked& what)
    {
        const std::lock_guard lock{mutex_};
        sum_.sent += what.sent;
        sum_.put_off += what.put_off;
        sum_.dropped += what.dropped;
    }
    /// Nothing more is begun, and whoever waits hears why.
    void stop(std::exception_ptr why)
    {
        const std::lock_guard lock{mutex_};
        if (!error_)
            error_ = std::move(why);
    }
    /// A web server that gave no answer: nobody else waits for it in this round.
    void note_silent(const std::string& server)
    {
        const std::lock_guard lock{mutex_};
        silent_.insert(server);
    }
    [[nodiscard]] bool is_silent(const std::string& server) const
    {
        const std::lock_guard lock{mutex_};
        return silent_.contains(server);
    }
    /// The last word of a worker. After that of the last one, who waits goes on, here.
    void leave()
    {
        std::coroutine_handle<> who;
        {
            const std::lock_guard lock{mutex_};
            if (--working_ == 0)
                who = std::exchange(waits_, {});
        }
        if (who)
            who.resume();
    }

    /// `co_await` gives what it came to when the last worker has left; it throws what one of them was stopped by.
    class end_awaiter {
    public:
        explicit end_awaiter(round& of) noexcept : of_{of} {}
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        [[nodiscard]] bool await_suspend(std::coroutine_handle<> frame)
        {
            const std::lock_guard lock{of_.mutex_};
            if (of_.working_ == 0)
                return false;
            of_.waits_ = frame;
            return true;
        }
        [[nodiscard]] walked await_resume() const
        {
            const std::lock_guard lock{of_.mutex_};
            if (of_.error_)
                std::rethrow_exception(of_.error_);
            return of_.sum_;
        }

    private:
        round& of_;
    };
    [[nodiscard]] end_awaiter end() noexcept { return end_awaiter{*this}; }

private:
    mutable std::mutex mutex_;
    std::deque<keys::place> todo_;
    std::size_t working_;
    walked sum_;
    std::set<std::string> silent_;
    std::exception_ptr error_;
    std::coroutine_handle<> waits_;
};

} // namespace tls_report
