#include <postern/testing/fake_kv.hpp>

#include <postern/sdk/records.hpp>

#include <charconv>
#include <limits>
#include <utility>

namespace postern::testing {

void fake_kv::set(std::string_view key, std::string_view value, std::chrono::nanoseconds ttl)
{
    rows_.insert_or_assign(std::string{key}, row{std::string{value}, until(static_cast<std::uint64_t>(ttl.count()))});
}

const fake_kv::row* fake_kv::find(std::string_view key) const
{
    const auto found = rows_.find(key);
    return found == rows_.end() || found->second.is_over(now_) ? nullptr : &found->second;
}

std::optional<std::string> fake_kv::value(std::string_view key) const
{
    const row* const found = find(key);
    return found == nullptr ? std::nullopt : std::optional{found->value};
}

std::optional<std::chrono::nanoseconds> fake_kv::ttl(std::string_view key) const
{
    const row* const found = find(key);
    return found == nullptr || !found->until ? std::nullopt : std::optional{*found->until - now_};
}

std::vector<std::string> fake_kv::keys() const
{
    std::vector<std::string> all;
    for (const auto& [key, of] : rows_)
        all.push_back(key);
    return all;
}

bool fake_kv::is_request(const postern_kv_request& what)
{
    if (what.size < sizeof what || (what.flags & ~POSTERN_KV_DURABLE) != 0 || what.items.count == 0 ||
        what.items.count > kv_limits::items)
        return false;
    std::size_t octets = 0;
    for (std::uint32_t i = 0; i < what.items.count; ++i) {
        const auto one = sdk::record_at<postern_kv_item>(what.items, i);
        if (!is_item(one))
            return false;
        octets += one.key.len + one.value.len + one.expected.len;
    }
    return octets <= kv_limits::octets;
}

bool fake_kv::is_scan(const postern_kv_scan& what)
{
    return what.size >= sizeof what && what.limit >= 1 && what.limit <= kv_limits::items && what.prefix.len <= kv_limits::key &&
           what.after.len <= kv_limits::key;
}

kv_reply fake_kv::run(const postern_kv_request& what)
{
    ++requests_;
    durable_ += (what.flags & POSTERN_KV_DURABLE) != 0 ? 1 : 0;
    if (fails)
        return {POSTERN_KV_FAILED};
    kv_reply reply;
    for (std::uint32_t i = 0; i < what.items.count; ++i)
        reply.results.push_back(run(sdk::record_at<postern_kv_item>(what.items, i)));
    return reply;
}

kv_reply fake_kv::run(const postern_kv_scan& what)
{
    ++requests_;
    if (fails)
        return {POSTERN_KV_FAILED};
    kv_reply reply;
    const std::string_view prefix = sdk::view(what.prefix);
    const std::string_view after = sdk::view(what.after);
    for (auto at = rows_.lower_bound(prefix); at != rows_.end() && std::string_view{at->first}.starts_with(prefix); ++at) {
        if ((!after.empty() && at->first <= after) || at->second.is_over(now_))
            continue;
        if (reply.results.size() == what.limit) {
            reply.has_more = true;
            break;
        }
        reply.results.push_back({POSTERN_KV_OK, at->first, at->second.value, 0, at->second.left(now_)});
    }
    return reply;
}

bool fake_kv::is_item(const postern_kv_item& one)
{
    const std::uint32_t known = one.op == POSTERN_KV_SWAP  ? POSTERN_KV_IF_MISSING
                                : one.op == POSTERN_KV_ADD ? POSTERN_KV_RENEW
                                                           : 0;
    return one.op >= POSTERN_KV_GET && one.op <= POSTERN_KV_REMOVE && (one.flags & ~known) == 0 && one.key.len >= 1 &&
           one.key.len <= kv_limits::key && one.value.len <= kv_limits::value && one.expected.len <= kv_limits::value &&
           ((one.flags & POSTERN_KV_IF_MISSING) == 0 || one.op != POSTERN_KV_SWAP || one.expected.len == 0);
}

std::optional<std::chrono::nanoseconds> fake_kv::until(std::uint64_t ttl_ns) const
{
    if (ttl_ns == 0 || ttl_ns > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - now_.count()))
        return std::nullopt;
    return now_ + std::chrono::nanoseconds{static_cast<std::int64_t>(ttl_ns)};
}

kv_reply::item fake_kv::run(const postern_kv_item& one)
{
    const std::string_view key = sdk::view(one.key);
    auto found = rows_.find(key);
    if (found != rows_.end() && found->second.is_over(now_)) {
        rows_.erase(found);
        found = rows_.end();
    }
    const bool is_there = found != rows_.end();
    if (!is_there && is_full && (one.op == POSTERN_KV_PUT || one.op == POSTERN_KV_ADD || one.op == POSTERN_KV_SWAP))
        return {POSTERN_KV_FULL};
    switch (one.op) {
    case POSTERN_KV_GET:
        return is_there ? kv_reply::item{POSTERN_KV_OK, "", found->second.value, 0, found->second.left(now_)}
                        : kv_reply::item{POSTERN_KV_MISSING};
    case POSTERN_KV_ADD:
        return add(one, found);
    case POSTERN_KV_SWAP:
        if (is_there ? (one.flags & POSTERN_KV_IF_MISSING) != 0 || found->second.value != sdk::view(one.expected)
                     : (one.flags & POSTERN_KV_IF_MISSING) == 0)
            return is_there ? kv_reply::item{POSTERN_KV_DIFFERS, "", found->second.value} : kv_reply::item{POSTERN_KV_MISSING};
        [[fallthrough]];
    case POSTERN_KV_PUT:
        rows_.insert_or_assign(std::string{key}, row{std::string{sdk::view(one.value)}, until(one.ttl_ns)});
        return {};
    default: // POSTERN_KV_REMOVE
        if (!is_there)
            return {POSTERN_KV_MISSING};
        rows_.erase(found);
        return {};
    }
}

kv_reply::item fake_kv::add(const postern_kv_item& one, table::iterator found)
{
    std::int64_t before = 0;
    if (found != rows_.end()) {
        const std::string& text = found->second.value;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), before);
        if (failed != std::errc{} || end != text.data() + text.size())
            return {POSTERN_KV_NO_NUMBER};
    }
    std::int64_t sum = 0;
    if (__builtin_add_overflow(before, one.number, &sum))
        return {POSTERN_KV_NO_NUMBER};
    row made{std::to_string(sum), until(one.ttl_ns)};
    if (found != rows_.end() && (one.flags & POSTERN_KV_RENEW) == 0)
        made.until = found->second.until;
    rows_.insert_or_assign(std::string{sdk::view(one.key)}, std::move(made));
    return {POSTERN_KV_OK, "", "", sum};
}

} // namespace postern::testing
