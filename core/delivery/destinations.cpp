#include "core/delivery/destinations.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace postern::delivery {

destinations::destinations(limits of) noexcept : limits_{of}
{
    assert(of.total > 0 && of.each > 0 && of.scouts > 0 && of.first > 0);
}

destinations::admission destinations::acquire(std::string_view destination, job who, bool is_known)
{
    auto at = lines_.find(destination);
    if (at == lines_.end()) {
        at = lines_.try_emplace(std::string{destination}).first;
        obey(at);
    }
    auto& there = at->second;
    unnote(at);
    there.is_known = there.is_known || is_known;
    if (is_known)
        there.width = std::numeric_limits<std::uint32_t>::max();
    // Nobody overtakes those who wait for the same place. Others who could go have gone already, so a free place is free.
    auto as = admission::wait;
    if (there.waiting.empty() && !is_soon(there)) {
        if (there.is_known && has_room(there) && has_room() && arrived_.empty())
            as = admission::go;
        else if (!there.is_known && !there.has_scout && lets_scout())
            as = admission::scout;
    }
    if (as == admission::wait) {
        there.waiting.push_back({++arrivals_, who});
        ++waiting_;
    } else {
        begin(at, who, as);
        there.pacing.go(there.rate, now_);
    }
    note(at);
    return as;
}

std::vector<destinations::called> destinations::release(std::string_view destination)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end() || at->second.active == 0)
        return {}; // released twice: an error of the owner that must not make room
    unnote(at);
    --at->second.active;
    --active_;
    changed(at);
    return admit();
}

std::vector<destinations::called> destinations::arrive(std::string_view destination, job scout)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end() || !at->second.has_scout)
        return {};
    unnote(at);
    end_scout(at->second);
    at->second.is_known = true;
    at->second.width = limits_.first;
    ++at->second.arrived;
    arrived_.emplace_back(at, scout);
    note(at);
    return admit();
}

std::vector<destinations::called> destinations::tire(std::string_view destination, job scout)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end() || !at->second.is_scout_young || at->second.scout != scout)
        return {};
    at->second.is_scout_young = false;
    --young_;
    return admit();
}

std::vector<destinations::called> destinations::give_up(std::string_view destination)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end() || !at->second.has_scout)
        return {};
    unnote(at);
    end_scout(at->second);
    changed(at);
    return admit();
}

std::vector<destinations::called> destinations::widen(std::string_view destination)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end() || at->second.width >= at->second.each)
        return {};
    unnote(at);
    ++at->second.width;
    note(at);
    return admit();
}

void destinations::doubt(std::string_view destination)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end())
        return;
    unnote(at);
    at->second.is_known = false;
    note(at);
}

bool destinations::forget(std::string_view destination, job who)
{
    const auto at = lines_.find(destination);
    if (at == lines_.end())
        return false;
    const auto arrived =
        std::find_if(arrived_.begin(), arrived_.end(), [&](const auto& one) { return one.first == at && one.second == who; });
    auto& waiting = at->second.waiting;
    const auto found = std::find_if(waiting.begin(), waiting.end(), [who](const auto& p) { return p.who == who; });
    if (arrived == arrived_.end() && found == waiting.end())
        return false;
    unnote(at);
    if (arrived != arrived_.end()) {
        arrived_.erase(arrived);
        --at->second.arrived;
    } else {
        waiting.erase(found);
        --waiting_;
    }
    changed(at);
    return true;
}

std::vector<destinations::called> destinations::limit(limits of, rules own)
{
    assert(of.total > 0 && of.each > 0 && of.scouts > 0 && of.first > 0);
    limits_ = of;
    rules_ = std::move(own);
    ready_.clear();
    unscouted_.clear();
    paced_.clear();
    for (auto at = lines_.begin(); at != lines_.end(); ++at) {
        obey(at);
        note(at);
    }
    return admit();
}

std::vector<destinations::called> destinations::set_rule(std::string_view destination, const std::optional<rule>& what)
{
    if (what)
        rules_.insert_or_assign(std::string{destination}, *what);
    else if (const auto known = rules_.find(destination); known != rules_.end())
        rules_.erase(known);
    const auto at = lines_.find(destination);
    if (at == lines_.end())
        return {};
    unnote(at);
    obey(at);
    note(at);
    return admit();
}

