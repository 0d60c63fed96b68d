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
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        ++found->second->count;
        return;
    }
    if (rows_.size() == most_keys_)
        erase(rows_.begin());
    rows_.push_back({std::string{key}, now, 1});
    by_key_.emplace(rows_.back().key, std::prev(rows_.end()));
}

void failure_table::clear(std::string_view key)
{
    const std::lock_guard lock{mutex_};
    if (const auto found = by_key_.find(key); found != by_key_.end())
        erase(found->second);
}

bool failure_table::is_over(std::string_view key, time_point now)
{
    return most_ != 0 && count(key, now) >= most_;
}

std::size_t failure_table::count(std::string_view key, time_point now)
{
    const std::lock_guard lock{mutex_};
    forget_before(now);
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? 0 : found->second->count;
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
