#include "runners.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace pipe_transport {

job::job(std::uint64_t session, std::function<void(int cancel)> work)
    : session_{session}, work_{std::move(work)}, cancel_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}
{
    if (cancel_ < 0)
        throw std::system_error{errno, std::generic_category(), "eventfd"};
}

job::~job()
{
    ::close(cancel_);
}

void job::call_off() const noexcept
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(cancel_, &one, sizeof one);
}

runners::runners(std::size_t count)
{
    // The server's signals are for its own threads, and a program that reads no more is none of them.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    for (std::size_t i = 0; i < count; ++i)
        threads_.emplace_back([this] { work(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

runners::~runners()
{
    {
        const std::scoped_lock lock{mutex_};
        is_stopping_ = true;
        for (const auto& each : waiting_)
            each->call_off();
        for (const auto& each : running_)
            each->call_off();
    }
    changed_.notify_all();
}

bool runners::add(std::shared_ptr<const job> what)
{
    {
        const std::scoped_lock lock{mutex_};
        if (is_stopping_ || waiting_.size() >= most_waiting)
            return false;
        waiting_.push_back(std::move(what));
    }
    changed_.notify_one();
    return true;
}

void runners::call_off(std::uint64_t session) noexcept
{
    const std::scoped_lock lock{mutex_};
    for (const auto& each : waiting_)
        if (each->session() == session)
            each->call_off();
    for (const auto& each : running_)
        if (each->session() == session)
            each->call_off();
}

void runners::work() noexcept
{
    std::unique_lock lock{mutex_};
    for (;;) {
        changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
        if (waiting_.empty())
            return;
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        running_.insert(next);
        lock.unlock();
        next->run();
        lock.lock();
        running_.erase(next);
    }
}

} // namespace pipe_transport
