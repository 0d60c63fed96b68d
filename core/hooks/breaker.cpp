#include "core/hooks/breaker.hpp"

#include <algorithm>

namespace postern::hooks {

namespace {

std::int64_t moment(base::instant when) noexcept
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}

} // namespace

std::int64_t breaker::after_pause(base::instant now) const noexcept
{
    return std::max<std::int64_t>(1, moment(now) + rule_.pause.count()); // 0 would be closed
}

breaker::passage breaker::admit_when_open(base::instant now) noexcept
{
    auto until = open_until_.load(std::memory_order_relaxed);
    if (until == 0)
        return passage::call;
    if (moment(now) < until)
        return passage::refused;
    // Whoever moves the next probe away has this one.
    return open_until_.compare_exchange_strong(until, after_pause(now), std::memory_order_relaxed) ? passage::probe
                                                                                                   : passage::refused;
}

breaker::change breaker::failed(passage as, base::instant now) noexcept
{
    if (rule_.failures == 0)
        return change::none;
    if (as == passage::probe) {
        auto until = open_until_.load(std::memory_order_relaxed);
        if (until != 0) // else a probe after this one has closed it
            open_until_.compare_exchange_strong(until, after_pause(now), std::memory_order_relaxed);
        return change::none;
    }
    if (failures_.fetch_add(1, std::memory_order_relaxed) + 1 < rule_.failures)
        return change::none;
    std::int64_t closed = 0;
    return open_until_.compare_exchange_strong(closed, after_pause(now), std::memory_order_relaxed) ? change::opened
                                                                                                    : change::none;
}

void breaker::undecided(passage as, base::instant now) noexcept
{
    if (as != passage::probe)
        return;
    auto until = open_until_.load(std::memory_order_relaxed);
    if (until != 0) // the next call is the probe in its place
        open_until_.compare_exchange_strong(until, std::max<std::int64_t>(1, moment(now)), std::memory_order_relaxed);
}

breaker::change breaker::close() noexcept
{
    failures_.store(0, std::memory_order_relaxed);
    return open_until_.exchange(0, std::memory_order_relaxed) != 0 ? change::closed : change::none;
}

} // namespace postern::hooks