std::optional<base::instant> destinations::next_tick() const noexcept
{
    // The time of a line may have come when somebody else joined it, before anybody was told.
    if ((has_room() && !ready_.empty()) || (lets_scout() && !unscouted_.empty()))
        return now_;
    return paced_.empty() ? std::nullopt : std::optional{paced_.begin()->first};
}

bool destinations::is_too_soon(std::string_view destination) const noexcept
{
    const auto at = lines_.find(destination);
    return at != lines_.end() && is_soon(at->second);
}

std::vector<destinations::called> destinations::tick(std::vector<std::string>& open)
{
    while (!paced_.empty() && paced_.begin()->first <= now_) {
        const auto at = lines_.find(paced_.begin()->second);
        unnote(at);
        if (at->second.waiting.empty())
            open.push_back(at->first);
        changed(at);
    }
    return admit();
}

std::uint32_t destinations::active(std::string_view destination) const noexcept
{
    const auto at = lines_.find(destination);
    return at == lines_.end() ? 0 : at->second.active;
}

bool destinations::has_scout(std::string_view destination) const noexcept
{
    const auto at = lines_.find(destination);
    return at != lines_.end() && at->second.has_scout;
}

std::size_t destinations::waiting(std::string_view destination) const noexcept
{
    const auto at = lines_.find(destination);
    return at == lines_.end() ? 0 : at->second.waiting.size();
}

/// Scouts that wait for places hold connections that their peers get tired of: no more set out then.
bool destinations::lets_scout() const noexcept
{
    return young_ < limits_.total && scouts_ < limits_.scouts && arrived_.size() < limits_.total;
}

void destinations::obey(lines::iterator which)
{
    const auto own = rules_.find(which->first);
    const auto said = own == rules_.end() ? rule{} : own->second;
    which->second.each = said.each.value_or(limits_.each);
    if (const auto rate = said.rate.value_or(limits_.rate); rate != which->second.rate) {
        which->second.rate = rate;
        which->second.pacing = {}; // nobody waits for a pace that is no more
    }
}

void destinations::note(lines::iterator which)
{
    const auto& here = which->second;
    if (is_soon(here)) {
        paced_.emplace(here.pacing.next(), which->first);
        return;
    }
    if (here.waiting.empty())
        return;
    if (here.is_known && has_room(here))
        ready_.emplace(here.waiting.front().since, which->first);
    else if (!here.is_known && !here.has_scout)
        unscouted_.emplace(here.waiting.front().since, which->first);
}

void destinations::unnote(lines::const_iterator which)
{
    paced_.erase({which->second.pacing.next(), which->first});
    if (which->second.waiting.empty())
        return;
    const std::pair<std::uint64_t, std::string_view> head{which->second.waiting.front().since, which->first};
    ready_.erase(head);
    unscouted_.erase(head);
}

/// Behind unnote(): somebody has left it.
void destinations::changed(lines::iterator which)
{
    const auto& here = which->second;
    if (here.active == 0 && here.arrived == 0 && !here.has_scout && here.waiting.empty() && !is_soon(here))
        lines_.erase(which);
    else
        note(which);
}

void destinations::begin(lines::iterator which, job who, admission as)
{
    auto& here = which->second;
    if (as == admission::go) {
        ++here.active;
        ++active_;
    } else {
        here.has_scout = here.is_scout_young = true;
        here.scout = who;
        ++scouts_;
        ++young_;
    }
}

void destinations::end_scout(line& of) noexcept
{
    --scouts_;
    if (of.is_scout_young)
        --young_;
    of.has_scout = of.is_scout_young = false;
}

destinations::called destinations::call_head(lines::iterator which, admission as)
{
    unnote(which);
    auto& here = which->second;
    const auto who = here.waiting.front().who;
    here.waiting.pop_front();
    --waiting_;
    begin(which, who, as);
    here.pacing.go(here.rate, now_);
    note(which);
    return {who, as};
}

std::vector<destinations::called> destinations::admit()
{
    std::vector<called> all;
    while (has_room() && !arrived_.empty()) {
        const auto [which, who] = arrived_.front();
        arrived_.pop_front();
        unnote(which);
        --which->second.arrived;
        begin(which, who, admission::go);
        note(which);
        all.push_back({who, admission::go});
    }
    while (has_room() && !ready_.empty())
        all.push_back(call_head(lines_.find(ready_.begin()->second), admission::go));
    while (lets_scout() && !unscouted_.empty())
        all.push_back(call_head(lines_.find(unscouted_.begin()->second), admission::scout));
    return all;
}

} // namespace postern::delivery
