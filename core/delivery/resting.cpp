#include "core/delivery/resting.hpp"

#include <algorithm>

namespace postern::delivery {

void resting_destinations::failed(std::string_view destination, std::string why, base::instant now, const rest_times& times)
{
    auto at = all_.find(destination);
    if (at == all_.end()) {
        if (all_.size() >= most_) // whoever invents destinations must not have all memory: some rest the less
            erase(all_.begin());
        at = all_.try_emplace(std::string{destination}).first;
    }
    auto& one = at->second;
    one.why = std::move(why);
    if (now < one.until)
        return;
    const bool is_new = one.length.count() == 0 || now - one.until > times.most; // nobody has cared for long
    one.length = is_new ? times.first : std::min(one.length * 2, times.most);
    ends_.erase({one.until, at->first});
    one.until = now + one.length;
    ends_.emplace(one.until, at->first);
}

bool resting_destinations::reached(std::string_view destination)
{
    const auto at = all_.find(destination);
    if (at == all_.end())
        return false;
    erase(at);
    return true;
}

void resting_destinations::end_all(base::instant now)
{
    ends_.clear();
    for (auto& [name, one] : all_) {
        one.until = now;
        one.length = {};
        ends_.emplace(now, name);
    }
}

std::optional<std::string_view> resting_destinations::why_it_rests(std::string_view destination, base::instant now) const noexcept
{
    const auto at = all_.find(destination);
    return at == all_.end() || now >= at->second.until ? std::nullopt : std::optional<std::string_view>{at->second.why};
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
        ends_.erase(ends_.begin());
    }
    return all;
}

void resting_destinations::erase(entries::iterator which)
{
    ends_.erase({which->second.until, which->first});
    all_.erase(which);
}

} // namespace postern::delivery
