#include "table.hpp"

#include <charconv>
#include <utility>

namespace postern_kv_memory {
namespace {

constexpr std::uint64_t ns_a_ms = 1'000'000;

bool is_over(const row& what, wall_time now) noexcept
{
    return what.until <= now;
}

/// A time to live in milliseconds, rounded up: nothing is gone before its time.
wall_time until(std::uint64_t ttl_ns, wall_time now) noexcept
{
    const auto ms = static_cast<wall_time>(ttl_ns / ns_a_ms + (ttl_ns % ns_a_ms != 0 ? 1 : 0));
    return ttl_ns == 0 || now > never - ms ? never : now + ms;
}

std::uint64_t left(const row& what, wall_time now) noexcept
{
    if (what.until == never)
        return 0;
    const auto ms = static_cast<std::uint64_t>(what.until - now);
    return ms > std::numeric_limits<std::uint64_t>::max() / ns_a_ms ? 0 : ms * ns_a_ms;
}

bool is_change(std::uint32_t op) noexcept
{
    return op != POSTERN_KV_GET;
}

} // namespace

std::string full_key(std::string_view space, std::string_view key)
{
    std::string out;
    out.reserve(space.size() + 1 + key.size());
    out.append(space);
    out += '\0';
    out.append(key);
    return out;
}

table::rows::iterator table::find_live(std::string_view key, wall_time now)
{
    const auto found = rows_.find(key);
    if (found == rows_.end() || !is_over(found->second, now))
        return found;
    erase(found); // nobody has to be told: its time is on the disk as well
    return rows_.end();
}

void table::erase(rows::iterator at)
{
    octets_ -= row_octets + at->first.size() + at->second.value.size();
    rows_.erase(at);
}

bool table::has_room(rows::const_iterator found, std::string_view key, std::size_t value) const noexcept
{
    const auto before = found == rows_.end() ? 0 : row_octets + found->first.size() + found->second.value.size();
    const auto after = row_octets + key.size() + value;
    return after <= before || octets_ - before + after <= most_octets_;
}

result table::get(std::string_view space, std::string_view key, wall_time now) const
{
    const auto found = rows_.find(full_key(space, key));
    if (found == rows_.end() || is_over(found->second, now))
        return {POSTERN_KV_MISSING};
    return {POSTERN_KV_OK, {}, found->second.value, 0, left(found->second, now)};
}

page table::scan(std::string_view space, std::string_view prefix, std::string_view after, std::uint32_t limit,
                 wall_time now) const
{
    page out;
    const auto first = full_key(space, prefix);
    const auto behind = full_key(space, after);
    auto at = !after.empty() && behind >= first ? rows_.upper_bound(behind) : rows_.lower_bound(first);
    std::size_t octets = 0;
    for (; at != rows_.end() && std::string_view{at->first}.starts_with(first); ++at) {
        if (is_over(at->second, now))
            continue;
        octets += at->first.size() + at->second.value.size();
        if (out.pairs.size() == limit || (octets > most_page && !out.pairs.empty())) {
            out.has_more = true;
            break;
        }
        out.pairs.push_back({POSTERN_KV_OK, at->first.substr(space.size() + 1), at->second.value, 0, left(at->second, now)});
    }
    return out;
}

result table::run(std::string_view space, const item& what, wall_time now, change_sink& to)
{
    if (!is_change(what.op))
        return get(space, what.key, now);
    const auto key = full_key(space, what.key);
    const auto found = find_live(key, now);
    const bool is_there = found != rows_.end();
    switch (what.op) {
    case POSTERN_KV_PUT:
        return store(found, key, {std::string{what.value}, until(what.ttl_ns, now)}, to);
    case POSTERN_KV_ADD:
        return add(found, key, what, now, to);
    case POSTERN_KV_SWAP: {
        const bool wants_none = (what.flags & POSTERN_KV_IF_MISSING) != 0;
        if (is_there && (wants_none || found->second.value != what.expected))
            return {POSTERN_KV_DIFFERS, {}, found->second.value};
        if (!is_there && !wants_none)
            return {POSTERN_KV_MISSING};
        return store(found, key, {std::string{what.value}, until(what.ttl_ns, now)}, to);
    }
    case POSTERN_KV_REMOVE:
        if (!is_there)
            return {POSTERN_KV_MISSING};
        erase(found);
        to.remove(key);
        return {};
    default: // of a later contract
        return {POSTERN_KV_FAILED};
    }
}

result table::store(rows::iterator found, std::string_view key, row made, change_sink& to)
{
    if (!has_room(found, key, made.value.size()))
        return {POSTERN_KV_FULL};
    to.put(key, made);
    put(key, std::move(made));
    return {};
}

result table::add(rows::iterator found, std::string_view key, const item& what, wall_time now, change_sink& to)
{
    const bool is_there = found != rows_.end();
    std::int64_t before = 0;
    if (is_there) {
        const auto& text = found->second.value;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), before);
        if (failed != std::errc{} || end != text.data() + text.size())
            return {POSTERN_KV_NO_NUMBER};
    }
    std::int64_t sum = 0;
    if (__builtin_add_overflow(before, what.number, &sum))
        return {POSTERN_KV_NO_NUMBER};
    const bool keeps_its_time = is_there && (what.flags & POSTERN_KV_RENEW) == 0;
    auto out = store(found, key, {std::to_string(sum), keeps_its_time ? found->second.until : until(what.ttl_ns, now)}, to);
    if (out.code == POSTERN_KV_OK)
        out.number = sum;
    return out;
}

void table::put(std::string_view key, row now)
{
    const auto found = rows_.find(key);
    if (found != rows_.end()) {
        octets_ += now.value.size();
        octets_ -= found->second.value.size();
        found->second = std::move(now);
        return;
    }
    octets_ += row_octets + key.size() + now.value.size();
    rows_.emplace(std::string{key}, std::move(now));
}

void table::remove(std::string_view key)
{
    if (const auto found = rows_.find(key); found != rows_.end())
        erase(found);
}

void table::sweep(std::size_t count, wall_time now)
{
    auto at = rows_.lower_bound(swept_);
    for (; count != 0 && at != rows_.end(); --count) {
        const auto here = at++;
        if (is_over(here->second, now))
            erase(here);
    }
    swept_ = at == rows_.end() ? std::string{} : at->first;
}

} // namespace postern_kv_memory
