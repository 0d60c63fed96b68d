#pragma once
// The store behind postern.kv/1 of a fake_host: in memory, on the fake clock, and as unwell as a test wants it.
//
//     host.kv.set("seen:192.0.2.1", "1");
//     host.kv.fails = true;                          // until it is false again
//     EXPECT_EQ(host.kv.value("count"), "3");

#include <postern/sdk/kv.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::testing {

/// What is answered to one request.
struct kv_reply {
    struct item {
        std::uint32_t result = POSTERN_KV_OK;
        std::string key{};
        std::string value{};
        std::int64_t number = 0;
        std::uint64_t ttl_ns = 0;
    };
    std::uint32_t result = POSTERN_KV_OK;
    bool has_more = false;
    std::vector<item> results{};
};

namespace kv_limits {
inline constexpr std::size_t key = 512;
inline constexpr std::size_t value = 65'536;
inline constexpr std::uint32_t items = 1'000;
inline constexpr std::size_t octets = std::size_t{1} << 20u;
} // namespace kv_limits

/// Part of fake_host, whose lock guards requests.
class fake_kv {
public:
    bool fails = false;                ///< every request fails
    bool is_full = false;              ///< nothing new can be put
    std::chrono::nanoseconds delay{0}; ///< of every answer

    void set(std::string_view key, std::string_view value) { rows_.insert_or_assign(std::string{key}, row{std::string{value}}); }
    [[nodiscard]] std::optional<std::string> value(std::string_view key) const
    {
        const auto found = rows_.find(key);
        return found == rows_.end() ? std::nullopt : std::optional{found->second.value};
    }
    /// All keys in their order, those that are over among them until somebody asks for them.
    [[nodiscard]] std::vector<std::string> keys() const
    {
        std::vector<std::string> all;
        for (const auto& [key, of] : rows_)
            all.push_back(key);
        return all;
    }
    /// Requests and scans that were accepted.
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }
    /// Of those the ones that wanted stable storage.
    [[nodiscard]] std::size_t durable_requests() const noexcept { return durable_; }

    // For fake_host.

    [[nodiscard]] static bool is_request(const postern_kv_request& what)
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
    [[nodiscard]] static bool is_scan(const postern_kv_scan& what)
    {
        return what.size >= sizeof what && what.limit >= 1 && what.limit <= kv_limits::items &&
               what.prefix.len <= kv_limits::key && what.after.len <= kv_limits::key;
    }
    [[nodiscard]] kv_reply run(const postern_kv_request& what, std::chrono::nanoseconds now)
    {
        ++requests_;
        durable_ += (what.flags & POSTERN_KV_DURABLE) != 0 ? 1 : 0;
        if (fails)
            return {POSTERN_KV_FAILED};
        kv_reply reply;
        for (std::uint32_t i = 0; i < what.items.count; ++i)
            reply.results.push_back(run(sdk::record_at<postern_kv_item>(what.items, i), now));
        return reply;
    }
    [[nodiscard]] kv_reply run(const postern_kv_scan& what, std::chrono::nanoseconds now)
    {
        ++requests_;
        if (fails)
            return {POSTERN_KV_FAILED};
        kv_reply reply;
        const std::string_view prefix = sdk::view(what.prefix);
        const std::string_view after = sdk::view(what.after);
        for (auto at = rows_.lower_bound(prefix); at != rows_.end() && std::string_view{at->first}.starts_with(prefix); ++at) {
            if ((!after.empty() && at->first <= after) || at->second.is_over(now))
                continue;
            if (reply.results.size() == what.limit) {
                reply.has_more = true;
                break;
            }
            reply.results.push_back({POSTERN_KV_OK, at->first, at->second.value, 0, at->second.left(now)});
        }
        return reply;
    }

private:
    struct row {
        std::string value;
        std::optional<std::chrono::nanoseconds> until{};

        [[nodiscard]] bool is_over(std::chrono::nanoseconds now) const noexcept { return until && *until <= now; }
        [[nodiscard]] std::uint64_t left(std::chrono::nanoseconds now) const noexcept
        {
            return until ? static_cast<std::uint64_t>((*until - now).count()) : 0;
        }
    };
    using table = std::map<std::string, row, std::less<>>;

    [[nodiscard]] static bool is_item(const postern_kv_item& one)
    {
        const std::uint32_t known = one.op == POSTERN_KV_SWAP  ? POSTERN_KV_IF_MISSING
                                    : one.op == POSTERN_KV_ADD ? POSTERN_KV_RENEW
                                                               : 0;
        return one.op >= POSTERN_KV_GET && one.op <= POSTERN_KV_REMOVE && (one.flags & ~known) == 0 && one.key.len >= 1 &&
               one.key.len <= kv_limits::key && one.value.len <= kv_limits::value && one.expected.len <= kv_limits::value &&
               ((one.flags & POSTERN_KV_IF_MISSING) == 0 || one.op != POSTERN_KV_SWAP || one.expected.len == 0);
    }

    [[nodiscard]] static std::optional<std::chrono::nanoseconds> until(std::uint64_t ttl_ns, std::chrono::nanoseconds now)
    {
        if (ttl_ns == 0 || ttl_ns > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - now.count()))
            return std::nullopt;
        return now + std::chrono::nanoseconds{static_cast<std::int64_t>(ttl_ns)};
    }

    [[nodiscard]] kv_reply::item run(const postern_kv_item& one, std::chrono::nanoseconds now)
    {
        const std::string_view key = sdk::view(one.key);
        auto found = rows_.find(key);
        if (found != rows_.end() && found->second.is_over(now)) {
            rows_.erase(found);
            found = rows_.end();
        }
        const bool is_there = found != rows_.end();
        if (!is_there && is_full && (one.op == POSTERN_KV_PUT || one.op == POSTERN_KV_ADD || one.op == POSTERN_KV_SWAP))
            return {POSTERN_KV_FULL};
        switch (one.op) {
        case POSTERN_KV_GET:
            return is_there ? kv_reply::item{POSTERN_KV_OK, "", found->second.value, 0, found->second.left(now)}
                            : kv_reply::item{POSTERN_KV_MISSING};
        case POSTERN_KV_ADD:
            return add(one, found, now);
        case POSTERN_KV_SWAP:
            if (is_there ? (one.flags & POSTERN_KV_IF_MISSING) != 0 || found->second.value != sdk::view(one.expected)
                         : (one.flags & POSTERN_KV_IF_MISSING) == 0)
                return is_there ? kv_reply::item{POSTERN_KV_DIFFERS, "", found->second.value}
                                : kv_reply::item{POSTERN_KV_MISSING};
            [[fallthrough]];
        case POSTERN_KV_PUT:
            rows_.insert_or_assign(std::string{key}, row{std::string{sdk::view(one.value)}, until(one.ttl_ns, now)});
            return {};
        default: // POSTERN_KV_REMOVE
            if (!is_there)
                return {POSTERN_KV_MISSING};
            rows_.erase(found);
            return {};
        }
    }

    [[nodiscard]] kv_reply::item add(const postern_kv_item& one, table::iterator found, std::chrono::nanoseconds now)
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
        row made{std::to_string(sum), until(one.ttl_ns, now)};
        if (found != rows_.end() && (one.flags & POSTERN_KV_RENEW) == 0)
            made.until = found->second.until;
        rows_.insert_or_assign(std::string{sdk::view(one.key)}, std::move(made));
        return {POSTERN_KV_OK, "", "", sum};
    }

    table rows_;
    std::size_t requests_ = 0;
    std::size_t durable_ = 0;
};

} // namespace postern::testing
