#include "core/host/plugin_timers.hpp"

#include <algorithm>

namespace postern::daemon {
namespace {

constexpr std::uint64_t longest_ns = 366ULL * 24 * 3600 * 1'000'000'000ULL;

std::chrono::nanoseconds bounded(std::uint64_t ns) noexcept
{
    return std::chrono::nanoseconds{static_cast<std::int64_t>(std::min(ns, longest_ns))};
}

} // namespace

postern_status plugin_timers::start(std::uint64_t token, std::uint64_t delay_ns, std::uint64_t period_ns)
{
    const auto period = bounded(period_ns);
    if (period_ns != 0 && period < shortest_period)
        return POSTERN_E_INVALID;
    const std::scoped_lock lock{guard_};
    if (is_closed_)
        return POSTERN_E_STALE;
    const auto known = set_.find(token);
    if (known == set_.end() && set_.size() == most)
        return POSTERN_E_AGAIN;
    if (known != set_.end() && known->second.alarm)
        clock_->cancel(*known->second.alarm);
    auto& made = set_[token];
    made = {++last_, std::chrono::steady_clock::now() + bounded(delay_ns), period, std::nullopt};
    if (is_open_)
        arm(token, made);
    return POSTERN_PASS;
}

postern_status plugin_timers::cancel(std::uint64_t token) noexcept
{
    const std::scoped_lock lock{guard_};
    const auto known = set_.find(token);
    if (known == set_.end())
        return POSTERN_E_STALE;
    if (known->second.alarm)
        clock_->cancel(*known->second.alarm);
    set_.erase(known);
    return POSTERN_PASS;
}

void plugin_timers::open()
{
    const std::scoped_lock lock{guard_};
    is_open_ = true;
    for (auto& [token, each] : set_)
        arm(token, each);
}

void plugin_timers::close() noexcept
{
    const std::scoped_lock lock{guard_};
    is_closed_ = true;
    for (auto& [token, each] : set_)
        if (each.alarm)
            clock_->cancel(*each.alarm);
    set_.clear();
}

void plugin_timers::arm(std::uint64_t token, entry& which)
{
    which.alarm = clock_->at(which.due, [own = weak_from_this(), token, number = which.number] {
        if (const auto alive = own.lock())
            alive->rang(token, number);
    });
}

/// On the clock's thread, which does not wait for plugins.
void plugin_timers::rang(std::uint64_t token, std::uint64_t number)
{
    (void)post_([own = shared_from_this(), token, number] { own->fire(token, number); });
}

void plugin_timers::fire(std::uint64_t token, std::uint64_t number)
{
    std::uint64_t missed = 0;
    {
        const std::scoped_lock lock{guard_};
        const auto known = set_.find(token);
        if (known == set_.end() || known->second.number != number)
            return; // cancelled or replaced while it waited for its turn
        auto& own = known->second;
        own.alarm.reset();
        if (own.period == std::chrono::nanoseconds{0}) {
            set_.erase(known);
        } else {
            // By when it was due and not by when it is told: a period does not drift.
            const auto late = std::max(std::chrono::steady_clock::now() - own.due, std::chrono::nanoseconds{0});
            missed = static_cast<std::uint64_t>(late / own.period);
            own.due += own.period * static_cast<std::int64_t>(missed + 1);
        }
    }
    tell_(token, missed);
    const std::scoped_lock lock{guard_};
    const auto known = set_.find(token);
    if (known != set_.end() && known->second.number == number)
        arm(token, known->second); // only now: at most one of it waits, however slow the plugin is
}

} // namespace postern::daemon
