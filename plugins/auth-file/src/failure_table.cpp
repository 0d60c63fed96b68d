#include "failure_table.hpp"

#include <postern/kit/network_set.hpp>

#include <algorithm>

namespace auth_file {

void failure_table::add(std::string_view key, time_point now)
{
    if (most_ == 0)
        return;
    const std::lock_guard lock{mutex_};
    forget_before(now);
    (void)count(key, now);
}

std::optional<failure_table::time_point> failure_table::begin(std::string_view key, time_point now)
{
    if (most_ == 0)
        return now;
    const std::lock_guard lock{mutex_};
    forget_before(now);
    if (const auto found = by_key_.find(key); found != by_key_.end() && found->second->count >= most_)
        return std::nullopt;
    return count(key, now).since;
}

void failure_table::give_back(std::string_view key, time_point since)
{
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    if (found == by_key_.end() || found->second->since != since)
        return; // it was cleared, or its window has ended: those are others'
    if (--found->second->count == 0)
        erase(found->second);
}

void failure_table::clear(std::string_view key)
{
    const std::lock_guard lock{mutex_};
    if (const auto found = by_key_.find(key); found != by_key_.end())
        erase(found->second);
}

bool failure_table::is_over(std::string_view key, time_point now)
{
    const std::lock_guard lock{mutex_};
    forget_before(now);
    const auto found = by_key_.find(key);
    return found != by_key_.end() && found->second->count >= most_;
}

std::size_t failure_table::size()
{
    const std::lock_guard lock{mutex_};
    return rows_.size();
}

void failure_table::forget_before(time_point now)
{
    while (!rows_.empty() && now - rows_.front().since >= window_)
        erase(rows_.begin());
}

/// One more for `key`.
failure_table::row& failure_table::count(std::string_view key, time_point now)
{
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        ++found->second->count;
        return *found->second;
    }
    if (rows_.size() == most_keys_)
        erase(rows_.begin());
    rows_.push_back({std::string{key}, now, 1});
    by_key_.emplace(rows_.back().key, std::prev(rows_.end()));
    return rows_.back();
}

void failure_table::erase(rows::iterator at)
{
    by_key_.erase(at->key);
    rows_.erase(at);
}

std::string client_of(std::string_view address)
{
    const auto parsed = postern::kit::parse_address(address);
    if (!parsed)
        return std::string{address};                                                  // a path, or nothing
    constexpr postern::kit::address mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; // RFC 4291 2.5.5.2
    const bool is_v4 = std::equal(mapped.begin(), mapped.begin() + 12, parsed->begin());
    return {parsed->begin(), parsed->begin() + (is_v4 ? 16 : 8)};
}

} // namespace auth_file
