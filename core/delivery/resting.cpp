#include "core/delivery/resting.hpp"

#include <algorithm>

namespace postern::delivery {

resting_destinations::entries::iterator resting_destinations::find_or_add(std::string_view destination,
                                                                          std::optional<std::string>& forgotten)
{
    const auto at = all_.find(destination);
    if (at != all_.end())
        return at;
    if (all_.size() >= most_) { // whoever invents destinations must not have all memory: some rest the less
        const auto oldest = all_.find((told_.empty() ? ends_ : told_).begin()->second);
        forgotten = oldest->first;
        erase(oldest);
    }
    return all_.try_emplace(std::string{destination}).first;
}

void resting_destinations::last_until(entries::iterator which, base::instant until)
{
    ends_.erase({which->second.until, which->first});
    told_.erase({which->second.until, which->first});
    which->second.until = until;
    ends_.emplace(until, which->first);
}

std::optional<std::string> resting_destinations::failed(std::string_view destination, std::string why, base::instant now,
                                                        const rest_times& times)
{
    std::optional<std::string> forgotten;
    const auto at = find_or_add(destination, forgotten);
    auto& one = at->second;
    if (now >= one.ordered)
        one.why = std::move(why);
    if (now < one.until)
        return forgotten;
    const bool is_new = one.length.count() == 0 || now - one.until > times.most; // nobody has cared for long
    one.length = is_new ? times.first : std::min(one.length * 2, times.most);
    last_until(at, now + one.length);
    return forgotten;
}

std::optional<std::string> resting_destinations::order(std::string_view destination, std::string why, base::instant now,
                                                       std::chrono::milliseconds length)
{
    std::optional<std::string> forgotten;
    const auto at = find_or_add(destination, forgotten);
    auto& one = at->second;
    if (now + length <= one.ordered)
        return forgotten;
    one.why = std::move(why);
    one.ordered = now + length;
    if (one.until < one.ordered)
        last_until(at, one.ordered);
    return forgotten;
}

bool resting_destinations::reached(std::string_view destination, base::instant now)
{
    const auto at = all_.find(destination);
    if (at == all_.end())
        return false;
    if (now < at->second.ordered) { // only what was found out is over
        at->second.length = {};
        last_until(at, at->second.ordered);
        return false;
    }
    erase(at);
    return true;
}

void resting_destinations::end(std::string_view destination, base::instant now)
{
    const auto at = all_.find(destination);
    if (at == all_.end())
        return;
    at->second.ordered = {};
    last_until(at, std::min(at->second.until, now));
}

void resting_destinations::end_all(base::instant now)
{
    ends_.clear();
    told_.clear();
    for (auto& [name, one] : all_) {
        one.until = now;
        one.ordered = {};
        one.length = {};
        ends_.emplace(now, name);
    }
}

std::optional<std::string_view> resting_destinations::why_it_rests(std::string_view destination, base::instant now) const noexcept
{
    const auto at = all_.find(destination);
    return at == all_.end() || now >= at->second.until ? std::nullopt : std::optional<std::string_view>{at->second.why};
}

std::optional<std::string_view> resting_destinations::why_it_is_let_alone(std::string_view destination,
                                                                          base::instant now) const noexcept
{
    const auto at = all_.find(destination);
    return at == all_.end() || now >= at->second.ordered ? std::nullopt : std::optional<std::string_view>{at->second.why};
}

std::optional<base::instant> resting_destinations::next_over() const noexcept
{
    return ends_.empty() ? std::nullopt : std::optional{ends_.begin()->first};
}

std::vector<std::string> resting_destinations::take_over(base::instant now)
{
    std::vector<std::string> all;
    while (!ends_.empty() && ends_.begin()->first <= now) {
        all.emplace_back(ends_.begin()->second);
        told_.insert(ends_.extract(ends_.begin()));
    }
    return all;
}

void resting_destinations::erase(entries::iterator which)
{
    ends_.erase({which->second.until, which->first});
    told_.erase({which->second.until, which->first});
    all_.erase(which);
}

} // namespace postern::delivery
