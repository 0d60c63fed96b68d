#pragma once
// The keys and values themselves, in memory and in order: what each item of a request does. Knows no disk, no threads, no clock.

#include <postern/abi/kv_store.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern_kv_memory {

/// Milliseconds since 1970.
using wall_time = std::int64_t;
inline constexpr wall_time never = std::numeric_limits<wall_time>::max();

struct row {
    std::string value;
    wall_time until = never;
};

/// One item of a request; views of the event.
struct item {
    std::uint32_t op;
    std::uint32_t flags;
    std::string_view key;
    std::string_view value;
    std::string_view expected;
    std::int64_t number;
    std::uint64_t ttl_ns;
};

struct result {
    std::uint32_t code = POSTERN_KV_OK;
    std::string key{}; ///< of a scan
    std::string value{};
    std::int64_t number = 0;
    std::uint64_t ttl_ns = 0;
};

struct page {
    std::vector<result> pairs;
    bool has_more = false;
};

/// What a request changed, for whoever keeps it: a row that is there now, or a key that is not.
class change_sink {
public:
    virtual ~change_sink() = default;
    virtual void put(std::string_view key, const row& now) = 0;
    virtual void remove(std::string_view key) = 0;
};

/// A key here is a namespace, a NUL and the key proper: names of namespaces have no NUL.
[[nodiscard]] std::string full_key(std::string_view space, std::string_view key);

/// Threads: const functions at the same time; others alone.
class table {
public:
    explicit table(std::size_t most_octets) noexcept : most_octets_{most_octets} {}

    /// Only reads.
    [[nodiscard]] result get(std::string_view space, std::string_view key, wall_time now) const;
    [[nodiscard]] page scan(std::string_view space, std::string_view prefix, std::string_view after, std::uint32_t limit,
                            wall_time now) const;
    /// Any item.
    [[nodiscard]] result run(std::string_view space, const item& what, wall_time now, change_sink& to);

    // For whoever keeps it on disk: keys are full ones.

    void put(std::string_view key, row now);
    void remove(std::string_view key);
    /// Up to `count` rows behind `after`, or from the first, for a copy of everything; empty: that was all.
    template <class Use>
    [[nodiscard]] std::string for_some(const std::string& after, std::size_t count, Use use) const
    {
        auto at = after.empty() ? rows_.begin() : rows_.upper_bound(after);
        std::string last;
        for (; at != rows_.end() && count != 0; ++at, --count) {
            use(at->first, at->second);
            if (count == 1)
                last = at->first;
        }
        return last;
    }
    /// Drops what had its time among `count` rows from where the last call ended.
    void sweep(std::size_t count, wall_time now);

    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    /// Of keys and values, with what a row takes besides.
    [[nodiscard]] std::size_t octets() const noexcept { return octets_; }

    static constexpr std::size_t row_octets = 128;
    static constexpr std::size_t most_page = std::size_t{1} << 20U; ///< octets of a scan's answer, but for its first pair

private:
    using rows = std::map<std::string, row, std::less<>>;

    [[nodiscard]] rows::iterator find_live(std::string_view key, wall_time now);
    [[nodiscard]] bool has_room(rows::const_iterator found, std::string_view key, std::size_t value) const noexcept;
    [[nodiscard]] result store(rows::iterator found, std::string_view key, row made, change_sink& to);
    [[nodiscard]] result add(rows::iterator found, std::string_view key, const item& what, wall_time now, change_sink& to);
    void erase(rows::iterator at);

    std::size_t most_octets_;
    std::size_t octets_ = 0;
    rows rows_;
    std::string swept_; ///< from here on
};

} // namespace postern_kv_memory
