#include "core/queue/ledger.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::queue {

bool ledger::add(base::message_id id, const record& what, base::wall_time now, std::string_view destination)
{
    const auto open = what.state.open_count();
    if (what.state.is_over())
        return false;
    const auto [at, is_new] = entries_.try_emplace(id);
    if (!is_new)
        return false;
    auto& which = at->second;
    which.entry = {.id = id,
                   .received = what.envelope.received,
                   .next_attempt = now,
                   .size = what.envelope.size,
                   .attempts = what.state.attempts,
                   .open = static_cast<std::uint32_t>(open),
                   .state = life::received,
                   .priority = what.envelope.priority};
    ++counts_[static_cast<std::size_t>(life::received)];
    change(which, life_event::commit);
    if (!destination.empty()) {
        lead(which, destination);
        which.is_usual = true;
    }
    if (what.state.held) {
        change(which, life_event::hold);
        return true;
    }
    if (what.state.attempts != 0) {
        // It was attempted before the restart: the same way through the states, without another attempt.
        change(which, life_event::take);
        change(which, life_event::defer);
    }
    wait_until(which, what.state.next_attempt.value_or(now));
    return true;
}

std::optional<base::wall_time> ledger::next_due() const noexcept
{
    if (!ready_.empty())
        return std::get<base::wall_time>(*ready_.begin());
    if (due_.empty())
        return std::nullopt;
    return std::get<base::wall_time>(*due_.begin());
}

std::optional<base::message_id> ledger::take_due(base::wall_time now, const gate& closed)
{
    constexpr std::size_t most_sent_outside = 10'000; // others want to do something too
    while (!due_.empty() && std::get<base::wall_time>(*due_.begin()) <= now) {
        auto first = due_.extract(due_.begin());
        auto& which = entries_.at(std::get<base::message_id>(first.value()));
        which.unlink();
        first.value() = {-which.entry.priority, which.entry.next_attempt, which.entry.id};
        which.at = place::ready;
        ready_.insert(ready_.end(), std::move(first)); // where they belong, if all have one priority
        if (which.is_usual)
            which.to->second.ready.push_back(which);
        else
            leave(which);
    }
    for (std::size_t sent = 0; !ready_.empty() && sent < most_sent_outside; ++sent) {
        const auto id = std::get<base::message_id>(*ready_.begin());
        auto& which = entries_.at(id);
        const auto until = closed && which.is_usual ? closed(which.entry, which.to->first) : std::nullopt;
        stop_waiting(which);
        if (until && *until > now) {
            wait_outside(which, *until);
            continue;
        }
        change(which, life_event::take);
        return id;
    }
    return std::nullopt;
}

wish ledger::defer(base::message_id id, base::wall_time next_attempt, std::uint32_t attempts, std::uint32_t open)
{
    const auto at = entries_.find(id);
    if (at == entries_.end())
        return wish::none;
    at->second.entry.attempts = attempts;
    at->second.entry.open = open;
    change(at->second, life_event::defer);
    at->second.entry.next_attempt = next_attempt;
    return settle(at);
}

wish ledger::put_back(base::message_id id, base::wall_time when)
{
    const auto at = entries_.find(id);
    if (at == entries_.end())
        return wish::none;
    change(at->second, life_event::defer);
    at->second.entry.next_attempt = when;
    return settle(at);
}

void ledger::finish(base::message_id id, life_event how)
{
    const auto at = entries_.find(id);
    if (at != entries_.end())
        erase(at, how);
}

bool ledger::hold(base::message_id id)
{
    const auto at = entries_.find(id);
    if (at == entries_.end())
        return false;
    auto& which = at->second;
    if (which.entry.state == life::attempting) {
        if (which.wanted == wish::none)
            which.wanted = wish::hold;
        return true;
    }
    stop_waiting(which);
    change(which, life_event::hold);
    return true;
}

bool ledger::release(base::message_id id, base::wall_time now)
{
    const auto at = entries_.find(id);
    if (at == entries_.end())
        return false;
    auto& which = at->second;
    if (which.wanted == wish::hold)
        which.wanted = wish::none;
    if (which.entry.state == life::held) {
        change(which, life_event::release);
        wait_until(which, now);
    }
    return true;
}

