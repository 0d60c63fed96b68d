#pragma once
// The store behind postern.kv/1 of a fake_host: in memory, on the fake clock, and as unwell as a test wants it.
//
//     host.kv.set("seen:192.0.2.1", "1");
//     host.kv.fails = true;                          // until it is false again
//     EXPECT_EQ(host.kv.value("count"), "3");

#include <postern/abi/kv.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::testing {

/// What is answered to one request.
struct kv_reply {
    /// What became of one item, or a pair of a scan.
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
// Of <postern/abi/kv.h>.
inline constexpr std::size_t key = 512;                      ///< octets
inline constexpr std::size_t value = 65'536;                 ///< octets
inline constexpr std::uint32_t items = 1'000;                ///< a request
inline constexpr std::size_t octets = std::size_t{1} << 20u; ///< a request
} // namespace kv_limits

/// Part of fake_host, whose lock guards requests.
class fake_kv {
public:
    bool fails = false;                ///< every request fails
    bool is_full = false;              ///< nothing new can be put
    std::chrono::nanoseconds delay{0}; ///< of every answer

    /// Over after `ttl` on the fake clock; 0: never.
    void set(std::string_view key, std::string_view value, std::chrono::nanoseconds ttl = {});
    [[nodiscard]] std::optional<std::string> value(std::string_view key) const;
    /// What is left of it; nothing: it does not end, or there is no such key.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> ttl(std::string_view key) const;
    /// All keys in their order, those that are over among them until somebody asks for them.
    [[nodiscard]] std::vector<std::string> keys() const;
    /// Requests and scans that were accepted.
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }
    /// Of those the ones that wanted stable storage.
    [[nodiscard]] std::size_t durable_requests() const noexcept { return durable_; }

    // For fake_host.

    void move_to(std::chrono::nanoseconds now) noexcept { now_ = now; }
    [[nodiscard]] static bool is_request(const postern_kv_request& what);
    [[nodiscard]] static bool is_scan(const postern_kv_scan& what);
    [[nodiscard]] kv_reply run(const postern_kv_request& what);
    [[nodiscard]] kv_reply run(const postern_kv_scan& what);

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

    [[nodiscard]] static bool is_item(const postern_kv_item& one);

    [[nodiscard]] std::optional<std::chrono::nanoseconds> until(std::uint64_t ttl_ns) const;
    /// Null: there is none, or it is over.
    [[nodiscard]] const row* find(std::string_view key) const;

    [[nodiscard]] kv_reply::item run(const postern_kv_item& one);

    [[nodiscard]] kv_reply::item add(const postern_kv_item& one, table::iterator found);

    table rows_;
    std::chrono::nanoseconds now_{0};
    std::size_t requests_ = 0;
    std::size_t durable_ = 0;
};

} // namespace postern::testing
