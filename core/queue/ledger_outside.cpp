// The part of the ledger that knows for which destination a message is: who waits outside of it, and who is due there.

#include "core/queue/ledger.hpp"

#include <utility>

namespace postern::queue {

std::optional<base::message_id> ledger::take_due_at(std::string_view destination)
{
    constexpr std::size_t most_looked_at = 16; // for one that has priority enough
    const auto found = destinations_.find(destination);
    if (found == destinations_.end() || ready_.empty())
        return std::nullopt;
    const int urgency = std::get<int>(*ready_.begin());
    std::size_t looked_at = 0;
    for (auto& which : found->second.ready) {
        if (-which.entry.priority <= urgency) {
            stop_waiting(which);
            change(which, life_event::take);
            return which.entry.id;
        }
        if (++looked_at == most_looked_at)
            break;
    }
    return std::nullopt;
}

void ledger::wait_outside(base::message_id id, std::string_view destination, base::wall_time until)
{
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.at == place::nowhere)
        return;
    auto& which = found->second;
    stop_waiting(which);
    lead(which, destination);
    wait_outside(which, until);
}

std::size_t ledger::let_in(std::string_view destination, std::size_t most, base::wall_time now)
{
    const auto found = destinations_.find(destination);
    if (found == destinations_.end())
        return 0;
    ++found->second.messages; // it stays, whoever leaves it
    auto& outside = found->second.outside;
    std::size_t count = 0;
    for (; count < most && !outside.empty(); ++count) {
        auto& which = outside.front();
        stop_waiting(which);
        make_ready(which, now);
    }
    --found->second.messages;
    forget_if_empty(*found);
    return count;
}

std::size_t ledger::let_all_in(base::wall_time now)
{
    std::size_t count = 0;
    for (auto at = destinations_.begin(); at != destinations_.end();) {
        const auto& name = (at++)->first; // which it may be the end of
        count += let_in(std::string{name}, entries_.size(), now);
    }
    return count;
}

std::string_view ledger::waits_for(base::message_id id) const noexcept
{
    const auto found = entries_.find(id);
    return found == entries_.end() || found->second.at != place::outside ? std::string_view{} : found->second.to->first;
}

void ledger::make_ready(slot& which, base::wall_time since)
{
    which.entry.next_attempt = since;
    which.at = place::ready;
    ready_.emplace(-which.entry.priority, since, which.entry.id);
    if (which.is_usual)
        which.to->second.ready.push_back(which);
}

void ledger::wait_outside(slot& which, base::wall_time until)
{
    if (which.entry.state == life::queued) { // put off like one that was looked at in vain
        change(which, life_event::take);
        change(which, life_event::defer);
    }
    wait_until(which, until);
    which.at = place::outside;
    which.to->second.outside.push_back(which);
}

/// Behind stop_waiting(), so that it stands in no line.
void ledger::lead(slot& which, std::string_view destination)
{
    if (which.to != nullptr && which.to->first == destination)
        return;
    leave(which);
    auto at = destinations_.find(destination);
    if (at == destinations_.end())
        at = destinations_.try_emplace(std::string{destination}).first;
    which.to = &*at;
    ++which.to->second.messages;
}

void ledger::leave(slot& which)
{
    auto* const from = std::exchange(which.to, nullptr);
    if (from == nullptr)
        return;
    which.is_usual = false;
    --from->second.messages;
    forget_if_empty(*from);
}

void ledger::forget_if_empty(named& which)
{
    if (which.second.messages == 0)
        destinations_.erase(destinations_.find(which.first));
}

} // namespace postern::queue
