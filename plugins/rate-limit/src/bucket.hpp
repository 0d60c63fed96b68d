#pragma once
// A token bucket, and what of it lies in a store. Pure: no clock, no store.
//
// Time is the store's. What a bucket lacks is kept as the time until it is full again, and that is also how long its key lives: a
// key that is gone is a full bucket, so memory holds no more than what was taken lately. How much time has passed since it was
// written is what is missing from the time to live. So nodes need no common clock, and one that jumps can do little: forwards it
// fills buckets; backwards it leaves a key that lives longer than it was given, which is seen and written anew.
// SECURITY: the value comes from the store, and may be anything.

#include <postern/kit/rate.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rate_limit {

using postern::kit::rate;
using std::chrono::nanoseconds;

/// What the store has: a value, and what is left of its time; 0: it lives for ever.
struct stored {
    std::string_view value;
    nanoseconds left;
};

/// What the store shall have.
struct record {
    std::string value;
    nanoseconds ttl;
};

/// What a bucket lacks at a moment.
struct level {
    nanoseconds lacking{0}; ///< until it is full again
    bool is_adrift = false; ///< the store's times do not go with it: write it anew, even if nothing is taken
};

/// Holds `burst` tokens and fills at `of`.
class bucket {
public:
    /// Holds nothing.
    bucket() noexcept = default;
    /// `of` is a rate that parse_rate gives.
    bucket(rate of, std::uint64_t burst) noexcept;

    /// How long an empty one takes.
    [[nodiscard]] nanoseconds refill() const noexcept { return refill_; }
    [[nodiscard]] std::uint64_t burst() const noexcept { return burst_; }

    /// Of what the store has; of nothing: full. What is no record of a bucket counts as full too.
    [[nodiscard]] level read(const std::optional<stored>& what) const noexcept;
    /// How long until `n` tokens are there; zero: they are. Of at most burst().
    [[nodiscard]] nanoseconds wait(const level& at, std::uint64_t n) const noexcept;
    /// Without `n` tokens that are there.
    [[nodiscard]] level without(const level& at, std::uint64_t n) const noexcept;
    /// With `n` tokens back.
    [[nodiscard]] level with(const level& at, std::uint64_t n) const noexcept;

private:
    [[nodiscard]] nanoseconds time_of(std::uint64_t n) const noexcept;

    rate of_{1, nanoseconds{0}};
    std::uint64_t burst_ = 0;
    nanoseconds refill_{0};
};

/// `tag` is another one for each write: compare-and-swap then never takes one state for another that only looks the same.
[[nodiscard]] record written(const level& at, std::uint64_t tag);

} // namespace rate_limit