bool ledger::retry_now(base::message_id id, base::wall_time now)
{
    const auto at = entries_.find(id);
    if (at == entries_.end())
        return false;
    auto& which = at->second;
    if (after(which.entry.state, life_event::retry)) {
        stop_waiting(which);
        wait_until(which, std::min(which.entry.next_attempt, now));
    }
    return true;
}

bool ledger::remove(base::message_id id)
{
    const auto at = entries_.find(id);
    if (at == entries_.end())
        return false;
    if (at->second.entry.state == life::attempting) {
        at->second.wanted = wish::remove;
        return true;
    }
    stop_waiting(at->second);
    erase(at, life_event::remove);
    return true;
}

// In the order of the ids, which is that of the new line: a million are not looked up one by one, and keep their memory.
std::size_t ledger::flush(base::wall_time now)
{
    const auto outside = let_all_in(now);
    line early;
    for (auto at = due_.upper_bound({0, now, base::message_id{~std::uint64_t{0}}}); at != due_.end();)
        early.insert(early.end(), due_.extract(at++));
    auto count = early.size();
    for (auto& [id, which] : entries_) {
        if (which.at != place::due || which.entry.next_attempt <= now)
            continue;
        auto node = early.extract(early.begin()); // anybody's
        if (which.entry.state == life::queued) {  // not to be tried before its time (RFC 4865)
            node.value() = {0, which.entry.next_attempt, id};
            due_.insert(std::move(node));
            --count;
            continue;
        }
        node.value() = {0, now, id};
        which.entry.next_attempt = now;
        due_.insert(due_.end(), std::move(node));
    }
    assert(early.empty());
    return outside + count;
}

std::size_t ledger::bring_forward(base::wall_time latest, base::wall_time now)
{
    std::vector<base::message_id> early;
    for (auto at = due_.upper_bound({0, latest, base::message_id{~std::uint64_t{0}}}); at != due_.end(); ++at)
        if (const auto& which = entries_.at(std::get<base::message_id>(*at));
            which.at == place::due && which.entry.state == life::deferred)
            early.push_back(which.entry.id);
    for (const auto id : early) {
        auto& which = entries_.at(id);
        stop_waiting(which);
        wait_until(which, now);
    }
    return early.size();
}

std::optional<ledger_entry> ledger::find(base::message_id id) const
{
    const auto at = entries_.find(id);
    return at == entries_.end() ? std::nullopt : std::optional{at->second.entry};
}

std::vector<ledger_entry> ledger::page(base::message_id after, std::size_t limit) const
{
    std::vector<ledger_entry> entries;
    for (auto at = entries_.upper_bound(after); at != entries_.end() && entries.size() < limit; ++at)
        entries.push_back(at->second.entry);
    return entries;
}

std::size_t ledger::count(life state) const noexcept
{
    return counts_[static_cast<std::size_t>(state)];
}

void ledger::change(slot& which, life_event event)
{
    const auto next = after(which.entry.state, event);
    assert(next.has_value());
    if (!next)
        return;
    --counts_[static_cast<std::size_t>(which.entry.state)];
    which.entry.state = *next;
    ++counts_[static_cast<std::size_t>(*next)];
}

void ledger::wait_until(slot& which, base::wall_time at)
{
    which.entry.next_attempt = at;
    which.at = place::due;
    due_.emplace(0, at, which.entry.id);
}

void ledger::stop_waiting(slot& which)
{
    if (which.at == place::ready)
        ready_.erase({-which.entry.priority, which.entry.next_attempt, which.entry.id});
    else if (which.at != place::nowhere)
        due_.erase({0, which.entry.next_attempt, which.entry.id});
    which.at = place::nowhere;
    which.unlink();
    if (!which.is_usual)
        leave(which);
}

// An attempt has ended and left something to do: what did an operator want meanwhile?
wish ledger::settle(slots::iterator which)
{
    const auto wanted = std::exchange(which->second.wanted, wish::none);
    switch (wanted) {
    case wish::none:
        wait_until(which->second, which->second.entry.next_attempt);
        break;
    case wish::hold:
        change(which->second, life_event::hold);
        break;
    case wish::remove:
        erase(which, life_event::remove);
        break;
    }
    return wanted;
}

void ledger::erase(slots::iterator which, life_event how)
{
    change(which->second, how);
    --counts_[static_cast<std::size_t>(which->second.entry.state)]; // nobody counts what has left
    leave(which->second);
    entries_.erase(which);
}

} // namespace postern::queue
