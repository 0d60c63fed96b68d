// The part of an instance that serves postern.metrics/1, postern.log/1, postern.timers/1 and postern.notes/1. What a plugin may
// only do in create is refused afterwards here; out of memory is E_AGAIN.

#include "core/host/plugin_instance.hpp"
#include "core/host/plugin_log.hpp"

#include <exception>

namespace postern::daemon {
namespace {

template <class Function>
auto or_again(Function function) noexcept -> decltype(function())
{
    try {
        return function();
    } catch (const std::exception&) {
        return POSTERN_E_AGAIN;
    }
}

} // namespace

std::int64_t plugin_instance::declare_metric(const postern_metric* what) noexcept
{
    if (creating_ == nullptr)
        return POSTERN_E_DENIED;
    return or_again([&] { return metrics_.declare(what); });
}

std::uint32_t plugin_instance::log_level() const noexcept
{
    return lowest_level(log_);
}

postern_status plugin_instance::log_event(const postern_log_event* what) noexcept
{
    return or_again([&] { return write_event(log_, name(), what); });
}

postern_status plugin_instance::want_notes(postern_str pattern) noexcept
{
    if (creating_ == nullptr)
        return POSTERN_E_DENIED;
    return or_again([&] { return notes_.want(pattern); });
}

postern_status plugin_instance::set_note(const postern_note* what) noexcept
{
    return or_again([&] { return notes_.set(sessions_, what); });
}

std::int64_t plugin_instance::get_note(std::uint64_t session, postern_str name, char* to, std::size_t room) noexcept
{
    return or_again([&] { return notes_.get(sessions_, session, name, to, room); });
}

/// Their jobs keep the instance alive; the timers themselves do not.
void plugin_instance::begin_timers()
{
    const auto post = [own = weak_from_this()](std::function<void()> job) {
        const auto alive = own.lock();
        return alive != nullptr && alive->post_event(std::move(job), job_kind::promise, 0);
    };
    const auto tell = [this](std::uint64_t token, std::uint64_t missed) { tell_timer(token, missed); };
    timers_ = std::make_shared<plugin_timers>(settings_.services.timer, post, tell);
}

postern_status plugin_instance::start_timer(std::uint64_t token, std::uint64_t delay_ns, std::uint64_t period_ns) noexcept
{
    return or_again([&] { return timers_->start(token, delay_ns, period_ns); });
}

void plugin_instance::tell_timer(std::uint64_t token, std::uint64_t missed)
{
    postern_ev_timer record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_TIMER;
    record.token = token;
    record.missed = missed;
    notify(record.ev);
}

} // namespace postern::daemon
