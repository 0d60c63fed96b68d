#include "core/host/delivery_port.hpp"

#include "core/host/plugin_instance.hpp"

#include <chrono>
#include <utility>

namespace postern::daemon {

void delivery_port::answer(std::uint64_t, hooks::plugin_reply) noexcept {}

bool delivery_port::wake(std::shared_ptr<hooks::plugin>, std::uint64_t token, std::chrono::nanoseconds delay) noexcept
{
    const std::scoped_lock lock{guard_}; // held while the alarm is set: it waits here if it is due at once
    if (is_over_)
        return false;
    const auto number = ++last_;
    const auto alarm =
        timer_->at(std::chrono::steady_clock::now() + delay, [self = shared_from_this(), number] { self->due(number); });
    waiting_.emplace(number, outstanding{token, alarm});
    return true;
}

/// A job tells the instance something. One that blocks is told on its own threads, in order; for the other this is the thread.
bool delivery_port::post(std::function<void()> job) noexcept
{
    const auto instance = instance_.lock();
    if (instance == nullptr)
        return false;
    if (instance->is_blocking()) {
        const std::scoped_lock lock{guard_}; // so that end() comes behind what the job posts
        if (!is_over_)
            job();
        return !is_over_;
    }
    const auto here = [self = shared_from_this(), run = std::move(job)] {
        const std::scoped_lock delivering{self->delivering_};
        {
            const std::scoped_lock lock{self->guard_};
            if (self->is_over_)
                return;
        }
        run();
    };
    return instance->post(job_.value, here, job_kind::promise, 0);
}

/// On the timer's thread, which serves everybody: the plugin is called elsewhere.
void delivery_port::due(std::uint64_t number)
{
    const auto instance = instance_.lock();
    if (instance == nullptr)
        return;
    const auto job = [self = shared_from_this(), to = instance.get(), number] { self->deliver(*to, number); };
    (void)instance->post(job_.value, job, job_kind::promise, 0);
}

void delivery_port::deliver(plugin_instance& to, std::uint64_t number)
{
    std::unique_lock delivering{delivering_, std::defer_lock};
    if (!to.is_blocking()) // of one that blocks, end() queues up behind this
        delivering.lock();
    std::uint64_t token = 0;
    {
        const std::scoped_lock lock{guard_};
        const auto found = waiting_.find(number);
        if (found == waiting_.end())
            return; // end() has delivered it
        token = found->second.token;
        waiting_.erase(found);
    }
    (void)to.handle(to.wake_record(job_.value, token, false).ev);
}

void delivery_port::end() noexcept
{
    const auto instance = instance_.lock();
    if (instance == nullptr)
        return;
    std::map<std::uint64_t, outstanding> cancelled;
    {
        std::unique_lock delivering{delivering_, std::defer_lock};
        if (!instance->is_blocking())
            delivering.lock();
        const std::scoped_lock lock{guard_};
        is_over_ = true;
        cancelled.swap(waiting_);
    }
    for (const auto& [number, one] : cancelled) {
        timer_->cancel(one.alarm);
        instance->tell(instance->wake_record(job_.value, one.token, true).ev, job_kind::promise);
    }
}

} // namespace postern::daemon
