#include "index.hpp"

#include <algorithm>

namespace postern_queue_journal {

void index::credit(const entry& message) noexcept
{
    if (auto* home = find(message.home.segment))
        home->live += std::uint64_t{message.home_units} * alignment;
    if (auto* state = message.state_units == 0 ? nullptr : find(message.state.segment))
        state->live += std::uint64_t{message.state_units} * alignment;
    if (message.shares)
        for (const auto& part : *message.shares)
            if (auto* holder = find(part.segment))
                holder->live += part.octets;
}

void index::debit(const entry& message) noexcept
{
    if (auto* home = find(message.home.segment))
        home->live -= std::uint64_t{message.home_units} * alignment;
    debit_state(message);
    if (message.shares)
        for (const auto& part : *message.shares)
            if (auto* holder = find(part.segment))
                holder->live -= part.octets;
}

void index::debit_state(const entry& message) noexcept
{
    if (auto* state = message.state_units == 0 ? nullptr : find(message.state.segment))
        state->live -= std::uint64_t{message.state_units} * alignment;
}

std::vector<std::uint64_t> index::homes(std::uint64_t id, const entry& message) const
{
    std::vector<std::uint64_t> all{message.home.segment};
    if (const auto found = stale.find(id); found != stale.end())
        all.insert(all.end(), found->second.begin(), found->second.end());
    return all;
}

void index::note_stale(std::uint64_t id, std::uint64_t number)
{
    auto& known = stale[id];
    if (std::find(known.begin(), known.end(), number) == known.end())
        known.push_back(number);
}

void index::note_removal(std::uint64_t here, std::uint64_t footprint, const std::vector<std::uint64_t>& homes)
{
    auto* holder = find(here);
    if (holder == nullptr)
        return;
    holder->removals += footprint;
    for (const auto home : homes)
        if (home != here && segments.contains(home))
            ++holder->kills[home];
}

void index::release(upload& done) noexcept
{
    for (auto& part : done.pieces) {
        if (!part.counted)
            continue;
        part.counted = false;
        if (auto* holder = find(part.record.segment))
            --holder->uploads;
    }
}

void index::forget(std::uint64_t number)
{
    segments.erase(number);
    for (auto& [other, holder] : segments)
        holder->kills.erase(number);
    for (auto it = stale.begin(); it != stale.end();) {
        std::erase(it->second, number);
        it = it->second.empty() ? stale.erase(it) : std::next(it);
    }
}

std::unique_ptr<std::vector<share>> shares_of(const std::vector<extent>& extents)
{
    if (extents.empty())
        return nullptr;
    auto shares = std::make_unique<std::vector<share>>();
    for (const auto& piece : extents) {
        const auto same =
            std::find_if(shares->begin(), shares->end(), [&](const share& s) { return s.segment == piece.segment; });
        if (same == shares->end())
            shares->push_back({piece.segment, piece.footprint()});
        else
            same->octets += piece.footprint();
    }
    return shares;
}

} // namespace postern_queue_journal
