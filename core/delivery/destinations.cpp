#include "core/delivery/destinations.hpp"

#include <algorithm>
#include <cassert>

namespace postern::delivery {

destinations::destinations(std::uint32_t total, std::uint32_t each) noexcept : total_{total}, each_{each}
{
    assert(total > 0 && each > 0);
}

bool destinations::acquire(std::string_view destination, job who)
{
    auto at = lines_.find(destination);
    if (at == lines_.end())
        at = lines_.try_emplace(std::string{destination}).first;
    auto& there = at->second;
    // Nobody overtakes those who wait for the same place. Others who could go have gone already, so a free place is free.
    if (active_ < total_ && there.active < each_ && there.waiting.empty()) {
        ++active_;
        ++there.active;
        return true;
    }
    unnote(at);
    there.waiting.push_back({++arrivals_, who});
    ++waiting_;
    note(at);
    return false;
}

std::vector<destinations::job> destinations::release(std::string_view destination)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end() || at->second.active == 0)
        return {}; // released twice: an error of the owner that must not make room
    unnote(at);
    --at->second.active;
    --active_;
    if (at->second.active == 0 && at->second.waiting.empty())
        lines_.erase(at);
    else
        note(at);
    return admit();
}

bool destinations::forget(std::string_view destination, job who)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end())
        return false;
    auto& waiting = at->second.waiting;
    const auto found = std::find_if(waiting.begin(), waiting.end(), [who](const auto& p) { return p.who == who; });
    if (found == waiting.end())
        return false;
    unnote(at);
    waiting.erase(found);
    --waiting_;
    if (at->second.active == 0 && waiting.empty())
        lines_.erase(at);
    else
        note(at);
    return true;
}

std::vector<destinations::job> destinations::limit(std::uint32_t total, std::uint32_t each)
{
    assert(total > 0 && each > 0);
    total_ = total;
    each_ = each;
    ready_.clear();
    for (auto at = lines_.begin(); at != lines_.end(); ++at)
        note(at);
    return admit();
}

std::uint32_t destinations::active(std::string_view destination) const noexcept
{
    const auto at = lines_.find(destination);
    return at == lines_.end() ? 0 : at->second.active;
}

std::size_t destinations::waiting(std::string_view destination) const noexcept
{
    const auto at = lines_.find(destination);
    return at == lines_.end() ? 0 : at->second.waiting.size();
}

void destinations::note(lines::iterator which)
{
    if (!which->second.waiting.empty() && which->second.active < each_)
        ready_.emplace(which->second.waiting.front().since, which->first);
}

void destinations::unnote(lines::const_iterator which)
{
    if (!which->second.waiting.empty())
        ready_.erase({which->second.waiting.front().since, which->first});
}

std::vector<destinations::job> destinations::admit()
{
    std::vector<job> admitted;
    while (active_ < total_ && !ready_.empty()) {
        const auto at = lines_.find(ready_.begin()->second);
        unnote(at);
        admitted.push_back(at->second.waiting.front().who);
        at->second.waiting.pop_front();
        --waiting_;
        ++at->second.active;
        ++active_;
        note(at);
    }
    return admitted;
}

} // namespace postern::delivery
